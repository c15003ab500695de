"""A training that a second chapter makes alike is taken from the first one, bit by bit; any other is made."""

import numpy as np
import pytest
import same_training
import torch

from anuralib.learn import training
from anuralib.learn.models import build_model

SPECIES = ["A", "B"]


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    return [
        (rng.normal(-60, 20, (16, 1, 64, 20)).astype(np.float16), (rng.random((16, 2)) < 0.5).astype(int))
        for _ in range(2)
    ]


@pytest.fixture
def trained(monkeypatch):
    """How often `fit` has trained."""
    calls, fit = [], training.fit
    monkeypatch.setattr(training, "fit", lambda *given, **named: calls.append(named) or fit(*given, **named))
    return calls


def run(folder, data, seed=0, watch=None, **more):
    model = build_model("small_cnn", SPECIES, seed=seed)
    options = {"epochs": 2, "seed": 0, "progress": False, "on_epoch": watch, **more}
    return model, same_training._fit(folder, model, *data, options)


def test_the_second_chapter_gets_the_weights_of_every_epoch_and_the_history(tmp_path, data, trained):
    seen = []

    def watch(model, row):
        seen.append((row["epoch"], model.state_dict()["body.head.1.weight"].clone()))

    first, history = run(tmp_path, data)
    second, again = run(tmp_path, data, watch=watch)
    plain = build_model("small_cnn", SPECIES, seed=0)
    training.fit(plain, *data, epochs=2, seed=0, progress=False, on_epoch=watch)
    assert len(trained) == 2  # the first, and the one without the course's memory
    assert again.best_epoch == history.best_epoch and again.frame.equals(history.frame)
    for model in (first, second):
        assert model.input_shape == plain.input_shape and not model.training
        assert all(torch.equal(value, plain.state_dict()[name]) for name, value in model.state_dict().items())
    assert [number for number, _ in seen] == [1, 2, 1, 2]
    assert all(torch.equal(a, b) for (_, a), (_, b) in zip(seen[:2], seen[2:], strict=True))


def test_another_loss_start_or_picture_is_another_training(tmp_path, data, trained):
    run(tmp_path, data)
    run(tmp_path, data, loss="asymmetric")
    run(tmp_path, data, seed=1)
    run(tmp_path, data, augment=lambda batch, generator: batch)
    data[0][0][0, 0, 0, 0] += 1
    run(tmp_path, data)
    assert len(trained) == 5
