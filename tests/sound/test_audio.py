import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from anuralib.sound import audio


def tone(hz, seconds, rate):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


def loudest_hz(signal, rate):
    power = np.abs(np.fft.rfft(signal * np.hanning(len(signal)))) ** 2
    return np.fft.rfftfreq(len(signal), 1 / rate)[power.argmax()]


@pytest.mark.parametrize("rate", [8000, 22050])
def test_dominant_frequency_is_that_of_the_loudest_tone(rate):
    time_s = np.arange(rate) / rate
    signal = np.sin(2 * np.pi * 1200 * time_s) + 0.3 * np.sin(2 * np.pi * 3100 * time_s)
    assert audio.dominant_frequency(signal, rate) == pytest.approx(1200, abs=1)
    for wrong in (signal[:1], signal[None], signal * np.nan):
        with pytest.raises(ValueError, match="one channel"):
            audio.dominant_frequency(wrong, rate)


@given(st.lists(st.integers(-32768, 32767), min_size=1, max_size=300))
def test_sixteen_bits_come_back_as_they_were(tmp_path_factory, values):
    path = tmp_path_factory.mktemp("wav") / "x.wav"
    values = np.array(values, dtype=np.int16)
    audio.write_audio(path, values, 22050)
    signal = audio.read_audio(path)
    audio.write_audio(path, signal, 22050)
    again, rate = soundfile.read(path, dtype="int16")
    assert rate == 22050
    np.testing.assert_array_equal(again, values)


def test_info_and_channels(tmp_path):
    path = tmp_path / "deep" / "x.wav"
    left, right = tone(500, 1.5, 22050), tone(2000, 1.5, 22050)
    audio.write_audio(path, np.stack([left, right], axis=1), 22050)
    assert audio.audio_info(path) == {
        "duration_s": 1.5, "sample_rate_hz": 22050, "channels": 2, "frames": 33075, "problem": ""}
    assert loudest_hz(audio.read_audio(path), 22050) == pytest.approx(500, abs=1)
    assert loudest_hz(audio.read_audio(path, channel=1), 22050) == pytest.approx(2000, abs=1)
    mix = audio.read_audio(path, channel="mix")
    np.testing.assert_allclose(mix, (left + right) / 2, atol=1e-4)
    with pytest.raises(ValueError, match=r"x\.wav: there is no channel 2"):
        audio.read_audio(path, channel=2)


@pytest.mark.parametrize(("start_s", "duration_s", "n"), [
    (0, None, 44100), (0.5, 1.0, 22050), (1.5, 10.0, 11025), (1.99999, None, 1)])
def test_parts(tmp_path, start_s, duration_s, n):
    path = tmp_path / "x.wav"
    whole = tone(440, 2, 22050)
    audio.write_audio(path, whole, 22050)
    part = audio.read_audio(path, start_s=start_s, duration_s=duration_s)
    assert part.dtype == np.float32
    assert len(part) == n
    first = min(round(start_s * 22050), 44099)
    np.testing.assert_allclose(part, whole[first:first + n], atol=1e-4)


@given(st.integers(1, 5000), st.sampled_from([8000, 16000, 22050, 44100, 48000]),
       st.sampled_from([8000, 22050, 44100]))
def test_length_after_resampling(n, from_hz, to_hz):
    assert audio.resample(np.zeros(n), from_hz, to_hz).shape == (round(n * to_hz / from_hz),)
    assert audio.resample(np.zeros((n, 2)), from_hz, to_hz).shape[1] == 2


def test_resampling_keeps_pitch_and_drops_what_cannot_be_held():
    kept = audio.resample(tone(3000, 2, 44100), 44100, 22050)
    assert loudest_hz(kept, 22050) == pytest.approx(3000, abs=2)
    aliased = audio.resample(tone(15000, 2, 44100), 44100, 22050)
    assert np.abs(aliased[2000:-2000]).max() < 1e-3


@pytest.mark.parametrize("signal", [
    np.array([0.0, np.nan]), np.array([0.0, np.inf]), np.array([1.01]), np.array([]),
    np.zeros((2, 2, 2))])
def test_bad_signals_leave_the_old_file(tmp_path, signal):
    path = tmp_path / "x.wav"
    audio.write_audio(path, np.zeros(5), 22050)
    before = path.read_bytes()
    with pytest.raises(ValueError, match=r"x\.wav"):
        audio.write_audio(path, signal, 22050)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["x.wav"]


def test_files_that_are_not_sound(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"gone\.wav"):
        audio.read_audio(tmp_path / "gone.wav")
    text = tmp_path / "text.wav"
    text.write_text("not sound")
    with pytest.raises(ValueError, match=r"text\.wav"):
        audio.audio_info(text)
    empty = tmp_path / "empty.wav"
    soundfile.write(empty, np.zeros(0), 22050)
    with pytest.raises(ValueError, match="no sound"):
        audio.read_audio(empty)
    audio.write_audio(tmp_path / "x.wav", np.zeros(100), 22050)
    with pytest.raises(ValueError, match="start_s"):
        audio.read_audio(tmp_path / "x.wav", start_s=1)


def test_native_rate_and_real_recordings(shared_data):
    toad = audio.read_audio(shared_data / "great_plains_toad.wav")
    info = audio.audio_info(shared_data / "great_plains_toad.wav")
    assert info["sample_rate_hz"] == 44100
    assert len(toad) / 22050 == pytest.approx(info["duration_s"], abs=1e-4)
    native = audio.read_audio(shared_data / "great_plains_toad.wav", sample_rate_hz=None)
    assert len(native) == info["frames"]
    assert 2000 < loudest_hz(toad - toad.mean(), 22050) < 2400
