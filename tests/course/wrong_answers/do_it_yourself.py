"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import anuralib as al


def _piece():
    labels = al.load_dataset("pond").strong_labels
    pieces = labels.assign(start=labels["start_s"] // 15 * 15).groupby(["recording", "start"])["species"]
    pieces = pieces.agg(["nunique", "size"])
    name, start_s = pieces[(pieces["nunique"] == 3) & (pieces["size"] <= 6)]["size"].idxmax()
    part = labels[(labels["recording"] == name) & (labels["end_s"] > start_s) & (labels["start_s"] < start_s + 15)]
    return name, start_s, part


NAME, START, PART = _piece()
CODES = sorted(PART["species"].unique())
SHORT = "\n".join(f"{START + 1 + k}\t{START + 1.05 + k}\t{code}_M" for k, code in enumerate(CODES))
LINES = [f"{b.start_s:.6f}\t{b.end_s:.6f}\t{b.species}_M" for b in PART.itertuples()]

WRONG = [
    ("do-it-yourself.1", set(CODES), "as in the stub"),
    ("do-it-yourself.1", (NAME, START, set(CODES[:2])), "something is missing"),
    ("do-it-yourself.1", (NAME, START, {*CODES, "PULRAS"}), "PULRAS does not call here"),
    ("do-it-yourself.1", (NAME, START, {"FROG"}), "no code"),
    ("do-it-yourself.2", (NAME, START, "\n"), "no box"),
    ("do-it-yourself.2", (NAME, START, "\n".join(x for x in LINES if CODES[0] not in x)), f"no box of {CODES[0]}"),
    ("do-it-yourself.2", (NAME, START, "\n".join(LINES).replace("\t", " ")), "no label file"),
    ("do-it-yourself.2", (NAME, START, SHORT), "mean Jaccard"),
    ("do-it-yourself.3", (NAME, 40, 1), "left out: "),
    ("do-it-yourself.3", (1, 1), "as in the stub"),
    ("do-it-yourself.4", 0.0, "too low|cancel"),
    ("do-it-yourself.4", 5.0, "too high"),
]  # fmt: skip
