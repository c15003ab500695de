"""Label files in and out: Audacity's label tracks, tables, CSV; one reader for each format."""

import csv
import io
import os
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from anuralib._files import write_text
from anuralib.labels.tables import (
    LABEL_COLUMNS,
    NO_SPAN,
    band,
    check_times,
    first_line,
    has_names,
    is_number,
    label_frame,
    number,
    parse_table,
    problem,
    quoted,
    read_lines,
    unquote,
    without_problems,
)
from anuralib.labels.tables import read_label_csv as read_label_csv
from anuralib.labels.tables import read_raven_table as read_raven_table

LABEL_SUFFIXES = (".txt", ".csv")
_MOST_TOLD = 5  # lines that a warning says something of
# What programs put behind the recording's name: NAME.Table.1.selections.txt, NAME.BirdNET.results.csv, NAME.wav.csv,
# NAME.txt.txt.
_LABEL_FILE = re.compile(
    r"(.+?)(\.(table(\.[0-9]+)?|selections?|birdnet|results?|kaleidoscope|r|audacity|labels?|annotations?|detections?"
    r"|txt|csv|tsv|wav|flac|ogg|mp3|aiff?))*", re.IGNORECASE,
)  # fmt: skip


def labelled_stem(path: Path) -> str:
    """The stem of the recording's file that a label file is named after."""
    return _LABEL_FILE.fullmatch(path.stem)[1]


def _label_times(cells: list[str]) -> tuple[float, float]:
    if len(cells) < 2:
        hint = "; a table with commas is named .csv" if re.search("[,;]", cells[0]) else ""
        raise ValueError(f"1 field; a label line is start, end, label, with tabs between{hint}")
    return number(cells[0], "start"), number(cells[1], "end")


def _label_text(cells: list[str]) -> str:
    """The text of a label line; columns that are empty and too many are passed over."""
    texts = [cell for cell in cells[2:] if cell.strip()]
    # BirdNET writes how sure it is behind the label.
    if len(texts) == 2 and is_number(texts[1]) and 0 <= number(texts[1], "confidence") <= 1:
        texts.pop()
    if len(texts) > 1:
        raise ValueError(f"{len(cells)} fields; a label line is start, end, label, with tabs between")
    return texts[0] if texts else "".join(cells[2:3])


def _frequency_row(cells: list[str]) -> tuple[float, float]:
    if len(cells) < 3 or any(cell.strip() for cell in cells[3:]):
        raise ValueError(f"{len(cells)} fields; a frequency line is backslash, low, high, with tabs between")
    return band(cells[1], cells[2])


def parse_audacity(
    path: str | os.PathLike, lines: list[str] | None = None
) -> tuple[pd.DataFrame, list[tuple[int, str, float, float]]]:
    """Read what can be read of an Audacity label file, and tell what can't.

    `lines` are those of the file, where they have been read already.

    Returns
    -------
    labels, problems
        As from `parse_labels`.
    """
    rows: list[list] = []
    problems: list[tuple[int, str, float, float]] = []
    # What the line before was: a spectral line belongs to a label line directly above it.
    above = "nothing"
    for line_number, line in enumerate(read_lines(path) if lines is None else lines, start=1):
        if not line.strip():
            continue
        cells, span = [unquote(field) for field in line.split("\t")], NO_SPAN
        try:
            if cells[0] == "\\":
                expected, above = above, "nothing"
                if expected == "broken":
                    continue  # its label line is reported already
                if expected == "nothing":
                    raise ValueError("a frequency line without a label line directly above it")
                span = rows[-1][:2]
                rows[-1][3:5] = _frequency_row(cells)
            else:
                above = "broken"
                span = _label_times(cells)
                check_times(*span)
                rows.append([*span, _label_text(cells), np.nan, np.nan, line_number, ""])
                above = "label"
        except ValueError as error:
            problems.append(problem(line_number, error, *span))
    return label_frame(rows), problems


def read_audacity_labels(path: str | os.PathLike, on_error: str = "raise") -> pd.DataFrame:
    r"""Read an Audacity label track: `start<TAB>end<TAB>label` a line, times in seconds.

    With spectral selection on, Audacity writes a second line ``\<TAB>low<TAB>high`` in hertz; the
    format is that of https://manual.audacityteam.org/man/importing_and_exporting_labels.html.
    Decimal points or commas; empty columns behind the label are passed over. UTF-8, UTF-16 or Windows-1252, any line
    ends; empty lines are skipped; an empty file gives no rows, which means that someone listened and nothing was there.

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
        told = "; ".join(f"line {line}: {text}" for line, text, *_ in problems[:_MOST_TOLD])
        told += "; ..." if len(problems) > _MOST_TOLD else ""
        warnings.warn(f"{path}: {len(problems)} line(s) left out: {told}", stacklevel=2)
    return labels[list(LABEL_COLUMNS)]


def _text(value: float) -> str:
    """Six decimals, as Audacity writes, or as many as it takes to give the same number again."""
    text = f"{value:.6f}"
    return text if float(text) == value else np.format_float_positional(value, trim="0")


def _cell(text: str) -> str:
    """Text for a cell between tabs; in quotation marks if the reader would take away marks of its own."""
    return text if unquote(text) == text else '"' + text.replace('"', '""') + '"'


def _label_column(path, labels: pd.DataFrame) -> list[str]:
    """The text of each label: a column `label`, or `species` with `quality` where that is known."""
    missing = [c for c in LABEL_COLUMNS[:2] if c not in labels]
    what = next((c for c in ("label", "species") if c in labels), None)
    if missing or what is None:
        missing += ["label"] * (what is None)
        raise ValueError(f"{path}: the labels have no column {', '.join(missing)}")
    texts = ["" if pd.isna(text) else str(text) for text in labels[what]]
    if what == "species" and "quality" in labels:
        texts = [text if pd.isna(quality) or not quality else f"{text}_{quality}"
                 for text, quality in zip(texts, labels["quality"], strict=True)]  # fmt: skip
    return texts


def _checked(path, labels: pd.DataFrame) -> list[tuple[float, float, str, float, float]]:
    """Rows that can be read again; ValueError names the first that could not."""
    texts = _label_column(path, labels)
    low, high = (labels[c] if c in labels else np.full(len(labels), np.nan) for c in LABEL_COLUMNS[3:])
    rows = []
    columns = [labels["start_s"], labels["end_s"], texts, low, high]
    for row, (start, end, text, *edges) in enumerate(zip(*columns, strict=True)):
        try:
            check_times(number(f"{start:.17g}", "start"), number(f"{end:.17g}", "end"))
            if re.search(r"[\t\r\n\0]", text):
                raise ValueError(f"the label {quoted(text)} holds a tab or line break; take it out")
            band(*("-1" if np.isnan(edge) else f"{edge:.17g}" for edge in edges))
        except ValueError as error:
            raise ValueError(f"{path}, row {row}: {error}") from error
        rows.append((start, end, text, *edges))
    return rows


def _audacity_text(rows: list[tuple]) -> str:
    lines = []
    for start, end, text, *edges in rows:
        lines.append(f"{_text(start)}\t{_text(end)}\t{_cell(text)}\n")
        if not np.isnan(edges).all():
            lines.append("\t".join(["\\", *(_text(-1.0 if np.isnan(edge) else edge) for edge in edges)]) + "\n")
    return "".join(lines)


def _raven_text(rows: list[tuple], nyquist_hz: float) -> str:
    names = ("Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)",
             "Annotation")  # fmt: skip
    lines = [names]
    for n, (start, end, text, low, high) in enumerate(rows, start=1):
        low = 0.0 if np.isnan(low) else low
        high = max(low, nyquist_hz) if np.isnan(high) else high
        numbers = map(_text, (start, end, low, high))
        lines.append((str(n), "Spectrogram 1", "1", *numbers, _cell(text.strip())))
    return "".join("\t".join(cells) + "\n" for cells in lines)


def _csv_text(rows: list[tuple], labels: pd.DataFrame) -> str:
    what = "label" if "label" in labels else "species"
    extra = [c for c in ("quality", "recording") if c in labels]
    texts = [["" if pd.isna(text) else str(text) for text in labels[c]] for c in (what, *extra)]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["start_s", "end_s", "low_hz", "high_hz", what, *extra])
    for (start, end, _, *edges), *cells in zip(rows, *texts, strict=True):
        numbers = ("" if np.isnan(value) else _text(value) for value in (start, end, *edges))
        writer.writerow([*numbers, *(cell.strip() for cell in cells)])
    return out.getvalue()


def write_labels(
    labels: pd.DataFrame, path: str | os.PathLike, format: str = "audacity", nyquist_hz: float = 11025.0
) -> None:
    """Write labels for another program; `read_labels` gives the same rows again.

    Parameters
    ----------
    labels : DataFrame
        `start_s`, `end_s`, `label` (or `species` and `quality`), and where known `low_hz`, `high_hz`.
    path : str or path-like
        Written whole or not at all; the folder is made if needed.
    format : {"audacity", "raven", "csv"}
        A label track; a selection table, which has frequencies for each row; CSV, which also keeps the columns
        `recording` and `quality`. Tables don't keep blanks around a label.
    nyquist_hz : float
        Half the recording's sample rate: the upper edge in Raven's table of labels whose frequencies are not known.

    Raises
    ------
    ValueError
        If a column is missing, or a row could not be read again, or the format holds one recording and there are more.
    """
    if format not in ("audacity", "raven", "csv"):
        raise ValueError(f'format must be "audacity", "raven" or "csv", not {format!r}')
    if not 0 < nyquist_hz < np.inf:
        raise ValueError(f"nyquist_hz must be above 0, not {nyquist_hz}")
    rows = _checked(path, labels)
    if format == "csv":
        return write_text(_csv_text(rows, labels), path)
    recordings = set(labels["recording"]) if "recording" in labels else set()
    if len(recordings) > 1:
        raise ValueError(f'{path}: labels of {len(recordings)} recordings; write a file for each, or say format="csv"')
    write_text(_audacity_text(rows) if format == "audacity" else _raven_text(rows, nyquist_hz), path)


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
    write_text(_audacity_text(_checked(path, labels)), path)


def _is_table(path: Path, first: str) -> bool:
    cells = first.split("\t")
    track = len(cells) > 1 and all(map(is_number, cells[:2]))  # of which a label may be called "time"
    return "\t" in first and not track and has_names(first)


def _is_csv(path: Path, first: str) -> bool:
    track = "\t" in first and is_number(first.split("\t")[0])
    return path.suffix.lower() == ".csv" and bool(first) and not track  # nothing in it is silence in any format


# The formats, the first that fits: whether a file has it, by its name and its first line; its reader.
_FORMATS = (
    (_is_table, parse_table),
    (_is_csv, parse_table),
    (lambda path, first: True, lambda path, label_column, lines: parse_audacity(path, lines)),
)


def parse_labels(path: str | os.PathLike, label_column: str | None = None):
    """What can be read of a file of any format known here, which its name and its first line tell.

    Parameters
    ----------
    path : str or path-like
    label_column : str or None
        The column of a table that holds the label, if it is none of those that programs write.

    Returns
    -------
    labels : DataFrame
        `LABEL_COLUMNS`; `line`, in which a row begins (1 is the first); `file`, that a row of a table names as the one
        it is of, without folders, empty where it names none.
    problems : list of (line, text, start_s, end_s)
        Lines left out, and the span that their labels would have, NaN where the times can't be read.

    Raises
    ------
    FileNotFoundError
    ValueError
        Names file and line of what can't be understood as a whole: no text, no columns of times or labels, no line of
        several that is a label.
    """
    lines = read_lines(path)
    first = first_line(lines)
    read = next(read for fits, read in _FORMATS if fits(Path(path), first))
    labels, problems = read(path, label_column, lines=lines)
    if labels.empty and len(problems) > 1 and np.isnan([start_s for *_, start_s, _ in problems]).all():
        line, text, *_ = problems[0]
        raise ValueError(f"{path}, line {line}: {text}; none of {len(problems)} lines is a label")
    return labels, problems


def read_labels(path: str | os.PathLike, label_column: str | None = None, file=None) -> pd.DataFrame:
    """Read a label file: Audacity's label track, a table with tabs such as Raven's, or CSV (by its suffix).

    Parameters
    ----------
    path : str or path-like
    label_column : str or None
        The column of a table that holds the label, if it is none of those that programs write.
    file : str, path-like or None
        The recording whose rows are wanted, of a table whose rows name several.

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
    return without_problems(path, *parse_labels(path, label_column), file)
