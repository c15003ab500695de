"""The benchmarks run and report in the agreed form; how fast anything is, is not tested."""

import importlib
import json
import sys

import pytest

SHORT = ["--recordings", "4", "--seconds", "4", "--rounds", "1"]


@pytest.mark.parametrize(("name", "small"), [
    ("bench_simulate", SHORT), ("bench_windows", SHORT), ("bench_load", ["--recordings", "5", "--rounds", "1"]),
    ("bench_split", ["--recordings", "200", "--tables", "1", "--rounds", "1", "--pond", "tiny"]),
    ("bench_scaling", ["--pond", "tiny", "--recordings", "4", "--rounds", "1", "--minutes", "1"]),
    ("bench_losses", ["--pond", "tiny", "--seeds", "2", "--epochs", "1", "--methods", "asymmetric", "--draws", "5"]),
    ("bench_calling_activity", ["--pond", "tiny", "--seeds", "1", "--draws", "5"]),
    ("bench_few_labels", ["--pond", "tiny", "--seeds", "2", "--draws", "5", "--no-save"]),
    ("bench_overlap", ["--pond", "tiny", "--seeds", "1", "--epochs", "1", "--draws", "5", "--each", "1",
                       "--separate", "2", "--targets", "1", "--individuals", "1"]),
    ("bench_noise", ["--pond", "tiny", "--seeds", "1", "--epochs", "1", "--draws", "3"]),
    ("bench_new_sites", ["--pond", "tiny", "--seeds", "1", "--draws", "3"]),
    ("bench_your_recordings", ["--pond", "tiny", "--seeds", "1", "--epochs", "1", "--draws", "3"]),
    ("bench_training", ["--pond", "tiny", "--budget", "2", "--epochs", "1", "--looks", "1", "--windows", "32",
                        "--only", "0"]),
    ("bench_gpu", ["--device", "cpu", "--networks", "resnet18", "--steps", "1", "--batch", "2", "--size", "32", "64"]),
])  # fmt: skip
def test_benchmark_writes_its_table(name, small, tmp_path, monkeypatch):
    out = tmp_path / "table.json"
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--json", str(out), *small])
    importlib.import_module(name).main()
    table = json.loads(out.read_text(encoding="utf-8"))
    assert table
    for row in table.values():
        assert set(row) == {"ours", "peer", "ratio", "unit"}
        assert row["ratio"] == pytest.approx(row["ours"] / row["peer"])
