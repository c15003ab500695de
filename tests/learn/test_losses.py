import numpy as np
import pytest
import torch

from anuralib.learn import losses

RNG = np.random.default_rng(0)
Z = RNG.normal(0, 2, (6, 4))
Y = (RNG.random((6, 4)) < 0.4).astype(float)
COUNTS, N = np.array([1000.0, 50.0, 2.0, 0.0]), 2000
P = 1 / (1 + np.exp(-Z))
GIVEN = {"counts": torch.tensor(COUNTS), "n_windows": N}
BCE = -(Y * np.log(P) + (1 - Y) * np.log(1 - P))


def by_hand(name):
    """Each formula once more, in numpy and another order of steps."""
    if name == "bce":
        return BCE.mean()
    if name == "focal":
        right = np.where(Y == 1, P, 1 - P)
        return (-((1 - right) ** 2) * np.log(right)).mean()
    if name == "class_balanced":
        weight = np.array([(1 - 0.999) / (1 - 0.999**n) if n else 0 for n in COUNTS])
        return (BCE * weight / weight[:3].mean()).mean()
    if name == "logit_adjusted":
        share = np.array([1000, 50, 2, 0.5]) / N
        p = 1 / (1 + np.exp(-Z) * (1 - share) / share)
        return -(Y * np.log(p) + (1 - Y) * np.log(1 - p)).mean()
    if name == "asymmetric":
        q = np.maximum(P - 0.05, 0)
        return np.where(Y == 1, -np.log(P), -(q**4) * np.log(1 - q)).mean()
    margin = 0.5 * (np.array([1000, 50, 2, 1]) ** -0.25)
    p = 1 / (1 + np.exp(-(Z - np.where(Y == 1, margin, 0))))
    return -(Y * np.log(p) + (1 - Y) * np.log(1 - p)).mean()


def loss_of(name):
    return losses.get_loss(name, **GIVEN)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_value_and_gradient(name):
    z = torch.tensor(Z, requires_grad=True)
    y = torch.tensor(Y)
    assert loss_of(name)(z, y).item() == pytest.approx(by_hand(name), rel=1e-6)
    assert torch.autograd.gradcheck(lambda z: loss_of(name)(z, y), (z,))
    # A step against the gradient helps, in the numbers that training uses too.
    z = torch.tensor(Z, dtype=torch.float32, requires_grad=True)
    before = loss_of(name)(z, y.float())
    before.backward()
    assert loss_of(name)(z - 0.1 * z.grad, y.float()) < before


@pytest.mark.parametrize(("name", "options"), [
    ("focal", {"gamma": 0.0}), ("class_balanced", {"beta": 0.0, "counts": [5, 9, 1, 2]}),
    ("logit_adjusted", {"tau": 0.0, **GIVEN}), ("ldam", {"largest_margin": 0.0, "counts": COUNTS}),
    ("asymmetric", {"gamma_negative": 0.0, "shift": 0.0}),
])  # fmt: skip
def test_each_holds_bce_as_a_special_case(name, options):
    got = losses.LOSSES[name](torch.tensor(Z), torch.tensor(Y), **options)
    assert float(got) == pytest.approx(BCE.mean(), rel=1e-9)


@pytest.mark.parametrize("name", losses.LOSSES)
def test_certainty_makes_no_infinity(name):
    z = torch.tensor([[200.0, -200.0, 200.0, -200.0]], requires_grad=True)
    for y in ([[1.0, 0.0, 1.0, 0.0]], [[0.0, 1.0, 0.0, 1.0]]):
        value = loss_of(name)(z, torch.tensor(y))
        assert torch.isfinite(value)
        assert torch.isfinite(torch.autograd.grad(value, z)[0]).all()


def test_what_the_weights_and_margins_are_for():
    z, y = torch.zeros(1, 4), torch.eye(4)
    each = [float(loss_of("class_balanced")(z, row[None])) for row in y]
    assert each[0] == pytest.approx(each[1])  # the weight is the column's, not the window's
    ldam = [float(loss_of("ldam")(z, row[None])) for row in y[:3]]
    assert ldam[0] < ldam[1] < ldam[2]  # the rarer, the more is asked
    # Adjusted after training, a rare species gains against a common one; in training it is the other way round.
    gained = losses.adjust_logits(torch.zeros(1, 4), GIVEN["counts"], N)[0]
    assert gained[1] > gained[0] == 0
    # The loss sees z + log odds, so that what comes out of it needs no more adjusting.
    z = torch.tensor(Z)
    odds = losses.log_odds(GIVEN["counts"], N)
    assert torch.allclose(losses.adjust_logits(z + odds, GIVEN["counts"], N), z)
