"""Taking a chorus apart: non-negative matrix factorisation.

A spectrogram of several callers is about the sum of theirs. If each species has a dictionary of spectra that its calls
are made of, one can ask how much of which spectrum is needed in every frame, and share the mixture out accordingly.
"""

import warnings

import numpy as np

_N_FFT, _HOP = 1024, 256
_TINY = 1e-10


def _spectrum(signal):
    from librosa import stft

    return stft(np.asarray(signal, dtype=np.float32), n_fft=_N_FFT, hop_length=_HOP)


def _check_signal(signal, what):
    signal = np.asarray(signal, dtype=float)
    if signal.ndim != 1 or len(signal) < _N_FFT:
        raise ValueError(f"{what} must be one signal of {_N_FFT} samples or more, got shape {signal.shape}")
    if not np.isfinite(signal).all():
        raise ValueError(f"{what} holds NaN or infinite samples")
    return signal


def learn_dictionary(signals, n_components=8, seed=0):
    """Spectra of which the sounds of one species are made.

    Non-negative matrix factorisation of the magnitudes with the Kullback-Leibler divergence (Lee & Seung 1999; for
    separating sounds with dictionaries learnt apart Smaragdis, Raj & Shashanka 2007), by scikit-learn.

    Parameters
    ----------
    signals : list of array, each (samples,)
        Sounds of the species alone, or of the background alone, at one sample rate.
    n_components : int
        Spectra in the dictionary. Few: only what is typical; many: it can imitate other species, too.
    seed : int

    Returns
    -------
    ndarray, shape (513, n_components)
        Columns add up to 1.

    Raises
    ------
    ValueError
        No signals, too short, silent, NaN.
    """
    signals = [_check_signal(signal, "a sound of the dictionary") for signal in signals]
    if not signals or n_components < 1:
        raise ValueError("a dictionary needs at least one sound and one component")
    frames = np.abs(np.concatenate([_spectrum(signal) for signal in signals], axis=1))
    if not frames.max() > _TINY:
        raise ValueError("all sounds of the dictionary are silent")
    spectra = _factorise(frames, None, n_components, seed)
    return spectra / spectra.sum(axis=0)


def _factorise(frames, spectra, n_components, seed, n_iter=200):
    """KL-NMF: the spectra of the frames, or, if spectra are given, their activations (n_components, frames)."""
    from sklearn.decomposition import non_negative_factorization
    from threadpoolctl import threadpool_limits

    frames = (frames.T / frames.max()).astype(float) + _TINY  # scikit-learn has the frames as rows
    options = {"n_components": n_components, "solver": "mu", "beta_loss": "kullback-leibler", "tol": 0,
               "max_iter": n_iter, "random_state": seed}  # fmt: skip
    # Small matrices: several threads would wait for each other longer than they compute.
    with warnings.catch_warnings(), threadpool_limits(1):
        # A fixed number of steps is wanted: it is no news that they were all made.
        warnings.filterwarnings("ignore", message="Maximum number of iterations")
        if spectra is None:
            return non_negative_factorization(frames, init="random", **options)[1].T + _TINY
        return non_negative_factorization(frames, H=spectra.T.astype(float), update_H=False, **options)[0].T


def separate(mixture, dictionaries, seed=0):
    """The part of each species in a mixture.

    The activations of all dictionaries together are fitted to the magnitudes; each time-frequency bin of the mixture is
    then shared out in proportion (a soft, Wiener-like mask), with the phase of the mixture.

    Parameters
    ----------
    mixture : array, shape (samples,)
        At the sample rate of the dictionaries.
    dictionaries : dict of str to ndarray, shape (513, n)
        By `learn_dictionary`; one may be called "background".
    seed : int

    Returns
    -------
    dict of str to float32 ndarray, shape (samples,)
        The parts add up to the mixture. Of a silent mixture all are silent.

    Raises
    ------
    ValueError
        A mixture too short or with NaN, no dictionaries, dictionaries of another size.
    """
    from librosa import istft

    mixture = _check_signal(mixture, "the mixture")
    if not dictionaries:
        raise ValueError("give at least one dictionary, such as {'BOALUN': learn_dictionary([...])}")
    sizes = {name: np.shape(spectra) for name, spectra in dictionaries.items()}
    if any(len(size) != 2 or size[0] != _N_FFT // 2 + 1 for size in sizes.values()):
        raise ValueError(f"dictionaries must have {_N_FFT // 2 + 1} rows (learn_dictionary makes them), got {sizes}")
    if not np.abs(mixture).max() > _TINY:
        return {name: np.zeros(len(mixture), dtype=np.float32) for name in dictionaries}
    spectrum = _spectrum(mixture)
    stacked = np.concatenate(list(dictionaries.values()), axis=1)
    activations = _factorise(np.abs(spectrum), stacked, stacked.shape[1], seed)
    ends = np.cumsum([size[1] for size in sizes.values()])
    rows = np.split(np.arange(stacked.shape[1]), ends[:-1])
    parts = [stacked[:, k] @ activations[k] + _TINY for k in rows]
    total = sum(parts)
    return {
        name: istft(part / total * spectrum, hop_length=_HOP, n_fft=_N_FFT, length=len(mixture))
        for name, part in zip(dictionaries, parts, strict=True)
    }


def si_sdr(estimate, reference):
    """Scale-invariant signal-to-distortion ratio in dB (Le Roux et al. 2019, arXiv:1811.02508).

    ::

        10 log10( |a s|^2 / |a s - s'|^2 ),   a = <s', s> / |s|^2

    Parameters
    ----------
    estimate, reference : array, shape (samples,)

    Returns
    -------
    float
        0: as much of it is wrong as is right. Infinite for a perfect estimate; NaN if either is silent.
    """
    estimate, reference = np.asarray(estimate, dtype=float), np.asarray(reference, dtype=float)
    if estimate.shape != reference.shape or estimate.ndim != 1:
        raise ValueError(f"estimate and reference must be equally long, got {estimate.shape} and {reference.shape}")
    if not (estimate.any() and reference.any()):
        return float("nan")
    target = (estimate @ reference) / (reference @ reference) * reference
    wrong = estimate - target
    with np.errstate(divide="ignore"):
        return float(10 * np.log10(np.float64(target @ target) / (wrong @ wrong)))
