"""Training speed of the paper's networks at the paper's input size: float32, bfloat16, channels-last.

Random pictures of the shape that the paper's windows have, 128 bands by 517 frames, stretched to 224 x 448 in the
network; batches as in the published settings (32 windows for ResNet18, 25 for ResNet152) unless told. Two ways:
"step" is forward, backward and the optimiser on data that lie on the device already; "fit" is an epoch of `al.fit`,
which reads half-precision pictures from a file mapped into memory, masks them and carries them to the device.

    python benchmarks/bench_gpu.py --csv bench_gpu.csv [--steps 200] [--batch N] [--device cuda] [--json FILE]

The peer of every row is the same network and way in float32 with plain layout.
"""

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _table import arguments, row, show

from anuralib.learn.augment import chain, spec_augment
from anuralib.learn.batches import autocast, pick_device, picture_rows
from anuralib.learn.losses import bce
from anuralib.learn.models import build_model
from anuralib.learn.training import fit

SPECIES = 42
PICTURE = (128, 517)
BATCHES = {"resnet18": 32, "resnet50": 16, "resnet152": 25}
WAYS = [("float32", False), ("float32", True), ("bfloat16", False), ("bfloat16", True)]


def card_of(device):
    """The name of the card, or of the kind of device."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else f"{device.type}, {os.cpu_count()} cores"


def network(name, size, channels_last, device):
    model = build_model(name, SPECIES, features={"n_mels": PICTURE[0]}, resize=size)
    model.input_shape = PICTURE  # its rough first guess is right for these numbers: nothing to be measured before
    return model.to(device, memory_format=torch.channels_last if channels_last else torch.contiguous_format)


def wait_for(device):
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def speed_of_steps(model, batch_size, precision, steps, device):
    """Windows a second of training steps, after a tenth of them to warm up."""
    torch.manual_seed(0)
    batch = torch.randn(batch_size, 1, *PICTURE, device=device) * 20 - 60
    target = (torch.rand(batch_size, SPECIES, device=device) < 0.05).float()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4)
    model.train()
    warm, started = max(1, steps // 10), 0.0
    for step in range(warm + steps):
        if step == warm:
            wait_for(device)
            started = time.perf_counter()
        with autocast(device, precision):
            logits = model(batch)
        loss = bce(logits.float(), target)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
    wait_for(device)
    return batch_size * steps / (time.perf_counter() - started)


def speed_of_fit(model, pictures, batch_size, precision, steps, device):
    """Windows a second of the second epoch of `fit`; the first warms up."""
    labels = np.random.default_rng(0).random((len(pictures), SPECIES)) < 0.05
    history = fit(
        model, (picture_rows(pictures, np.arange(len(pictures))), labels), epochs=2, lr=1e-4, batch_size=batch_size,
        precision=precision, steps=steps, augment=chain(spec_augment), device=str(device), progress=False,
    ).frame  # fmt: skip
    return min(len(pictures), batch_size * steps) / history["seconds"].iloc[1]


def random_pictures(path, n):
    """n pictures in half precision on the disk, mapped; written in parts."""
    rng = np.random.default_rng(0)
    pictures = np.lib.format.open_memmap(path, "w+", np.float16, (n, 1, *PICTURE))
    for first in range(0, n, 256):
        part = pictures[first : first + 256]
        part[:] = rng.standard_normal(part.shape, dtype=np.float32) * 20 - 60
    pictures.flush()
    return np.load(path, mmap_mode="r")


def measure(name, options, pictures, device):
    """A row for each way and precision of a network."""
    batch_size, rows = options.batch or BATCHES.get(name, 32), []
    for what in ("step", "fit"):
        for precision, channels_last in WAYS:
            if device.type == "cuda":
                torch.cuda.reset_peak_memory_stats(device)
            model = network(name, tuple(options.size), channels_last, device)
            if what == "step":
                speed = speed_of_steps(model, batch_size, precision, options.steps, device)
            else:
                speed = speed_of_fit(model, pictures, batch_size, precision, options.steps, device)
            held = torch.cuda.max_memory_allocated(device) / 2**30 if device.type == "cuda" else float("nan")
            rows.append({
                "network": name, "batch": batch_size, "input": "x".join(map(str, options.size)), "what": what,
                "precision": precision, "layout": "channels-last" if channels_last else "plain", "windows_per_s": speed,
                "device_memory_gib": held, "steps": options.steps, "card": card_of(device),
                "torch": torch.__version__,
            })  # fmt: skip
            print(f"{name:10} {what:5} {precision:9} {rows[-1]['layout']:14}{speed:10.1f} windows/s"
                  f"{held:8.1f} GiB", flush=True)  # fmt: skip
            del model
    return rows


def main():
    parser = arguments(__doc__)
    parser.add_argument("--networks", nargs="+", default=["resnet18", "resnet152"])
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, help="windows a batch, in place of the published settings")
    parser.add_argument("--size", type=int, nargs=2, default=[224, 448])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--csv", type=Path, help="write the table here")
    options = parser.parse_args()
    device = pick_device(options.device)
    print(f"{card_of(device)}; convolutions in float32 may use TF32: {torch.backends.cudnn.allow_tf32}", flush=True)
    largest = max(options.batch or BATCHES.get(name, 32) for name in options.networks)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        pictures = random_pictures(Path(folder) / "pictures.npy", min(4096, largest * options.steps))
        for name in options.networks:
            rows += measure(name, options, pictures, device)
        del pictures
    found = pd.DataFrame(rows)
    if options.csv:
        found.round(2).to_csv(options.csv, index=False)
    plain = found[(found["precision"] == "float32") & (found["layout"] == "plain")].set_index(["network", "what"])
    table = {f"{one.network} {one.what}, {one.precision}, {one.layout}": row(
        one.windows_per_s, plain.loc[(one.network, one.what), "windows_per_s"], "windows/s")
        for one in found.itertuples()}  # fmt: skip
    show(table, f"{card_of(device)}, {options.steps} steps", ["torch", "torchvision"], options.json)


if __name__ == "__main__":
    main()
