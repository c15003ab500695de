"""One's own recordings with label files beside them, and data sets of windows, read as a `Dataset`."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from anuralib._arguments import check_on_error
from anuralib._files import is_of_the_machine, with_advice
from anuralib.data.dataset import Dataset, no_weak_labels, window_folder
from anuralib.data.files import SOUND_SUFFIXES, may_hold_labels, passed_over, walk, with_suffix
from anuralib.data.findings import as_findings, tell
from anuralib.data.reading import WHOLE, existing_folder, read_species, read_strong, recording_rows
from anuralib.labels.bouts import split_label
from anuralib.labels.formats import labelled_stem, parse_labels
from anuralib.sound.names import name_key, recordings_by_name, site_and_time
from anuralib.sound.recorders import recorder_notes
from anuralib.windows.table import METADATA_COLUMNS, read_metadata, species_columns, window_table

# BOAFAB_M in the spellings that hands give it: boafab_m, "BOAFAB M", BOAFAB-M.
_CODE_AND_QUALITY = re.compile(r"([A-Za-z]{6})[\s_-]+([CFHLMcfhlm])")


_RAVEN = re.compile(r"(\.Table\.[0-9]+)?(\.selections)?$", re.IGNORECASE)  # as a person saves a table there


def _beside(files: list[Path], sound: dict[str, Path]) -> tuple[dict[str, list[Path]], list[Path]]:
    """The files that may be labels of each recording, and those that belong to none by their name."""
    # A label file has the name of the file, or that of the recording, as players and `predict_folder` write it.
    by_place = {(path.parent, name_key(stem)): name for name, path in sound.items() for stem in (name, path.stem)}
    found: dict[str, list[Path]] = {}
    strangers = []
    for path in filter(may_hold_labels, files):
        places = ((path.parent, name_key(stem)) for stem in (path.stem, labelled_stem(path)))
        name = next((by_place[place] for place in places if place in by_place), None)
        if name is not None:
            found.setdefault(name, []).append(path)
        elif path.suffix:
            strangers.append(path)
    return found, strangers


def _reads(path: Path) -> tuple[pd.DataFrame, list] | None:
    """What `parse_labels` gives of a file, or None where it is none of labels."""
    try:
        return parse_labels(path)
    except (OSError, ValueError) as error:
        if is_of_the_machine(error):  # no label file's fault, and others can't be read either
            raise with_advice(error) from error
        return None


def _tables(strangers: list[Path], sound: dict[str, Path]) -> dict[Path, tuple]:
    """Tables, parsed, whose rows say of which recordings they are, as a table of a whole season does."""
    stems = {name_key(stem) for name, path in sound.items() for stem in (name, path.stem)}
    found = {}
    for path in strangers:
        parsed = _reads(path)
        if parsed and any(name_key(Path(told).stem) in stems for told in parsed[0]["file"].unique() if told):
            found[path] = parsed
    return found


def _label_files(
    files: list[Path], sound: dict[str, Path], on_error: str
) -> tuple[dict[str, Path], dict[Path, tuple], list[tuple], set]:
    """The label file of each recording, tables of several, findings, and recordings with files none can choose from."""
    beside, strangers = _beside(files, sound)
    tables = _tables(strangers, sound)
    findings = [("warning", "label file without its recording", str(path),
                 "give it the recording's name, and put it beside the recording; or name the recording in each row")
                for path in strangers if path not in tables]  # fmt: skip
    chosen, undecided = {}, set()
    for name, paths in beside.items():
        # NAME.txt goes before NAME.BirdNET.results.csv: what a person saved before what a program did.
        own = (name_key(name), name_key(sound[name].stem))
        exact = [path for path in paths if name_key(_RAVEN.sub("", path.stem)) in own]
        if exact and len(exact) < len(paths):
            findings += [("warning", "label file passed over: another has the recording's own name", str(path),
                          "put it elsewhere, or take the other away") for path in paths if path not in exact]
            paths = exact
        good = paths if len(paths) == 1 else [path for path in paths if _reads(path) is not None]
        rest = [path for path in paths if path not in good]
        if rest or len(good) != 1:
            what = (f"{(rest or good)[-1]}: {'no label file' if rest else 'a second label file'} beside "
                    f"{(good or paths)[0]}")  # fmt: skip
            if on_error == "raise":
                raise ValueError(f'{what}; keep one of them, or say on_error="skip"')
            findings.append(("error", "several files beside one recording", what, "keep the one with its labels"))
        if len(good) == 1:
            chosen[name] = good[0]
        else:
            undecided.add(name)
    return chosen, tables, findings, undecided


def _split_free(label: str) -> tuple[str, str | None]:
    """CODE_Q where that is the form, else the whole text as the species, of unknown quality."""
    text = label.strip()
    if not text:
        raise ValueError("the label has no text; write the species")
    if text in METADATA_COLUMNS:
        raise ValueError(f"{text!r} is the name of a column of tables of windows; call the species otherwise")
    spelled = _CODE_AND_QUALITY.fullmatch(text)
    return split_label(f"{spelled[1]}_{spelled[2]}".upper()) if spelled else (text, None)


def _time_of(name: str, path: Path, time_zone: str | None) -> tuple[tuple[str, pd.Timestamp], list[tuple]]:
    """Site and time by the name, else by what the recorder noted in the file; and a finding where the two differ."""
    site, when = site_and_time(path, time_zone, name)
    try:
        notes = recorder_notes(path)
    except OSError:  # reading its sound will tell
        return (site, when), []
    made = notes.get("made", pd.NaT)
    if pd.isna(when):
        universal = notes.get("utc_offset") == "+00:00"
        if universal and time_zone is not None and not pd.isna(made):
            made = made.tz_localize("UTC").tz_convert(time_zone).tz_localize(None)
        return (site, pd.NaT if universal and time_zone is None else made), []
    # Whole quarters of an hour are a matter of time zones; the clock has the same minutes and seconds in all of them.
    apart_s = 0 if pd.isna(made) else abs((made - when).total_seconds())
    if min(apart_s % 900, -apart_s % 900) <= 2 and apart_s <= 26 * 3600:
        return (site, when), []
    return (site, when), [("warning", "name and recorder's note tell different times", f"{path}: {when} and {made}",
                           "find out which is right; that of the name is taken")]  # fmt: skip


def read_recordings_folder(
    root: str | os.PathLike,
    name: str | None = None,
    species: Sequence[str] | None = None,
    on_error: str = "raise",
    time_zone: str | None = None,
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
        What to do with a recording, a label file or a folder that can't be read: stop, or leave it out with a warning.
    time_zone : str, optional
        Where the recorders stood, such as "America/Sao_Paulo", for names that tell universal time.

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
    files, findings = walk(root)
    if findings and on_error == "raise":
        _, problem, where, advice = findings[0]
        raise OSError(f'{where}: {problem}; {advice}, or say on_error="skip"')
    paths = with_suffix(files, SOUND_SUFFIXES)
    if not paths:
        raise FileNotFoundError(f"{root}: no recordings here ({', '.join(SOUND_SUFFIXES)}); check the path")
    if species is None:
        species = read_species(root) if (root / "species.csv").is_file() else []
    clashes = None if on_error == "raise" else []
    sound = recordings_by_name(paths, clashes)
    findings += [("error", "recording can't be read and is left out", f"{path}: {first} gets the same name, {name}",
                  "rename one of them") for path, first, name in clashes or ()]  # fmt: skip
    label_files, tables, strangers, undecided = _label_files(files, sound, on_error)
    named = {}
    for k in sorted(sound):
        named[k], doubts = _time_of(k, sound[k], time_zone)
        findings += doubts
    strong, problems, unread = read_strong(label_files, list(species), _split_free, on_error, sound, tables)
    unread |= dict.fromkeys(undecided, [WHOLE])
    annotated = {*label_files, *undecided, *strong["recording"]}
    recordings, unreadable = recording_rows(named, sound, annotated, unread, on_error)
    strong = strong[strong["recording"].isin(recordings["recording"])].reset_index(drop=True)
    codes = list(species) or sorted(strong["species"].unique())
    findings = [*findings, *unreadable, *problems, *strangers, *passed_over(files)]
    tell(findings)
    return Dataset(name or root.name, root, codes, recordings, strong, no_weak_labels(), as_findings(findings))


def read_windows_folder(root: str | os.PathLike, name: str | None = None) -> Dataset:
    """Read a data set of windows, as AnuraSet publishes it and `build_windows` writes it, without its recordings.

    Parameters
    ----------
    root : str or path-like
        The folder with `metadata.csv` and `audio/`, or the one above it (`anuraset/`). A competition's `train.csv`,
        with the names of windows' files and their species, does as well.
    name : str or None

    Returns
    -------
    Dataset
        `Dataset.windows` gives the table. Its recordings have no `path`, and the end of their last window as
        `duration_s`; strong and weak labels are empty.

    Raises
    ------
    FileNotFoundError
        If there is no table of windows.
    ValueError
        Names the file, the line and the column.
    """
    root = Path(root).expanduser().resolve()
    folder = window_folder(root)
    if folder is None:
        raise FileNotFoundError(f"{root}: there is no metadata.csv here; check the path")
    windows = read_metadata(window_table(folder))
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
    strong, *_ = read_strong({}, [])
    codes = species_columns(windows)
    return Dataset(name or root.name, root, codes, recordings, strong, no_weak_labels(), window_root=folder)
