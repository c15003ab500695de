"""Steps that reading a data set takes in every layout: files, species, labels, recordings, and what was wrong."""

import os
import warnings
from pathlib import Path

import pandas as pd

from anuralib import audio
from anuralib.annotation import split_label
from anuralib.label_tables import parse_labels
from anuralib.metadata import read_cells
from anuralib.species import ANURASET_CODES, is_species_code

FINDING_COLUMNS = ("level", "problem", "where", "advice")
"""Of what is wrong with a data set: error, warning or note; what; in which file, line or recording; what to do."""

STRONG_COLUMNS = ("recording", "start_s", "end_s", "species", "quality", "low_hz", "high_hz")


def as_findings(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    """A table with `FINDING_COLUMNS`, also of no rows."""
    return pd.DataFrame(rows, columns=list(FINDING_COLUMNS), dtype="str")


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


def by_name(paths: list[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in paths:
        if path.stem in named:
            raise ValueError(f"{path}: {named[path.stem]} has the same name; remove one of them")
        named[path.stem] = path
    return named


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
            info = audio.audio_info(path) if path else {}
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


def check_on_error(on_error: str) -> None:
    if on_error not in ("raise", "skip"):
        raise ValueError(f'on_error must be "raise" or "skip", not {on_error!r}')


def tell(findings: list[tuple]) -> None:
    """One warning for all that was left out while reading."""
    left = [where for level, _, where, _ in findings if level == "error"]
    if left:
        what = "label line(s) left out" if all("line" in f[1] for f in findings if f[0] == "error") else "faults"
        more = f"; and {len(left) - 20} more, see dataset.check()" if len(left) > 20 else ""
        warnings.warn(f"{len(left)} {what}, correct them in the files: {'; '.join(left[:20])}{more}", stacklevel=3)
