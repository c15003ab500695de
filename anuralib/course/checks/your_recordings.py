"""Checks of the exercises of the chapter "your-recordings"."""

import tempfile
from pathlib import Path

import pandas as pd

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_number, run_function
from anuralib.labels.formats import parse_audacity
from anuralib.split.splitting import nights


@exercise("your-recordings.1")
def _your_recordings_1(answer):
    return expect_number(answer, 9 * 3598, hints={
        9 * 3600: _("Not every second begins a window: the last two of each file would reach beyond its end."),
        9 * 3597: _("Count both ends: windows begin at 0 s, 1 s, ... and at 3597 s."),
        9 * 1200: _("That is without overlap; here a window begins every second."),
        9 * 3600 - 2: _("Windows don't cross from one file into the next: each file loses two, not the night."),
        10 * 3598: _("From 20:00 to 05:00 there are nine hours."),
        3598: _("That is one file; the night has nine."),
        9 * 58: _("That is for files of a minute; these last an hour, 3600 s."),
    })  # fmt: skip


_LINES = ((12.5, 14.0, "BARWHI_M"), (20.0, 22.0, "HIGPEE_H"), (30.4, 31.2, "BARWHI_L"), (40.0, 41.5, "HIGPEE_M"))


@exercise("your-recordings.2")
def _your_recordings_2(answer):
    if not isinstance(answer, str):
        return _("Answer with text: the four lines of the file, with \\t and \\n.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "labels.txt"
        path.write_text(answer, encoding="utf-8", newline="")
        labels, problems = parse_audacity(path)
    if problems:
        line, problem, *_span = problems[0]
        return _("Line {line} can't be read: {problem}.", line=line, problem=problem)
    if len(labels) != len(_LINES):
        return _("The file has {n} labels, and should have four.", n=len(labels))
    for line, (row, (start, end, label)) in enumerate(zip(labels.itertuples(), _LINES, strict=True), start=1):
        if not row.label.strip():
            return _("Line {line} has no text; a label without a species is left out.", line=line)
        if row.label.strip() != label:
            return _("Line {line}: the text {label!r} is not what was meant; write code, underscore and quality.",
                     line=line, label=row.label)
        if abs(row.start_s - start) > 1e-9 or abs(row.end_s - end) > 1e-9:
            return _("Line {line}: the times {start_s:g} and {end_s:g} s are not those that were meant.",
                     line=line, start_s=row.start_s, end_s=row.end_s)
    return None


def _labels(rows):
    return pd.DataFrame(rows, columns=["recording", "start_s", "end_s", "species"])


@exercise("your-recordings.3")
def _your_recordings_3(answer):
    # Of four true labels one is touched three times and one by another species only; 1 and 3 are to be added.
    truth = _labels([("a", 0.0, 9.0, "AAAAAA"), ("a", 20.0, 22.0, "BBBBBB"), ("b", 1.0, 2.0, "AAAAAA"),
                     ("b", 5.0, 6.0, "BBBBBB")])  # fmt: skip
    calls = _labels([("a", 1.0, 2.0, "AAAAAA"), ("a", 4.0, 5.0, "AAAAAA"), ("a", 7.0, 8.0, "AAAAAA"),
                     ("a", 20.5, 21.0, "AAAAAA"), ("b", 5.5, 7.0, "BBBBBB"), ("b", 30.0, 31.0, "BBBBBB"),
                     ("b", 40.0, 41.0, "AAAAAA")])  # fmt: skip
    hint = expect_number(run_function(answer, calls, truth), 2, hints={
        -1: _("That is the function as it was: it counts a true label as often as something touches it, of any "
              "species."),
        0: _("One fault is left: a true label that several labels touch is counted several times. Count each once."),
        1: _("One fault is left: another species counts as a hit. Join on recording and species."),
        3: _("That would be the false labels of the network; the true ones that it missed are asked for."),
        4: _("Nothing was found to touch; two of these four true labels are."),
    })  # fmt: skip
    if hint is not None:
        return hint
    odd = truth.set_axis([7, 7, 7, 7], axis=0)
    if run_function(answer, calls.iloc[:0], truth) != 4 or run_function(answer, calls, truth.iloc[:0]) != 0:
        return _("Without any label of the network all four are to be added; without any true label, none.")
    if run_function(answer, calls, odd.reset_index(drop=True)) != 2:
        return _("The answer should not depend on the index of the tables.")
    return None


@exercise("your-recordings.4")
def _your_recordings_4(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("Answer with the pair (nights in utc, nights after the times were set right).")
    local = pd.date_range("2021-01-09 18:00", "2021-01-10 06:00", freq="1h")
    clocks = (local - pd.Timedelta(hours=8), local)
    right = [nights(pd.DataFrame({"site": "POND", "date": clock})).nunique() for clock in clocks]
    if list(answer) == right[::-1]:
        return _("The other way round: first the recorder's times, then the right ones.")
    hint = expect_number(answer[0], right[0], hints={
        1: _("It was one night, but al.nights sees the recorder's times: 18:00 is written as 10:00, before noon, and "
             "counts to the evening before."),
        13: _("That is the number of recordings; count different nights."),
    })  # fmt: skip
    if hint is not None:
        return _("In universal time: {hint}", hint=_(hint))
    hint = expect_number(answer[1], right[1], hints={
        2: _("With local times all of it lies between one noon and the next; add the eight hours, don't take them "
             "off."),
        13: _("That is the number of recordings; count different nights."),
    })  # fmt: skip
    return None if hint is None else _("In local time: {hint}", hint=_(hint))
