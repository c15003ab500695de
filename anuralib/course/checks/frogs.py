"""Checks of the exercises of the chapter "listen/frogs"."""

from anuralib._language import N_
from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_choice, expect_number, run_function

KINDS = ("advertisement", "aggressive", "release")
SCENES = {
    "A": ("advertisement", N_("Nobody is near: he calls for all to hear.")),
    "B": ("aggressive", N_("A rival sits at a hand's breadth; he is told to keep off.")),
    "C": ("release", N_("The one who is held says: let go.")),
    "D": ("advertisement", N_("The rival has gone, and he goes back to what he called before.")),
}


@exercise("frogs.1")
def _frogs_1(answer):
    if not isinstance(answer, dict) or set(answer) != set(SCENES):
        return _("Answer with a dictionary of A, B, C and D.")
    for scene, (kind, seen) in SCENES.items():
        hint = expect_choice(answer[scene], kind, KINDS, dict.fromkeys(KINDS, seen))
        if hint is not None:
            return f"{scene}: {_(hint)}"
    return None


@exercise("frogs.2")
def _frogs_2(answer):
    right = 1 - 100 / 120 * 99 / 119
    return expect_number(answer, right, tol=1e-3, hints={
        1 - right: _("That is the chance to miss both; asked for is the chance to have at least one."),
        1 - (118 / 120) ** 20: _("That would draw a night twice. Of 120 nights 100 are not drawn, and then of 119 only "
                                 "99."),
        1 - (100 / 120) ** 2: _("Once the first of the two is not drawn, 119 nights are left, of which 99 are not "
                                "drawn."),
        40 / 120: _("Chances don't add up like that: a draw with both nights is counted twice."),
        20 / 120: _("That is the chance to have one certain night of the two."),
        20 / 120 * 19 / 119: _("That is the chance to have both of them."),
    })  # fmt: skip


@exercise("frogs.3")
def _frogs_3(answer):
    advertises, lets_go = ("PHYSAU", "advertisement"), ("PHYSAU", "release")
    other = ("BOAFAB", "advertisement")
    cases = [
        ([advertises], True, _("An advertisement call of the species makes the window positive.")),
        ([lets_go], False, _("A window with other calls of the species alone holds no box, and is negative.")),
        ([other, lets_go], False, _("The advertisement call in this window is of another species.")),
        ([lets_go, advertises], True, _("An advertisement call beside other calls still makes it positive.")),
        ([], False, _("Where nothing calls the window is negative.")),
    ]
    for calls, right, hint in cases:
        said = run_function(answer, calls, "PHYSAU")
        if said is not right and not (hasattr(said, "dtype") and said == right):
            return hint
    return None
