"""Taking a chorus apart: non-negative matrix factorisation.

A spectrogram of several callers is about the sum of theirs. If each species has a dictionary of spectra that its calls
are made of, one can ask how much of which spectrum is needed in every frame, and share the mixture out accordingly.
"""

import numpy as np

_N_FFT, _HOP = 1024, 256
_TINY = 1e-10
_LEAST = np.finfo(np.float32).eps


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
    separating sounds with dictionaries learnt apart Smaragdis, Raj & Shashanka 2007).

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
    """KL-NMF: the spectra of the frames, or, if spectra are given, their activations (n_components, frames).

    The numbers are those of scikit-learn's `non_negative_factorization` (solver "mu", tol 0), in a
    fifth of the time: nothing is copied that isn't needed.
    """
    from threadpoolctl import threadpool_limits

    frames = (frames.T / frames.max()).astype(float) + _TINY  # the frames as rows
    level, size = np.sqrt(frames.mean() / n_components), (len(frames), n_components)
    frames = np.ascontiguousarray(frames)
    if spectra is None:
        rng = np.random.RandomState(seed)
        books = np.abs(level * rng.standard_normal((n_components, frames.shape[1])))
        active = np.abs(level * rng.standard_normal(size))
    else:
        books, active = spectra.T.astype(float), np.full(size, level)
    ratio = np.empty_like(frames)
    # Small matrices: several threads would wait for each other longer than they compute.
    with threadpool_limits(1):
        for _ in range(n_iter):
            total = books.sum(axis=1)
            active *= _share(frames, active, books, ratio) @ books.T / np.where(total == 0, _LEAST, total)
            if spectra is None:
                total = active.sum(axis=0)
                fit = active.T @ _share(frames, active, books, ratio)
                books *= fit / np.where(total == 0, 1, total)[:, None]
                books[books < np.finfo(float).eps] = 0
    return books.T + _TINY if spectra is None else active.T


def _share(frames, active, books, out):
    """The frames, divided by what the spectra make of them so far."""
    np.dot(active, books, out=out)
    return np.divide(frames, np.maximum(out, _LEAST, out=out), out=out)


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

    .. code-block:: text

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
