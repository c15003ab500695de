"""Keep a page light: only the scripts and styles that have something to do on it.

As they come, the theme and the extensions ask every reader's browser for 4.5 MB before the first picture: all icons
as SVG in a script (1.5 MB), MathJax also where no formula is (2.1 MB), the index of the search (0.2 MB) and the styles
of everything that a page could ever hold. This module leaves out what a page's own document shows to be idle there;
the templates in `_templates` leave out the script of the icons and the index of the search. Once all pages are there,
the theme's style sheet (0.4 MB) loses the rules for classes that none of them has, most of them icons.
"""

import re
from pathlib import Path

from docutils import nodes

# Part of the name of a script or style, and what must be on a page for it to be of use there: nodes, or a class.
NEEDS = {
    "mathjax/": (nodes.math, nodes.math_block),
    "clipboard": (nodes.literal_block,),
    "copybutton": (nodes.literal_block,),
    "design-tabs": "sd-tab-set",
    "sphinx-design": "sd-.*",
    "togglebutton": "dropdown|toggle",
    "mystnb": "cell",
    "pygments": (nodes.literal_block,),
    "exercise.css": "exercise|solution",
}
# Under _static; the theme's, and that of cards, boxes and tabs.
STYLES = ("styles/pydata-sphinx-theme.css", "styles/sphinx-book-theme.css", "sphinx-design.min.css", "basic.css",
          "anura.css")  # fmt: skip
UNUSED_SCRIPT = "fontawesome.js"  # it names every icon
COMMENT = re.compile(r"/\*(?!!).*?\*/\s*", flags=re.DOTALL)  # those with an exclamation mark are licences
RULE = re.compile(r"([^{}]*)\{[^{}]*\}")  # also within @media
INNER = re.compile(r":[\w-]+\((?:[^()]|\([^()]*\))*\)")  # :not(...), :is(...) and others, with brackets in them
CLASS = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
FORMULA = re.compile(r"\\\(|\\\[|\$\$")


def drop_idle(app, pagename, templatename, context, doctree):
    """Leave out the scripts and styles that have nothing to do on a page."""
    for files in (context.get("script_files", []), context.get("css_files", [])):
        files[:] = [f for f in files if not is_idle(str(getattr(f, "filename", f) or ""), doctree)]


def is_idle(file, doctree):
    """Whether a file of `NEEDS` finds nothing on a page; one without a source (the search) has nothing for any."""
    need = next((need for part, need in NEEDS.items() if part in file), None)
    if need is None or doctree is None:
        return need is not None
    if isinstance(need, str):
        found = (name for node in doctree.findall(nodes.Element) for name in node.get("classes", ()))
        return not any(re.fullmatch(need, name) for name in found)
    if any(isinstance(node, need) for node in doctree.findall()):
        return False
    # To Sphinx, a formula in the output of a cell (in a table, say) is raw HTML.
    return nodes.math not in need or not any(FORMULA.search(node.astext()) for node in doctree.findall(nodes.raw))


def drop_idle_rules(app, exception):
    """Shorten style sheets, in their place, to what the pages and their scripts can use."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    files = (path for ending in ("html", "js") for path in out.rglob(f"*.{ending}") if path.name != UNUSED_SCRIPT)
    words = set().union(*(re.findall(r"[\w-]+", path.read_text(encoding="utf-8")) for path in files))
    for name in STYLES:
        style = out / "_static" / name
        if style.is_file():
            style.write_text(without_idle_rules(style.read_text(encoding="utf-8"), words), encoding="utf-8")


def without_idle_rules(css, words):
    """Drop comments, and rules all of whose selectors ask for a class not among `words`, outside of brackets."""

    def kept(rule):
        plain = INNER.sub("", rule[1])
        ask = plain.split(",")
        return rule[0] if "(" in plain or any(words.issuperset(CLASS.findall(s)) for s in ask) else ""

    return RULE.sub(kept, re.sub(r"\s+", " ", COMMENT.sub("", css)))


def setup(app):
    app.connect("html-page-context", drop_idle, priority=950)
    app.connect("build-finished", drop_idle_rules, priority=900)  # last: others still give classes to what they move
    return {"version": "2", "parallel_read_safe": True, "parallel_write_safe": True}
