"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

WRONG = [
    ("few-labels.1", 80.3, "also listened"),
    ("few-labels.1", 26.9, "add the boxes"),
    ("few-labels.1", 6432.7, "hours are asked"),
    ("few-labels.1", 4847.6, "the listening in hours"),
    ("few-labels.2", 0, "same height"),
    ("few-labels.2", 120, "subtract it"),
    ("few-labels.2", "more", "number"),
    ("few-labels.3", 15, "listening away"),
    ("few-labels.3", 90, "10 boxes"),
    ("few-labels.3", 1.5, "minutes of drawing"),
    ("few-labels.3", 2.5, "how many times dearer"),
    ("few-labels.4", ("more", 0.5), "guessed: answer with one of"),
    ("few-labels.4", ("higher", 40.0), "measured: 40 is too high"),
    ("few-labels.4", ("higher", float("nan")), "NaN"),
    ("few-labels.4", 0.8, "the pair"),
    ("few-labels.5", 1.01, "too high"),
    ("few-labels.5", -1, "too low"),
    ("few-labels.5", "most of them", "a number is asked"),
]
