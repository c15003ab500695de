"""Examples of call types to compare a recording with.

Not in `anuralib.calls`, of which the pond is made: a change there makes every pond anew.
"""

import numpy as np
import pandas as pd

from anuralib.calls import SAMPLE_RATE_HZ, call_types, draw_individual, synthesise_call


def call_examples(species, seed=0, seconds=2.5):
    """A few calls of each type one after the other, without background: to compare a recording with.

    Parameters
    ----------
    species : sequence of str
        Codes of call types.
    seed : int
        Of the individuals and their calls.
    seconds : float
        For each type about so long, but one call at least.

    Returns
    -------
    signal : ndarray, shape (n,), float32
        Sampled at 22,050 Hz; all calls have the same root mean square.
    labels : pandas.DataFrame
        ``start_s``, ``end_s``, ``species``, a row a type: what `player` makes buttons of.

    Raises
    ------
    ValueError
        If there is no species, or no call type of that code.
    """
    kinds, rng = call_types(), np.random.default_rng(seed)
    unknown = [code for code in species if code not in kinds.index]
    if unknown or not len(species):
        raise ValueError(f"no call type {', '.join(map(str, unknown)) or 'asked for'}; see al.call_types()")
    parts, rows, n = [], [], 0
    for code in species:
        kind, individual = kinds.loc[code], draw_individual(rng)
        period = int(kind["period_s"] * SAMPLE_RATE_HZ)
        first = n
        for _ in range(max(1, int(seconds // kind["period_s"]))):
            call = synthesise_call(kind, individual, rng)
            end = n + len(call)
            pause = max(period - len(call), SAMPLE_RATE_HZ // 10)
            parts += [call, np.zeros(pause, np.float32)]
            n = end + pause
        parts[-1] = parts[-1][: SAMPLE_RATE_HZ // 2]  # half a second is enough between two types
        n = end + len(parts[-1])
        rows.append((first / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ, code))
    return np.concatenate(parts), pd.DataFrame(rows, columns=["start_s", "end_s", "species"])


def call_parts(species, seconds=3.0, level_db=0.0, seed=0):
    """One caller of each type, apart: sounds that add up to a mixture of known parts.

    A type calls at its own period from a random moment on, cut at both ends, without background or echo. Its sound
    depends on the seed and on the type alone: with other company it is the same.

    Parameters
    ----------
    species : sequence of str
        Codes of call types, each once.
    seconds : float
    level_db : float or dict of str to float
        Level of the calls; 0 dB is a root mean square of 0.05 over the notes. A type that a dict leaves out has 0.
    seed : int
        Of the individuals, their calls and the moments.

    Returns
    -------
    dict of str to float32 ndarray, shape (n,)
        Sampled at 22,050 Hz. ``sum(parts.values())`` is the mixture.

    Raises
    ------
    ValueError
        No species, one named twice, no call type of that code, no time.
    """
    kinds, codes = call_types(), list(species)
    unknown = [code for code in codes if code not in kinds.index]
    if unknown or not codes:
        raise ValueError(f"no call type {', '.join(map(str, unknown)) or 'asked for'}; see al.call_types()")
    if len(set(codes)) < len(codes) or not seconds > 0:
        raise ValueError(f"need each type once and seconds above 0, got {codes} and {seconds}")
    n, parts = round(seconds * SAMPLE_RATE_HZ), {}
    for code in codes:
        kind = kinds.loc[code]
        rng = np.random.default_rng([seed, kinds.index.get_loc(code)])
        individual = draw_individual(rng)
        first = synthesise_call(kind, individual, rng)
        # The first call lies in the window, or fills it; others follow at the period and go before.
        low, high = sorted((0, n - len(first)))
        start, step = rng.uniform(low, high), kind["period_s"] * SAMPLE_RATE_HZ
        sound = np.zeros(n, np.float32)
        for k in range(-int(start // step) - 1, int((n - start) // step) + 1):
            call = synthesise_call(kind, individual, rng) if k else first
            begin = round(start + step * (k + (rng.normal(0, 0.05) if k else 0)))
            left, right = max(begin, 0), min(begin + len(call), n)
            if right > left:
                sound[left:right] += call[left - begin : right - begin]
        level = level_db.get(code, 0.0) if isinstance(level_db, dict) else level_db
        parts[code] = sound * np.float32(0.05 * 10 ** (level / 20))
    return parts
