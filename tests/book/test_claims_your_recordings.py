"""What the chapter on one's own recordings says of its long run is so in the committed table."""

import pytest
from _results import read_results


@pytest.fixture(scope="module")
def table():
    return read_results("bench_your_recordings").set_index("what")


@pytest.mark.parametrize("other", ["first", "not corrected"])
def test_corrected_nights_help_in_every_walk(table, other):
    gain = table.loc[f"corrected - {other}"]
    assert gain["low"] > 0 and gain["lowest_seed"] > 0


def test_of_uncorrected_nights_neither_gain_nor_harm_can_be_shown(table):
    gain = table.loc["not corrected - first"]
    assert gain["low"] < 0 < gain["high"]


def test_most_of_the_work_is_adding_what_was_missed(table):
    assert table["value"]["added"] > table["value"]["deleted"] > 0
