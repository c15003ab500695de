"""`al.check` answers at once and never with a traceback."""

import numpy as np
import pandas as pd
import pytest

from anuralib import exercises


@pytest.fixture
def question(monkeypatch):
    exercises.exercises()  # loads the checks of the chapters first, so that they outlive the patch
    monkeypatch.setattr(exercises, "_CHECKS", dict(exercises._CHECKS))

    @exercises.exercise("test.1")
    def _(answer):
        return exercises.expect_number(answer, 58, hints={60: "the last window would reach past the end"})

    return "test.1"


def test_right_answer_passes(question, capsys):
    assert exercises.check(question, 58) and exercises.check(question, np.int64(58))
    assert "Pass" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "hint"),
    [
        (..., "no answer yet"), (None, "no answer yet"), (float("nan"), "NaN"), ([], "empty"), ("many", "a number"),
        (60, "past the end"), (61, "too high"), (np.array([1, 2]), "a number"), (np.float32("nan"), "NaN"),
    ],
)  # fmt: skip
def test_other_answers_get_a_hint(question, answer, hint, capsys):
    assert not exercises.check(question, answer)
    assert hint in capsys.readouterr().out


def test_a_function_that_raises_gets_a_hint(capsys):
    @exercises.exercise("test.2")
    def _(answer):
        answer()

    assert not exercises.check("test.2", lambda: 1 / 0)
    assert "ZeroDivisionError" in capsys.readouterr().out
    del exercises._CHECKS["test.2"]


def test_arrays_and_tables_are_compared():
    value = np.array([1.0, np.nan, 3.0])
    assert exercises.expect_array([1, np.nan, 3], value) is None
    assert "shape is (2,)" in exercises.expect_array([1, 3], value)
    assert "1 values are NaN" in exercises.expect_array([np.nan, np.nan, 3], value)
    assert "1 of 3 values are wrong, the first at 2: 4" in exercises.expect_array([1, np.nan, 4], value)
    assert "array of numbers" in exercises.expect_array(["a"], value)
    table = pd.DataFrame({"a": [1, 2]})
    assert exercises.expect_frame(table, ["a"], 2) is None
    assert "no column 'b'" in exercises.expect_frame(table, ["a", "b"])
    assert "2 rows" in exercises.expect_frame(table, ["a"], 3)
    assert "table (pandas DataFrame)" in exercises.expect_frame([1])


def test_parts_left_open_and_numpy_nan_are_no_answer(question, capsys):
    for answer, hint in (([1, ...], "each ..."), ({"a": ...}, "each ..."), (np.array(np.nan), "NaN"), (set(), "empty")):
        assert not exercises.check(question, answer)
        assert hint in capsys.readouterr().out


@pytest.mark.parametrize(
    ("function", "hint"),
    [
        (3, "give its name without parentheses"), (lambda x: 1 / 0, "your function raised ZeroDivisionError"),
        (lambda x: None, "no answer yet"), (lambda x: ..., "no answer yet"), (lambda: 1, "TypeError"),
        (lambda x: exit(), "SystemExit"), (lambda x: x.clear() or [9], "too high"),
    ],
)  # fmt: skip
def test_functions_are_run_safely(question, function, hint, capsys, monkeypatch):
    given = [1, 2]

    def checker(answer):
        result = exercises.run_function(answer, given)
        assert given == [1, 2]
        return exercises.expect_number(result[0], 1)

    monkeypatch.setitem(exercises._CHECKS, question, checker)
    assert not exercises.check(question, function)
    assert hint in capsys.readouterr().out


def test_unknown_exercise_is_refused():
    with pytest.raises(ValueError, match="no exercise 'nowhere.1'"):
        exercises.check("nowhere.1", 1)


def test_untouched_stubs_fail_everywhere():
    names = exercises.exercises()
    assert len(names) >= 18
    for name in names:
        assert not exercises.check(name, ...)
        assert not exercises.check(name, lambda *args: ...)
