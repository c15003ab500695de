"""What the chapter on few labels says in words is true of the table that it shows."""

from pathlib import Path

import pandas as pd
import pytest

TABLE = Path(__file__).resolve().parents[2] / "benchmarks" / "results" / "bench_few_labels.csv"
CHOSEN = ("uncertainty", "diversity", "both")


@pytest.fixture(scope="module")
def table():
    return pd.read_csv(TABLE, comment="#").set_index(["method", "recordings"])


def holds_zero(row, name):
    return row[f"{name}_low"] <= 0 <= row[f"{name}_high"]


def test_choosing_is_ahead_for_as_many_recordings_over_seeds_only(table):
    for method in ("both", "diversity"):
        assert table.loc[(method, 20), "d_low"] > 0
    assert holds_zero(table.loc[("uncertainty", 20)], "d")
    assert all(holds_zero(table.loc[(method, 20)], "test") for method in CHOSEN)
    assert table["types"]["both", 20] > table["types"]["random", 20] + 2


def test_choosing_is_not_ahead_for_as_many_minutes(table):
    assert all(table.loc[(method, n), "eq_low"] <= 0 for method in CHOSEN for n in (10, 20, 40))
    assert holds_zero(table.loc[("both", 20)], "eq")
    assert table.loc[("uncertainty", 10), "eq_high"] < 0
    assert table["boxes"]["both", 20] > 1.3 * table["boxes"]["random", 20]


def test_weak_labels_for_four_times_the_recordings(table):
    assert abs(table["minutes"]["weak, max", 80] / table["minutes"]["random", 20] - 1) < 0.1
    assert table.loc[("weak, max", 80), "test_low"] > 0
    assert table.loc[("weak, linear_softmax", 80), "d_low"] > 0 and table.loc[("weak, linear_softmax", 40), "d_low"] > 0
    assert holds_zero(table.loc[("weak, linear_softmax", 80)], "test")
    assert holds_zero(table.loc[("weak, max", 40)], "d")
    assert all(holds_zero(table.loc[("weak, copied", n)], "d") for n in (20, 40, 80))
    assert all(holds_zero(table.loc[(f"weak, {how}", 20)], "d") for how in ("max", "linear_softmax"))
    weak = [table["ap"][how, 20] for how in ("weak, copied", "weak, max", "weak, linear_softmax")]
    assert max(weak) < table["ap"]["random", 20]


def test_pseudo_labels_do_not_help(table):
    rows = table[table.index.get_level_values("method").str.startswith("pseudo")]
    assert len(rows) == 6
    assert all(holds_zero(row, "d") for _, row in rows.iterrows())
    close = rows.dropna(subset="test_low")
    assert len(close) == 3 and all(holds_zero(row, "test") for _, row in close.iterrows())
    assert table["right"]["pseudo, 0.8", 20] < table["right"]["pseudo, 0.9", 20] < table["right"]["pseudo, 0.99", 20]
