"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

WRONG = [
    ("calling-activity.1", 0.6, "zeros outvote"),
    ("calling-activity.1", 2, "leaves out index 0"),
    ("calling-activity.1", 6, "sum of the errors"),
    ("calling-activity.2", ("few", 0.97654), "too high|all pairs"),
    ("calling-activity.2", ("some", 0.1), "one of"),
    ("calling-activity.2", 0.1, "pair"),
    ("calling-activity.3", 0, "likeliest"),
    ("calling-activity.3", 0.175, "2 or more means"),
    ("calling-activity.3", 0.8625, "not equal"),
    ("calling-activity.4", lambda observed, sensitivity, specificity: observed / sensitivity, "false alarms"),
    ("calling-activity.4", lambda observed, sensitivity, specificity: observed + specificity - 1, "misses: divide"),
    ("calling-activity.4", lambda observed, sensitivity, specificity:
        (observed + specificity - 1) / (sensitivity + specificity - 1), "negative share"),
    ("calling-activity.5", 0.007, "Those are the hits"),
    ("calling-activity.5", 0.0396, "add the hits"),
    ("calling-activity.5", 0.04, "99 in 100"),
    ("calling-activity.6", (12, 2), "other way round"),
    ("calling-activity.6", (1, 12), "you counted 60"),
    ("calling-activity.6", (2, 60), "300 calls"),
    ("calling-activity.6", 12, "pair"),
]  # fmt: skip
