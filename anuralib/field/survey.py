"""A survey: when the sun sets where a recorder stands, and which of its recordings are labelled."""

import hashlib
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from anuralib.sound.names import night_of, zone_named


def _sun(event, observer, day: date, zone: ZoneInfo) -> pd.Timestamp:
    try:
        return pd.Timestamp(event(observer, day, zone)).tz_localize(None).round("s")
    except ValueError as error:
        raise ValueError(
            f"latitude {observer.latitude:g}, longitude {observer.longitude:g} has no sunset or sunrise on {day} of "
            f"{zone.key} ({error}); are both in their places, with their signs?"
        ) from error


def sun_times(when: pd.Series, latitude: float, longitude: float, time_zone: str) -> pd.DataFrame:
    """Sunset and sunrise of the night to which each time belongs.

    A night goes from noon to noon, as in `nights`: both a recording of 23:00 and one of 02:00 get the sunset before
    and the sunrise after. All times are those of a clock in `time_zone`, summer time included; for a recorder whose
    clock stayed at standard time give a zone that has no other, such as "Etc/GMT+3" (three hours *behind* universal
    time).

    Parameters
    ----------
    when : Series of datetime64
        Clock times, such as `Dataset.recordings["datetime"]`.
    latitude, longitude : float
        Of the site, in degrees; south and west are negative.
    time_zone : str
        Such as "America/Sao_Paulo".

    Returns
    -------
    DataFrame
        `sunset`, `sunrise`, with the index of `when`; missing where the time is.

    Raises
    ------
    ValueError
        If `when` holds no times, or times with a zone, the place or the zone does not exist, or there is no sunset.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["2019-12-01 23:00", "2019-12-02 02:00"]))
    >>> al.sun_times(times, -15.8, -47.9, "America/Sao_Paulo")["sunset"].dt.strftime("%d %H:%M").tolist()
    ['01 18:30', '01 18:30']
    """
    from astral import Observer
    from astral.sun import sunrise, sunset

    if not (-90 <= latitude <= 90 and -180 <= longitude <= 180):
        raise ValueError(f"latitude {latitude} and longitude {longitude} must be degrees, -90 to 90 and -180 to 180")
    if not (isinstance(when, pd.Series) and pd.api.types.is_datetime64_any_dtype(when)):
        raise ValueError("when must be a Series of times, such as recordings['datetime']; pd.to_datetime makes them")
    if when.dt.tz is not None:
        raise ValueError("these times have a zone; give the recorder's clock times: when.dt.tz_localize(None)")
    zone = zone_named(time_zone)
    if zone is None:
        raise ValueError("time_zone is missing; write it like America/Sao_Paulo")
    place, night = Observer(latitude, longitude), night_of(when)
    days = {text: date.fromisoformat(text) for text in night.dropna().unique()}
    sets = {text: _sun(sunset, place, day, zone) for text, day in days.items()}
    rises = {text: _sun(sunrise, place, day + timedelta(days=1), zone) for text, day in days.items()}
    return pd.DataFrame({"sunset": pd.to_datetime(night.map(sets)), "sunrise": pd.to_datetime(night.map(rises))})


def _random_number(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"{seed} {name}".encode(), digest_size=16).digest()


def _in_words(strata: list[str], key) -> str:
    return ", ".join(f"{column} {value}" for column, value in zip(strata, np.atleast_1d(key), strict=True))


def _check_draw(recordings: pd.DataFrame, strata: list[str], n: int, on_short: str) -> None:
    missing = [column for column in ("recording", *strata) if column not in recordings]
    if missing or not strata:
        raise ValueError(f"the recordings have no column {', '.join(missing)}; they have {list(recordings)[:8]}"
                         if missing else "strata names no column")  # fmt: skip
    if "stands_for" in recordings:
        raise ValueError("these recordings were drawn before (column stands_for); draw from the whole table")
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise ValueError(f"n must be a whole number from 1 on, not {n!r}")
    if on_short not in ("raise", "all"):
        raise ValueError(f'on_short must be "raise" or "all", not {on_short!r}')
    twice = recordings["recording"][recordings["recording"].duplicated()]
    if len(twice):
        raise ValueError(f"{twice.iloc[0]} stands in two rows; give a row for each recording")
    for column in strata:
        empty = recordings["recording"][recordings[column].isna()]
        if len(empty):
            raise ValueError(f"{len(empty)} recordings have nothing in column {column}, the first is {empty.iloc[0]}; "
                             "fill it, or leave them out")  # fmt: skip


def draw_sample(
    recordings: pd.DataFrame, strata: str | Sequence[str], n: int, seed: int = 0, on_short: str = "raise"
) -> pd.DataFrame:
    """Draw recordings to label: so many at random from each stratum.

    Each recording has a random number of its own, made from its name and the seed, and of each stratum those with the
    `n` lowest are taken. So the draw doesn't depend on the order of the rows or on other strata, and the one for a
    larger `n` holds the one for a smaller: label the first, and go on where there is time left.

    Parameters
    ----------
    recordings : DataFrame
        `recording`, each once, and the columns named by `strata`. What must not be drawn (hours, months) is left out
        before.
    strata : str or sequence of str
        Columns; every combination of their values that occurs is a stratum. One that does not occur can't be missed
        here: look whether each site has all its months.
    n : int
        Recordings of each stratum.
    seed : int
    on_short : {"raise", "all"}
        Where a stratum has fewer than `n`: stop, or take all that it has.

    Returns
    -------
    DataFrame
        The rows drawn, in the order and with the index and columns of `recordings`, and `stands_for`: how many
        recordings of its stratum each of them stands for. A share of the whole table is the mean over the sample
        weighted by it.

    Raises
    ------
    ValueError
        If a column is missing or has empty cells, a recording stands there twice, or a stratum is too small.

    Examples
    --------
    >>> table = pd.DataFrame({"recording": list("abcdef"), "site": ["P", "P", "P", "P", "Q", "Q"]})
    >>> al.draw_sample(table, strata="site", n=2)[["site", "stands_for"]].value_counts().to_dict()
    {('P', 2.0): 2, ('Q', 1.0): 2}
    """
    strata = [strata] if isinstance(strata, str) else list(strata)
    _check_draw(recordings, strata, n, on_short)
    groups = recordings.groupby(strata, observed=True)
    sizes = groups.size()
    short = sizes[sizes < n]
    if len(short) and on_short == "raise":
        named = "; ".join(f"{_in_words(strata, key)} has {size}" for key, size in short.head(8).items())
        raise ValueError(
            f"{len(short)} strata have fewer than {n} recordings: {named}{'; ...' if len(short) > 8 else ''}. Lower n, "
            'join strata, or take all that there are with on_short="all"'
        )
    numbers = [_random_number(seed, name) for name in recordings["recording"]]
    order = sorted(range(len(numbers)), key=numbers.__getitem__)
    place = np.empty(len(numbers), dtype=int)
    place[order] = recordings.iloc[order].groupby(strata, observed=True).cumcount()
    size = groups["recording"].transform("size")
    return recordings.assign(stands_for=size / size.clip(upper=n))[place < n]
