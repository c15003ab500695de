"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import anuralib as al


class _Share:
    """A number of the pond's stratified split that is worked out when it is asked for, not when this file is read."""

    def __init__(self, count):
        self.count = count

    def __float__(self):
        pond = al.load_dataset("pond")
        table = al.stratified_split(al.window_labels(pond.strong_labels, pond.recordings, pond.species))
        return float(self.count(table["subset"] == "test", table["HIGPEE"] == 1))


def _shared(table):
    return table["fname"].map(table.groupby("fname")["subset"].nunique() > 1)


def _whole_table(table):
    return _shared(table).mean()


def _two_subsets(table):
    return _shared(table)[table["subset"] == "test"].mean()


WRONG = [
    ("leakage.1", 2, "one side"),
    ("leakage.1", 6, "share no time"),
    ("leakage.2", lambda table: 2 / 5, "divide"),
    ("leakage.2", lambda table: 1 / 3, "leaking"),
    ("leakage.2", _whole_table, "keep those of test"),
    ("leakage.2", _two_subsets, "not whether it has two subsets"),
    ("leakage.3", ("none", 0.0), "row 'recording'"),
    ("leakage.3", ("all", 1.0), "the first and last"),
    ("leakage.3", ("some", 0.7), "one of"),
    ("leakage.3", ("two thirds", 0.3), "too low|does not leak"),
    ("leakage.3", 0.7, "pair"),
    ("leakage.4", {"A": "nights, stratified", "B": "nights, stratified", "C": "windows"}, "never heard"),
    ("leakage.4", {"A": "site SIM3", "B": "site SIM3", "C": "windows"}, "harder question"),
    ("leakage.4", {"A": "site SIM3", "B": "nights, stratified", "C": "windows"}, "very sound"),
    ("leakage.4", {"A": "sites", "B": "nights", "C": "recordings"}, "known in part"),
    ("leakage.4", {"A": "a pond", "B": "night", "C": "window"}, "one of"),
    ("stratify.1", 0.5, "nearer"),
    ("stratify.1", 1 / 3, "count windows"),
    ("stratify.2", _Share(lambda test, has: test.mean()), "share of all windows"),
    ("stratify.2", _Share(lambda test, has: (test & has).mean()), "not by all"),
    ("stratify.2", _Share(lambda test, has: has[test].mean()), "other way round"),
    ("stratify.3", "one recording", "the circle, too"),
    ("stratify.3", "too few windows", "same windows"),
    ("stratify.4", lambda table, species: ["AAAAAA", "CCCCCC"], "absent"),
    ("stratify.4", lambda table, species: ["AAAAAA", "BBBBBB"], "not windows"),
]  # fmt: skip
