"""The list of functions: ``{functions} page`` stands for a table of what that page describes, a line per function."""

import re
from pathlib import Path

_DIRECTIVE = re.compile(r"^```\{functions\} (\S+)\n```$", flags=re.MULTILINE)
_GROUP = re.compile(r"^## (.+)$", flags=re.MULTILINE)
_NAMED = re.compile(r"^\.\. auto(?:function|class):: ([\w.]+)", flags=re.MULTILINE)


def tables_of(text):
    """Markdown with a table for each group of a page of functions: names that link, and their first sentences."""
    parts = _GROUP.split(text)[1:]
    rows = "```{{eval-rst}}\n.. autosummary::\n   :nosignatures:\n\n{}\n```\n".format
    tables = [
        f"**{group}**\n\n" + rows("\n".join(f"   ~{name}" for name in _NAMED.findall(body)))
        for group, body in zip(parts[::2], parts[1::2], strict=True)
    ]
    return "\n".join(tables)


def fill_in(app, docname, source):
    def table(match):
        path = Path(app.env.doc2path(docname)).with_name(f"{match[1]}.md")
        app.env.note_dependency(str(path))
        return tables_of(path.read_text(encoding="utf-8"))

    source[0] = _DIRECTIVE.sub(table, source[0])


def setup(app):
    app.setup_extension("sphinx.ext.autosummary")
    app.config.autosummary_generate = False  # the pages are ours
    app.connect("source-read", fill_in)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
