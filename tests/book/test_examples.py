"""The example programs run, and what they write is used like anything else."""

import runpy
from pathlib import Path

import pytest

pytest.importorskip("accelerate")

import anuralib as al  # noqa: E402

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_several_gpus_also_runs_in_one_process(tmp_path, monkeypatch, capsys):
    out = tmp_path / "model.pt"
    monkeypatch.setenv("ACCELERATE_USE_CPU", "1")
    monkeypatch.setattr("sys.argv", ["several_gpus.py", "--pond", "tiny", "--epochs", "1", "--out", str(out)])
    runpy.run_path(str(EXAMPLES / "several_gpus.py"), run_name="__main__")
    assert "epoch 1: loss" in capsys.readouterr().out
    model = al.load_model(out)
    pond = al.load_dataset("pond", size="tiny")
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    assert al.predict(model, windows.head(3), pond).shape == (3, len(pond.species))
