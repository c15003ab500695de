"""What a table of predictions claims: which species at which hour, and which claims to verify first."""

import json
from pathlib import Path

import pandas as pd

from anuralib.sound.names import recording_times
from anuralib.windows.table import METADATA_COLUMNS


def read_predictions(predictions, threshold):
    """The table, its species, and for each the probability from which the answer is yes."""
    source, told = "the predictions", None
    if not isinstance(predictions, pd.DataFrame):
        source = path = Path(predictions)
        if not path.is_file():
            raise FileNotFoundError(f"{path}: there is no such table; al.predict_folder writes predictions.csv")
        predictions = pd.read_csv(path, dtype={"fname": "str"})
        run = path.with_name("run.json")
        if run.is_file():
            settings = json.loads(run.read_text(encoding="utf-8"))
            told = dict(zip(settings["species"], settings["threshold"], strict=True))
    lost = [name for name in ("fname", "min_t", "max_t") if name not in predictions]
    species = [name for name in predictions.columns if name not in METADATA_COLUMNS]
    if lost or not species or not len(predictions):
        raise ValueError(f"{source}: rows with fname, min_t, max_t and a column for each species are needed; "
                         f"there are {len(predictions)} rows of {list(predictions.columns)[:6]}")  # fmt: skip
    values = predictions[species].apply(pd.to_numeric, errors="coerce")
    bad = ~((values >= 0) & (values <= 1)).all()
    if bad.any():
        raise ValueError(f"{source}, column {bad.idxmax()}: a value is no probability between 0 and 1")
    threshold = (0.5 if told is None else told) if threshold is None else threshold
    limits = pd.Series(threshold, index=species, dtype=float)
    if limits.isna().any():
        raise ValueError(f"threshold has no entry for {limits.index[limits.isna()].tolist()}")
    return predictions.assign(**values).reset_index(drop=True), species, limits


def species_by_hour(predictions, threshold=None):
    """In which share of the recordings of each hour a species was found.

    A share and not a number, because recorders don't run at all hours alike. A recording that crosses the full hour
    counts in each.

    Parameters
    ----------
    predictions : path or DataFrame
        predictions.csv of `predict_folder`: `fname`, `min_t`, `max_t`, the probability of each species.
    threshold : float, Series or dict, optional
        Found from this probability on, in one window at least; by default that of the run beside a path, else 0.5.

    Returns
    -------
    shares : DataFrame
        Species by hour (0 to 23, the evening first), between 0 and 1; all species, the most often found first.
    recordings : Series
        How many recordings each hour has.

    Raises
    ------
    FileNotFoundError, ValueError
        No table, no probabilities, or no recording with date and time in its name.
    """
    table, species, limits = read_predictions(predictions, threshold)
    begins = table["fname"].map(recording_times(table["fname"])["datetime"])
    dated = begins.notna()
    if not dated.any():
        raise ValueError(f"no recording's name tells date and time (one is {table['fname'][0]!r}), so that nothing is "
                         "known of hours; name them site_yyyymmdd_hhmmss")  # fmt: skip
    hour = (begins + pd.to_timedelta(table["min_t"], unit="s"))[dated].dt.hour.rename("hour")
    heard = (table.loc[dated, species] >= limits).groupby([table.loc[dated, "fname"], hour]).any()
    hours = sorted(hour.unique(), key=lambda h: (h - 12) % 24)
    order = heard.sum().sort_values(ascending=False, kind="stable").index
    by_hour = heard.groupby(level="hour")
    return by_hour.mean().T.loc[order, hours], by_hour.size()[hours].rename("recordings")


def to_verify(predictions, threshold=None, n_first=12, n_uncertain=12):
    """Which claims about recordings a person should listen to before anybody believes them.

    Parameters
    ----------
    predictions, threshold
        As for `species_by_hour`.
    n_first : int
        The first recording of each species in each night (one without a date counts as a night); where there are more,
        the first night of every species goes before the second of any.
    n_uncertain : int
        Those whose highest probability lies nearest to the threshold, above or below, by half of it at most.

    Returns
    -------
    DataFrame
        `why` ("first of the night", "uncertain"), `species`, `recording`, `night`, `start_s`, `end_s` of the window
        with the highest probability in that recording, and `probability`.
    """
    table, species, limits = read_predictions(predictions, threshold)
    times = recording_times(table["fname"])
    best = table.groupby("fname")[species].idxmax().melt(var_name="species", value_name="row", ignore_index=False)
    best = best.rename_axis("recording").reset_index()
    row = table.iloc[best["row"]]
    column = [species.index(code) for code in best["species"]]
    best = best.assign(
        night=best["recording"].map(times["night"]), datetime=best["recording"].map(times["datetime"]),
        start_s=row["min_t"].to_numpy(dtype=float), end_s=row["max_t"].to_numpy(dtype=float),
        probability=table[species].to_numpy(dtype=float)[best["row"], column],
    ).sort_values(["datetime", "recording", "species"], ignore_index=True)  # fmt: skip
    limit = best["species"].map(limits)
    first = best[best["probability"] >= limit].drop_duplicates(["species", "night"])
    nth = first.groupby("species").cumcount()
    first = first.loc[nth.sort_values(kind="stable").index[:n_first]]
    off = (best["probability"] - limit).abs().drop(first.index)
    unsure = best.loc[off[off <= limit.drop(first.index) / 2].sort_values(kind="stable").index[:n_uncertain]]
    both = pd.concat([first.assign(why="first of the night"), unsure.assign(why="uncertain")], ignore_index=True)
    return both[["why", "species", "recording", "night", "start_s", "end_s", "probability"]]
