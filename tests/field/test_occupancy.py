"""Occupancy against a known case, a brute-force search and simulated ponds, with and without false detections."""

import doctest

import numpy as np
import pytest

import anuralib as al
from anuralib.field import occupancy as module


def histories(rows):
    """Visits of sites with so many detections."""
    return np.array([[1] * found + [0] * (visits - found) for found, visits in rows], dtype=float)


def ponds(seed, n=60, visits=5, psi=0.5, p=0.5, q=0.0, certain=0.0):
    rng = np.random.default_rng(seed)
    lives = (rng.random(n) < psi)[:, None]
    said = (rng.random((n, visits)) < np.where(lives, p, q)).astype(int)
    return np.where((said == 1) & lives & (rng.random((n, visits)) < certain), 2, said)


def test_the_examples_say_what_comes_out():
    assert doctest.testmod(module, extraglobs={"al": al}).failed == 0


def test_a_known_case():
    """Blue ridge salamanders (MacKenzie et al. 2006, p. 99): what PRESENCE gives, by the tests of wiqid.

    With constant chances only two numbers count: at 18 of 39 sites found, 30 times in 5 visits each.
    """
    told = al.occupancy(histories([(1, 5)] * 10 + [(2, 5)] * 5 + [(3, 5)] * 2 + [(4, 5)] + [(0, 5)] * 21))
    assert told["estimate"] == pytest.approx(0.5946, abs=1e-4)
    assert told["detection"] == pytest.approx(0.2587, abs=1e-4)
    assert 4 - 2 * told["log_likelihood"] == pytest.approx(165.7586, abs=1e-3)
    assert told["naive"] == pytest.approx(18 / 39)
    assert told["low"] < 0.45 and 0.8 < told["high"] < 1


def test_by_brute_force_with_false_and_certain_detections():
    table = ponds(1, n=40, visits=4, p=0.6, q=0.15, certain=0.4)
    told = al.occupancy(table, false_positives=True)
    none, some, sure = ((table == k).sum(axis=1)[:, None, None, None] for k in (0, 1, 2))
    grid = np.linspace(0.02, 0.98, 49)
    psi, p, q = grid[:, None, None], grid[None, :, None], grid[None, None, :]
    c = (table == 2).sum() / (table[(table == 2).any(axis=1)] > 0).sum()
    best = -np.inf
    for b in np.linspace(c / 2, min(2 * c, 0.98), 15):
        here = psi * (1 - p) ** none * (p * (1 - b)) ** some * (p * b) ** sure
        likelihood = np.log(here + (1 - psi) * (1 - q) ** none * q**some * (sure == 0)).sum(axis=0)
        if likelihood.max() > best:
            best, place = likelihood.max(), np.unravel_index(likelihood.argmax(), likelihood.shape)
    assert best - 1e-6 <= told["log_likelihood"] < best + 0.2
    found = [told["estimate"], told["detection"], told["false_detection"]]
    assert found == pytest.approx(grid[list(place)], abs=0.03)


def test_where_nothing_is_missed_it_is_the_share_of_sites():
    told = al.occupancy(histories([(4, 4)] * 30 + [(0, 4)] * 70))
    assert told["estimate"] == pytest.approx(0.3, abs=1e-3)
    assert (told["low"], told["high"]) == pytest.approx((0.216, 0.394), abs=5e-3)  # profile of a binomial


def test_it_corrects_for_what_was_missed_and_its_interval_holds():
    told = [al.occupancy(ponds(seed, p=0.35, visits=4)) for seed in range(40)]
    assert np.mean([t["naive"] for t in told]) < 0.44
    assert np.mean([t["estimate"] for t in told]) == pytest.approx(0.5, abs=0.03)
    assert 0.88 <= np.mean([t["low"] <= 0.5 <= t["high"] for t in told])


def test_false_detections_deceive_the_ordinary_model_and_not_the_others():
    ordinary, mixture, confirmed = [], [], []
    for seed in range(10):
        table = ponds(seed, p=0.7, q=0.1, certain=0.3)
        ordinary.append(al.occupancy(table))
        mixture.append(al.occupancy(np.minimum(table, 1), false_positives=True))
        confirmed.append(al.occupancy(table, false_positives=True))
    assert np.mean([t["estimate"] for t in ordinary]) > 0.65
    for told in (mixture, confirmed):
        assert np.mean([t["estimate"] for t in told]) == pytest.approx(0.5, abs=0.06)
        assert np.mean([t["low"] <= 0.5 <= t["high"] for t in told]) > 0.8
    assert np.mean([t["high"] - t["low"] for t in confirmed]) < np.mean([t["high"] - t["low"] for t in mixture])


def test_nights_that_were_not_visited_are_no_silence():
    table = ponds(3, p=0.5).astype(float)
    wide = np.column_stack([table, np.full((len(table), 3), np.nan)])
    assert al.occupancy(wide) == al.occupancy(table)
    assert al.occupancy(np.vstack([table, np.full((5, 5), np.nan)]))["n_sites"] == len(table)


@pytest.mark.parametrize(("table", "message"), [
    ([1, 0, 1], "sites, visits"), ([[0, 3]], "must be 0, 1, 2"), ([[0, 0], [0, 0]], "no detection"),
    ([[1], [0]], "one visit"), (np.zeros((0, 3)), "sites, visits"),
])  # fmt: skip
def test_what_cant_be_used_is_named(table, message):
    with pytest.raises(ValueError, match=message):
        al.occupancy(table)


def test_an_impossible_level_is_named():
    with pytest.raises(ValueError, match="level"):
        al.occupancy([[1, 0], [0, 0]], level=95)
