"""Answers of a class: what `check` said, written to a file a learner, and gathered into one table.

A line a check, in JSON. Lines are only ever added, each by one write under a lock, so that two notebooks can share a
file and a crash costs one line at most. The files are open text: they show a teacher where a class is stuck, and are no
proof for a grade.
"""

import argparse
import contextlib
import csv
import json
import os
import re
import sys
import unicodedata
import uuid
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from anuralib import __version__
from anuralib._language import text as _
from anuralib.course import exercises

_LONGEST = 300  # characters of an answer that are kept, where answers are kept at all
_LONGEST_NAME = 100
_LONGEST_LINE = 16_384  # bytes; answer and hint as JSON escapes them take a quarter of it
_MOST_ATTEMPTS = 1_000_000
_MOST_TOLD = 10  # broken lines of a file that are warned of one by one
_MOST_QUOTED = 200  # characters of a file that a message repeats
_FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)  # before it nobody had this package: an earlier clock is wrong
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last four are the same, wide
_FIELDS = {"time": str, "session": str, "exercise": str, "attempt": int, "passed": bool, "hint_shown": bool,
           "version": str}  # fmt: skip
_COLUMNS = ["student", "exercise", "passed", "first_pass", "attempts_to_pass", "attempts", "hints", "version"]


def record_answers(path, name=None, answers=False):
    """From now on write a line to a file for each `check`; nothing leaves this computer.

    A line holds the time (UTC), the exercise, whether it passed, which attempt it was, whether a hint was shown,
    the version of the package and the name, if one is given. It doesn't hold the answer, nor the words of the
    hint, which may quote it. A stub in which nothing was filled in is no attempt and leaves no line.

    Parameters
    ----------
    path : path-like or None
        A file whose name ends with ``.jsonl``; lines are added to what is there. None stops the recording.
    name : str, optional
        Whose answers these are: a name or a number from the teacher, of 100 characters at most. Without it the name of
        the file counts.
    answers : bool
        Write the answer and the hint as well, as text of 300 characters at most.

    Returns
    -------
    Path or None

    Raises
    ------
    ValueError
        A file whose name does not end with ``.jsonl``; a name that is empty, longer, or has line breaks or other
        control characters.
    OSError
        If the file can't be written.
    """
    exercises.LISTENERS[:] = [one for one in exercises.LISTENERS if not hasattr(one, "records_to")]
    if path is None:
        return None
    path = Path(path).expanduser().absolute()
    if path.suffix != ".jsonl":
        raise ValueError(f"{path.name}: give a file whose name ends with .jsonl, for instance answers.jsonl")
    if name is not None and not _is_name(name):
        raise ValueError(f"name must be a text of one line and at most {_LONGEST_NAME} characters, not {_told(name)}")
    path.parent.mkdir(parents=True, exist_ok=True)
    _append(path, "")  # a file that can't be written is refused now, and not at the first answer
    session, counts = uuid.uuid4().hex[:12], {}

    def listener(exercise, answer, hint):
        counts[exercise] = counts.get(exercise, 0) + 1
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "session": session,
                "exercise": exercise, "attempt": counts[exercise], "passed": hint is None,
                "hint_shown": hint is not None, "version": __version__}  # fmt: skip
        line |= {} if name is None else {"name": name.strip()}
        if answers:
            line |= {"answer": _as_text(answer), "hint": (hint or "")[:_LONGEST]}
        try:
            _append(path, json.dumps(line, ensure_ascii=False, allow_nan=False) + "\n")
        except OSError as error:  # a full disk must not keep a learner from learning
            warnings.warn(f"the answer was checked, but not recorded: {error}", stacklevel=3)

    listener.records_to = path
    exercises.LISTENERS.append(listener)
    print(_("Each check is now written to {file} on this computer: time, exercise, attempt and result, {kept}. "
            "al.record_answers(None) ends it.", file=path.name,
            kept=_("the answers and hints too") if answers else _("not the answers")))  # fmt: skip
    return path


def _is_name(text):
    """Whether a text can be a student's name: a line that shows, without what steers terminals and tables.

    The joiners of Persian and of India's scripts are the only format characters that names have.
    """
    if not isinstance(text, str) or not 0 < len(text.strip()) <= len(text) <= _LONGEST_NAME:
        return False
    kinds = {unicodedata.category(letter) for letter in text if letter not in "\u200c\u200d"}
    return not kinds & {"Cc", "Cf", "Cs", "Zl", "Zp"} and any(unicodedata.category(c)[0] not in "ZMC" for c in text)


def _told(value):
    """What stands in a file, for a message: as Python writes it, cut where it is long."""
    try:
        text = repr(value)
    except RecursionError:
        text = f"a deep {type(value).__name__}"
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}..."


def _place_name(place):
    """A file's place in the folder, as text that can be shown whatever its name is."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in place.as_posix())


def _as_text(answer):
    try:
        return repr(answer)[:_LONGEST]
    except Exception as error:  # a learner's object may raise anything
        kinds = type(answer).__name__, type(error).__name__
        return "<{} without a text: {}>".format(*kinds)


def _append(path, text):
    """Add text to a file by one write; a line that somebody's crash left unfinished is closed first."""
    with open(path, "a+b", buffering=0) as file, _lock(file):
        if text and file.seek(0, os.SEEK_END):
            file.seek(-1, os.SEEK_END)
            text = text if file.read(1) == b"\n" else "\n" + text
        data = text.encode("utf-8", "replace")
        if file.write(data) != len(data):
            raise OSError(f"{path.name}: only a part of the line could be written")


@contextlib.contextmanager
def _lock(file):
    """Keep other processes from writing meanwhile, where the system and the disk can do that."""
    with contextlib.suppress(ImportError, OSError):
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX)  # given up when the file is closed
    yield


def collect_answers(folder, on_error="raise"):
    """Gather the files of `record_answers` that a class has handed in.

    The student is the name in the line, else the file's place in the folder (``maria/answers``). A file that was handed
    in twice by one student counts once. The files of a student follow each other by their times; where a clock was
    certainly wrong (before the package was there, or later than now), nobody knows when, and a pass in that file
    counts as the last, a miss as the first of the attempts.

    Parameters
    ----------
    folder : path-like
        Folders of any depth with files that end with ``.jsonl``.
    on_error : {"raise", "skip"}
        Stop at the first line that can't be read, or leave such lines out and warn: of the first 10 of a file one by
        one, of the others by their number.

    Returns
    -------
    DataFrame
        A row for each student and each exercise tried: student, exercise, passed, first_pass (UTC, NaT if never),
        attempts_to_pass (the first pass included; missing if never), attempts (all), hints (how many were shown) and
        version (the last). `pivot` makes a table of students by exercises of it.

    Raises
    ------
    FileNotFoundError
        No such folder, or no such file in it.
    ValueError
        A line that is broken or was changed; the message names file and line.
    """
    folder = Path(folder).expanduser()
    if on_error not in ("raise", "skip"):
        raise ValueError(f'on_error must be "raise" or "skip", not {on_error!r}')
    if not folder.is_dir():
        raise FileNotFoundError(f"{folder}: there is no such folder")
    files = sorted(path for path in folder.rglob("*.jsonl") if path.is_file())
    if not files:
        raise FileNotFoundError(f"{folder}: no file in it ends with .jsonl, as those of record_answers do")
    found = []
    for path in files:
        found.append(list(_read(path, path.relative_to(folder), on_error)))
    lines = [line | {"file": number, "clock": _clock_is_right(of_file)}
             for number, of_file in enumerate(sorted(filter(None, found), key=_begun)) for line in of_file]  # fmt: skip
    table = pd.DataFrame(lines, columns=["student", *_FIELDS, "file", "clock"])
    table = table.drop_duplicates(["student", "session", "exercise", "attempt"])
    rows = [_summary(*key, group) for key, group in table.groupby(["student", "exercise"])]
    result = pd.DataFrame(rows, columns=_COLUMNS)
    result["first_pass"] = pd.to_datetime(result["first_pass"], utc=True)
    return result.astype({"passed": bool, "attempts_to_pass": "Int64"})


def _begun(lines):
    """When a file was begun; within it lines stand in the order in which they were written, whatever a clock did."""
    return lines[0]["time"]


def _clock_is_right(lines):
    """Whether all times of a file can be right."""
    latest = datetime.now(UTC) + timedelta(days=1)
    return all(_FIRST_DAY <= line["time"] <= latest for line in lines)


def _in_order(group):
    """The lines of an exercise as they came: a file with a wrong clock first if it has misses only, else last."""
    passed = group.groupby("file")["passed"].transform("any")
    turn = np.where(group["clock"], 0, np.where(passed, 1, -1))
    return group.iloc[np.argsort(turn, kind="stable")]


def _summary(student, exercise, group):
    group = _in_order(group)
    passed = group["passed"].to_numpy(dtype=bool)
    first = int(passed.argmax()) if passed.any() else None
    return (student, exercise, first is not None, pd.NaT if first is None else group["time"].iloc[first],
            pd.NA if first is None else first + 1, len(group), int(group["hint_shown"].sum()),
            group["version"].iloc[-1])  # fmt: skip


def _lines(path):
    """Number and bytes of each line; of one that is too long only so much that this can be seen."""
    with path.open("rb") as file:
        number = 0
        while line := file.readline(_LONGEST_LINE + 1):
            number += 1
            rest = line
            while rest and not rest.endswith(b"\n"):
                rest = file.readline(1 << 20)
            if line.strip():
                yield number, line


def _read(path, place, on_error):
    """The lines of one file, checked."""
    shown, good, bad = _place_name(place), 0, 0
    for number, raw in _lines(path):
        try:
            line = _checked(raw)
        except ValueError as error:
            if on_error == "raise":
                raise ValueError(f"{shown}, line {number}: {error}") from None
            bad += 1
            if bad <= _MOST_TOLD:
                warnings.warn(f"{shown}, line {number}: {error}", stacklevel=3)
            continue
        good += 1
        line["student"] = line.get("name") or _place_name(place.with_suffix(""))
        yield line
    if bad > _MOST_TOLD:
        warnings.warn(f"{shown}: {bad - _MOST_TOLD} more lines that can't be read", stacklevel=3)
    if not good:
        warnings.warn(f"{shown}: no answers in it", stacklevel=3)


def _checked(raw):
    """A line as a dictionary, or a ValueError that says what is wrong with it."""
    if len(raw) > _LONGEST_LINE:
        raise ValueError(f"over {_LONGEST_LINE} bytes, which no line of JSON by record_answers has; was it edited?")
    try:
        line = json.loads(raw.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise ValueError("not a whole line of JSON; was it cut off, or edited?") from None
    if not isinstance(line, dict):
        raise ValueError("a record of a check is expected")
    for field, kind in _FIELDS.items():
        if type(line.get(field)) is not kind:  # True is no number here
            raise ValueError(f"{field} is {'missing' if field not in line else _told(line[field])}; was it edited?")
    for field in ("session", "version", "exercise", "name"):  # the rules of record_answers hold for all that is shown
        if field in line and not _is_name(line[field]):
            raise ValueError(f"{field} is {_told(line[field])}; was it edited?")
    if "name" in line:
        line["name"] = unicodedata.normalize("NFC", line["name"].strip())
    if not re.fullmatch(r"[\w-]+\.\d+", line["exercise"]):
        raise ValueError(f"{line['exercise']!r} is no name of an exercise; was it edited?")
    if not 1 <= line["attempt"] <= _MOST_ATTEMPTS or line["passed"] == line["hint_shown"]:
        raise ValueError("attempt, passed and hint_shown don't fit together; was it edited?")
    try:
        time = datetime.fromisoformat(line["time"])
        line["time"] = pd.Timestamp(time).tz_convert("UTC").as_unit("ns")
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"time is {_told(line['time'])}; was it edited?") from None
    return line


def _for_spreadsheets(table):
    """The table with an apostrophe before text that a spreadsheet would take for a formula."""

    def safe(text):
        return f"'{text}" if str(text).lstrip().startswith(_FORMULA) else text

    return table.assign(**{column: table[column].map(safe) for column in ("student", "exercise", "version")})


def main(arguments=None):
    """``python -m anuralib.course.classroom FOLDER --csv out.csv``"""
    parser = argparse.ArgumentParser(prog="python -m anuralib.course.classroom", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="where the handed-in .jsonl files lie, in folders of any depth")
    parser.add_argument("--csv", type=Path, help="write the table here, a row a student and exercise")
    parser.add_argument("--skip", action="store_true", help="leave broken lines out, with a warning for each")
    options = parser.parse_args(arguments)
    try:
        table = collect_answers(options.folder, "skip" if options.skip else "raise")
    except (ValueError, OSError) as error:
        parser.exit(1, f"{error}\n")
    if options.csv:
        _for_spreadsheets(table).to_csv(options.csv, index=False, quoting=csv.QUOTE_NONNUMERIC)
    shown = table.assign(text=table["attempts_to_pass"].astype("string").fillna("not yet"))
    shown = shown.pivot_table(index="student", columns="exercise", values="text", aggfunc="first").fillna("")
    print("Attempts up to the first pass; empty where nothing was tried.")
    print(shown.to_string())


if __name__ == "__main__":
    sys.stdout.reconfigure(errors="backslashreplace")  # a terminal without the letters of a name is no obstacle
    main()
