"""Chapters that don't need the pond run on other recordings, as their notebooks are exported; the rest is skipped."""

import re
import sys
from pathlib import Path

import anuraset_stand_in as stand_in
import jupytext
import matplotlib.pyplot as plt
import nbformat
import notebook_export
import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from anuralib.course import switch
from anuralib.data import load

BOOK = Path(__file__).resolve().parents[2] / "book"
CHAPTERS = {
    path: jupytext.read(path, fmt="md:myst")
    for path in notebook_export.chapter_paths(BOOK)
    if "data: any" in path.read_text(encoding="utf-8")  # to read the others takes long
}
ANY_DATA = [path for path, source in CHAPTERS.items() if notebook_export.takes_any_data(source)]
PROMISED = {"windows", "build-dataset", "leakage", "stratify", "features", "train", "evaluate", "long-tail", "noise",
            "scaling"}  # fmt: skip
# Cells of the chapter on scaling that start, kill and compare workers: the same on any data, run with the pond alone.
ON_A_CLUSTER = re.compile(r"LocalCluster|killer|cmpfiles|client\.close")


@pytest.fixture(scope="module")
def recordings(once):
    """A small folder of AnuraSet's form, and a cache for its pictures."""
    folder = once("any", lambda out: stand_in.write_stand_in(out / "anuraset", n_recordings=8, seed=1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANURALIB_CACHE", str(folder / "cache"))
        yield folder / "anuraset"


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """What runs a notebook's cells, without a process of its own."""
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])  # which a shell replaces
    monkeypatch.chdir(tmp_path)
    config = Config()
    config.HistoryManager.enabled = False
    yield InteractiveShell(config=config, ipython_dir=str(tmp_path / "ipython"))
    plt.close("all")


def code_of(notebooks, view, chapter):
    """The code cells behind the one that installs packages."""
    path = notebooks / view / chapter.relative_to(BOOK).with_suffix(".ipynb")
    return [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"][1:]


def test_the_chapters_that_are_promised_are_there():
    assert {path.stem for path in ANY_DATA} >= PROMISED


@pytest.mark.parametrize("chapter", ANY_DATA, ids=lambda p: p.stem)
def test_the_first_cell_offers_the_data_and_the_chapter_takes_them(notebooks, chapter):
    first, *cells = code_of(notebooks, "learner", chapter)
    assert 'DATA = "pond"' in first
    text = "\n".join(cells)
    assert text.count("al.load_dataset(DATA)") == 1 and 'load_dataset("pond")' not in text
    tagged = [c for c in CHAPTERS[chapter].cells if "pond-only" in c.metadata.get("tags", [])]
    filled = "\n".join(code_of(notebooks, "filled", chapter))
    stubs = sum("exercise-stub" in c.metadata["tags"] for c in tagged)
    assert filled.count(f"{notebook_export.POND_MARK}\n") == len(tagged) - stubs


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("chapter", ANY_DATA, ids=lambda p: p.stem)
def test_the_notebook_runs_to_its_end_without_the_pond(notebooks, recordings, shell, chapter, monkeypatch, capsys):
    monkeypatch.setattr(load, "_load_pond", lambda *given: pytest.fail("the pond was asked for"))
    first, *cells = code_of(notebooks, "filled", chapter)
    shell.run_cell(first.replace('DATA = "pond"', f"DATA = {str(recordings)!r}")).raise_error()
    for cell in (cell for cell in cells if not ON_A_CLUSTER.search(cell)):
        quick = re.sub(r"\bepochs=\d+", "epochs=1", re.sub(r"\bn_boot=\d+", "n_boot=5", cell))
        shell.run_cell(quick).raise_error()
    said = capsys.readouterr().out
    assert "Hint for" not in said and "Pass: " in said
    assert said.count(switch.skipped()) == "\n".join(cells).count(f"{notebook_export.POND_MARK}\n")


def test_with_the_pond_every_cell_runs_and_with_other_data_a_word_stands_there(shell, capsys):
    assert notebook_export.POND_MARK == switch.MARK
    cell = f"{switch.MARK}\nx = 1\nx + 1"
    shell.run_cell('DATA = "pond"\n%load_ext anuralib.course.switch').raise_error()
    assert shell.run_cell(cell).result == 2
    capsys.readouterr()
    shell.run_cell('DATA = "elsewhere"\ndel x').raise_error()
    assert shell.run_cell(cell).result is None and "x" not in shell.user_ns
    assert capsys.readouterr().out == f"{switch.skipped()}\n"
