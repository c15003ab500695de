"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""


def _any_species(calls, truth):
    pairs = calls.merge(truth.reset_index(), on="recording")
    touch = (pairs["start_s_x"] < pairs["end_s_y"]) & (pairs["end_s_x"] > pairs["start_s_y"])
    return len(truth) - pairs.loc[touch, "index"].nunique()


def _twice(calls, truth):
    pairs = calls.merge(truth.reset_index(), on=["recording", "species"])
    touch = (pairs["start_s_x"] < pairs["end_s_y"]) & (pairs["end_s_x"] > pairs["start_s_y"])
    return len(truth) - touch.sum()


def _as_it_was(calls, truth):
    pairs = calls.merge(truth.reset_index(), on="recording")
    touch = (pairs["start_s_x"] < pairs["end_s_y"]) & (pairs["end_s_x"] > pairs["start_s_y"])
    return len(truth) - touch.sum()


WRONG = [
    ("your-recordings.1", 9 * 3600, "beyond its end"),
    ("your-recordings.1", 9 * 1200, "without overlap"),
    ("your-recordings.1", 10 * 3598, "nine hours"),
    ("your-recordings.2", "12s\t14s\tBARWHI_M\n20\t22\tHIGPEE_H\n30.4\t31.2\tBARWHI_L\n40\t41.5\tHIGPEE_M\n", "start"),
    ("your-recordings.2", "12.5\t14\tBARWHI_M\n20 22 HIGPEE_H\n30.4\t31.2\tBARWHI_L\n40\t41.5\tHIGPEE_M\n", "tabs"),
    ("your-recordings.2", "12.5\t14\tBARWHI_M\n20\t22\tHIGPEE_H\n31.2\t30.4\tBARWHI_L\n40\t41.5\tHIGPEE_M\n", "swap"),
    ("your-recordings.2", "12.5\t14\tBARWHI_M\n20\t22\tHIGPEE_H\n30.4\t31.2\tBARWHI_L\n40\t41.5\t\n", "no text"),
    ("your-recordings.2", "12.5\t14\tBARWHI_M\n20\t22\tHIGPEE_H\n30.4\t31.2\tBARWHI_L\n", "four"),
    ("your-recordings.3", _any_species, "another species"),
    ("your-recordings.3", _twice, "several times"),
    ("your-recordings.3", _as_it_was, "as it was"),
    ("your-recordings.4", (1, 1), "before noon"),
    ("your-recordings.4", (2, 2), "add the eight hours"),
    ("your-recordings.4", (1, 2), "other way round"),
]
