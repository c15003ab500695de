"""Data sets in one form, `Dataset`, and the layout of AnuraSet's record; others are in `anuralib.folders`."""

import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from anuralib import audio
from anuralib._reading import (
    STRONG_COLUMNS,
    as_findings,
    by_name,
    check_on_error,
    existing_folder,
    read_csv,
    read_species,
    read_strong,
    recording_rows,
    tell,
    visible,
)
from anuralib.metadata import read_metadata

__all__ = ["STRONG_COLUMNS", "Dataset", "read_anuraset_layout"]


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
        (whether someone listened: an empty label file counts, a missing one does not).
    strong_labels : DataFrame
        `recording`, `start_s`, `end_s`, `species`, `quality` ("L", "M" or "H"), `low_hz`,
        `high_hz` (NaN where not known).
    weak_labels : DataFrame
        `recording`, `species`, `calling_index` (0 absent to 3 full chorus), a row for every pair;
        no rows where nobody rated them.
    findings : DataFrame
        What was noticed while reading, see `_reading.FINDING_COLUMNS`; `check` adds to it.
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
        `window_root`, see `anuralib.metadata.window_path`.
        """
        if self.window_root is None:
            raise FileNotFoundError(
                f"{self.root}: there is no metadata.csv here; make the windows from the labels with "
                "al.window_labels, or write them to disk with al.build_windows"
            )
        return read_metadata(self.window_root / "metadata.csv")

    def check(self) -> pd.DataFrame:
        """Look for what would spoil a training set, and say what to do about it.

        Returns
        -------
        DataFrame
            A row a kind of problem, gravest first: `level` ("error": mend it first, "warning":
            look at it, "note": good to know), `problem`, `n`, `where` (list of recordings, species,
            or files with lines), `advice`. Empty if nothing was found.
        """
        from anuralib.dataset_report import check_dataset

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


def _other_sites(path: Path, table: pd.DataFrame, names: pd.Series) -> list[tuple]:
    """AnuraSet writes INCT04 where its files say INCT4: the name of the recording is believed."""
    if "MONITORING_SITE" not in table:
        return []
    told = table["MONITORING_SITE"].astype(str)
    differs = [not name.startswith(f"{site}_") for name, site in zip(names, told, strict=True)]
    pairs = sorted(set(zip(told[differs], names[differs].str.split("_").str[0], strict=True)))
    return [("note", "the site in weak_labels.csv is not that of the recording's name", f"{path}: {a} for {b}",
             "nothing: the name of the recording is believed") for a, b in pairs]


def _read_weak(root: Path, species: list[str]) -> tuple[pd.DataFrame, list[tuple]]:
    """The wide table as long, and findings."""
    path = root / "weak_labels.csv"
    if not path.is_file():
        return no_weak_labels(), []
    table = read_csv(path)
    wanted = [f"SPECIES_{code}" for code in species]
    missing = [c for c in ["AUDIO_FILE_ID", *wanted] if c not in table]
    if missing:
        raise ValueError(f"{path}, line 1: no column {', '.join(missing[:5])}")
    if table["AUDIO_FILE_ID"].isna().any():
        line = int(table["AUDIO_FILE_ID"].isna().to_numpy().argmax()) + 2
        raise ValueError(f"{path}, line {line}, column AUDIO_FILE_ID: empty; write the recording's name")
    names = table["AUDIO_FILE_ID"].astype(str).str.removesuffix(".wav")
    for column in wanted:
        odd = ~table[column].isin([0, 1, 2, 3])
        if odd.any():
            line = int(odd.to_numpy().argmax()) + 2
            raise ValueError(
                f"{path}, line {line}, column {column}: {table[column].iloc[line - 2]!r} is not a "
                "calling index 0, 1, 2 or 3"
            )
    if names.duplicated().any():
        line = int(names.duplicated().to_numpy().argmax()) + 2
        raise ValueError(f"{path}, line {line}: {names.iloc[line - 2]} stands in the table twice")
    wide = table[wanted].set_axis(species, axis=1).astype("int64")
    wide.insert(0, "recording", names.astype("str"))
    long = wide.melt("recording", var_name="species", value_name="calling_index")
    order = long["species"].map({code: i for i, code in enumerate(species)})
    long = long.assign(order=order).sort_values(["recording", "order"], ignore_index=True)
    long = long.drop(columns="order").astype({"species": "str"})
    return long, _other_sites(path, table, names)


def _parse_names(names: list[str], sound: dict[str, Path], on_error: str) -> tuple[dict[str, tuple], list[tuple]]:
    named, findings = {}, []
    for name in names:
        try:
            named[name] = audio.parse_recording_name(name)
        except ValueError as error:
            if on_error == "raise":
                raise ValueError(f"{sound.get(name, name)}: {error}") from error
            where = f"{sound.get(name, name)}: {error}"
            findings.append(("error", "recording can't be read and is left out", where, "rename it"))
    return named, findings


def read_anuraset_layout(root: str | os.PathLike, name: str | None = None, on_error: str = "raise") -> Dataset:
    """Read a folder laid out like AnuraSet's record (Zenodo 8342596) or the simulated pond.

    Used are `species.csv`, `weak_labels.csv`, `raw_data/<site>/*.wav` and
    `strong_labels/<site>/*.txt`, which may lie a folder of the same name deeper, as the record's
    archive unpacks. Sites come from the names of recordings. A data set of windows in `anuraset/`
    becomes `window_root`.

    Parameters
    ----------
    root : str or path-like
    name : str or None
        Name of the data set; None takes the folder's.
    on_error : {"raise", "skip"}
        What to do with a recording that can't be read or whose name has another form: stop, or
        leave it out with a warning.

    Returns
    -------
    Dataset
        If there is any sound, its recordings are those with sound, and a warning counts the
        labelled ones left out. Without any sound, all labelled recordings are listed, `path` empty
        and `duration_s` NaN.

    Warns
    -----
    UserWarning
        Once, naming file and line of every label line that could not be used; the rest is kept.

    Raises
    ------
    FileNotFoundError
        If the folder, its species table, or all recordings and labels are missing.
    ValueError
        Names the file and what to do.
    """
    check_on_error(on_error)
    root = existing_folder(root)
    species = read_species(root)
    sound = by_name(visible(root / "raw_data", "*.[wW][aA][vV]"))
    files = by_name(visible(root / "strong_labels", "*.txt"))
    weak, findings = _read_weak(root, species)
    labelled = set(files) | set(weak["recording"])
    if not sound and not labelled:
        raise FileNotFoundError(
            f"{root}: neither recordings (raw_data/<site>/*.wav) nor labels "
            "(strong_labels/<site>/*.txt, weak_labels.csv) are here"
        )
    if sound and labelled - set(sound):
        left = sorted(labelled - set(sound))
        warnings.warn(
            f"{root}: {len(left)} labelled recordings have no sound in raw_data and are left out "
            f"({', '.join(left[:3])}{', ...' if len(left) > 3 else ''})",
            stacklevel=2,
        )
        findings += [("warning", "labelled recording without sound is left out", x, "fetch its sound") for x in left]
    names, unnamed = _parse_names(sorted(sound) if sound else sorted(labelled), sound, on_error)
    recordings, unread = recording_rows(names, sound, set(files), on_error)
    here = set(recordings["recording"])
    strong, problems = read_strong({k: v for k, v in files.items() if k in here}, species)
    weak = weak[weak["recording"].isin(here)].reset_index(drop=True)
    findings = as_findings([*unnamed, *unread, *problems, *findings])
    tell([*unnamed, *unread, *problems])
    return Dataset(name or root.name, root, species, recordings, strong, weak, findings, window_folder(root))


def window_folder(root: Path) -> Path | None:
    """The folder with `metadata.csv`: `root`, or `root/anuraset` as the record's archive unpacks."""
    return next((f for f in (root, root / "anuraset") if (f / "metadata.csv").is_file()), None)
