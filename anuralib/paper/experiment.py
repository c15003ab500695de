"""The stages of the experiment, one after the other."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from anuralib import __version__
from anuralib._files import advising, atomic_path, locked, remove_leftovers, source_of, write_text
from anuralib.learn.batches import pick_device, picture_rows
from anuralib.learn.models import load_model
from anuralib.learn.prediction import predict
from anuralib.paper import material, networks, results, tables
from anuralib.paper.stages import FINDINGS, PICTURES, SPLIT, WINDOWS, Stages, key_of
from anuralib.split.splitting import add_validation, holdout_split
from anuralib.windows.table import read_metadata


@dataclass(frozen=True)
class Options:
    """What a run is told beside its recipe; see `python -m anuralib.paper --help`."""

    weights: str = "auto"
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    steps: int | None = None
    processes: int = 1
    loso: bool = False
    draws: int = 1000
    n_jobs: int | None = None
    progress: bool = True


def run(dataset, out_dir, recipe, options=None, say=print):
    """The whole experiment; what is done already is kept.

    Parameters
    ----------
    dataset : Dataset
    out_dir : path-like
        A folder for the results, see the README.md that will be there.
    recipe : Recipe
    options : Options, optional
    say : callable
        Gets a line for each stage.

    Returns
    -------
    pathlib.Path
        Of README.md.

    Raises
    ------
    FileNotFoundError
        Neither windows with their sound nor recordings with labels are in the data set; no weights in a folder.
    BlockingIOError
        Another process works in the folder.
    OSError
        The disk is full or fails.
    """
    options, folder = options or Options(), Path(out_dir).absolute()
    torch.empty(1, device=pick_device(options.device))  # what is not there shows now, and not after hours
    weights = {name: networks.first_weights(name, options.weights) for name in recipe.networks}
    with advising(), locked(folder, wait=False):
        remove_leftovers(folder)
        stages = Stages(folder, say)
        source, key = _material(stages, dataset, recipe, options)
        made = {name: _network(stages, key, (name, file), name, SPLIT, recipe, options)
                for name, file in weights.items()}  # fmt: skip
        if options.loso:
            _left_out_sites(stages, key, weights, recipe, options)
        keys, jobs = ({name: pair[part] for name, pair in made.items()} for part in (0, 1))
        results.write_results(stages, keys, recipe, options)
        published = material.has_subsets(read_metadata(folder / WINDOWS))
        results.write_card(stages, dataset, (source, published), jobs, recipe, options)
        seconds = pd.Series(stages.seconds(), name="seconds").rename_axis("stage")
        write_text(seconds.reset_index().to_csv(index=False, lineterminator="\n"), folder / "times.csv")
    return folder / "README.md"


def _material(stages, dataset, recipe, options):
    """Check, windows, split, pictures; gives the source of the windows and the key of all that follows."""
    folder, n_jobs, progress = stages.folder, options.n_jobs, options.progress
    source = material.window_source(dataset, recipe)
    key = key_of(__version__, material.sources(dataset))
    stages.run("check", key, lambda: material.write_findings(dataset, folder), [FINDINGS])
    key = key_of(key, source)
    stages.run("windows", key, lambda: material.write_windows(dataset, source, folder, n_jobs, progress),
               [WINDOWS])  # fmt: skip
    pictures = key_of(key, recipe.pictures)
    stages.run("pictures", pictures, lambda: material.write_pictures(
        dataset, source, folder, recipe.pictures, n_jobs, progress), [PICTURES])  # fmt: skip
    split = key_of(key, recipe.test_size, recipe.valid_size, options.seed)
    stages.run("split", split, lambda: material.write_split(folder, recipe, options.seed),
               [SPLIT, "split_report.csv", "leak_report.csv"])  # fmt: skip
    return source, key_of(pictures, split)


def _network(stages, key, network, place, split, recipe, options):
    """Train a network, (name, first weights), and ask it; gives the key of its predictions and the job."""
    name, weights = network
    precision = networks.precision_on(options.device) if options.precision == "auto" else options.precision
    job = {
        "folder": str(stages.folder), "out": f"networks/{place}", "split": split, "network": name,
        "recipe": recipe.settings(), "batch_size": recipe.batch_size(name), "seed": options.seed,
        "device": options.device, "precision": precision, "weights": weights and str(weights), "steps": options.steps,
    }  # fmt: skip
    # What other networks are trained, and where, changes nothing.
    decide = {**job, "recipe": {**job["recipe"], "networks": name}, "folder": "", "device": ""}
    key = key_of(key, decide, source_of(weights) if weights else "", options.processes)
    flat = place.replace("/", "-")
    stages.run(f"train-{flat}", key, lambda: networks.train_fresh_or_on(job, key, options.processes, options.progress),
               [f"{job['out']}/model.pt", f"{job['out']}/history.csv"])  # fmt: skip
    predictions = f"predictions/{place}.npz"

    def ask():
        _write_predictions(job, predictions)
        (stages.folder / job["out"] / "checkpoint.pt").unlink(missing_ok=True)  # four times as large as the network

    stages.run(f"predict-{flat}", key, ask, [predictions])
    return key, job


def _left_out_sites(stages, key, weights, recipe, options):
    """A training for each site and network, in which that site is test."""
    folder, keys, made = stages.folder, [], []
    windows = read_metadata(folder / SPLIT)
    for site in sorted(windows["site"].unique()):
        split = f"left_out/{site}.csv"
        inner = holdout_split(windows, "site", [site])
        if recipe.valid_size:
            inner = add_validation(inner, recipe.valid_size, options.seed)
        write_text(inner.to_csv(index=False, lineterminator="\n"), folder / split)
        for name, file in weights.items():
            place, inner_key = f"left_out/{site}-{name}", key_of(key, site)
            keys.append(_network(stages, inner_key, (name, file), place, split, recipe, options)[0])
            made.append((site, name, inner))

    def write():
        rows = []
        for site, name, inner in made:
            prob = results.predicted_table(folder, f"left_out/{site}-{name}", inner, "test")
            rows.append(tables.left_out_site(inner, prob, site, name))
        results.write_table(folder, "left_out_sites", pd.DataFrame(rows))

    stages.run("left_out_sites", key_of(keys), write, ["left_out_sites.csv"])


def _write_predictions(job, path):
    """Probabilities of the windows of validation and test: `row` (of the split's table), `species`, `probability`."""
    folder = Path(job["folder"])
    windows = read_metadata(folder / job["split"])
    rows = np.flatnonzero(windows["subset"].isin(["valid", "test"]))
    model = load_model(folder / job["out"] / "model.pt")
    pictures = picture_rows(np.load(folder / PICTURES, mmap_mode="r"), rows)
    probability = predict(model, pictures, device=job["device"], batch_size=64)
    with atomic_path(folder / path) as temporary, open(temporary, "wb") as file:
        np.savez(file, row=rows, species=np.array(model.species), probability=probability)
