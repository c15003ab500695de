"""Local Sphinx extension of the course: execution cache, launch buttons, notebooks for download, small mends.

Each piece is here because the tools, as they are, do the wrong thing; the comment says what.
"""

import ast
import hashlib
import html
import importlib.util
import os
import re
import shutil
import sys
import zipfile
from pathlib import Path

from catalogues import BOOK, read_page
from course_settings import (
    citation,
    colab_url,
    course_repository,
    course_root,
    course_site_url,
    course_version,
    package_source,
)
from dark_figures import mark_figures
from docutils import nodes
from other_words import FOLDER, OUTPUTS, translate_outputs
from page_files import change_pages, move_inline, package_scripts, plain_script, shrink_pictures
from same_training import FOLDER as TRAININGS
from same_training import forget_trainings
from sphinx.errors import ExtensionError
from sphinx.util import logging
from tables import readable_tables

# The notebooks are made by a tool of the repository, which lies elsewhere where a copy of the book is built.
sys.path.insert(0, str(course_root(Path(__file__).resolve().parents[1]) / "tools"))

from notebook_export import export_book
from offline_kit import build_wheel

LOGGER = logging.getLogger(__name__)
NOTEBOOK_FOLDER = "notebooks"  # inside the built site
# What the buttons say of themselves.
BUTTONS = {
    "en": ("Open this chapter's notebook on Google Colab", "Download this chapter's notebook (.ipynb)"),
    "es": ("Abrir el notebook de este capítulo en Google Colab", "Descargar el notebook de este capítulo (.ipynb)"),
    "pt_BR": ("Abrir o notebook deste capítulo no Google Colab", "Baixar o notebook deste capítulo (.ipynb)"),
}
KEPT_CACHES = 3  # full, smoke, and the one before
# What each kernel does first.
START_UP = """\
import sys
sys.path.append({place!r})
import other_words, same_training
sys.path.remove({place!r})
other_words.keep_figures({folder!r})
same_training.keep_trainings({trainings!r})
del sys, other_words, same_training
"""
# Figures have two pixels for each one of the page, or they would be blurred on most screens of today. Their panels
# stand a little further apart than usual, or a label would touch the panel beside it.
FIGURES = """c.InlineBackend.figure_formats = {'retina'}
c.InlineBackend.rc = {"figure.constrained_layout.w_pad": 0.08, "figure.constrained_layout.h_pad": 0.06}
"""


# ---------------------------------------------------------------- execution cache


def package_digest(package, extra=()):
    """A hash of what the chapters' results depend on besides the chapters.

    Python files count by their syntax tree, so that a changed comment does not execute the whole book again;
    other files (and `extra` ones) by their bytes.
    """
    digest = hashlib.sha256()
    smoke = os.environ.get("ANURALIB_SMOKE", "")
    digest.update(f"{sys.version_info[:2]} smoke={smoke} {FIGURES}{START_UP}".encode())
    # What is cached was said in English, so translations don't count.
    skipped = {"__pycache__", "locale"}
    files = [p for p in sorted(package.rglob("*")) if p.is_file() and not skipped & set(p.parts)]
    for path in [*files, *(p for p in extra if p.is_file())]:
        digest.update(path.name.encode())
        if path.suffix == ".py":
            digest.update(ast.dump(ast.parse(path.read_bytes())).encode())
        else:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def key_execution_cache(app, config):
    """Put the package's hash into the path of the execution cache.

    The cache only looks at a chapter's own cells: after a change in the package it would hand out the old results. A
    new path is a changed setting, so Sphinx reads, and MyST-NB executes, every chapter again.
    """
    import anuralib

    package = Path(anuralib.__file__).parent
    # A translation takes what was executed for the English book.
    book = Path(config.anura_english_book or app.srcdir)
    root = book.parent
    # The tables of long computations, and the scripts beside them that say what follows from each.
    tables = sorted((root / "benchmarks").glob("*.py")) + sorted((root / "benchmarks" / "results").glob("*.csv"))
    extra = [root / "constraints.txt", *tables]
    key = package_digest(package, extra=extra)
    caches = (book / "_build" if config.anura_english_book else Path(app.outdir).parent) / ".jupyter_cache"
    cache = caches / key
    cache.mkdir(parents=True, exist_ok=True)
    os.utime(cache)
    for old in sorted(caches.iterdir(), key=lambda p: p.stat().st_mtime)[:-KEPT_CACHES]:
        if old != cache and old.is_dir():
            shutil.rmtree(old)
    config.nb_execution_cache_path = str(cache)
    settings = Path(app.outdir).parent / "ipython" / "profile_default" / "ipython_kernel_config.py"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(FIGURES, encoding="utf-8")
    start = settings.parent / "startup" / "course.py"
    start.parent.mkdir(exist_ok=True)
    places = {"place": str(Path(__file__).parent), "folder": str(cache / FOLDER), "trainings": str(cache / TRAININGS)}
    start.write_text(START_UP.format(**places), encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(settings.parents[1])


# ---------------------------------------------------------------- buttons and notebooks


def know_repository(app, config):
    """Look the repository up once; a change of it writes the pages again."""
    config.anura_repository = config.anura_repository or course_repository(app.srcdir)


def is_chapter(app, pagename):
    return "kernelspec" in app.env.metadata.get(pagename, {})


def add_buttons(app, pagename, templatename, context, doctree):
    """Offer the learner's notebook: for download always, on Colab where the repository is known.

    The theme's own buttons point to the page's Markdown source, which Colab can't open, and offer the executed
    notebook with all solutions for download. Both are switched off in _config.yml.
    """
    buttons = context.get("header_buttons")
    if buttons is None or not is_chapter(app, pagename):
        return
    new = []
    own = app.config.anura_translation
    up, name = ("../", f"{own}/{pagename}") if own else ("", pagename)  # all notebooks lie in the English site
    open_it, download_it = BUTTONS[own or "en"]
    repository = app.config.anura_repository
    if repository:
        new.append(
            {
                "type": "link",
                "url": colab_url(repository, name),
                "text": "Colab",
                "tooltip": open_it,
                "icon": "fas fa-rocket",
                "label": "colab-button",
            }
        )
    new.append(
        {
            "type": "link",
            "url": context["pathto"](f"{up}{NOTEBOOK_FOLDER}/{name}.ipynb", 1),
            "text": "Notebook",
            "tooltip": download_it,
            "icon": "fas fa-download",
            "label": "download-notebook-button",
        }
    )
    buttons[:0] = new


def write_notebooks(app, exception):
    """Put the learner's notebooks beside the pages, once all cells have run."""
    if exception is not None or app.builder.format != "html":
        return
    # An older build, or the theme, may have left sources with solutions.
    shutil.rmtree(Path(app.outdir) / "_sources", ignore_errors=True)
    if app.config.anura_translation:
        return
    repository = app.config.anura_repository
    out = Path(app.outdir) / NOTEBOOK_FOLDER
    parts = Path(app.outdir).parent / "notebooks-new"
    shutil.rmtree(parts, ignore_errors=True)
    try:
        export_book(
            Path(app.srcdir),
            parts,
            views=["learner"],
            package=package_source(repository, app.srcdir),
            site_url=course_site_url(repository),
        )
    except ValueError as error:
        raise ExtensionError(f"notebook export: {error}") from error
    shutil.rmtree(out, ignore_errors=True)
    if (parts / "learner").is_dir():
        shutil.move(parts / "learner", out)
        offer_all(out)
    shutil.rmtree(parts, ignore_errors=True)


def offer_all(folder, wheel=None):
    """Put all notebooks of a folder, with the wheel of the package, into one archive; without a wheel, build one."""
    wheel = wheel or build_wheel(folder)
    # Under a name that stays, because pages link it: pip wants the version in the name, so the archive has it there.
    with zipfile.ZipFile(folder / "anura-notebooks.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*.ipynb")):
            archive.write(path, f"anura-notebooks/{path.relative_to(folder).as_posix()}")
        archive.write(wheel, f"anura-notebooks/{wheel.name}")


def known_outputs(language):
    """What stands in figures and is printed, in a language; of the package what a passed exercise says."""
    import anuralib
    from anuralib._language import read_catalogue

    package = Path(anuralib.__file__).parent / "course" / "locale" / f"{language}.po"
    passed = "Pass: {name}"
    return read_page(BOOK / "locale", language, OUTPUTS) | {
        passed: read_catalogue(package.read_text(encoding="utf-8")).get(passed, passed)
    }


def store_once(app, exception):
    """Sounds, pictures, styles and scripts of notebook outputs as files beside the pages."""
    if exception is None and app.builder.format == "html":
        import anuralib

        if app.config.anura_translation:
            language = app.config.anura_translation
            figures = Path(app.config.nb_execution_cache_path) / FOLDER
            translate_outputs(Path(app.outdir), figures, known_outputs(language), language)
        change_pages(app.outdir, lambda text, _: readable_tables(text))
        move_inline(Path(app.outdir), package_scripts(Path(anuralib.__file__).parent / "show"))
        for path in (Path(app.outdir) / "_static").glob("anura_*.js"):
            path.write_text(plain_script(path.read_text(encoding="utf-8")), encoding="utf-8")
        shrink_pictures(Path(app.outdir) / "_images")
        mark_figures(Path(app.outdir))


# ---------------------------------------------------------------- the foot of every page

LICENCES = ("https://creativecommons.org/licenses/by/4.0/", "https://opensource.org/license/mit")


# Version, what the licences are of, source, to cite.
FOOT = {
    "": ("Version {}", "text and figures CC BY 4.0", "code MIT", "Source", "To cite"),
    "es": ("Versión {}", "texto y figuras CC BY 4.0", "código MIT", "Código fuente", "Para citar"),
    "pt_BR": ("Versão {}", "texto e figuras CC BY 4.0", "código MIT", "Código-fonte", "Para citar"),
}


def footer(version, credit, repository="", language=""):
    """The version, the licences and how to cite, as HTML; `credit` is plain text that may end in an address."""
    numbered, text, code, source, cite = FOOT[language]
    words, _, address = html.escape(credit).rpartition(" ")
    link = f'{words} <a href="{address}">{address}</a>' if address.startswith("http") else html.escape(credit)
    named = zip((text, code), LICENCES, strict=True)
    licences = ", ".join(f'<a rel="license" href="{url}">{name}</a>' for name, url in named)
    source = f' <a href="https://github.com/{repository}">{source}</a>.' if repository else ""
    return (
        f'<p class="course-version">{numbered.format(html.escape(version))}; {licences}.{source}</p>\n'
        f'<p class="course-citation">{cite}: {link}</p>'
    )


def say_version_and_licence(app, config):
    """Put the version, the licences and how to cite at the foot of every page; a new version writes them again."""
    root = course_root(app.srcdir)
    text = footer(course_version(root), citation(root), config.anura_repository, config.anura_translation)
    config.html_theme_options = {**config.html_theme_options, "extra_footer": text}


# ---------------------------------------------------------------- mends of the theme and of Sphinx's extensions

SIGNATURE_LINES = re.compile(r'<dl>\n((?:<dd><em class="sig-param">.*?</dd>\n)+)</dl>')
MATHJAX = "tex-svg.js"  # formulas as SVG: one file, no fonts, works from disk too


def use_own_mathjax(app, config):
    """Serve MathJax from the site itself, where Sphinx would have every reader's browser ask a CDN."""
    config.mathjax_path = f"mathjax/{MATHJAX}"


def copy_mathjax(app, exception):
    """Copy the one script out of the package that carries MathJax (its own extension would copy 24 MB)."""
    # could go upstream: sphinx-mathjax-offline, a setting that names the files to copy
    if exception is not None or app.builder.format != "html":
        return
    package = Path(importlib.util.find_spec("sphinx-mathjax-offline").origin).parent
    target = Path(app.outdir) / "_static" / "mathjax" / MATHJAX
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(package / "static" / "mathjax" / MATHJAX, target)


def drop_thebe(app, pagename, templatename, context, doctree):
    """Leave sphinx-thebe's scripts out: it isn't used, and declares a constant twice on every page."""
    # could go upstream: sphinx-thebe, no scripts on a page without its button
    scripts = context.get("script_files", [])
    scripts[:] = [s for s in scripts if not _is_thebe(s)]
    styles = context.get("css_files", [])
    styles[:] = [s for s in styles if "thebe" not in str(getattr(s, "filename", s))]


def drop_thebe_settings(app, doctree, docname):
    """Drop the block of settings that sphinx-thebe appends to every page, used or not."""
    # could go upstream: sphinx-thebe, no settings on a page without its button
    for node in list(doctree.findall(nodes.raw)):
        if "text/x-thebe-config" in node.astext():
            node.parent.remove(node)


EXERCISE_NAME = re.compile(r"[a-z-]+-\d")  # leakage-3
UNIT = re.compile(r"(?<=\d) (?=(?:%|°C|dB|dBFS|kHz|Hz|ms|s|min|h|m|km|kB|MB|GB)(?![\w/]))")


def number_by_page(app, env):
    """Count figures and exercises from 1 on each page, as the notebooks do; Sphinx counts through the whole book."""
    # could go upstream: Sphinx, a setting for numbers that begin anew on a page without a number of its own
    for kinds in env.toc_fignumbers.values():
        for kind, numbers in kinds.items():
            ordered = sorted(numbers, key=numbers.get)
            kinds[kind] = {node: (n,) for n, node in enumerate(ordered, start=1)}
    return []


def name_contents_apart(app, doctree, docname):
    """Give the contents of each exercise and solution an id of their own; sphinx-exercise gives all the same."""
    # could go upstream: sphinx-exercise, ids of contents made from the label
    for section in doctree.findall(nodes.section):
        if section["ids"] in (["exercise-content"], ["solution-content"]):
            label = section.parent.get("label") or "-".join(section.parent["ids"])
            section["ids"] = [f"{label}-content"]


def keep_units(app, doctree, docname):
    """Keep a number and its unit on one line: ``37.8 %``, ``15 kHz``, also where the number comes from a cell."""
    if app.builder.format != "html":
        return
    before = ""
    for part in list(doctree.findall(nodes.Text)):
        fixed = isinstance(part.parent, nodes.literal | nodes.FixedTextElement | nodes.raw | nodes.math)
        said = part if fixed else UNIT.sub("\u00a0", before + part)[len(before) :]
        if said != part:
            part.parent.replace(part, nodes.Text(said))
        before = part[-1:]
        if EXERCISE_NAME.fullmatch(part) and isinstance(part.parent.parent, nodes.reference):
            part.parent["classes"].append("anura-whole")  # its number would stand alone


SOLUTION_LINK = re.compile(r'(<p class="admonition-title">[^<]*\S)(<a\b[^>]*>) ')


def mend_roles(app, pagename, templatename, context, doctree):
    """Take away roles and lists that screen readers stumble over, and two signs that look like a mistake.

    docutils gives a bibliography roles that ARIA has dropped. Sphinx writes the lines of a long signature as the
    descriptions of a list that has no terms.
    """
    # could go upstream: docutils, a bibliography without roles; Sphinx, the lines of a signature as no list
    body = context.get("body")
    if body:
        body = body.replace('<div role="list" class="citation-list">', '<div class="citation-list">')
        body = body.replace(' role="doc-biblioentry"', "")
        # sphinx-exercise puts the space before the exercise into the link; many fonts have no such tick
        body = SOLUTION_LINK.sub(r"\1 \2", body).replace("✅", "✓")
        context["body"] = SIGNATURE_LINES.sub(_as_lines, body)


def _as_lines(match):
    lines = match.group(1).replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")
    return f'<span class="sig-lines">\n{lines}</span>'


def _is_thebe(script):
    body = getattr(script, "attributes", {}).get("body", "") or ""
    return "thebe" in str(getattr(script, "filename", script) or "") or "THEBE_JS_URL" in body


def setup(app):
    app.setup_extension("lean_pages")
    app.setup_extension("looked_up_once")
    app.setup_extension("safe_pages")
    app.add_config_value("anura_repository", "", "html", [str])
    app.connect("config-inited", know_repository)
    app.connect("config-inited", say_version_and_licence)
    app.connect("config-inited", key_execution_cache)
    app.connect("config-inited", use_own_mathjax)
    app.connect("build-finished", copy_mathjax)
    # The theme fills its buttons at priority 500 and 501.
    app.connect("env-get-updated", number_by_page, priority=900)
    app.connect("html-page-context", add_buttons, priority=600)
    app.connect("html-page-context", drop_thebe, priority=900)
    app.connect("html-page-context", mend_roles, priority=900)
    app.connect("doctree-resolved", drop_thebe_settings, priority=900)
    app.connect("doctree-resolved", name_contents_apart, priority=900)
    app.connect("doctree-resolved", keep_units, priority=950)  # numbers of a translation have their comma
    app.connect("build-finished", write_notebooks)
    app.connect("build-finished", store_once)
    app.connect("build-finished", forget_trainings)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
