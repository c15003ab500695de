"""The sentences to be translated: babel finds those marked ``_`` in the package, Sphinx those of the book's pages.

``python tools/messages.py`` brings the catalogues up to date and says of each page what is new, changed and missing.
A page gets its catalogues when it is named: ``python tools/messages.py listen/pond``. What is no longer said leaves; of
a sentence that has changed the old translation stays beside it, marked fuzzy, which readers don't get to see.
Translators edit the .po files with any editor for them.
"""

import argparse
import difflib
import io
import sys
import tempfile
from collections import Counter
from pathlib import Path

import translate_book  # puts book/_ext on the path
from babel.messages import pofile
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_file
from catalogues import LANGUAGES as _ALL
from catalogues import PAGES, TRANSLATED_PAGES, catalogue_path, extra_messages, has_words, read_page
from other_words import FOLDER, OUTPUTS, is_sentence, kept_texts, printed_lines, widget_texts, words_of_formulas
from other_words import template as output_template

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = tuple(language for language in _ALL if language != "en")
MARKS = {"_": None, "N_": None}  # see anuralib/_language.py
ALIKE = 0.75  # share of two sentences that is the same, from which one is a change of the other
PACKAGE = "the package"


def package_messages(path):
    """Sentences of a module that are marked for translation, each once, in order."""
    found = (message for _, message, *_ in extract_from_file("python", path, keywords=MARKS))
    return list(dict.fromkeys(found))


def course_sources():
    """Modules with hints: the exercises' general ones, those of each chapter, the recording's."""
    course = ROOT / "anuralib" / "course"
    return [p for p in [*sorted(course.glob("*.py")), *sorted(course.glob("checks/*.py"))] if package_messages(p)]


def package_sources():
    """Modules with sentences for learners: hints, and labels of figures."""
    show = ROOT / "anuralib" / "show"
    return [*course_sources(), *(p for p in sorted(show.glob("*.py")) if package_messages(p))]


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


def update(old, template, elsewhere):
    """The sentences of a template with what is known of them, and a count of what is to be done.

    Not babel's own update: it takes sentences that look alike for changes even where the first one is still there.

    Parameters
    ----------
    old, template : Catalog
    elsewhere : dict
        {English: translation} of other pages, for sentences that several say.

    Returns
    -------
    catalogue : Catalog
    counts : Counter
        ``new`` sentences, ``changed`` ones (fuzzy), all that are ``missing`` a translation, and ``all``.
    """
    there = {m.id: m for m in old if m.id}
    wanted = [m for m in template if m.id]
    gone = {key: m for key, m in there.items() if key not in {m.id for m in wanted} and m.string and not m.fuzzy}
    catalogue, counts = Catalog(locale=old.locale, fuzzy=False), Counter(all=len(wanted))
    for message in wanted:
        known = there.get(message.id)
        like = [] if known else difflib.get_close_matches(message.id, gone, n=1, cutoff=ALIKE)
        string, more = elsewhere.get(message.id, ""), {}
        if known and (known.string or not string):
            string = known.string
            more = {"flags": known.flags & {"fuzzy"}, "previous_id": known.previous_id,
                    "user_comments": known.user_comments}  # fmt: skip
        elif like and not string:
            string, more = gone[like[0]].string, {"flags": {"fuzzy"}, "previous_id": like[0]}
        added = catalogue.add(message.id, string, locations=message.locations, **more)
        counts.update(new=known is None, changed=added.fuzzy, missing=added.fuzzy or not added.string)
    return catalogue, counts


def write(catalogue, path, language):
    """Write a catalogue without dates and line numbers, which would change when nothing else does."""
    for message in catalogue:
        message.flags -= {"python-brace-format", "python-format"}
    out = io.BytesIO()
    pofile.write_po(out, catalogue, width=110, include_lineno=False, omit_header=True, include_previous=True)
    header = (f'msgid ""\nmsgstr ""\n"Language: {language}\\n"\n"MIME-Version: 1.0\\n"\n'
              '"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n')  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(header + out.getvalue().decode("utf-8").strip() + "\n", encoding="utf-8")
    part.replace(path)


def book_templates(folder):
    """Let Sphinx write the sentences of all pages that can be translated; {page: catalogue}.

    No cell runs: their code and output are the same in every language.
    """
    book = Path(folder) / "book"
    translate_book.prepare(book, PAGES, execute=False)
    translate_book.run_jupyter_book(book, "--builder", "custom", "--custom-builder", "gettext")
    templates = {page: Catalog(fuzzy=False) for page in PAGES}
    for page, template in templates.items():
        extracted = [m.id for m in read(book / "_build" / "gettext" / f"{page}.pot") if m.id]
        extra = extra_messages((ROOT / "book" / f"{page}.md").read_text(encoding="utf-8"))
        for sentence in [*filter(has_words, extracted), *extra]:
            template.add(sentence)
    return templates


def untranslated(templates, language):
    """{page: sentences without a translation} of the pages as they are now."""
    locale = ROOT / "book" / "locale"
    known = {page: read_page(locale, language, page) for page in templates}
    return {page: [m.id for m in template if m.id and m.id not in known[page]] for page, template in templates.items()}


def update_book(templates, begin=()):
    """Update the catalogues of the translated pages and of those to begin; {(language, page): counts}."""
    locale, counts = ROOT / "book" / "locale", {}
    for language in LANGUAGES:
        elsewhere = {}
        for page in TRANSLATED_PAGES:
            elsewhere |= read_page(locale, language, page)
        for page, template in templates.items():
            path = catalogue_path(locale, language, page)
            old = read(path, language) if path.is_file() else Catalog(locale=language)
            catalogue, counts[language, page] = update(old, template, elsewhere)
            if page in TRANSLATED_PAGES or page in begin:
                write(catalogue, path, language)
    return counts


def outputs_template(build):
    """The words in the figures of a built book, and what its cells printed; None where no book was built."""
    caches = sorted((build / ".jupyter_cache").glob(f"*/{FOLDER}"), key=lambda p: p.parent.stat().st_mtime)
    if not caches:
        return None
    template = Catalog(fuzzy=False)
    pages = [path for page in PAGES if (path := build / "html" / f"{page}.html").is_file()]
    texts = [path.read_text(encoding="utf-8") for path in pages]
    said = [line for text in texts for line in (*printed_lines(text), *widget_texts(text))]
    sources = [(ROOT / "book" / f"{page}.md").read_text(encoding="utf-8") for page in PAGES]
    said += [words for source in sources for words in words_of_formulas(source)]
    drawn = [text for path in sorted(caches[-1].glob("*.pickle")) for text in kept_texts(path)]
    for text in [*sorted(set(drawn)), *dict.fromkeys(said)]:
        if is_sentence(text):
            template.add(output_template(text))
    return template


def update_outputs():
    """Update the catalogue of outputs after the book that was built last; {(language, name): counts}."""
    counts, template = {}, outputs_template(ROOT / "book" / "_build")
    for language in LANGUAGES if template else ():
        path = catalogue_path(ROOT / "book" / "locale", language, OUTPUTS)
        old = read(path, language) if path.is_file() else Catalog(locale=language)
        catalogue, counts[language, OUTPUTS] = update(old, template, {})
        write(catalogue, path, language)
    return counts


def report(counts):
    """What is to be done as a table; pages without a catalogue are counted together."""
    rows, waiting = [], Counter()
    for (language, page), found in counts.items():
        if page == PACKAGE or catalogue_path(ROOT / "book" / "locale", language, page).is_file():
            rows.append((language, page, *(str(found[kind]) for kind in ("new", "changed", "missing", "all"))))
        else:
            waiting[language] += 1
    lines = [("", "page", "new", "changed", "missing", "of"), *rows]
    table = [f"{a:6}{b:28}{c:>8}{d:>9}{e:>9}{f:>7}" for a, b, c, d, e, f in lines]
    return "\n".join([*table, *(f"{key}: {n} pages have no catalogue yet" for key, n in waiting.items())])


def main():
    """Bring all catalogues up to date."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("begin", nargs="*", help="pages that get catalogues now, as listen/pond; or all")
    parser.add_argument("--package-only", action="store_true", help="leave the book's pages")
    options = parser.parse_args()
    begin = PAGES if options.begin == ["all"] else options.begin
    if set(begin) - set(PAGES):
        sys.exit(f"no page to be translated: {', '.join(sorted(set(begin) - set(PAGES)))}")
    counts = {}
    for language in LANGUAGES:
        path = ROOT / "anuralib" / "course" / "locale" / f"{language}.po"
        catalogue, counts[language, PACKAGE] = update(read(path, language), package_template(), {})
        write(catalogue, path, language)
    if not options.package_only:
        with tempfile.TemporaryDirectory() as folder:
            counts |= update_book(book_templates(folder), begin) | update_outputs()
    print(report(counts))


if __name__ == "__main__":
    main()
