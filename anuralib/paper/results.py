"""From the predictions of all networks to tables, figures and the card."""

import dataclasses
import json
import platform
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from anuralib import __version__
from anuralib._files import write_text
from anuralib.learn.batches import pick_device
from anuralib.paper import card, figures, tables
from anuralib.paper.recipes import RECIPES
from anuralib.paper.stages import FINDINGS, SPLIT, WINDOWS, key_of
from anuralib.windows.table import read_metadata, species_columns


def read_predictions(path):
    """Positions in the split's table, and probabilities (rows, species)."""
    with np.load(path) as saved:
        return saved["row"], saved["probability"]


def predicted_table(folder, place, windows, subset):
    """Probabilities of the windows of a subset, as a table like theirs."""
    rows, prob = read_predictions(folder / "predictions" / f"{place}.npz")
    table = pd.DataFrame(prob, index=windows.index[rows], columns=species_columns(windows))
    return table.loc[windows.index[windows["subset"] == subset]]


def write_table(folder, name, table):
    write_text(table.to_csv(index=False, lineterminator="\n", float_format="%.6g"), folder / f"{name}.csv")


def write_results(stages, keys, recipe, options):
    """All tables and figures."""
    folder, names = stages.folder, ["table2", "scores", "species_sets", "differences", "figure5", "figure6"]
    names += ["thresholds"] if recipe.valid_size else []

    def write():
        windows = read_metadata(folder / SPLIT)
        truth = {part: windows.loc[windows["subset"] == part, species_columns(windows)] for part in ("valid", "test")}
        prob = {part: {name: predicted_table(folder, name, windows, part) for name in keys} for part in truth}
        for name, table in _tables(windows, truth, prob, options).items():
            write_table(folder, name, table)
            if name == "figure5":
                figures.draw_figure5(table, folder / "figure5.png")
            elif name == "figure6":
                figures.draw_figure6(table, list(keys)[-1], folder / "figure6.png")

    stages.run("tables", key_of(keys, options.draws), write,
               [f"{name}.csv" for name in names] + ["figure5.png", "figure6.png"])  # fmt: skip


def _tables(windows, truth, prob, options):
    groups, test = tables.species_groups(windows), truth["test"]
    made = {
        "table2": tables.table2(test, prob["test"], groups),
        "scores": tables.scores_by_species(test, prob["test"], groups),
        "species_sets": tables.species_sets(windows, test, prob["test"], options.draws),
        "differences": tables.differences(windows, test, prob["test"], options.draws),
        "figure5": tables.windows_by_species(windows, groups),
        "figure6": tables.f1_by_site(windows, test, prob["test"]),
    }
    if len(truth["valid"]):
        made["thresholds"] = tables.thresholds(truth["valid"], prob["valid"], test, prob["test"])
    return made


def write_card(stages, dataset, source, jobs, recipe, options):
    """The model card, made anew each time; `source` is that of the windows, and whether the split was published."""
    folder = stages.folder
    windows = read_metadata(folder / WINDOWS)
    split = read_metadata(folder / SPLIT)
    device = pick_device(options.device)
    parts = ", ".join(f"{part} {n}" for part, n in split["subset"].value_counts().sort_index().items())
    where = {"published": "published, their files as they are", "recordings": "of recordings filtered as a whole",
             "cut": "cut from the recordings, each filtered by itself"}[source[0]]  # fmt: skip
    whose = "published" if source[1] else "ours, iterative stratification of whole recordings"
    first = "; ".join(f"{name}: {Path(job['weights']).name if job['weights'] else 'by chance, no ImageNet weights'}"
                      for name, job in jobs.items())  # fmt: skip
    facts = {
        "Data": f"{dataset.name}, {windows['fname'].nunique()} recordings, {len(windows)} windows, "
                f"{len(dataset.species)} species; {len(pd.read_csv(folder / FINDINGS))} kinds of findings",
        "Windows": where,
        "Split": f"{whose}; windows: {parts}",
        "First weights": first,
        "Device": f"{torch.cuda.get_device_name(device) if device.type == 'cuda' else device.type}, "
                  f"{next(iter(jobs.values()))['precision']}, {options.processes} process(es), {platform.machine()}",
        "Seed": options.seed,
        "Steps an epoch": "all" if options.steps is None else f"at most {options.steps}: a trial, not the experiment",
    }  # fmt: skip
    usual = RECIPES.get(recipe.name, recipe)
    card.write_card(folder, facts, recipe, usual, pd.read_csv(folder / "table2.csv"),
                    pd.read_csv(folder / "species_sets.csv"))  # fmt: skip
    settings = {"recipe": recipe.settings(), "options": dataclasses.asdict(options), "anuralib": __version__}
    write_text(json.dumps(settings, indent=1) + "\n", folder / "settings.json")
