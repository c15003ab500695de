"""`al.check` answers at once and never with a traceback."""

import numpy as np
import pytest

from anuralib import exercises


@pytest.fixture
def question(monkeypatch):
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


def test_unknown_exercise_is_refused():
    with pytest.raises(ValueError, match="no exercise 'nowhere.1'"):
        exercises.check("nowhere.1", 1)


def test_untouched_stubs_fail_everywhere():
    for name in exercises.exercises():
        assert not exercises.check(name, ...)
        assert not exercises.check(name, lambda *args: ...)
