"""Write the page "Chapter by chapter" of the book, book/teach/lessons.md, from teach/chapters.yml.

    python tools/write_pages.py
"""

import re
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "book" / "teach" / "lessons.md"
HEAD = """\
(teach-lessons)=
# Chapter by chapter, for teachers

For each chapter: what learners can do afterwards and the exercise in which you see it, how long it takes,
what they are likely to believe and the exercise that brings it to light, and what is worth talking about.

Minutes are for learners who are new to the matter: *read* and *run* (the cells and the exercises) are the time that
the chapter states, *discuss* is added to it. The first walk through a chapter on a machine takes a few minutes more,
because the pond is made then.

This page is written from `teach/chapters.yml` in the repository; a test holds that file against the chapters.

| chapter | read | run | discuss |
| --- | ---: | ---: | ---: |
"""


def read_pages():
    """The verbs, and {docname: what stands in chapters.yml}."""
    data = yaml.safe_load((ROOT / "teach" / "chapters.yml").read_text(encoding="utf-8"))
    return data["verbs"], data["pages"]


def entries(items):
    """(exercise or None, text) of a list in chapters.yml."""
    return [next(iter(item.items())) if isinstance(item, dict) else (None, item) for item in items]


def title_of(docname):
    text = (ROOT / "book" / f"{docname}.md").read_text(encoding="utf-8")
    return re.search(r"^# (.+)$", text, flags=re.MULTILINE)[1]


def _lines(heading, items):
    if not items:
        return []
    shown = [f"- {text[0].upper()}{text[1:].rstrip('.')}" + (f" ({{ref}}`{label} <{label}>`)" if label else "")
             for label, text in entries(items)]  # fmt: skip
    return [f"**{heading}**", "", *shown, ""]


def page(pages):
    """The whole page as text."""
    out = [HEAD.rstrip("\n")]
    for docname, of in pages.items():
        read, run, discuss = (of["minutes"][kind] for kind in ("read", "run", "discuss"))
        out.append(f"| [{title_of(docname)}](../{docname}.md) | {read} | {run} | {discuss} |")
    total = [sum(of["minutes"][kind] for of in pages.values()) for kind in ("read", "run", "discuss")]
    out += ["| **all** | " + " | ".join(f"**{minutes}**" for minutes in total) + " |", ""]
    for docname, of in pages.items():
        minutes = of["minutes"]
        out += [f"## {title_of(docname)}", "",
                f"[{docname}](../{docname}.md): read {minutes['read']}, run {minutes['run']}, "
                f"discuss {minutes['discuss']} minutes.", ""]  # fmt: skip
        out += _lines("Learners can", of["objectives"])
        out += _lines("They may believe", of["misconceptions"])
        out += ["**To discuss**", "", *[f"- {prompt}" for prompt in of["prompts"]], ""]
    return "\n".join(out)


if __name__ == "__main__":
    PAGE.write_text(page(read_pages()[1]), encoding="utf-8")
