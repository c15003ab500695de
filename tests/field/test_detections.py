"""detections: labels from windows and back, and a folder of recordings in constant memory, resumed, errors named."""

import dataclasses
import errno
import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

import anuralib as al  # noqa: E402
from anuralib.field import detections
from anuralib.learn.checkpoints import digest_of_weights

RATE = 22050
SPECIES = ["LOWTON", "HIGTON"]
NAME = "SIM1_20200101_000000"


def label_frame(rows):
    return pd.DataFrame(rows, columns=["recording", "start_s", "end_s", "species"])


times = st.floats(0, 59, allow_nan=False).map(lambda t: round(t, 3))


@settings(max_examples=60)
@given(calls=st.lists(st.tuples(times, st.floats(0.05, 20)), max_size=4), hop_s=st.sampled_from([0.5, 1.0, 1.5, 3.0]))
def test_labels_from_true_windows_enclose_the_calls_by_less_than_a_hop(calls, hop_s):
    recordings = pd.DataFrame({"recording": [NAME], "duration_s": [60.0]})
    rows = [(NAME, start, min(start + length, 60.0), "LOWTON") for start, length in calls]
    labels = label_frame(rows).astype({"recording": "str", "species": "str", "start_s": float, "end_s": float})
    windows = al.window_labels(labels, recordings, SPECIES, hop_s=hop_s)
    found = al.labels_from_windows(windows, windows[SPECIES] == 1)
    covered = np.zeros(6001, dtype=bool)
    for row in found.itertuples():
        covered[round(row.start_s * 100) : round(row.end_s * 100) + 1] = True
    for _, start, end, _ in rows:
        assert covered[int(np.ceil(start * 100)) : int(end * 100) + 1].all()
    for row in found.itertuples():  # each begins less than a hop before a call begins and ends so after one ends
        assert any(row.start_s <= s < row.start_s + hop_s + 1e-6 for _, s, _, _ in rows) or row.start_s == 0
        assert any(row.end_s - hop_s - 1e-6 <= e <= row.end_s for _, _, e, _ in rows) or row.end_s == 60
    assert set(found["species"]) <= {"LOWTON"}
    assert len(found) == 0 if not rows else len(found) >= 1


def test_a_single_window_is_labelled_whole_and_runs_by_species():
    windows = al.window_labels(label_frame([]), pd.DataFrame({"recording": [NAME], "duration_s": [20.0]}), SPECIES)
    chosen = np.zeros((len(windows), 2), dtype=bool)
    chosen[7, 0] = True  # no call is in one window of 3 s every second only
    chosen[3:9, 1] = True
    found = al.labels_from_windows(windows, chosen, SPECIES)
    assert found[["start_s", "end_s", "species"]].to_numpy().tolist() == [[5, 9, "HIGTON"], [7, 10, "LOWTON"]]
    shuffled = windows.sample(frac=1, random_state=0)
    again = al.labels_from_windows(shuffled, pd.DataFrame(chosen, columns=SPECIES).loc[shuffled.index])
    pd.testing.assert_frame_equal(found, again)
    assert al.labels_from_windows(windows, chosen & False, SPECIES).empty


def test_labels_from_windows_names_what_is_wrong():
    windows = al.window_labels(label_frame([]), pd.DataFrame({"recording": [NAME], "duration_s": [20.0]}), SPECIES)
    with pytest.raises(ValueError, match="chosen must be"):
        al.labels_from_windows(windows, np.zeros((3, 2), dtype=bool), SPECIES)
    with pytest.raises(ValueError, match=f"{NAME}.*grid"):
        al.labels_from_windows(windows.drop(index=4), np.zeros((len(windows) - 1, 2), dtype=bool), SPECIES)


def tones(duration_s, rng, low=(), high=()):
    """Soft noise with a tone of 800 or 4000 Hz in the given stretches."""
    t = np.arange(round(duration_s * RATE)) / RATE
    signal = 0.002 * rng.standard_normal(len(t))
    for hz, parts in ((800, low), (4000, high)):
        for start, end in parts:
            signal += 0.2 * np.sin(2 * np.pi * hz * t) * ((t >= start) & (t < end))
    return signal.astype(np.float32)


@pytest.fixture(scope="module")
def trained(once):
    """A network that knows the two tones, and the folder it learnt from."""
    made = once("two_tones", learn)
    return al.load_model(made / "model.pt"), made / "recordings"


def learn(folder):
    root = folder / "recordings"
    root.mkdir()
    rng = np.random.default_rng(0)
    rows = []
    for k in range(8):
        name = f"SIM1_2020010{k + 1}_000000"
        starts = rng.uniform(0, 24, 2).round(2)
        low, high = (starts[0], starts[0] + 4), (starts[1], starts[1] + 5)
        al.write_audio(root / f"{name}.wav", tones(30, rng, [low], [high]), RATE)
        labels = label_frame([(name, *low, "LOWTON"), (name, *high, "HIGTON")])
        al.write_audacity_labels(labels.rename(columns={"species": "label"}), root / f"{name}.txt")
        rows.append(labels)
    for k in range(4):  # normalised, noise alone is loud: the network must have heard that, too
        name = f"SIM1_2020020{k + 1}_000000"
        al.write_audio(root / f"{name}.wav", tones(30, rng), RATE)
        (root / f"{name}.txt").touch()
    data = al.load_dataset(root)
    windows = al.window_labels(data.strong_labels, data.recordings, SPECIES)
    model = al.build_model("small_cnn", SPECIES)
    features = al.window_features(windows, data, progress=False)
    al.fit(model, (features, windows[SPECIES]), epochs=12, batch_size=16, device="cpu", progress=False)
    al.save_model(model, folder / "model.pt")


def test_a_folder_gives_probabilities_calls_and_label_files(trained, tmp_path):
    model, root = trained
    out = detections.predict_folder(model, root, tmp_path / "out", progress=False)
    table = pd.read_csv(out)
    data = al.load_dataset(root)
    windows = al.window_labels(data.strong_labels, data.recordings, SPECIES)
    assert list(table.columns) == ["fname", "min_t", "max_t", *SPECIES]
    np.testing.assert_allclose(table[SPECIES], al.predict(model, windows, data), atol=2e-4)
    truth = al.merge_calls(data.strong_labels[["recording", "start_s", "end_s", "species"]])
    calls = pd.read_csv(tmp_path / "out" / "calls.csv")
    assert len(calls) == len(truth)
    both = calls.merge(truth, on=["recording", "species"])
    assert (both["start_s_x"] - both["start_s_y"]).abs().max() < 2
    for name, part in calls.groupby("recording"):
        read = al.read_audacity_labels(tmp_path / "out" / "labels" / f"{name}.txt")
        assert read["label"].tolist() == part["species"].tolist()
    # The labels can be put beside the recordings and read as a data set.
    again = tmp_path / "again"
    again.mkdir()
    for path in [*root.glob("*.wav"), *(tmp_path / "out" / "labels").glob("*.txt")]:
        (again / path.name).symlink_to(path)
    assert len(al.load_dataset(again).strong_labels) == len(calls)


def test_long_recordings_are_read_in_stretches(trained, tmp_path, monkeypatch):
    model, _ = trained
    folder = tmp_path / "long"
    signal = tones(300, np.random.default_rng(1), [(58, 65), (200, 203)], [(119, 121)])
    al.write_audio(folder / f"{NAME}.wav", signal, RATE)
    lengths = []

    def read(*given):
        lengths.append(given[6])
        return original(*given)

    original = detections.read_windows
    monkeypatch.setattr(detections, "read_windows", read)
    table = pd.read_csv(detections.predict_folder(model, folder, tmp_path / "out", progress=False))
    assert len(lengths) == 5 and max(lengths) < 65
    assert table["min_t"].tolist() == list(range(298))
    found = pd.read_csv(tmp_path / "out" / "calls.csv")
    assert found["species"].tolist() == ["LOWTON", "HIGTON", "LOWTON"]
    np.testing.assert_allclose(found[["start_s", "end_s"]], [[58, 65], [119, 121], [200, 203]], atol=2.01)


def test_a_stopped_run_goes_on_and_new_recordings_are_added(trained, tmp_path, monkeypatch):
    model, root = trained
    whole = detections.predict_folder(model, root, tmp_path / "whole", progress=False).read_bytes()

    class Stop(BaseException):
        pass

    def stop_after(count):
        seen = []

        def predicted(*given, **more):
            seen.append(1)
            if len(seen) > count:
                raise Stop
            return al.predict(*given, **more)

        return predicted

    monkeypatch.setattr(detections, "predict", stop_after(3))
    with pytest.raises(Stop):
        detections.predict_folder(model, root, tmp_path / "out", progress=False, n_jobs=1)
    assert len(list((tmp_path / "out" / "windows").glob("*.csv"))) == 3
    assert not (tmp_path / "out" / "predictions.csv").exists()
    monkeypatch.setattr(detections, "predict", stop_after(9))
    out = detections.predict_folder(model, root, tmp_path / "out", progress=False)
    assert out.read_bytes() == whole
    monkeypatch.setattr(detections, "predict", stop_after(0))  # nothing is left to do
    assert detections.predict_folder(model, root, tmp_path / "out", progress=False).read_bytes() == whole
    with pytest.raises(ValueError, match="run.json.*other threshold"):
        detections.predict_folder(model, root, tmp_path / "out", threshold=0.3, progress=False)
    other = al.build_model("small_cnn", SPECIES, seed=9)
    with pytest.raises(ValueError, match="other model"):
        detections.predict_folder(other, root, tmp_path / "out", progress=False)


def test_broken_and_short_recordings(trained, tmp_path):
    model, root = trained
    folder = tmp_path / "mixed"
    folder.mkdir()
    good = sorted(root.glob("*.wav"))[0]
    (folder / good.name).symlink_to(good)
    al.write_audio(folder / "SIM1_20210101_000000.wav", np.zeros(RATE, dtype=np.float32), RATE)
    al.write_audio(folder / "SIM1_20210102_000000.wav", np.zeros(5 * RATE, dtype=np.float32), RATE)
    with pytest.warns(UserWarning, match="20210101_000000: shorter than a window"):
        out = detections.predict_folder(model, folder, tmp_path / "out", progress=False)
    table = pd.read_csv(out).set_index("fname")
    assert sorted(set(table.index)) == [good.stem, "SIM1_20210102_000000"]
    assert len(table.loc["SIM1_20210102_000000"]) == 3 and table.notna().all(axis=None)  # silence is heard as silence
    broken = folder / "SIM1_20210103_000000.wav"
    al.write_audio(broken, np.ones(5 * RATE, dtype=np.float32) / 2, RATE)
    data = al.load_dataset(folder)
    broken.write_bytes(broken.read_bytes()[:30])  # cut off after the table of recordings was made
    with pytest.raises(ValueError, match="20210103"):
        detections.predict_folder(model, folder, tmp_path / "out", progress=False)
    with pytest.raises(ValueError, match="20210103"):
        detections.predict_folder(model, data, tmp_path / "out", progress=False)
    with pytest.warns(UserWarning, match=r"2 recording\(s\) without predictions"):
        again = detections.predict_folder(model, data, tmp_path / "out", progress=False, on_error="skip")
    assert set(pd.read_csv(again)["fname"]) == set(table.index)
    report = pd.read_csv(tmp_path / "out" / "report.csv")
    assert report["recording"].tolist() == ["SIM1_20210101_000000", "SIM1_20210103_000000"]
    with pytest.raises(ValueError, match="threshold has no entry"):
        detections.predict_folder(model, folder, tmp_path / "out", threshold={"LOWTON": 0.5}, progress=False)


@pytest.mark.parametrize("workers", [None, 1])
def test_names_of_recordings_can_not_lead_out_of_the_folder(trained, tmp_path, workers):
    model, root = trained
    data = al.load_dataset(root)
    data = dataclasses.replace(data, recordings=data.recordings.iloc[:3].reset_index(drop=True))
    data.recordings["path"] = [str(root / path) for path in data.recordings["path"]]
    names = ["../../../escaped", data.recordings["recording"][1], str(tmp_path / "absolute")]
    data.recordings["recording"] = names
    with pytest.raises(ValueError, match="recordings, row 0: recording '../../../escaped' can't be part"):
        run(model, data, tmp_path / "deep" / "out", workers=workers)
    assert list(files(tmp_path)) == ["deep/out/run.json"]
    with pytest.warns(UserWarning, match=r"2 recording\(s\) without predictions"):
        out = run(model, data, tmp_path / "deep" / "out", workers=workers, on_error="skip")
    assert set(pd.read_csv(out)["fname"]) == {names[1]}
    assert {path.name for path in tmp_path.iterdir()} == {"deep"} and len(list((tmp_path / "deep").iterdir())) == 1
    assert pd.read_csv(out.parent / "report.csv")["recording"].tolist() == [names[0], names[2]]


def two_recordings(folder, rng):
    names = [NAME, "SIM1_20200102_000000"]
    for name in names:
        al.write_audio(folder / f"{name}.wav", tones(8, rng, [(2, 5)]), RATE)
    return names


def run(model, folder, out, **options):
    return detections.predict_folder(model, folder, out, progress=False, device="cpu", **options)


def files(folder):
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_a_run_is_of_is_json_that_all_programs_read(trained, tmp_path):
    model, _ = trained
    two_recordings(tmp_path, np.random.default_rng(0))
    for options, told in (({"threshold": np.inf}, "threshold"), ({"window_s": np.nan}, "window_s")):
        with pytest.raises(ValueError, match=told):
            run(model, tmp_path, tmp_path / "out", **options)
        assert not (tmp_path / "out").exists()
    for _ in range(2):  # it is the same run the second time
        run(model, tmp_path, tmp_path / "out", block_s=np.inf)
    json.loads((tmp_path / "out" / "run.json").read_text(), parse_constant=lambda word: pytest.fail(word))


@pytest.mark.parametrize("workers", [None, 1])
def test_a_replaced_recording_is_judged_again(trained, tmp_path, workers):
    model, _ = trained
    rng = np.random.default_rng(5)
    name, other = two_recordings(tmp_path / "r", rng)
    run(model, tmp_path / "r", tmp_path / "out", workers=workers)
    kept = (tmp_path / "out" / "windows" / f"{other}.csv").stat().st_mtime_ns
    al.write_audio(tmp_path / "r" / f"{name}.wav", tones(5, rng, [], [(1, 3)]), RATE)
    table = pd.read_csv(run(model, tmp_path / "r", tmp_path / "out", workers=workers))
    assert table["fname"].value_counts().to_dict() == {name: 3, other: 6}
    assert (tmp_path / "out" / "windows" / f"{other}.csv").stat().st_mtime_ns == kept
    run(model, tmp_path / "r", tmp_path / "fresh", workers=workers)
    assert files(tmp_path / "out") == files(tmp_path / "fresh")


def test_answers_of_a_recording_that_was_replaced_by_a_broken_one_are_not_joined(trained, tmp_path):
    model, _ = trained
    name, other = two_recordings(tmp_path / "r", np.random.default_rng(5))
    data = al.load_dataset(tmp_path / "r")
    run(model, data, tmp_path / "out")
    (tmp_path / "r" / f"{name}.wav").write_bytes(b"RIFF")
    with pytest.warns(UserWarning, match=name):
        table = pd.read_csv(run(model, data, tmp_path / "out", on_error="skip"))
    assert set(table["fname"]) == {other}


@pytest.mark.parametrize(("place", "harm"), [
    ("windows/*.csv", lambda p: p.write_bytes(b"")), ("windows/*.csv", lambda p: p.write_bytes(p.read_bytes()[:60])),
    ("windows/*.csv", lambda p: p.write_text("".join(p.read_text().splitlines(keepends=True)[:-1]))),
    ("windows/*.csv", lambda p: p.write_text(p.read_text().replace("0.", "0.1", 1))), ("done/*", lambda p: p.unlink()),
    ("windows/*.csv", lambda p: p.unlink()), ("labels/*", lambda p: p.unlink()),
    ("done/*", lambda p: p.write_text("{"))])
def test_damaged_parts_are_made_anew(trained, tmp_path, place, harm):
    model, _ = trained
    two_recordings(tmp_path / "r", np.random.default_rng(5))
    run(model, tmp_path / "r", tmp_path / "out")
    right = files(tmp_path / "out")
    harm(sorted((tmp_path / "out").glob(place))[0])
    run(model, tmp_path / "r", tmp_path / "out")
    assert files(tmp_path / "out") == right


def test_edited_labels_stay_and_are_kept_beside_new_ones(trained, tmp_path):
    model, _ = trained
    name, _ = two_recordings(tmp_path / "r", np.random.default_rng(5))
    run(model, tmp_path / "r", tmp_path / "out")
    labels = tmp_path / "out" / "labels" / f"{name}.txt"
    made, edited = labels.read_bytes(), b"0.5\t1.5\tLOWTON\n"
    labels.write_bytes(edited)
    run(model, tmp_path / "r", tmp_path / "out")
    assert labels.read_bytes() == edited
    (tmp_path / "out" / "windows" / f"{name}.csv").write_bytes(b"")
    run(model, tmp_path / "r", tmp_path / "out")
    assert labels.read_bytes() == made
    assert [p.read_bytes() for p in labels.parent.glob("*.bak")] == [edited]


@pytest.mark.parametrize("step", ["read_windows", "write_audacity_labels"])
def test_a_disk_that_is_full_or_fails_stops_the_run(trained, tmp_path, monkeypatch, step):
    model, _ = trained
    two_recordings(tmp_path / "r", np.random.default_rng(5))

    def fails(*given, **more):
        raise OSError(errno.EIO if step == "read_windows" else errno.ENOSPC, "as the system says", "here")

    monkeypatch.setattr(detections, step, fails)
    with pytest.raises(OSError, match="the disk .*run the same again"):
        run(model, tmp_path / "r", tmp_path / "out", on_error="skip")
    assert not (tmp_path / "out" / "predictions.csv").exists()
    monkeypatch.undo()
    assert len(pd.read_csv(run(model, tmp_path / "r", tmp_path / "out"))) == 12


def test_workers_refuse_another_network_at_its_place(trained, tmp_path):
    model, _ = trained
    al.save_model(al.build_model("small_cnn", SPECIES, seed=9), tmp_path / "model.pt")
    with pytest.raises(ValueError, match="model.pt: not the network of this run"):
        detections._model_of(tmp_path / "model.pt", digest_of_weights(model))
