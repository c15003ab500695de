"""The languages of the book, its translated pages, and what stands in the catalogue of a page."""

import re
from pathlib import Path

import yaml
from babel.messages import pofile

BOOK = Path(__file__).resolve().parents[1]
# Sphinx's name: name in HTML, name that its speakers give it.
LANGUAGES = {"en": ("en", "English"), "es": ("es", "Español"), "pt_BR": ("pt-BR", "Português")}
TITLES = {
    "es": "Anura: de grabaciones de ranas que cantan a un clasificador honesto",
    "pt_BR": "Anura: de gravações de anuros que cantam a um classificador honesto",
}
AND = {"es": "y", "pt_BR": "e"}
# They stay English: docstrings, the list of words in all three languages, and times that were measured.
ENGLISH_PAGES = ("reference/api", "reference/terms", "reference/times")
# Nothing but a list of works, but citations need it in their own build.
BIBLIOGRAPHY = "reference/bibliography"
_NO_WORDS = re.compile(r"\{(?!term|ref)[\w:]+\}`[^`]*`|(?<!\})`[^`]*`|\$[^$]*\$")
_CODES = {"website"}  # in a page's head
_METADATA = re.compile(r"^\s+(?:alt|caption|code_prompt_show|code_prompt_hide): (.+)$", flags=re.MULTILINE)
_EXERCISE = re.compile(r"^:::\{exercise\} (.+)$", flags=re.MULTILINE)
_CELL = re.compile(r"^```\{code-cell\}[^\n]*\n(.*?)^```", flags=re.MULTILINE | re.DOTALL)
_FOLDED = re.compile(r"^(?::tags:|tags:).*(?:hide|remove)-", flags=re.MULTILINE)
_STRAIGHT = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"'})
_COMMENT = re.compile(r"(?:^ *| {2,})# (?!noqa|fmt:)(\S.*)$", flags=re.MULTILINE)


def toc_pages(book=BOOK):
    """The pages of the table of contents, in its order."""
    toc = yaml.safe_load((Path(book) / "_toc.yml").read_text(encoding="utf-8"))
    parts = toc.get("parts", [{"chapters": toc.get("chapters", [])}])
    return [toc["root"], *(chapter["file"] for part in parts for chapter in part["chapters"])]


def catalogue_path(locale, language, docname):
    """Where the catalogue of a page lies, as Sphinx looks for it."""
    return Path(locale) / language / "LC_MESSAGES" / f"{docname}.po"


def has_catalogues(docname, book=BOOK):
    """Whether a page has its catalogues, in all languages."""
    others = [language for language in LANGUAGES if language != "en"]
    return all(catalogue_path(Path(book) / "locale", language, docname).is_file() for language in others)


PAGES = tuple(page for page in toc_pages() if page not in ENGLISH_PAGES)
TRANSLATED_PAGES = tuple(page for page in PAGES if page == BIBLIOGRAPHY or has_catalogues(page))


def read_page(locale, language, docname):
    """English to translation of a page, from its catalogue; empty where it has none."""
    path = catalogue_path(locale, language, docname)
    if not path.is_file():
        return {}
    with path.open("rb") as file:
        return {m.id: m.string for m in pofile.read_po(file) if m.id and m.string and not m.fuzzy}


def has_words(sentence):
    """Not so numbers, code and formulas; Sphinx extracts those of a display, without its dollar signs."""
    if sentence[:1].isspace() or sentence in _CODES:
        return False
    return any(c.isalpha() for c in _NO_WORDS.sub("", sentence))


def extra_messages(source):
    """What Sphinx does not extract from a page: titles of exercises, captions and alternative texts of cells, comments.

    Comments are those of the cells that stand open on the page.
    """
    found = [text.strip() for text in _EXERCISE.findall(source)]
    found += [str(yaml.safe_load(text)) for text in _METADATA.findall(source)]  # one in quotes without them
    cells = [cell for cell in _CELL.findall(source) if not _FOLDED.search(cell)]
    return [*found, *(text.strip() for cell in cells for text in _COMMENT.findall(cell))]


def translate_comments(code, known):
    """Code with the comments that a catalogue knows in its language."""
    return _COMMENT.sub(lambda m: m[0].removesuffix(m[1]) + known.get(m[1].strip(), m[1]), code)


def said_in(known, text):
    """The translation of a text of which Sphinx may have made the quotation marks round; None without one."""
    return known.get(text, known.get(text.translate(_STRAIGHT)))


def join_authors(names, language):
    """``Nelson and Graves`` as ``Nelson e Graves``; in Spanish *e* before the sound of an i; *et al.* in all."""
    names = names.replace(" and others", " et al.")
    names = re.sub(r" and (?=H?[IÍ])", " e ", names) if language == "es" else names
    return names.replace(" and ", f" {AND.get(language, 'and')} ")


def write_numbers(text, language):
    """Numbers of a sentence with the decimal comma of Spanish and Portuguese."""
    return re.sub(r"(?<=\d)\.(?=\d)", ",", text) if language in AND else text
