"""Checks of the exercises of the part "listen"."""

import math

import numpy as np
import pandas as pd

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_choice, expect_number, run_function
from anuralib.data.load import load_dataset
from anuralib.pond.calls import call_types


@exercise("pond.1")
def _pond_1(answer):
    pond = load_dataset("pond")
    weak = pond.weak_labels
    highest = weak.groupby("recording")["calling_index"].max()
    boxed = pond.recordings["recording"].isin(pond.strong_labels["recording"])
    hints = {
        int((~boxed).sum()): _("That counts recordings without a box, in strong_labels; what is heard and too faint to "
                               "be boxed stands in weak_labels only."),
        int((weak["calling_index"] == 0).sum()): _(
            "That counts pairs of recording and species; group by recording, and take the highest calling index of "
            "each."),
        int((highest > 0).sum()): _("That is the number of recordings in which something calls."),
        len(highest): _("That is the number of all recordings."),
    }  # fmt: skip
    return expect_number(answer, int((highest == 0).sum()), hints=hints)


@exercise("pond.4")
def _pond_4(answer):
    loss = run_function(answer, 10.0, 40.0, 0.0)
    hint = expect_number(loss, 20 * math.log10(4), tol=0.01, hints={
        10 * math.log10(4): _("10 log10 is for a ratio of powers or areas, and a sphere's area grows with the square "
                              "of its radius; for a ratio of distances that makes 20 log10."),
        -20 * math.log10(4): _("A loss is positive here: divide the far distance by the near one."),
        -10 * math.log10(4): _("A loss is positive here, and the ratio of areas is the square of the ratio of "
                               "distances."),
        20 * math.log(4): _("np.log is the natural logarithm; decibels need np.log10."),
        10 * math.log(4): _("np.log is the natural logarithm; decibels need np.log10."),
        20 * math.log10(40): _("That is the loss from 1 m; the near distance counts too."),
        20 * math.log10(30): _("Take the ratio of the distances, not their difference."),
        16: _("A loss in dB is 10 log10 of the ratio of areas."),
    })  # fmt: skip
    if hint is not None:
        return hint
    spread, air = 20 * math.log10(4), 0.1
    return expect_number(run_function(answer, 10.0, 40.0, air), spread + 3, tol=0.01, hints={
        spread + 4: _("The air takes its share between the two places only: from near_m to far_m."),
        spread + 1: _("The air takes its share between the two places: from near_m to far_m."),
        spread: _("The air has no influence yet: air_db_m is dB for each metre of the way."),
        spread - 3: _("The air makes it quieter, so the loss grows."),
    }) or expect_number(run_function(answer, 5.0, 10.0, 0.0), 20 * math.log10(2), tol=0.01) or expect_number(
        run_function(answer, 80.0, 80.0, air), 0, tol=1e-9)  # fmt: skip


@exercise("pond.3")
def _pond_3(answer):
    weak = load_dataset("pond").weak_labels
    names = call_types()["name"].str.lower()
    if isinstance(answer, str) and answer.strip().lower() in set(names):
        answer = names.index[names == answer.strip().lower()][0]
    full = weak.loc[weak["calling_index"] == 3, "species"].value_counts()
    found = weak.loc[weak["calling_index"] > 0, "species"].value_counts()
    hints = {code: _("{code} has {n} full choruses, and another type has more.",
                     code=code, n=full.get(code, 0)) for code in names.index}
    common = found.index[0]
    hints[common] = _("{common} is heard in the most recordings, but has only {n} full choruses: keep the rows "
                      "with calling index 3 first.", common=common, n=full.get(common, 0))
    hint = expect_choice(answer, set(full.index[full == full.max()]), sorted(names.index), hints)
    if hint is not None and str(answer).strip().upper() not in names.index:
        return _("Answer with the code of a call type, six capital letters.")
    return hint


PANELS = ("wind", "rain", "insects", "frogs")


@exercise("pond.2")
def _pond_2(answer):
    order = np.random.default_rng(10).permutation(4)  # as in the chapter
    right = {letter: PANELS[i] for letter, i in zip("ABCD", order, strict=True)}
    seen = {
        "wind": _("Almost all of its sound lies at the very bottom: a rumble."),
        "rain": _("It is bright from bottom to top, with short upright strokes: single drops in a hiss."),
        "insects": _("Its thin lines keep one pitch, and run on or repeat like a clock."),
        "frogs": _("Here are notes with pauses between them, and each has lines stacked above one another: harmonics."),
    }
    if not isinstance(answer, dict) or set(answer) != set(right):
        return _("Answer with a dictionary of A, B, C and D.")
    for letter, kind in right.items():
        word = answer[letter]
        if isinstance(word, str) and word.strip().lower() in ("insect", "frog"):
            word = word.strip() + "s"
        hint = expect_choice(word, kind, PANELS, dict.fromkeys(PANELS, seen[kind]))
        if hint is not None:
            return f"{letter}: {_(hint)}"
    return None


CLIP_S = 15.0
WANTED = "SHOTRI"


def _spans(answer, from_s):
    """The pairs of an answer as an array, or a hint."""
    if isinstance(answer, pd.DataFrame):
        if not {"start_s", "end_s"} <= set(answer.columns):
            return _("A table needs the columns start_s and end_s.")
        answer = answer[["start_s", "end_s"]]
    if answer is ... or answer is None or isinstance(answer, str | bytes | dict) or not np.iterable(answer):
        return _("Answer with a list of pairs (start_s, end_s), one for each call.")
    pairs = answer.to_numpy() if isinstance(answer, pd.DataFrame) else list(answer)
    if not len(pairs):
        return _("The list is empty, but there are calls in the clip: look for notes that rise above the hiss.")
    try:
        spans = np.asarray(pairs, dtype=float)
    except (TypeError, ValueError):
        return _("Each call is a pair of two numbers, (start_s, end_s).")
    if spans.ndim != 2 or spans.shape[1] != 2:
        return _("Each call is a pair of two numbers, (start_s, end_s).")
    if np.isnan(spans).any():
        return _("A time is NaN.")
    for start, end in spans:
        if end <= start:
            return _("({start:g}, {end:g}) ends before it begins; give (start_s, end_s).", start=start, end=end)
        if start < from_s - 0.5 or end > from_s + CLIP_S + 0.5:
            return _("({start:g}, {end:g}) lies outside the clip, which goes from {from_s:g} to {to_s:g} s; give "
                     "seconds from the start of the recording.",
                     start=start, end=end, from_s=from_s, to_s=from_s + CLIP_S)
    return spans


def _touches(spans, bouts):
    """Which span overlaps which bout, shape (n_spans, n_bouts)."""
    return (spans[:, None, 0] < bouts[None, :, 1]) & (spans[:, None, 1] > bouts[None, :, 0])


def _in_clip(table, clip, from_s):
    """What of a table of labels or calls sounds in the clip."""
    sounds = (table["end_s"] > from_s) & (table["start_s"] < from_s + CLIP_S)
    return table[(table["recording"] == clip) & sounds]


def _nobody_wanted(spans, bouts, truth):
    """A hint for a span in which the wanted type does not call, or None."""
    mine = truth["species"] == WANTED
    for (start, end), bout in zip(spans, _touches(spans, bouts), strict=True):
        inside = (truth["start_s"] < end) & (truth["end_s"] > start)
        near = (truth["start_s"] < end + 0.3) & (truth["end_s"] > start - 0.3)
        if bout.any() or (inside & mine).any():
            continue
        if inside.any():
            return _("From {start:g} to {end:g} s the other one calls, {other}. Play both examples, and then these "
                     "seconds.", start=start, end=end, other=truth.loc[inside, "species"].iloc[0])
        if (near & mine).any():
            continue
        return _("Invented: from {start:g} to {end:g} s nobody calls. A thin line that goes on is an insect, "
                 "and the hiss is the background.", start=start, end=end)
    return None


@exercise("pond.5")
def _pond_5(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        return _("Answer with (clip, from_s, calls).")
    clip, from_s, calls = answer
    pond = load_dataset("pond")
    if clip not in set(pond.recordings["recording"]) or not isinstance(from_s, int | float | np.number):
        return _("Leave clip and from_s as they are; calls is your answer.")
    spans = _spans(calls, float(from_s))
    if isinstance(spans, str):
        return spans
    labels = _in_clip(pond.strong_labels, clip, from_s)
    bouts = labels.loc[labels["species"] == WANTED, ["start_s", "end_s"]].to_numpy()
    bouts = bouts.clip(from_s, from_s + CLIP_S)
    hint = _nobody_wanted(spans, bouts, _in_clip(pond.truth, clip, from_s))
    return hint or _compare(spans, bouts)


def _compare(spans, bouts):
    """A hint where the spans cover, miss, cut up or move a bout, or None."""
    touches = _touches(spans, bouts)
    if (touches.sum(axis=1) > 1).any():
        start, end = spans[touches.sum(axis=1) > 1][0]
        return _("({start:g}, {end:g}) covers several calls with silences of more than a second: give each its own "
                 "span.", start=start, end=end)
    missed = bouts[~touches.any(axis=0)]
    if len(missed):
        return _("Missed: {n} of {n_all} calls, the first between {from_s} and {to_s} s.",
                 n=len(missed), n_all=len(bouts), from_s=math.floor(missed[0, 0]),
                 to_s=math.ceil(missed[0, 1]))
    if (touches.sum(axis=0) > 1).any():
        start, end = bouts[touches.sum(axis=0) > 1][0]
        return _("The call near {start:.0f} s is cut up: its notes are less than a second apart, so they are one "
                 "span.", start=start)
    matched = spans[touches.any(axis=1)]
    error = np.abs(matched[touches[touches.any(axis=1)].argmax(axis=0)] - bouts).max(axis=1)
    if (error > 0.5).any():
        return _("All found, none invented. But an edge of the call near {near_s:.0f} s is off by {off_s:.1f} s; "
                 "0.5 s is allowed.", near_s=bouts[error.argmax(), 0], off_s=error.max())
    return None


@exercise("sound.1")
def _sound_1(answer):
    return expect_number(answer, 273420, tol=0.5, hints={
        12.4 / 22050: _("Multiply by the samples a second, don't divide."),
        22050 / 12.4: _("Multiply by the samples a second, don't divide."),
        273421: _("The first sample is number 0, so there is nothing to add."),
        273419: _("The first sample is number 0, so there is nothing to take off."),
        12.4 * 44100: _("That is for 44,100 samples a second."),
        12.4 * 11025: _("Half the rate is the highest pitch; the number of samples a second is the rate itself."),
    })  # fmt: skip


SHOWN_S, PULSE_HZ = 0.4, 38.0  # of the trill in the chapter's figure to count in


@exercise("sound.2")
def _sound_2(answer):
    pulses = SHOWN_S * PULSE_HZ
    hint = expect_number(answer, PULSE_HZ, tol=3, hints={
        round(pulses): _("That is in {shown_s:g} s; a rate is per second.", shown_s=SHOWN_S),
        round(pulses) - 1: _("That is in {shown_s:g} s; a rate is per second.", shown_s=SHOWN_S),
        round(pulses) + 1: _("That is in {shown_s:g} s; a rate is per second.", shown_s=SHOWN_S),
        32: _("That is the trill at the top of the chapter; count in the figure above."),
        2 * PULSE_HZ: _("That is twice too many: a pulse goes up and down, above and below the line, and counts once."),
        round(1 / PULSE_HZ, 3): _("That is the time from one pulse to the next, in seconds; the rate is 1 over it."),
    })  # fmt: skip
    if hint is not None and isinstance(answer, int | float | np.number) and answer > 1000:
        return _("That is the pitch, in hertz; count the pulses, the peaks of the waveform.")
    return hint


@exercise("sound.3")
def _sound_3(answer):
    try:
        chosen = {int(n) for n in (answer if np.iterable(answer) and not isinstance(answer, str) else [answer])}
    except (TypeError, ValueError, OverflowError):
        return _("Answer with a list of windows: of 128, 512 and 2048 samples.")
    if not chosen or not chosen <= {128, 512, 2048}:
        return _("Choose from 128, 512 and 2048 samples.")
    if 128 not in chosen:
        return _("A longer window smears time more, so the shortest one shows the pulses best.")
    if 2048 in chosen:
        return _("A window of 2048 samples is 93 ms long: many pulses fall into one column.")
    return _("512 samples are 23 ms, and the pulses are less than 7 ms apart.") if 512 in chosen else None


@exercise("sound.4")
def _sound_4(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("Answer with the pair (guess, measured).")
    guess, measured = answer
    choices = ("the first", "the second", "neither")
    hint = expect_choice(guess, choices, choices)
    if hint is not None:
        return _("The guess: {hint}", hint=_(hint))
    hint = expect_number(measured, 4050, tol=2, hints={
        18000: _("That is what you put in. Measure what the samples hold: al.dominant_frequency(tone)."),
        6975: _("It folds back at half the rate, so it appears at 22,050 - 18,000 Hz."),
        8050: _("That is the first one, of 14 kHz; measure the second."),
        11025: _("That is half the rate, the highest pitch that the samples can hold; measure the tone itself."),
        0: _("The samples are not silent: measure with al.dominant_frequency(tone)."),
        4.05: _("Give hertz."),
    })  # fmt: skip
    if hint is None and guess.strip().lower() != "the second":
        print(_("Your guess was {guess!r}; it is the second, at {measured:.0f} Hz.",
                guess=guess, measured=float(measured)))
    return hint


def _two_tones(rate_hz, seconds):
    """A soft tone of 900 Hz between loud ones of 60 and 3600 Hz."""
    time_s = np.arange(int(rate_hz * seconds)) / rate_hz
    parts = ((60, 1.0), (900, 0.2), (3600, 2.0))
    return sum(amplitude * np.sin(2 * np.pi * hz * time_s) for hz, amplitude in parts)


@exercise("sound.5")
def _sound_5(answer):
    first = expect_number(run_function(answer, _two_tones(22050, 0.5), 22050, (300, 1500)), 900, tol=4, hints={
        3600: _("That is the loudest of all: look only at frequencies within the band."),
        60: _("That is a rumble below the band: the band has two edges."),
        450: _("Give hertz, not the number of the bin."),
        600: _("argmax counts within the band; look its number up in the band's own frequencies, too."),
        300: _("That is the edge of the band, or a bin counted from it; give the frequency of the loudest bin, in "
               "hertz."),
    })  # fmt: skip
    if first is not None:
        return first
    return expect_number(run_function(answer, _two_tones(16000, 0.25), 16000, (300, 1500)), 900, tol=8, hints={
        900 * 22050 / 16000: _("Use the sample rate that is given, not 22,050."),
        1800: _("Take the number of samples from the signal: it need not last half a second."),
        450: _("Take the number of samples from the signal: it need not last half a second."),
    })  # fmt: skip
