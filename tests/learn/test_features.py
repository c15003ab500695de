"""features: the right sample rate, no dead bands, decibels with a meaning, masks that hide."""

import errno
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from anuralib.learn import augment, features
from anuralib.learn import pictures as window_pictures
from anuralib.sound.audio import audio_info, read_audio, write_audio
from anuralib.sound.bandpass import preprocess
from anuralib.windows.grid import window_starts
from anuralib.windows.table import window_path

RATE = 22050


def tone(frequency_hz, duration_s=1.0, amplitude=1.0, rate=RATE):
    t = np.arange(round(duration_s * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * frequency_hz * t)).astype(np.float32)


@pytest.fixture
def small_dataset(tmp_path):
    rng = np.random.default_rng(1)
    names = ["B_20200101_000000", "A_20200101_000000"]
    for name, duration_s in zip(names, (6.0, 4.0), strict=True):
        noise = 0.1 * rng.standard_normal(round(duration_s * RATE))
        write_audio(tmp_path / f"{name}.wav", noise.clip(-1, 1).astype(np.float32), RATE)
    recordings = pd.DataFrame({"recording": names, "path": [f"{name}.wav" for name in names]})
    # Rows of the two recordings alternate, so that a wrong order can't go unseen.
    windows = pd.DataFrame(
        {
            "fname": [names[0], names[1], names[0], names[1], names[0]],
            "min_t": [3, 0, 0, 1, 1],
            "max_t": [6, 3, 3, 4, 4],
        }
    )
    return windows, SimpleNamespace(root=tmp_path, recordings=recordings)


@pytest.mark.parametrize(
    ("n_fft", "n_mels", "band_hz"),
    [(512, 128, None), (1024, 64, (100, 10_000)), (256, 128, None), (512, 64, (0, 11_025))],
)
def test_no_filter_is_empty(n_fft, n_mels, band_hz):
    filters, fft_size = features.mel_filters(RATE, n_fft, n_mels, band_hz)
    assert filters.shape == (n_mels, fft_size // 2 + 1)
    assert (filters > 0).sum(dim=1).min() >= 2
    assert fft_size >= n_fft


def test_mel_frequencies_are_those_of_the_filters_and_of_librosa():
    librosa = pytest.importorskip("librosa")
    ours = features.mel_frequencies(64, (100, 10_000), edges=True)
    peer = librosa.mel_frequencies(n_mels=66, fmin=100, fmax=10_000, htk=True)
    np.testing.assert_allclose(ours, peer, rtol=1e-6)
    np.testing.assert_allclose(features.mel_frequencies(64, (100, 10_000)), ours[1:-1])
    filters, fft_size = features.mel_filters(RATE, 4096, 64, (100, 10_000))
    peaks_hz = filters.argmax(dim=1).numpy() * RATE / fft_size
    assert np.abs(peaks_hz - ours[1:-1]).max() <= RATE / fft_size


@pytest.mark.parametrize("n_mels", [64, 128])
@pytest.mark.parametrize("frequency_hz", [300, 700, 1792, 3000, 5000, 9000])
def test_a_tone_lands_in_its_band(frequency_hz, n_mels):
    out = features.log_mel(tone(frequency_hz), RATE, n_mels=n_mels)
    band = int(out[0, 0].mean(axis=1).argmax())
    corners = features.mel_frequencies(n_mels, (0, RATE / 2), edges=True)
    assert corners[band] < frequency_hz < corners[band + 2]


def test_the_wrong_rate_is_seen():
    # The published baseline told 16,000 Hz of sound at 22,050 Hz: its band 64, by name at 1792 Hz,
    # holds what sounds at 1792 * 22,050 / 16,000 = 2470 Hz.
    wrong = features.log_mel(tone(2470), 16_000)[0, 0].mean(axis=1).argmax()
    right = features.log_mel(tone(2470), RATE)[0, 0].mean(axis=1).argmax()
    assert features.mel_frequencies(128, (0, 8000))[wrong] == pytest.approx(1792, rel=0.02)
    assert features.mel_frequencies(128, (0, RATE / 2))[right] == pytest.approx(2470, rel=0.02)


@settings(max_examples=25)
@given(
    n_fft=st.sampled_from([256, 512, 1024]),
    hop=st.integers(64, 700),
    n_mels=st.integers(8, 128),
    samples=st.integers(2048, 9000),
)
def test_shape_and_floor(n_fft, hop, n_mels, samples):
    out = features.log_mel(np.zeros((2, samples)), RATE, n_fft, hop, n_mels, floor_db=-90)
    assert out.shape == (2, 1, n_mels, 1 + samples // hop)
    assert out.dtype == np.float32
    assert (out == -90).all()


@pytest.mark.parametrize(("n_fft", "n_mels"), [(512, 128), (1024, 64), (512, 20)])
def test_bands_add_up_to_the_level(n_fft, n_mels):
    def level_db(signal):
        power = 10 ** (features.log_mel(signal, RATE, n_fft=n_fft, n_mels=n_mels)[0, 0] / 10)
        return 10 * np.log10(power.sum(axis=0)[4:-4].mean())

    assert level_db(tone(3000)) == pytest.approx(0, abs=0.1)
    assert level_db(tone(3000, amplitude=0.1)) == pytest.approx(-20, abs=0.1)
    noise = 0.1 * np.random.default_rng(0).standard_normal(RATE)
    # The highest half triangle and the lowest lie outside the bands: up to half a decibel is lost.
    assert level_db(noise) == pytest.approx(-20 + 10 * np.log10(2), abs=0.6)


def test_defaults_have_the_documented_shapes():
    assert features.log_mel(np.zeros(3 * RATE)).shape == (1, 1, 128, 517)
    assert features.log_mel(np.zeros(3 * RATE), **features.FEATURES).shape == (1, 1, 64, 130)


def test_bad_signals_are_refused():
    broken = np.zeros((3, RATE))
    broken[1, 7] = np.nan
    with pytest.raises(ValueError, match="NaN.*first: 1"):
        features.log_mel(broken)
    with pytest.raises(ValueError, match="samples"):
        features.log_mel(np.zeros(0))
    with pytest.raises(ValueError, match="samples"):
        features.log_mel(np.zeros(100), n_fft=512)
    with pytest.raises(ValueError, match="must be"):
        features.log_mel(np.zeros((1, 1, RATE)))
    with pytest.raises(ValueError, match="half the sample rate"):
        features.log_mel(np.zeros(RATE), 8000, band_hz=(100, 10_000))


def test_clipped_sound_is_finite_and_near_full_scale():
    clipped = np.clip(10 * tone(1000), -1, 1)
    out = features.log_mel(clipped)
    assert np.isfinite(out).all()
    # A square wave has twice the power of a sine: 3 dB over the reference.
    level_db = 10 * np.log10((10 ** (out[0, 0] / 10)).sum(axis=0)[4:-4])
    assert (np.abs(level_db - 3) < 0.6).all()


def test_window_features_are_log_mel_of_the_cut_recording(small_dataset):
    windows, dataset = small_dataset
    out = window_pictures.window_features(windows, dataset, n_jobs=2, progress=False)
    assert out.shape == (5, 1, 64, 130)
    assert out.dtype == np.float32
    for row, window in enumerate(windows.itertuples()):
        signal = preprocess(read_audio(dataset.root / f"{window.fname}.wav"), RATE)
        cut = signal[window.min_t * RATE : window.max_t * RATE]
        np.testing.assert_allclose(
            out[row], features.log_mel(cut, **features.FEATURES)[0], atol=1e-3
        )
    again = window_pictures.window_features(windows, dataset, n_jobs=1, progress=False)
    np.testing.assert_array_equal(out, again)
    half = window_pictures.window_features(windows, dataset, dtype="float16", progress=False)
    assert half.dtype == np.float16
    np.testing.assert_allclose(half, out, atol=0.05)


def test_files_of_windows_are_taken_as_they_are(small_dataset, tmp_path):
    windows, dataset = small_dataset
    windows = windows.assign(site=windows["fname"].str[0])
    rng = np.random.default_rng(0)
    length = round(22050 * (windows["max_t"] - windows["min_t"]).iloc[0])
    sounds = rng.normal(scale=0.1, size=(len(windows), length))
    files = [window_path(row, tmp_path) for row in windows.itertuples(index=False)]
    for path, sound in zip(files, sounds, strict=True):
        write_audio(path, sound, 22050)
    data = SimpleNamespace(root=tmp_path, recordings=dataset.recordings, window_root=tmp_path)
    how = {"sound": "windows", "progress": False}
    out = window_pictures.window_features(windows, data, **how)
    expected = features.log_mel(np.stack([read_audio(path) for path in files]), **features.FEATURES)
    np.testing.assert_allclose(out, expected, atol=1e-4)
    kept = window_pictures.window_features(windows, data, cache_dir=tmp_path / "c", **how)
    write_audio(files[0], sounds[1], 22050)
    new = window_pictures.window_features(windows, data, cache_dir=tmp_path / "c", **how)
    assert (new[1:] == kept[1:]).all() and (new[0] != kept[0]).any()
    write_audio(files[0], sounds[0][:-9], 22050)
    with pytest.raises(ValueError, match="samples at 22050 Hz"):
        window_pictures.window_features(windows, data, **how)
    data.window_root = None
    with pytest.raises(FileNotFoundError, match="no windows as files"):
        window_pictures.window_features(windows, data, **how)
    with pytest.raises(ValueError, match="'recordings' or 'windows'"):
        window_pictures.window_features(windows, data, sound="files", progress=False)


def test_each_recording_is_read_once(small_dataset, monkeypatch):
    windows, dataset = small_dataset
    seen = []

    def reader(path, **options):
        seen.append(path.stem)
        return read_audio(path, **options)

    monkeypatch.setattr(window_pictures, "read_audio", reader)
    window_pictures.window_features(windows, dataset, progress=False)
    assert sorted(seen) == sorted(dataset.recordings["recording"])


def test_window_features_name_what_is_wrong(small_dataset):
    windows, dataset = small_dataset

    def attempt(frame, data=dataset):
        return window_pictures.window_features(frame, data, progress=False)

    with pytest.raises(ValueError, match="no rows"):
        attempt(windows.iloc[:0])
    with pytest.raises(ValueError, match="no column"):
        attempt(windows.drop(columns="min_t"))
    with pytest.raises(ValueError, match="same length"):
        attempt(windows.assign(max_t=[6, 3, 3, 4, 5]))
    with pytest.raises(ValueError, match=r"not in dataset.*X_1"):
        attempt(windows.assign(fname="X_1"))
    with pytest.raises(ValueError, match=r"A_20200101_000000 run from .* to 5 s.*has 4 s"):
        attempt(windows.assign(min_t=[3, 2, 0, 1, 1], max_t=[6, 5, 3, 4, 4]))
    (dataset.root / "A_20200101_000000.wav").unlink()
    with pytest.raises(FileNotFoundError, match="A_20200101_000000"):
        attempt(windows)


def test_spec_augment_hides_up_to_the_masks_and_is_reproducible():
    batch = torch.from_numpy(np.random.default_rng(0).normal(-60, 5, (64, 1, 64, 130))).float()
    kept = batch.clone()
    out = augment.spec_augment(batch, 30, 8, generator=torch.Generator().manual_seed(3))
    assert torch.equal(batch, kept)  # a copy
    again = augment.spec_augment(batch, 30, 8, generator=3)
    assert torch.equal(out, again)
    assert not torch.equal(out, augment.spec_augment(batch, 30, 8, generator=4))
    changed = (out != batch)[:, 0]
    bands, frames = changed.all(dim=2).sum(dim=1), changed.all(dim=1).sum(dim=1)
    assert bands.max() == 8 and bands.min() == 0
    assert 25 <= frames.max() <= 30
    means = batch.mean(dim=(1, 2, 3))
    for k in range(len(batch)):
        hidden = out[k, 0][changed[k]]
        assert torch.allclose(hidden, means[k].expand_as(hidden), atol=1e-3)


def test_spec_augment_of_arrays_fill_and_errors():
    batch = np.random.default_rng(0).normal(-60, 5, (8, 1, 20, 30)).astype(np.float16)
    out = augment.spec_augment(batch, 10, 5, generator=0, fill="floor")
    assert isinstance(out, np.ndarray) and out.dtype == np.float16
    for one, source in zip(out, batch, strict=True):
        assert (one[one != source] == source.min()).all()
    np.testing.assert_array_equal(augment.spec_augment(batch, 0, 0, generator=0), batch)
    with pytest.raises(ValueError, match="does not fit"):
        augment.spec_augment(batch, 31, 5)
    with pytest.raises(ValueError, match="fill"):
        augment.spec_augment(batch, 3, 5, fill=0)
    with pytest.raises(ValueError, match="batch must be"):
        augment.spec_augment(batch[0])


def test_the_caller_s_random_state_is_left_alone_with_a_generator():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    augment.spec_augment(torch.zeros(2, 1, 8, 70), 10, 2, generator=1)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize(
    ("name", "low_hz", "high_hz", "window_s"),
    [
        ("great_plains_toad.wav", 2000, 2400, 3),
        ("soundshape_cuvieri.wav", 500, 1400, 1),  # 1.96 s in all: no window of 3 s
    ],
)
def test_real_frogs_from_file_to_picture(shared_data, name, low_hz, high_hz, window_s):
    signal = preprocess(read_audio(shared_data / name), RATE)
    assert len(signal) == pytest.approx(audio_info(shared_data / name)["duration_s"] * RATE, abs=1)
    assert np.abs(signal).max() == pytest.approx(0.7, abs=1e-4)
    starts = (window_starts(len(signal) / RATE, window_s, 0.5) * RATE).astype(int)
    cuts = np.stack([signal[start : start + window_s * RATE] for start in starts])
    picture = features.log_mel(cuts, **features.FEATURES)
    assert picture.shape == (len(starts), 1, 64, 1 + window_s * RATE // 512)
    power = (10 ** (picture[:, 0] / 10)).mean(axis=(0, 2))
    centres_hz = features.mel_frequencies(64, (100, 10_000))
    inside = (low_hz <= centres_hz) & (centres_hz <= high_hz)
    assert low_hz <= centres_hz[power.argmax()] <= high_hz
    assert power[inside].sum() > 0.5 * power.sum()


def test_pcen_keeps_onsets_and_forgets_steady_sound():
    noise = 0.001 * np.random.default_rng(0).standard_normal(3 * RATE)
    steady = tone(6000, 3.0, 0.1)
    call = np.zeros(3 * RATE)
    call[RATE : RATE + 4000] = tone(1000, 4000 / RATE, 0.1)
    picture = features.log_mel(noise + steady + call, **features.FEATURES)
    out = features.pcen(picture)
    assert out.shape == picture.shape and out.dtype == np.float32 and (out >= 0).all()
    hz = features.mel_frequencies(64, (100, 10_000))
    low, high = np.abs(hz - 1000).argmin(), np.abs(hz - 6000).argmin()
    assert out[0, 0, low].max() > 3 * np.median(out[0, 0, high])
    assert picture[0, 0, low].max() < picture[0, 0, high].max() + 6  # in dB they are about as loud
    softer = features.pcen(picture - 20)  # most of 20 dB is taken away
    assert softer[0, 0, low].max() > 0.5 * out[0, 0, low].max()


def test_pcen_is_its_formula():
    picture = np.random.default_rng(0).uniform(-90, -20, (2, 1, 3, 40)).astype(np.float32)
    out = features.pcen(picture, RATE, 512, time_constant_s=0.4, gain=0.8, bias=2.0, power=0.5)
    energy = 10 ** (picture.astype(float) / 10) * 2**31
    t = 0.4 * RATE / 512
    s = (np.sqrt(1 + 4 * t**2) - 1) / (2 * t**2)
    mean = energy[..., 0]
    for k in range(40):
        mean = (1 - s) * mean + s * energy[..., k]
        expected = (energy[..., k] / (1e-6 + mean) ** 0.8 + 2.0) ** 0.5 - 2.0**0.5
        np.testing.assert_allclose(out[..., k], expected, rtol=1e-4)


def test_spectral_gate_shuts_on_the_background_and_opens_for_calls():
    rng = np.random.default_rng(0)
    pictures = rng.normal(-70, 1, (4, 1, 8, 50)).astype(np.float32) + np.arange(8)[None, None, :, None]
    pictures[1, 0, 3, 10:20] += 30
    out = features.spectral_gate(pictures)
    assert (out[0] == 0).mean() > 0.99 and (out[1, 0, 3, 10:20] > 25).all()
    pictures[2, 0, 5] += 30  # a chorus that fills its window
    alone, together = features.spectral_gate(pictures), features.spectral_gate(pictures, ["a"] * 4)
    assert (alone[2, 0, 5] == 0).mean() > 0.9
    assert (together[2, 0, 5] > 20).all()
    for broken, message in [(pictures[0], "pictures must be"), (pictures * np.nan, "NaN")]:
        with pytest.raises(ValueError, match=message):
            features.spectral_gate(broken)
        with pytest.raises(ValueError, match=message):
            features.pcen(broken)
    for options in ({"margin_db": -1}, {"percentile": 101}, {"groups": ["a"]}):
        with pytest.raises(ValueError, match="margin_db|groups"):
            features.spectral_gate(pictures, **options)


def test_a_cache_is_read_again_and_only_for_the_same_content_and_settings(small_dataset, tmp_path, monkeypatch):
    windows, dataset = small_dataset
    plain = window_pictures.window_features(windows, dataset, progress=False)
    seen = []

    def reader(path, **options):
        seen.append(path.stem)
        return read_audio(path, **options)

    monkeypatch.setattr(window_pictures, "read_audio", reader)

    def cached(frame=windows, **options):
        seen.clear()
        return window_pictures.window_features(frame, dataset, progress=False, cache_dir=tmp_path / "c", **options)

    out = cached()
    assert isinstance(out, np.memmap) and out.dtype == np.float16 and not out.flags.writeable and len(seen) == 2
    np.testing.assert_allclose(out, plain, atol=0.05)
    again = cached()
    np.testing.assert_array_equal(out, again)
    assert not seen
    for options in ({"hop": 256}, {"compression": "pcen"}, {"n_mels": 32}, {"frame": windows.iloc[::-1]}):
        cached(**options)
        assert len(seen) == 2
    assert cached(compression="pcen").min() >= 0 and not seen
    changed = dataset.root / "A_20200101_000000.wav"
    write_audio(changed, -read_audio(changed), RATE)  # same length, same name, other bytes
    cached()
    assert len(seen) == 2
    assert {path.suffix for path in (tmp_path / "c").iterdir()} == {".npy"}


def test_an_interrupted_cache_goes_on(small_dataset, tmp_path, monkeypatch):
    windows, dataset = small_dataset

    class Stop(BaseException):
        pass

    seen = []

    def stopping(path, **options):
        seen.append(path.stem)
        if len(seen) == 2:
            raise Stop
        return read_audio(path, **options)

    monkeypatch.setattr(window_pictures, "read_audio", stopping)
    with pytest.raises(Stop):
        window_pictures.window_features(windows, dataset, progress=False, cache_dir=tmp_path / "c", n_jobs=1)
    assert not list((tmp_path / "c").glob("*.npy"))
    out = window_pictures.window_features(windows, dataset, progress=False, cache_dir=tmp_path / "c", n_jobs=1)
    assert len(seen) in (3, 4)  # what was read ahead and lost may be read again, what was marked is not
    monkeypatch.setattr(window_pictures, "read_audio", read_audio)
    fresh = window_pictures.window_features(windows, dataset, progress=False, dtype="float16")
    np.testing.assert_array_equal(out, fresh)


def cached_in(folder, small_dataset, **options):
    return np.array(window_pictures.window_features(*small_dataset, progress=False, cache_dir=folder, **options))


DAMAGE = {
    "a byte of a picture": lambda data: data[:5000] + bytes([data[5000] ^ 64]) + data[5001:],
    "a byte of the header": lambda data: data[:20] + bytes([data[20] ^ 1]) + data[21:],
    "the last byte": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "cut": lambda data: data[:-100],
    "empty": lambda data: b"",
    "as an earlier version wrote it": lambda data: data[:-40],
    "longer": lambda data: data + b"x",
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_cache_is_made_anew(small_dataset, tmp_path, damage):
    folder = tmp_path / "c"
    right = cached_in(folder, small_dataset)
    file, = folder.iterdir()
    whole = file.read_bytes()
    file.write_bytes(DAMAGE[damage](whole))
    np.testing.assert_array_equal(cached_in(folder, small_dataset), right)
    assert [path.name for path in folder.iterdir()] == [file.name] and file.read_bytes() == whole


class _Stop(BaseException):
    pass


def stopped_after_one(folder, small_dataset, monkeypatch, error=_Stop):
    """A run that was stopped with the pictures of the first of two recordings on the disk; these are its files."""
    done = []

    def stop(*given, **more):
        for part in iterate(*given, **more):
            if done:
                raise error
            done.append(1)
            yield part

    iterate = window_pictures._iterate
    monkeypatch.setattr(window_pictures, "_iterate", stop)
    with pytest.raises(error if isinstance(error, type) else type(error)):
        cached_in(folder, small_dataset)
    monkeypatch.undo()
    return next(folder.glob("*.partial")), next(folder.glob("*.done"))


def again(folder, small_dataset, monkeypatch):
    """The pictures, and how many recordings were read for them."""
    read = []

    def reader(path, **options):
        read.append(path)
        return read_audio(path, **options)

    monkeypatch.setattr(window_pictures, "read_audio", reader)
    return cached_in(folder, small_dataset), len(read)


@pytest.mark.parametrize(("which", "harm", "n_read"), [
    (0, lambda data: data, 1), (0, DAMAGE["a byte of a picture"], 2), (0, DAMAGE["a byte of the header"], 2),
    (0, DAMAGE["cut"], 2), (1, DAMAGE["empty"], 2), (1, lambda data: data[:2] + b"?" + data[3:], 2),
    (1, lambda data: b"1" * 2, 2)])
def test_a_damaged_unfinished_cache_goes_on(small_dataset, tmp_path, monkeypatch, which, harm, n_read):
    right = cached_in(tmp_path / "right", small_dataset)
    file = stopped_after_one(tmp_path / "c", small_dataset, monkeypatch)[which]
    file.write_bytes(harm(file.read_bytes()))
    got, read = again(tmp_path / "c", small_dataset, monkeypatch)
    np.testing.assert_array_equal(got, right)
    assert read == n_read


def test_what_a_run_left_that_was_killed_at_its_very_end_is_cleared(small_dataset, tmp_path, monkeypatch):
    folder = tmp_path / "c"
    marks = stopped_after_one(folder, small_dataset, monkeypatch)[1]
    right = cached_in(folder, small_dataset)
    marks.write_bytes(b"of a run that had no time to remove it")
    np.testing.assert_array_equal(cached_in(folder, small_dataset), right)
    assert {path.suffix for path in folder.iterdir()} == {".npy"}


def test_a_disk_that_fills_is_an_error_and_the_run_goes_on_later(small_dataset, tmp_path, monkeypatch):
    right = cached_in(tmp_path / "right", small_dataset)

    def full(file):
        raise OSError(errno.ENOSPC, "No space left on device")

    stopped_after_one(tmp_path / "c", small_dataset, monkeypatch)
    monkeypatch.setattr(window_pictures, "_to_disk", full)
    with pytest.raises(OSError, match="disk is full.*run the same again"):
        cached_in(tmp_path / "c", small_dataset)
    monkeypatch.undo()
    got, read = again(tmp_path / "c", small_dataset, monkeypatch)
    np.testing.assert_array_equal(got, right)
    assert read == 1


def test_a_cache_needs_room(small_dataset, tmp_path, monkeypatch):
    windows, dataset = small_dataset
    monkeypatch.setattr(window_pictures.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(OSError, match="MB.*cache_dir"):
        window_pictures.window_features(windows, dataset, progress=False, cache_dir=tmp_path / "c")
    assert not list((tmp_path / "c").iterdir())


def test_compression_is_part_of_the_settings():
    with pytest.raises(ValueError, match="compression"):
        features.pictures_of(np.zeros((1, RATE)), compression="log", **features.FEATURES)
