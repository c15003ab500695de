"""Labels in tables: selection tables of Raven, CSV files, and a reader that finds out which of all it has."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

from anuralib.label_files import LABEL_COLUMNS, _band, _frame, _read_lines, _times, parse_audacity, without_problems

# What programs call the same thing, in lower case; the first that a table has is taken.
_NAMES = {
    "start_s": ("start_s", "begin time (s)", "start_time", "start time", "onset_s", "onset", "start", "min_t"),
    "end_s": ("end_s", "end time (s)", "end_time", "end time", "offset_s", "offset", "end", "stop", "max_t"),
    "low_hz": ("low_hz", "low freq (hz)", "low_f", "min_freq"),
    "high_hz": ("high_hz", "high freq (hz)", "high_f", "max_freq"),
    "label": ("annotation", "label", "species", "tag"),
}


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


def parse_labels(path: str | os.PathLike):
    """Labels and problems of a file of any format known here, which its first line tells."""
    first = _read_lines(path)[0].lower()
    if "\t" in first and any(name in first.split("\t") for name in _NAMES["start_s"]):
        return _parse_raven(path)
    return _parse_csv(path) if Path(path).suffix.lower() == ".csv" else parse_audacity(path)


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
