"""embeddings: the numbers before the last layer, and what can be learnt from few of them."""

import numpy as np
import pandas as pd
import pytest

torch = pytest.importorskip("torch")

from anuralib.challenges import embeddings as emb
from anuralib.learn.models import build_model, last_layer
from anuralib.learn.prediction import predict
from anuralib.score.metrics import average_precision


@pytest.mark.parametrize(("name", "size"), [("small_cnn", 256), ("resnet18", 512), ("mobilenet_v3_small", 1024)])
def test_the_last_layer_on_embeddings_gives_the_prediction(name, size):
    model = build_model(name, 3).train()
    features = np.random.default_rng(0).normal(-60, 10, (5, 1, 64, 130)).astype(np.float16)
    x = emb.embed(model, features, batch_size=2, device="cpu")
    assert x.shape == (5, size) and x.dtype == np.float32
    assert model.training and not last_layer(model)._forward_pre_hooks
    with torch.inference_mode():
        prob = torch.sigmoid(last_layer(model)(torch.from_numpy(x))).numpy()
    np.testing.assert_allclose(prob, predict(model, features, device="cpu"), atol=1e-5)
    with pytest.raises(ValueError, match="n_mels, frames"):
        emb.embed(model, features[0])


def clouds(n=200, seed=0):
    rng = np.random.default_rng(seed)
    labels = (rng.random((n, 4)) < [0.5, 0.2, 0, 1]).astype(int)
    return rng.normal(0, 1, (n, 10)) + 4 * labels @ np.eye(4, 10) + 3, labels


@pytest.mark.parametrize("kind", ["probe", "prototypes"])
def test_few_examples_are_enough_for_clouds_that_lie_apart(kind):
    x, labels = clouds()
    if kind == "probe":
        fitted = emb.linear_probe(x[:40], labels[:40])
        scores = emb.probe_probabilities(fitted, x[40:])
    else:
        fitted = emb.prototypes(x[:40], labels[:40])
        scores = emb.prototype_scores(fitted, x[40:])
    assert scores.shape == (160, 4) and scores.dtype == np.float32 and np.isfinite(scores).all()
    assert (average_precision(labels[40:], scores)[:2] > 0.85).all()
    if kind == "probe":  # never there, always there: their share, half a window added to either side
        np.testing.assert_allclose(scores[:, 2], 0.5 / 41, rtol=1e-5)
        np.testing.assert_allclose(scores[:, 3], 40.5 / 41, rtol=1e-5)
    else:
        assert (scores[:, 2:] == 0).all()


def test_prototype_scores_by_hand():
    fitted = emb.prototypes([[0.0, 0.0], [4.0, 0.0]], [[0], [1]])
    at = [[0, 0], [4, 0], [2, 5], [3, -1], [9, 0], [-9, 0]]
    place = np.array([-2, 2, 0, 1, 7, -11])  # 2 (d_no - d_yes) / d
    np.testing.assert_allclose(emb.prototype_scores(fitted, at)[:, 0], 1 / (1 + np.exp(-place)), rtol=1e-5)
    same = emb.prototypes([[0.1], [0.1]], [[0], [1]])
    assert (emb.prototype_scores(same, [[0.1], [0.2]]) == 0.5).all()


def test_windows_beyond_a_prototype_keep_their_rank():
    fitted = emb.prototypes([[0.0], [1.0]], [[0], [1]])
    scores = emb.prototype_scores(fitted, np.linspace(-1, 2, 40)[:, None])[:, 0]
    assert (np.diff(scores) > 0).all()


def test_a_penalty_makes_a_probe_less_sure():
    x, labels = clouds()
    free, held = (emb.linear_probe(x, pd.DataFrame(labels), penalty) for penalty in (0.01, 1000.0))
    assert np.abs(held.weights).max() < 0.2 * np.abs(free.weights).max()


def test_what_is_refused():
    x, labels = clouds(20)
    probe = emb.linear_probe(x, labels)
    for call, message in [
        (lambda: emb.linear_probe(x, labels[:5]), "labels must be"),
        (lambda: emb.linear_probe(x, labels * 2), "only 0 and 1"),
        (lambda: emb.linear_probe(x, labels, penalty=0), "penalty"),
        (lambda: emb.linear_probe(x * np.nan, labels), "NaN"),
        (lambda: emb.prototypes(x[0], labels), "embeddings must be"),
        (lambda: emb.probe_probabilities(probe, x[:, :3]), "3 numbers"),
    ]:
        with pytest.raises(ValueError, match=message):
            call()
