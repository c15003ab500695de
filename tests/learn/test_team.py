"""Two processes train one network together, on the processor as on GPUs."""

import json
import os
import socket
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
# They are forked from one that has loaded everything, and told what torchrun tells.
PROGRAM = """
import json, os, runpy, sys
import accelerate, torch._dynamo, torchvision
import anuralib as al
al.load_dataset, al.window_features, al.stratified_split, al.build_model
rank = "0" if os.fork() else "1"
os.environ |= {"RANK": rank, "LOCAL_RANK": rank}
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
if rank == "0":
    assert os.wait()[1] == 0, "the other process failed"
"""


def test_two_processes_end_with_one_network_and_one_history(tmp_path):
    program, out = tmp_path / "program.py", tmp_path / "run"
    program.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, str(program), str(EXAMPLE), str(out)]
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    settings = os.environ | {"ACCELERATE_USE_CPU": "1", "OMP_NUM_THREADS": "1", "WORLD_SIZE": "2",
                             "LOCAL_WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port}  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=settings, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.count("epoch 1: loss") == 1  # only the main process speaks: they know of each other
    first, second = (json.loads((tmp_path / f"run-{rank}.json").read_text()) for rank in (0, 1))
    assert first == second  # weights and decisions alike, though each saw half of every batch
    assert first["rows"] == 2 and np.isfinite(first["loss"]).all()
    species = al.load_dataset("pond", size="tiny").species
    assert al.load_model(out / "model.pt").species == al.load_model(tmp_path / "run.pt").species == species
