"""Checks of the exercises in the part *Baseline*."""

import numpy as np

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_array, expect_choice, expect_number, run_function
from anuralib.score.metrics import f1_from_counts


def _parts(answer, names):
    """A hint unless the answer is a tuple or list with as many parts as there are names."""
    if isinstance(answer, tuple | list) and len(answer) == len(names):
        return None
    return _("answer with {n} things in this order: ({names})", n=len(names), names=", ".join(names))


def _guess(guess, choices):
    """A guess need not be right, but it must be one of those offered."""
    hint = expect_choice(guess, choices, choices)
    return None if hint is None else _("the guess: {hint}", hint=_(hint))


def _say_guess(guess, right):
    """Print what came out instead, once all else is right: before, it would give the answer away."""
    if guess.strip().lower() != right:
        print(_("Your guess was {guess!r}; it is {right!r}.", guess=guess.strip(), right=right))


@exercise("features.1")
def _bin(answer):
    return expect_number(answer, 2048, hints={
        1470: _("so many would do, but the number is to be a power of two: take the next one above"),
        1024: _("with 1024 samples the bins are 22 Hz apart"),
        512: _("with 512 samples the bins are 43 Hz apart"),
        4096: _("that is enough, and so is half of it"),
        735: _("the bins of n samples are the rate over n apart, not half the rate"),
        22050 / 2048: _("that is the distance of the bins in hertz; give the number of samples"),
    })  # fmt: skip


@exercise("features.2")
def _both(answer):
    hints = {
        -120: _("levels in decibels are logarithms: go back to powers, add those, and take the logarithm again"),
        -60: _("two callers are louder than one"),
        -60 + 20 * np.log10(2): _("that adds amplitudes; of callers that don't keep time with each other the powers "
                                  "add"),
        10 * np.log(2e-6): _("take np.log10; np.log is the natural logarithm"),
    }
    equal = expect_number(run_function(answer, -60.0, -60.0), -60 + 10 * np.log10(2), tol=1e-3, hints=hints)
    if equal is not None:
        return _("for two callers at -60 dB: {equal}", equal=_(equal))
    unequal = expect_number(run_function(answer, -40.0, -60.0), 10 * np.log10(1e-4 + 1e-6), tol=1e-3, hints={
        -40 + 10 * np.log10(2): _("adding 3 dB holds for equal levels only; use the formula with a and b"),
    })
    return None if unequal is None else _("for callers at -40 and -60 dB: {unequal}", unequal=_(unequal))


@exercise("features.3")
def _run_together(answer):
    return expect_choice(answer, "coarse", ("fine", "ours", "coarse"), {
        "fine": _("it has more than 500 frames in 3 s, one every 6 ms: five of them fall on each note"),
        "ours": _("it has 130 frames in 3 s, one every 23 ms: more than two to a note and its silence. (A frame of 46 "
                  "ms is longer than the gap, so the gap is blurred; but that is the length of a frame, not their "
                  "number)"),
    })


@exercise("features.4")
def _most_bands(answer):
    hints = {
        128: _("none of 128 is empty, but there can be more"),
        200: _("of 200 some are empty; count for each number of bands"),
        184: _("almost: 185 has no empty band either; a triangle holds the bins between its first and its third "
               "corner"),
        186: _("almost: that is the last number with an empty band"),
    }
    return expect_number(answer, 185, hints=hints)


@exercise("train.1")
def _frames(answer):
    hints = {
        430: _("the frame that is centred on sample 0 counts as well"),
        86: _("that is the number in one second, without the first frame"),
        87: _("that is the number for one second"),
        130: _("that is the number for 3 s and a hop of 512 samples"),
        216: _("that is for a hop of 512 samples; here it is 256"),
        259: _("that is for 3 s; here the window has 5 s"),
        432: _("frames are whole things: round down, and count the one at sample 0 once"),
        5 * 22050 / 256: _("frames are whole things: round down, and count the one at sample 0"),
        5 * 22050 / 256 + 1: _("frames are whole things: round down"),
    }
    return expect_number(answer, 431, tol=1e-3, hints=hints)


@exercise("train.2")
def _loss(answer):
    y, p = np.array([1, 0, np.nan, 1, 0]), np.array([0.9, 0.2, 0.1, 0.6, 0.7])
    terms = y * np.log(p) + (1 - y) * np.log(1 - p)
    right, total = -np.nanmean(terms), -np.nansum(terms)
    return expect_number(answer, right, tol=1e-3, hints={
        total: _("take the mean over the species, not the sum"),
        -right: _("the logarithms are negative: mind the minus in front"),
        total / 5: _("divide by the number of species that have a label, not by all five"),
        (total - np.log(0.9)) / 5: _("that takes the third species for absent, and nobody listened for it"),
        (total - np.log(0.1)) / 5: _("that takes the third species for present, and nobody listened for it"),
        -np.nanmean(y * np.log(p)): _("the species that are absent count too: add (1 - y) log(1 - p)"),
        right / np.log(10): _("log is the natural logarithm, np.log"),
    })  # fmt: skip


@exercise("train.3")
def _stops(answer):
    hint = _parts(answer, ("stops_after", "keeps"))
    if hint is not None:
        return hint
    if list(answer) == [4, 7]:
        return _("the pair is (stops_after, keeps): first when it stops, then whose weights it keeps")
    hint = expect_number(answer[0], 7, hints={
        8: _("it never comes to epoch 8: count how old the best score is after each epoch"),
        6: _("after epoch 6 the best score is two epochs old, unless you count the equal one as better"),
        5: _("after epoch 5 the best score is one epoch old"),
        9: _("an equal score is no better one: the best is from epoch 4"),
    })
    if hint is not None:
        return _("it stops: {hint}", hint=_(hint))
    hint = expect_number(answer[1], 4, hints={
        6: _("an equal score is no better one"),
        7: _("it keeps the weights of the best epoch, not of the last"),
        8: _("epoch 8 is never trained"),
    })
    return None if hint is None else _("it keeps: {hint}", hint=_(hint))


@exercise("train.4")
def _two_voices(answer):
    hint = _parts(answer, ("guess", "softmax", "sigmoid"))
    if hint is not None:
        return hint
    z = np.array([3.0, 3.0, -3.0])
    softmax, sigmoid = np.exp(z[0]) / np.exp(z).sum(), 1 / (1 + np.exp(-z[0]))
    hint = _guess(answer[0], ("above 0.9", "near 0.5", "below 0.1"))
    if hint is not None:
        return hint
    hint = expect_number(answer[1], softmax, tol=4e-4, hints={
        sigmoid: _("that is the sigmoid of the first species"),
        0.5: _("nearly; compute it: the third species takes a little"),
        1.0: _("that is the sum over all species; the share of the first is asked for"),
        np.exp(3.0): _("divide by the sum over all three species"),
    })
    if hint is not None:
        return _("the softmax: {hint}", hint=_(hint))
    hint = expect_number(answer[2], sigmoid, tol=3e-3, hints={
        1 - sigmoid: _("mind the minus in the exponent"),
        softmax: _("that is the softmax again; the sigmoid asks only for the species' own z"),
    })
    return _say_guess(answer[0], "near 0.5") if hint is None else _("the sigmoid: {hint}", hint=_(hint))


@exercise("evaluate.1")
def _f1(answer):
    return expect_number(answer, 2 / 3, tol=4e-3, hints={
        0.75: _("that is the precision, 6 / (6 + 2)"),
        0.6: _("that is the recall, 6 / (6 + 4)"),
        0.675: _("that is the mean of precision and recall; F1 is their harmonic mean"),
        **dict.fromkeys((200 / 3, 66.67, 66.7, 67), _("give F1 between 0 and 1, not in per cent")),
        0.5: _("TP counts twice, above and below the line; and of the ten windows only four were missed"),
    })


@exercise("evaluate.2")
def _coin(answer):
    hint = _parts(answer, ("guess", "computed"))
    if hint is not None:
        return hint
    hint = _guess(answer[0], ("near 0.05", "near 0.15", "near 0.5"))
    if hint is not None:
        return hint
    hint = expect_number(answer[1], 1 / 6, tol=4e-3, hints={
        0.1: _("that is the precision; how many of the positives does the coin find?"),
        0.3: _("that is the mean of precision and recall; F1 is their harmonic mean"),
        0.5: _("that is the recall; how many of the coin's yeses are right?"),
        0.2 / 1.1: _("that is for always saying yes; the coin finds half of the positives"),
        0.05 / 0.6: _("the numerator of F1 is twice the product of precision and recall"),
        0.05: _("that is the share of windows in which the coin is right to say yes"),
    })
    return _say_guess(answer[0], "near 0.15") if hint is None else _("computed: {hint}", hint=_(hint))


@exercise("evaluate.3")
def _macro(answer):
    return expect_number(answer, 0.5, tol=1e-3, hints={
        0.3: _("a species without positives has no F1; counting it as 0 blames the model for the data"),
        1.5: _("that is the sum; divide it by the number of species that have an F1"),
        0.75: _("divide by how many have an F1; 0.1 is one, too"),
        0.375: _("three of the five species have an F1"),
    })


@exercise("evaluate.4")
def _threshold(answer):
    hint = expect_number(answer, 0.275, tol=0.075 + 1e-9)
    if hint is None and float(answer) > 0.2:
        return None
    if not isinstance(answer, int | float | np.number) or np.isnan(answer):
        return hint
    called, p = np.array([1, 0, 1, 1, 0, 0], dtype=bool), np.array([0.9, 0.7, 0.45, 0.35, 0.2, 0.1])
    chosen = p >= float(answer)
    found, alarms = (called & chosen).sum(), (chosen & ~called).sum()
    return _("from {answer:g} on, {found} of 3 calls are found with {alarms} false alarms: F1 is {f1:.2f}. There "
             "is a better threshold",
             answer=float(answer), found=found, alarms=alarms,
             f1=float(f1_from_counts(found, called.sum(), chosen.sum())))


@exercise("evaluate.5")
def _surer(answer):
    return expect_choice(answer, "asymmetric", ("cross-entropy", "asymmetric"), {
        "cross-entropy": _("its curve is the higher one: where it says one half, the species is there more often than "
                           "where the other says so. Below the diagonal is too sure, above it too timid"),
    })


@exercise("evaluate.6")
def _company(answer):
    return expect_choice(answer, "whistle", ("drum", "whistle", "croak"), {
        "drum": _("it calls in most of the false alarms, and in most windows without any: chance alone would give 32 "
                  "of its 33"),
        "croak": _("its ratio is the highest, but it calls in 4 of 40 false alarms, 3 more than chance would give; ask "
                   "for the difference"),
    })


@exercise("benchmark.1")
def _ceiling(answer):
    return expect_number(answer, 30.4 * 42 / 38, tol=0.05, hints={
        30.4: _("that is the mean over all 42, four of which count 0"),
        30.4 * 38 / 42: _("the other way round: the sum of the F1 stays, and fewer species share it"),
        30.4 * 42 / 36: _("that is for six species without a test window; here there are four"),
        30.4 * 42: _("that is the sum of the F1; divide it by the species that could be found"),
        0.304 * 42 / 38: _("give it in per cent"),
        34.4: _("take four species out of the number, not four points on top of the score"),
    })  # fmt: skip


@exercise("benchmark.2")
def _better_than_perfect(answer):
    # What the figure of the page shows, which is of the book's pond.
    small = _("even a perfect predictor stays below 72 % there")
    large = _("so it can be, and with smaller batches as well: go on to the left along the curve")
    return expect_number(answer, 128, hints=dict.fromkeys((16, 32, 64), small) | dict.fromkeys((256, 512, 1024), large))


@exercise("benchmark.3")
def _axis(answer):
    from anuralib.learn.features import mel_frequencies  # loads torch: no other check waits for it

    told = mel_frequencies(128, (0, 8000))[:4]
    if isinstance(answer, str | bytes):
        return _("give the four frequencies in Hz, not text")
    wrong = (
        (told, _("that is what the axis says; the sound is at 22,050 Hz, so each band lies higher")),
        (told * 16000 / 22050, _("the wrong way round: the bands lie higher than the axis says")),
        (told * 2, _("the factor is the ratio of the two sample rates")),
        (mel_frequencies(128, (0, 11025))[:4], _("those are filters made anew for 22,050 Hz; the ones that were used "
                                                 "were made for 16,000 Hz and stretched")),
    )  # fmt: skip
    for values, hint in wrong:
        if expect_array(answer, values, tol=0.06) is None:
            return hint
    return expect_array(answer, told * 22050 / 16000, tol=0.06)


@exercise("benchmark.4")
def _two_sigmoids(answer):
    hint = _parts(answer, ("guess", "printed"))
    if hint is not None:
        return hint
    hint = _guess(answer[0], ("near 0", "near 0.5", "near 0.7"))
    if hint is not None:
        return hint
    yes, no = np.log1p(np.exp(-1)), np.log(2)
    twice = (np.log1p(np.exp(-1 / (1 + np.exp(-1)))) + np.log1p(np.exp(0.5))) / 2
    hint = expect_number(answer[1], (yes + no) / 2, tol=2e-3, hints={
        0: _("that is what the loss of a perfect answer should be; hand the probabilities y to the loss as they are, "
             "since it takes a sigmoid of its own"),
        yes: _("that is the part of the species that call; six others are absent"),
        no: _("that is the part of the absent species alone; six call"),
        6 * (yes + no): _("take the mean over the twelve species, as losses.bce does"),
        twice: _("y are probabilities already; you took the sigmoid once more"),
    })  # fmt: skip
    return _say_guess(answer[0], "near 0.5") if hint is None else _("printed: {hint}", hint=_(hint))


@exercise("benchmark.5")
def _row_of_all(answer):
    hint = _parts(answer, ("as_text", "exchanged"))
    if hint is not None:
        return hint
    n_species, scores = np.array([2, 10, 30]), {"as_text": [56.8, 68.4, 15.7], "exchanged": [68.4, 56.8, 15.7]}
    right = {name: float(n_species @ values / 42) for name, values in scores.items()}
    for name, other, got in zip(scores, ("exchanged", "as_text"), answer, strict=True):
        hint = expect_number(got, right[name], tol=0.06, hints={
            right[other]: _("that is the other reading; as the text has it, the two species with more than 10,000 "
                            "windows are the common ones"),
            sum(scores[name]) / 3: _("the groups are of different size: weigh each score by its number of species"),
            right[name] / 100: _("give it in per cent, as the table does"),
            float(n_species @ scores[name]): _("divide by the number of all species"),
            37.8: _("that is the printed row; compute what it would be with these numbers of species"),
        })  # fmt: skip
        if hint is not None:
            return _("{name}: {hint}", name=name, hint=_(hint))
    return None
