"""Tables of labels as programs write them: Raven, Kaleidoscope, BirdNET, BatDetect2, Sonic Visualiser, spreadsheets."""

import csv
import os
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from anuralib._files import read_text

LABEL_COLUMNS = ("start_s", "end_s", "label", "low_hz", "high_hz")
PARSED_COLUMNS = (*LABEL_COLUMNS, "line", "file")
NO_SPAN = (np.nan, np.nan)
# What programs call the same thing, as `_key` gives it; the first that a table has is taken.
_NAMES = {
    "start_s": ("start s", "begin time s", "start time s", "start time", "begin time", "onset s", "onset", "start",
                "begin", "min t", "offset", "time s", "time"),
    "end_s": ("end s", "end time s", "end time", "offset s", "offset", "end", "stop", "stop time", "max t"),
    "duration_s": ("duration s", "duration", "delta time s", "dur"),
    "file_offset_s": ("file offset s", "file offset"),
    "low_hz": ("low hz", "low freq hz", "low freq", "low frequency", "low f", "min freq", "extent start", "fmin",
               "bottom freq", "fmin khz", "low freq khz", "bottom freq khz"),
    "high_hz": ("high hz", "high freq hz", "high freq", "high frequency", "high f", "max freq", "extent end", "fmax",
                "top freq", "fmax khz", "high freq khz", "top freq khz"),
}  # fmt: skip
_LABEL_NAMES = ("label", "annotation", "species", "especie", "espécie", "tag", "tags", "manual id", "species code",
                "scientific name", "common name", "class", "class name", "event label", "top1match",
                "auto id")  # fmt: skip
_FILE_NAMES = ("begin file", "in file", "filename", "file name", "audio file", "sound files", "file", "begin path",
               "filepath", "file path", "notated path", "recording", "fname")  # fmt: skip
_KNOWN = {"selection", "view", "channel", "frame", "startframe", "confidence", *_LABEL_NAMES, *_FILE_NAMES,
          *(name for names in _NAMES.values() for name in names)}  # fmt: skip
# Kaleidoscope and warbleR give these in kilohertz or in hertz, and don't say which.
_KHZ_OR_HZ = ("fmin", "fmax", "bottom freq", "top freq")
_HIGHEST_KHZ = 256  # recorders for bats reach it; no frog's call lies wholly below 256 Hz
# Files are a stranger's: each pattern has one way only to match, so that a file of any letters is read in little time.
_NUMBER = re.compile(r"[+-]?([0-9]++(\.[0-9]*+)?|\.[0-9]++)([eE][+-]?[0-9]++)?")
_DECIMAL_COMMA = re.compile(r"[+-]?[0-9]*+,[0-9]++")
_QUOTED = re.compile(r'\s*+"((?:[^"]++|"")*+)"\s*+')
_SEPARATOR = re.compile(r'"?sep=([,;\t])"?[,;\t ]*', re.IGNORECASE)
_NOTHING = ("", "na", "nan", "none", "null")
_MOST_QUOTED = 200  # characters of a file that a message repeats


def _shown(text: str) -> str:
    """What a file says, for a message: without control characters, and cut where it is long."""
    told = repr(text[:_MOST_QUOTED])[1:-1]
    return told[:_MOST_QUOTED] + "..." * (max(len(text), len(told)) > _MOST_QUOTED)


def quoted(text: str) -> str:
    """The same between marks."""
    return repr(text) if len(text) < 20 else f"'{_shown(text)}'"


def _key(name: str) -> str:
    """A column's name without what differs: Begin Time (s), begin_time_s and R's Begin.Time..s. are one."""
    return re.sub(r"[\W_]+", " ", name.casefold()).strip()


def unquote(cell: str) -> str:
    """A cell without the marks that spreadsheets put around it, doubled marks within as one."""
    quoted = _QUOTED.fullmatch(cell) if '"' in cell else None
    return quoted[1].replace('""', '"') if quoted else cell


def read_lines(path: str | os.PathLike) -> list[str]:
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such label file; check the path")
    # str.splitlines would also cut at characters that may stand inside a label. Files that were put together have
    # byte-order marks in their midst.
    lines = [line.removeprefix("\ufeff") for line in re.split(r"\r\n|\n|\r", read_text(path, guess=True))]
    filled = [line for line in lines if line.strip()]
    # Spreadsheets that took a whole line for one cell put marks around each.
    return [unquote(line) for line in lines] if filled and all(map(_QUOTED.fullmatch, filled)) else lines


def first_line(lines: list[str]) -> str:
    """The first line that is not empty."""
    return next((line for line in lines if line.strip()), "")


def is_number(text: str) -> bool:
    text = unquote(text).strip()
    return bool(_NUMBER.fullmatch(text) or _DECIMAL_COMMA.fullmatch(text))


def number(text: str, what: str) -> float:
    text = text.strip()
    if not text:
        raise ValueError(f"{what} is empty; write seconds or hertz as in 1.5")
    if _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    value = float(text) if _NUMBER.fullmatch(text) else np.nan
    if not np.isfinite(value):
        raise ValueError(f"{what} {quoted(text)} is not a number; write seconds or hertz as in 1.5")
    return value + 0.0  # -0.0 becomes 0.0


def check_times(start_s: float, end_s: float) -> None:
    if start_s < 0:
        raise ValueError(f"start {start_s:g} s is negative; labels begin at 0 s or later")
    if end_s < start_s:
        raise ValueError(f"end {end_s:g} s lies before start {start_s:g} s; swap or correct them")
    if not np.isfinite(end_s):
        raise ValueError(f"end {end_s:g} s is no time; correct it")


def band(low: str, high: str, factor: float = 1.0) -> tuple[float, float]:
    # Audacity writes -1 for an edge that was not selected.
    texts = ("-1" if text.strip().lower() in _NOTHING else text for text in (low, high))
    edges = (number(text, f"{which} frequency") for text, which in zip(texts, ("low", "high"), strict=True))
    low_hz, high_hz = (np.nan if edge == -1 else edge * factor for edge in edges)
    if low_hz < 0 or high_hz < 0:
        raise ValueError("a frequency is negative; write hertz, or -1 where it is not known")
    if high_hz < low_hz:
        raise ValueError(f"upper edge {high_hz:g} Hz lies under lower edge {low_hz:g} Hz")
    return low_hz, high_hz


def problem(line: int, error: Exception, start_s: float = np.nan, end_s: float = np.nan) -> tuple:
    """What is wrong with a line, and the span that its label would have, NaN where that can't be read."""
    known = np.isfinite(start_s) and np.isfinite(end_s)
    span = (max(0.0, min(start_s, end_s)), max(0.0, start_s, end_s)) if known else NO_SPAN
    return line, str(error), *span


def label_frame(rows: list) -> pd.DataFrame:
    values = list(zip(*rows, strict=True)) or [()] * len(PARSED_COLUMNS)
    columns = dict(zip(PARSED_COLUMNS, values, strict=True))
    text = {c: pd.array(list(columns[c]), dtype="str") for c in ("label", "file")}
    numbers = {c: np.array(columns[c], dtype="int64" if c == "line" else float) for c in columns if c not in text}
    return pd.DataFrame({c: text[c] if c in text else numbers[c] for c in PARSED_COLUMNS})


def _rows(path, lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Rows that are not empty with the number of the line they begin in; the first has the names."""
    first = first_line(lines)
    told = _SEPARATOR.fullmatch(first)  # spreadsheets say so above the names
    skip = lines.index(first) + 1 if told else 0
    # Those of many countries write semicolons, and commas in numbers.
    bare = next((mark for mark in "\t;" if mark in first and is_number(first.split(mark)[0])), None)
    separator = told[1] if told else bare or max(",;\t", key=first.count)
    if separator == "\t":  # a cell of these has no line breaks, and a quotation mark alone is one
        rows = ((n, [unquote(cell) for cell in line.split("\t")]) for n, line in enumerate(lines[skip:], skip + 1))
    else:
        rows = _csv_rows(path, lines, skip, separator)
    return ((n, cells) for n, cells in rows if any(cell.strip() for cell in cells))


def _csv_rows(path, lines: list[str], skip: int, separator: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of CSV; a quoted cell may hold line breaks."""
    reader = csv.reader((line + "\n" for line in lines[skip:]), delimiter=separator, strict=True, skipinitialspace=True)
    while True:
        line = skip + reader.line_num + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ValueError(f"{path}, line {line}: not CSV ({error}); mind the quotation marks") from error


def _value(cell: str) -> float:
    return float(cell.replace(",", "."))


def _bare_names(path, rows: list[tuple[int, list[str]]]) -> list[str]:
    """Names for a table without any: a layer of Sonic Visualiser, or start, end, label."""
    filled = [" \t".join(cells).rstrip().split(" \t") for _, cells in rows]  # without empty cells at the end
    n = min(next((i for i, cell in enumerate(cells) if not is_number(cell)), len(cells)) for cells in filled)
    if n and all(len(cells) <= n + 1 for cells in filled):
        values = np.array([[_value(cell) for cell in cells[:n]] for cells in filled]).T
        rising = n > 1 and bool((values[1] >= values[0]).all())
        # A layer of regions, unless the second number may be an end and the third a score.
        region = n == 3 and not (rising and (values[1] <= values[0] + 60).all() and (values[2] <= 1).all())
        box = n == 4 and rising and (values[3] >= values[2]).all() and values[3].max() > 1
        for fits, names in ((n == 1, ["time"]), (n == 2 and rising, ["start", "end"]),
                            (region, ["time", "value", "duration"]), (box, ["start", "end", "low_hz", "high_hz"])):
            if fits:
                return [*names, "label"]
    raise ValueError(f"{path}, line {rows[0][0]}: no names of columns, and it can't be seen which is which; write a "
                     "first line such as start_s,end_s,label")  # fmt: skip


def _time_columns(path, line: int, header: list[str]) -> dict[str, int]:
    """Where in a row each number stands; ValueError if times are missing."""
    names = [_key(name) for name in header]
    at: dict[str, int] = {}
    for what, aliases in _NAMES.items():
        place = next((names.index(a) for a in aliases if a in names and names.index(a) not in at.values()), None)
        if place is not None:
            at[what] = place
    start = names[at["start_s"]] if "start_s" in at else None
    if start in ("offset", "time", "time s") and "duration_s" in at:  # so Kaleidoscope and Sonic Visualiser
        at.pop("end_s", None)
    if start is None and {"frame", "startframe"} & set(names):
        raise ValueError(f"{path}, line {line}: times are counted in frames; export them again in seconds")
    has_end = "end_s" in at or "duration_s" in at or start in ("time", "time s")  # a time alone is a point
    if start is None or not has_end:
        which, such = ("start", "start_s, Begin Time (s)") if start is None else ("end", "end_s, duration")
        raise ValueError(f"{path}, line {line}: no column for the {which} of labels (such as {such}); there are "
                         f"{_listed(header)}; give the right one such a name")  # fmt: skip
    return at


def _listed(header: list[str]) -> str:
    names = [quoted(name.strip()) for name in header[:_MOST_QUOTED] if name.strip()]
    told = ", ".join(names)
    return f"{told[:_MOST_QUOTED]}..." if len(told) > _MOST_QUOTED else told or "none"


def _label_place(path, line: int, header: list[str], rows: list, label_column, needed: bool) -> int | None:
    """Which column holds the labels: the one asked for, or the first known one in which any row has text."""
    names = [_key(name) for name in header]
    if label_column is not None:
        if _key(label_column) not in names:
            raise ValueError(f"{path}, line {line}: no column {label_column!r}; there are {_listed(header)}")
        return names.index(_key(label_column))
    known = [names.index(name) for name in _LABEL_NAMES if name in names]
    if not known and rows and needed:
        raise ValueError(f"{path}, line {line}: no column for the label (such as Annotation, Species, label); there "
                         f"are {_listed(header)}; say label_column=, or give it such a name")  # fmt: skip
    filled = (i for i in known if any(i < len(cells) and cells[i].strip() for _, cells in rows))
    return next(filled, known[0] if known else None)


def _factor(names: list[str], at: dict[str, int], rows: list) -> float:
    """What makes hertz of a table's frequencies: 1, or 1000 where they are in kilohertz."""
    place = at.get("high_hz", at.get("low_hz"))
    if place is None or names[place].endswith("khz"):
        return 1.0 if place is None else 1000.0
    cells = [cells[place] for _, cells in rows if place < len(cells) and is_number(cells[place])]
    highest = max(map(_value, cells), default=0.0)
    return 1000.0 if names[place] in _KHZ_OR_HZ and highest <= _HIGHEST_KHZ else 1.0


def _row_times(cell: dict[str, str]) -> tuple[float, float]:
    """Start and end within the file that the row is of."""
    start_s = end_s = number(cell["start_s"], "start")
    if "end_s" in cell:
        end_s = number(cell["end_s"], "end")
    elif "duration_s" in cell:
        length_s = number(cell["duration_s"], "duration")
        if length_s < 0:
            raise ValueError(f"duration {length_s:g} s is negative; correct it")
        end_s = round(start_s + length_s, 9)
    if cell.get("file_offset_s"):  # the other times count from the first file of a sequence
        offset_s = number(cell["file_offset_s"], "file offset")
        start_s, end_s = offset_s, round(offset_s + (end_s - start_s), 9)
    return start_s, end_s


def base_name(path: str) -> str:
    """The last part of a path of any system."""
    return re.split(r"[\\/]", path.strip().rstrip("\\/"))[-1]


def _check_nameless_files(path, at: dict[str, int], rows: list) -> None:
    """Refuse rows that count from the starts of several files, and don't say from which."""
    begin, offset = at["start_s"], at["file_offset_s"]
    full = [(n, cells[begin], cells[offset]) for n, cells in rows if len(cells) > max(begin, offset)]
    begun = [(n, _value(a) - _value(b)) for n, a, b in full if is_number(a) and is_number(b)]
    other = [n for n, at_s in begun if abs(at_s - begun[0][1]) > 0.1]
    if other:
        raise ValueError(f"{path}, line {other[0]}: by its File Offset a row of another file than those before, and no "
                         "column says which; save the table with Begin File")  # fmt: skip


def _has_row_names(header: list[str], rows: list) -> bool:
    """Whether each row begins with its number, for which there is no name: R's write.table does that."""
    wide = len(rows) > 1 and all(len(cells) == len(header) + 1 for _, cells in rows)
    return wide and [cells[0].strip() for _, cells in rows] == [str(n) for n in range(1, len(rows) + 1)] and any(
        cells[-1].strip() for _, cells in rows)


class _Cells(dict):
    """A row's cells by place; empty behind its end, where a list would be as long as the longest line for each row."""

    def __missing__(self, place: int) -> str:
        return ""


class _Table:
    """Which column of a table holds what, and what its rows say."""

    def __init__(self, path, lines: list[str], label_column: str | None, label_needed: bool):
        self.path = path
        rows = list(_rows(path, lines))
        line, header = rows[0] if rows else (1, [])
        bare = bool(header) and is_number(header[0])
        self.rows = rows if bare else rows[1:]
        self.header = _bare_names(path, rows) if bare else [""] * _has_row_names(header, self.rows) + header
        self.names = names = [_key(name) for name in self.header]
        self.at = _time_columns(path, line, self.header)
        self.factor = _factor(names, self.at, self.rows)
        self.label_at = _label_place(path, line, self.header, self.rows, label_column, label_needed)
        # A table of strong labels has the quality in a column of its own.
        strong = self.label_at is not None and names[self.label_at] == "species" and "quality" in names
        self.quality_at = names.index("quality") if strong else None
        self.selection_at = names.index("selection") if "selection" in names else None
        self.files_at = [names.index(name) for name in _FILE_NAMES if name in names]
        self.folders_at = [names.index(name) for name in ("begin path", "indir", "folder") if name in names]
        self.folders: dict[str, str] = {}
        if not self.files_at and "file_offset_s" in self.at:
            _check_nameless_files(path, self.at, self.rows)

    def times(self, cells: dict[int, str]) -> tuple[float, float]:
        if any(cells[i] for i in range(len(self.header), len(cells))):
            raise ValueError(f"{len(cells)} cells under {len(self.header)} names of columns; take out what is too many")
        return _row_times({what: cells[place] for what, place in self.at.items()})

    def label(self, cells: dict[int, str]) -> str:
        label = "" if self.label_at is None else cells[self.label_at]
        return label if self.quality_at is None or not cells[self.quality_at] else f"{label}_{cells[self.quality_at]}"

    def says_no(self, label: str, cells: dict[int, str]) -> bool:
        """Whether a row says that something is not there: BirdNET's "nocall", or a clip answered with no or unsure."""
        answered = "answer" in self.names and cells[self.names.index("answer")] in ("no", "unsure")
        return answered or (label.casefold() == "nocall" and "confidence" in self.names)

    def band(self, cells: dict[int, str]) -> tuple[float, float]:
        return band(*(cells[self.at[k]] if k in self.at else "" for k in ("low_hz", "high_hz")), self.factor)

    def file(self, line: int, cells: dict[int, str]) -> str:
        """The name of the file that a row is of; ValueError where one name stands for files of two folders."""
        told = next((cells[i] for i in self.files_at if cells[i]), "")
        name = base_name(told)
        paths = [re.sub(r"[\\/]+", "/", path) for path in (told, *(cells[i] for i in self.folders_at))]
        folder = "/".join(path.removesuffix(name).strip("/ ") for path in paths).strip("/")
        other = self.folders.setdefault(name.casefold(), folder) if name and folder else folder
        if other != folder:
            raise ValueError(f"{self.path}, line {line}: rows name {_shown(name)} in two folders, {_shown(other)} "
                             f"and {_shown(folder)}; make a table for each")  # fmt: skip
        return name


def parse_table(
    path, label_column: str | None = None, label_needed: bool = True, lines: list[str] | None = None
) -> tuple[pd.DataFrame, list[tuple]]:
    """Rows of a table as labels, and what is wrong with the others, as `parse_labels` gives them.

    `lines` are those of the file, where they have been read already.
    """
    table = _Table(path, read_lines(path) if lines is None else lines, label_column, label_needed)
    kept, problems, seen = [], [], set()
    for line, cells in table.rows:
        cells = _Cells(enumerate(map(str.strip, cells)))
        file, span = table.file(line, cells), NO_SPAN
        try:
            span = table.times(cells)
            check_times(*span)
            row = [*span, table.label(cells), *table.band(cells)]
        except ValueError as error:
            problems.append(problem(line, error, *span))
            continue
        # Raven lists a selection once for each view, under one number; without numbers every line is a selection.
        key = (line if table.selection_at is None else cells[table.selection_at], file, *map(str, row))
        if key not in seen and not table.says_no(row[2], cells):
            kept.append([*row, line, file])
        seen.add(key)
    return label_frame(kept), problems


def has_names(first: str) -> bool:
    """Whether a line between whose cells are tabs has names of columns."""
    cells = [_key(unquote(cell)) for cell in first.split("\t")]
    has_start = any(cell in _NAMES["start_s"] for cell in cells)
    return len(cells) > 1 and not is_number(cells[0]) and (has_start or sum(cell in _KNOWN for cell in cells) > 1)


def of_one_file(path, labels: pd.DataFrame, file: str | os.PathLike | None) -> pd.DataFrame:
    """The rows of one recording, where rows of tables name theirs.

    Parameters
    ----------
    path : str or path-like
        Of the label file.
    labels : DataFrame
        As `parse_labels` gives it.
    file : str, path-like or None
        The recording, by its file or its name; None where the rows are of one.

    Returns
    -------
    DataFrame

    Raises
    ------
    ValueError
        If `file` is None and the rows name several, or if they name others only.
    """
    names = labels["file"].str.casefold()
    several = labels.loc[(names != "") & ~names.duplicated(), ["line", "file"]]
    told = ", ".join(map(_shown, several["file"].iloc[:3])) + (", ..." if len(several) > 3 else "")
    if file is None and len(several) > 1:
        raise ValueError(f"{path}, line {several['line'].iloc[1]}: rows of {len(several)} recordings ({told}); say "
                         f"which is wanted, as in file={quoted(several['file'].iloc[0])}")  # fmt: skip
    if file is None or several.empty:
        return labels
    wanted = base_name(os.fspath(file)).casefold()
    stems = names.map(lambda name: Path(name).stem)
    mine = (names == wanted) | (stems == wanted) | (stems == Path(wanted).stem)
    if not mine.any():
        raise ValueError(f"{path}, line {several['line'].iloc[0]}: no row names {file}; they name {told}")
    return labels[mine | (names == "")].reset_index(drop=True)


def without_problems(path, labels: pd.DataFrame, problems: list[tuple], file=None) -> pd.DataFrame:
    """The labels of a file in which nothing was wrong; ValueError names the first line otherwise."""
    if problems:
        line, text, *_ = problems[0]
        raise ValueError(f"{path}, line {line}: {text}")
    return of_one_file(path, labels, file)[list(LABEL_COLUMNS)]


def read_raven_table(path: str | os.PathLike, label_column: str | None = None, file=None) -> pd.DataFrame:
    """Read a selection table as Raven writes it: tab-separated, with a line of column names.

    Raven lists a selection once for each view (waveform, spectrogram); it is counted once here. Column names are
    matched whatever their case. With a column `File Offset (s)`, times are those within the file. Rows may end before
    columns that are empty, and have empty cells too many; cells may stand in quotation marks.

    Parameters
    ----------
    path : str or path-like
    label_column : str or None
        The column that holds the label. None takes the first of Label, Annotation, Species, Tag, MANUAL ID, Species
        Code, Scientific Name, Common Name, class and some more that has text; without any, labels are empty.
    file : str, path-like or None
        The recording whose rows are wanted, of a table whose rows name several (Begin File, Begin Path, IN FILE).

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
    return without_problems(path, *parse_table(path, label_column, label_needed=False), file)


def read_label_csv(path: str | os.PathLike, label_column: str | None = None, file=None) -> pd.DataFrame:
    """Read labels from a CSV file with a line of column names, commas or semicolons between.

    Known are the names that annotation programs and libraries give (`start_s`, `start_time`, `onset_s`, `Begin Time
    (s)`; `low_hz`, `low_f`; `label`, `annotation`, `species`), whatever their case: those of BirdNET, Kaleidoscope
    (OFFSET, DURATION, MANUAL ID), BatDetect2, Sonic Visualiser, OpenSoundscape. Other columns are passed over. A column
    `quality` beside `species` is joined to it, as in PHYCUV_M. Without names the columns are start, end, label, or a
    layer of Sonic Visualiser where the numbers show which.

    Parameters
    ----------
    path : str or path-like
    label_column : str or None
        The column that holds the label, if it is another.
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
    return without_problems(path, *parse_table(path, label_column, label_needed=False), file)
