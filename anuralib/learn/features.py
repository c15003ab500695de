"""From sound to pictures: log-mel spectrograms, and two ways to take the background out of them.

Pictures of windows are 4-D arrays ``(windows, 1, mel bands, frames)``, the shape that a convolutional
network reads. It is the only module that knows torchaudio.
"""

import numpy as np
import torch
from torchaudio.functional import melscale_fbanks

from anuralib._arguments import rows_by_recording

# What `window_features` computes unless told otherwise. 64 bands by 130 frames cost a quarter of
# log_mel's 128 by 259 at hop 256; below 100 Hz there is wind and no frog, above 10 kHz
# `preprocess` has filtered.
FEATURES = {
    "sample_rate_hz": 22050,
    "n_fft": 1024,
    "hop": 512,
    "n_mels": 64,
    "band_hz": (100.0, 10_000.0),
    "floor_db": -100.0,
}
_CHUNK_FRAMES = 16_384  # frames whose spectra are in memory at one time (about 100 MB)


def mel_frequencies(n_mels=64, band_hz=(100.0, 10_000.0), edges=False):
    """Centre frequencies of the mel bands, for the axes of a figure.

    The bands are equally spaced on the mel scale ``m = 2595 log10(1 + f / 700)`` (O'Shaughnessy
    1987; the form used by HTK).

    Parameters
    ----------
    n_mels : int
        Number of bands.
    band_hz : (float, float)
        Lower end of the lowest and upper end of the highest band, in Hz.
    edges : bool
        Give the ``n_mels + 2`` corners of the triangular filters: filter ``i`` rises from corner
        ``i``, peaks at ``i + 1`` and ends at ``i + 2``.

    Returns
    -------
    ndarray, shape (n_mels,) or (n_mels + 2,)
        Hz, rising.
    """
    low, high = band_hz
    if n_mels < 1 or not 0 <= low < high:
        raise ValueError(f"need n_mels >= 1 and 0 <= low < high, got {n_mels} and {band_hz}")
    mel = np.linspace(*(2595 * np.log10(1 + np.array([low, high]) / 700)), n_mels + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    return corners if edges else corners[1:-1]


def mel_filters(sample_rate_hz=22050, n_fft=512, n_mels=128, band_hz=None):
    """Triangular mel filters and the length of the FFT that they need.

    A band narrower than the distance between two FFT bins can fall between them and stay empty
    for ever: a dead row in every picture. So the FFT is made longer (the frame is padded with
    zeros) until the narrowest filter is at least two bins wide. That interpolates the spectrum;
    the resolution is still that of a window of `n_fft` samples.

    Returns
    -------
    filters : float32 tensor, shape (n_mels, fft_size // 2 + 1)
        Heights between 0 and 1, HTK scale, not normalised to equal area.
    fft_size : int
    """
    nyquist = sample_rate_hz / 2
    low, high = (0.0, nyquist) if band_hz is None else band_hz
    if high > nyquist:
        raise ValueError(f"band_hz ends at {high} Hz, above half the sample rate ({nyquist} Hz)")
    corners = mel_frequencies(n_mels, (low, high), edges=True)
    narrowest = (corners[2:] - corners[:-2]).min()
    fft_size = n_fft
    while sample_rate_hz / fft_size > narrowest / 2:
        fft_size *= 2
    filters = melscale_fbanks(
        fft_size // 2 + 1, float(low), float(high), n_mels, int(sample_rate_hz), mel_scale="htk"
    )
    return filters.T.contiguous(), fft_size


def log_mel(
    signals, sample_rate_hz=22050, n_fft=512, hop=128, n_mels=128, band_hz=None, floor_db=-100.0
):
    """Log-mel spectrograms of equally long signals.

    Parameters
    ----------
    signals : array, shape (samples,) or (N, samples)
        Sound between -1 and 1. Clipped or silent sound is accepted: a silent frame lies at
        `floor_db`.
    sample_rate_hz : int
        Rate of `signals`. A wrong rate warps every band, so there is no way to leave it unknown.
    n_fft : int
        Length of the Hann window in samples: 512 at 22,050 Hz is 23 ms (see `mel_filters` for the
        zeros added so that no band is empty).
    hop : int
        Samples from one frame to the next.
    n_mels : int
        Number of mel bands.
    band_hz : (float, float), optional
        Range of the bands; 0 Hz to half the sample rate if not given.
    floor_db : float
        Smallest value; -100 dB lies near the quantisation noise of 16-bit sound.

    Returns
    -------
    float32 ndarray, shape (N, 1, n_mels, frames)
        dB relative to a sine of amplitude 1: the powers of all bands of a frame add up to its
        mean power, whatever `n_fft` and `n_mels`. ``frames = 1 + samples // hop``; frame ``k`` is
        centred on sample ``k * hop`` (the ends are mirrored).

    Raises
    ------
    ValueError
        Signals empty, shorter than one window, with NaN or infinite samples, or not 1-D or 2-D.
    """
    signals = np.atleast_2d(np.asarray(signals, dtype=np.float32))
    if signals.ndim != 2:
        raise ValueError(f"signals must be (samples,) or (N, samples), got {signals.shape}")
    if n_fft < 2 or hop < 1 or signals.shape[1] < n_fft:
        raise ValueError(
            f"need n_fft >= 2, hop >= 1 and signals of n_fft samples or more; got n_fft={n_fft}, "
            f"hop={hop} and {signals.shape[1]} samples"
        )
    bad = np.flatnonzero(~np.isfinite(signals).all(axis=1))
    if len(bad):
        raise ValueError(f"{len(bad)} signal(s) with NaN or infinite samples, first: {bad[0]}")
    filters, fft_size = mel_filters(sample_rate_hz, n_fft, n_mels, band_hz)
    window = torch.hann_window(n_fft)
    # Parseval: with this factor |FFT|^2, summed over the positive bins, is the mean power of the
    # frame relative to the 1/2 of a full-scale sine.
    filters = filters * (4 / (fft_size * window.square().sum()))
    frames = 1 + signals.shape[1] // hop
    out = np.empty((len(signals), 1, n_mels, frames), dtype=np.float32)
    step = max(1, _CHUNK_FRAMES // frames)
    for first in range(0, len(signals), step):
        part = torch.from_numpy(signals[first : first + step].copy())
        part = torch.nn.functional.pad(part[:, None], (n_fft // 2,) * 2, mode="reflect")[:, 0]
        part = part.unfold(-1, n_fft, hop)[:, :frames] * window
        power = torch.view_as_real(torch.fft.rfft(part, n=fft_size)).square().sum(-1)
        decibels = 10 * torch.log10((power @ filters.T).clamp_min_(10 ** (floor_db / 10)))
        out[first : first + step, 0] = decibels.transpose(1, 2).numpy()
    return out


def pcen(pictures, sample_rate_hz=22050, hop=512, time_constant_s=0.4, gain=0.8, bias=2.0, power=0.5):
    """Per-channel energy normalisation: each band relative to what it was a moment ago.

    A slow average M of each band's power E stands for the background (stream, hiss, distance), and:

    .. code-block:: text

        PCEN = (E / (eps + M)^gain + bias)^power - bias^power

    Steady sound fades, onsets stay (Wang et al. 2017, arXiv:1607.05666; for bioacoustics and the choice of the
    settings Lostanlen et al. 2019, doi 10.1109/LSP.2018.2878620). librosa's `pcen` does the arithmetic; the average
    begins at the level of the first frame.

    Parameters
    ----------
    pictures : array, shape (N, 1, n_mels, frames)
        dB, from `log_mel`.
    sample_rate_hz, hop : int
        As given to `log_mel`.
    time_constant_s : float
        Memory of the average, in seconds. A call much longer than that fades with the background.
    gain : float
        0 to 1; how much of the loudness is taken away.
    bias, power : float
        The compression at the end.

    Returns
    -------
    float32 ndarray, shape (N, 1, n_mels, frames)
        Not in dB: 0 or more.

    Raises
    ------
    ValueError
        Not four dimensions, NaN, a time constant that isn't positive.
    """
    from librosa import pcen as librosa_pcen

    pictures = _check_pictures(pictures)
    if not time_constant_s > 0:
        raise ValueError(f"time_constant_s must be positive, got {time_constant_s}")
    # On the scale of 32-bit whole numbers, for which the settings in the literature are meant.
    energy = 10 ** (pictures.astype(np.float64) / 10) * 2**31
    frames = time_constant_s * sample_rate_hz / hop
    smooth = (np.sqrt(1 + 4 * frames**2) - 1) / (2 * frames**2)
    return librosa_pcen(
        energy, sr=sample_rate_hz, hop_length=hop, gain=gain, bias=bias, power=power, b=smooth,
        zi=(1 - smooth) * energy[..., :1],
    ).astype(np.float32)  # fmt: skip


def spectral_gate(pictures, groups=None, margin_db=6.0, percentile=50.0):
    """Take away, band by band, what does not rise above the band's usual level.

    The usual level of a band is a percentile of its frames; whatever lies less than `margin_db` above it is set to it
    (the idea of spectral subtraction, Boll 1979, doi 10.1109/TASSP.1979.1163209, as a gate).

    Parameters
    ----------
    pictures : array, shape (N, 1, n_mels, frames)
        dB, from `log_mel`.
    groups : array, shape (N,), optional
        Recording of each picture: pictures of a recording then share one level a band. Without it each picture has its
        own, and a chorus that fills a window is taken for background.
    margin_db : float
        0 or more.
    percentile : float
        0 to 100; 50 is the median.

    Returns
    -------
    ndarray, shape (N, 1, n_mels, frames)
        dB above the usual level of the band, 0 where the gate is shut; float32.

    Raises
    ------
    ValueError
        Not four dimensions, NaN, another number of groups, a margin or percentile out of range.
    """
    pictures = _check_pictures(pictures)
    if not (margin_db >= 0 and 0 <= percentile <= 100):
        raise ValueError(f"need margin_db >= 0 and percentile in 0..100, got {margin_db} and {percentile}")
    groups = np.arange(len(pictures)) if groups is None else groups
    out = np.empty(pictures.shape, dtype=np.float32)
    for rows in rows_by_recording(groups, len(pictures)):
        part = pictures[rows].astype(np.float32)
        above = part - np.percentile(part, percentile, axis=(0, 3), keepdims=True)
        out[rows] = np.where(above >= margin_db, above, 0)
    return out


def _check_pictures(pictures):
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or 0 in pictures.shape:
        raise ValueError(f"pictures must be (N, 1, n_mels, frames), got {pictures.shape}")
    if not np.isfinite(pictures).all():
        raise ValueError("pictures hold NaN or infinite values: compute them with log_mel from whole recordings")
    return pictures


def pictures_of(signals, compression="db", **settings):
    """`log_mel`, and `pcen` where the settings ask for it: what `window_features` and `predict` make of signals.

    Parameters
    ----------
    signals : array, shape (N, samples)
    compression : "db" or "pcen"
    **settings
        Of `log_mel`.

    Returns
    -------
    float32 ndarray, shape (N, 1, n_mels, frames)
    """
    if compression not in ("db", "pcen"):
        raise ValueError(f"compression must be 'db' or 'pcen', got {compression!r}")
    out = log_mel(signals, **settings)
    return out if compression == "db" else pcen(out, settings["sample_rate_hz"], settings["hop"])
