"""The catalogues of the pages: every link, role and number kept, and a count of what is not translated."""

import re
import subprocess
import sys
import warnings
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import anura_languages
import catalogues
import messages
import nbformat
import notebook_export
import pytest
import translate_book
import translate_source
from babel.messages.catalog import Catalog
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from other_words import OUTPUTS

ROOT = Path(__file__).resolve().parents[2]
LOCALE = ROOT / "book" / "locale"
KEPT = "|".join((
    r"\{[a-z:]+\}`[^`]*`",  # roles with what they name
    r"\]\([^)]*\)|href=\"[^\"]*\"",  # where links lead
    r"`[^`]+`",  # code
    r"\$[^$]+\$",  # formulas
    r"\d+(?:[.,]\d+)*",  # numbers
))  # fmt: skip
pages = pytest.mark.parametrize("page", messages.TRANSLATED_PAGES)
each_language = pytest.mark.parametrize("language", messages.LANGUAGES)


def catalogue(language, page):
    return [m for m in messages.read(LOCALE / language / "LC_MESSAGES" / f"{page}.po", language) if m.id]


def written_templates(folder):
    for page, template in messages.book_templates(folder).items():
        messages.write(template, folder / f"{page}.pot", "en")


@pytest.fixture(scope="module")
def templates(once):
    """The sentences of the pages as they are now, which Sphinx takes out once for all tests."""
    folder = once("templates", written_templates)
    return {page: messages.read(folder / f"{page}.pot") for page in messages.PAGES}


@each_language
@pytest.mark.filterwarnings("default::pytest.PytestWarning")
def test_how_many_paragraphs_are_not_translated_is_said(templates, language):
    """Each is marked on its page; a changed English sentence is no fault of the one who changed it."""
    waiting = messages.untranslated(templates, language)
    n, begun = sum(map(len, waiting.values())), sum(len(waiting[page]) for page in messages.TRANSLATED_PAGES)
    total = sum(len([m for m in template if m.id]) for template in templates.values())
    if n:
        warnings.warn(f"{language}: {n} of {total} paragraphs are not translated, {begun} of them on pages that have"
                      " a catalogue; `make messages` says where", pytest.PytestWarning, stacklevel=1)  # fmt: skip
    assert total > 3000 and set(waiting) == set(messages.PAGES)


def test_every_page_has_its_catalogue_in_all_languages_or_in_none():
    for page in messages.PAGES:
        assert len({catalogues.catalogue_path(LOCALE, name, page).is_file() for name in messages.LANGUAGES}) == 1, page
    there = {p.relative_to(LOCALE / "es" / "LC_MESSAGES").with_suffix("").as_posix() for p in LOCALE.glob("es/**/*.po")}
    assert there <= {*messages.PAGES, OUTPUTS}, "a catalogue of a page that is not in the table of contents"


def _kept(found):
    """A role by its target, since its words are translated; a number with a point."""
    role = re.fullmatch(r"\{([a-z:]+)\}`(?:[^`<]*<)?([^`>]*)>?`", found)
    if role:
        return role.groups()
    return re.sub(r"[.,]", ".", found) if found[0].isdigit() else found


def kept_parts(sentence):
    """What a translation must leave as it is; digits that are grouped by comma, point or space count as one number."""
    joined = re.sub(r"(?<=\d)[,. \u00a0](?=\d{3}(?!\d))", "", sentence)
    return Counter(map(_kept, re.findall(KEPT, joined)))


def broken(english, other):
    """What is lost in a translation or came in; a number may come in, where it says in digits what code says."""
    before, after = kept_parts(english), kept_parts(other)
    return set(before - after) | {part for part in after - before if not str(part)[0].isdigit()}


@each_language
@pages
def test_links_roles_code_and_numbers_are_kept(language, page):
    for message in catalogue(language, page):
        if message.string and not message.fuzzy:  # readers don't get to see those
            assert broken(message.id, message.string) == set(), message.id


@each_language
def test_figures_and_printed_lines_keep_their_numbers(language):
    for message in catalogue(language, OUTPUTS):
        assert not message.string or message.string.count("{}") == message.id.count("{}"), message.id


@pytest.mark.parametrize(
    ("english", "other", "same"),
    [
        ("see [a](b.md)", "ver [x](b.md)", True), ("see [a](b.md)", "ver [x](c.md)", False),
        ("{cite:p}`a2000` of 16,069", "de 16 069 {cite:p}`a2000`", True), ("of 1612", "de 1621", False),
        ("{term}`calls <call>` of 0.9", "{term}`cantos <call>` de 0,9", True), ("of 0.9", "de 0,8", False),
        ("{term}`call`", "{term}`canto`", False), ("{glue:text}`a:.2f`", "{glue:text}`b:.2f`", False),
        ("`p` and $q$", "`p` y $r$", False), ("{numref}`f` here", "aquí", False),
    ],
)  # fmt: skip
def test_the_comparison_finds_what_it_is_for(english, other, same):
    assert (broken(english, other) == set()) is same


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
    assert catalogues.join_authors("Rudas and Isaza", "es") == "Rudas e Isaza"
    assert {catalogues.join_authors("Gibb and others", key) for key in ("", "es", "pt_BR")} == {"Gibb et al."}


def test_a_title_is_found_whatever_its_quotation_marks_have_become():
    known = {"AnuraSet's rule": "La regla de AnuraSet", "a “pond”": "una «charca»"}
    assert catalogues.said_in(known, "AnuraSet’s rule") == "La regla de AnuraSet"
    assert catalogues.said_in(known, "a “pond”") == "una «charca»" and catalogues.said_in(known, "a frog") is None


def entries(catalogue):
    return {m.id: (m.string, m.fuzzy) for m in catalogue if m.id}


def test_a_changed_sentence_keeps_its_old_translation_aside_and_a_known_one_is_taken_over():
    old, template = Catalog(locale="es"), Catalog()
    old.add("It calls at night, near the water.", "Canta de noche, cerca del agua.")
    old.add("It is kept.", "Se queda.")
    old.add("It leaves.", "Se va.")
    for sentence in ("It calls at night, far from the water.", "It is kept.", "Quiz", "Nobody knows this one."):
        template.add(sentence)
    new, counts = messages.update(old, template, {"Quiz": "Cuestionario"})
    assert entries(new) == {
        "It calls at night, far from the water.": ("Canta de noche, cerca del agua.", True),
        "It is kept.": ("Se queda.", False), "Quiz": ("Cuestionario", False), "Nobody knows this one.": ("", False),
    }  # fmt: skip
    assert counts == {"all": 4, "new": 3, "changed": 1, "missing": 2}
    assert entries(messages.update(new, template, {})[0]) == entries(new)


def test_readers_do_not_get_a_translation_of_the_sentence_before(tmp_path):
    path = tmp_path / "es" / "LC_MESSAGES" / "a" / "b.po"
    changed = Catalog(locale="es")
    changed.add("far", "cerca", flags={"fuzzy"}, previous_id="near")
    changed.add("kept", "queda")
    messages.write(changed, path, "es")
    assert catalogues.read_page(tmp_path, "es", "a/b") == {"kept": "queda"}
    assert '#| msgid "near"' in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("sentence", "has"),
    [("A frog", True), ("{term}`bin`", True), ("`a.wav`", False), ("{cite:p}`a2000`", False), ("0.5 %", False),
     ("$x + y$", False), (" x = y", False), ("`a` of {glue:text}`b`", True)],
)  # fmt: skip
def test_numbers_code_and_formulas_are_not_to_be_translated(sentence, has):
    assert catalogues.has_words(sentence) is has


CELLS = """\
```{code-cell} ipython3
n = 3  # three of them
# all of them
print("#1")  # noqa: T201
```

```{code-cell} ipython3
:tags: [hide-input]
m = 3  # folded away
```
"""


def test_comments_of_open_cells_are_sentences_too():
    assert catalogues.extra_messages(CELLS) == ["three of them", "all of them"]
    said = catalogues.translate_comments("n = 3  # three of them\n    # not known", {"three of them": "tres"})
    assert said == "n = 3  # tres\n    # not known"


PAGE = """\
# Title

See [the title](#title) of 1.5.

:::{note}
| a | b |
| --- | --- |
| the same | the same |
:::

- two
  lines

Not known, `code`.

`code`
"""
SAID = {"Title": "Título", "See [the title](#title) of 1.5.": "Mira [el título](#title) de 1,5.", "the same": "igual",
        "two lines": "dos líneas"}  # fmt: skip


def test_the_text_of_a_page_is_translated_for_its_notebook():
    new = translate_source.translate_source(PAGE, SAID).split("\n")
    assert new[0] == "# Título" and "Mira [el título](#title) de 1,5." in new and "| igual | igual |" in new
    assert "- dos líneas" in new and "Not known, `code`." in new and ":::{note}" in new and new.count(":::") == 1
    assert translate_source.translate_source(PAGE, {}) == PAGE
    known = {"How many?": "¿Cuántos?", "Guess": "Adivina"}
    title = translate_source.translate_source(":::{exercise} Guess\n:label: x-1\nHow many?\n:::", known)
    assert title == ":::{exercise} Adivina\n:label: x-1\n¿Cuántos?\n:::"


def test_every_sentence_of_a_chapter_finds_its_place_in_the_notebook(templates):
    for page, template in templates.items():
        text = (ROOT / "book" / f"{page}.md").read_text(encoding="utf-8")
        if notebook_export.is_chapter(text):
            extra = set(catalogues.extra_messages(text)) - set(re.findall(r"exercise\} (.+)", text))
            known = {m.id: f"¡{m.id}!" for m in template if m.id and m.id not in extra}
            said = translate_source.translate_source(text, known).replace("\\|", "|")  # a bar in a table's cell
            assert [other for other in known.values() if other not in said] == []


def test_a_chapters_notebook_is_in_the_language_of_its_catalogue(tmp_path):
    export = {"views": ["learner"], "site_url": "https://example.org"}
    written = notebook_export.export_book(ROOT / "book", tmp_path, language="pt_BR", **export)
    names = {path.relative_to(tmp_path / "learner" / "pt_BR").with_suffix("").as_posix(): path for path in written}
    assert "annotate/weak-labels" in names and set(names) <= set(messages.TRANSLATED_PAGES)
    cells = nbformat.read(names["annotate/weak-labels"], as_version=4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    english = catalogues.read_page(LOCALE, "pt_BR", "annotate/weak-labels")
    assert [line for line in prose.split("\n") if line.strip("#>- *") in english and len(line) > 30] == []
    assert "### Exercício: " in prose
    for folder, page in re.findall(r"\(https://example\.org/(pt_BR/)?(.*?)\.html", prose):
        assert bool(folder) is (page in messages.TRANSLATED_PAGES), page
    assert 'anuralib.use_language("pt_BR")' in cells[0].source and cells[0].source.startswith("# Preparação: ")
    code = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    assert "# labelled_s conta" in code and "# labelled_s counts" not in code and code.count("al.check(") >= 3


BUILD = """\
import sys
from sphinx.application import Sphinx
sys.path.insert(0, sys.argv[2])
config = {"extensions": ["myst_parser", "anura_languages"], "myst_enable_extensions": ["colon_fence"], "language": "es",
          "myst_heading_anchors": 2, "locale_dirs": ["locale"], "gettext_compact": False, "anura_translation": "es"}
folder = sys.argv[1]
Sphinx(folder, None, f"{folder}/html", f"{folder}/trees", "html", config, status=None, warningiserror=True).build()
"""


def test_a_paragraph_without_translation_stands_in_english_with_a_mark(tmp_path):
    known = Catalog(locale="es")
    for english, spanish in SAID.items():
        known.add(english, spanish)
    messages.write(known, catalogues.catalogue_path(tmp_path / "locale", "es", "index"), "es")
    (tmp_path / "index.md").write_text(PAGE, encoding="utf-8")
    subprocess.run([sys.executable, "-c", BUILD, tmp_path, ROOT / "book" / "_ext"], check=True)
    page = BeautifulSoup((tmp_path / "html" / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert page.h1.get_text().startswith("Título") and page.html["lang"] == "es"
    assert [cell.get_text() for cell in page.select("td")] == ["igual", "igual"]  # a table in a box, too
    marked = page.select(".anura-untranslated")
    assert [part.get_text() for part in marked] == ["a", "b", "Not known, code."]
    assert {part["lang"] for part in marked} == {"en"}
    body, n = anura_languages.explain_marks(str(marked[2]), "es")
    assert n == 1 and BeautifulSoup(body, "html.parser").p["title"] == "Este párrafo todavía no está traducido"


def test_the_table_of_contents_of_a_translation_has_its_pages_and_names(monkeypatch):
    toc = translate_book.small_toc(["listen/pond", "annotate/weak-labels"], {"Listen": "Escuchar"})
    assert [(part["caption"], len(part["chapters"])) for part in toc["parts"]] == [("Escuchar", 1), ("Annotate", 1)]


def test_pictures_and_sounds_are_stored_once_for_all_languages(tmp_path):
    page = '<img src="../_images/a.png"><audio src="../_static/inline/b.mp3"></audio><img src="../_images/own.png">'
    for name in ("_images/a.png", "_static/inline/b.mp3", "es/_images/a.png", "es/_static/inline/b.mp3",
                 "es/_images/own.png", "es/part/page.html"):  # fmt: skip
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(page, encoding="utf-8")
    translate_book.share_outputs(tmp_path / "es", tmp_path)
    shown = BeautifulSoup((tmp_path / "es/part/page.html").read_text(encoding="utf-8"), "html.parser").select("[src]")
    files = [(tmp_path / "es" / "part" / part["src"]).resolve() for part in shown]
    assert files == [tmp_path / "_images/a.png", tmp_path / "_static/inline/b.mp3", tmp_path / "es/_images/own.png"]
    assert all(path.is_file() for path in files)
    assert not list((tmp_path / "es").rglob("a.png")) and not list((tmp_path / "es").rglob("b.mp3"))


def test_a_translation_that_would_execute_cells_stops(monkeypatch):
    monkeypatch.setattr(translate_book, "prepare", lambda *arguments: None)
    said = "a/b.md: Using cached notebook: ID=1\na/c.md: Executing notebook using local CWD"
    monkeypatch.setattr(translate_book, "run_jupyter_book", lambda *arguments: said)
    with pytest.raises(SystemExit, match=r"must be built first, of a/c.md$"):
        translate_book.build("es")
