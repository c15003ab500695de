"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

WRONG = [
    ("leakage.1", 2, "one side"),
    ("leakage.1", 6, "share no time"),
    ("leakage.2", lambda table: 2 / 5, "divide"),
    ("leakage.2", lambda table: 1 / 3, "leaking"),
    ("leakage.3", ("none", 0.0), "row 'recording'"),
    ("leakage.3", ("all", 1.0), "min_t % 10"),
    ("leakage.3", ("some", 0.9), "one of"),
    ("leakage.4", {"A": "night", "B": "night", "C": "window"}, "never heard"),
    ("leakage.4", {"A": "site", "B": "site", "C": "window"}, "harder question"),
    ("stratify.1", 0.5, "nearer"),
    ("stratify.1", 1 / 3, "count windows"),
    ("stratify.2", lambda table, species: (table["subset"] == "test").mean(), "hold the species"),
    ("stratify.2", lambda table, species: ((table["subset"] == "test") & (table[species] == 1)).mean(), "Divide by"),
    ("stratify.3", "one site", "can be divided"),
    ("stratify.3", "many windows", "dashed line"),
    ("stratify.4", lambda table, species: ["AAAAAA", "CCCCCC"], "absent"),
    ("stratify.4", lambda table, species: ["AAAAAA", "BBBBBB"], "not windows"),
]  # fmt: skip
