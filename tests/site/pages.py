"""The built pages that the tests of this folder look at, each parsed once."""

from functools import cache
from pathlib import Path

import notebook_export
from bs4 import BeautifulSoup

SITE = Path(__file__).resolve().parents[2] / "book" / "_build" / "html"
BOOK = SITE.parents[1]
# index.html only leads on to intro.html, in each language.
LEADS_ON = [SITE / folder / "index.html" for folder in ("", "es", "pt_BR")]
FILES = sorted(p for p in SITE.rglob("*.html") if "_static" not in p.parts)
PAGES = [p.relative_to(SITE).as_posix() for p in FILES if p not in LEADS_ON]
SOURCES = [p for p in notebook_export.chapter_paths(BOOK) if notebook_export.is_chapter(p.read_text(encoding="utf-8"))]
CHAPTERS = [p.relative_to(BOOK).with_suffix(".html").as_posix() for p in SOURCES]
WITH_OUTPUTS = {
    name for name, p in zip(CHAPTERS, SOURCES, strict=True) if notebook_export.is_executed(p.read_text("utf-8"))
}


def english(name):
    """The page of which this is a translation, or the page itself."""
    return name.removeprefix("es/").removeprefix("pt_BR/")


@cache
def soup(path):
    """A page's elements; for all who ask, so nobody may change them."""
    return BeautifulSoup(Path(path).read_text(encoding="utf-8"), "html.parser")
