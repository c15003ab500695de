"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

WRONG = [
    ("new-sites.1", (0.14, 0.19), "A: that is how far"),
    ("new-sites.1", (0.2, 0.19), "B: that is how far"),
    ("new-sites.1", (20, 20), "not a percentage"),
    ("new-sites.1", (0.44, 0.24), "raw average precision"),
    ("new-sites.1", (0.2, 3.8), "not by the no-skill line"),
    ("new-sites.1", 0.2, "the pair"),
    ("new-sites.2", "BARWHI", "another type"),
    ("new-sites.2", "LONTRI", "at SIM4"),
    ("new-sites.2", "PULPEE", "answer with one of"),
    ("new-sites.3", ("less", 0.5), "guess: answer with one of"),
    ("new-sites.3", ("lower", 1.2), "computed: 1.2 is too high"),
    ("new-sites.3", ("same", float("nan")), "NaN"),
    ("new-sites.3", 0.7, "the pair"),
    ("new-sites.4", 0.4928571, "one ranking"),
    ("new-sites.4", 1.0, "site A alone"),
    ("new-sites.4", 0.5, "site B alone"),
    ("new-sites.4", 1.5, "divide by two"),
]
