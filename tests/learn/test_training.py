"""training and prediction: same seed same numbers, resume to the same bits, errors that help."""

import errno
import functools
import pathlib
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

from anuralib.learn import augment, losses, training
from anuralib.learn import pictures as window_pictures
from anuralib.learn.batches import picture_rows
from anuralib.learn.models import build_model, load_model
from anuralib.learn.prediction import predict
from anuralib.sound.audio import write_audio

SPECIES = ["LOW", "HIGH", "NEVER"]
QUIET = {"device": "cpu", "progress": False}


def toy_data(n=96, seed=0):
    """Noise with a short event in a low or in a high band, and a species that never calls."""
    rng = np.random.default_rng(seed)
    values = rng.normal(-70, 5, (n, 1, 16, 24)).astype(np.float32)
    labels = np.zeros((n, 3), dtype=np.int8)
    labels[:, :2] = rng.random((n, 2)) < (0.5, 0.25)
    for row, column in zip(*np.nonzero(labels), strict=True):
        start = rng.integers(0, 20)
        values[row, 0, 4 if column == 0 else 11, start : start + 4] += 40
    return values, labels


def weights_of(model):
    return {key: value.clone() for key, value in model.state_dict().items()}


def same_bits(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def run(out_dir=None, model=None, train=None, valid=None, **options):
    model = build_model("small_cnn", SPECIES) if model is None else model
    train = toy_data() if train is None else train
    valid = toy_data(40, seed=1) if valid is None else valid
    options = {"epochs": 4, "batch_size": 16, **QUIET, **options}
    return model, training.fit(model, train, valid, out_dir=out_dir, **options)


@pytest.mark.parametrize("n", [1, 16, 17, 40, 60, 70])
def test_so_few_steps_that_the_learning_rate_hardly_rises(n):
    _, (history, _) = run(train=toy_data(n), epochs=1)
    assert np.isfinite(history["train_loss"]).all()


def test_augmentations_of_every_form_train_and_have_a_name_in_the_checkpoint(tmp_path):
    def own(batch, generator):
        return batch + torch.rand(1, generator=generator)

    mixed = augment.chain(augment.mixup, functools.partial(augment.mix_background, background=toy_data(4)[0]))
    for k, form in enumerate([True, own, mixed, augment.mix_sounds, functools.partial(augment.gain, range_db=(0, 3))]):
        model, _ = run(tmp_path / str(k), augment=form, epochs=1)
        other, _ = run(tmp_path / str(k), augment=form, epochs=1)  # read from the checkpoint
        assert same_bits(weights_of(model), weights_of(other))
        settings = torch.load(tmp_path / str(k) / "checkpoint.pt", weights_only=True)["settings"]
        assert " at 0x" not in settings["augment"]  # an address would differ in the next process
    with pytest.raises(ValueError, match="augment"):
        run(tmp_path / "4", augment=functools.partial(augment.gain, range_db=(0, 4)), epochs=1)


def test_one_may_look_on_without_changing_anything():
    seen = []

    def look(model, row):
        seen.append((row["epoch"], predict(model, toy_data(3)[0]).shape))

    watched, history = run(epochs=2, on_epoch=look)
    assert seen == [(1, (3, 3)), (2, (3, 3))]
    alone, same = run(epochs=2)
    assert same_bits(weights_of(watched), weights_of(alone))
    pd.testing.assert_frame_equal(without_seconds(history), without_seconds(same))


def test_precision_and_clipping():
    exact, _ = run(epochs=1)
    for options in ({"precision": "bfloat16"}, {"clip_norm": 1e-3}):
        model, history = run(epochs=1, **options)
        assert np.isfinite(history.frame["train_loss"]).all()
        assert not same_bits(weights_of(exact), weights_of(model))
    with pytest.raises(ValueError, match="precision"):
        run(precision="half")


def without_seconds(history):
    return history.frame.drop(columns="seconds")


def test_it_learns():
    model, history = run(epochs=12)
    frame = history.frame
    assert frame["train_loss"].iloc[-1] < frame["train_loss"].iloc[0] / 3
    assert frame["valid_map"].max() > 0.95
    assert frame.loc[frame["epoch"] == history.best_epoch, "valid_map"].item() == (
        frame["valid_map"].max()
    )
    assert list(frame.columns) == [
        "epoch", "lr", "train_loss", "valid_loss", "valid_map", "seconds",
    ]  # fmt: skip
    values, labels = toy_data(60, seed=2)
    prob = predict(model, values)
    assert prob.dtype == np.float32 and prob.shape == (60, 3)
    assert ((prob[:, :2] > 0.5) == labels[:, :2]).mean() > 0.9


def test_same_seed_same_numbers_other_seed_other_numbers():
    one, first = run(augment=True)
    torch.manual_seed(99)  # the caller's random state has no influence ...
    before = torch.random.get_rng_state()
    two, second = run(augment=True)
    assert torch.equal(before, torch.random.get_rng_state())  # ... and is not touched
    assert same_bits(weights_of(one), weights_of(two))
    pd.testing.assert_frame_equal(without_seconds(first), without_seconds(second))
    three, _ = run(augment=True, seed=1)
    assert not same_bits(weights_of(one), weights_of(three))


class Stop(BaseException):
    """Stands for the kill: nothing in the package may catch it."""


def stopping_loss(batches):
    """Cross-entropy that kills the run in a later batch; None: never."""
    seen = []

    def loss(logits, labels):
        seen.append(1)
        if len(seen) == batches:
            raise Stop
        return losses.bce(logits, labels)

    return loss


def test_a_killed_run_resumes_to_the_same_bits(tmp_path):
    straight, history = run(tmp_path / "straight", loss=stopping_loss(None), augment=True)
    with pytest.raises(Stop):  # 6 batches of train and 1 of valid an epoch: within the third
        run(tmp_path / "killed", loss=stopping_loss(17), augment=True)
    state = torch.load(tmp_path / "killed" / "checkpoint.pt", weights_only=True)
    assert [row["epoch"] for row in state["rows"]] == [1, 2]
    assert not (tmp_path / "killed" / "model.pt").exists()
    other = build_model("small_cnn", SPECIES, seed=77)  # what it starts from must not matter
    resumed, second = run(tmp_path / "killed", model=other, loss=stopping_loss(None), augment=True)
    assert same_bits(weights_of(straight), weights_of(resumed))
    pd.testing.assert_frame_equal(without_seconds(history), without_seconds(second))
    assert history.best_epoch == second.best_epoch
    names = sorted(path.name for path in (tmp_path / "killed").iterdir())
    assert names == ["checkpoint.pt", "history.csv", "model.pt"]
    saved = load_model(tmp_path / "killed" / "model.pt")
    assert same_bits(weights_of(saved), weights_of(straight))
    np.testing.assert_array_equal(predict(saved, toy_data()[0]), predict(straight, toy_data()[0]))


def test_a_complete_run_is_not_trained_again_and_says_so(tmp_path, capsys):
    _, first = run(tmp_path)
    model, second = run(tmp_path, loss="bce", progress=True)
    pd.testing.assert_frame_equal(first.frame, second.frame)
    assert "nothing to train" in "".join(capsys.readouterr())
    assert same_bits(weights_of(model), weights_of(load_model(tmp_path / "model.pt")))
    _, afresh = run(tmp_path, resume=False, epochs=2)
    assert len(afresh.frame) == 2


def test_what_a_killed_run_left_is_cleared_and_a_living_one_is_named(tmp_path):
    left = tmp_path / f".checkpoint.{'0' * 32}.part.pt"
    left.write_bytes(b"half")
    run(tmp_path, epochs=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["checkpoint.pt", "history.csv", "model.pt"]
    hold = ("import sys; from anuralib._files import locked\n"
            "with locked(sys.argv[1]): print('held', flush=True); sys.stdin.readline()")  # fmt: skip
    with subprocess.Popen([sys.executable, "-c", hold, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          text=True) as other:  # fmt: skip
        assert other.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError, match=f"process {other.pid} on"):
            run(tmp_path, epochs=1)
        other.communicate("\n")
    run(tmp_path, epochs=1)


def test_a_full_disk_is_told_and_the_checkpoint_before_stays(tmp_path, monkeypatch):
    def full(self, data):
        raise OSError(errno.ENOSPC, "No space left on device", str(self))

    with pytest.raises(Stop):
        run(tmp_path, loss=stopping_loss(17))
    before = (tmp_path / "checkpoint.pt").read_bytes()
    monkeypatch.setattr(pathlib.Path, "write_bytes", full)
    with pytest.raises(OSError, match="disk is full.*run the same again"):
        run(tmp_path, loss=stopping_loss(None))
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
    assert (tmp_path / "checkpoint.pt").read_bytes() == before


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    run(tmp_path, epochs=1)
    before = (tmp_path / "checkpoint.pt").read_bytes()
    renamed = build_model("small_cnn", ["LOW", "HIGH", "OTHER"])
    values, labels = toy_data()
    for options, message in [
        ({"epochs": 2}, "epochs: 1 there, 2 now"),
        ({"epochs": 1, "lr": 0.5}, "lr: "),
        ({"epochs": 1, "seed": 5}, "seed"),
        ({"epochs": 1, "model": renamed}, "species.*NEVER.*OTHER"),
        ({"epochs": 1, "loss": stopping_loss(None)}, "loss"),
        ({"epochs": 1, "train": (values + 1, labels)}, "train data"),
        ({"epochs": 1, "train": (values, 1 - labels)}, "train data"),
    ]:
        with pytest.raises(ValueError, match=f"another run.*{message}.*resume=False"):
            run(tmp_path, **options)
    assert (tmp_path / "checkpoint.pt").read_bytes() == before
    (tmp_path / "checkpoint.pt").write_bytes(before[:500])
    with pytest.raises(ValueError, match="checkpoint.pt.*damaged"):
        run(tmp_path, epochs=1)


def test_early_stopping_keeps_the_best_epoch(monkeypatch):
    scores = iter([0.2, 0.6, 0.5, 0.6, 0.1, 0.9])
    kept = []

    def judge(model, *rest):
        kept.append(weights_of(model))
        score = next(scores)
        return 1.0, score, score

    monkeypatch.setattr(training, "_validate", judge)
    model, history = run(epochs=6, patience=3)
    assert len(history.frame) == 5 and history.best_epoch == 2
    assert same_bits(weights_of(model), kept[1])
    assert not model.training


def test_without_patience_or_valid_all_epochs_are_run():
    model = build_model("small_cnn", SPECIES)
    history = training.fit(model, toy_data(), epochs=3, patience=1, batch_size=32, **QUIET)
    assert len(history.frame) == 3 and history.best_epoch == 3
    assert history.frame[["valid_loss", "valid_map"]].isna().all(axis=None)


def test_valid_without_any_call_is_judged_by_its_loss():
    values, labels = toy_data(20)
    _, history = run(valid=(values, labels * 0), epochs=3)
    assert history.frame["valid_map"].isna().all()
    assert history.best_epoch == history.frame.set_index("epoch")["valid_loss"].idxmin()


def test_read_only_and_reversed_arrays():
    values, labels = toy_data(12)
    frame = pd.DataFrame(labels.astype(np.float32), columns=SPECIES)  # pandas gives read-only views
    plain, _ = run(train=(values[::-1].copy(), labels), epochs=1)
    values.flags.writeable = False
    model, _ = run(train=(values[::-1], frame), epochs=1)
    assert same_bits(weights_of(plain), weights_of(model))


@pytest.mark.parametrize("n", [1, 17])
def test_few_windows_and_half_precision(n):
    values, labels = toy_data(n)
    model, history = run(train=(values.astype(np.float16), labels), epochs=2)
    assert np.isfinite(history.frame["train_loss"]).all()
    assert predict(model, values.astype(np.float16)).shape == (n, 3)


def test_resnet_trains():
    model = build_model("resnet18", SPECIES)
    _, history = run(model=model, train=toy_data(9), valid=toy_data(5), epochs=1, batch_size=8)
    assert np.isfinite(history.frame["train_loss"]).all()


VALUES, LABELS = toy_data(8)
BROKEN = VALUES.copy()
BROKEN[3, 0, 2, 2] = np.nan


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (VALUES, "pair"),
        ((VALUES[:0], LABELS[:0]), "N > 0"),
        ((VALUES[:, 0], LABELS), "n_mels, frames"),
        ((VALUES, LABELS[:5]), r"labels must be \(8, 3\)"),
        ((VALUES, LABELS[:, :2]), r"labels must be \(8, 3\)"),
        ((VALUES, LABELS + 1), "between 0 and 1"),
        ((VALUES, np.full(LABELS.shape, np.nan)), "between 0 and 1"),
        ((VALUES, LABELS.astype(str).astype(object) + "x"), "numbers"),
        ((BROKEN, LABELS), "train features hold NaN.* row 0"),
        ((VALUES, pd.DataFrame(LABELS, columns=["HIGH", "LOW", "NEVER"])), "species"),
    ],
)
def test_fit_names_what_is_wrong(train, message):
    with pytest.raises(ValueError, match=message):
        run(train=train, epochs=1)


def test_more_that_fit_refuses():
    with pytest.raises(ValueError, match="valid"):
        run(valid=(VALUES[..., :20], LABELS), epochs=1)
    for options in ({"epochs": 0}, {"batch_size": 0}, {"lr": 0}, {"clip_norm": 0}):
        with pytest.raises(ValueError, match="epochs >= 1"):
            run(**options)
    with pytest.raises(FloatingPointError, match="lower lr"):
        run(loss=lambda logits, labels: logits.sum() * float("nan"))


def test_a_trained_model_remembers_its_input():
    model, _ = run(epochs=1)
    mean = model.mean.clone()
    with pytest.raises(ValueError, match=r"\(16, 20\).*trained on \(16, 24\)"):
        predict(model, VALUES[..., :20])
    run(model=model, train=(VALUES + 30, LABELS), epochs=1)
    assert torch.equal(mean, model.mean)  # fine-tuning keeps the normalisation
    for nothing in (VALUES[:0], np.zeros((0, 99)), np.zeros(99)):
        with pytest.raises(ValueError, match="N > 0"):
            predict(model, nothing)
    with pytest.raises(ValueError, match="NaN"):
        predict(model, BROKEN)
    with pytest.raises(ValueError, match="dataset"):
        predict(model, pd.DataFrame({"fname": ["x"]}))


def test_predict_from_features_signals_and_windows_agrees(tmp_path):
    rate, name = 22050, "A_20200101_000000"
    signal = 0.1 * np.random.default_rng(0).standard_normal(4 * rate).clip(-5, 5)
    write_audio(tmp_path / f"{name}.wav", signal.astype(np.float32), rate)
    recordings = pd.DataFrame({"recording": [name], "path": [f"{name}.wav"]})
    dataset = SimpleNamespace(root=tmp_path, recordings=recordings)
    windows = pd.DataFrame({"fname": name, "min_t": [1, 0], "max_t": [4, 3]})
    settings = {"n_mels": 32, "hop": 1024}
    model = build_model("small_cnn", SPECIES, features=settings)
    values = window_pictures.window_features(windows, dataset, progress=False, **settings)
    training.fit(model, (values, [[1, 0, 0], [0, 1, 0]]), epochs=1, **QUIET)
    expected = predict(model, values)
    np.testing.assert_allclose(predict(model, windows, dataset), expected, atol=1e-6)
    heard = window_pictures.preprocess(window_pictures.read_audio(tmp_path / f"{name}.wav"), rate)
    signals = np.stack([heard[rate:], heard[: 3 * rate]])
    np.testing.assert_allclose(predict(model, signals), expected, atol=1e-5)
    # The order of the rows is the caller's, whatever the batches are.
    np.testing.assert_allclose(
        predict(model, values[::-1], batch_size=1), expected[::-1], atol=1e-6
    )


def test_rows_of_a_mapped_file_train_and_predict_as_their_copy_does(tmp_path):
    features, labels = toy_data(120)
    np.save(tmp_path / "pictures.npy", features.astype(np.float16))
    mapped = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    chosen = np.arange(120) % 3 > 0
    found = {}
    for name, part in (("copied", mapped[chosen]), ("rows", picture_rows(mapped, chosen)),
                       ("places", picture_rows(mapped, np.flatnonzero(chosen)))):  # fmt: skip
        model, _ = run(tmp_path / name, train=(part, labels[chosen]), epochs=2)
        found[name] = weights_of(model), predict(model, part, device="cpu")
    for name in ("rows", "places"):
        assert same_bits(found[name][0], found["copied"][0])
        assert (found[name][1] == found["copied"][1]).all()
    # The same numbers are the same run: the checkpoint of the copy is taken up.
    _, history = run(tmp_path / "copied", train=(picture_rows(mapped, chosen), labels[chosen]), epochs=2)
    assert len(history.frame) == 2


def test_fit_holds_a_batch_of_mapped_pictures_and_not_the_subset(monkeypatch):
    asked = []

    class Counted(np.ndarray):
        def __getitem__(self, key):
            made = np.asarray(super().__getitem__(key))
            asked.append(len(made))
            return made

    features, labels = toy_data(2000)
    rows = picture_rows(features.view(Counted), np.arange(2000) % 2 == 0)
    run(train=(rows, labels[::2]), epochs=1)
    assert len(asked) > 60 and max(asked) < 1000 + 25


@pytest.mark.parametrize(("chosen", "message"), [
    ([True, False], "mask of 4 rows"), ([0.5], "mask of 4 rows"), ([4], "rows from 4 to 4 of 4"),
    ([-1, 2], "rows from -1"),
])  # fmt: skip
def test_picture_rows_refuses_what_names_no_rows(chosen, message):
    with pytest.raises(ValueError, match=message):
        picture_rows(np.zeros((4, 1, 8, 5)), chosen)


def test_epochs_of_few_steps_take_other_windows_each_time():
    seen = []

    def look(batch, generator=None):
        seen.append(batch[:, 0, 0, 0].tolist())
        return batch

    run(train=toy_data(96), epochs=2, steps=2, augment=look, schedule="constant")
    assert [len(batch) for batch in seen] == [16, 16, 16, 16]
    assert len({value for batch in seen for value in batch}) > 32


def test_a_constant_learning_rate_stays(tmp_path):
    _, history = run(epochs=3, schedule="constant", lr=0.002, weight_decay=0.0)
    assert (history.frame["lr"] == 0.002).all()
    with pytest.raises(ValueError, match="schedule must be"):
        run(schedule="linear")
    with pytest.raises(ValueError, match="steps >= 1"):
        run(steps=0)
