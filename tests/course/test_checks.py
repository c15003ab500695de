"""Every exercise: typical wrong answers fail with the hint that names the misconception, never a traceback."""

import functools
import importlib.util
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import anuralib as al
from anuralib.course.exercises import exercises
from anuralib.data import load


def _wrong_answers():
    for path in sorted((Path(__file__).parent / "wrong_answers").glob("*.py")):
        spec = importlib.util.spec_from_file_location(f"wrong_answers_{path.stem}", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        yield from module.WRONG


WRONG = list(_wrong_answers())
# What a learner may hand in by mistake; none of it may pass, or end in a traceback.
ODD = [
    ..., None, float("nan"), np.nan, np.array(np.nan), "", "   ", [], {}, (), set(), "no such thing", -12345.678, True,
    [float("nan")], [None], [[]], {"a": ...}, object(), np.array([]), np.full(3, np.nan), pd.DataFrame(),
    pd.Series(dtype=float), pd.DataFrame({"a": [1.0]}), b"bytes", 1j, lambda: None, lambda *given: None,
    lambda *given: ..., lambda *given: float("nan"), lambda *given: "text", lambda *given: [], lambda *given: 1 / 0,
    lambda *given, **named: pd.DataFrame(), int,
]  # fmt: skip


@pytest.fixture(autouse=True, scope="module")
def pond_read_once():
    """Checks read the pond anew for every answer; here it's read once, and no answer may have changed it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "_load_pond", functools.cache(load._load_pond))
        shared = al.load_dataset("pond")
        yield
    for name in ("recordings", "strong_labels", "weak_labels"):
        pd.testing.assert_frame_equal(getattr(shared, name), getattr(al.load_dataset("pond"), name))


@pytest.mark.parametrize(("name", "answer", "hint"), WRONG)
def test_wrong_answers_get_their_hint(name, answer, hint, capsys):
    assert not al.check(name, answer)
    said = capsys.readouterr().out
    assert any(part in said for part in hint.split("|")), said
    assert "our guess was" not in said and "You guessed" not in said  # or a wrong number would buy the right word


def test_every_exercise_has_two_typical_wrong_answers():
    counts = Counter(name for name, *_ in WRONG)
    assert set(counts) <= set(exercises())
    assert {name: counts[name] for name in exercises() if counts[name] < 2} == {}


@pytest.mark.parametrize("name", exercises())
def test_odd_answers_get_a_hint(name, capsys):
    for answer in ODD:
        assert not al.check(name, answer), answer
        said = capsys.readouterr().out
        assert said.startswith(f"Hint for {name}: ") and "Traceback" not in said
