"""Build the translated pages into the English site: book/_build/html/es and book/_build/html/pt_BR.

``python tools/translate_book.py`` after the English book; its executed cells are used again, so this takes seconds.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

import yaml
from babel.messages import pofile

# Sphinx's extensions; last, because a copy of the book has its own.
sys.path.append(str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from catalogues import LANGUAGES, TRANSLATED_PAGES, catalogue_path
from front_page import fill_thumbnails

BOOK = Path(__file__).resolve().parents[1] / "book"
_GLUE = re.compile(r"(\{glue:text\}`)([^`:]+):?([^`:]*)`")


def _name_glue_by_file(folder, language):
    """Write ``{glue:text}`key``` as ``{glue:text}`page.md::key``` in the translations.

    Sphinx parses a translated sentence apart from its page, where a key alone is not known.
    """
    for docname in TRANSLATED_PAGES:
        path = catalogue_path(folder / "locale", language, docname)
        with path.open("rb") as file:
            catalogue = pofile.read_po(file, language)
        for message in catalogue:
            if message.id:
                message.string = _GLUE.sub(rf"\1{docname.split('/')[-1]}.md::\2:\3`", message.string)
        with path.open("wb") as file:
            pofile.write_po(file, catalogue)


def prepare(folder, language=None, execute=True):
    """Write a small book of the translated pages.

    Parameters
    ----------
    folder : Path
        Made anew.
    language : str, optional
        As in `LANGUAGES`; without one it stays English, for the extraction of sentences.
    execute : bool
        Whether cells run, or come out of the English book's cache.
    """
    wanted = {BOOK / f"{page}.md" for page in TRANSLATED_PAGES}

    def ignored(directory, names):
        paths = [Path(directory, name) for name in names]
        pages = [p.name for p in paths if p.suffix == ".md" and p not in wanted]
        return [*pages, *(p.name for p in paths if p.name in ("_build", "_drafts", "__pycache__"))]

    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(BOOK, folder, ignore=ignored)
    if language is not None:
        _name_glue_by_file(folder, language)
    toc = {"format": "jb-book", "root": TRANSLATED_PAGES[0], "chapters": [{"file": p} for p in TRANSLATED_PAGES[1:]]}
    (folder / "_toc.yml").write_text(yaml.safe_dump(toc), encoding="utf-8")
    config = yaml.safe_load((folder / "_config.yml").read_text(encoding="utf-8"))
    if not execute:
        config["execute"]["execute_notebooks"] = "off"
    config["sphinx"]["config"] |= {
        "language": language or "en", "locale_dirs": ["locale"], "gettext_compact": False,
        "anura_translation": language or "", "anura_english_book": str(BOOK),
    }  # fmt: skip
    (folder / "_config.yml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")


def run_jupyter_book(folder, *options):
    """Build a book; its output is shown where it fails only."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", *options, str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"{run.stdout}\n{run.stderr}\n{' '.join(command)} failed")


def build(language):
    """Build the pages of a language, and put them into the English site."""
    folder = BOOK / "_build" / "translations" / language
    prepare(folder, language)
    run_jupyter_book(folder, "-W", "--keep-going", "-n")
    site = BOOK / "_build" / "html" / language
    shutil.rmtree(site, ignore_errors=True)
    shutil.move(folder / "_build" / "html", site)
    fill_thumbnails(site, site.parent)
    shutil.rmtree(folder)


def main():
    """Build all translations."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("languages", nargs="*", default=[key for key in LANGUAGES if key != "en"])
    for language in parser.parse_args().languages:
        build(language)


if __name__ == "__main__":
    main()
