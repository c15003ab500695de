"""The sentences to be translated: babel finds those marked ``_`` in the package, Sphinx those of the book's pages.

``python tools/messages.py`` brings the catalogues up to date: new English sentences come in empty, and what is no
longer said leaves. Translators edit the .po files with any editor for them.
"""

import argparse
import io
import tempfile
from pathlib import Path

import translate_book  # puts book/_ext on the path
from babel.messages import pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from catalogues import LANGUAGES as _ALL
from catalogues import TRANSLATED_PAGES, catalogue_path, extra_messages

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = tuple(language for language in _ALL if language != "en")
MARKS = {"_": None, "N_": None}  # see anuralib/course/language.py


def package_messages(path):
    """Sentences of a module that are marked for translation, each once, in order."""
    found = (message for _, message, *_ in extract_from_file("python", path, keywords=MARKS))
    return list(dict.fromkeys(found))


def package_sources():
    """Modules with sentences for learners: the exercises' general ones, those of each chapter, the recording's."""
    course = ROOT / "anuralib" / "course"
    return [p for p in [*sorted(course.glob("*.py")), *sorted(course.glob("checks/*.py"))] if package_messages(p)]


def package_template():
    """The catalogue of all sentences of the package, without translations."""
    template = Catalog(fuzzy=False)
    for path in package_sources():
        for message in package_messages(path):
            template.add(message, locations=[(path.relative_to(ROOT).as_posix(), None)])
    return template


def read(path, language=None):
    """A catalogue from a .po or .pot file."""
    with path.open("rb") as file:
        return pofile.read_po(file, locale=language)


def _update(path, template, language):
    # Not `sphinx-intl update`: it always guesses from sentences that look alike, and a wrong hint is worse than an
    # English one; it also writes dates into the header. Babel, on which it is built, does without either.
    catalogue = read(path, language) if path.is_file() else Catalog(locale=language)
    catalogue.update(template, no_fuzzy_matching=True)
    for message in catalogue:
        message.flags -= {"python-brace-format", "python-format"}
    catalogue.fuzzy = False
    out = io.BytesIO()
    pofile.write_po(out, catalogue, width=110, include_lineno=False, omit_header=True, ignore_obsolete=True)
    header = (f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"MIME-Version: 1.0\\n"\n'
              '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n')  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(header + out.getvalue().decode("utf-8").strip() + "\n", encoding="utf-8")


def book_templates(folder):
    """Let Sphinx write the sentences of the pages to be translated; {page: catalogue}.

    No cell runs: their code and output are the same in every language.
    """
    book = Path(folder) / "book"
    translate_book.prepare(book, execute=False)
    translate_book.run_jupyter_book(book, "--builder", "custom", "--custom-builder", "gettext")
    templates = {page: Catalog(fuzzy=False) for page in TRANSLATED_PAGES}
    for page, template in templates.items():
        extracted = [m.id for m in read(book / "_build" / "gettext" / f"{page}.pot") if m.id]
        extra = extra_messages((ROOT / "book" / f"{page}.md").read_text(encoding="utf-8"))
        for sentence in [*filter(_has_words, extracted), *extra]:
            template.add(sentence)
    return templates


def _has_words(sentence):
    """Not so numbers and formulas; Sphinx extracts those of a display, without its dollar signs."""
    return not sentence.startswith(" ") and any(c.isalpha() for c in sentence)


def main():
    """Bring all catalogues up to date."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--package-only", action="store_true", help="leave the book's pages")
    options = parser.parse_args()
    package = ROOT / "anuralib" / "course" / "locale"
    wanted = [(package / f"{language}.po", package_template(), language) for language in LANGUAGES]
    if not options.package_only:
        with tempfile.TemporaryDirectory() as folder:
            wanted += [(catalogue_path(ROOT / "book" / "locale", language, page), template, language)
                       for page, template in book_templates(folder).items() for language in LANGUAGES]  # fmt: skip
    for path, template, language in wanted:
        _update(path, template, language)


if __name__ == "__main__":
    main()
