"""`al.check` answers at once and never with a traceback."""

import numpy as np
import pandas as pd
import pytest

from anuralib.course import exercises


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


@pytest.mark.parametrize(
    ("answer", "value", "passes"),
    [
        (0.67, 2 / 3, True), (0.667, 2 / 3, True), (0.66, 2 / 3, False), (0.7, 2 / 3, False), (0.668, 2 / 3, False),
        (0.90, 0.9013, True), (0.9, 0.94, False), (1.0, 0.996, True), (1.0, 0.96, False), (1, 0.996, True),
        (1070, 1069.77, True), (1069.8, 1069.77, True), (1100, 1069.77, False), (1069.7, 1069.77, False),
        (7.7, 7.6734, True), (7.6, 7.6734, False), (0.22, 0.21988, True), (-0.67, -2 / 3, True), (0.67, -2 / 3, False),
        (0.013, 0.0125, True), (0.0, 0.001, False), (60, 58, False), (1010, 1012, False), (1000.0, 1004.0, False),
        (True, 0.999, False), (float("inf"), 2 / 3, False), (np.float64(0.67), 2 / 3, True),
    ],
)  # fmt: skip
def test_a_number_may_be_rounded_to_its_own_digits(answer, value, passes):
    assert (exercises.expect_number(answer, value) is None) is passes


def test_a_wrong_number_may_be_rounded_and_gets_its_hint():
    hints = {354 / 1612: "recordings", 21.988: "a percentage", 58.0: "a whole number"}
    assert exercises.expect_number(0.2196, 0.21988, tol=1e-4, hints=hints) == "recordings"
    assert exercises.expect_number(0.22, 0.21988, hints=hints) is None
    assert exercises.expect_number(22, 0.21988, hints=hints) == "a percentage"
    assert exercises.expect_number(59, 0.21988, hints=hints) == "59 is too high"


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
