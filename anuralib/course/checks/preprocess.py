"""Checks of the exercises in the part *Preprocess*."""

import numpy as np
from scipy.signal import butter, sosfreqz

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_array, expect_choice, expect_number, run_function
from anuralib.data.load import load_dataset
from anuralib.labels.bouts import merge_calls
from anuralib.sound.audio import dominant_frequency, read_audio
from anuralib.windows.grid import window_labels


@exercise("windows.1")
def _count(answer):
    hints = {
        90: _("a window that starts in the last 3 s would reach past the end"),
        87: _("the window that starts at 0 s counts as well"),
        30: _("that is for windows side by side; here one begins every second"),
        89: _("one too many: the last window begins 3 s before the end"),
        58: _("that is for 60 s"),
    }
    return expect_number(answer, 88, hints=hints)


@exercise("windows.2")
def _positive(answer):
    rows = [
        (True, _("row 0: a call inside the window is in it")),
        (True, _("row 1: a call that begins before the window and ends after it fills it; any portion is enough")),
        (False, _("row 2: a call that begins at the window's end is outside: the end is open")),
        (False, _("row 3: a call that ends where the window begins is outside: its end is open")),
        (False, _("row 4: a call after the window is outside: both conditions must hold")),
        (True, _("row 5: a point label at the window's start is in it: the start is closed")),
        (False, _("row 6: a point label at the window's end is outside: the end is open")),
    ]
    right = np.array([value for value, _ in rows])
    wrong = expect_array(answer, right)
    try:
        got = np.asarray(answer, dtype=float)
    except (TypeError, ValueError):
        return wrong
    if wrong is None or got.shape != right.shape or np.isnan(got).any():
        return wrong
    return next(hint for value, (expected, hint) in zip(got, rows, strict=True) if value != expected)


def _median_filled(pond, spans, window_s):
    """The median share of a positive window that is filled by the spans of its species."""
    table = window_labels(pond.strong_labels, pond.recordings, pond.species, window_s)
    positive = table.melt(["fname", "min_t", "max_t"], pond.species, "species").query("value == 1")
    pairs = positive.merge(merge_calls(spans, max_gap_s=0), left_on=["fname", "species"],
                           right_on=["recording", "species"])  # fmt: skip
    begin, end = pairs[["min_t", "start_s"]].max(axis=1), pairs[["max_t", "end_s"]].min(axis=1)
    inside = (end - begin).clip(lower=0) / window_s
    return float(inside.groupby([pairs["fname"], pairs["min_t"], pairs["species"]]).sum().median())


@exercise("windows.3")
def _shorter(answer):
    hint = _guess_and_measured(answer, ("smaller", "same", "larger"))
    if hint is not None:
        return hint
    pond = load_dataset("pond")
    right = _median_filled(pond, pond.truth, 1.0)
    hint = expect_number(answer[1], right, tol=1e-6, hints={
        _median_filled(pond, pond.strong_labels, 1.0): _("that is the annotator's bouts; take the calls, pond.truth"),
        _median_filled(pond, pond.truth, 3.0): _("that is with windows of 3 s; give window_s=1 to al.window_labels"),
        100 * right: _("give a share between 0 and 1, not a percentage"),
    })  # fmt: skip
    if hint is None and answer[0] != "larger":
        print(_("Your guess was {guess!r}; it is larger, because a call has less room to be lost in.",
                guess=answer[0]))
    return hint


def _guess_and_measured(answer, choices):
    """A hint unless the answer is a pair of which the first is one of the choices."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("answer with the pair (guess, measured)")
    hint = expect_choice(answer[0], choices, choices)
    return None if hint is None else _("the guess: {hint}", hint=_(hint))


@exercise("windows.4")
def _independent(answer):
    return expect_choice(answer, "never", ("1 s", "3 s", "10 s", "never"), {
        "1 s": _("these windows share two of three seconds, and their labels agree most of all"),
        "3 s": _("from here on they share no sound, but look at the curve: it does not step down"),
        "10 s": _("read the height of the curve there: is it near 0?"),
    })


@exercise("windows.5")
def _share(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("answer with the pair (share, what)")
    hint = expect_number(answer[0], 354 * 58 / 93_378, tol=1e-4, hints={
        354 / 1612: _("that is the share of recordings; count windows, 58 of a whole minute, among the 93,378"),
        354 * 60 / 93_378: _("a minute gives 58 windows, not 60"),
        354 * 58: _("that is a number of windows; divide by all of them"),
        100 * 354 * 58 / 93_378: _("give a share between 0 and 1, not a percentage"),
        0.425: _("that is the paper's number; compute the share of windows"),
    })  # fmt: skip
    if hint is not None:
        return _("share: {hint}", hint=_(hint))
    return expect_choice(answer[1], "boxes", ("recordings", "windows", "boxes"), {
        "recordings": _("354 of 1612 recordings are 22 %; what else can lie unevenly over the sites?"),
        "windows": _("your own share says that it can't be windows; read the sentence: what was labelled strongly?"),
    })


@exercise("filter-normalise.1")
def _gain(answer):
    peak_db, target_db = 20 * np.log10([0.05, 0.7])
    right = target_db - peak_db
    return expect_number(answer, right, tol=0.06, hints={
        -peak_db: _("that brings the peak to full scale; the target is 0.7 of it"),
        -0.7 - peak_db: _("that is a target of -0.7 dBFS; here 0.7 is an amplitude"),
        0.7 - peak_db: _("that is a target of plus 0.7 dBFS, which clips; here 0.7 is an amplitude"),
        -right: _("the sign: a soft sound must be amplified"),
        target_db + peak_db: _("take the peak's level away from the target; don't add it"),
        right / 2: _("amplitudes have 20 log10, powers 10 log10"),
        0.7 / 0.05: _("that is the factor; give it in dB"),
        20 * np.log10(0.65): _("a gain is a ratio: divide the target by the peak"),
    })  # fmt: skip


@exercise("filter-normalise.2")
def _clipped(answer):
    top = 32767 / 32768
    share = float(run_function(answer, np.array([top, top, -1.0, -top, 0.5, -0.5, 0.99, 0.0])))
    hint = expect_number(share, 0.5, hints={
        0: _("the largest positive sample of 16 bits is 32767 / 32768, not 1"),
        0.125: _("the largest positive sample of 16 bits is 32767 / 32768, and only -1 was found"),
        0.25: _("that finds one half of the wave only; take the magnitude"),
        0.375: _("-32767 / 32768 counts as well: take the magnitude and compare with >="),
        0.625: _("0.99 is loud, but not full scale"),
        4: _("that is a number of samples; give the share"),
    })  # fmt: skip
    if hint is not None:
        return hint
    clean = expect_number(run_function(answer, np.array([0.1, -0.2, 0.9])), 0)
    return None if clean is None else _("a sound of 0.9 at most is not clipped: its share is 0")


@exercise("filter-normalise.3")
def _alias(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("answer with the pair (predicted, halved)")
    hint = expect_number(answer[0], 7050, tol=0.5, hints={
        15_000: _("15 kHz is above half of 22,050 Hz: it can't stay where it is"),
        29_100: _("the new rate is 22,050 Hz, not 44,100 Hz"),
        7_500: _("pitches are folded at half the rate, not halved"),
        3_975: _("fold at 11,025 Hz: what is above comes down from there by as much"),
        11_025: _("it is folded, not held at the limit"),
    })
    if hint is not None:
        return _("predicted: {hint}", hint=_(hint))
    if isinstance(answer[1], str) or np.ndim(answer[1]) != 1:
        return _("halved: give the samples that you keep, an array; measuring them is for your own eyes")
    halved = np.asarray(answer[1], dtype=float)
    if len(halved) != 22_050:
        return _("halved: of 44,100 samples every other one are 22,050, not {n}", n=len(halved))
    if not np.std(halved) > 0.5:
        return _("halved: that is nearly silent. A resampler takes the tone away before samples are dropped; here "
                 "every other sample is kept without any filter")  # fmt: skip
    pitch = dominant_frequency(halved, 22_050)
    hints = {15_000 / 2: _("that is one half of the second; keep every other sample")}
    hint = expect_number(pitch, 7050, tol=2, hints=hints)
    return None if hint is None else _("halved: their pitch at 22,050 Hz should be that of the alias; {hint}",
                                       hint=_(hint))


@exercise("filter-normalise.4")
def _two_passes(answer):
    sections = butter(5, (1, 10_000), "bandpass", fs=22050, output="sos")
    once = float(-20 * np.log10(np.abs(sosfreqz(sections, [0.5], fs=22050)[1][0])))
    return expect_number(answer, 2 * once, tol=0.2, hints={
        once: _("that is one pass, or the decibels of a power: amplitudes have 20 log10, and the filter is run twice"),
        -2 * once: _("asked for is by how much it is weakened, a positive number"),
        -once: _("that is one pass; and give a positive number"),
        once / 2: _("amplitudes have 20 log10, and the filter is run twice"),
        12: _("that is what is lost at the edges of two such filters; 0.5 Hz is not the edge"),
        6: _("that is at the edge, 1 Hz; 0.5 Hz lies below it"),
        3: _("that is one pass at the edge, 1 Hz; 0.5 Hz lies below it"),
    })  # fmt: skip


def _quiet():
    """The softest recording among those with the lowest calling index, and its sound."""
    pond = load_dataset("pond")
    index = pond.weak_labels.groupby("recording")["calling_index"].max()
    paths = pond.recordings.set_index("recording")["path"]
    sounds = (read_audio(paths[name]) for name in index.index[index == index.min()])
    return min(sounds, key=np.std)


@exercise("filter-normalise.5")
def _spread(answer):
    pieces = _quiet().reshape(-1, 3 * 22050)
    peaks_db = 20 * np.log10(np.abs(pieces).max(axis=1))
    rms_db, upper_db = (20 * np.log10(x) for x in (pieces.std(axis=1), pieces.max(axis=1)))
    right = float(np.ptp(peaks_db))
    ratio = 10 ** (right / 20)
    return expect_number(answer, right, tol=0.05, hints={
        ratio: _("that is a factor; give it in dB"),
        right / 2: _("amplitudes have 20 log10, powers 10 log10"),
        float(np.ptp(rms_db)): _("that is by the root mean square; a peak is the largest magnitude"),
        float(np.ptp(upper_db)): _("the largest magnitude may be a negative sample: take np.abs first"),
        -right: _("the largest gain less the smallest is positive"),
        float(20 * np.log10(0.7) - peaks_db.min()): _("that is the largest gain; take the smallest away from it"),
        float(20 * np.log10(0.7) - peaks_db.max()): _("that is the smallest gain; take it away from the largest"),
    })  # fmt: skip
