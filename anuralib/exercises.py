"""Exercises that answer at once: `check` says pass, or gives a hint that names the misconception."""

import math
import pkgutil
from importlib import import_module

import numpy as np
import pandas as pd

_CHECKS = {}


def exercise(name):
    """Register a function as the check of an exercise.

    The function takes the answer and returns None for a pass, or a hint. What it raises becomes a hint too.

    Parameters
    ----------
    name : str
        As ``"windows.1"``: the chapter and a number.
    """

    def register(function):
        _CHECKS[name] = function
        return function

    return register


def exercises():
    """Names of all exercises that have a check.

    Returns
    -------
    list of str
    """
    import anuralib.checks

    for module in pkgutil.iter_modules(anuralib.checks.__path__):
        import_module(f"anuralib.checks.{module.name}")
    return sorted(_CHECKS)


def _missing(answer):
    """A hint where there is no answer to look at yet."""
    if answer is ... or answer is None:
        return "there is no answer yet: replace the ... (and return a value from a function)"
    if isinstance(answer, float) and math.isnan(answer):
        return "the answer is NaN: something was divided by zero, or is missing"
    if isinstance(answer, str | list | tuple | dict | np.ndarray | pd.DataFrame | pd.Series) and len(answer) == 0:
        return "the answer is empty"
    return None


def check(name, answer):
    """Check the answer to an exercise.

    Parameters
    ----------
    name : str
        As it stands in the exercise, for instance ``"windows.1"``.
    answer : object
        A number, text, table or function, as the exercise asks.

    Returns
    -------
    bool
        Whether the answer passes; the reason is printed.

    Raises
    ------
    ValueError
        If there is no exercise of that name.
    """
    known = exercises()
    if name not in known:
        raise ValueError(f"no exercise {name!r}; there are {', '.join(known)}")
    hint = _missing(answer)
    if hint is None:
        try:
            hint = _CHECKS[name](answer)
        except Exception as error:  # a learner's function may raise anything: that is an answer, not an accident
            hint = f"that raised {type(error).__name__}: {error}"
    print(f"Pass: {name}" if hint is None else f"Hint for {name}: {hint}")
    return hint is None


def expect_number(answer, value, tol=1e-6, hints=None):
    """Compare a number with the right one, and with wrong ones that tell of a misconception.

    Parameters
    ----------
    answer : object
    value : float
    tol : float
        Largest difference that passes.
    hints : dict, optional
        Wrong number to hint.

    Returns
    -------
    str or None
    """
    try:
        number = float(answer)
    except (TypeError, ValueError):
        return f"a number is asked for, this is {type(answer).__name__}"
    if math.isnan(number):
        return "the answer is NaN: something was divided by zero, or is missing"
    if abs(number - value) <= tol:
        return None
    for wrong, hint in (hints or {}).items():
        if abs(number - wrong) <= tol:
            return hint
    return f"{number:g} is too {'high' if number > value else 'low'}"
