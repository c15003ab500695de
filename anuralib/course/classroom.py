"""Answers of a class: what `check` said, written to a file a learner, and gathered into one table.

A line a check, in JSON. Lines are only ever added, each by one write under a lock, so that two notebooks can share a
file and a crash costs one line at most. The files are open text: they show a teacher where a class is stuck, and are no
proof for a grade.
"""

import argparse
import contextlib
import json
import os
import re
import uuid
import warnings
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from anuralib import __version__
from anuralib.course import exercises
from anuralib.course.language import text as _

_LONGEST = 300  # characters of an answer that are kept, where answers are kept at all
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
        Whose answers these are: a name or a number from the teacher. Without it the name of the file counts.
    answers : bool
        Write the answer and the hint as well, as text of 300 characters at most.

    Returns
    -------
    Path or None

    Raises
    ------
    ValueError
        A file whose name does not end with ``.jsonl``, an empty name, or one with a line break.
    OSError
        If the file can't be written.
    """
    exercises.LISTENERS[:] = [one for one in exercises.LISTENERS if not hasattr(one, "records_to")]
    if path is None:
        return None
    path = Path(path).expanduser().absolute()
    if path.suffix != ".jsonl":
        raise ValueError(f"{path.name}: give a file whose name ends with .jsonl, for instance answers.jsonl")
    if name is not None and (not isinstance(name, str) or not name.strip() or len(name.splitlines()) > 1):
        raise ValueError(f"name must be a text of one line, not {name!r}")
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
            _append(path, json.dumps(line, ensure_ascii=False) + "\n")
        except OSError as error:  # a full disk must not keep a learner from learning
            warnings.warn(f"the answer was checked, but not recorded: {error}", stacklevel=3)

    listener.records_to = path
    exercises.LISTENERS.append(listener)
    print(_("Each check is now written to {file} on this computer: time, exercise, attempt and result, {kept}. "
            "al.record_answers(None) ends it.", file=path.name,
            kept=_("the answers and hints too") if answers else _("not the answers")))  # fmt: skip
    return path


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
    in twice by one student counts once.

    Parameters
    ----------
    folder : path-like
        Folders of any depth with files that end with ``.jsonl``.
    on_error : {"raise", "skip"}
        Stop at the first line that can't be read, or leave such lines out and warn of each.

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
    lines = []
    for path in files:
        place = path.relative_to(folder)
        found = list(_read(path, place, on_error))
        if not found:
            warnings.warn(f"{place.as_posix()}: no answers in it", stacklevel=2)
        lines.append(found)
    # Within a file lines stand in the order in which they were written, whatever a clock did.
    lines.sort(key=lambda found: found[0]["time"] if found else pd.Timestamp.max.tz_localize("UTC"))
    table = pd.DataFrame([line for found in lines for line in found], columns=["student", *_FIELDS])
    table = table.drop_duplicates(["student", "session", "exercise", "attempt"])
    rows = [_summary(*key, group) for key, group in table.groupby(["student", "exercise"])]
    result = pd.DataFrame(rows, columns=_COLUMNS)
    result["first_pass"] = pd.to_datetime(result["first_pass"], utc=True)
    return result.astype({"passed": bool, "attempts_to_pass": "Int64"})


def _summary(student, exercise, group):
    passed = group["passed"].to_numpy(dtype=bool)
    first = int(passed.argmax()) if passed.any() else None
    return (student, exercise, first is not None, pd.NaT if first is None else group["time"].iloc[first],
            pd.NA if first is None else first + 1, len(group), int(group["hint_shown"].sum()),
            group["version"].iloc[-1])  # fmt: skip


def _read(path, place, on_error):
    """The lines of one file, checked."""
    for number, raw in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not raw.strip():
            continue
        try:
            line = _checked(raw)
        except ValueError as error:
            message = f"{place.as_posix()}, line {number}: {error}"
            if on_error == "raise":
                raise ValueError(message) from None
            warnings.warn(message, stacklevel=3)
            continue
        line["student"] = line.get("name", place.with_suffix("").as_posix())
        yield line


def _checked(raw):
    """A line as a dictionary, or a ValueError that says what is wrong with it."""
    try:
        line = json.loads(raw.decode("utf-8-sig"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise ValueError("not a whole line of JSON; was it cut off, or edited?") from None
    if not isinstance(line, dict):
        raise ValueError("a record of a check is expected")
    for field, kind in _FIELDS.items():
        if type(line.get(field)) is not kind:  # True is no number here
            raise ValueError(f"{field} is {'missing' if field not in line else f'{line[field]!r}'}; was it edited?")
    if not isinstance(line.get("name", ""), str):
        raise ValueError(f"name is {line['name']!r}; was it edited?")
    if not re.fullmatch(r"[\w-]+\.\d+", line["exercise"]):
        raise ValueError(f"{line['exercise']!r} is no name of an exercise; was it edited?")
    if line["attempt"] < 1 or line["passed"] == line["hint_shown"]:
        raise ValueError("attempt, passed and hint_shown don't fit together; was it edited?")
    try:
        time = datetime.fromisoformat(line["time"])
        line["time"] = pd.Timestamp(time).tz_convert("UTC").as_unit("ns")
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"time is {line['time']!r}; was it edited?") from None
    return line


def main(arguments=None):
    """``python -m anuralib.course.classroom FOLDER --csv out.csv``"""
    parser = argparse.ArgumentParser(prog="python -m anuralib.course.classroom", description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="where the handed-in .jsonl files lie, in folders of any depth")
    parser.add_argument("--csv", type=Path, help="write the table here, a row a student and exercise")
    parser.add_argument("--skip", action="store_true", help="leave broken lines out, with a warning for each")
    options = parser.parse_args(arguments)
    try:
        table = collect_answers(options.folder, "skip" if options.skip else "raise")
    except (ValueError, FileNotFoundError) as error:
        parser.exit(1, f"{error}\n")
    if options.csv:
        table.to_csv(options.csv, index=False)
    shown = table.assign(text=table["attempts_to_pass"].astype("string").fillna("not yet"))
    shown = shown.pivot_table(index="student", columns="exercise", values="text", aggfunc="first").fillna("")
    print("Attempts up to the first pass; empty where nothing was tried.")
    print(shown.to_string())


if __name__ == "__main__":
    main()
