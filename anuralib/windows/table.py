"""The table of windows: AnuraSet's `metadata.csv`, read with suspicion."""

import csv
import os
import re
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from anuralib._files import read_text, safe_name
from anuralib.sound.names import recording_times

METADATA_COLUMNS = (
    "sample_name", "fname", "min_t", "max_t", "site", "date", "species_number", "subset"
)
"""The columns of AnuraSet's `metadata.csv` that are not species."""
SUBSETS = ("", "train", "valid", "test")
_FILE_COLUMNS = ("filename", "file_name")  # of tables that have names of files alone
_WINDOW_FILE = r"\A(.+)_([0-9]+(?:\.[0-9]+)?)_([0-9]+(?:\.[0-9]+)?)\.wav\Z"


def species_columns(windows: pd.DataFrame) -> list[str]:
    """The species of a table of windows: every column that is none of `METADATA_COLUMNS`."""
    return [c for c in windows.columns if c not in METADATA_COLUMNS]


def time_text(seconds: float) -> str:
    """A time as it stands in a window's file name: 3.0 as `3`, 0.5 as `0.5`."""
    return f"{seconds:.6f}".rstrip("0").rstrip(".")


def window_path(row: Mapping | pd.Series, root: str | os.PathLike) -> Path:
    """Where the sound of a window lies: `root/audio/site/fname_min_t_max_t.wav`.

    `sample_name` is not used, because in a third party's excerpt of AnuraSet it is a mere number.

    Parameters
    ----------
    row : Series, mapping, or named tuple of `itertuples`
        One row of a table of windows.
    root : str or path-like
        The folder that holds `metadata.csv`.

    Raises
    ------
    ValueError
        If `fname` or `site` could lead out of `root`, or no system takes it for a name.
    """
    row = row._asdict() if hasattr(row, "_asdict") else row
    fname, site = safe_name(row["fname"], "fname"), safe_name(row["site"], "site")
    return Path(root) / "audio" / site / f"{fname}_{time_text(row['min_t'])}_{time_text(row['max_t'])}.wav"


def unsafe_names(windows: pd.DataFrame) -> dict[str, str]:
    """Recordings of a table of windows whose name, or whose site's, can't be part of a file's name, and why."""
    found = {}
    for row in windows[["fname", "site"]].drop_duplicates().itertuples():
        try:
            safe_name(row.fname, f"windows, row {row.Index}: recording")
            safe_name(row.site, f"windows, row {row.Index}: site")
        except ValueError as error:
            found.setdefault(row.fname, str(error))
    return found


def window_sound(row: Mapping | pd.Series, root: str | os.PathLike) -> Path:
    """The file with the sound of a window: that of `window_path`, or where a mirror of AnuraSet has it.

    Mirrors have it in a folder of the site and perhaps the day, without `audio`, or all of a subset in one folder.

    Parameters
    ----------
    row, root
        As for `window_path`.

    Returns
    -------
    pathlib.Path
        That of `window_path` where there is none.
    """
    usual = window_path(row, root)
    if usual.is_file():
        return usual
    row, root = row._asdict() if hasattr(row, "_asdict") else row, Path(root)
    day = str(row["date"])[:10]
    site = [Path(row["site"], *deeper) for deeper in ((), (day,), (day.replace("-", ""),)) if day or not deeper]
    folders = [root / front / place for front in ("", "audio") for place in site]
    folders += [root / front for front in (row["subset"] or "train", "audio", "")]
    return next((path for folder in folders if (path := folder / usual.name).is_file()), usual)


def window_table(folder: Path) -> Path | None:
    """The table of windows of a folder: `metadata.csv`, or the `train.csv` of a competition with AnuraSet's windows."""
    for path in (folder / "metadata.csv", folder / "train.csv"):
        if path.is_file():
            header = _header(path)
            # Other tables are called so, too: one that has little of ours is none.
            if _names_files(header) or len(set(METADATA_COLUMNS) & set(header)) > 3:
                return path
    return None


def _header(path: Path) -> list[str]:
    """The names of the columns; bytes that are no UTF-8 do not matter here."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        try:
            return next(csv.reader(file), [])
        except csv.Error:
            return []


def _names_files(header: list[str]) -> bool:
    """Whether a table has the names of files in place of AnuraSet's eight columns, and all else are species."""
    others = [column for column in header if column not in _FILE_COLUMNS]
    return 0 < len(others) == len(header) - 1 and all(re.fullmatch("[A-Z]{6}", column) for column in others)


def _complain(path, bad: np.ndarray, column: str, values, what: str) -> None:
    """Raise ValueError for the first True in `bad`, naming file, line and column."""
    bad = np.asarray(bad, dtype=bool)
    if bad.any():
        first = int(bad.argmax())
        more = f" ({bad.sum()} rows in all)" if bad.sum() > 1 else ""
        value = np.asarray(values)[first]
        raise ValueError(
            f"{path}, line {first + 2}, column {column}: {str(value)!r} is not {what}{more}"
        )


def read_cells(path: Path, **options) -> pd.DataFrame:
    """A CSV table by `pandas.read_csv`, where a row that is too long raises ParserWarning."""
    with warnings.catch_warnings():
        # pandas only warns when it drops the cells of rows that are too long.
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return pd.read_csv(path, encoding="utf-8-sig", index_col=False, **options)


def _read_text(path: Path) -> pd.DataFrame:
    """The cells, eight columns as text; every structural fault a ValueError that names the file."""
    try:
        header = _header(path)
        twice = sorted({c for c in header if header.count(c) > 1 or not c})
        if twice:
            raise ValueError(f"{path}, line 1: columns without a name of their own: {twice}")
        if _names_files(header):
            return _from_names(path, read_cells(path, keep_default_na=False))
        missing = [c for c in METADATA_COLUMNS if c not in header]
        if missing:
            raise ValueError(
                f"{path}, line 1: no column {', '.join(missing)}; AnuraSet's metadata.csv begins "
                f"with {','.join(METADATA_COLUMNS)}"
            )
        kinds = dict.fromkeys(METADATA_COLUMNS, "str")
        return read_cells(path, dtype=kinds, keep_default_na=False, skip_blank_lines=False, low_memory=False)
    except UnicodeDecodeError:
        read_text(path)  # names the line
        raise
    except (pd.errors.ParserError, pd.errors.ParserWarning, csv.Error) as error:
        raise ValueError(
            f"{path}, line {_ragged_line(path)}: row and header do not fit ({str(error).strip()}); every row needs as "
            "many cells as the header; mind the quotes"
        ) from error


def _from_names(path: Path, table: pd.DataFrame) -> pd.DataFrame:
    """AnuraSet's columns as text, from the names of the windows' files; ValueError for a name of another form."""
    column = next(column for column in _FILE_COLUMNS if column in table)
    name = table[column].astype("str").str.rpartition("/")[2]
    parts = name.str.extract(_WINDOW_FILE)
    _complain(path, parts.isna().any(axis=1), column, table[column],
              "the name of a window like INCT4_20191005_180000_0_3.wav")  # fmt: skip
    times = recording_times(parts[0])
    front = pd.DataFrame({
        "sample_name": name, "fname": parts[0], "min_t": parts[1], "max_t": parts[2],
        "site": parts[0].map(times["site"]), "species_number": "",
        "date": parts[0].map(times["datetime"]).dt.strftime("%Y-%m-%d %H:%M:%S").fillna(""),
        "subset": path.stem if path.stem in SUBSETS else "",
    })  # fmt: skip
    species = table.drop(columns=column)
    front["species_number"] = species.apply(pd.to_numeric, errors="coerce").sum(axis=1).astype(str)
    return pd.concat([front[list(METADATA_COLUMNS)], species], axis=1)


def _ragged_line(path: Path) -> int:
    """Where the first row begins that has another number of cells than the header, or is no CSV."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        line, size = 1, None
        try:
            for row in reader:
                size = size or len(row)
                if len(row) != size:
                    break
                line = reader.line_num + 1
        except csv.Error:
            pass
    return line


def _numbers(path, table: pd.DataFrame, column: str, what: str) -> pd.Series:
    numbers = pd.to_numeric(table[column], errors="coerce")
    _complain(path, ~np.isfinite(numbers.to_numpy(dtype=float)), column, table[column], what)
    whole = (numbers == numbers.round()).all()
    return numbers.astype("int64" if whole else "float64")


def read_metadata(path: str | os.PathLike) -> pd.DataFrame:
    """Read and check a table of windows in the form of AnuraSet's `metadata.csv`.

    Parameters
    ----------
    path : str or path-like
        Also a table with a column `filename` (or `file_name`) of windows, INCT4_20191005_180000_0_3.wav, and the
        species, as a competition has it: the other columns are then made from the names.

    Returns
    -------
    DataFrame
        The columns in the order of the file. `min_t` and `max_t` in seconds (int64 if all are
        whole), `date` as text, `subset` one of "", train, valid, test, species int8 0 or 1.
        `species_number` is computed from the species columns; one warning tells if the file says
        otherwise, as AnuraSet's own does.

    Raises
    ------
    FileNotFoundError
    ValueError
        Names the file, the line, the column and what is wrong.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such table; check the path")
    table = _read_text(path)
    species = species_columns(table)
    if not species:
        raise ValueError(f"{path}, line 1: no species columns beside {METADATA_COLUMNS}")
    # A stray quotation mark can swallow whole rows into a name.
    odd = table["sample_name"].str.contains(r"[\r\n]", regex=True)
    _complain(path, odd, "sample_name", table["sample_name"], "text of one line; mind the quotes")
    for column in ("fname", "site"):
        odd = ~table[column].str.fullmatch(r"[^/\\\s]+") | table[column].isin([".", ".."])
        _complain(path, odd, column, table[column], "a name without spaces and slashes")
        for row, name in table[column].drop_duplicates().items():
            safe_name(name, f"{path}, line {row + 2}, column {column}:")
    odd = table["fname"].str.lower().str.endswith((".wav", ".flac", ".mp3"))
    _complain(path, odd, "fname", table["fname"], "a name without file extension")
    for column in ("min_t", "max_t"):
        table[column] = _numbers(path, table, column, "a time in seconds")
    _complain(path, table["min_t"] < 0, "min_t", table["min_t"], "0 s or later")
    _complain(path, table["max_t"] <= table["min_t"], "max_t", table["max_t"], "later than min_t")
    dates = pd.to_datetime(table["date"], format="%Y-%m-%d %H:%M:%S", errors="coerce")
    odd = dates.isna() & (table["date"] != "")
    _complain(path, odd, "date", table["date"], "a date like 2019-09-04 00:30:00")
    what = f"one of {', '.join(SUBSETS[1:])}, or empty"
    _complain(path, ~table["subset"].isin(SUBSETS), "subset", table["subset"], what)
    told = _numbers(path, table, "species_number", "a number")
    found = {}
    for column in species:
        numbers = pd.to_numeric(table[column], errors="coerce")
        _complain(path, ~numbers.isin([0, 1]), column, table[column], "0 or 1")
        found[column] = numbers.astype("int8")
    table = pd.concat([table[list(METADATA_COLUMNS)], pd.DataFrame(found)], axis=1)[
        list(table.columns)
    ]
    twice = table.duplicated(["fname", "min_t", "max_t"])
    _complain(path, twice, "fname", table["fname"], "new: this window stands in the table twice")
    table["species_number"] = table[species].sum(axis="columns").astype("int64")
    differing = int((told != table["species_number"]).sum())
    if differing:
        warnings.warn(
            f"{path}: species_number differs from the species columns in {differing} of "
            f"{len(table)} rows and was computed anew from them",
            stacklevel=2,
        )
    return table


def check_columns(windows: pd.DataFrame, needs: Sequence[str]) -> None:
    """ValueError if a table of windows lacks a column of `needs`."""
    missing = [c for c in needs if c not in windows]
    if missing:
        raise ValueError(f"the windows have no column {', '.join(missing)}; see al.window_labels")


def check_windows(windows: pd.DataFrame, needs: Sequence[str] = ("fname",)) -> list[str]:
    """The species of a table of windows, after a check that it is one.

    Raises
    ------
    ValueError
        If there are no rows, a column of `needs` is missing, or a species column holds anything
        but 0 and 1.
    """
    check_columns(windows, needs)
    species = species_columns(windows)
    if windows.empty or not species:
        raise ValueError("the table of windows has no rows or no species columns")
    try:
        values = windows[species].to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise ValueError("a species column holds something other than 0 and 1") from error
    bad = ~np.isin(values, (0, 1))
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(
            f"row {row}, column {species[column]}: {values[row, column]} is not 0 or 1"
        )
    return species
