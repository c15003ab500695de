"""Steps that reading a data set takes in every layout: files, species, labels, recordings, and what was wrong."""

import os
from pathlib import Path

import pandas as pd

from anuralib.data.findings import tell
from anuralib.data.species import ANURASET_CODES, is_species_code
from anuralib.labels.bouts import split_label
from anuralib.labels.formats import parse_labels
from anuralib.sound.audio import audio_info
from anuralib.sound.names import recordings_by_name
from anuralib.windows.table import read_cells

STRONG_COLUMNS = ("recording", "start_s", "end_s", "species", "quality", "low_hz", "high_hz")


def existing_folder(root: str | os.PathLike) -> Path:
    root = Path(root).expanduser().resolve()
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder; check the path")
    return root


def visible(folder: Path, pattern: str) -> list[Path]:
    """Files under a folder without the hidden ones, such as those that macOS puts into archives."""
    found = (p for p in folder.rglob(pattern) if p.is_file())
    parts = ((p, p.relative_to(folder).parts) for p in found)
    return sorted(p for p, names in parts
                  if not any(n.startswith((".", "__MACOSX")) for n in names))


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
    # AnuraSet's tables of windows have an order of their own.
    return list(ANURASET_CODES) if set(codes) == set(ANURASET_CODES) else codes


def read_csv(path: Path) -> pd.DataFrame:
    try:
        return read_cells(path)
    except (pd.errors.ParserError, pd.errors.ParserWarning, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a CSV table ({str(error).strip()})") from error


def read_strong(files: dict[str, Path], species: list[str], split=split_label) -> tuple[pd.DataFrame, list[tuple]]:
    """All labels, and a finding for every line that could not be used."""
    rows, findings, known = [], [], set(species)
    for name, path in files.items():
        labels, broken = parse_labels(path)
        for row in labels.itertuples():
            try:
                code, quality = split(row.label)
                if known and code not in known:
                    raise ValueError(f"species {code} is not in species.csv")
            except ValueError as error:
                broken.append((row.line, str(error)))
                continue
            rows.append((name, row.start_s, row.end_s, code, quality, row.low_hz, row.high_hz))
        findings += [("error", "label line left out", f"{path}, line {line}: {text}", "correct the line in the file")
                     for line, text in sorted(broken)]
    table = pd.DataFrame(rows, columns=list(STRONG_COLUMNS))
    text = ["recording", "species", "quality"]
    kinds = {c: "str" if c in text else "float64" for c in STRONG_COLUMNS}
    table = table.astype(kinds).sort_values(["recording", "start_s", "end_s"], kind="stable")
    return table.reset_index(drop=True), findings


def recording_rows(
    named: dict[str, tuple], sound: dict[str, Path], annotated: set[str], on_error: str
) -> tuple[pd.DataFrame, list[tuple]]:
    """A row a recording, `named` giving its site and time; unreadable ones raise, or become findings."""
    rows, findings = [], []
    for name, (site, when) in named.items():
        path = sound.get(name)
        try:
            info = audio_info(path) if path else {}
            if path and info["frames"] == 0:
                raise ValueError(f"{path}: the file holds no sound; copy it again or leave it out")
        except ValueError as error:
            if on_error == "raise":
                raise
            findings.append(("error", "recording can't be read and is left out", str(error), "copy it again"))
            continue
        rows.append((name, str(path) if path else None, site, when, info.get("duration_s", float("nan")),
                     info.get("sample_rate_hz", 0), name in annotated))
    table = pd.DataFrame(rows, columns=["recording", "path", "site", "datetime", "duration_s", "sample_rate_hz",
                                        "annotated"])
    kinds = {"recording": "str", "site": "str", "datetime": "datetime64[us]", "duration_s": "float64",
             "sample_rate_hz": "int64", "annotated": "bool"}
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
    files = {name: path for name, path in recordings_by_name(visible(place, "*.txt")).items() if name in here}
    if not files:
        raise FileNotFoundError(f"{place}: no label file here is named after a recording of {dataset.name}")
    labels, findings = read_strong(files, dataset.species)
    tell(findings)
    return labels
