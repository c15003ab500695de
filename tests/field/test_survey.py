"""When the sun sets at a site, and which recordings of a survey are drawn to be labelled."""

import doctest
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import anuralib as al
from anuralib.field import survey

BRASILIA = (-15.8, -47.9)


def clock(*texts):
    return pd.Series(pd.to_datetime(list(texts)))


def elevation_deg(universal, latitude, longitude):
    """Of the sun's middle, by a short series (good to some tenths of a degree), from another source than astral."""
    days = (universal - pd.Timestamp("2000-01-01 12:00")) / pd.Timedelta("1D")
    mean, anomaly = math.radians(280.460 + 0.9856474 * days), math.radians(357.528 + 0.9856003 * days)
    ecliptic = mean + math.radians(1.915) * math.sin(anomaly) + math.radians(0.020) * math.sin(2 * anomaly)
    tilt = math.radians(23.439 - 4e-7 * days)
    right = math.atan2(math.cos(tilt) * math.sin(ecliptic), math.cos(ecliptic))
    declination = math.asin(math.sin(tilt) * math.sin(ecliptic))
    hour = math.radians(280.46062 + 360.98564737 * days + longitude) - right
    north = math.radians(latitude)
    sine = math.sin(north) * math.sin(declination) + math.cos(north) * math.cos(declination) * math.cos(hour)
    return math.degrees(math.asin(sine))


def test_the_examples_say_what_comes_out():
    assert doctest.testmod(survey, extraglobs={"al": al, "pd": pd}).failed == 0


@pytest.mark.parametrize(("place", "zone"), [
    (BRASILIA, "America/Sao_Paulo"), ((-34.2, -119.0), "America/Los_Angeles"), ((34.2, -119.0), "America/Los_Angeles"),
    ((0.5, 178.5), "Pacific/Auckland"), ((46.5, 7.5), "Europe/Zurich"),
])  # fmt: skip
def test_the_sun_is_at_the_horizon_when_it_sets_and_rises(place, zone):
    when = pd.Series(pd.date_range("2019-02-01 22:00", "2020-01-31 22:00", freq="11D"))
    sun = al.sun_times(when, *place, zone)
    for event in ("sunset", "sunrise"):
        universal = sun[event].dt.tz_localize(zone).dt.tz_convert("UTC").dt.tz_localize(None)
        # 0.83 degrees below it, for the sun is a disc and the air bends its light
        assert max(abs(elevation_deg(u, *place) + 0.83) for u in universal) < 0.35
    assert (sun["sunset"].dt.date == when.dt.date).all()
    assert (sun["sunrise"].dt.date == (when + pd.Timedelta("1D")).dt.date).all()


def test_times_before_noon_belong_to_the_night_before_and_a_missing_time_has_none():
    when = clock("2019-12-01 23:00", "2019-12-02 02:00", "2019-12-02 11:59", "2019-12-02 12:00", None)
    when.index = list("abcde")
    sun = al.sun_times(when, *BRASILIA, "America/Sao_Paulo")
    assert list(sun.index) == list("abcde")
    assert sun["sunset"].dt.day.tolist()[:4] == [1, 1, 1, 2] and sun["sunrise"].dt.day.tolist()[:4] == [2, 2, 2, 3]
    assert sun.loc["e"].isna().all()
    assert al.sun_times(when[["e"]], *BRASILIA, "America/Sao_Paulo").isna().all(axis=None)


def test_brazil_had_summer_time_in_2018_and_none_in_2019():
    when = clock("2018-12-21 22:00", "2019-12-21 22:00")
    wall, standard = (al.sun_times(when, -23.5, -46.6, zone)["sunset"] for zone in ("America/Sao_Paulo", "Etc/GMT+3"))
    assert (wall - standard).tolist() == [pd.Timedelta("1h"), pd.Timedelta(0)]


@pytest.mark.parametrize(("place", "zone", "said"), [
    ((-147.9, -15.8), "America/Sao_Paulo", "-90 to 90"), ((float("nan"), 0), "UTC", "degrees"),
    (BRASILIA, "Brazil", "America/Sao_Paulo"),
    (BRASILIA, None, "missing"), ((78.2, 15.6), "Arctic/Longyearbyen", "no sunset or sunrise on 2019-12"),
])  # fmt: skip
def test_a_place_or_zone_that_is_none_is_refused(place, zone, said):
    with pytest.raises(ValueError, match=said):
        al.sun_times(clock("2019-12-21 22:00"), *place, zone)


def test_times_with_a_zone_and_what_is_no_time_are_refused():
    when = clock("2019-12-21 22:00")
    with pytest.raises(ValueError, match="clock times"):
        al.sun_times(when.dt.tz_localize("UTC"), *BRASILIA, "America/Sao_Paulo")
    for wrong in (when.astype(str), when[0], ["2019-12-21 22:00"]):
        with pytest.raises(ValueError, match="Series of times"):
            al.sun_times(wrong, *BRASILIA, "America/Sao_Paulo")


def table(sites, months):
    """Recordings with these sites and months, and columns that the draw has nothing to do with."""
    names = [f"R{i}" for i in range(len(sites))]
    other = {"path": [f"{name}.wav" for name in names], "unread_s": [()] * len(names)}
    return pd.DataFrame({"recording": names, "site": sites, "month": months, **other})


tables = st.lists(st.tuples(st.sampled_from("PQ"), st.sampled_from([1, 2, 12])), min_size=1, max_size=40).map(
    lambda rows: table(*map(list, zip(*rows, strict=True))))  # fmt: skip


@settings(max_examples=40)
@given(tables, st.integers(1, 6), st.integers(0, 5), st.randoms(use_true_random=False))
def test_each_stratum_has_its_number_and_rows_stay_whole(recordings, n, seed, random):
    strata = ["site", "month"]
    drawn = al.draw_sample(recordings, strata, n, seed=seed, on_short="all")
    sizes = recordings.groupby(strata).size()
    assert drawn.groupby(strata).size().equals(sizes.clip(upper=n))
    pd.testing.assert_frame_equal(drawn.drop(columns="stands_for"), recordings.loc[drawn.index])
    assert drawn["stands_for"].sum() == pytest.approx(len(recordings))
    np.testing.assert_allclose(drawn.groupby(strata)["stands_for"].sum(), sizes)
    # The order of the rows, other strata and a larger n change nothing.
    rows = random.sample(range(len(recordings)), len(recordings))
    again = al.draw_sample(recordings.iloc[rows], strata, n, seed=seed, on_short="all")
    assert set(again["recording"]) == set(drawn["recording"])
    of_one = al.draw_sample(recordings[recordings["site"] == recordings["site"][0]], strata, n, seed, "all")
    assert set(of_one["recording"]) <= set(drawn["recording"])
    assert set(drawn["recording"]) <= set(al.draw_sample(recordings, strata, n + 1, seed, "all")["recording"])


@settings(max_examples=60)
@given(tables, st.integers(1, 6))
def test_strata_that_are_too_small_are_named(recordings, n):
    sizes = recordings.groupby(["site", "month"]).size()
    short = sizes[sizes < n]
    if short.empty:
        assert len(al.draw_sample(recordings, ["site", "month"], n)) == n * len(sizes)
        return
    with pytest.raises(ValueError) as told:
        al.draw_sample(recordings, ["site", "month"], n)
    said = str(told.value)
    assert said.startswith(f"{len(short)} strata have fewer than {n} recordings")
    assert all(f"site {site}, month {month} has {size}" in said for (site, month), size in short.items())
    assert 'on_short="all"' in said


def test_every_recording_has_the_same_chance_and_seeds_differ():
    recordings = table(["P"] * 10 + ["Q"] * 5, [1] * 15)
    counts = pd.Series(0, index=recordings["recording"])
    for seed in range(400):
        counts[al.draw_sample(recordings, "site", 2, seed=seed)["recording"]] += 1
    # Standard deviations of 8.0 and 9.8: five of them.
    assert counts[:10].between(80 - 40, 80 + 40).all() and counts[10:].between(160 - 49, 160 + 49).all()


def test_a_share_weighted_by_stands_for_is_that_of_the_whole():
    recordings = table(["P"] * 300 + ["Q"] * 20, [1] * 320)
    recordings["heard"] = [i % 10 == 0 or i >= 300 for i in range(320)]
    truth = recordings["heard"].mean()
    plain, weighted = [], []
    for seed in range(200):
        drawn = al.draw_sample(recordings, "site", 10, seed=seed)
        plain.append(drawn["heard"].mean())
        weighted.append(np.average(drawn["heard"], weights=drawn["stands_for"]))
    assert abs(np.mean(weighted) - truth) < 0.02 and np.mean(plain) > 3 * truth


@pytest.mark.parametrize(("change", "call", "said"), [
    ({}, {"strata": "hour"}, "no column hour"), ({}, {"strata": []}, "names no column"), ({}, {"n": 0}, "whole number"),
    ({}, {"n": 2.5}, "whole number"), ({}, {"on_short": "skip"}, "on_short"),
    ({"recording": "R0"}, {}, "R0 stands in two"),
    ({"month": [1, None, 1]}, {}, "1 recordings have nothing in column month, the first is R1"),
    ({"stands_for": 1.0}, {}, "drawn before"),
])  # fmt: skip
def test_what_can_not_be_drawn_is_refused(change, call, said):
    recordings = table(["P"] * 3, [1] * 3).assign(**change)
    with pytest.raises(ValueError, match=said):
        al.draw_sample(recordings, **({"strata": ["site", "month"], "n": 1} | call))


def test_an_empty_table_gives_an_empty_sample():
    drawn = al.draw_sample(table([], []), "site", 3)
    assert drawn.empty and "stands_for" in drawn
