"""The chapter on the real AnuraSet, which no build can run: every cell, against a server on this machine."""

import ast
from pathlib import Path

import anuraset_stand_in as stand_in
import IPython.display
import matplotlib.pyplot as plt
import notebook_export
import pytest
import zenodo

BOOK = Path(__file__).resolve().parents[2] / "book"
CHAPTER = BOOK / "practice" / "anuraset.md"
TEXT = CHAPTER.read_text(encoding="utf-8")
SETTINGS = "N_RECORDINGS, EPOCHS, N_DRAWS = 40, 12, 500"
N_RECORDINGS = 10


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """The files of a record that has AnuraSet's form; none of it is a frog."""
    folder = tmp_path_factory.mktemp("record")
    root = stand_in.write_stand_in(folder / "anuraset", n_recordings=N_RECORDINGS + 4, windows=True)
    return stand_in.pack(root, folder / "files")


def run_cell(source, space):
    """Run a cell as a notebook does: what stands in its last line is shown."""
    tree = ast.parse(source)
    last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
    exec(compile(tree, str(CHAPTER), "exec"), space)
    return last and eval(compile(ast.Expression(last.value), str(CHAPTER), "eval"), space)


@pytest.mark.filterwarnings("ignore:.*label line:UserWarning", "ignore:.*species_number differs:UserWarning",
                            "ignore:.*could not be read:UserWarning", "ignore:.*have no sound:UserWarning")  # fmt: skip
def test_every_cell_runs_on_a_record_like_the_real_one(record, tmp_path, monkeypatch, capsys):
    notebook_export.export_book(BOOK, tmp_path / "notebooks", views=["filled"])
    notebook = notebook_export.nbformat.read(tmp_path / "notebooks/filled/practice/anuraset.ipynb", as_version=4)
    cells = [cell.source for cell in notebook.cells[1:] if cell.cell_type == "code"]  # the first installs packages
    assert sum(SETTINGS in cell for cell in cells) == 1
    shown, space = [], {}
    monkeypatch.setattr(IPython.display, "display", shown.append)
    monkeypatch.chdir(tmp_path)
    with zenodo.serving(record, per_minute=None) as server:
        monkeypatch.setenv("ANURALIB_RECORD", server.record_url)
        for cell in cells:
            few = cell.replace(SETTINGS, f"N_RECORDINGS, EPOCHS, N_DRAWS = {N_RECORDINGS}, 1, 5")
            shown.append(run_cell(few, space))
        figures = [plt.figure(number) for number in plt.get_fignums()]
        plt.close("all")
    said = capsys.readouterr().out
    assert said.count("Pass: anuraset.") == 3 and "Hint" not in said
    players = [one for one in shown if hasattr(one, "_repr_html_") and "anura-player" in one._repr_html_()]
    assert len(players) >= 8 and "SIM" not in str(space["paths"].index)
    assert len(figures) == 3
    assert list(space["table"].index) == ["small network", "linear probe", "no skill"]
    assert space["misses"]["present"].all() and not space["alarms"]["present"].any()
    problems = {problem for findings in space["found"].values() for problem in findings["problem"]}
    assert len(problems) >= 6
    assert [problem for problem in problems if problem not in TEXT] == [], "a finding that the chapter doesn't explain"


def test_the_page_shows_no_output_and_says_so():
    assert not notebook_export.is_executed(TEXT) and notebook_export.is_chapter(TEXT)
    assert "**The book shows no outputs here.**" in TEXT[: TEXT.index("\n## ")]
