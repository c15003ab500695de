"""From sound to pictures: log-mel spectrograms, and masks that make a network robust.

Everything here works on 3 s windows as 4-D arrays ``(windows, 1, mel bands, frames)``, the shape
that a convolutional network reads. It is the only module that knows torchaudio.
"""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
from torchaudio.functional import melscale_fbanks
from tqdm.auto import tqdm

from anuralib.audio import read_audio
from anuralib.windows import preprocess

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


def iter_window_features(windows, dataset, n_jobs=None, channel=0, progress=False, **features):
    """Features of one recording after the other, in constant memory.

    Each recording is read once and filtered and normalised as a whole (`preprocess`); then its
    windows are cut. Threads read ahead; the order is that of the recordings in `windows`.

    Yields
    ------
    rows : int ndarray
        Positions in `windows` (from 0) of the windows of one recording.
    values : float32 ndarray, shape (len(rows), 1, n_mels, frames)
    """
    settings = {**FEATURES, **features}
    rate = settings["sample_rate_hz"]
    missing = {"fname", "min_t", "max_t"} - set(windows.columns)
    if missing:
        raise ValueError(f"windows has no column {sorted(missing)}: make it with window_labels")
    if not len(windows):
        raise ValueError("windows has no rows")
    lengths = ((windows["max_t"] - windows["min_t"]) * rate).round().unique()
    if len(lengths) != 1 or not lengths[0] > 0:
        raise ValueError("all windows must have the same length, max_t - min_t > 0 seconds")
    with_sound = dataset.recordings.dropna(subset="path")
    paths = dict(zip(with_sound["recording"], with_sound["path"], strict=True))
    unknown = sorted(set(windows["fname"]) - set(paths))
    if unknown:
        raise ValueError(
            f"{len(unknown)} recording(s) not in dataset.recordings, or without sound: "
            f"{unknown[:3]}"
        )
    root = Path(getattr(dataset, "root", None) or ".")
    starts = (windows["min_t"].to_numpy(dtype=float) * rate).round().astype(int)
    rows_of = windows.groupby("fname", sort=False).indices
    names = list(dict.fromkeys(windows["fname"]))

    def cut(name):
        path = root / paths[name]
        try:
            signal = preprocess(read_audio(path, sample_rate_hz=rate, channel=channel), rate)
        except ValueError as error:
            raise ValueError(f"recording {path}: {error}") from error
        first = starts[rows_of[name]]
        stop = first + int(lengths[0])
        if stop.max() == len(signal) + 1:  # rounding of a window that ends with the recording
            signal = np.append(signal, signal[-1])
        if first.min() < 0 or stop.max() > len(signal):
            raise ValueError(
                f"windows of {name} run from {first.min() / rate:g} to {stop.max() / rate:g} s, "
                f"but {path} has {len(signal) / rate:g} s: make the windows from this recording"
            )
        return np.stack([signal[a:b] for a, b in zip(first, stop, strict=True)])

    n_jobs = n_jobs or os.cpu_count() or 1
    with ThreadPoolExecutor(n_jobs) as pool:
        # A short queue: reading can't run ahead of the spectra and fill the memory.
        queue, rest = deque(), iter(names)
        try:
            for name in tqdm(names, desc="features", unit="recording", disable=not progress):
                while len(queue) <= n_jobs and (ahead := next(rest, None)) is not None:
                    queue.append(pool.submit(cut, ahead))
                yield rows_of[name], log_mel(queue.popleft().result(), **settings)
        finally:
            for job in queue:
                job.cancel()


def window_features(
    windows, dataset, n_jobs=None, channel=0, dtype="float32", progress=True, **features
):
    """Log-mel features of every row of a windows frame, ready for `fit`.

    Parameters
    ----------
    windows : DataFrame
        `fname`, `min_t` and `max_t` (seconds) as made by `window_labels`; all equally long.
    dataset : Dataset
        Says with `recordings` (columns recording, path) where the sound is.
    n_jobs : int, optional
        Threads that read and filter; one a core if not given.
    channel : int or "mix"
        Channel of the recording, see `read_audio`.
    dtype : "float32" or "float16"
        float16 halves the memory; its steps of up to 0.06 dB do no harm.
    progress : bool
        Show a progress bar.
    **features
        Other settings than those in `FEATURES`: sample_rate_hz, n_fft, hop, n_mels, band_hz,
        floor_db (see `log_mel`). Give the same to ``build_model(..., features={...})``.

    Returns
    -------
    ndarray, shape (len(windows), 1, n_mels, frames)
        dB, in the order of the rows. Three seconds give 64 bands by 130 frames by default.

    Raises
    ------
    ValueError, FileNotFoundError
        A recording that the dataset does not have or whose file is gone, a window beyond its end,
        unusable sound.
    """
    out = None
    for rows, values in iter_window_features(
        windows, dataset, n_jobs=n_jobs, channel=channel, progress=progress, **features
    ):
        if out is None:
            out = np.empty((len(windows), *values.shape[1:]), dtype=dtype)
        out[rows] = values
    return out


def spec_augment(batch, time_mask=60, freq_mask=8, generator=None, fill="mean"):
    """Hide a random stretch of time and a random range of bands in every picture.

    SpecAugment (Park et al. 2019) without the warping: one time mask of 0 to `time_mask` frames
    and one frequency mask of 0 to `freq_mask` bands an example. The hidden part takes the mean of
    its own picture. (Zero would be wrong: in dB it is a full-scale sine, louder than any frog.)

    Parameters
    ----------
    batch : tensor or ndarray, shape (N, 1, n_mels, frames)
    time_mask, freq_mask : int
        Widest masks, in frames and bands. A label stays on a window even if its call is hidden:
        keep the time mask well under the length of the window.
    generator : torch.Generator or int, optional
        Source of randomness, or a seed; the same one gives the same masks.
    fill : "mean" or "floor"
        Value of the hidden part: the mean or the minimum of the picture.

    Returns
    -------
    tensor or ndarray, as `batch`
        A copy.
    """
    tensor = torch.as_tensor(batch.copy() if isinstance(batch, np.ndarray) else batch)
    if tensor.ndim != 4 or not tensor.numel():
        raise ValueError(f"batch must be (N, 1, n_mels, frames), got {tuple(tensor.shape)}")
    if fill not in ("mean", "floor"):
        raise ValueError(f"fill must be 'mean' or 'floor', got {fill!r}")
    if isinstance(generator, int):
        generator = torch.Generator().manual_seed(generator)
    n, _, n_mels, frames = tensor.shape
    hidden = []
    for size, widest in ((n_mels, freq_mask), (frames, time_mask)):
        if not 0 <= widest <= size:
            raise ValueError(f"a mask of up to {widest} does not fit into {size} bands or frames")
        draw = torch.rand(2, n, 1, generator=generator)
        width = (draw[0] * (widest + 1)).floor()
        start = (draw[1] * (size - width + 1)).floor()
        index = torch.arange(size)
        hidden.append((index >= start) & (index < start + width))
    mask = (hidden[0][:, None, :, None] | hidden[1][:, None, None, :]).to(tensor.device)
    flat = tensor.flatten(1).float()
    level = (flat.mean(1) if fill == "mean" else flat.amin(1)).to(tensor.dtype)
    masked = torch.where(mask, level[:, None, None, None], tensor)
    return masked.numpy() if isinstance(batch, np.ndarray) else masked
