"""Steps that reading a data set takes in every layout: files, species, labels, recordings, and what was wrong."""

import os
from pathlib import Path

import pandas as pd

from anuralib._files import is_of_the_machine, with_advice
from anuralib.data.files import walk, with_suffix
from anuralib.data.findings import tell
from anuralib.data.species import in_anurasets_order, is_species_code
from anuralib.labels.bouts import split_label
from anuralib.labels.formats import LABEL_SUFFIXES, parse_labels
from anuralib.sound.audio import audio_info
from anuralib.sound.names import name_key, recordings_by_name
from anuralib.windows.table import read_cells

WHOLE = (0.0, float("inf"))  # of a recording
STRONG_COLUMNS = ("recording", "start_s", "end_s", "species", "quality", "low_hz", "high_hz")


def existing_folder(root: str | os.PathLike) -> Path:
    root = Path(root).expanduser().resolve()
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder; check the path")
    return root


def read_species(root: Path) -> list[str]:
    path = root / "species.csv"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: a data set needs a table FAMILY,SPECIES,CODE here")
    table = read_csv(path)
    if "CODE" not in table:
        raise ValueError(f"{path}, line 1: no column CODE; expected FAMILY,SPECIES,CODE")
    codes = table["CODE"].astype(str).str.strip().tolist()
    for line, code in enumerate(codes, start=2):
        if not is_species_code(code) or codes.index(code) < line - 2:
            raise ValueError(f"{path}, line {line}: {code!r} is not a new code of six capitals")
    return in_anurasets_order(codes)


def read_csv(path: Path) -> pd.DataFrame:
    try:
        return read_cells(path)
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a CSV table ({str(error).strip()})") from error


def _places(named):
    """The recordings, with their sound files, that a row may mean by a name."""
    places = {}
    for recording, sound in named.items():
        for key in {recording, sound.stem, sound.name} if sound is not None else {recording}:
            places.setdefault(name_key(key), []).append((recording, sound))
    return places


def _own_rows(name, path, labels, places):
    """Whose each row is: the recording that it names, else the one that the file is named after; and findings."""
    if name is not None and not labels["file"].any():
        return [name] * len(labels), []
    owners, findings = [], []
    for line, told in zip(labels["line"], labels["file"], strict=True):
        key = name_key(told)
        found = places.get(key) or places.get(Path(key).stem) or []
        near = [recording for recording, sound in found if sound is not None and sound.parent == path.parent]
        if not told and name is None:
            owners.append(None)
            findings.append(("error", "label of no recording is left out", f"{path}, line {line}: it names no file",
                             "write the recording's file into the row"))  # fmt: skip
        elif not told or name in (recording for recording, _ in found):
            owners.append(name)
        elif len(found) == 1 or len(near) == 1:
            owners.append(found[0][0] if len(found) == 1 else near[0])
        else:
            owners.append(None)
            findings.append(("error", "label of another recording is left out", f"{path}, line {line}: it names {told}",
                             "put that recording into the folder, or take the line out"))
    return owners, findings


class Ignored(ValueError):
    """Of a label that says nothing of what calls: it is left out by name, and its time counts as listened to."""


def read_strong(
    files: dict[str, Path], species: list[str], split=split_label, on_error: str = "raise", named: dict | None = None,
    tables: dict[Path, tuple] | None = None,
) -> tuple[pd.DataFrame, list[tuple], dict[str, list[tuple[float, float]]]]:
    """All labels, what could not be used, and where therefore nobody knows what calls.

    Parameters
    ----------
    files : dict
        The label file of each recording.
    species : list of str
        Those wanted; none: all.
    split : callable
        From the text of a label to species and quality; ValueError where it is none, `Ignored` where that is meant.
    on_error : {"raise", "skip"}
        What to do with a file that can't be read at all.
    named : dict, optional
        The sound file (or None) of each recording, to find those that rows of tables name.
    tables : dict, optional
        Label files of several recordings, which each row names: what `parse_labels` gave, by path.

    Returns
    -------
    labels : DataFrame
        `STRONG_COLUMNS`.
    findings : list of tuple
    unread : dict
        For recordings whose labels could not be read in whole or in part: spans (start_s, end_s), the end infinite
        where no time could be read either.
    """
    rows, findings, known = [], [], set(species)
    unread: dict[str, list[tuple[float, float]]] = {}
    places = _places(dict.fromkeys(files) if named is None else named)
    tables = tables or {}
    for name, path in [*files.items(), *((None, path) for path in tables)]:
        try:
            labels, broken = parse_labels(path) if name is not None else tables[path]
        except (OSError, ValueError) as error:
            if is_of_the_machine(error):  # no label file's fault, and others can't be read either
                raise with_advice(error) from error
            if on_error == "raise":
                if isinstance(error, OSError):
                    raise
                raise ValueError(f'{error}; or say on_error="skip" to do without it') from error
            findings.append(("error", "label file can't be read", str(error), "mend it, or take it away"))
            unread |= {} if name is None else {name: [WHOLE]}
            continue
        owners, strangers = _own_rows(name, path, labels, places)
        findings += strangers
        problems = [(line, text, name, (start_s, end_s) if end_s >= start_s else WHOLE)
                    for line, text, start_s, end_s in broken]  # fmt: skip
        for owner, row in zip(owners, labels.itertuples(), strict=True):
            try:
                code, quality = split(row.label)
                code = code.upper() if code.upper() in known else code
                if known and code not in known:
                    raise Ignored(f"species {code} is not in species.csv")
            except ValueError as error:
                span = None if isinstance(error, Ignored) else (row.start_s, row.end_s)
                problems.append((row.line, str(error), owner, span))
                continue
            if owner is not None:
                rows.append((owner, row.start_s, row.end_s, code, quality, row.low_hz, row.high_hz))
        for line, text, owner, span in sorted(problems, key=lambda problem: problem[0]):
            findings.append(("error", "label line left out", f"{path}, line {line}: {text}",
                             "correct the line in the file"))  # fmt: skip
            if owner is not None and span is not None:
                unread.setdefault(owner, []).append(span)
    table = pd.DataFrame(rows, columns=list(STRONG_COLUMNS))
    text = ["recording", "species", "quality"]
    kinds = {c: "str" if c in text else "float64" for c in STRONG_COLUMNS}
    table = table.astype(kinds).sort_values(["recording", "start_s", "end_s"], kind="stable")
    return table.reset_index(drop=True), findings, unread


def recording_rows(
    named: dict[str, tuple], sound: dict[str, Path], annotated: set[str], unread: dict, on_error: str
) -> tuple[pd.DataFrame, list[tuple]]:
    """A row for each recording, `named` giving its site and time; unreadable ones raise, or become findings."""
    rows, findings = [], []
    for name, (site, when) in named.items():
        path = sound.get(name)
        try:
            info = audio_info(path) if path else {}
            if path and info["frames"] == 0:
                raise ValueError(f"{path}: the file holds no sound; copy it again or leave it out")
        except (OSError, ValueError) as error:
            if is_of_the_machine(error):
                raise with_advice(error) from error
            if on_error == "raise":
                raise
            findings.append(("error", "recording can't be read and is left out", str(error), "copy it again"))
            continue
        if info.get("problem"):
            findings.append(("warning", "header and sound do not fit", f"{path}: {info['problem']}",
                             "copy it again if it is still on the card; what is there is used"))  # fmt: skip
        rows.append((name, str(path) if path else None, site, when, info.get("duration_s", float("nan")),
                     info.get("sample_rate_hz", 0), name in annotated, tuple(sorted(unread.get(name, ())))))
    table = pd.DataFrame(rows, columns=["recording", "path", "site", "datetime", "duration_s", "sample_rate_hz",
                                        "annotated", "unread_s"])
    kinds = {"recording": "str", "site": "str", "datetime": "datetime64[us]", "duration_s": "float64",
             "sample_rate_hz": "int64", "annotated": "bool", "unread_s": "object"}
    return table.astype(kinds), findings


def read_annotator(dataset, folder="second_annotator"):
    """Read another annotator's label files of a data set.

    Parameters
    ----------
    dataset : Dataset
        Whose recordings and species they are.
    folder : str or path-like
        Within ``dataset.root``, or a path of its own: label files named after the recordings, at any depth.

    Returns
    -------
    DataFrame
        Columns of ``dataset.strong_labels``.

    Warns
    -----
    UserWarning
        Names file and line of every line that could not be used; the rest is kept.

    Raises
    ------
    FileNotFoundError
        If the folder is not there, or holds no label file of any recording of the data set.
    """
    place = Path(dataset.root) / folder
    here = set(dataset.recordings["recording"])
    found, _ = walk(place)
    files = {name: path for name, path in recordings_by_name(with_suffix(found, LABEL_SUFFIXES)).items()
             if name in here}  # fmt: skip
    if not files:
        raise FileNotFoundError(f"{place}: no label file here is named after a recording of {dataset.name}")
    labels, findings, _ = read_strong(files, dataset.species)
    tell(findings)
    return labels
