"""From a data set to what networks learn from: recordings, windows, a split, pictures."""

import dataclasses
import os
import warnings

import numpy as np

from anuralib._files import source_of, write_text
from anuralib.learn.pictures import window_features
from anuralib.paper.stages import FINDINGS, PICTURES, SPLIT, WINDOWS
from anuralib.split.reports import leak_report, split_report
from anuralib.split.splitting import add_validation, stratified_split
from anuralib.windows.build import build_windows
from anuralib.windows.grid import late_labels, window_labels
from anuralib.windows.table import read_metadata, window_sound


def some_recordings(dataset, n, seed=0):
    """A data set of n of the recordings, as equally from all sites as can be.

    Parameters
    ----------
    dataset : Dataset
    n : int or None
        None, or as many as there are: all of them.
    seed : int

    Returns
    -------
    Dataset
    """
    if n is None or n >= len(dataset.recordings):
        return dataset
    if n < 1:
        raise ValueError(f"the number of recordings must be 1 or more, not {n}")
    drawn = dataset.recordings.sample(frac=1, random_state=seed)
    turn = drawn.groupby("site").cumcount()
    chosen = set(drawn.assign(turn=turn).sort_values(["turn", "site"]).head(n)["recording"])
    tables = {name: getattr(dataset, name) for name in ("recordings", "strong_labels", "weak_labels")}
    return dataclasses.replace(dataset, **{
        name: table[table["recording"].isin(chosen)].reset_index(drop=True) for name, table in tables.items()
    })  # fmt: skip


def sources(dataset):
    """What tells this data set from another of the same name: sizes and times of its files, and its labels."""
    paths = dataset.recordings["path"].fillna("")
    found = [(name, source_of(path) if path else "") for name, path in zip(dataset.recordings["recording"], paths,
                                                                           strict=True)]  # fmt: skip
    table = source_of(dataset.window_root / "metadata.csv") if dataset.window_root else ""
    return [dataset.species, found, table, dataset.strong_labels.to_csv(index=False)]


def write_findings(dataset, folder):
    """What `check` says of the data set, one row per kind of problem."""
    findings = dataset.check()
    findings = findings.assign(where=findings["where"].map("; ".join))
    write_text(findings.to_csv(index=False, lineterminator="\n"), folder / FINDINGS)


def _published(dataset):
    """The published table, of the chosen recordings whose windows are all here as files; None where there is none."""
    if dataset.window_root is None:
        return None
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*species_number differs.*")  # findings.csv says so
        windows = dataset.windows
    windows = windows[windows["fname"].isin(dataset.recordings["recording"])]
    here = np.array([window_sound(row, dataset.window_root).is_file() for row in windows.itertuples(index=False)],
                    dtype=bool)  # fmt: skip
    lost = set(windows.loc[~here, "fname"])
    if lost and len(lost) < windows["fname"].nunique():
        warnings.warn(f"{dataset.window_root}: {len(lost)} recording(s) are left out, since files of their windows "
                      f"are not here: {', '.join(sorted(lost)[:3])}", stacklevel=2)  # fmt: skip
    windows = windows[~windows["fname"].isin(lost)].reset_index(drop=True)
    return windows if len(windows) else None


def _from_labels(dataset, published):
    """Windows made anew from the strong labels, with the published subset of each recording."""
    late = late_labels(dataset.strong_labels, dataset.recordings)
    labels, recordings = (table[~table["recording"].isin(late)] for table in
                          (dataset.strong_labels, dataset.recordings))  # fmt: skip
    windows = window_labels(labels, recordings, dataset.species)
    if published is not None:
        subsets = published.drop_duplicates("fname").set_index("fname")["subset"]
        windows["subset"] = windows["fname"].map(subsets).fillna("").astype("str")
    return windows


def window_source(dataset, recipe):
    """Where windows and their sound come from: "published", "cut" (each filtered by itself) or "recordings"."""
    raw = dataset.recordings["path"].notna().all() and dataset.recordings["annotated"].any()
    raw = raw and (len(dataset.strong_labels) > 0 or dataset.window_root is None)
    if recipe.sound == "recordings" and raw:
        return "recordings"
    if dataset.window_root is not None and _published(dataset) is not None:
        return "published"
    if not raw:
        raise FileNotFoundError(f"{dataset.root}: neither windows with their sound (anuraset/) nor recordings with "
                                "their labels (raw_data/, strong_labels/) are here")  # fmt: skip
    return "cut"


def write_windows(dataset, source, folder, n_jobs=None, progress=True):
    """The table of windows, its sound as files where these are to be cut."""
    if source == "published":
        windows = _published(dataset)
    elif source == "recordings":
        windows = _from_labels(dataset, _published(dataset))
    else:
        windows = read_metadata(build_windows(dataset, folder / "windows", n_jobs, "window", on_error="skip",
                                              progress=progress))  # fmt: skip
    write_text(windows.to_csv(index=False, lineterminator="\n"), folder / WINDOWS)


def has_subsets(windows):
    """Whether every window has a published subset, and both are there."""
    return windows["subset"].isin(["train", "test"]).all() and windows["subset"].nunique() == 2


def write_split(folder, recipe, seed):
    """Train, validation where the recipe has one, and test: as published, else ours."""
    windows = read_metadata(folder / WINDOWS)
    if not has_subsets(windows):
        windows = stratified_split(windows, recipe.test_size, seed=seed)
    if recipe.valid_size:
        windows = add_validation(windows, recipe.valid_size, seed)
    for name, table in (("split_report.csv", split_report(windows, recipe.test_size)),
                        ("leak_report.csv", leak_report(windows)), (SPLIT, windows)):  # fmt: skip
        write_text(table.to_csv(index=False, lineterminator="\n"), folder / name)


def write_pictures(dataset, source, folder, settings, n_jobs=None, progress=True):
    """The pictures of all windows, in the order of the table, in one file."""
    if source == "cut":
        dataset = dataclasses.replace(dataset, window_root=folder / "windows")
    windows = read_metadata(folder / WINDOWS)
    pictures = window_features(
        windows, dataset, n_jobs, progress=progress, cache_dir=folder / "pictures",
        sound="recordings" if source == "recordings" else "windows", **settings,
    )  # fmt: skip
    place = pictures.filename
    del pictures
    os.replace(place, folder / PICTURES)
    (folder / "pictures").rmdir()
