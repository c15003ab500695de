"""What the chapter on templates says in words is true of the table that it shows."""

import pytest
from _results import read_results
from bench_templates import BUDGETS, facts


@pytest.fixture(scope="module")
def table():
    return read_results("bench_templates").set_index(["types", "method", "examples"]).sort_index()


@pytest.fixture(scope="module")
def said():
    return facts(read_results("bench_templates"))


def test_templates_are_no_worse_than_the_probe_at_any_number_and_far_above_the_level(table):
    for n in BUDGETS:
        row = table.loc[("all", "probe, 100 without", n)]
        assert row["d_low"] <= 0 <= row["d_high"]
        assert table.loc[("all", "level", n), "d_high"] < -0.2


def test_more_templates_help_and_from_ten_on_hardly(table):
    score = [table.loc[("all", "templates", n), "AP"] for n in BUDGETS]
    assert score == sorted(score)
    assert score[2] > score[0] + 0.08 and score[4] < score[3] + 0.02


def test_both_together_are_ahead_of_the_probe_at_every_number(table):
    assert all(table.loc[("all", "both", n), "d_low"] > 0 for n in BUDGETS)
    assert all(table.loc[("all", "both", n), "AP"] > table.loc[("all", "templates", n), "AP"] for n in BUDGETS)


def test_a_probe_needs_windows_without_the_call(said):
    assert said["templates_even"] < said["templates_probe_5"] - 0.1


def test_pulses_find_slow_and_long_ones_and_not_short_notes(table, said):
    assert min(said["templates_long_pulses"], said["templates_creak_pulses"]) > 0.9
    assert max(said["templates_short_pulses"], said["templates_peep_pulses"]) < 0.2
    assert table.loc[("pulsed", "pulses", 5), "d_high"] < 0
    assert said["templates_peep_seven"] > said["templates_peep_pulses"] + 0.1
    for code in ("SHOTRI", "PULPEE"):
        assert table.loc[(code, "seven pulses", 5), "diff"] < 0


def test_where_one_is_clearly_ahead_of_the_other(table):
    assert table.loc[("PULPEE", "probe, 100 without", 20), "d_low"] > 0
    assert table.loc[("INSBUZ", "probe, 100 without", 5), "d_high"] < 0


def test_for_which_types_five_examples_and_simple_tools_are_enough(table, said):
    reach = {code for code in ("ASCWHI", "BARWHI", "HAMBLO", "HIGPEE", "LONTRI", "PULCRE", "INSBUZ", "NASSQU", "PULPEE",
                               "SHOTRI") for method in ("templates", "pulses")
             if (code, method, 5) in table.index and table.loc[(code, method, 5), "AP"] >= 0.9}  # fmt: skip
    assert reach == {"ASCWHI", "BARWHI", "HAMBLO", "LONTRI", "PULCRE"}
    assert said["templates_enough"] == len(reach)
