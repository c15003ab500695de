"""What the chapter on scaling says of the memory of long recordings is so in the committed table."""

import pytest
from _results import read_results
from bench_scaling import facts


@pytest.fixture(scope="module")
def said():
    return facts(read_results("bench_scaling"))


def test_windows_need_memory_for_the_recording_and_predictions_do_not(said):
    assert said["scaling_mb_windows_60"] > 2 * said["scaling_mb_windows_1"]
    assert said["scaling_mb_prediction_60"] < 2000
