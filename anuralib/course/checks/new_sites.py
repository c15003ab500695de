"""Checks of the exercises in the chapter *New sites: will it work at a pond it has never heard?*."""

from functools import lru_cache

import numpy as np
from threadpoolctl import threadpool_limits

from anuralib._language import text as _
from anuralib.course.exercises import Hint, exercise, expect_choice, expect_number
from anuralib.data.load import load_dataset
from anuralib.score.metrics import average_precision
from anuralib.windows.grid import window_labels


@lru_cache(maxsize=2)
def _held_out(root):
    """Labels of BARWHI at SIM2, and its scores by a probe taught at the other sites; `root` tells ponds apart."""
    # They load torch: no other check waits for it.
    from anuralib.challenges.embeddings import linear_probe, probe_probabilities
    from anuralib.learn.pictures import window_features

    pond = load_dataset("pond")
    windows = window_labels(pond.strong_labels, pond.recordings, pond.species)
    pictures = window_features(windows, pond, cache_dir=True, progress=False)
    apart = (windows["min_t"] % 3 == 0).to_numpy()
    windows, pictures = windows[apart], pictures[apart, 0].astype("float32")
    spectra = np.hstack([pictures.mean(axis=2), pictures.std(axis=2), pictures.max(axis=2)])
    here, calls = (windows["site"] == "SIM2").to_numpy(), windows[["BARWHI"]].to_numpy()
    with threadpool_limits(1):
        probe = linear_probe(spectra[~here], calls[~here])
    return calls[here], probe_probabilities(probe, spectra[here])


def _pair(answer, names):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise Hint(_("answer with the pair ({names})", names=names))
    return answer


@exercise("new-sites.1")
def _way(answer):
    at_a, at_b = _pair(answer, "at_a, at_b")
    for name, given, ap, share in (("A", at_a, 0.44, 0.30), ("B", at_b, 0.24, 0.05)):
        hint = expect_number(given, (ap - share) / (1 - share), tol=0.005, hints={
            ap - share: _("that is how far it has come; divide by the whole way from no skill to perfect"),
            ap / share: _("that is a ratio to no skill; the way to perfect is asked for"),
            ap: _("that is the raw average precision"),
            (ap - share) / share: _("divide by the way from no skill to 1, not by the no-skill line"),
            100 * (ap - share) / (1 - share): _("give a share between 0 and 1, not a percentage"),
        })  # fmt: skip
        if hint is not None:
            return f"{name}: {_(hint)}"
    return None


@exercise("new-sites.2")
def _lost(answer):
    choices = ("BARWHI", "ASCWHI", "HIGPEE", "SHOTRI", "LONTRI")
    return expect_choice(answer, "ASCWHI", choices, {
        "BARWHI": _("it loses little, but in another type's rows circle and triangle lie on each other"),
        "HIGPEE": _("look at its row at SIM3"),
        "SHOTRI": _("look at its row at SIM2"),
        "LONTRI": _("look at its row at SIM4"),
    })  # fmt: skip


@exercise("new-sites.3")
def _fewer(answer):
    guessed, computed = _pair(answer, "guess, computed")
    hint = expect_choice(guessed, ("lower", "same", "higher"), ("lower", "same", "higher"))
    if hint is not None:
        return _("guess: {hint}", hint=_(hint))
    calls, score = _held_out(str(load_dataset("pond").root))
    yes, no = np.flatnonzero(calls[:, 0] == 1), np.flatnonzero(calls[:, 0] == 0)
    kept, all_windows = np.concatenate([no, yes[::4]]), average_precision(calls, score).item()
    thin = np.arange(len(calls))[::4]
    hints = {
        all_windows: _("that is with all windows; keep every fourth of those with the type"),
        float((calls[kept] == 1).mean()): _("that is the new no-skill line; the average precision is asked for"),
    }
    if calls[thin].any():
        hints[average_precision(calls[thin], score[thin]).item()] = (
            _("that takes every fourth of all windows; those without the type stay"))
    right = average_precision(calls[kept], score[kept]).item()
    hint = expect_number(computed, right, tol=1e-3, hints=hints)
    if hint is not None:
        return _("computed: {hint}", hint=_(hint))
    came = "same" if abs(right - all_windows) < 1e-9 else "lower" if right < all_windows else "higher"
    if guessed.strip().lower() != came:
        print(_("Your guess was {guess!r}; it is {came!r}: {right:.2f}, before it was {all_windows:.2f}.",
                guess=guessed.strip(), came=came, right=right, all_windows=all_windows))
    return None


@exercise("new-sites.4")
def _mean_of_sites(answer):
    return expect_number(answer, 0.75, tol=1e-6, hints={
        0.4928571: _("that is still one ranking of all windows; rank the windows of each site by themselves"),
        1: _("that is site A alone; take the mean of both"),
        0.5: _("that is site B alone, or the share of positives; take the mean of both sites"),
        1.5: _("that is the sum of both sites; divide by two"),
    })  # fmt: skip
