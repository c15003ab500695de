"""Checks of the exercises of the chapter *Noise*."""

import numpy as np

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_choice, expect_number, run_function
from anuralib.data.load import load_dataset

SHARES = {"a tenth": 0.1, "a third": 1 / 3, "two thirds": 2 / 3}
SEEN_DB, RAIN_DB = 2.0, 10.0


@exercise("noise.1")
def _ratio(answer):
    return expect_number(answer, 20 * np.log10(4), tol=0.05, hints={
        10 * np.log10(4): _("0.02 and 0.005 are amplitudes: square them first, or take 20 times the logarithm"),
        -20 * np.log10(4): _("the call is the louder one: divide the call by the noise"),
        20 * np.log(4): _("take np.log10; np.log is the natural logarithm"),
        4.0: _("that is the ratio of the amplitudes; give it in dB"),
        16.0: _("that is the ratio of the powers; give it in dB"),
    })


@exercise("noise.2")
def _letters(answer):
    # What the figure of the page shows, which is of the book's pond.
    return expect_number(answer, 26, tol=2, hints={
        18: _("that is the limit for the *mean* of a bout; the curve of M goes on beyond it"),
        12: _("there the curve of L ends; look where that of M does"),
        8: _("that is the limit between L and M for the mean of a bout"),
        50: _("there the curve of H ends; look where that of M does"),
    })


@exercise("noise.3")
def _lost(answer):
    if not (isinstance(answer, tuple | list) and len(answer) == 2):
        return _("answer with two things in this order: (guess, computed)")
    guess, computed = answer
    snr_db = load_dataset("pond").truth["snr_db"].to_numpy()
    seen = snr_db >= SEEN_DB
    lost = seen & (snr_db < SEEN_DB + RAIN_DB)
    right = lost.sum() / seen.sum()
    hint = expect_choice(guess, tuple(SHARES), tuple(SHARES))
    if hint is not None:
        return _("the guess: {hint}", hint=_(hint))
    hint = expect_number(computed, right, tol=2e-3, hints={
        lost.mean(): _("divide by the calls that can be seen without the rain, not by all"),
        (snr_db < SEEN_DB + RAIN_DB).mean(): _("some of these can't be seen without the rain either: leave them out"),
        (snr_db[seen] < RAIN_DB).mean(): _("after the rain a call must still be 2 dB above the background"),
        1 - right: _("that is the share which is still seen"),
        100 * right: _("give a share between 0 and 1"),
        lost.sum(): _("that is a number of calls; give a share"),
    })
    if hint is not None:
        return _("computed: {hint}", hint=_(hint))
    nearest = min(SHARES, key=lambda word: abs(SHARES[word] - right))
    if guess.strip().lower() != nearest:
        print(_("Your guess was {guess!r}; {nearest!r} is nearer.", guess=guess.strip(), nearest=nearest))
    return None


@exercise("noise.4")
def _f1_of_letter(answer):
    return expect_number(answer, 0.4, tol=1e-3, hints={
        0.25: _("windows in which a bout of H or M was found are no false alarms: leave them out"),
        1 / 3: _("that is the recall of L"),
        0.5: _("that is the precision, when H and M are left out"),
        8 / 11: _("that is F1 of all letters together"),
        2 / 3: _("there is a false alarm: a yes where nothing calls"),
    })


@exercise("noise.5")
def _at_snr(answer):
    rng = np.random.default_rng(0)
    call, noise = 0.05 * np.sin(np.arange(2000) / 3), rng.normal(0, 0.4, 2000)

    def rms(x):
        return np.sqrt(np.mean(np.square(x)))

    now_db = 20 * np.log10(rms(call) / rms(noise))
    for snr_db in (6.0, -10.0, 0.0):
        mixed = np.asarray(run_function(answer, call, noise, snr_db))
        if mixed.shape != call.shape or mixed.dtype.kind not in "fi" or not np.isfinite(mixed).all():
            return _("return one array of {n} numbers, the call and the noise at the same time", n=call.size)
        if rms(mixed - noise) < 1e-9 * rms(noise) or np.allclose(mixed - noise, call):
            return _("the noise is as loud as it was: bring it to the level that is asked for")
        rest = mixed - call
        if np.allclose(rest, 0) or np.allclose(mixed / rms(mixed), noise / rms(noise)):
            return _("one of the two is missing: add the scaled noise to the call")
        if abs(np.corrcoef(rest, noise)[0, 1]) < 0.999:
            return _("leave the call as it is, and scale the noise")
        got_db = 20 * np.log10(rms(call) / rms(rest))
        if abs(got_db - snr_db) < 0.01:
            continue
        wrong = {
            -snr_db: _("the sign is wrong: a higher SNR is less noise"),
            2 * snr_db - now_db: _("that factor is for powers: an amplitude takes 10 ** (dB / 20)"),
            now_db + snr_db: _("the noise and the call have a level already: measure both first"),
            now_db - snr_db: _("the noise and the call have a level already: measure both first"),
            2 * now_db - snr_db: _("the gain has the wrong sign"),
        }
        for value, hint in wrong.items():
            if abs(got_db - value) < 0.01:
                return hint
        return _("asked for {snr_db:g} dB, the mixture has {got_db:.1f} dB", snr_db=snr_db, got_db=got_db)
    return None
