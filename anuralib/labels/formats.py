"""Label files in and out: Audacity's label tracks, Raven's selection tables, CSV; one reader for each format."""

import csv
import os
import re
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from anuralib._files import read_text, write_text

LABEL_COLUMNS = ("start_s", "end_s", "label", "low_hz", "high_hz")
LABEL_SUFFIXES = (".txt", ".csv")
# Raven says which table it is: NAME.Table.1.selections.txt
_LABEL_FILE = re.compile(r"(.+?)(\.Table\.[0-9]+)?(\.selections)?", re.IGNORECASE)
# What programs call the same thing, in lower case; the first that a table has is taken.
_NAMES = {
    "start_s": ("start_s", "begin time (s)", "start_time", "start time", "onset_s", "onset", "start", "min_t"),
    "end_s": ("end_s", "end time (s)", "end_time", "end time", "offset_s", "offset", "end", "stop", "max_t"),
    "low_hz": ("low_hz", "low freq (hz)", "low_f", "min_freq"),
    "high_hz": ("high_hz", "high freq (hz)", "high_f", "max_freq"),
    "label": ("annotation", "label", "species", "tag"),
}
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


def labelled_stem(path: Path) -> str:
    """The stem of the recording's file that a label file is named after."""
    return _LABEL_FILE.fullmatch(path.stem)[1]


def _read_lines(path: str | os.PathLike) -> list[str]:
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such label file; check the path")
    # str.splitlines would also cut at characters that may stand inside a label.
    return re.split(r"\r\n|\n|\r", read_text(path))


def _number(text: str, what: str) -> float:
    text = text.strip(" ")
    if "," in text:
        raise ValueError(f"{what} {text!r} has a comma; write decimal points, as in 1.5")
    value = float(text) if _NUMBER.fullmatch(text) else np.nan
    if not np.isfinite(value):
        raise ValueError(f"{what} {text!r} is not a number; write seconds or hertz as in 1.5")
    return value + 0.0  # -0.0 becomes 0.0


def _times(start: str, end: str) -> tuple[float, float]:
    start_s, end_s = _number(start, "start"), _number(end, "end")
    if start_s < 0:
        raise ValueError(f"start {start_s:g} s is negative; labels begin at 0 s or later")
    if end_s < start_s:
        raise ValueError(f"end {end_s:g} s lies before start {start_s:g} s; swap or correct them")
    return start_s, end_s


def _band(low: str, high: str) -> tuple[float, float]:
    # Audacity writes -1 for an edge that was not selected.
    edges = _number(low, "low frequency"), _number(high, "high frequency")
    low_hz, high_hz = (np.nan if edge == -1 else edge for edge in edges)
    if low_hz < 0 or high_hz < 0:
        raise ValueError("a frequency is negative; write hertz, or -1 where it is not known")
    if high_hz < low_hz:
        raise ValueError(f"upper edge {high_hz:g} Hz lies under lower edge {low_hz:g} Hz")
    return low_hz, high_hz


def parse_audacity(path: str | os.PathLike) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """Read what can be read of an Audacity label file, and tell what can't.

    Returns
    -------
    labels : DataFrame
        As from `read_audacity_labels`, with the column `line` (1 is the first) beside.
    problems : list of (line, text)
        Empty for a sound file.
    """
    rows: list[list] = []
    problems: list[tuple[int, str]] = []
    # What the line before was: a spectral line belongs to a label line directly above it.
    above = "nothing"
    for number, line in enumerate(_read_lines(path), start=1):
        if not line.strip() and "\t" not in line:
            continue
        fields = line.split("\t")
        try:
            if fields[0] == "\\":
                expected, above = above, "nothing"
                if expected == "broken":
                    continue  # its label line is reported already
                if expected == "nothing":
                    raise ValueError("a frequency line without a label line directly above it")
                if len(fields) != 3:
                    raise ValueError(
                        f"{len(fields)} fields; a frequency line is backslash, low, high, with "
                        "tabs between"
                    )
                rows[-1][3:5] = _band(fields[1], fields[2])
            else:
                above = "broken"
                if len(fields) not in (2, 3):
                    raise ValueError(
                        f"{len(fields)} field{'s' * (len(fields) > 1)}; a label line is start, "
                        "end, label, with tabs between"
                    )
                label = fields[2] if len(fields) == 3 else ""
                rows.append([*_times(fields[0], fields[1]), label, np.nan, np.nan, number])
                above = "label"
        except ValueError as error:
            problems.append((number, str(error)))
    return _frame(rows, [*LABEL_COLUMNS, "line"]), problems


def _frame(rows: list, columns) -> pd.DataFrame:
    kinds = {"label": "str", "line": "int64"}
    values = list(zip(*rows, strict=True)) or [()] * len(columns)
    return pd.DataFrame({c: pd.Series(list(v), dtype=kinds.get(c, "float64"))
                         for c, v in zip(columns, values, strict=True)})


def without_problems(path, labels: pd.DataFrame, problems: list[tuple[int, str]]) -> pd.DataFrame:
    """The labels of a file in which nothing was wrong; ValueError names the first line otherwise."""
    if problems:
        line, text = problems[0]
        raise ValueError(f"{path}, line {line}: {text}")
    return labels[list(LABEL_COLUMNS)]


def read_audacity_labels(path: str | os.PathLike, on_error: str = "raise") -> pd.DataFrame:
    r"""Read an Audacity label track: `start<TAB>end<TAB>label` a line, times in seconds.

    With spectral selection on, Audacity writes a second line ``\<TAB>low<TAB>high`` in hertz; the
    format is that of https://manual.audacityteam.org/man/importing_and_exporting_labels.html.
    UTF-8 with or without byte-order mark, any line ends; empty lines are skipped; an empty file
    gives no rows, which means that someone listened and nothing was there.

    Parameters
    ----------
    path : str or path-like
    on_error : {"raise", "warn"}
        What to do with a line that can't be read: stop, or leave it out (the rest is kept) and
        say so in one warning.

    Returns
    -------
    DataFrame
        `start_s`, `end_s` (equal for a point label), `label` (text), `low_hz`, `high_hz` (NaN
        where not known), in the order of the file.

    Raises
    ------
    FileNotFoundError
    ValueError
        Names the file, the line, and what to do.
    """
    if on_error not in ("raise", "warn"):
        raise ValueError(f'on_error must be "raise" or "warn", not {on_error!r}')
    labels, problems = parse_audacity(path)
    if on_error == "raise":
        return without_problems(path, labels, problems)
    if problems:
        told = "; ".join(f"line {line}: {text}" for line, text in problems)
        warnings.warn(f"{path}: {len(problems)} line(s) left out: {told}", stacklevel=2)
    return labels[list(LABEL_COLUMNS)]


def _text(value: float) -> str:
    """Six decimals, as Audacity writes, or as many as it takes to give the same number again."""
    text = f"{value:.6f}"
    return text if float(text) == value else np.format_float_positional(value, trim="0")


def write_audacity_labels(labels: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write a label track that Audacity imports; `read_audacity_labels` gives the same rows again.

    Parameters
    ----------
    labels : DataFrame
        `start_s`, `end_s`, `label`, and where known `low_hz`, `high_hz`.
    path : str or path-like
        Written whole or not at all; the folder is made if needed.

    Raises
    ------
    ValueError
        If a column is missing, or a row could not be read again.
    """
    missing = [c for c in LABEL_COLUMNS[:3] if c not in labels]
    if missing:
        raise ValueError(f"{path}: the labels have no column {', '.join(missing)}")
    unknown = np.full(len(labels), np.nan)
    low, high = (labels[c] if c in labels else unknown for c in LABEL_COLUMNS[3:])
    lines = []
    columns = [labels["start_s"], labels["end_s"], labels["label"], low, high]
    for row, (start, end, label, low, high) in enumerate(zip(*columns, strict=True)):
        label = "" if pd.isna(label) else str(label)
        try:
            _times(f"{start:.17g}", f"{end:.17g}")
            if re.search(r"[\t\r\n]", label):
                raise ValueError(f"the label {label!r} holds a tab or line break; take it out")
            edges = [-1.0 if np.isnan(edge) else float(edge) for edge in (low, high)]
            _band(*(f"{edge:.17g}" for edge in edges))
        except ValueError as error:
            raise ValueError(f"{path}, row {row}: {error}") from error
        lines.append(f"{_text(start)}\t{_text(end)}\t{label}\n")
        if edges != [-1.0, -1.0]:
            lines.append(f"\\\t{_text(edges[0])}\t{_text(edges[1])}\n")
    write_text("".join(lines), path)


def _columns(path, header: list[str], label_column: str | None) -> dict[str, int]:
    """Where in a row each thing stands; ValueError if times are missing, or the label asked for."""
    names = [name.strip().lower() for name in header]
    wanted = _NAMES | ({"label": (label_column.strip().lower(),)} if label_column else {})
    found = {key: next((names.index(a) for a in aliases if a in names), None) for key, aliases in wanted.items()}
    for key in ("start_s", "end_s"):
        if found[key] is None:
            told = " or ".join(_NAMES[key][:3])
            raise ValueError(f"{path}, line 1: no column for the {key[:-2]} of labels ({told}); there are {names}")
    if label_column and found["label"] is None:
        raise ValueError(f"{path}, line 1: no column {label_column!r}; there are {names}")
    # A table of strong labels has the quality in a column of its own.
    if found["label"] is not None and names[found["label"]] == "species" and "quality" in names:
        found["quality"] = names.index("quality")
    return found


def _parse(path, header: list[str], rows: Iterator[tuple[int, list[str]]], label_column=None, views=False):
    """Rows of a table as labels, and what is wrong with the others, as `parse_audacity` gives them."""
    at = _columns(path, header, label_column)
    names = [name.strip().lower() for name in header]
    kept, problems, seen = [], [], set()
    for number, fields in rows:
        if not any(field.strip() for field in fields):
            continue
        try:
            if len(fields) != len(header):
                raise ValueError(f"{len(fields)} fields under {len(header)} column names; save the table again")
            cell = {key: fields[i].strip() for key, i in at.items() if i is not None}
            label = cell.get("label", "")
            if cell.get("quality"):
                label = f"{label}_{cell['quality']}"
            edges = (cell.get(key) or "-1" for key in ("low_hz", "high_hz"))
            row = [*_times(cell["start_s"], cell["end_s"]), label, *_band(*edges)]
        except ValueError as error:
            problems.append((number, str(error)))
            continue
        # Views of one selection share its number; without numbers every line is a selection.
        others = dict(zip(names, fields, strict=True))
        key = (others.get("selection", number), others.get("begin file"), *map(str, row))
        if not (views and key in seen):
            kept.append([*row, number])
        seen.add(key)
    return _frame(kept, [*LABEL_COLUMNS, "line"]), problems


def _parse_raven(path, label_column=None):
    header, *lines = _read_lines(path)
    rows = ((number, line.split("\t")) for number, line in enumerate(lines, start=2))
    return _parse(path, header.split("\t"), rows, label_column, views=True)


def _csv_rows(path, lines: list[str], separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows with the number of the line they begin in; a quoted cell may hold line breaks."""
    reader = csv.reader((line + "\n" for line in lines), delimiter=separator, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            yield number, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(f"{path}, line {number}: not CSV ({error}); mind the quotation marks") from error


def _parse_csv(path, label_column=None):
    lines = _read_lines(path)
    # Spreadsheets of many countries write semicolons.
    rows = _csv_rows(path, lines, ";" if lines[0].count(";") > lines[0].count(",") else ",")
    _, header = next(rows, (1, [""]))
    return _parse(path, header, rows, label_column)


def read_raven_table(path: str | os.PathLike, label_column: str | None = None):
    """Read a selection table as Raven writes it: tab-separated, with a line of column names.

    Raven lists a selection once for each view (waveform, spectrogram); it is counted once here.
    Column names are matched whatever their case.

    Parameters
    ----------
    path : str or path-like
    label_column : str or None
        The column that holds the label. None takes the first of Annotation, Label, Species, Tag
        that is there; without any, labels are empty.

    Returns
    -------
    DataFrame
        As from `read_audacity_labels`; no rows if there is only the line of column names.

    Raises
    ------
    FileNotFoundError
    ValueError
        Names the file, the line, and what to do.
    """
    return without_problems(path, *_parse_raven(path, label_column))


def read_label_csv(path: str | os.PathLike, label_column: str | None = None):
    """Read labels from a CSV file with a line of column names, commas or semicolons between.

    Known are the names that annotation programs and libraries give (`start_s`, `start_time`, `onset_s`, `Begin Time
    (s)`; `low_hz`, `low_f`; `label`, `annotation`, `species`), whatever their case; other columns are passed over. A
    column `quality` beside `species` is joined to it, as in PHYCUV_M.

    Parameters
    ----------
    path : str or path-like
    label_column : str or None
        The column that holds the label, if it is another.

    Returns
    -------
    DataFrame
        As from `read_audacity_labels`.

    Raises
    ------
    FileNotFoundError
    ValueError
        Names the file, the line, and what to do.
    """
    return without_problems(path, *_parse_csv(path, label_column))


def _is_raven(path: Path, first: str) -> bool:
    return "\t" in first and any(name in first.split("\t") for name in _NAMES["start_s"])


def _is_csv(path: Path, first: str) -> bool:
    return path.suffix.lower() == ".csv"


# The formats, the first that fits: whether a file has it, by its name and its first line in lower case; its reader.
_FORMATS = ((_is_raven, _parse_raven), (_is_csv, _parse_csv), (lambda path, first: True, parse_audacity))


def parse_labels(path: str | os.PathLike):
    """Labels and problems of a file of any format known here, which its name and its first line tell."""
    first = _read_lines(path)[0].lower()
    return next(read for fits, read in _FORMATS if fits(Path(path), first))(path)


def read_labels(path: str | os.PathLike):
    """Read a label file: Audacity's label track, Raven's selection table, or CSV (by its suffix).

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    DataFrame
        As from `read_audacity_labels`.

    Raises
    ------
    FileNotFoundError
    ValueError
        Names the file, the line, and what to do.
    """
    return without_problems(path, *parse_labels(path))
