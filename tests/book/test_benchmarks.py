"""The benchmarks run and report in the agreed form; how fast anything is, is not tested."""

import importlib
import json
import os
import sys
from functools import partial
from multiprocessing import dummy
from types import SimpleNamespace

import pytest
import soak
from _results import read_results
from quick_ponds import render_once

from anuralib.challenges import heads, separation

SHORT = ["--recordings", "4", "--seconds", "3", "--rounds", "1"]


@pytest.fixture
def cheap(monkeypatch):
    """What a benchmark does over and over is done once, or for a few steps: the numbers in its table are not asked."""
    render_once(monkeypatch)
    monkeypatch.setattr(heads.LogisticHead, "_choose", lambda *given: None)  # the middle penalty
    monkeypatch.setattr(separation, "_factorise", partial(separation._factorise, n_iter=5))


@pytest.mark.parametrize(("name", "small"), [
    ("bench_simulate", SHORT), ("bench_windows", SHORT), ("bench_load", ["--recordings", "5", "--rounds", "1"]),
    ("bench_split", ["--recordings", "200", "--tables", "1", "--rounds", "1", "--pond", "tiny"]),
    ("bench_scaling", ["--pond", "tiny", "--recordings", "4", "--rounds", "1", "--minutes", "1"]),
    ("bench_losses", ["--pond", "tiny", "--seeds", "2", "--epochs", "1", "--methods", "asymmetric", "--draws", "5",
                      "--model", "templates", "--pool", "13"]),
    ("bench_calling_activity", ["--pond", "tiny", "--seeds", "1", "--draws", "5"]),
    ("bench_ecology", ["--pond", "tiny", "--seasons", "2"]),
    ("bench_few_labels", ["--pond", "tiny", "--seeds", "2", "--draws", "2", "--encoder", "noise", "--no-network"]),
    ("bench_long_tail", ["--pond", "tiny", "--seeds", "1", "--draws", "3", "--encoder", "noise"]),
    ("bench_overlap", ["--pond", "tiny", "--seeds", "1", "--epochs", "1", "--draws", "5", "--each", "1",
                       "--separate", "2", "--targets", "1", "--individuals", "1"]),
    ("bench_noise", ["--pond", "tiny", "--seeds", "1", "--epochs", "1", "--draws", "3"]),
    ("bench_new_sites", ["--pond", "tiny", "--seeds", "1", "--draws", "1"]),
    ("bench_focal", ["--pond", "tiny", "--seeds", "1", "--each", "2", "--draws", "3", "--encoder", "noise"]),
    ("bench_pretrained", ["--pond", "tiny", "--seeds", "1", "--draws", "5", "--encoder", "noise", "--no-network"]),
    ("bench_templates", ["--pond", "tiny", "--seeds", "1", "--draws", "3", "--encoder", "noise"]),
    ("bench_your_recordings", ["--pond", "tiny", "--seeds", "1", "--epochs", "1", "--draws", "3"]),
    ("bench_ear", ["--pond", "tiny", "--epochs", "1", "--types", "3"]),
    ("bench_agile", ["--pond", "tiny", "--seeds", "1", "--draws", "3", "--encoder", "noise"]),
    ("bench_training", ["--pond", "tiny", "--budget", "0.1", "--epochs", "1", "--looks", "1", "--windows", "2",
                        "--only", "0"]),
    ("bench_gpu", ["--device", "cpu", "--networks", "resnet18", "--steps", "1", "--batch", "2", "--size", "32", "64"]),
    ("bench_full_size", ["--sizes", "4", "--epochs", "1", "--no-files"]),
    ("soak", ["--only", "zip-slip,metrics", "--repeats", "1"]),
])  # fmt: skip
def test_benchmark_writes_its_table(name, small, cheap, tmp_path, monkeypatch):
    out = tmp_path / "table.json"
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--json", str(out), *small])
    benchmark = importlib.import_module(name)
    if name == "bench_full_size":  # its process of its own matters for the memory only
        monkeypatch.setattr(benchmark, "in_a_process", benchmark.rehearse)
    if name == "bench_scaling":  # each worker and each step has a process that loads torch: here they are threads
        monkeypatch.setattr(os, "cpu_count", lambda: 1)
        threads = partial(benchmark.LocalCluster, processes=False, protocol="tcp://")
        monkeypatch.setattr(benchmark, "LocalCluster", threads)
        monkeypatch.setattr(benchmark, "multiprocessing", SimpleNamespace(get_context=lambda method: dummy))
        monkeypatch.setattr(benchmark, "STEPS", ("prediction",))
    benchmark.main()
    table = json.loads(out.read_text(encoding="utf-8"))
    assert table
    for row in table.values():
        assert set(row) == {"ours", "peer", "ratio", "unit"}
        assert row["ratio"] == pytest.approx(row["ours"] / row["peer"])


def test_the_soak_ends_with_what_does_not_hold(monkeypatch, capsys):
    right = soak.al.evaluate

    def wrong(truth, prob):
        return right(truth, prob * 0.9)

    monkeypatch.setattr(soak.al, "evaluate", wrong)
    monkeypatch.setattr(sys, "argv", ["soak.py", "--only", "metrics", "--repeats", "1"])
    with pytest.raises(SystemExit, match=r"(?s)not all held.*metrics, case \d"):
        soak.main()
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["metrics", "15"]


def test_the_soak_sees_what_a_killed_run_left(tmp_path):
    for name in ("audio/a.wav", "audio/.a.0.part.wav", "pond.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    found = soak._jobs.contents(tmp_path)
    assert set(found) == {"audio/a.wav", "audio/.a.0.part.wav", "pond.json"}
    assert set(soak._jobs.finished(found)) == {"audio/a.wav"}


def test_all_held_in_the_kept_table():
    table = read_results("soak")
    assert (table["held"] == table["repetitions"]).all()
    kills = table[table["check"].str.startswith("kill ")]
    assert sorted(kills["check"]) == sorted(f"kill {name}" for name in soak.KILLED)
    assert (kills["repetitions"] == 20).all()
