"""separation: parts add up to the mixture, each is nearer to its caller than the mixture was."""

import numpy as np
import pytest
from sklearn.decomposition import non_negative_factorization

import anuralib as al
from anuralib.challenges import separation
from anuralib.challenges.separation import learn_dictionary, separate, si_sdr

RATE = 22050


def chirps(hz, seed, seconds=3.0):
    """Notes of 60 ms about a frequency with two harmonics, at random times."""
    rng = np.random.default_rng(seed)
    t = np.arange(round(0.06 * RATE)) / RATE
    signal = np.zeros(round(seconds * RATE))
    for start in rng.integers(0, len(signal) - len(t), 12):
        pitch = hz * rng.uniform(0.97, 1.03)
        note = np.sin(2 * np.pi * pitch * t) + 0.4 * np.sin(4 * np.pi * pitch * t)
        signal[start : start + len(t)] += note * np.hanning(len(t)) * rng.uniform(0.05, 0.2)
    return signal


def test_two_callers_are_told_apart():
    books = {"LOW": learn_dictionary([chirps(900, s) for s in (1, 2)]), "HIGH": learn_dictionary([chirps(3000, 3)])}
    low, high = chirps(900, 11), chirps(3000, 12)
    parts = separate(low + high, books)
    for part, alone in ((parts["LOW"], low), (parts["HIGH"], high)):
        assert si_sdr(part, alone) > si_sdr(low + high, alone) + 8
    np.testing.assert_allclose(sum(parts.values()), low + high, atol=1e-4)
    again = separate(low + high, books)
    np.testing.assert_array_equal(parts["LOW"], again["LOW"])


def test_simulated_species_are_told_apart():
    types = {"BARWHI": 5, "SHOTRI": 6}

    def sound(code, seed):
        rng = np.random.default_rng(seed)
        one = al.synthesise_call(al.call_types().set_index("code").loc[code], al.draw_individual(rng), rng)
        out = np.zeros(3 * RATE)
        for start in rng.integers(0, len(out) - len(one), 4):
            out[start : start + len(one)] += one / np.abs(one).max()
        return out

    books = {code: learn_dictionary([sound(code, seed) for seed in range(2)]) for code in types}
    alone = {code: sound(code, seed + 50) for code, seed in types.items()}
    mixture = sum(alone.values())
    parts = separate(mixture, books)
    gains = [si_sdr(parts[code], alone[code]) - si_sdr(mixture, alone[code]) for code in types]
    assert min(gains) > 3


@pytest.mark.filterwarnings("ignore:Maximum number of iterations")
def test_spectra_and_activations_are_those_of_scikit_learn():
    frames = np.abs(np.random.default_rng(0).normal(size=(40, 30)))  # 40 frequencies
    rows = frames.T / frames.max() + separation._TINY
    same = {"n_components": 3, "solver": "mu", "beta_loss": "kullback-leibler", "tol": 0, "max_iter": 50}
    peer = non_negative_factorization(rows, init="random", random_state=4, **same)[1]
    spectra = separation._factorise(frames, None, 3, seed=4, n_iter=50)
    np.testing.assert_allclose(spectra, peer.T + separation._TINY, rtol=1e-9)
    peer = non_negative_factorization(rows, H=spectra.T, update_H=False, **same)[0]
    np.testing.assert_allclose(separation._factorise(frames, spectra, 3, seed=4, n_iter=50), peer.T, rtol=1e-9)


def test_dictionaries_are_non_negative_and_repeatable():
    book = learn_dictionary([chirps(900, 1)], n_components=4, seed=3)
    assert book.shape == (513, 4) and (book >= 0).all()
    np.testing.assert_allclose(book.sum(axis=0), 1)
    np.testing.assert_array_equal(book, learn_dictionary([chirps(900, 1)], n_components=4, seed=3))
    peak_hz = (book.sum(axis=1).argmax()) * RATE / 1024
    assert peak_hz == pytest.approx(900, abs=40)


def test_si_sdr_by_hand():
    s = np.array([1.0, 0.0, 1.0, 0.0])
    assert si_sdr(s + [0, 1, 0, 1], s) == pytest.approx(0)  # as much wrong as right
    assert si_sdr(s + [0, 0.1, 0, 0.1], s) == pytest.approx(20)
    assert si_sdr(3 * s + [0, 0.3, 0, 0.3], s) == pytest.approx(20)  # the scale does not matter
    assert si_sdr(2 * s, s) == np.inf
    assert np.isnan(si_sdr(np.zeros(4), s)) and np.isnan(si_sdr(s, np.zeros(4)))
    with pytest.raises(ValueError, match="equally long"):
        si_sdr(s, s[:3])


def test_silence_and_what_is_refused():
    book = learn_dictionary([chirps(900, 1)])
    silent = separate(np.zeros(RATE), {"A": book})
    assert not silent["A"].any() and len(silent["A"]) == RATE
    broken = chirps(900, 1)
    broken[5] = np.nan
    for call_, message in [
        (lambda: learn_dictionary([]), "at least one"),
        (lambda: learn_dictionary([np.zeros(RATE)]), "silent"),
        (lambda: learn_dictionary([broken]), "NaN"),
        (lambda: learn_dictionary([np.ones(10)]), "1024 samples"),
        (lambda: separate(broken, {"A": book}), "NaN"),
        (lambda: separate(chirps(900, 1), {}), "at least one dictionary"),
        (lambda: separate(chirps(900, 1), {"A": book[:100]}), "513 rows"),
    ]:
        with pytest.raises(ValueError, match=message):
            call_()
