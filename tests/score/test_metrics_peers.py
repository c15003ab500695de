"""metrics beside torchmetrics and scikit-learn, on random and degenerate input: equal, or different by a stated rule.

The rule is ours: what is undefined is NaN. torchmetrics gives 0 there, scikit-learn 0 for F1 and NaN for the AUROC.
"""

import warnings

import numpy as np
import pytest
from sklearn import metrics as sk
from sklearn.exceptions import UndefinedMetricWarning

torch = pytest.importorskip("torch")
peer = pytest.importorskip("torchmetrics.functional.classification")

from anuralib.score import calibration, metrics


def random_case(seed, n=80, n_species=6, ties=False):
    rng = np.random.default_rng(seed)
    truth = (rng.random((n, n_species)) < rng.uniform(0.05, 0.6, n_species)).astype(int)
    prob = np.clip(0.4 * truth + rng.random((n, n_species)) * 0.7, 0, 1)
    return truth, np.round(prob, 1) if ties else prob


def torch_scores(truth, prob):
    """F1, average precision, AUROC and calibration error of each species, by torchmetrics."""
    p, y = torch.from_numpy(prob), torch.from_numpy(truth)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="No (positive|negative) samples", category=UserWarning)
        options = {"num_labels": truth.shape[1], "average": None}
        # torchmetrics says yes above the threshold, we from it on: the next smaller number makes them one.
        f1 = peer.multilabel_f1_score(p, y, threshold=float(np.nextafter(0.5, 0)), **options)
        precision = peer.multilabel_average_precision(p, y, **options)
        auroc = peer.multilabel_auroc(p, y, **options)
        columns = zip(p.T.contiguous(), y.T.contiguous(), strict=True)
        error = [peer.binary_calibration_error(*pair, n_bins=10, norm="l1") for pair in columns]
    return [np.asarray(values, dtype=float) for values in (f1, precision, auroc, error)]


def ours(truth, prob):
    table = metrics.evaluate(truth, prob).iloc[:-1]
    return [table[name].to_numpy(float) for name in ("f1", "average_precision", "auroc")]


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_random_input_gives_the_same_numbers(seed, ties):
    truth, prob = random_case(seed, ties=ties)
    f1, precision, auroc, error = torch_scores(truth, prob)
    for mine, theirs in zip(ours(truth, prob), (f1, precision, auroc), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    if not ties:  # on the edge of a bin torchmetrics counts upwards
        np.testing.assert_allclose(calibration.calibration_error(truth, prob), error, atol=1e-6)
    assert metrics.macro_f1(truth, prob) == pytest.approx(sk.f1_score(truth, prob >= 0.5, average="macro"))
    assert ours(truth, prob)[2] == pytest.approx(sk.roc_auc_score(truth, prob, average=None))


@pytest.mark.parametrize("guess", [0.0, 0.3, 0.7, 1.0])
def test_a_species_without_positives(guess):
    truth, prob = random_case(0, n_species=2)
    truth[:, 1], prob[:, 1] = 0, guess
    f1, precision, auroc, _ = torch_scores(truth, prob)
    mine = ours(truth, prob)
    assert all(np.isnan(scores[1]) for scores in mine)
    assert (f1[1], precision[1], auroc[1]) == (0, 0, 0)  # torchmetrics 1.9: counted as a failure
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UndefinedMetricWarning)
        warnings.filterwarnings("ignore", message="No positive class found", category=UserWarning)
        assert sk.f1_score(truth[:, 1], prob[:, 1] >= 0.5) == 0
        assert sk.average_precision_score(truth[:, 1], prob[:, 1]) == 0
        assert np.isnan(sk.roc_auc_score(truth[:, 1], prob[:, 1]))
    # The macro F1 differs by that: ours is the mean over the species that can be scored.
    assert metrics.macro_f1(truth, prob) == pytest.approx(f1[0])
    assert f1.mean() == pytest.approx(f1[0] / 2)





def test_a_species_that_is_always_there():
    truth, prob = random_case(1, n_species=2)
    truth[:, 1] = 1
    f1, precision, auroc, _ = torch_scores(truth, prob)
    mine = ours(truth, prob)
    assert mine[0][1] == pytest.approx(f1[1]) and mine[1][1] == precision[1] == 1
    assert np.isnan(mine[2][1]) and auroc[1] == 0


@pytest.mark.parametrize("guess", [0.0, 1.0])
def test_all_or_none_predicted(guess):
    truth, prob = random_case(2)
    prob[:] = guess
    f1, precision, auroc, error = torch_scores(truth, prob)
    for mine, theirs in zip(ours(truth, prob), (f1, precision, auroc), strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-6)
    np.testing.assert_allclose(calibration.calibration_error(truth, prob), error, atol=1e-6)
    assert np.allclose(auroc, 0.5) and np.allclose(precision, truth.mean(0))


@pytest.mark.parametrize(("truth", "prob"), [(1, 0.9), (1, 0.1), (0, 0.9), (0, 0.1)])
def test_one_window(truth, prob):
    y, p = np.array([[truth, truth]]), np.array([[prob, prob]])  # torchmetrics wants two species
    mine = ours(y, p)
    f1, precision, _, error = torch_scores(y, p)
    if truth:
        assert (mine[0][0], mine[1][0]) == (f1[0], precision[0])
    else:
        assert np.isnan(mine[0][0]) and np.isnan(mine[1][0])
    assert np.isnan(mine[2][0])
    assert calibration.calibration_error(y, p)[0] == pytest.approx(error[0])
