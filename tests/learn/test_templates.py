"""A call is found where it is, by its picture and by its pulses."""

import numpy as np
import pytest

import anuralib as al
from anuralib.learn.templates import correlate

RATE = 22050


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.003, round(seconds * RATE)).astype(np.float32)


def sweep(low_hz, high_hz, seconds=0.2):
    t = np.arange(round(seconds * RATE)) / RATE
    phase = 2 * np.pi * (low_hz * t + (high_hz - low_hz) * t**2 / 2 / seconds)
    return (np.hanning(len(t)) * np.sin(phase)).astype("f4")


def trill(pulses_per_s, pitch_hz=2500, seconds=3.0):
    t = np.arange(round(seconds * RATE)) / RATE
    return (np.sin(2 * np.pi * pitch_hz * t) * np.sin(np.pi * pulses_per_s * t) ** 4).astype("f4")


def with_calls(calls):
    """Noise of six seconds with calls in it, {second: call}."""
    sound = noise(6)
    for second, call in calls.items():
        first = round(second * RATE)
        sound[first : first + len(call)] += call
    return sound


def cut(sound, start_s, end_s):
    return sound[round(start_s * RATE) : round(end_s * RATE)]


def test_a_template_finds_the_same_call_at_any_loudness():
    rising = sweep(1200, 2400)
    sound = with_calls({1.0: rising, 4.0: 0.05 * rising})
    found = al.match_template(sound, cut(sound, 0.95, 1.25), band_hz=(800, 3000))
    best = found.sort_values("score")["start_s"].to_numpy()
    assert abs(best[-1] - 0.95) < 0.02
    near = found[found["start_s"].between(3.9, 4.0)]["score"].max()
    apart = found[~found["start_s"].between(0.7, 1.3) & ~found["start_s"].between(3.7, 4.3)]["score"].max()
    assert near > apart + 0.2


def test_a_template_tells_rising_from_falling():
    sound = with_calls({1.0: sweep(1200, 2400), 3.0: sweep(2400, 1200), 5.0: sweep(1200, 2400)})
    found = al.match_template(sound, cut(sound, 0.95, 1.25), band_hz=(800, 3000)).set_index("start_s")["score"]
    assert found[4.9:5.0].max() > found[2.9:3.0].max() + 0.3


def test_correlation_is_that_of_scikit_image():
    match_template = pytest.importorskip("skimage.feature").match_template
    picture = np.random.default_rng(0).normal(-60, 10, (20, 300))
    template = picture[:, 40:70]
    np.testing.assert_allclose(correlate(picture, template), match_template(picture, template)[0], atol=1e-9)


@pytest.mark.parametrize("rate", [17, 32, 49, 115, 150])
def test_pulses_are_counted(rate):
    found = al.pulse_scores(trill(rate) + noise(3), pulses_per_s=(0.8 * rate, 1.25 * rate), band_hz=(2000, 3000))
    assert found["pulses_per_s"][0] == pytest.approx(rate, abs=1)
    assert found["score"][0] > 0.2


def test_another_rate_another_pitch_and_a_whistle_score_less():
    whistle = np.sin(2 * np.pi * 2500 * np.arange(3 * RATE) / RATE).astype("f4")
    sounds = np.stack([trill(32), trill(60), trill(32, pitch_hz=6000), whistle]) + noise(3)
    score = al.pulse_scores(sounds, pulses_per_s=(26, 40), band_hz=(2000, 3000))["score"]
    assert score[0] > 2 * score[1:].max()


def test_loudness_does_not_count_and_a_short_call_in_a_long_window_does():
    one = np.zeros(3 * RATE, np.float32)
    one[RATE : RATE + RATE // 2] = trill(32, seconds=0.5)
    sounds = np.stack([one, 0.1 * one]) + noise(3) / 100
    score = al.pulse_scores(sounds, pulses_per_s=(26, 40), band_hz=(2000, 3000))["score"]
    assert score[1] == pytest.approx(score[0], rel=0.05) and score[0] > 0.1


def test_a_short_segment_suits_a_short_note():
    noted = np.zeros(3 * RATE, np.float32)
    note = trill(115, seconds=0.08)
    noted[RATE : RATE + len(note)] = note
    settings = {"pulses_per_s": (92, 144), "band_hz": (2000, 3000)}
    long, short = (al.pulse_scores(noted + noise(3) / 100, **settings, segment_s=s)["score"][0] for s in (0.5, 0.06))
    assert short > 2 * long


def test_a_noise_band_takes_off_what_sounds_in_both():
    clicks = np.zeros(3 * RATE, np.float32)
    clicks[:: RATE // 32] = 1.0  # as wide as the spectrum, thirty-two per second
    sounds = np.stack([clicks, trill(32)]) + noise(3)
    settings = {"pulses_per_s": (26, 40), "band_hz": (2000, 3000)}
    plain = al.pulse_scores(sounds, **settings)["score"]
    less = al.pulse_scores(sounds, **settings, noise_bands=[(5000, 6000)])["score"]
    assert less[0] < 0.5 * plain[0] and less[1] > 0.9 * plain[1]


def test_silence_has_no_score():
    assert al.pulse_scores(np.zeros(RATE), pulses_per_s=(10, 20))["score"].isna().all()
    assert (al.match_template(np.zeros(RATE), sweep(1200, 2400))["score"] == 0).all()


def test_bad_input_is_named():
    sound = noise(1)
    with pytest.raises(ValueError, match="more than the signal"):
        al.match_template(sound, noise(2))
    with pytest.raises(ValueError, match="same all over"):
        al.match_template(sound, np.zeros(4000))
    with pytest.raises(ValueError, match="without NaN"):
        al.match_template(np.array([0.0, np.nan]), sound)
    with pytest.raises(ValueError, match="no frequency .* 20000 to 30000 Hz"):
        al.match_template(sound, sound[:5000], band_hz=(20_000, 30_000))
    with pytest.raises(ValueError, match="0.5 s or longer"):
        al.pulse_scores(noise(0.3))
    with pytest.raises(ValueError, match="between 4 and 250"):
        al.pulse_scores(sound, pulses_per_s=(20, 10))
    with pytest.raises(ValueError, match="fewer than three pulses"):
        al.pulse_scores(sound, pulses_per_s=(5, 10))
