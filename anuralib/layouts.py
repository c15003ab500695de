"""Folders of recordings and label files, read into one form: `Dataset`."""

import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from anuralib import audio
from anuralib.annotation import split_label
from anuralib.label_files import parse_audacity
from anuralib.species import ANURASET_CODES, is_species_code

STRONG_COLUMNS = ("recording", "start_s", "end_s", "species", "quality", "low_hz", "high_hz")


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
        `recording`, `species`, `calling_index` (0 absent to 3 full chorus), a row for every pair.
    """

    name: str
    root: Path
    species: list[str]
    recordings: pd.DataFrame = field(repr=False)
    strong_labels: pd.DataFrame = field(repr=False)
    weak_labels: pd.DataFrame = field(repr=False)

    @property
    def truth(self) -> pd.DataFrame:
        """Every call event as the simulation placed it; FileNotFoundError for real recordings."""
        path = self.root / "truth.csv"
        if not path.is_file():
            raise FileNotFoundError(
                f"{path}: only a simulated pond knows the truth; use strong_labels here"
            )
        return pd.read_csv(path)


def _visible(folder: Path, pattern: str) -> list[Path]:
    """Files under a folder without the hidden ones, such as those that macOS puts into archives."""
    found = (p for p in folder.rglob(pattern) if p.is_file())
    parts = ((p, p.relative_to(folder).parts) for p in found)
    return sorted(p for p, names in parts
                  if not any(n.startswith((".", "__MACOSX")) for n in names))


def _by_name(paths: list[Path]) -> dict[str, Path]:
    named: dict[str, Path] = {}
    for path in paths:
        if path.stem in named:
            raise ValueError(f"{path}: {named[path.stem]} has the same name; remove one of them")
        named[path.stem] = path
    return named


def _read_species(root: Path) -> list[str]:
    path = root / "species.csv"
    if not path.is_file():
        raise FileNotFoundError(f"{path}: a data set needs a table FAMILY,SPECIES,CODE here")
    table = _read_csv(path)
    if "CODE" not in table:
        raise ValueError(f"{path}, line 1: no column CODE; expected FAMILY,SPECIES,CODE")
    codes = table["CODE"].astype(str).str.strip().tolist()
    for line, code in enumerate(codes, start=2):
        if not is_species_code(code) or codes.index(code) < line - 2:
            raise ValueError(f"{path}, line {line}: {code!r} is not a new code of six capitals")
    # AnuraSet's tables of windows have an order of their own.
    return list(ANURASET_CODES) if set(codes) == set(ANURASET_CODES) else codes


def _read_csv(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, encoding="utf-8-sig", index_col=False)
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a CSV table ({str(error).strip()})") from error


def _read_strong(files: dict[str, Path], species: list[str]) -> tuple[pd.DataFrame, list[str]]:
    """All labels, and a text for every line that could not be used."""
    rows, problems, known = [], [], set(species)
    for name, path in files.items():
        labels, broken = parse_audacity(path)
        for row in labels.itertuples():
            try:
                code, quality = split_label(row.label)
                if code not in known:
                    raise ValueError(f"species {code} is not in species.csv")
            except ValueError as error:
                broken.append((row.line, str(error)))
                continue
            rows.append((name, row.start_s, row.end_s, code, quality, row.low_hz, row.high_hz))
        problems += [f"{path}, line {line}: {text}" for line, text in sorted(broken)]
    table = pd.DataFrame(rows, columns=list(STRONG_COLUMNS))
    text = ["recording", "species", "quality"]
    kinds = {c: "str" if c in text else "float64" for c in STRONG_COLUMNS}
    table = table.astype(kinds).sort_values(["recording", "start_s", "end_s"], kind="stable")
    return table.reset_index(drop=True), problems


def _read_weak(root: Path, species: list[str]) -> pd.DataFrame:
    """The wide table as long; the site in it is not used, as AnuraSet writes INCT04 for INCT4."""
    path = root / "weak_labels.csv"
    if not path.is_file():
        return pd.DataFrame({
            "recording": pd.Series(dtype="str"),
            "species": pd.Series(dtype="str"),
            "calling_index": pd.Series(dtype="int64"),
        })
    table = _read_csv(path)
    wanted = [f"SPECIES_{code}" for code in species]
    missing = [c for c in ["AUDIO_FILE_ID", *wanted] if c not in table]
    if missing:
        raise ValueError(f"{path}, line 1: no column {', '.join(missing[:5])}")
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
    return long.drop(columns="order").astype({"species": "str"})


def _recording_rows(names: list[str], sound: dict[str, Path], annotated: set[str]) -> pd.DataFrame:
    rows = []
    for name in names:
        path = sound.get(name)
        try:
            site, when = audio.parse_recording_name(name)
        except ValueError as error:
            raise ValueError(f"{path or name}: {error}") from error
        info = audio.audio_info(path) if path else {}
        rows.append({
            "recording": name,
            "path": str(path) if path else None,
            "site": site,
            "datetime": when,
            "duration_s": info.get("duration_s", float("nan")),
            "sample_rate_hz": info.get("sample_rate_hz", 0),
            "annotated": name in annotated,
        })
    return pd.DataFrame(rows).astype({"recording": "str", "site": "str"})


def read_anuraset_layout(root: str | os.PathLike, name: str | None = None) -> Dataset:
    """Read a folder laid out like AnuraSet's record (Zenodo 8342596) or the simulated pond.

    Used are `species.csv`, `weak_labels.csv`, `raw_data/<site>/*.wav` and
    `strong_labels/<site>/*.txt`, which may lie a folder of the same name deeper, as the record's
    archive unpacks. Sites come from the names of recordings.

    Parameters
    ----------
    root : str or path-like
    name : str or None
        Name of the data set; None takes the folder's.

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
    root = Path(root).expanduser().resolve()
    if not root.is_dir():
        raise FileNotFoundError(f"{root}: there is no such folder; check the path")
    species = _read_species(root)
    sound = _by_name(_visible(root / "raw_data", "*.[wW][aA][vV]"))
    files = _by_name(_visible(root / "strong_labels", "*.txt"))
    weak = _read_weak(root, species)
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
        files = {k: v for k, v in files.items() if k in sound}
        weak = weak[weak["recording"].isin(sound)].reset_index(drop=True)
    strong, problems = _read_strong(files, species)
    if problems:
        warnings.warn(
            f"{len(problems)} label line(s) left out, correct them in the files: "
            + "; ".join(problems),
            stacklevel=2,
        )
    names = sorted(sound) if sound else sorted(labelled)
    recordings = _recording_rows(names, sound, set(files))
    return Dataset(name or root.name, root, species, recordings, strong, weak)
