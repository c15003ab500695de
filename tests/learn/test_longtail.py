"""longtail: resampling and mixing against cases that can be worked out by hand."""

from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from anuralib.learn import longtail, training
from anuralib.learn.models import build_model, last_layer

LABELS = np.zeros((100, 3), dtype=int)
LABELS[:64, 0] = 1  # common
LABELS[60:65, 1] = 1  # in 4 of its 5 windows with the common one
LABELS[98, 2] = 1
QUIET = {"device": "cpu", "progress": False}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def test_repeat_factors_by_hand():
    got = longtail.repeat_factors(LABELS, threshold=0.2)
    assert got[0] == got[50] == 1  # 64 of 100 is above the threshold
    assert got[60] == got[64] == pytest.approx(2)  # sqrt(0.2 / 0.05), the rarer of its two species
    assert got[98] == pytest.approx(np.sqrt(20))
    assert got[99] == 1  # nobody calls
    np.testing.assert_array_equal(longtail.repeat_factors(LABELS, threshold=0.01), np.ones(100))
    never = np.c_[LABELS, np.zeros(100, dtype=int)]
    np.testing.assert_array_equal(longtail.repeat_factors(never, 0.2), got)


@pytest.mark.parametrize(("labels", "threshold", "message"), [
    (LABELS, 0, "threshold"), (LABELS, 1.5, "threshold"), (LABELS * 0.5, 0.1, "only 0 and 1"),
    (LABELS[:, 0], 0.1, "n_species"),
])  # fmt: skip
def test_what_repeat_factors_refuse(labels, threshold, message):
    with pytest.raises(ValueError, match=message):
        longtail.repeat_factors(labels, threshold)


def test_weights_are_shares():
    pairs = longtail.pair_weights(200, 1.0, generator())
    torch.testing.assert_close(pairs.sum(1), torch.ones(200))
    assert ((pairs > 0).sum(1) <= 2).all() and (pairs.diagonal() > 0).all()
    own = pairs.diagonal().numpy()
    assert abs(own.mean() - 0.5) < 0.08 and abs(own.std() - 12**-0.5) < 0.05  # Beta(1, 1) is even
    for alpha in (0.2, 5.0):
        whole = longtail.batch_weights(400, alpha, generator(1))
        torch.testing.assert_close(whole.sum(1), torch.ones(400))
        # Of a Dirichlet distribution with n equal parameters the shares have variance (n - 1) / (n^2 (n alpha + 1)).
        assert float(whole.var()) == pytest.approx(399 / (400**2 * (400 * alpha + 1)), rel=0.05)
    assert torch.equal(longtail.pair_weights(9, 1.0, generator(5)), longtail.pair_weights(9, 1.0, generator(5)))
    with pytest.raises(ValueError, match="alpha"):
        longtail.batch_weights(4, 0.0)


def batch(n=6):
    model = build_model("small_cnn", 3).eval()  # without dropout
    pictures = torch.randn(n, 1, 16, 24, generator=generator()) * 40 - 60
    return model, pictures, torch.from_numpy(LABELS[58 : 58 + n]).float()


@pytest.mark.parametrize(("mix", "weights"), [
    (longtail.manifold_mixup, longtail.pair_weights), (longtail.multimix, longtail.batch_weights),
])  # fmt: skip
def test_blends_before_a_linear_layer_are_blends_of_logits(mix, weights):
    model, pictures, labels = batch()
    share = weights(6, 0.7, generator(3))
    logits, target = mix(model, pictures, labels, generator(3), alpha=0.7)
    torch.testing.assert_close(logits, share @ model(pictures))  # each row sums to 1, so the bias is blended too
    torch.testing.assert_close(target, share @ labels)
    assert not last_layer(model)._forward_pre_hooks  # the hook is gone


def test_mixup_blends_the_pictures():
    model, pictures, labels = batch()
    share = longtail.pair_weights(6, 0.7, generator(3))
    logits, target = longtail.mixup(model, pictures, labels, generator(3), alpha=0.7)
    torch.testing.assert_close(logits, model(torch.einsum("ij,jcmt->icmt", share, pictures)))
    torch.testing.assert_close(target, share @ labels)
    assert not torch.allclose(logits, share @ model(pictures))  # a network is not linear


def test_the_mixture_draws_one_of_three():
    model, pictures, labels = batch()
    for k, method in enumerate((longtail.mixup, longtail.manifold_mixup, longtail.multimix)):
        chances = [float(i == k) for i in range(3)]
        got = longtail.mixture_of_mixups(model, pictures, labels, generator(2), chances)
        source = generator(2)
        torch.multinomial(torch.tensor(chances), 1, generator=source)
        torch.testing.assert_close(got, method(model, pictures, labels, source))
    runs = [longtail.mixture_of_mixups(model, pictures, torch.eye(6), generator(s))[1] for s in range(80)]
    whole = np.mean([bool((shares > 0).all()) for shares in runs])
    assert 0.1 < whole < 0.4  # a quarter of the batches blends all


def toy(n=48):
    rng = np.random.default_rng(0)
    labels = np.zeros((n, 2), dtype=int)
    labels[:, 0] = rng.random(n) < 0.5
    labels[:3, 1] = 1
    return rng.normal(-70, 5, (n, 1, 16, 24)).astype(np.float32), labels


@pytest.mark.parametrize("mix", [*longtail.MIXES, partial(longtail.multimix, alpha=1.0)])
def test_each_trains_to_the_same_bits_twice(mix, tmp_path):
    runs = []
    for k in range(2):
        model = build_model("small_cnn", 2)
        training.fit(model, toy(), epochs=2, batch_size=16, mix=mix, out_dir=tmp_path / str(k), **QUIET)
        runs.append(model.state_dict())
    assert all(torch.equal(runs[0][key], runs[1][key]) for key in runs[0])
    with pytest.raises(ValueError, match="mix"):
        training.fit(build_model("small_cnn", 2), toy(), epochs=2, batch_size=16, out_dir=tmp_path / "0", **QUIET)


def test_windows_are_drawn_by_their_chances():
    seen = []

    def look(batch, labels, generator):
        seen.append(labels.clone())
        return batch, labels

    chances = np.where(toy()[1][:, 1] == 1, 15.0, 1.0)  # 3 windows x 15 = the other 45
    options = {"epochs": 20, "batch_size": 16, "lr": 1e-6, "augment": look, **QUIET}
    training.fit(build_model("small_cnn", 2), toy(), sampling=chances, **options)
    drawn = torch.cat(seen)
    assert len(drawn) == 20 * 48  # the same number of steps
    assert abs(float(drawn[:, 1].mean()) - 0.5) < 0.06
    seen.clear()
    only = np.eye(48)[7]
    training.fit(build_model("small_cnn", 2), toy(), sampling=only, **{**options, "epochs": 2})
    assert torch.equal(torch.cat(seen), torch.from_numpy(toy()[1][[7]]).float().expand(96, 2))


@pytest.mark.parametrize(("options", "message"), [
    ({"mix": "cutmix"}, "unknown mix"), ({"mix": 3}, "mix must be"), ({"sampling": np.ones(3)}, "sampling"),
    ({"sampling": np.zeros(48)}, "sampling"), ({"sampling": -np.ones(48)}, "sampling"),
    ({"sampling": np.full(48, np.nan)}, "sampling"),
])  # fmt: skip
def test_what_fit_refuses(options, message):
    with pytest.raises(ValueError, match=message):
        training.fit(build_model("small_cnn", 2), toy(), epochs=1, **options, **QUIET)
