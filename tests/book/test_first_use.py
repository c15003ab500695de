"""Who knows frogs and no machine learning meets no word of the glossary, up to the first classifier, unexplained."""

import re
from pathlib import Path

import pytest
import yaml
from prose import paragraphs

BOOK = Path(__file__).resolve().parents[2] / "book"
LAST = "baseline/first-classifier"
# Words of the glossary that these chapters first use in their everyday sense.
EVERYDAY = {
    "night",
    "recording",
    "cluster",  # of clicks, in the name of a call type
    "loss",  # of loudness on the way
    "miss",  # as a verb
    "weight",  # what a drawn minute counts
}
TERM = re.compile(r"\{term\}`(?:([^`<]+?)\s*<)?([^`>]+)>?`")
# What is no prose: options, the operating system, other roles, code, formulas, the names of chapters in links to them.
NO_PROSE = re.compile(r"(?m)^:[\w-]+: .*$|(?<=[Oo]n )Windows|\{[\w:]+\}`[^`]*`|`[^`]*`|\$[^$]*\$|\[[^\]]*\]\([^)]*\)")


def glossary():
    """The terms of the glossary."""
    text = (BOOK / "reference" / "glossary.md").read_text(encoding="utf-8")
    return re.findall(r"^(\S.*)$", text.split(":::{glossary}\n")[1].split(":::")[0], flags=re.MULTILINE)


def pages_to(last):
    """(name, text) of the pages in the order of the table of contents, to one of them."""
    contents = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    names = [contents["root"], *(chapter["file"] for part in contents["parts"] for chapter in part["chapters"])]
    return [(name, (BOOK / f"{name}.md").read_text(encoding="utf-8")) for name in names[: names.index(last) + 1]]


def unexplained(pages, terms):
    """(page, term, words around it) where the paragraph that first uses a term neither links nor defines it.

    A link is ``{term}``; a definition has the word in bold type.
    """
    todo = {
        term: re.compile(rf"(?<![\w-]){re.escape(term)}(?:e?s)?(?![\w-])", 0 if term.isupper() else re.IGNORECASE)
        for term in terms
    }
    found = []
    for name, text in pages:
        for paragraph in paragraphs(text):
            linked = {match[2].lower() for match in TERM.finditer(paragraph)}
            bare = NO_PROSE.sub(" ", TERM.sub(lambda match: match[1] or match[2], paragraph))
            bold = re.findall(r"\*\*([^*]+)\*\*", bare)
            for term, pattern in list(todo.items()):
                use = pattern.search(bare)
                if term.lower() in linked or any(pattern.search(words) for words in bold):
                    del todo[term]
                elif use:
                    del todo[term]
                    found.append((name, term, bare[max(0, use.start() - 40) : use.end() + 20]))
    return found


def test_every_term_is_explained_where_it_is_first_used():
    assert unexplained(pages_to(LAST), [term for term in glossary() if term not in EVERYDAY]) == []


def test_the_reader_has_met_the_words_that_later_chapters_build_on():
    prose = "\n".join(text for _, text in pages_to(LAST))
    met = {match[2].lower() for match in TERM.finditer(prose)}
    assert {"classifier", "window", "positive", "score", "threshold", "false alarm", "precision", "recall",
            "prevalence"} <= met  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A bout is long.", ["bout"]),
        ("A {term}`bout` is long. Bouts are many.", []),
        ("Its {term}`spells of calling <bout>` are long.", []),
        ("A **bout** is a row of calls.", []),
        ("Bouts first.\n\nThen a **bout** is defined.", ["bout"]),
        ("See [Bouts](bouts.md), `bout` and $bout$, about whichever.", []),
        ("**F1** comes later, f1 is a variable, and a boutique is none.", []),
    ],
)
def test_a_first_use_without_an_explanation_is_found(text, expected):
    assert [term for _, term, _ in unexplained([("page", text)], ["bout", "F1"])] == expected
