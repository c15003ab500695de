"""The languages of the book, its translated pages, and what stands in the catalogue of a page."""

import re
from pathlib import Path

from babel.messages import pofile

# Sphinx's name: name in HTML, name that its speakers give it.
LANGUAGES = {"en": ("en", "English"), "es": ("es", "Español"), "pt_BR": ("pt-BR", "Português")}
# The bibliography is among them because citations need it in their own build.
TRANSLATED_PAGES = ("intro", "annotate/weak-labels", "reference/bibliography")
_METADATA = re.compile(r"^\s+(?:alt|caption): (.+)$", flags=re.MULTILINE)
_EXERCISE = re.compile(r"^:::\{exercise\} (.+)$", flags=re.MULTILINE)


def catalogue_path(locale, language, docname):
    """Where the catalogue of a page lies, as Sphinx looks for it."""
    return Path(locale) / language / "LC_MESSAGES" / f"{docname}.po"


def read_page(locale, language, docname):
    """English to translation of a page, from its catalogue."""
    with catalogue_path(locale, language, docname).open("rb") as file:
        return {m.id: m.string for m in pofile.read_po(file) if m.id and m.string and not m.fuzzy}


def extra_messages(source):
    """What Sphinx does not extract from a page: titles of exercises, captions and alternative texts of cells."""
    return [found.strip() for pattern in (_EXERCISE, _METADATA) for found in pattern.findall(source)]
