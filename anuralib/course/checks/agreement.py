"""Checks of the exercises of the chapter *Agreement: would somebody else label it the same way?*"""

import math

import numpy as np

from anuralib._language import N_
from anuralib._language import text as _
from anuralib.course.exercises import Hint, exercise, expect_choice, expect_number, run_function
from anuralib.data.load import load_dataset
from anuralib.data.reading import read_annotator
from anuralib.labels.agreement import agreement


@exercise("agreement.1")
def _by_hand(answer):
    chance = 0.07**2 + 0.93**2
    return expect_number(answer, (0.94 - chance) / (1 - chance), tol=0.006, hints={
        0.94: _("That is the plain agreement; take away what chance gives."),
        0.4: _("That is Jaccard's index, 4 of the 10 windows that either marked."),
        0.94 - chance: _("Divide by what is left to gain, 1 minus the agreement by chance."),
        chance: _("That is the agreement by chance; kappa is what goes beyond it."),
        (0.94 - 0.0049) / 0.9951: _("Chance agreement has two parts: both say yes, and both say no."),
    })  # fmt: skip


@exercise("agreement.2")
def _without_silence(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("Answer with the pair (guess, measured).")
    guess, measured = answer
    words = ("higher", "lower", "same")
    hint = expect_choice(guess, words, words)
    if hint is not None:
        return _("The guess: {hint}", hint=_(hint))
    pond = load_dataset("pond")
    lengths = dict(zip(pond.recordings["recording"], pond.recordings["duration_s"], strict=True))
    mine, theirs = (t[t["species"] == "HIGPEE"] for t in (pond.strong_labels, read_annotator(pond)))
    kept = {name: lengths[name] for name in {*mine["recording"], *theirs["recording"]}}
    with_silence, without = (agreement(mine, theirs, x).iloc[0] for x in (lengths, kept))
    hint = expect_number(measured, without["kappa"], tol=1e-3, hints={
        with_silence["kappa"]: _("That is kappa with the silent recordings; keep in `lengths` only those in which one "
                                 "of the two marked HIGPEE."),
        without["jaccard"]: _("That is Jaccard's index; take the column kappa."),
    })  # fmt: skip
    if hint is None and without["kappa"] < with_silence["kappa"] and guess.strip().lower() != "lower":
        print(_("Your guess was {guess!r}: it is lower, {without:.2f} after {with_silence:.2f}.",
                guess=guess, without=without["kappa"], with_silence=with_silence["kappa"]))
    return hint


def _two(function, a, b):
    """A number from the learner's function, or a hint in its place."""
    got = run_function(function, np.array(a), np.array(b))
    try:
        return float(got)
    except (TypeError, ValueError):
        raise Hint(_("Return one number, not {kind}.", kind=type(got).__name__)) from None


@exercise("agreement.3")
def _kappa(answer):
    a, b = [1, 1, 0, 0, 0, 0, 0, 0, 0, 0], [1, 0, 1, 1, 0, 0, 0, 0, 0, 0]
    chance, yes = 0.2 * 0.3 + 0.8 * 0.7, 0.2 * 0.3
    right = (0.7 - chance) / (1 - chance)
    hint = expect_number(_two(answer, a, b), right, hints={
        0.7: _("That is the plain agreement; take away what chance gives."),
        1 / 4: _("That is Jaccard's index, the windows that both marked over those that either did."),
        0.7 - chance: _("Divide by what is left to gain, 1 minus the agreement by chance."),
        (0.7 - yes) / (1 - yes): _("Chance agreement has two parts: both say yes, and both say no."),
        (0.7 - 0.68) / 0.32: _("That takes the share of the first for both; the two need not say yes equally often."),
        (0.7 - 0.58) / 0.42: _("That takes the share of the second for both; the two need not say yes equally often."),
        (0.7 - 0.5) / 0.5: _("Chance is not one half: it depends on how often each says yes."),
    })  # fmt: skip
    if hint is None:
        hint = expect_number(_two(answer, b, a), right) or expect_number(_two(answer, a, a), 1.0)
    if hint is None:
        hint = expect_number(_two(answer, [1, 0], [0, 1]), -1.0)
    if hint is None and not math.isnan(_two(answer, [0, 0, 0], [0, 0, 0])):
        return _("Two who never say yes agree by chance alone: kappa is undefined there, return np.nan.")
    return hint


@exercise("agreement.4", empty=N_("compare pairs of type and site, not types alone"))
def _far_from_home(answer):
    if isinstance(answer, str) or not all(isinstance(code, str) for code in answer):
        return _("Answer with a list of species codes, as text.")
    pond = load_dataset("pond")
    site = dict(zip(pond.recordings["recording"], pond.recordings["site"], strict=True))
    known, told = (set(zip(t["species"], t["recording"].map(site), strict=True))
                   for t in (pond.strong_labels, read_annotator(pond)))  # fmt: skip
    right = {species for species, _ in told - known}
    got = {code.strip().upper() for code in answer}
    if got == right:
        return None
    if got - set(pond.species):
        return _("{code!r} is no call type of the pond.", code=sorted(got - set(pond.species))[0])
    if got == {species for species, _ in known - told}:
        return _("Those are at a site in the first annotator's labels only; it is the other way round.")
    if got > right:
        return _("{n} too many: {code} is marked only at sites where the first has it, too.",
                 n=len(got - right), code=min(got - right))
    if got < right:
        return _("{n} missing. A type can be at home at one site, a stranger at another: compare pairs.",
                 n=len(right - got))
    return _("Make the pairs of species and site of each annotator; which pairs has only the second?")


@exercise("agreement.5")
def _bend(answer):
    return expect_choice(answer, "false alarms", ("faint calls", "false alarms", "few recordings"), {
        "faint calls": _("That could move the points. The curve keeps the share of hits h fixed."),
        "few recordings": _("That makes the points scatter. The curve is computed from shares; no recording is in it."),
    })  # fmt: skip
