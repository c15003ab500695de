"""Wind, rain, stream and insects by themselves: their level and where their power lies."""

import numpy as np
import pytest
from scipy import signal

import anuralib as al
from anuralib.pond.scenes import NUISANCES


def share_between(sound, low_hz, high_hz):
    hz, power = signal.welch(sound, 22050, nperseg=1024)
    return power[(hz >= low_hz) & (hz < high_hz)].sum() / power.sum()


@pytest.mark.parametrize("kind", NUISANCES)
@pytest.mark.parametrize("seconds", [0.5, 3, 61])
def test_a_nuisance_has_the_level_and_the_length_asked_for(kind, seconds):
    sound = al.nuisance(kind, seconds, level_dbfs=-30)
    assert sound.shape == (round(seconds * 22050),) and sound.dtype == np.float32
    assert 20 * np.log10(np.sqrt(np.mean(sound.astype(float) ** 2))) == pytest.approx(-30, abs=0.01)


@pytest.mark.parametrize("kind", NUISANCES)
def test_same_seed_same_sound(kind):
    first, again, other = (al.nuisance(kind, 2, seed=seed) for seed in (3, 3, 4))
    assert np.array_equal(first, again) and not np.array_equal(first, other)


def test_each_has_its_part_of_the_spectrum():
    assert share_between(al.nuisance("wind", 20), 0, 400) > 0.95
    assert share_between(al.nuisance("rain", 20), 400, 11_025) > 0.95
    for seed in range(4):
        assert share_between(al.nuisance("insects", 5, seed=seed), 3000, 9500) > 0.9
    stream = al.nuisance("stream", 20)
    assert share_between(stream, 400, 3500) > share_between(stream, 3500, 11_025)


def test_impossible_wishes_are_refused():
    with pytest.raises(ValueError, match="one of wind"):
        al.nuisance("snow", 3)
    for seconds, level in ((0, -40), (-1, -40), (float("inf"), -40), (3, float("nan"))):
        with pytest.raises(ValueError, match="seconds > 0"):
            al.nuisance("rain", seconds, level)


def test_pictures_with_a_nuisance_are_those_of_window_features_and_more():
    pond = al.load_dataset("pond", size="tiny")
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species).iloc[::3]
    plain = al.window_features(windows, pond, progress=False)
    assert np.allclose(al.noisy_features(windows, pond), plain, atol=1e-3)
    one = windows[windows["fname"] == windows["fname"].iloc[0]]
    rain = al.noisy_features(one, pond, "rain", level_dbfs=-10)
    assert np.median(rain) > np.median(plain[: len(one)])
    narrow = al.noisy_features(one, pond, band_hz=(2000, 3000))
    low = al.mel_frequencies() < 1000
    assert np.median(narrow[:, :, low]) < np.median(plain[: len(one), :, low]) - 20
