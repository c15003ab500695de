"""The notebooks made from the chapters: no solution in the learner's, and all of them run outside the repository."""

from pathlib import Path

import nbclient
import nbformat
import notebook_export
import pytest

BOOK = Path(__file__).resolve().parents[1] / "book"
CHAPTERS = [
    path
    for path in notebook_export.chapter_paths(BOOK)
    if notebook_export.is_chapter(path.read_text(encoding="utf-8"))
]
IDS = [path.stem for path in CHAPTERS]


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory):
    """A folder with the three views of every chapter."""
    folder = tmp_path_factory.mktemp("notebooks")
    notebook_export.export_book(BOOK, folder, views=notebook_export.VIEWS)
    return folder


def read(folder, view, chapter):
    return nbformat.read(folder / view / chapter.relative_to(BOOK).with_suffix(".ipynb"), as_version=4)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=IDS)
def test_learners_get_the_questions_and_teachers_the_answers(notebooks, chapter):
    source = chapter.read_text(encoding="utf-8")
    solution = notebook_export.solution_lines(source)
    lines = {
        view: {line.strip() for cell in read(notebooks, view, chapter).cells for line in cell.source.split("\n")}
        for view in ("learner", "teacher")
    }
    assert len(solution) >= 3
    assert not solution & lines["learner"]
    assert solution <= lines["teacher"]
    learner = "\n".join(lines["learner"])
    assert learner.count("al.check(") >= 3 and ":::" not in learner and "{exercise}" not in learner


@pytest.mark.parametrize("chapter", CHAPTERS, ids=IDS)
def test_filled_in_notebook_runs_outside_the_repository(notebooks, chapter, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    notebook = read(notebooks, "filled", chapter)
    client = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(tmp_path)}})
    client.execute()
