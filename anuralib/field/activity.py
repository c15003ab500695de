"""When does a species call: the share of recordings by hour, month or temperature, with what nights leave open."""

import numpy as np
import pandas as pd


def activity(heard, by, nights, level: float = 0.95, n_boot: int = 1000, seed: int = 0) -> pd.DataFrame:
    """Share of recordings with a species in each group, with an interval over nights.

    Recordings of one night are alike, in weather and in who is there, so nights are drawn with replacement, each with
    all that it has (percentile interval; Efron & Tibshirani 1993). A group that lies within few nights has few to be
    drawn from, and its interval is too narrow: look at `n_nights`.

    Parameters
    ----------
    heard : array or Series, shape (N,)
        1 where the species is in the recording, 0 where not; or the chance of it.
    by : array or Series, shape (N,)
        Group of each recording: hour, month, class of temperature. One without a group (NaN) is left out.
    nights : array or Series, shape (N,)
        Night of each recording; one and the same for all sites if weather is what they share.
    level, n_boot, seed
        Coverage of the interval, draws, random seed.

    Returns
    -------
    DataFrame, index group
        share, low, high, n (recordings), n_nights.

    Raises
    ------
    ValueError
        Lengths that differ, an empty night, values below 0 or above 1, an impossible level.

    Examples
    --------
    >>> table = al.activity([1, 0, 1, 1], by=[20, 20, 23, 23], nights=["a", "b", "a", "b"])
    >>> table[["share", "n_nights"]].to_numpy().tolist()
    [[0.5, 2.0], [1.0, 2.0]]
    """
    heard = np.asarray(heard, dtype=float)
    by, nights = (pd.Series(values).reset_index(drop=True) for values in (by, nights))
    if heard.ndim != 1 or not len(heard) == len(by) == len(nights) or not len(heard):
        raise ValueError(f"need one group and one night for each of {heard.shape} recordings, got {len(by)} and "
                         f"{len(nights)}")  # fmt: skip
    if not (heard.min() >= 0 and heard.max() <= 1) or nights.isna().any():
        raise ValueError("heard must lie between 0 and 1, without NaN, and every recording needs a night")
    if not 0 < level < 1 or n_boot < 1:
        raise ValueError(f"need 0 < level < 1 and n_boot >= 1, got {level} and {n_boot}")
    table = pd.DataFrame({"heard": heard, "by": by, "night": nights}).dropna(subset="by")
    sums = table.pivot_table(index="night", columns="by", values="heard", aggfunc=["sum", "size"], fill_value=0,
                             observed=True)  # fmt: skip
    found, n = sums["sum"].to_numpy(float), sums["size"].to_numpy(float)
    times = np.random.default_rng(seed).multinomial(len(n), np.full(len(n), 1 / len(n)), size=n_boot)
    with np.errstate(invalid="ignore"):
        shares = (times @ found) / (times @ n)  # NaN where a draw has no night of the group
    low, high = np.nanquantile(shares, [(1 - level) / 2, (1 + level) / 2], axis=0)
    columns = {"share": found.sum(axis=0) / n.sum(axis=0), "low": low, "high": high, "n": n.sum(axis=0).astype(int),
               "n_nights": (n > 0).sum(axis=0)}  # fmt: skip
    return pd.DataFrame(columns, index=sums["sum"].columns.rename("group"))
