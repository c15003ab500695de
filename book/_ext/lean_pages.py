"""Keep a page light: only the styles, icons and scripts that it uses.

As they come, the theme and the extensions ask every reader's browser for 4.5 MB before the first picture: all of
Font Awesome (1.6 MB), MathJax also where no formula is (2.1 MB), the index of the search (0.2 MB) and the styles of
everything that a page could ever hold (0.5 MB). What this module writes is made anew in each build from the files of
the installed packages; the templates in `_templates` leave the originals out.
"""

import base64
import io
import logging
import re
from html.parser import HTMLParser
from pathlib import Path

from docutils import nodes

STYLES = "styles/lean.css"  # under _static; named in _templates/static/webpack-macros.html
# In this order a browser would read them; what isn't there (an extension that was left out) is passed over.
TRIMMED = (
    "basic.css", "styles/pydata-sphinx-theme.css", "pygments.css", "styles/sphinx-book-theme.css", "togglebutton.css",
    "copybutton.css", "mystnb.*.css", "exercise.css", "sphinx-design.min.css",
)  # fmt: skip
UNUSED_SCRIPT = "fontawesome.js"  # the icons as SVG
# A script, and the nodes, or their classes, one of which must be on a page for it to be of use there.
NEEDS = {
    "mathjax/": (nodes.math, nodes.math_block),
    "clipboard": (nodes.literal_block,),
    "copybutton": (nodes.literal_block,),
    "design-tabs": "sd-tab-set",
    "togglebutton": "dropdown|toggle",
}

FORMULA = re.compile(r"\\\(|\\\[|\$\$")
TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|url\((?!["\'])[^)]*\)|[{};]', re.DOTALL)
NESTED = re.compile(r":(?:not|is|where|has)\([^()]*(?:\([^()]*\)[^()]*)*\)")
CLASS_OR_ID = re.compile(r"[.#]((?:[\w-]|\\.)+)")


# ---------------------------------------------------------------- scripts


def drop_idle_scripts(app, pagename, templatename, context, doctree):
    """Leave out scripts that have nothing to do on a page, and the style sheets that are part of `STYLES`."""
    scripts = context.get("script_files", [])
    scripts[:] = [s for s in scripts if not is_idle(str(getattr(s, "filename", s) or ""), doctree)]
    styles = context.get("css_files", [])
    ours = {Path(name).name for name in TRIMMED}
    styles[:] = [s for s in styles if not any(Path(_name(s)).match(name) for name in ours)]


def is_idle(script, doctree):
    """Whether a script of `NEEDS` finds nothing on a page; one without a source (the search) has nothing for any."""
    need = next((need for part, need in NEEDS.items() if part in script), None)
    if need is None or doctree is None:
        return need is not None
    if isinstance(need, str):
        wanted = set(need.split("|"))
        return not any(wanted & set(node.get("classes", ())) for node in doctree.findall(nodes.Element))
    if any(isinstance(node, need) for node in doctree.findall()):
        return False
    # To Sphinx, a formula in the output of a cell (in a table, say) is raw HTML.
    return nodes.math not in need or not any(FORMULA.search(node.astext()) for node in doctree.findall(nodes.raw))


def _name(style):
    return str(getattr(style, "filename", style)).split("?")[0]


# ---------------------------------------------------------------- styles


def blocks(css):
    """(what stands before the brace, what stands in the braces) of a style sheet; None for a statement without."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    start, opened, depth = 0, 0, 0
    for token in TOKEN.finditer(css):
        sign = token.group()
        if sign == "{":
            opened = opened if depth else token.start()
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened + 1 : token.start()]
                start = token.end()
        elif sign == ";" and depth == 0:
            yield css[start : token.start()].strip(), None
            start = token.end()


def selectors(prelude):
    """The selectors of a rule; a comma within brackets is part of one."""
    found, depth = [""], 0
    for sign in prelude:
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            found.append("")
        else:
            found[-1] += sign
    return found


def is_used(selector, names):
    """Whether all classes and ids that a selector asks for exist; what is in :not() and the like isn't asked for."""
    plain = re.sub(r'"[^"]*"', "", NESTED.sub("", selector))
    return all(re.sub(r"\\(.)", r"\1", name) in names for name in CLASS_OR_ID.findall(plain))


def trim(css, names):
    """The rules of a style sheet that can apply where only `names` are classes and ids."""
    kept = []
    for prelude, body in blocks(css):
        if body is None:
            # basic.css, which theme.css would import, is in the bundle itself.
            kept += [] if prelude.startswith(("@charset", "@import")) else [f"{prelude};"]
        elif prelude.startswith(("@media", "@supports", "@layer", "@container")):
            inner = trim(body, names)
            kept += [f"{prelude}{{{inner}}}"] if inner else []
        elif prelude.startswith("@"):
            kept.append(f"{prelude}{{{body}}}")
        elif used := [s for s in selectors(prelude) if is_used(s, names)]:
            kept.append(f"{','.join(used)}{{{body}}}")
    return "".join(kept)


# ---------------------------------------------------------------- icons


def subset_font(path, characters):
    """A font with the glyphs of `characters` alone, as a data address (Firefox refuses fonts beside a page on disk)."""
    from fontTools import subset

    logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells of every table
    options = subset.Options(notdef_outline=True, layout_features=[], drop_tables=["FFTM"])
    font = subset.load_font(str(path), options)
    subsetter = subset.Subsetter(options)
    subsetter.populate(text=characters)
    subsetter.subset(font)
    buffer = io.BytesIO()
    subset.save_font(font, buffer, options)
    return "data:font/ttf;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def with_small_icons(css, static, names):
    """The style sheet with fonts that hold the icons it shows, and no others."""
    escaped = (chr(int(code, 16)) for code in re.findall(r"\\([ef][0-9a-f]{3})(?![0-9a-f])", css))
    icons = "".join(sorted({*escaped, *re.findall("[\ue000-\uf8ff]", css)}))

    def smaller(match):
        kind = re.search(r"fa-(solid|regular|brands)-\d+", match.group())
        if kind is None or f"fa-{kind.group(1)}" not in names:
            return ""
        face = re.sub(r"src:[^;}]*", "", match.group().rstrip("}"))
        font = subset_font(static / "vendor" / "fontawesome" / "webfonts" / f"{kind.group()}.ttf", icons)
        return f'{face.rstrip(";")};src:url({font}) format("truetype")}}'

    return re.sub(r"@font-face\{[^}]*fontawesome[^}]*\}", smaller, css)


# ---------------------------------------------------------------- the bundle


class _Names(HTMLParser):
    """Collects the classes and ids of pages, and the scripts that stand in them."""

    def __init__(self):
        super().__init__()
        self.found, self.scripts = set(), set()

    def handle_data(self, data):
        if self.cdata_elem == "script":
            self.scripts.add(data)

    def handle_starttag(self, tag, attributes):
        for key, value in attributes:
            if key in ("class", "id") and value:
                self.found.update(value.split())

    handle_startendtag = handle_starttag


def _address(static, match):
    """An address in a style sheet as seen from `STYLES`; the icons' fonts stay, a file that isn't there is left out."""
    path = match.group(1).split("?")[0].removeprefix("../")
    if "fontawesome" in path:
        return match.group()
    return f"url(../{path})" if (static / path).is_file() else "none"


def write_styles(app, exception):
    """Write the one style sheet of the theme and the extensions, once all pages are there."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    static = out / "_static"
    seen = _Names()
    for page in out.rglob("*.html"):
        if "_static" not in page.relative_to(out).parts:
            seen.feed(page.read_text(encoding="utf-8"))
    # A script sets classes too: every word of a script counts as one.
    files = (path for path in [*static.glob("*.js"), *static.glob("*/*.js")] if path.name != UNUSED_SCRIPT)
    scripts = {*seen.scripts, *(path.read_text(encoding="utf-8") for path in files)}
    names = seen.found.union(*(re.findall(r"[A-Za-z_][\w-]*", script) for script in scripts))
    files = [path for pattern in TRIMMED for path in sorted(static.glob(pattern))]
    css = "".join(trim(path.read_text(encoding="utf-8"), names) for path in files)
    css = re.sub(r"url\((?!['\"]?data:)['\"]?([^)'\"]*)['\"]?\)", lambda m: _address(static, m), css)
    css = re.sub(r"\s+", " ", css).replace("{ ", "{").replace("; ", ";")
    css = with_small_icons(css, static, names)
    note = "/* The styles that the pages use. Bootstrap: MIT. Icons: Font Awesome Free, SIL OFL 1.1. */"
    (static / STYLES).write_text(f"{note}\n{css}\n", encoding="utf-8")


def setup(app):
    app.connect("html-page-context", drop_idle_scripts, priority=950)
    app.connect("build-finished", write_styles, priority=900)  # the theme writes pygments.css at 500
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
