"""Exercises that answer at once: `check` says pass, or gives a hint that names the misconception."""

import copy
import math
import pkgutil
from decimal import Decimal
from importlib import import_module

import numpy as np
import pandas as pd

from anuralib._language import N_, text
from anuralib._language import text as _

_CHECKS = {}
_EMPTY = N_("the answer is empty")
_NOT_YET = N_("there is no answer yet: replace the ... (and return a value from a function)")
_PART_MISSING = N_("a part of the answer is missing: replace each ...")
LISTENERS = []  # each is called with name, answer and hint after a check of a real answer; see classroom.py


class Hint(Exception):
    """Raised inside a check to stop with a hint; `run_function` does."""


def exercise(name, empty=None):
    """Register a function as the check of an exercise.

    The function takes the answer and returns None for a pass, or a hint. What it raises becomes a hint too.

    Parameters
    ----------
    name : str
        As ``"windows.1"``: the chapter and a number.
    empty : str, optional
        Hint for an empty answer, where that is what a misconception leads to.
    """

    def register(function):
        function.empty = empty
        _CHECKS[name] = function
        return function

    return register


def exercises():
    """Names of all exercises that have a check.

    Returns
    -------
    list of str
    """
    from anuralib.course import checks

    for module in pkgutil.iter_modules(checks.__path__):
        import_module(f"{checks.__name__}.{module.name}")
    return sorted(_CHECKS)


def _missing(answer):
    """A hint where there is no answer to look at yet."""
    if answer is ... or answer is None:
        return _NOT_YET
    if isinstance(answer, float | np.floating) and math.isnan(answer):
        return _("the answer is NaN: something was divided by zero, or is missing")
    if isinstance(answer, np.ndarray) and answer.ndim == 0:
        return _missing(answer.item())
    if isinstance(answer, str | list | tuple | dict | set | np.ndarray | pd.DataFrame | pd.Series | pd.Index):
        if len(answer) == 0:
            return _EMPTY
    if isinstance(answer, list | tuple | dict):
        parts = answer.values() if isinstance(answer, dict) else answer
        if any(part is ... for part in parts):
            return _PART_MISSING
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
    if hint == _EMPTY and getattr(_CHECKS[name], "empty", None):
        hint = f"{text(_EMPTY)}; {text(_CHECKS[name].empty)}"
    if hint is None:
        try:
            hint = _CHECKS[name](answer)
        except Hint as stopped:
            hint = str(stopped)
        except (Exception, SystemExit) as error:  # a learner's function may raise anything: that is an answer
            hint = _("an answer of type {kind} has not the form that the exercise asks for ({error_kind}: {error})",
                     kind=type(answer).__name__, error_kind=type(error).__name__, error=error)  # fmt: skip
    # What was marked at import is translated here; for hints that came through `_` already, there is nothing to find.
    missed = _("Hint for {name}: {hint}", name=name, hint=text(hint or ""))
    print(_("Pass: {name}", name=name) if hint is None else missed)
    if hint not in (_NOT_YET, _PART_MISSING):  # an untouched stub is no attempt
        for listener in LISTENERS:
            listener(name, answer, hint)
    return hint is None


def _rounds_to(value, number):
    """Whether a number is the value, rounded to as many digits as the number has.

    Digits that count are at least two, or three from 100 on. A value that is whole, a count for instance, is not
    rounded.
    """
    if not (math.isfinite(number) and math.isfinite(value)) or number == 0 or float(value).is_integer():
        return False
    written = Decimal(repr(number)).normalize()
    digits = max(len(written.as_tuple().digits), 3 if abs(number) >= 100 else 2)
    first = min(written.adjusted(), math.floor(math.log10(abs(value))))
    return abs(number - value) <= 0.5 * 10.0 ** (first - digits + 1) * (1 + 1e-9)


def expect_number(answer, value, tol=1e-6, hints=None):
    """Compare a number with the right one, and with wrong ones that tell of a misconception.

    The right value passes rounded, too: to the digits that the answer has, of which at least two must be right (three
    from 100 on). A value that is whole must be met within `tol`.

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
    missing = _missing(answer)
    if missing is not None:
        return missing
    try:
        number = float(answer)
    except (TypeError, ValueError):
        return _("a number is asked for, this is {kind}", kind=type(answer).__name__)
    if math.isnan(number):
        return _("the answer is NaN: something was divided by zero, or is missing")
    if abs(number - value) <= tol:
        return None
    hints = hints or {}
    for wrong, hint in hints.items():
        if abs(number - wrong) <= tol:
            return hint
    if not isinstance(answer, bool | np.bool_):
        if _rounds_to(value, number):
            return None
        for wrong, hint in hints.items():
            if _rounds_to(wrong, number):
                return hint
    if number > value:
        return _("{number:g} is too high", number=number)
    return _("{number:g} is too low", number=number)


def expect_choice(answer, right, choices, hints=None):
    """Compare a word with the right one among those that were offered; case and spaces do not count.

    Parameters
    ----------
    answer : object
    right : str or collection of str
        Any of several passes.
    choices : sequence of str
        What the exercise offers.
    hints : dict, optional
        Wrong choice to hint.

    Returns
    -------
    str or None
    """
    if not isinstance(answer, str):
        return _missing(answer) or _("answer with one of {choices}", choices=", ".join(map(repr, choices)))
    word = {c.lower(): c for c in choices}.get(answer.strip().lower())
    if word is None:
        return _("answer with one of {choices}, not {answer!r}",
                 choices=", ".join(map(repr, choices)), answer=answer)
    if word in ({right} if isinstance(right, str) else right):
        return None
    return (hints or {}).get(word, _("{word!r} is not it; look again", word=word))


def expect_array(answer, value, tol=1e-6):
    """Compare an array (list, Series) of numbers with the right one: shape, NaN, then values.

    Parameters
    ----------
    answer : object
    value : array
    tol : float
        Largest difference of an element that passes; NaN passes where `value` is NaN.

    Returns
    -------
    str or None
    """
    missing = _missing(answer)
    if missing is not None:
        return missing
    try:
        got, value = np.asarray(answer, dtype=float), np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        return _("an array of numbers is asked for, this is {kind}", kind=type(answer).__name__)
    if got.shape != value.shape:
        return _("the shape is {got}, and should be {wanted}", got=got.shape, wanted=value.shape)
    if (np.isnan(got) & ~np.isnan(value)).any():
        return _("{n} values are NaN: something is missing or divided by 0",
                 n=int((np.isnan(got) & ~np.isnan(value)).sum()))
    wrong = ~np.isclose(got, value, rtol=0, atol=tol, equal_nan=True)
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = first[0] if len(first) == 1 else first
        return _("{n} of {n_all} values are wrong, the first at {place}: {value:g}",
                 n=int(wrong.sum()), n_all=wrong.size, place=place, value=got[first])
    return None


def expect_frame(answer, columns=(), n_rows=None):
    """See that an answer is a table with the columns and the number of rows asked for.

    Parameters
    ----------
    answer : object
    columns : sequence of str
        That must be there; others may be, too.
    n_rows : int, optional

    Returns
    -------
    str or None
    """
    if answer is ... or answer is None:
        return _missing(answer)
    if not isinstance(answer, pd.DataFrame):
        return _("a table (pandas DataFrame) is asked for, this is {kind}", kind=type(answer).__name__)
    lost = [name for name in columns if name not in answer.columns]
    if lost:
        return _("the table has no column {lost}; it has {columns}",
                 lost=", ".join(map(repr, lost)), columns=list(map(str, answer.columns)))
    if n_rows is not None and len(answer) != n_rows:
        return _("the table has {n} rows, and should have {n_rows}", n=len(answer), n_rows=n_rows)
    return None


def run_function(function, *args, **kwargs):
    """Call the learner's function on copies of the arguments, so that it can't change what the check compares with.

    Parameters
    ----------
    function : object
        The answer.
    *args, **kwargs
        For the function.

    Returns
    -------
    object
        What it returned.

    Raises
    ------
    Hint
        If it is no function, raises, or returns nothing; `check` prints it.
    """
    if not callable(function):
        raise Hint(_("a function is asked for, this is {kind}; give its name without parentheses",
                     kind=type(function).__name__))
    try:
        result = function(*copy.deepcopy(args), **copy.deepcopy(kwargs))
    except (Exception, SystemExit) as error:
        raise Hint(_("your function raised {error_kind}: {error}",
                     error_kind=type(error).__name__, error=error)) from error
    if result is ... or result is None:
        raise Hint(_missing(result))
    return result
