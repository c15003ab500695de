"""Build the translated pages into the English site: book/_build/html/es and book/_build/html/pt_BR.

``python tools/translate_book.py`` after the English book; its executed cells are used again, so this takes seconds.
"""

import argparse
import multiprocessing
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import yaml
from babel.messages import pofile

# Sphinx's extensions; last, because a copy of the book has its own.
sys.path.append(str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from catalogues import LANGUAGES, TITLES, TRANSLATED_PAGES, catalogue_path, read_page
from course_settings import course_repository, course_site_url, package_source
from dark_figures import NIGHT, mark_figures
from front_page import fill_thumbnails

BOOK = Path(__file__).resolve().parents[1] / "book"
FOLDER = BOOK / "_build" / "translations"
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


def small_toc(pages, known):
    """The book's table of contents with some of its pages, the names of its parts as `known` has them."""
    toc, parts = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8")), []
    for part in toc["parts"]:
        chapters = [chapter for chapter in part["chapters"] if chapter["file"] in pages]
        if chapters:
            parts.append({"caption": known.get(part["caption"], part["caption"]), "chapters": chapters})
    return toc | {"parts": parts}


def prepare(folder, pages, language=None, execute=True):
    """Write a small book of some pages.

    Parameters
    ----------
    folder : Path
        Made anew.
    pages : sequence of str
    language : str, optional
        As in `LANGUAGES`; without one it stays English, for the extraction of sentences.
    execute : bool
        Whether cells come out of the English book's cache, or not at all.
    """
    wanted = {BOOK / f"{page}.md" for page in pages}

    def ignored(directory, names):
        paths = [Path(directory, name) for name in names]
        others = [p.name for p in paths if p.suffix == ".md" and p not in wanted]
        return [*others, *(p.name for p in paths if p.name in ("_build", "_drafts", "__pycache__"))]

    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(BOOK, folder, ignore=ignored)
    if language is not None:
        _name_glue_by_file(folder, language)
    known = read_page(BOOK / "locale", language, "intro") if language else {}
    (folder / "_toc.yml").write_text(yaml.safe_dump(small_toc(pages, known), allow_unicode=True), encoding="utf-8")
    config = yaml.safe_load((folder / "_config.yml").read_text(encoding="utf-8"))
    if not execute:
        config["execute"]["execute_notebooks"] = "off"
    config["sphinx"]["config"] |= {
        "language": language or "en", "locale_dirs": ["locale"], "gettext_compact": False,
        "anura_translation": language or "", "anura_english_book": str(BOOK),
    }  # fmt: skip
    if language is not None:
        config["title"] = TITLES[language]
        # words of the glossary and labels of pages that are English only
        inventory = str(BOOK / "_build" / "html" / "objects.inv")
        config["sphinx"]["config"] |= {
            "intersphinx_mapping": {"english": ["..", inventory]}, "intersphinx_disabled_reftypes": [],
        }  # fmt: skip
    (folder / "_config.yml").write_text(yaml.safe_dump(config, allow_unicode=True), encoding="utf-8")


def run_jupyter_book(folder, *options):
    """Build a book and return what was said, which is shown where it fails only."""
    command = [str(Path(sys.executable).with_name("jupyter-book")), "build", *options, str(folder)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"{run.stdout}\n{run.stderr}\n{' '.join(command)} failed")
    return run.stdout + run.stderr


def share_outputs(site, book):
    """Let a translation show the pictures and sounds of the English site, which are the same, and drop its own.

    `site` lies in the folder `book`. Both name these files by their content.
    """
    folders = ("_images", f"_images/{NIGHT}", "_static/inline", f"_static/inline/{NIGHT}")
    shared = {f"{folder}/{path.name}" for folder in folders for path in site.glob(f"{folder}/*")
              if (book / folder / path.name).is_file()}  # fmt: skip

    def place(match):
        return f"../{match[0]}" if match[1] in shared else match[0]

    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        new = re.sub(rf"(?:\.\./)*((?:_images(?:/{NIGHT})?|_static/inline)/[\w.-]+)", place, text)
        if new != text:
            page.write_text(new, encoding="utf-8")
    for name in shared:
        (site / name).unlink()


def write_notebooks(language, target):
    """Write the learners' notebooks of a language, and the archive of them all, into the English site."""
    from anura_course import offer_all
    from notebook_export import export_book

    repository = course_repository(BOOK)
    where = {"package": package_source(repository, BOOK), "site_url": course_site_url(repository)}
    with tempfile.TemporaryDirectory(dir=BOOK / "_build") as folder:
        export_book(BOOK, Path(folder), views=["learner"], language=language, **where)
        written = Path(folder, "learner", language)
        offer_all(written, next(target.parent.glob("anuralib-*.whl")))
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(written, target)


def build(language):
    """Build the pages of a language, beside the English site."""
    folder = FOLDER / language
    prepare(folder, TRANSLATED_PAGES, language)
    said = run_jupyter_book(folder, "-W", "--keep-going", "-n")
    again = re.findall(r"^(.*): Executing notebook", said, flags=re.MULTILINE)
    if again:  # a page and its translation have the same cells, so these are new since the English book was built
        sys.exit(f"{language}: no results in the English book, which must be built first, of {', '.join(again)}")


def put_into_site(language):
    """Put the built pages of a language into the English site."""
    folder, html = FOLDER / language, BOOK / "_build" / "html"
    shutil.rmtree(html / language, ignore_errors=True)
    shutil.move(folder / "_build" / "html", html / language)
    share_outputs(html / language, html)
    fill_thumbnails(html / language, html)
    mark_figures(html / language, "intro.html")  # these small ones, too
    shutil.rmtree(folder)


def main():
    """Build all translations."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("languages", nargs="*", default=[key for key in LANGUAGES if key != "en"])
    languages = parser.parse_args().languages
    with ThreadPoolExecutor(len(languages)) as pool:  # each waits for a process of its own
        list(pool.map(build, languages))
    for language in languages:  # one after the other: each looks through the whole site
        put_into_site(language)
    notebooks = BOOK / "_build" / "html" / "notebooks"
    with ProcessPoolExecutor(len(languages), multiprocessing.get_context("spawn")) as pool:
        list(pool.map(write_notebooks, languages, [notebooks / language for language in languages]))


if __name__ == "__main__":
    main()
