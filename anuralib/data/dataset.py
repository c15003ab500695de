"""Recordings and their labels in one form, `Dataset`."""

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from anuralib.data.findings import as_findings, check_dataset
from anuralib.windows.table import read_metadata, window_table


@dataclass(frozen=True, eq=False)
class Dataset:
    """Recordings and their labels.

    Attributes
    ----------
    name : str
    root : pathlib.Path
        The folder all of it was read from.
    species : list of str
        Codes, in the order of the columns of tables of windows.
    recordings : DataFrame
        `recording`, `path`, `site`, `datetime`, `duration_s`, `sample_rate_hz`, `annotated`
        (whether someone listened: an empty label file counts, a missing one does not), `unread_s`
        (spans of time, (start, end) in seconds, whose labels could not be read: nobody knows what
        calls there, and `window_labels` makes no windows of them).
    strong_labels : DataFrame
        `recording`, `start_s`, `end_s`, `species`, `quality` ("L", "M" or "H"), `low_hz`,
        `high_hz` (NaN where not known).
    weak_labels : DataFrame
        `recording`, `species`, `calling_index` (0 absent to 3 full chorus), a row for every pair;
        no rows where nobody rated them.
    findings : DataFrame
        What was noticed while reading, see `anuralib.data.findings.FINDING_COLUMNS`; `check` adds to it.
    window_root : pathlib.Path or None
        The folder with the data set of windows (`metadata.csv` and `audio/`), if there is one.
    """

    name: str
    root: Path
    species: list[str]
    recordings: pd.DataFrame = field(repr=False)
    strong_labels: pd.DataFrame = field(repr=False)
    weak_labels: pd.DataFrame = field(repr=False)
    findings: pd.DataFrame = field(repr=False, default_factory=lambda: as_findings([]))
    window_root: Path | None = None

    @property
    def windows(self) -> pd.DataFrame:
        """The published table of windows, checked; FileNotFoundError where there is none.

        From strong labels `al.window_labels` makes one. The sound of a row lies under
        `window_root`, see `anuralib.windows.table.window_sound`.
        """
        if self.window_root is None:
            raise FileNotFoundError(
                f"{self.root}: there is no metadata.csv here; make the windows from the labels with "
                "al.window_labels, or write them to disk with al.build_windows"
            )
        return read_metadata(window_table(self.window_root) or self.window_root / "metadata.csv")

    def check(self) -> pd.DataFrame:
        """Look for what would spoil a training set, and say what to do about it.

        Returns
        -------
        DataFrame
            One row per kind of problem, gravest first: `level` ("error": mend it first, "warning":
            look at it, "note": good to know), `problem`, `n`, `where` (list of recordings, species,
            or files with lines), `advice`. Empty if nothing was found.
        """
        return check_dataset(self)

    @property
    def truth(self) -> pd.DataFrame:
        """Every call event as the simulation placed it; FileNotFoundError for real recordings."""
        path = self.root / "truth.csv"
        if not path.is_file():
            raise FileNotFoundError(
                f"{path}: only a simulated pond knows the truth; use strong_labels here"
            )
        return pd.read_csv(path)


def no_weak_labels() -> pd.DataFrame:
    return pd.DataFrame({
        "recording": pd.Series(dtype="str"),
        "species": pd.Series(dtype="str"),
        "calling_index": pd.Series(dtype="int64"),
    })


def window_folder(root: Path) -> Path | None:
    """The folder with a table of windows: `root`, `root/anuraset` as the record's archive unpacks, or a mirror's."""
    mirrors = sorted(path for path in root.glob("[Aa]nura[Ss]et*") if path.is_dir())
    return next((folder for folder in (root, root / "anuraset", *mirrors) if window_table(folder)), None)


def sound_paths(dataset):
    """The file of each recording that has one, in the order of ``dataset.recordings``."""
    root = Path(getattr(dataset, "root", None) or ".")
    with_sound = dataset.recordings.dropna(subset="path")
    return {name: root / path for name, path in zip(with_sound["recording"], with_sound["path"], strict=True)}
