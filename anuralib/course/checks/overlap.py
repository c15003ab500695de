"""Checks of the exercises of the chapter "overlap"."""

from functools import cache

import numpy as np

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_choice, expect_number, run_function


@exercise("overlap.1")
def _overlap_1(answer):
    p = 0.2 / (2 - 0.2)
    return expect_number(answer, 26 * p, tol=0.02, hints={
        26 * 0.2: _("That takes F1 for the share of positive pairs; solve the formula for p."),
        26 * 0.1: _("F1 is nearly twice the share only where the share is small; solve the formula for p."),
        p: _("That is the share of positive pairs; how many of 26 species is that?"),
        26 * 0.2 / 2.2: _("Mind the sign: p = F1 / (2 - F1)."),
        3: _("Nearly: give it with two decimals."),
    })  # fmt: skip


@cache
def _test_numbers():
    from anuralib.data.load import load_dataset
    from anuralib.split.splitting import stratified_split
    from anuralib.windows.grid import window_labels

    pond = load_dataset("pond")
    windows = stratified_split(window_labels(pond.strong_labels, pond.recordings, pond.species), seed=0)
    return windows.loc[windows["subset"] == "test", pond.species].sum(axis=1).to_numpy()


@exercise("overlap.2")
def _overlap_2(answer):
    number = _test_numbers()
    several = number[number >= 2]
    right = len(several) / several.sum()
    return expect_number(answer, right, tol=2e-3, hints={
        (1 / several).mean(): _("That is the mean of the windows' recalls, 1/2, 1/3 and so on. Recall counts species: "
                                "all that were named, over all that call."),
        (number > 0).sum() / number.sum(): _("That includes the windows with one species; keep those with two and "
                                             "more."),
        several.sum() / len(several): _("That is the mean number of species; recall is named over calling."),
        100 * right: _("Give a share between 0 and 1."),
        1.0: _("It is never wrong, but of two or more it names one only."),
    })  # fmt: skip


@exercise("overlap.3")
def _overlap_3(answer):
    truth = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1], [0, 0, 0]], dtype=bool)
    yes = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 0], [1, 0, 1], [0, 0, 0]], dtype=bool)
    hint = expect_number(run_function(answer, truth, yes), 3 / 5, hints={
        3 / 7: _("That is the share of the names that are wrong, 1 - precision. Divide by the number of windows."),
        3 / 15: _("That is a mean over windows and species. Count the wrong names of each window, then take the mean."),
        3: _("That is their number; divide by the number of windows."),
        1 / 2: _("That looks at silent windows only; a wrong name beside a right one is a false alarm as well."),
        7 / 5: _("Those are all names a window; keep the wrong ones, yes & ~truth."),
    })  # fmt: skip
    if hint is not None:
        return hint
    silent = float(run_function(answer, truth, np.zeros_like(yes)))
    return None if silent == 0 else _("Who says nothing gives no false alarm: that should be 0, not NaN.")


@cache
def _gains():
    from anuralib.challenges.separation import learn_dictionary, separate, si_sdr
    from anuralib.pond.calls import call_parts

    codes, gains = ("BARWHI", "LOWWHI", "HIGPEE"), {}
    books = {c: learn_dictionary([call_parts([c], seed=100 + k)[c] for k in range(3)], 4) for c in codes}
    for other in codes[1:]:
        parts = call_parts(["BARWHI", other], seed=7)
        mixture = sum(parts.values())
        part = separate(mixture, {c: books[c] for c in parts})["BARWHI"]
        after = si_sdr(part, parts["BARWHI"])
        gains[other] = (after - si_sdr(mixture, parts["BARWHI"]), after)
    return gains


@exercise("overlap.4")
def _overlap_4(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        return _("answer with (guess, gain beside LOWWHI, gain beside HIGPEE)")
    hint = expect_choice(answer[0], ("LOWWHI", "HIGPEE"), ("LOWWHI", "HIGPEE"))
    if hint is not None:
        return _("the guess: {hint}", hint=_(hint))
    gains = _gains()
    for measured, other in zip(answer[1:], gains, strict=True):
        gain, after = gains[other]
        wrong = "HIGPEE" if other == "LOWWHI" else "LOWWHI"
        hint = expect_number(measured, gain, tol=0.5, hints={
            after: _("that is the SI-SDR after; subtract that of the mixture itself"),
            -gain: _("after minus before, not the other way round"),
            gains[wrong][0]: _("that is the gain beside {wrong}", wrong=wrong),
        })  # fmt: skip
        if hint is not None:
            return _("beside {other}: {hint}", other=other, hint=_(hint))
    easy = max(gains, key=lambda other: gains[other][0])
    if answer[0].strip().upper() != easy:
        print(_("Your guess was {guess!r}; more was gained beside {easy}.", guess=answer[0], easy=easy))
    return None
