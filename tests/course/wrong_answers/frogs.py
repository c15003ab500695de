"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

RIGHT = {"A": "advertisement", "B": "aggressive", "C": "release", "D": "advertisement"}

WRONG = [
    ("frogs.1", RIGHT | {"B": "advertisement"}, "keep off"),
    ("frogs.1", RIGHT | {"C": "aggressive"}, "let go"),
    ("frogs.1", list(RIGHT.values()), "dictionary"),
    ("frogs.2", 40 / 120, "counted twice"),
    ("frogs.2", 1 - (118 / 120) ** 20, "draw a night twice"),
    ("frogs.2", 100 / 120 * 99 / 119, "miss both"),
    ("frogs.3", lambda calls, species: any(code == species for code, kind in calls), "alone holds no box"),
    ("frogs.3", lambda calls, species: any(kind == "advertisement" for code, kind in calls), "of another species"),
    ("frogs.3", lambda calls, species: calls == [(species, "advertisement")], "beside other calls"),
]
