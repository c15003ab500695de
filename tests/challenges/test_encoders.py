"""encoders: vectors of whole folders, kept, gone on with, beside their times, with labels of any window length."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

import anuralib as al
from anuralib.challenges import encoders
from anuralib.learn.pictures import read_windows

RATE = 8000


class Stop(BaseException):
    pass


class Level:
    """An encoder of half a second: mean level, and a constant."""

    window_s, sample_rate_hz, name = 0.5, RATE, "level 1"

    def __init__(self):
        self.calls = []

    def __call__(self, signals):
        assert signals.dtype == np.float32 and signals.shape[1] == RATE // 2
        self.calls.append(len(signals))
        return np.stack([np.abs(signals).mean(axis=1), np.ones(len(signals))], axis=1)


@pytest.fixture
def folder(tmp_path):
    """Two recordings of 3 and 2.2 s, the second growing louder."""
    rng = np.random.default_rng(0)
    for name, seconds in (("A_20200101_000000", 3.0), ("B_20200101_000000", 2.2)):
        noise = 0.1 * rng.standard_normal(round(seconds * RATE)) * np.linspace(0.1, 1, round(seconds * RATE))
        al.write_audio(tmp_path / "in" / f"{name}.wav", noise.clip(-1, 1), RATE)
    return tmp_path / "in"


def embed(encoder, *given, **options):
    return al.embed_recordings(encoder, *given, **{"cache_dir": None, "progress": False, **options})


def test_a_folder_gives_vectors_with_their_times(folder):
    x, windows = embed(Level(), folder)
    assert x.shape == (10, 2) and x.dtype == np.float32 and list(windows) == ["recording", "start_s", "end_s"]
    assert windows["recording"].tolist() == ["A_20200101_000000"] * 6 + ["B_20200101_000000"] * 4
    assert windows["start_s"].tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 0, 0.5, 1, 1.5]
    assert (windows["end_s"] - windows["start_s"] == 0.5).all()
    first = np.arange(6) * RATE // 2
    cut = read_windows(folder / "A_20200101_000000.wav", first, RATE // 2, RATE)
    np.testing.assert_allclose(x[:6, 0], np.abs(cut).mean(axis=1), rtol=1e-5)
    assert len(embed(Level(), folder, hop_s=0.25).windows) == 11 + 7


def test_rows_of_a_windows_frame_keep_their_order(folder):
    data = al.load_dataset(folder)
    x, windows = embed(Level(), data)
    frame = windows.rename(columns={"recording": "fname", "start_s": "min_t", "end_s": "max_t"})
    mixed = frame.sample(frac=1, random_state=0)
    again, there = embed(Level(), mixed, data)
    np.testing.assert_array_equal(again, x[mixed.index])
    assert there.index.equals(mixed.index) and there["start_s"].tolist() == mixed["min_t"].tolist()


def test_a_long_recording_is_read_in_stretches(folder, monkeypatch):
    longest = []

    def reader(*given):
        cut = read_windows(*given)
        longest.append(len(cut))
        return cut

    monkeypatch.setattr(encoders, "read_windows", reader)
    x, windows = embed(Level(), folder, block_s=1.0)
    assert max(longest) <= 2 and sum(longest) == len(windows) == len(x)


def test_what_is_kept_is_not_computed_again_and_only_for_the_same_encoder_and_sound(folder, tmp_path):
    encoder = Level()

    def kept(**options):
        encoder.calls.clear()
        return embed(encoder, folder, cache_dir=tmp_path / "kept", **options)[0]

    x = kept()
    assert isinstance(x, np.memmap) and not x.flags.writeable and sum(encoder.calls) == 11  # one to see its size
    np.testing.assert_array_equal(kept(), embed(Level(), folder)[0])
    assert sum(encoder.calls) == 1
    encoder.name = "level 2"
    kept()
    assert sum(encoder.calls) == 11
    kept(hop_s=0.25)
    assert sum(encoder.calls) == 19
    path = folder / "B_20200101_000000.wav"
    al.write_audio(path, -al.read_audio(path, sample_rate_hz=None), RATE)
    kept()
    assert sum(encoder.calls) == 11
    encoder.name = ""
    with pytest.raises(ValueError, match="give the encoder a name"):
        kept()


def test_a_stopped_run_goes_on(folder, tmp_path):
    class Stopping(Level):
        def __call__(self, signals):
            if len(self.calls) == 2:
                raise Stop
            return super().__call__(signals)

    with pytest.raises(Stop):
        embed(Stopping(), folder, cache_dir=tmp_path / "kept")
    assert not list((tmp_path / "kept").glob("*.npy"))
    encoder = Level()
    x, _ = embed(encoder, folder, cache_dir=tmp_path / "kept")
    assert encoder.calls == [1, 4]  # the first recording was done
    np.testing.assert_array_equal(x, embed(Level(), folder)[0])
    assert [path.suffix for path in (tmp_path / "kept").iterdir()] == [".npy"]


def test_a_damaged_recording_stops_the_run_or_is_left_out_and_named(folder, tmp_path):
    data = al.load_dataset(folder)
    (folder / "B_20200101_000000.wav").write_bytes(b"copied in a hurry")
    with pytest.raises(ValueError, match="B_20200101_000000"):
        embed(Level(), data)
    for cache_dir in (None, tmp_path / "kept", tmp_path / "kept"):
        with pytest.warns(UserWarning, match="1 recording.*B_20200101_000000"):
            x, windows = embed(Level(), data, on_error="skip", cache_dir=cache_dir)
        assert set(windows["recording"]) == {"A_20200101_000000"} and len(x) == len(windows) == 6
        assert np.isfinite(x).all()
    with pytest.raises(ValueError, match="B_20200101_000000.*could not be read"):
        embed(Level(), data, cache_dir=tmp_path / "kept")
    (folder / "A_20200101_000000.wav").unlink()
    with pytest.raises(FileNotFoundError, match="A_20200101_000000"):
        embed(Level(), data)
    (folder / "B_20200101_000000.wav").unlink()
    with pytest.raises(ValueError, match="no recording can be read"):
        embed(Level(), data, on_error="skip")


def test_a_disk_that_fails_is_no_recordings_fault(folder, monkeypatch):
    def reader(*given):
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr(encoders, "read_windows", reader)
    with pytest.raises(OSError, match="free some"):
        embed(Level(), folder, on_error="skip")


def test_ours_gives_what_embed_gives(folder):
    model = al.build_model("small_cnn", ["a", "b"], features={"sample_rate_hz": RATE, "band_hz": (100, 4000)})
    model.input_shape = (64, 16)  # of a second
    x, windows = embed(model, folder)
    assert x.shape == (5, 256) and windows["start_s"].tolist() == [0, 1, 2, 0, 1]
    frame = windows.rename(columns={"recording": "fname", "start_s": "min_t", "end_s": "max_t"})
    pictures = al.window_features(frame, al.load_dataset(folder), progress=False, **model.features)
    np.testing.assert_allclose(x, al.embed(model, pictures, device="cpu"), atol=1e-4)
    other = al.build_model("small_cnn", ["a", "b"], seed=1)
    assert encoders.as_encoder(model).name != encoders.as_encoder(other).name


class Hoplite:
    """What perch-hoplite's models look like: one window in, embeddings (frames, channels, D) out."""

    sample_rate, window_size_s = RATE, 0.5

    def embed(self, audio_array):
        level = np.abs(audio_array).mean()
        return SimpleNamespace(embeddings=np.array([[[level, 0.0]], [[level, 2.0]]]))


def test_models_of_perch_hoplite_by_object_and_by_name(folder, monkeypatch):
    x, _ = embed(Hoplite(), folder)
    np.testing.assert_allclose(x, embed(Level(), folder)[0], rtol=1e-5)
    zoo = ModuleType("perch_hoplite.zoo")
    zoo.model_configs = SimpleNamespace(
        ModelConfigName=[SimpleNamespace(value="perch_v2_onnx")], load_model_by_name=lambda name: Hoplite()
    )
    monkeypatch.setitem(sys.modules, "perch_hoplite", ModuleType("perch_hoplite"))
    monkeypatch.setitem(sys.modules, "perch_hoplite.zoo", zoo)
    again, _ = embed("perch_v2_onnx", folder)
    np.testing.assert_array_equal(again, x)
    assert encoders.as_encoder("perch_v2_onnx").name == "hoplite perch_v2_onnx"
    with pytest.raises(ValueError, match="perch_v2_onnx"):
        embed("perch_v3", folder)


def test_what_is_refused(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "perch_hoplite", None)
    data = al.load_dataset(folder)
    frame = pd.DataFrame({"fname": "A_20200101_000000", "min_t": [0.0], "max_t": [1.0]})
    one = al.Encoder(lambda signals: signals[:, 0], 0.5, RATE)
    broken = al.Encoder(lambda signals: np.where(signals[:, :1] == 0, 0, np.nan), 0.5, RATE)
    for call, kind, message in [
        (lambda: embed("perch_v2_onnx", folder), ImportError, r"pip install \"perch-hoplite"),
        (lambda: embed("ours", folder), ValueError, "give the network itself"),
        (lambda: embed(len, folder), ValueError, "al.Encoder"),
        (lambda: embed(Level(), frame), ValueError, "give the dataset"),
        (lambda: embed(Level(), frame, data), ValueError, "al.join_labels"),
        (lambda: embed(one, folder), ValueError, r"\(N, D\)"),
        (lambda: embed(broken, folder), ValueError, "NaN"),
        (lambda: embed(Level(), folder, on_error="ignore"), ValueError, "on_error"),
        (lambda: embed(al.Encoder(len, 9.0, RATE), folder), ValueError, "as long as 9 s"),
    ]:
        with pytest.raises(kind, match=message):
            call()


def test_labels_join_windows_of_any_length():
    windows = pd.DataFrame({"recording": ["A"] * 4 + ["B"], "start_s": [0, 5, 10, 15, 0], "end_s": [5, 10, 15, 20, 5]},
                           index=[3, 1, 4, 0, 9])  # fmt: skip
    labels = pd.DataFrame({"fname": "A", "min_t": range(15), "max_t": range(3, 18), "X": [0] * 15, "Y": [0] * 15})
    labels.loc[[4, 5, 6], "X"] = 1  # a call at 6 to 7 s: windows from 4, 5 and 6 hold it
    labels.loc[[3], "Y"] = 1  # from 3 to 6 s: two thirds of it lie in the first, one third in the second
    out = al.join_labels(windows, labels)
    assert out.index.equals(windows.index)
    assert out["X"].tolist()[:3] == [0, 1, 0] and out["Y"].tolist()[:3] == [1, 0, 0]
    assert out.iloc[3:].isna().all(axis=None)  # nobody labelled the end, nor the other recording
    assert list(al.join_labels(windows, labels, ["Y"])) == ["Y"]
    short = windows.assign(end_s=windows["start_s"] + 1)
    assert al.join_labels(short, labels)["X"].tolist()[:3] == [0, 1, 0]
    for options, message in [({"least": 2}, "least"), ({"species": ["Z"]}, "Z")]:
        with pytest.raises(ValueError, match=message):
            al.join_labels(windows, labels, **options)
    with pytest.raises(ValueError, match="start_s"):
        al.join_labels(labels, labels)


def test_strong_labels_join_as_window_labels_has_them():
    pond = al.load_dataset("pond", size="tiny")
    expected = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    windows = expected.rename(columns={"fname": "recording", "min_t": "start_s", "max_t": "end_s"})
    windows = windows[["recording", "start_s", "end_s"]]
    np.testing.assert_array_equal(al.join_labels(windows, pond), expected[pond.species])
    heard = pond.recordings.assign(annotated=[False, *[True] * (len(pond.recordings) - 1)])
    heard["unread_s"] = [[] for _ in range(len(heard) - 1)] + [[(0.0, 1.0)]]
    strong = pond.strong_labels[pond.strong_labels["recording"] != heard["recording"].iloc[0]]
    data = SimpleNamespace(species=pond.species, strong_labels=strong, recordings=heard)
    blind = al.join_labels(windows, data).isna().all(axis=1)
    name, first, last = windows["recording"], *heard["recording"].iloc[[0, -1]]
    assert (blind == ((name == first) | ((name == last) & (windows["start_s"] < 1)))).all()
