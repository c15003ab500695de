"""One's own recordings with label files beside them, and data sets of windows, read as a `Dataset`."""

import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from anuralib._arguments import check_on_error
from anuralib.data.dataset import Dataset, no_weak_labels, window_folder
from anuralib.data.findings import as_findings, tell
from anuralib.data.reading import existing_folder, read_species, read_strong, recording_rows, visible
from anuralib.labels.bouts import split_label
from anuralib.labels.formats import LABEL_SUFFIXES, labelled_stem
from anuralib.sound.names import recordings_by_name, site_and_time
from anuralib.windows.table import METADATA_COLUMNS, read_metadata, species_columns

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")


def _label_files(root: Path, sound: dict[str, Path]) -> tuple[dict[str, Path], list[tuple]]:
    """The label file beside each recording, and findings for those that belong to none."""
    # A label file has the name of the file, or that of the recording, as players and `predict_folder` write it.
    by_place = {(path.parent, stem): name for name, path in sound.items() for stem in (name, path.stem)}
    found: dict[str, Path] = {}
    findings = []
    for path in [p for p in visible(root, "*") if p.suffix.lower() in LABEL_SUFFIXES]:
        name = by_place.get((path.parent, path.stem)) or by_place.get((path.parent, labelled_stem(path)))
        if name is None:
            if path.name not in ("species.csv", "README.txt"):
                findings.append(("warning", "label file without its recording", str(path),
                                 "give it the recording's name, and put it beside the recording"))
        elif name in found:
            raise ValueError(f"{path}: {found[name]} holds labels of the same recording; keep one of them")
        else:
            found[name] = path
    return found, findings


def _split_free(label: str) -> tuple[str, str | None]:
    """CODE_Q where that is the form, else the whole text as the species, of unknown quality."""
    text = label.strip()
    if not text:
        raise ValueError("the label has no text; write the species")
    if text in METADATA_COLUMNS:
        raise ValueError(f"{text!r} is the name of a column of tables of windows; call the species otherwise")
    try:
        return split_label(text)
    except ValueError:
        return text, None


def read_recordings_folder(
    root: str | os.PathLike,
    name: str | None = None,
    species: Sequence[str] | None = None,
    on_error: str = "raise",
) -> Dataset:
    """Read a folder of recordings with a label file beside each that was annotated.

    Recordings are searched in all folders below. A label file has the name of its recording: `NAME.txt` from Audacity
    or Raven (also `NAME.Table.1.selections.txt`), or `NAME.csv`. An empty one means that someone listened and nothing
    was there; without one the recording counts as not annotated. Label text is `CODE_Q` as in AnuraSet, or any
    name of a species.

    Parameters
    ----------
    root : str or path-like
    name : str or None
        Name of the data set; None takes the folder's.
    species : sequence of str or None
        The species wanted, in their order; a label of another is a fault. None takes those of `species.csv` in the
        folder (column CODE), or else all that occur, sorted.
    on_error : {"raise", "skip"}
        What to do with a recording that can't be read: stop, or leave it out with a warning.

    Returns
    -------
    Dataset
        A recording `site_yyyymmdd_hhmmss` has that site and time; one named by the time only takes its folder's name as
        the site and in front of its own; any other has the folder's name as the site and no time. Spaces become `_`.
        There are no weak labels.

    Warns
    -----
    UserWarning
        Once, naming all that was left out; `Dataset.check` lists it too.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, or no recording in it.
    ValueError
        Names the file and what to do.
    """
    check_on_error(on_error)
    root = existing_folder(root)
    paths = [p for p in visible(root, "*") if p.suffix.lower() in SOUND_SUFFIXES]
    if not paths:
        raise FileNotFoundError(f"{root}: no recordings here ({', '.join(SOUND_SUFFIXES)}); check the path")
    if species is None:
        species = read_species(root) if (root / "species.csv").is_file() else []
    sound = recordings_by_name(paths)
    files, findings = _label_files(root, sound)
    named = {k: site_and_time(sound[k]) for k in sorted(sound)}
    recordings, unread = recording_rows(named, sound, set(files), on_error)
    here = set(recordings["recording"])
    strong, problems = read_strong({k: v for k, v in files.items() if k in here}, list(species), _split_free)
    tell([*unread, *problems])
    codes = list(species) or sorted(strong["species"].unique())
    findings = as_findings([*unread, *problems, *findings])
    return Dataset(name or root.name, root, codes, recordings, strong, no_weak_labels(), findings)


def read_windows_folder(root: str | os.PathLike, name: str | None = None) -> Dataset:
    """Read a data set of windows, as AnuraSet publishes it and `build_windows` writes it, without its recordings.

    Parameters
    ----------
    root : str or path-like
        The folder with `metadata.csv` and `audio/`, or the one above it (`anuraset/`).
    name : str or None

    Returns
    -------
    Dataset
        `Dataset.windows` gives the table. Its recordings have no `path`, and the end of their last window as
        `duration_s`; strong and weak labels are empty.

    Raises
    ------
    FileNotFoundError
        If there is no `metadata.csv`.
    ValueError
        Names the file, the line and the column.
    """
    root = Path(root).expanduser().resolve()
    folder = window_folder(root)
    if folder is None:
        raise FileNotFoundError(f"{root}: there is no metadata.csv here; check the path")
    windows = read_metadata(folder / "metadata.csv")
    last = windows.groupby("fname", as_index=False).agg(site=("site", "first"), date=("date", "first"),
                                                        duration_s=("max_t", "max"))
    recordings = pd.DataFrame({
        "recording": last["fname"],
        "path": None,
        "site": last["site"],
        "datetime": pd.to_datetime(last["date"].replace("", None)),
        "duration_s": last["duration_s"].astype(float),
        "sample_rate_hz": 0,
        "annotated": True,
    })
    strong, _ = read_strong({}, [])
    codes = species_columns(windows)
    return Dataset(name or root.name, root, codes, recordings, strong, no_weak_labels(), window_root=folder)
