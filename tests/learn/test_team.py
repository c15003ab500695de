"""Two processes train one network together, on the processor as on GPUs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("accelerate")
pytest.importorskip("torch")

import anuralib as al

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "several_gpus.py"
# The example, and besides what a run with a folder and with validation decides: each process writes what it ended with.
PROGRAM = """
import json, os, runpy, sys
import anuralib as al
fit, example, out = al.fit, *sys.argv[1:3]
def told(model, data, **options):
    history = fit(model, data, tuple(part[:58] for part in data), out_dir=out, **options)
    total = sum(value.double().sum().item() for name, value in model.named_parameters())
    ended = {"rows": len(history.frame), "best": history.best_epoch, "total": total,
             "loss": history.frame["train_loss"].tolist()}
    open(f"{out}-{os.environ['RANK']}.json", "w").write(json.dumps(ended))
    return history
al.fit = told
sys.argv[:] = [example, "--pond", "tiny", "--epochs", "2", "--out", f"{out}.pt"]
runpy.run_path(example, run_name="__main__")
"""


def test_two_processes_end_with_one_network_and_one_history(tmp_path):
    program, out = tmp_path / "program.py", tmp_path / "run"
    program.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--local-addr", "127.0.0.1",
               "--nproc_per_node", "2", str(program), str(EXAMPLE), str(out)]  # fmt: skip
    settings = os.environ | {"ACCELERATE_USE_CPU": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=settings)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("epoch 1: loss") == 1  # only the main process speaks: they know of each other
    first, second = (json.loads((tmp_path / f"run-{rank}.json").read_text()) for rank in (0, 1))
    assert first == second  # weights and decisions alike, though each saw half of every batch
    assert first["rows"] == 2 and np.isfinite(first["loss"]).all()
    species = al.load_dataset("pond", size="tiny").species
    assert al.load_model(out / "model.pt").species == al.load_model(tmp_path / "run.pt").species == species
