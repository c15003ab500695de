"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

_HOUR = 3600 * 22_050 * 2 / 1e6

WRONG = [
    ("scaling.1", 8760 * _HOUR / 1000, "never stops"),
    ("scaling.1", 876 * _HOUR / 1000 * 8, "two bytes"),
    ("scaling.1", 876 * _HOUR, "divide by 1000"),
    ("scaling.1", 876, "hours"),
    ("scaling.2", ("all", 0), "Note the sizes"),
    ("scaling.2", ("five", 1740), "of the five cut files"),
    ("scaling.2", ("some", 5), "one of"),
    ("scaling.2", 5, "pair"),
    ("scaling.3", 10_000 * 30 * 8 / 3600, "longer"),
    ("scaling.3", 10_000 * 30 / 8 / 3600, "days are asked"),
    ("scaling.3", 10_000 * 30 / 86_400, "one worker"),
    ("scaling.4", _HOUR / 20, "one worker reads"),
    ("scaling.4", 110 / _HOUR, "20 seconds"),
    ("scaling.4", 110 * 20 / _HOUR / 8, "megabits"),
]
