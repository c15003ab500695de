"""What the chapter on few labels says in words is true of the table that it shows."""

import pytest
from _results import FOLDER, read_results
from bench_few_labels import BESIDE, facts

CHOSEN = ("uncertainty", "diversity", "both")


@pytest.fixture(scope="module")
def table():
    return read_results("bench_few_labels").set_index(["input", "method", "recordings"]).sort_index()


@pytest.fixture(scope="module")
def said():
    return facts(read_results("bench_few_labels"))


def holds_zero(row, name):
    return row[f"{name}_low"] <= 0 <= row[f"{name}_high"]


def is_above(row, *names):
    return all(row[f"{name}_low"] > 0 for name in names)


def test_curves_begin_higher_with_embeddings_and_stay_higher(table, said):
    assert all(is_above(table.loc[("BirdNET", "random", n)], "d", "test") for n in (5, 10, 20, 40, 80))
    assert said["few_ear10_ap"] > said["few_spectra20_ap"]


def test_choosing_is_ahead_for_as_many_recordings_by_one_kind_of_draw_only(table, said):
    both, diversity = table.loc[("BirdNET", "both", 20)], table.loc[("BirdNET", "diversity", 10)]
    assert is_above(both, "d") and holds_zero(both, "test")
    assert is_above(diversity, "test") and holds_zero(diversity, "d")
    for n in (10, 20, 40, 80):
        assert not is_above(table.loc[("BirdNET", "uncertainty", n)], "d")
    assert said["few_both_types"] > said["few_random_types"] + 2


def test_choosing_is_not_ahead_for_as_many_minutes(table, said):
    assert all(table.loc[("BirdNET", method, n), "eq_low"] <= 0 for method in CHOSEN for n in (10, 20, 40))
    assert holds_zero(table.loc[("BirdNET", "both", 20)], "eq")
    assert said["few_both_boxes"] > 1.3 * said["few_random_boxes"]


def test_weak_labels_for_four_times_the_recordings_are_no_worse_if_pooled(table, said):
    assert abs(said["few_max_minutes"] / said["few_random_minutes"] - 1) < 0.1
    for how in ("weak, max", "weak, linear_softmax"):
        row = table.loc[("BirdNET", how, 80)]
        assert holds_zero(row, "d") and holds_zero(row, "test") and row["diff"] > 0
    copied = table.loc[("BirdNET", "weak, copied", 80)]
    assert copied["d_high"] < 0 and copied["test_high"] < 0


def test_a_model_does_not_teach_itself(table, said):
    rows = table.xs("BirdNET")
    rows = rows[rows.index.get_level_values("method").str.startswith("pseudo, 0")]
    assert len(rows) == 6
    assert all(holds_zero(row, "d") and row["test_low"] < 0 for _, row in rows.iterrows())
    assert table.loc[("BirdNET", "pseudo, 0.9", 10), "test_high"] < 0  # "even lies below zero"
    assert said["few_right9"] > 90


def test_with_the_right_labels_the_same_windows_would_help(table):
    assert all(is_above(table.loc[("BirdNET", "pseudo, corrected", n)], "d", "test") for n in (5, 10))
    gains = [table.loc[("BirdNET", "pseudo, corrected", n), "diff"] for n in (5, 10, 20, 40)]
    assert gains == sorted(gains, reverse=True)


def test_a_strong_teacher_helps_and_its_students_do_not_get_ahead(table):
    assert all(is_above(table.loc[("spectra", "taught", n)], "d", "test") for n in (5, 10, 20))
    assert holds_zero(table.loc[("spectra", "taught", 40)], "d")
    assert is_above(table.loc[("network", "taught", 20)], "d", "test")
    assert all(table.loc[("spectra", BESIDE, n), "test_high"] < 0 for n in (5, 10, 20, 40))
    assert holds_zero(table.loc[("network", BESIDE, 20)], "test")
    assert table.loc[("network", BESIDE, 20), "diff"] < 0


def test_the_run_is_the_one_that_is_described():
    head = (FOLDER / "bench_few_labels.csv").read_text(encoding="utf-8").split("\ninput", 1)[0]
    assert "84 recordings in the pool, 36 in test" in head and "seeds 0, 1, 2, 3, 4;" in head
