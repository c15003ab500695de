"""The benchmarks run and report in the agreed form; how fast anything is, is not tested."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"


@pytest.mark.parametrize("name", ["bench_simulate"])
def test_benchmark_writes_its_table(name, tmp_path):
    out = tmp_path / "table.json"
    command = [sys.executable, str(BENCHMARKS / f"{name}.py"), "--json", str(out)]
    small = ["--recordings", "4", "--seconds", "4", "--rounds", "1"]
    run = subprocess.run([*command, *small], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    table = json.loads(out.read_text(encoding="utf-8"))
    assert table
    for row in table.values():
        assert set(row) == {"ours", "peer", "ratio", "unit"}
        assert row["ratio"] == pytest.approx(row["ours"] / row["peer"])
