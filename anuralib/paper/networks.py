"""Networks trained: a job is a dictionary of plain values, so that other processes can take it, too.

    torchrun --nproc_per_node 2 -m anuralib.paper.networks JOB.json
"""

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import torch

from anuralib._files import read_text, write_settings, write_text
from anuralib.learn import augment
from anuralib.learn.batches import pick_device, picture_rows
from anuralib.learn.losses import logit_adjusted
from anuralib.learn.models import RESNETS, build_model
from anuralib.learn.training import fit
from anuralib.paper.stages import PICTURES
from anuralib.windows.table import read_metadata, species_columns


def first_weights(network, weights):
    """The file of ImageNet weights that a network begins from, or None: it begins from chance.

    Parameters
    ----------
    network : str
    weights : str
        "auto": torchvision's first ImageNet weights if they were fetched before; "imagenet": fetched if they were not;
        "none"; or a file or a folder of files such as resnet18-f37072fd.pth.

    Returns
    -------
    pathlib.Path or None

    Raises
    ------
    FileNotFoundError
        If a folder was given and has no file for this network.
    """
    if network not in RESNETS or weights == "none":
        return None
    if weights not in ("auto", "imagenet"):
        place = Path(weights)
        found = sorted(place.glob(f"{network}[-_.]*")) if place.is_dir() else [place] if place.is_file() else []
        if not found:
            raise FileNotFoundError(f"{place}: no weights of {network} are here, a file like {network}-….pth")
        return found[0]
    from torchvision.models import get_model_weights

    known = get_model_weights(network).IMAGENET1K_V1
    kept = Path(torch.hub.get_dir()) / "checkpoints" / known.url.rpartition("/")[2]
    if weights == "imagenet" and not kept.is_file():
        known.get_state_dict(progress=True)
    return kept if kept.is_file() else None


def precision_on(device):
    """bfloat16 where a GPU has instructions for it, else float32."""
    device = pick_device(device)
    return "bfloat16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "float32"


def _subset(folder, job, name):
    """Pictures and labels of a subset."""
    windows = read_metadata(folder / job["split"])
    rows = (windows["subset"] == name).to_numpy()
    return picture_rows(np.load(folder / PICTURES, mmap_mode="r"), rows), windows.loc[rows, species_columns(windows)]


def _augmentation(recipe, shape):
    bands, frames = shape
    masks = functools.partial(augment.spec_augment, time_mask=min(recipe["time_mask"], frames),
                              freq_mask=min(recipe["freq_mask"], bands))  # fmt: skip
    return augment.chain(augment.mix_sounds, masks) if recipe["mix"] else masks


def train(job, accelerator=None, progress=True, on_epoch=None):
    """Train the network of a job, from where a stopped run of it stands; its folder then has model.pt."""
    folder, recipe = Path(job["folder"]), job["recipe"]
    pictures, labels = _subset(folder, job, "train")
    valid = _subset(folder, job, "valid") if recipe["valid_size"] else None
    model = build_model(job["network"], list(labels.columns), job["weights"] or False, job["seed"], recipe["pictures"],
                        recipe["resize"])  # fmt: skip
    loss = functools.partial(logit_adjusted, tau=recipe["tau"]) if recipe["tau"] else "bce"
    if recipe["tau"]:
        counts = torch.tensor(labels.to_numpy().sum(0), dtype=torch.float32)
        loss = functools.partial(loss, counts=counts, n_windows=len(labels))
    fit(
        model, (pictures, labels), valid, loss, recipe["epochs"], job["seed"], job["device"], folder / job["out"],
        batch_size=job["batch_size"], lr=recipe["lr"], weight_decay=recipe["weight_decay"],
        patience=recipe["patience"], augment=_augmentation(recipe, pictures.shape[2:]), clip_norm=recipe["clip_norm"],
        precision=job["precision"], schedule=recipe["schedule"], steps=job["steps"], accelerator=accelerator,
        progress=progress, on_epoch=on_epoch,
    )  # fmt: skip


def train_fresh_or_on(job, key, processes=1, progress=True):
    """As `train`, after what another job left in its folder is removed; on several GPUs by accelerate."""
    out = Path(job["folder"]) / job["out"]
    note = out / "key.txt"
    if out.is_dir() and (not note.is_file() or read_text(note) != key):
        shutil.rmtree(out)
    write_text(key, note)
    if processes == 1:
        return train(job, progress=progress)
    write_settings({**job, "progress": progress}, out / "job.json")
    # What `accelerate launch` starts, too; that one takes a single process where there is no GPU.
    command = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", str(processes), "-m",
               "anuralib.paper.networks", str(out / "job.json")]  # fmt: skip
    alone = {"ACCELERATE_USE_CPU": "1"} if pick_device(job["device"]).type == "cpu" else {}
    subprocess.run([sys.executable, *command], check=True, env=os.environ | alone)


def main():
    from accelerate import Accelerator

    accelerator = Accelerator(cpu=os.environ.get("ACCELERATE_USE_CPU") == "1")
    job = json.loads(read_text(Path(sys.argv[1])))
    train(job, accelerator, progress=job["progress"] and accelerator.is_main_process)
    accelerator.end_training()


if __name__ == "__main__":
    main()
