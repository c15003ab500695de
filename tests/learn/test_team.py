"""Two processes train one network together, on the processor as on GPUs."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("accelerate")
torch = pytest.importorskip("torch")

from anuralib.learn.models import load_model

PROGRAM = """
import json, sys
import numpy as np, torch
from accelerate import Accelerator
from anuralib.learn.models import build_model
from anuralib.learn.training import fit
torch.set_num_threads(1)
accelerator = Accelerator(cpu=True)
rng = np.random.default_rng(0)
features = rng.normal(-60, 10, (24, 1, 16, 24)).astype(np.float32)
labels = rng.random((24, 2)) < 0.5
model = build_model("templates", ["A", "B"], features={"n_mels": 16})
history = fit(model, (features, labels), (features[:8], labels[:8]), epochs=int(sys.argv[2]), batch_size=8, seed=3,
              out_dir=sys.argv[1], accelerator=accelerator, progress=False)
total = sum(value.double().sum().item() for name, value in model.named_parameters())
told = {"rows": len(history.frame), "best": history.best_epoch, "total": total,
        "loss": history.frame["train_loss"].tolist()}
open(f"{sys.argv[1]}-{accelerator.process_index}.json", "w").write(json.dumps(told))
accelerator.end_training()
"""


def test_two_processes_end_with_one_network_and_one_history(tmp_path):
    program, out = tmp_path / "program.py", tmp_path / "run"
    program.write_text(PROGRAM, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", str(program),
               str(out), "2"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False,
                          env=os.environ | {"ACCELERATE_USE_CPU": "1"})  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    first, second = (json.loads((tmp_path / f"run-{rank}.json").read_text()) for rank in (0, 1))
    assert first == second  # weights and decisions alike, though each saw half of every batch
    assert first["rows"] == 2 and np.isfinite(first["loss"]).all()
    assert load_model(out / "model.pt").species == ["A", "B"]
