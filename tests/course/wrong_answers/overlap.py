"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

from anuralib.course.checks.overlap import _gains, _test_numbers


class _Late:
    """A number that is worked out when it is asked for, not when this file is read."""

    def __init__(self, count):
        self.count = count

    def __float__(self):
        return float(self.count())


def _several():
    number = _test_numbers()
    return number[number >= 2]


WRONG = [
    ("overlap.1", 5.2, "solve the formula"),
    ("overlap.1", 2.6, "nearly twice"),
    ("overlap.1", 1 / 9, "share of positive pairs"),
    ("overlap.2", 1.0, "never wrong"),
    ("overlap.2", _Late(lambda: (_test_numbers() > 0).sum() / _test_numbers().sum()), "one species"),
    ("overlap.2", _Late(lambda: _several().mean()), "mean number"),
    ("overlap.3", lambda truth, yes: (yes & ~truth).sum() / yes.sum(), "precision"),
    ("overlap.3", lambda truth, yes: (yes & ~truth).mean(), "windows and species"),
    ("overlap.3", lambda truth, yes: (yes & ~truth).sum(), "divide"),
    ("overlap.3", lambda truth, yes: yes.sum(axis=1).mean(), "all names"),
    ("overlap.4", ("HIGPEE", _Late(lambda: _gains()["LOWWHI"][1]), 20.0), "subtract"),
    ("overlap.4", ("HIGPEE", _Late(lambda: _gains()["HIGPEE"][0]), 20.0), "beside HIGPEE"),
    ("overlap.4", ("whine", 1.0, 2.0), "one of"),
    ("overlap.4", 12.0, "answer with"),
]
