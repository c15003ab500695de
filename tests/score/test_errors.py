"""The errors to listen to, and what is taken for what, against cases by hand."""

import numpy as np
import pandas as pd
import pytest

import anuralib as al

FROG, TOAD, NEWT = SPECIES = ["FROG", "TOAD", "NEWT"]


def table(recordings, labels, species=SPECIES):
    """Windows of 3 s, one every second of each recording."""
    windows = pd.DataFrame({"fname": list(recordings)}).join(pd.DataFrame(labels, columns=species))
    start_s = windows.groupby("fname").cumcount()
    return windows.assign(min_t=start_s, max_t=start_s + 3)


def test_the_worst_of_each_recording_comes_first_and_right_answers_never():
    windows = table("aaab", [[0, 1, 0], [0, 1, 0], [0, 1, 1], [0, 1, 0]])
    prob = np.array([[0.8, 0.9, 0.1], [0.9, 0.3, 0.5], [0.6, 0.2, 0.4], [0.5, 0.1, 0.0]])
    found = al.worst(windows, prob, SPECIES)
    assert found.to_dict("split")["data"] == [
        ["false alarm", "a", 1, 4, FROG, 0.9],  # its neighbours with 0.8 and 0.6 hold the same sound
        ["false alarm", "a", 1, 4, NEWT, 0.5],  # a score at the threshold is a yes
        ["false alarm", "b", 0, 3, FROG, 0.5],
        ["miss", "b", 0, 3, TOAD, 0.1],
        ["miss", "a", 2, 5, TOAD, 0.2],
        ["miss", "a", 2, 5, NEWT, 0.4],
    ]
    assert found.columns.tolist() == ["kind", "recording", "start_s", "end_s", "species", "score"]
    assert al.worst(windows, prob, SPECIES, n=1)["recording"].tolist() == ["a", "b"]


def test_each_species_has_its_threshold_and_its_column():
    windows = table("ab", [[1, 0, 0], [0, 0, 0]])
    prob = pd.DataFrame([[0.4, 0.3, 0.0], [0.0, 0.7, 0.6]], columns=SPECIES)[[NEWT, FROG, TOAD]]
    found = al.worst(windows, prob, SPECIES, threshold={FROG: 0.3, TOAD: 0.2, NEWT: 0.7})
    assert found[["kind", "recording", "species"]].to_numpy().tolist() == [
        ["false alarm", "b", TOAD], ["false alarm", "a", TOAD]]  # fmt: skip


def test_no_error_gives_an_empty_table_with_its_columns():
    windows = table("ab", [[1, 0, 0], [0, 0, 0]])
    perfect = windows[SPECIES].to_numpy()
    assert al.worst(windows, perfect, SPECIES).empty and "score" in al.worst(windows, perfect, SPECIES)
    assert al.confusions(windows, perfect, SPECIES).empty and "excess" in al.confusions(windows, perfect, SPECIES)


def test_confusions_by_hand():
    # FROG is named wrongly in windows 0, 1, 2 of a and in 0 of b; of the windows without it, TOAD has 3 of 5 in a.
    labels = [[0, 1, 0], [0, 1, 1], [0, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0], [0, 0, 0], [0, 0, 1]]
    said = [[1, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 0], [1, 1, 0], [1, 0, 0], [0, 0, 1]]
    found = al.confusions(table("aaaaaabb", labels), np.array(said, float), SPECIES)
    assert (found["named"] == FROG).all()
    rows = found.set_index("calling")
    nobody = "(none labelled)"
    assert rows["false_alarms"].to_dict() == {TOAD: 2, NEWT: 1, nobody: 2}
    assert rows["recordings"].to_dict() == {TOAD: 1, NEWT: 1, nobody: 2}
    expected = {TOAD: 3 * 3 / 5, NEWT: 3 * 1 / 5 + 1 / 2, nobody: 3 * 2 / 5 + 1 / 2}
    assert rows["expected"].to_dict() == pytest.approx(expected)
    assert (rows["excess"] == rows["false_alarms"] - rows["expected"]).all()
    assert rows["not_named"].to_dict() == {TOAD: 1, NEWT: 0, nobody: 0}
    assert rows["together"].to_dict() == {TOAD: 1, NEWT: 0, nobody: 0}
    assert found["excess"].is_monotonic_decreasing


def test_company_is_no_confusion_and_a_likeness_is():
    """FROG is named at random where the TOAD happens to call, and wherever the NEWT calls."""
    rng = np.random.default_rng(0)
    recordings = np.repeat([f"r{i:02d}" for i in range(40)], 60)
    toads = np.repeat(rng.random(40) < 0.5, 60) & (rng.random(2400) < 0.8)  # the same minutes, other windows
    newt = rng.random(2400) < 0.05
    frog = toads & (rng.random(2400) < 0.1)
    alarm = ~frog & (newt | (np.repeat(toads.reshape(40, 60).any(1), 60) & (rng.random(2400) < 0.2)))
    windows = table(recordings, np.column_stack([frog, toads, newt]).astype(int))
    rows = al.confusions(windows, np.column_stack([frog | alarm, toads, newt]), SPECIES).set_index("calling")
    assert rows["false_alarms"].idxmax() == TOAD  # whoever goes by the count blames the toad
    assert rows["excess"].idxmax() == NEWT and abs(rows["excess"][TOAD]) < 0.15 * rows["false_alarms"][TOAD]
    assert rows["together"][TOAD] == 1


@pytest.mark.parametrize("answer", [al.worst, al.confusions])
def test_bad_input_says_what_is_wrong(answer):
    windows = table("ab", [[1, 0, 0], [0, 0, 0]])
    with pytest.raises(ValueError, match="no column.*fname"):
        answer(windows[SPECIES], windows[SPECIES], SPECIES)
    with pytest.raises(ValueError, match="MOLE"):
        answer(windows, windows[SPECIES], ["MOLE"])
    with pytest.raises(ValueError, match="both be"):
        answer(windows, np.zeros((3, 3)), SPECIES)
    with pytest.raises(ValueError, match="without NaN"):
        answer(windows, np.full((2, 3), np.nan), SPECIES)
    with pytest.raises(ValueError, match="threshold has no entry"):
        answer(windows, np.zeros((2, 3)), SPECIES, threshold={FROG: 0.5})


def test_names_that_make_no_sense_are_refused():
    windows = table("ab", [[1], [0]], [FROG])
    with pytest.raises(ValueError, match="n must be 1 or more"):
        al.worst(windows, [[0.1], [0.9]], [FROG], n=0)
    with pytest.raises(ValueError, match="no name for a species"):
        al.confusions(windows.rename(columns={FROG: "(none labelled)"}), [[0.1], [0.9]], ["(none labelled)"])
