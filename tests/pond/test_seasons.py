"""A season without sound: each minute has the windows of a known one, from its site and with its answer."""

import numpy as np
import pandas as pd
import pytest

import anuralib as al

LENT = [1, 4, 12, 13, 1, 4, 2, 13, 11, 4, 2, 3]  # hundreds: a 1, b 2, c 3, d 4; 10 more for its copy


def known():
    """Four minutes of three windows; the score says which minute and which window it is."""
    rows = [("a", "P", 100, [0, 1, 0]), ("b", "P", 200, [0, 0, 0]),
            ("c", "Q", 300, [0, 0, 0]), ("d", "Q", 400, [1, 1, 1])]  # fmt: skip
    return pd.DataFrame([{"recording": name, "site": site, "score": base + k, "present": answer == 1}
                         for name, site, base, answers in rows for k, answer in enumerate(answers)])  # fmt: skip


def minutes(n=60):
    return pd.DataFrame({"recording": [f"m{k}" for k in range(n)], "site": ["P", "Q"] * (n // 2),
                         "present": [True, True, False, False] * (n // 4)})  # fmt: skip


def test_minutes_are_borrowed_whole_from_their_site_with_their_answer():
    windows = al.borrow_windows(minutes(), known(), spread=0)
    assert windows["recording"].tolist() == np.repeat(minutes()["recording"], 3).tolist()
    assert windows["window"].tolist() == [0, 1, 2] * 60
    asked = minutes().set_index("recording").loc[windows["recording"]]
    base = (windows["score"] // 100 * 100).to_numpy()
    right = {("P", True): 100, ("P", False): 200, ("Q", False): 300, ("Q", True): 400}
    assert base.tolist() == [right[key] for key in zip(asked["site"], asked["present"], strict=True)]
    assert windows.loc[base == 100, "present"].tolist() == [False, True, False] * 15


def test_the_same_seed_gives_the_same_season_and_scores_are_moved_a_little():
    first, again, other = (al.borrow_windows(minutes(), known(), seed=seed) for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(first, again)
    assert not first["score"].equals(other["score"])
    off = first["score"] - al.borrow_windows(minutes(), known(), seed=1, spread=0)["score"]
    assert off.std() == pytest.approx(0.3 * 2**0.5, rel=0.25)
    assert off.groupby(first["recording"]).mean().std() > 0.2  # the windows of a minute move together, too


def test_the_draw_does_not_depend_on_the_order_in_which_a_set_is_walked():
    """Text has another hash in each process; LENT is what a first one drew."""
    lent = pd.concat([known(), known().assign(recording=known()["recording"] * 2, score=known()["score"] + 1000)])
    windows = al.borrow_windows(minutes(12), lent, seed=3, spread=0)
    assert (windows["score"].to_numpy()[::3] // 100).astype(int).tolist() == LENT


def test_a_site_that_never_had_the_answer_borrows_elsewhere():
    elsewhere = minutes(4).assign(site="R", present=True)
    assert set(al.borrow_windows(elsewhere, known(), spread=0)["score"] // 100) <= {1, 4}


def test_what_cant_be_borrowed_is_named():
    with pytest.raises(ValueError, match="known has no column score"):
        al.borrow_windows(minutes(), known().drop(columns="score"))
    with pytest.raises(ValueError, match="no known minute has the species"):
        al.borrow_windows(minutes(), known()[lambda rows: rows["recording"].isin(["b", "c"])])


def test_shares_of_a_timetable_come_through():
    plan, singers = al.timetable.plan_recordings(240, seed=1)
    plan["present"] = plan["recording"].isin(singers.loc[singers["species"] == "LONTRI", "recording"])
    lent = known().assign(site=lambda rows: rows["site"].map({"P": "SIM3", "Q": "SIM4"}))
    windows = al.borrow_windows(plan, lent)
    calls = windows.groupby("recording")["present"].any()
    assert calls[plan["recording"]].tolist() == plan["present"].tolist()
