"""Who calls where, when and with whom in the simulated pond.

The margins follow what is published of AnuraSet: the shares of recordings by site and of recordings with
any species, the proportions of the calling indices, a long tail of species, five species at more than one site.
"""

import heapq

import numpy as np
import pandas as pd

from anuralib.labels.weak import calling_index
from anuralib.pond.calls import call_types

# Site: share of the recordings, share of its recordings in which something calls.
SITES = {"SIM1": (420 / 1612, 0.46), "SIM2": (354 / 1612, 0.98), "SIM3": (472 / 1612, 0.93), "SIM4": (366 / 1612, 0.66)}
_FEAST_SPECIES = 9  # in the fullest recording of SIM2 and of SIM3


def _shares_to_counts(shares, n):
    """Whole numbers that sum to n, as near to the shares as can be (largest remainders)."""
    exact = np.asarray(shares) / np.sum(shares) * n
    counts = np.floor(exact).astype(int)
    counts[np.argsort(-(exact - counts), kind="stable")[: n - counts.sum()]] += 1
    return counts


def _activity(when, month, hour):
    """How likely a species calls at a time: highest at its month and hour, round the year and the night."""
    months_off = np.abs((when.dt.month + when.dt.day / 30 - month + 6) % 12 - 6)
    hours_off = np.abs((when.dt.hour + when.dt.minute / 60 - hour + 12) % 24 - 12)
    return np.exp(-0.5 * (months_off / 1.8) ** 2 - 0.5 * (hours_off / 3.0) ** 2) + 0.02


def _nights(site, n, rng):
    """Recording times at one site: about four quarter-hours between 17:00 and 05:45 in each night."""
    season = pd.date_range("2020-09-01", "2021-03-31").append(pd.date_range("2020-06-01", "2020-06-20"))
    nights = rng.choice(len(season), size=min(max(n // 4, 1), len(season)), replace=False)
    slots = [(night, quarter) for night in nights for quarter in range(52)]
    chosen = sorted(slots[i] for i in rng.choice(len(slots), size=n, replace=False))
    frame = pd.DataFrame({"site": site, "night": [season[night] for night, _ in chosen]})
    frame["datetime"] = frame["night"] + pd.to_timedelta([17 * 60 + 15 * q for _, q in chosen], unit="min")
    # The weather of a night is shared by its recordings: one more reason why they are alike.
    weather = {}
    for night in frame["night"].unique():
        warm = np.cos(2 * np.pi * (night.month - 1) / 12)
        wind = rng.uniform(-64, -48) if rng.random() < 0.35 else np.nan
        rain = rng.uniform(-94, -80) if rng.random() < 0.2 else np.nan
        weather[night] = (20.5 + 3 * warm + rng.normal(0, 1.5), wind, rain)
    frame[["temperature_c", "wind_db", "rain_db"]] = [weather[night] for night in frame["night"]]
    late_h = (frame["datetime"] - frame["night"]).dt.total_seconds() / 3600 - 17
    frame["temperature_c"] -= 0.35 * late_h
    return frame.sort_values("datetime", ignore_index=True)


def _draw_index(kind, rng):
    """Calling index of a species where it calls; the commoner a type, the larger its choruses."""
    if kind["recordings"] <= 4:
        return int(rng.choice([1, 2], p=[0.85, 0.15]))
    weights = [0.5, 0.33, 0.17] if kind["recordings"] >= 18 else [0.7, 0.25, 0.05]
    return int(rng.choice([1, 2, 3], p=weights))


def plan_recordings(n_recordings, seed):
    """Draw the recordings of a pond and who calls in each.

    Parameters
    ----------
    n_recordings : int
    seed : int

    Returns
    -------
    recordings : pandas.DataFrame
        ``recording``, ``site``, ``night``, ``datetime``, ``temperature_c``, ``wind_db``, ``rain_db`` (NaN: none),
        ``feast`` (many species at the same time).
    singers : pandas.DataFrame
        A row for each species in each recording: ``recording``, ``species``, ``n_callers``,
        ``faint`` (heard at most, never seen in the spectrogram).
    """
    rng = np.random.default_rng([seed, 0])
    counts = _shares_to_counts([share for share, _ in SITES.values()], n_recordings)
    frames = [_nights(site, n, rng) for site, n in zip(SITES, counts, strict=True)]
    recordings = pd.concat(frames, ignore_index=True)
    recordings.insert(0, "recording", recordings["site"] + recordings["datetime"].dt.strftime("_%Y%m%d_%H%M%S"))
    recordings["feast"] = False
    lively = _activity(recordings["datetime"], 12.2, 21.0)
    richness = rng.lognormal(0, 0.8, n_recordings)
    occupied = np.zeros(n_recordings, bool)
    for (site, (_, share)), n in zip(SITES.items(), counts, strict=True):
        here = np.flatnonzero(recordings["site"] == site)
        n_occupied = min(max(round(share * n), 1), n)
        if n_occupied:
            chances = lively[here] / lively[here].sum()
            occupied[rng.choice(here, n_occupied, replace=False, p=chances)] = True

    kinds = call_types()
    calls_in = {i: set() for i in np.flatnonzero(occupied)}
    for code, kind in kinds.iterrows():
        possible = np.flatnonzero(occupied & recordings["site"].isin(kind["sites"].split()))
        wanted = min(max(round(kind["recordings"] * n_recordings / 120), 1), len(possible))
        chances = (_activity(recordings["datetime"], kind["month"], kind["hour"]) * richness)[possible]
        for i in rng.choice(possible, wanted, replace=False, p=chances / chances.sum()) if wanted else ():
            calls_in[i].add(code)
    for site in ("SIM2", "SIM3"):
        here = [i for i in calls_in if recordings["site"][i] == site]
        if here:
            fullest = max(here, key=lambda i: (len(calls_in[i]), i))
            recordings.loc[fullest, "feast"] = True
            local = kinds[kinds["sites"].str.contains(site)].nlargest(_FEAST_SPECIES, "recordings")
            calls_in[fullest].update(local["code"])
    for i, species in calls_in.items():
        if not species:  # chosen to be occupied, yet no species fell here: the commonest of the site calls
            local = kinds[kinds["sites"].str.contains(recordings["site"][i])]
            species.add(local["recordings"].idxmax())

    callers = {1: (1, 2), 2: (3, 6), 3: (7, 11)}
    rows = []
    for i in sorted(calls_in):
        for code in sorted(calls_in[i]):
            few, many = callers[_draw_index(kinds.loc[code], rng)]
            rows.append((recordings["recording"][i], code, int(rng.integers(few, many + 1))))
    singers = pd.DataFrame(rows, columns=["recording", "species", "n_callers"])
    # In about 1 recording of 120 (AnuraSet: 13 of 1612) the only species is heard but too faint to be boxed.
    alone = singers.groupby("recording")["species"].transform("size") == 1
    singers["faint"] = False
    singers.loc[singers.index[alone][: round(n_recordings / 120)], "faint"] = True
    return recordings, singers


def _active_spans(index, period_s, duration_s, always, rng):
    """Stretches of time (start_s, end_s) in which one species is calling."""
    if always or index == 3:
        return [(rng.uniform(-25, -5) if always else rng.uniform(-25, 8), duration_s + 1)]
    n, mean_s = (1 + rng.poisson(0.7), 5 + 2.5 * period_s) if index == 1 else (1 + rng.poisson(0.5), 14 + 3 * period_s)
    starts = np.sort(rng.uniform(-0.1 * duration_s, 0.9 * duration_s, n))
    ends = starts + period_s + rng.gamma(2.0, mean_s / 2, n)
    ends[:-1] = np.minimum(ends[:-1], starts[1:])
    return list(zip(starts, ends, strict=True))


def call_times(n_callers, call_s, period_s, duration_s, rng, always=False, most_calls=0):
    """When each caller of one species calls in one recording.

    One caller begins and others join. Each keeps a rhythm of its own, and puts a call off while a neighbour's
    is under way: always with one or two callers, half the time in a chorus (males attend to
    their nearest neighbours only).

    Parameters
    ----------
    n_callers : int
    call_s : sequence of sequence of float
        Lengths of the calls that each caller has at hand.
    period_s : sequence of float
        Mean time from one call's start to the next, for each caller.
    duration_s : float
    rng : numpy.random.Generator
    always : bool
        Call throughout the recording.
    most_calls : int
        Stop after so many; 0 for no limit.

    Returns
    -------
    list of tuple
        ``(start_s, caller, which)``, in order of time; a call may begin before 0 or end after the recording.
    """
    index = int(calling_index(n_callers))
    events, busy_until = [], np.full(n_callers, -np.inf)
    for span_start, span_end in _active_spans(index, np.mean(period_s), duration_s, always, rng):
        joined = span_start + np.concatenate([[0], rng.exponential(1.5 * np.mean(period_s), n_callers - 1)])
        waiting = [(float(t + rng.uniform(0, period_s[c])), c) for c, t in enumerate(joined)]
        heapq.heapify(waiting)
        while waiting:
            t, caller = heapq.heappop(waiting)
            if t >= min(span_end, duration_s - 0.05) or (most_calls and len(events) >= most_calls):
                continue
            neighbours = slice(None) if index == 1 else slice(caller // 2 * 2, caller // 2 * 2 + 2)
            free_at = busy_until[neighbours].max()
            if free_at > t and (index == 1 or free_at == busy_until[caller] or rng.random() < 0.5):
                heapq.heappush(waiting, (float(free_at + rng.uniform(0.04, 0.3)), caller))
                continue
            which = int(rng.integers(len(call_s[caller])))
            end = t + call_s[caller][which]
            busy_until[caller] = end + 0.05
            if end > 0:
                events.append((t, caller, which))
            pause = period_s[caller] * rng.lognormal(0, 0.16)
            heapq.heappush(waiting, (float(max(t + pause, end + 0.08)), caller))
    heard = {caller for _, caller, _ in events}
    for caller in range(n_callers if index > 1 else not heard):  # a planned caller calls at least once
        if caller not in heard:
            events.append((rng.uniform(0, max(duration_s - call_s[caller][0], 0.1)), caller, 0))
    return sorted(events)
