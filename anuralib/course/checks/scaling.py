"""Checks of the exercises of the chapter "practice/scaling"."""

from anuralib._language import text as _
from anuralib.course.exercises import exercise, expect_choice, expect_number

_MB_PER_HOUR = 3600 * 22_050 * 2 / 1e6


@exercise("scaling.1")
def _scaling_1(answer):
    right = 365 * 24 / 10 * _MB_PER_HOUR / 1000
    return expect_number(answer, right, tol=0.5, hints={
        10 * right: _("That is a recorder which never stops; this one takes a tenth of the time."),
        8 * right: _("Those are gigabits: 16 bit are two bytes."),
        right / 2: _("16 bit are two bytes a sample, not one."),
        2 * right: _("That is for two channels; mono is one."),
        1000 * right: _("Those are MB; divide by 1000."),
        right * 1e9 / 2**30: _("That divides by 1024 three times (GiB); a GB here is a thousand million bytes."),
        365 * 24 / 10: _("Those are the hours; multiply by the GB of an hour."),
        right / 24: _("A day has 24 hours of sound, a tenth of which is recorded."),
    })


@exercise("scaling.2")
def _scaling_2(answer):
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        return _("Answer with the pair (guess, measured).")
    guess, measured = answer
    hint = expect_choice(guess, ("none", "five", "all"), ("none", "five", "all"))
    if hint is not None:
        return _("The guess: {hint}", hint=_(hint))
    hint = expect_number(measured, 5, hints={
        0: _("Note the sizes of the five files before you cut them, and compare after the second run."),
    })  # fmt: skip
    if hint is not None:
        return hint if measured == 0 else (
            _("Measured: {hint}. Count only those of the five cut files that have their old size again.", hint=_(hint)))
    if guess.strip().lower() != "five":
        print(_("Your guess was {guess!r}: what is there and whole is not written again.", guess=guess))
    return None


@exercise("scaling.3")
def _scaling_3(answer):
    return expect_number(answer, 10_000 * 30 / 8 / 86_400, tol=2e-3, hints={
        10_000 * 30 * 8 / 3600: _("That is the estimate as it was. Do more workers make it longer?"),
        10_000 * 30 / 8 / 3600: _("Those are hours; days are asked for."),
        10_000 * 30 / 86_400: _("That is for one worker; eight share the work."),
        10_000 * 30 * 8 / 86_400: _("Do more workers make it longer? They share the work."),
        10_000 * 30 / 3600: _("Those are core hours; divide by the workers, and make days of them."),
        10_000 * 30 / 8: _("Those are seconds; days are asked for."),
    })


@exercise("scaling.4")
def _scaling_4(answer):
    right = 110 * 20 / _MB_PER_HOUR
    hint = expect_number(answer, right, tol=0.2, hints={
        _MB_PER_HOUR / 20: _("That is what one worker reads a second, in MB. How many of them make 110?"),
        110 / _MB_PER_HOUR: _("That is how many hours of sound the server delivers a second; a worker needs 20 seconds "
                              "for one."),
        right / 8: _("Megabytes, not megabits: nothing is to be divided by 8."),
        1 / right: _("Upside down."),
        110 / 20: _("How many MB has an hour of sound?"),
        110 * 20: _("How many MB has an hour of sound?"),
    })  # fmt: skip
    try:
        whole = float(answer) in (13, 14)
    except (TypeError, ValueError):
        whole = False
    return None if whole else hint
