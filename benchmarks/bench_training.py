"""Training: the published recipe against ours, on the same windows, machine and cores, for the same time.

The recipe, as the reference code of AnuraSet has it: each epoch reads the WAV files of the windows; mel spectrogram of
128 bands (FFT 512, hop 128, the sample rate left at 16,000 Hz), decibels, masks of 0 dB, resized to 224 x 448, three
equal channels; ResNet18 with a linear layer on its 1000 outputs; Adam at 0.01, batches of 32, one process. It begins
from ImageNet weights there; here both begin from chance, since no weights can be fetched.

Ours: `window_features` with a cache on disk, `fit` with its defaults; the time for the features counts. A table shows
speed and macro F1 of networks and input sizes that fit the same time, of at most `--epochs` epochs each.

    python benchmarks/bench_training.py [--budget 600] [--epochs 20] [--level 0.3] [--pond mini] [--json FILE]
"""

import os
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import soundfile
import torch
import torchvision
from _table import arguments, row, show

import anuralib as al
from anuralib.windows.table import window_path

SIZES = {
    "small_cnn, 64 x 130": ("small_cnn", {}, "float32"),
    "small_cnn, 128 x 259": ("small_cnn", {"n_mels": 128, "hop": 256}, "float32"),
    "mobilenet_v3_small, 64 x 130": ("mobilenet_v3_small", {}, "float32"),
    "resnet18, 64 x 130": ("resnet18", {}, "float32"),
    "resnet18, 64 x 130, bfloat16": ("resnet18", {}, "bfloat16"),
    "resnet18, 128 x 259": ("resnet18", {"n_mels": 128, "hop": 256}, "float32"),
    "resnet18, 128 x 259, bfloat16": ("resnet18", {"n_mels": 128, "hop": 256}, "bfloat16"),
}


class Recipe(torch.nn.Module):
    """From sound to logits as published; masks only while training."""

    def __init__(self, n_species):
        super().__init__()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # torchaudio announces the end of its development
            from torchaudio import transforms

            self.picture = torch.nn.Sequential(
                transforms.MelSpectrogram(n_fft=512, hop_length=128, n_mels=128), transforms.AmplitudeToDB()
            )
            self.masks = torch.nn.Sequential(transforms.FrequencyMasking(8), transforms.TimeMasking(60))
        self.resize = torchvision.transforms.Resize((224, 448))
        self.body = torchvision.models.resnet18(weights=None)
        self.head = torch.nn.Linear(1000, n_species)

    def prepare(self, signal, training):
        picture = self.picture(signal[None])
        return self.resize(self.masks(picture) if training else picture).repeat(3, 1, 1)

    def forward(self, batch):
        return self.head(self.body(batch))


class Windows(torch.utils.data.Dataset):
    """Reads a window's WAV file whenever it is asked for."""

    def __init__(self, paths, labels, recipe, training):
        self.paths, self.recipe, self.training = paths, recipe, training
        self.labels = torch.tensor(labels.to_numpy(dtype=np.float32))

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, index):
        signal, _ = soundfile.read(self.paths[index], dtype="float32")
        return self.recipe.prepare(torch.from_numpy(signal), self.training), self.labels[index]


def macro_f1(truth, prob):
    return 100 * al.metrics.macro_f1(truth, prob)


def train_recipe(windows, species, root, budget, n_looks):
    """Windows a second, and (seconds of training, macro F1 on test) at each look."""
    torch.manual_seed(0)
    recipe = Recipe(len(species))
    parts = {}
    for name in ("train", "test"):
        table = windows[windows["subset"].isin(["train", "valid"] if name == "train" else ["test"])]
        paths = [window_path(one, root) for one in table.itertuples(index=False)]
        data = Windows(paths, table[species], recipe, name == "train")
        parts[name] = torch.utils.data.DataLoader(data, batch_size=32, shuffle=name == "train")
    optimizer = torch.optim.Adam(recipe.parameters(), lr=0.01)
    loss = torch.nn.BCEWithLogitsLoss()
    spent, seen, looks, first = 0.0, 0, [], None
    while spent < budget:
        started = time.perf_counter()
        for batch, target in parts["train"]:
            value = loss(recipe.train()(batch), target)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            spent, seen = spent + time.perf_counter() - started, seen + len(batch)
            if first is None:  # the first batch warms up and is not counted
                spent, seen, first = 0.0, 0, True
                started = time.perf_counter()
                continue
            if spent >= budget * (len(looks) + 1) / n_looks:
                looks.append((spent, look_at(recipe, parts["test"])))
                print(f"  recipe after {spent:.0f} s, {seen} windows: macro F1 {looks[-1][1]:.1f} %", flush=True)
            started = time.perf_counter()
            if spent >= budget:
                break
    return seen / spent, looks


def look_at(recipe, loader):
    recipe.eval()
    with torch.inference_mode():
        found = [(torch.sigmoid(recipe(batch)), target) for batch, target in loader]
    return macro_f1(torch.cat([y for _, y in found]).numpy(), torch.cat([p for p, _ in found]).numpy())


def train_ours(windows, pond, chosen, cache):
    """For one network and input size: windows a second, and (seconds so far, macro F1 on test) after every epoch."""
    name, settings, precision = chosen["size"]
    started = time.perf_counter()
    features = al.window_features(windows, pond, cache_dir=cache, progress=False, **settings)
    spent = time.perf_counter() - started
    part = {key: (windows["subset"] == key).to_numpy() for key in ("train", "valid", "test")}
    data = {key: (np.array(features[rows]), windows.loc[rows, pond.species]) for key, rows in part.items()}
    few = [array[:256] for array in data["train"]]
    tried = al.fit(al.build_model(name, pond.species, features=settings), few, epochs=2, precision=precision,
                   progress=False)  # fmt: skip
    speed = len(few[0]) / tried.frame["seconds"].iloc[-1]
    epochs = int(np.clip((chosen["budget"] - spent) * speed / len(data["train"][0]) * 0.8, 1, chosen["epochs"]))
    looks = []

    def look(model, line):
        nonlocal spent
        spent += line["seconds"]
        looks.append((spent, macro_f1(data["test"][1].to_numpy(), al.predict(model, data["test"][0]))))

    model = al.build_model(name, pond.species, features=settings)
    history = al.fit(model, data["train"], data["valid"], epochs=epochs, precision=precision, on_epoch=look,
                     progress=False)  # fmt: skip
    final = macro_f1(data["test"][1].to_numpy(), al.predict(model, data["test"][0]))
    seconds = history.frame["seconds"]
    per_epoch = seconds.iloc[1:].median() if len(seconds) > 1 else seconds.iloc[0]  # the first epoch warms up
    return len(data["train"][0]) / per_epoch, looks, final


def reached(looks, level, budget):
    """Seconds to the first look at or above a level; the budget if there was none."""
    return next((spent for spent, f1 in looks if f1 >= level), budget)


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--budget", type=float, default=600.0, help="seconds of training for each")
    parser.add_argument("--epochs", type=int, default=20, help="of ours, at most")
    parser.add_argument("--level", type=float, default=0.3, help="macro F1 to be reached")
    parser.add_argument("--looks", type=int, default=2, help="evaluations of the recipe, outside the time")
    parser.add_argument("--windows", type=int, help="of each subset, at most")
    parser.add_argument("--only", help="comma-separated part of the sizes, by number from 0; 0 is the default")
    options = parser.parse_args()
    pond = al.load_dataset("pond", size=options.pond)
    names = list(SIZES) if options.only is None else [list(SIZES)[int(k)] for k in options.only.split(",")]
    with tempfile.TemporaryDirectory() as folder:
        root = al.build_windows(pond, Path(folder) / "windows", progress=False).parent
        windows = al.add_validation(al.stratified_split(al.read_metadata(root / "metadata.csv"), seed=0), seed=0)
        windows = windows.groupby("subset").head(options.windows or len(windows))
        speed, looks = train_recipe(windows, pond.species, root, options.budget, options.looks)
        print(f"{'network, bands x frames':32}{'windows/s':>10}{'epochs':>8}{'seconds':>9}{'macro F1 (%)':>14}")
        print(f"{'published recipe, 224 x 448':32}{speed:10.0f}{'':8}{looks[-1][0]:9.0f}{looks[-1][1]:14.1f}")
        ours = {}
        for name in names:
            given = {"size": SIZES[name], "budget": options.budget, "epochs": options.epochs}
            ours[name] = train_ours(windows, pond, given, Path(folder) / "cache")
            quick, seen, final = ours[name]
            print(f"{name:32}{quick:10.0f}{len(seen):8}{seen[-1][0]:9.0f}{final:14.1f}", flush=True)
    level, budget = 100 * options.level, options.budget
    table = {}
    for name, (quick, seen, final) in ours.items():
        table[f"speed, {name}"] = row(quick, speed, "windows/s")
        table[f"macro F1, {name}"] = row(final, max(looks[-1][1], 0.1), f"per cent within {budget:g} s")
        slow = reached(looks, level, budget)
        unit = f"s to {level:g} %" + ("" if looks[-1][1] >= level else f" (peer: not within {budget:g} s)")
        table[f"time, {name}"] = row(reached(seen, level, budget), slow, unit)
    title = f"\n{options.pond} pond, {(windows['subset'] != 'test').sum()} windows to train on, {os.cpu_count()} cores"
    show(table, title, ["torch", "torchvision", "torchaudio", "soundfile"], options.json)


if __name__ == "__main__":
    main()
