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
