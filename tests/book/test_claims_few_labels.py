"""What the chapter on few labels says in words is true of the table that it shows."""

import pytest
from _results import read_results
from bench_few_labels import facts

CHOSEN = ("uncertainty", "diversity", "both")


@pytest.fixture(scope="module")
def table():
    return read_results("bench_few_labels").set_index(["method", "recordings"])


@pytest.fixture(scope="module")
def said():
    return facts(read_results("bench_few_labels"))


def holds_zero(row, name):
    return row[f"{name}_low"] <= 0 <= row[f"{name}_high"]


def test_choosing_is_ahead_for_as_many_recordings_over_seeds_only(table, said):
    for method in ("both", "diversity"):
        assert table.loc[(method, 20), "d_low"] > 0
    assert holds_zero(table.loc[("uncertainty", 20)], "d")
    assert all(holds_zero(table.loc[(method, 20)], "test") for method in CHOSEN)
    assert said["few_both_types"] > said["few_random_types"] + 2


def test_choosing_is_not_ahead_for_as_many_minutes(table, said):
    assert all(table.loc[(method, n), "eq_low"] <= 0 for method in CHOSEN for n in (10, 20, 40))
    assert holds_zero(table.loc[("both", 20)], "eq")
    assert table.loc[("uncertainty", 10), "eq_high"] < 0
    assert said["few_both_boxes"] > 1.3 * said["few_random_boxes"]


def test_weak_labels_for_four_times_the_recordings(table, said):
    assert abs(said["few_max_minutes"] / said["few_random_minutes"] - 1) < 0.1
    assert said["few_max_test_low"] > 0
    assert table.loc[("weak, linear_softmax", 80), "d_low"] > 0 and table.loc[("weak, linear_softmax", 40), "d_low"] > 0
    assert said["few_soft_test_low"] <= 0 <= said["few_soft_test_high"]
    assert holds_zero(table.loc[("weak, max", 40)], "d")
    assert all(holds_zero(table.loc[("weak, copied", n)], "d") for n in (20, 40, 80))
    assert all(holds_zero(table.loc[(f"weak, {how}", 20)], "d") for how in ("max", "linear_softmax"))
    weak = [table["ap"][how, 20] for how in ("weak, copied", "weak, max", "weak, linear_softmax")]
    assert max(weak) < said["few_random_ap"]


def test_pseudo_labels_do_not_help(table, said):
    rows = table[table.index.get_level_values("method").str.startswith("pseudo")]
    assert len(rows) == 6
    assert all(holds_zero(row, "d") for _, row in rows.iterrows())
    close = rows.dropna(subset="test_low")
    assert len(close) == 3 and all(holds_zero(row, "test") for _, row in close.iterrows())
    assert said["few_right8"] < said["few_right9"] < said["few_right99"]
