"""Small result tables of long computations, kept in benchmarks/results for the chapters that show them."""

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).resolve().parent / "results"


def save_results(
    name, table, seeds, seconds, packages=("numpy", "scikit-learn", "torch"), note="", folder=FOLDER, script=None
):
    """Write a table to `folder`/`name`.csv with how it came about in lines that begin with #.

    Parameters
    ----------
    name : str
    table : DataFrame
        Rounded to four decimals; the index is not written.
    seeds : sequence of int
    seconds : float
        How long the computation took.
    packages : sequence of str
        Whose versions matter.
    note : str
        One line: what was compared, and on what.
    script : str, optional
        Name of the script that made the table, if it is not `name`.
    folder : Path
        Written whole or not at all.

    Returns
    -------
    Path
    """
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    lines = [
        f"# {note}" if note else None,
        f"# made by benchmarks/{script or name}.py on {datetime.date.today().isoformat()}, {seconds / 60:.1f} minutes "
        f"on {os.cpu_count()} cores",
        f"# seeds {', '.join(map(str, seeds))}; Python {platform.python_version()}, {versions}",
    ]
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{name}.csv"
    part = target.with_suffix(".part")
    head = "\n".join(line for line in lines if line)
    part.write_text(f"{head}\n{table.round(4).to_csv(index=False)}", encoding="utf-8")
    part.replace(target)
    return target


def read_results(name, folder=FOLDER, **options):
    """The table that `save_results` wrote; options are those of `pandas.read_csv`."""
    return pd.read_csv(folder / f"{name}.csv", comment="#", **options)
