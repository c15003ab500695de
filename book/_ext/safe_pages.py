"""What keeps others out of the pages: a content security policy, and links that tell other sites nothing of them.

A page may load only what lies beside it or in itself. So a text that got past all care can't fetch a script from
elsewhere, nor send anything there.
"""

import re
from pathlib import Path

# Scripts and styles stand in the pages too: those of the theme, of explorers, of formulas. `file:` is for the pages on
# a reader's disk, where browsers differ on what 'self' is; from a server nothing can be loaded by it.
POLICY = (
    "default-src 'self' file: data: blob:; script-src 'self' file: 'unsafe-inline'; "
    "style-src 'self' file: data: 'unsafe-inline'; object-src 'none'; base-uri 'none'; form-action 'self' file:"
)
_META = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}" />'
_OLD = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_LINK = re.compile(r'<a\s(?=[^>]*?\bhref="(?:https?:)?//)[^>]*>')
_PLURAL_CALL = re.compile(r'new Function\(\s*"n",\s*`return \(\$\{catalog\.plural_expr\}\)`,?\s*\)')
_PLURAL_RULE = re.compile(r'("plural_expr": )"([^"]*)"')
_REL = re.compile(r'\srel="([^"]*)"')


def secure(page):
    """A page with the policy before all that it loads, and `noopener` on its links to other sites.

    Parameters
    ----------
    page : str
        HTML with a head.

    Returns
    -------
    str
        The same where it was secured before.
    """
    page = _LINK.sub(_apart, _OLD.sub("", page))
    return page.replace("<head>", f"<head>{_META}", 1)


def _apart(match):
    tag = match[0]
    told = _REL.search(tag)
    words = told[1].split() if told else []
    if "noopener" in words:
        return tag
    rest = _REL.sub("", tag, count=1)
    return f'<a rel="{" ".join([*words, "noopener"])}"{rest[2:]}'


def without_eval(script):
    """Sphinx's scripts with a language's rule of plurals as a function, where they have it as text to be evaluated."""
    # could go upstream: Sphinx, plural_expr of translations.js as a function
    return _PLURAL_RULE.sub(r"\1(n) => (\2)", _PLURAL_CALL.sub("catalog.plural_expr", script))


def secure_pages(app, exception):
    """Secure every page, once all are there: also what the theme writes around them, and pages of before."""
    if exception is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    for path in sorted(out.rglob("*.html")):
        if "_static" not in path.relative_to(out).parts:
            _change(path, secure)
    for name in ("doctools.js", "translations.js"):
        if (out / "_static" / name).is_file():
            _change(out / "_static" / name, without_eval)


def _change(path, how):
    text = path.read_text(encoding="utf-8")
    new = how(text)
    if new != text:
        part = path.with_name(f"{path.name}.part")
        part.write_text(new, encoding="utf-8")
        part.replace(path)


def setup(app):
    app.connect("build-finished", secure_pages)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
