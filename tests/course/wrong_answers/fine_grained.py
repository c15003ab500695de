"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

from sklearn.metrics import roc_auc_score


def first_alone(calls_a, logit_a, calls_b, logit_b):
    return roc_auc_score(calls_a[calls_a != calls_b], logit_a[calls_a != calls_b])


def all_windows(calls_a, logit_a, calls_b, logit_b):
    return roc_auc_score(calls_a, logit_a - logit_b)


def turned(calls_a, logit_a, calls_b, logit_b):
    return roc_auc_score(calls_b[calls_a != calls_b], (logit_a - logit_b)[calls_a != calls_b])


def either(calls_a, logit_a, calls_b, logit_b):
    rows = (calls_a + calls_b) > 0
    return roc_auc_score(calls_a[rows], (logit_a - logit_b)[rows])


WRONG = [
    ("fine-grained.1", 0.825, "more frequent"),
    ("fine-grained.1", 1.7, "divide by two"),
    ("fine-grained.1", 85, "not a percentage"),
    ("fine-grained.2", 17, "all pairs"),
    ("fine-grained.2", 11, "share a site"),
    ("fine-grained.2", 9, "counted twice"),
    ("fine-grained.3", first_alone, "first species alone"),
    ("fine-grained.3", all_windows, "all windows"),
    ("fine-grained.3", turned, "other way round"),
    ("fine-grained.3", either, "windows with both"),
]
