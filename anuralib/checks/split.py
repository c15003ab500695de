"""Checks of the exercises of the part "split"."""

import pandas as pd

from anuralib.exercises import exercise, expect_choice, expect_number, run_function


def _table(rows):
    return pd.DataFrame(rows, columns=["fname", "subset", "AAAAAA", "BBBBBB", "CCCCCC"])


@exercise("leakage.1")
def _(answer):
    return expect_number(answer, 4, hints={
        2: "Those are the neighbours on one side only, or only the nearest on each side; count every window that "
           "shares some time, before and after.",
        5: "The window itself is not its neighbour.",
        6: "Windows three seconds apart only touch: [0, 3) and [3, 6) share no time.",
    })


@exercise("leakage.2")
def _(answer):
    table = _table([("a", "train", 1, 0, 0), ("a", "test", 1, 0, 0), ("a", "test", 1, 0, 0),
                    ("b", "train", 0, 0, 0), ("c", "test", 0, 0, 0)])
    got = float(run_function(answer, table))
    if abs(got - 1) < 1e-9:
        return "That divides by the wrong number or looks at train; one of three test windows is safe here."
    hint = expect_number(got, 2 / 3, hints={
        1 / 3: "That is the share of recordings, or of safe windows; the share of leaking test windows is asked for. "
               "Look at the windows of test, one by one: is its recording in train?",
        2 / 5: "That divides by all windows; divide by the windows in test.",
        2: "That is a number of windows; divide by the windows in test.",
        0: "Recording a stands in train and in test, so the share is not 0.",
    })
    if hint is not None:
        return hint
    honest = float(run_function(answer, table[table["fname"] != "a"]))
    return None if honest == 0 else "A split without a shared recording should give 0."


@exercise("stratify.4")
def _(answer):
    table = _table([("a", "", 1, 1, 0), ("a", "", 1, 0, 0), ("b", "", 0, 1, 0)])
    got = run_function(answer, table, ["AAAAAA", "BBBBBB", "CCCCCC"])
    if isinstance(got, str) or not all(isinstance(name, str) for name in got):
        return "Return a list of species codes, as text."
    got = sorted(got)
    if got == ["AAAAAA"]:
        return None
    if got == ["AAAAAA", "CCCCCC"]:
        return "CCCCCC has no recording at all: it is absent, not unsplittable. Ask for exactly one."
    if "BBBBBB" in got:
        return "BBBBBB is in two recordings. Count recordings, not windows."
    return "AAAAAA has two windows but one recording, so it can't be on both sides. Count recordings, not windows."


@exercise("leakage.3")
def _(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return "Answer with the pair (guess, measured)."
    guess, measured = answer
    hint = expect_choice(guess, ("none", "half", "all"), ("none", "half", "all"))
    if hint is not None:
        return f"The guess: {hint}"
    hint = expect_number(measured, 0, hints={0: "That is the share of shared sound; take the row 'recording'."})
    if hint is None or "shared sound" in hint:
        return "That is the share of shared sound; take the row 'recording'."
    value = float(measured)
    if not 0 <= value <= 1:
        return "Give a share between 0 and 1, not a percentage or a count."
    if value < 0.6:
        return ("Too low: throw the coin among the windows (by_window has it), keep min_t % 10 == 0, "
                "and take the row 'recording'.")
    if value == 1:
        return "Exactly 1 is for all windows; keep only those with min_t % 10 == 0."
    if guess != "all":
        print(f"Your guess was {guess!r}, and {value:.0%} it is: distance within a recording doesn't separate.")
    return None


@exercise("leakage.4")
def _(answer):
    right = {"A": "site", "B": "night", "C": "window"}
    hints = {
        "A": {"night": "New nights at known ponds are easier than a pond never heard.",
              "window": "They will never have heard a window of those ponds."},
        "B": {"site": "That would answer a harder question: this pond is known, only the nights are new.",
              "window": "Next year's recordings share no recording with this year's."},
        "C": {"night": "Here each recording is known in part, and will be when it is used.",
              "site": "Here each recording is known in part, and will be when it is used."},
    }  # fmt: skip
    if not isinstance(answer, dict) or set(answer) != set(right):
        return "Answer with a dictionary of A, B and C."
    for project, word in right.items():
        hint = expect_choice(answer[project], word, ("window", "night", "site"), hints[project])
        if hint is not None:
            return f"{project}: {hint}"
    return None


@exercise("stratify.1")
def _(answer):
    return expect_number(answer, 0.25, tol=1e-3, hints={
        0.5: "0.5 can be had, but 0.25 is nearer: 10 of 40 windows.",
        0.3: "Not with whole recordings: 12 of 40 windows would cut one in two.",
        1 / 3: "That is a share of recordings; count windows.",
        10: "Divide by all windows of the species.",
        25: "Give a share between 0 and 1.",
    })


@exercise("stratify.2")
def _(answer):
    table = _table([("a", "train", 1, 0, 0), ("a", "train", 0, 1, 0), ("b", "test", 1, 0, 0),
                    ("b", "test", 0, 0, 0), ("c", "test", 1, 0, 0)])
    hint = expect_number(run_function(answer, table, "AAAAAA"), 2 / 3, hints={
        3 / 5: "That is the share of all windows in test; keep those that hold the species.",
        1 / 3: "That is the share in train.",
        2 / 5: "Divide by the windows that hold the species, not by all.",
        2: "That is a number of windows; divide by all windows of the species.",
    })
    if hint is not None:
        return hint
    return expect_number(run_function(answer, table, "BBBBBB"), 0) or _nan(run_function(answer, table, "CCCCCC"))


def _nan(value):
    return None if pd.isna(value) else "A species without windows has no share: NaN, not a number."


@exercise("stratify.3")
def _(answer):
    return expect_choice(answer, "one recording", ("many windows", "one recording", "one site"), {
        "many windows": "Common types lie near the dashed line: they have many recordings to move.",
        "one site": "A type of one site has several recordings there, and those can be divided.",
    })
