"""The translated pages' catalogues: complete, in step with the English pages, with every link and role kept."""

import re
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import anura_languages
import messages
import pytest
from docutils import nodes
from docutils.utils import new_document

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "book" / "locale"
KEPT = "|".join((
    r"\{[a-z:]+\}`[^`]*`",  # roles with what they name
    r"\]\([^)]*\)",  # where links lead
    r"`[^`]+`",  # code
    r"\$[^$]+\$",  # formulas
    r"\d{3,}",  # numbers
))  # fmt: skip
pages = pytest.mark.parametrize("page", messages.TRANSLATED_PAGES)
each_language = pytest.mark.parametrize("language", messages.LANGUAGES)


def catalogue(language, page):
    return [m for m in messages.read(LOCALE / language / "LC_MESSAGES" / f"{page}.po", language) if m.id]


@pytest.fixture(scope="module")
def templates(tmp_path_factory):
    return messages.book_templates(tmp_path_factory.mktemp("book"))


@each_language
@pages
def test_every_sentence_of_a_translated_page_is_translated(templates, language, page):
    translated = {m.id for m in catalogue(language, page) if m.string.strip() and not m.fuzzy}
    wanted = {m.id for m in templates[page] if m.id}
    assert wanted - translated == set(), "run `make messages` and translate what came in"


def kept_parts(sentence):
    """What a translation must leave as it is; digits that are grouped by comma, point or space count as one number."""
    joined = re.sub(r"(?<=\d)[,. \u00a0](?=\d{3}(?!\d))", "", sentence)
    return Counter(re.findall(KEPT, joined))


@each_language
@pages
def test_links_roles_code_and_numbers_are_kept(language, page):
    for message in catalogue(language, page):
        assert kept_parts(message.string) == kept_parts(message.id), message.id


@pytest.mark.parametrize(
    ("english", "other", "same"),
    [
        ("see [a](b.md)", "ver [x](b.md)", True), ("see [a](b.md)", "ver [x](c.md)", False),
        ("{cite:p}`a2000` of 16,069", "de 16 069 {cite:p}`a2000`", True), ("of 1612", "de 1621", False),
        ("`p` and $q$", "`p` y $r$", False), ("{numref}`f` here", "aquí", False),
    ],
)  # fmt: skip
def test_the_comparison_finds_what_it_is_for(english, other, same):
    assert (kept_parts(english) == kept_parts(other)) is same


def test_the_words_of_the_interface_are_there_in_each_language():
    text = (ROOT / "book" / "_static" / "anura_texts.js").read_text(encoding="utf-8")
    blocks = {name: body for name, body in re.findall(r"^  (\w+): \{\n(.*?)^  \},$", text, flags=re.M | re.S)}
    assert set(blocks) == set(messages.LANGUAGES)
    short, words = ({n: re.findall(p, b, flags=re.M) for n, b in blocks.items()}
                    for p in (r'^    (\w+): "[^"]+",$', r'^      "([^"]+)": "[^"]+",$'))  # fmt: skip
    assert short["es"] == short["pt_BR"] and len(short["es"]) > 20
    assert words["es"] == words["pt_BR"] and {"Right.", "Not quite.", "Quiz", "Exercise"} <= set(words["es"])
    assert all(len(set(keys)) == len(keys) for keys in [*short.values(), *words.values()])


@pytest.mark.parametrize(
    ("language", "title", "mended"),
    [
        ("es", ["Solución a", " Ejercicio 1 (Al menos una vez)"], "Solución del ejercicio 1 (Al menos una vez)"),
        ("pt_BR", ["Solução para", " Exercício 2 (Avaliar)"], "Solução do Exercício 2 (Avaliar)"),
        ("es", ["Ejercicio 1 ", "(Solución a medias)"], "Ejercicio 1 (Solución a medias)"),
    ],
)  # fmt: skip
def test_titles_of_solutions_have_their_article(language, title, mended):
    node = nodes.title("", "", nodes.Text(title[0]), nodes.reference("", title[1]))
    anura_languages.mend_solution_title(node, language)
    assert node.astext() == mended


@pytest.mark.parametrize(
    ("language", "written"),
    [("es", ["Nelson y Graves ", "0,56", "v. 1.2"]), ("pt_BR", ["Nelson e Graves ", "0,56", "v. 1.2"]),
     ("", ["Nelson and Graves ", "0.56", "v. 1.2"])],
)  # fmt: skip
def test_authors_and_results_are_written_as_the_language_does(language, written):
    document = new_document("page")
    document += nodes.inline("", "Nelson and Graves ", classes=["bibtex-citation"])
    document += nodes.inline("", "0.56", classes=["pasted-text"])
    document += nodes.inline("", "v. 1.2")
    app = SimpleNamespace(config=SimpleNamespace(anura_translation=language))
    anura_languages.write_as_the_language_does(app, document, "page")
    assert [part.astext() for part in document.children] == written
    assert anura_languages.join_authors("Rudas and Isaza", "es") == "Rudas e Isaza"
