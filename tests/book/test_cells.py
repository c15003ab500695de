"""Code in chapters is narrow enough to be read in a pull request, and on the page without scrolling sideways."""

from pathlib import Path

import jupytext
import notebook_export
import pytest

BOOK = Path(__file__).resolve().parents[2] / "book"
CHAPTERS = [p for p in notebook_export.chapter_paths(BOOK) if notebook_export.is_chapter(p.read_text(encoding="utf-8"))]
# Characters of a line in a cell that readers see, in one that opens when they press it, and in one that they don't see.
WIDE, WIDE_FOLDED, WIDE_UNSEEN = 88, 86, 100


def too_wide(path):
    """(cell, line) of the lines that are too wide."""
    cells = jupytext.reads(path.read_text(encoding="utf-8"), fmt="md:myst").cells
    for number, cell in enumerate(cells):
        tags = cell.metadata.get("tags", [])
        limit = WIDE_UNSEEN if "remove-cell" in tags else WIDE_FOLDED if "hide-input" in tags else WIDE
        if cell.cell_type == "code":
            yield from ((number, line) for line in cell.source.splitlines() if len(line) > limit)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda p: p.stem)
def test_lines_of_code_are_not_too_wide(chapter):
    assert list(too_wide(chapter)) == []


def test_what_is_too_wide_is_found(tmp_path):
    page = tmp_path / "page.md"
    narrow, wide = f"{'x' * (WIDE - 4)} = 1", f"{'y' * WIDE} = 1"
    cell = "```{{code-cell}} ipython3\n{}\n```\n\n".format
    seen, unseen = cell(f"{narrow}\n{wide}"), cell(f":tags: [remove-cell]\n\n{wide}")
    page.write_text(f"---\nkernelspec:\n  name: python3\n  display_name: Python 3\n---\n\n{seen}{unseen}")
    assert [line for _, line in too_wide(page)] == [wide]
