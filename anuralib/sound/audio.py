"""Sound files in and out, and resampling."""

import io
import os
import wave
from pathlib import Path

import numpy as np

from anuralib._files import atomic_path

SAMPLE_RATE_HZ = 22050
"""Of AnuraSet, and so of everything in the course that does not say otherwise."""


def to_samples(seconds, sample_rate_hz: float):
    """Times as numbers of samples: the one rounding of the package, to the nearest (of two, the even one).

    Parameters
    ----------
    seconds : float or array-like
    sample_rate_hz : float
        In Hz.

    Returns
    -------
    int64, or ndarray of it
    """
    return np.rint(np.asarray(seconds, dtype=float) * sample_rate_hz).astype(np.int64)[()]


def _open(path: str | os.PathLike):
    """Open a sound file for reading, with errors that name it."""
    import soundfile

    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"{path}: there is no such sound file; check the path")
    try:
        return soundfile.SoundFile(path)
    except soundfile.LibsndfileError as error:
        raise ValueError(
            f"{path}: not a sound file that can be read ({error.error_string}); "
            "copy it again or convert it to WAV"
        ) from error


def audio_info(path: str | os.PathLike) -> dict:
    """Length and format of a sound file, without reading its samples.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    dict
        `duration_s` (float), `sample_rate_hz`, `channels` and `frames` (int).

    Raises
    ------
    FileNotFoundError, ValueError
        If there is no such file, or it is not sound.
    """
    with _open(path) as file:
        return {
            "duration_s": file.frames / file.samplerate,
            "sample_rate_hz": file.samplerate,
            "channels": file.channels,
            "frames": file.frames,
        }


def resample(signal: np.ndarray, from_hz: float, to_hz: float) -> np.ndarray:
    """Change the sample rate with soxr's band-limited high-quality resampler.

    Parameters
    ----------
    signal : ndarray, shape (n,) or (n, channels)
    from_hz, to_hz : float
        Sample rates before and after, in Hz.

    Returns
    -------
    ndarray, shape (round(n * to_hz / from_hz),) or with channels
        float32 or float64 as the input; the input itself if the rates are equal.

    Raises
    ------
    ValueError
        If a rate is not positive.
    """
    if not (from_hz > 0 and to_hz > 0):
        raise ValueError(f"sample rates must be positive, got {from_hz} and {to_hz} Hz")
    signal = np.asarray(signal)
    if signal.dtype not in (np.float32, np.float64):
        signal = signal.astype(np.float64)
    if from_hz == to_hz:
        return signal
    import soxr

    n_out = round(len(signal) * to_hz / from_hz)
    # soxr's own rounding may be one sample off: lengths here must follow one rule.
    out = soxr.resample(signal, from_hz, to_hz, quality="HQ")[:n_out]
    return np.pad(out, [(0, n_out - len(out))] + [(0, 0)] * (out.ndim - 1))


def dominant_frequency(signal: np.ndarray, sample_rate_hz: float = 22050) -> float:
    """The pitch at which a sound has most power, whoever made it.

    Parameters
    ----------
    signal : ndarray, shape (n,)
    sample_rate_hz : float
        In Hz.

    Returns
    -------
    float
        In Hz, to `sample_rate_hz` / n; of the whole signal, through a Hann window.

    Raises
    ------
    ValueError
        If the signal is not one channel, has fewer than two samples, or holds NaN.
    """
    signal = np.asarray(signal, dtype=float)
    if signal.ndim != 1 or len(signal) < 2 or not np.isfinite(signal).all():
        raise ValueError(f"one channel of at least two samples without NaN is needed, got shape {signal.shape}")
    power = np.abs(np.fft.rfft(signal * np.hanning(len(signal)))) ** 2
    return float(power.argmax() * sample_rate_hz / len(signal))


def read_audio(
    path: str | os.PathLike,
    sample_rate_hz: int | None = 22050,
    channel: int | str = 0,
    start_s: float = 0.0,
    duration_s: float | None = None,
) -> np.ndarray:
    """Read one channel of a sound file at a chosen sample rate.

    Parameters
    ----------
    path : str or path-like
        Any format that libsndfile reads: WAV, FLAC, Ogg, MP3...
    sample_rate_hz : int or None
        The rate wanted, in Hz. None keeps the file's own, which `audio_info` tells.
    channel : int or "mix"
        Which channel (0 is the first), or the mean of all. AnuraSet's recordings carry the same
        sound with 10 dB gain in channel 0 and 16 dB in channel 1.
    start_s : float
        Where to begin, in seconds.
    duration_s : float or None
        How much to read, in seconds; None reads to the end. Asking beyond the end gives what is
        there.

    Returns
    -------
    ndarray, shape (n,), float32
        Full scale is 1.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is not sound, is empty, lacks the channel, or `start_s` lies outside it.
    """
    with _open(path) as file:
        if channel != "mix" and channel not in range(file.channels):
            raise ValueError(
                f"{path}: there is no channel {channel!r}; choose one of "
                f'{list(range(file.channels))} or "mix"'
            )
        length_s = file.frames / file.samplerate
        if file.frames == 0:
            raise ValueError(f"{path}: the file holds no sound; copy it again or leave it out")
        if not 0 <= start_s < length_s:
            raise ValueError(f"{path}: start_s={start_s} lies outside its {length_s:g} s")
        if duration_s is not None and not duration_s > 0:
            raise ValueError(f"{path}: duration_s={duration_s} must be positive, or None")
        rate = file.samplerate
        file.seek(min(to_samples(start_s, rate), file.frames - 1))
        frames = -1 if duration_s is None else max(1, to_samples(duration_s, rate))
        sound = file.read(frames, dtype="float32", always_2d=True)
    signal = sound.mean(axis=1) if channel == "mix" else np.ascontiguousarray(sound[:, channel])
    return resample(signal, rate, sample_rate_hz or rate)


def write_audio(path: str | os.PathLike, signal: np.ndarray, sample_rate_hz: int) -> None:
    """Write a 16-bit PCM WAV file, whole or not at all.

    A sample x becomes round(32768 x), +1 becoming 32767, so that writing what `read_audio` gave
    of a 16-bit file gives back the same numbers.

    Parameters
    ----------
    path : str or path-like
        Should end in `.wav`. The folder is made if needed.
    signal : ndarray, shape (n,) or (n, channels)
        Floats within -1..1, or int16 as they shall stand in the file.
    sample_rate_hz : int
        In Hz.

    Raises
    ------
    ValueError
        If a value is NaN, infinite or beyond 1 in magnitude, or the shape or rate is impossible.
    """
    signal = np.asarray(signal)
    if signal.ndim not in (1, 2) or 0 in signal.shape:
        raise ValueError(f"{path}: a signal of shape (n,) or (n, channels), not {signal.shape}")
    if not (sample_rate_hz == int(sample_rate_hz) and sample_rate_hz > 0):
        raise ValueError(f"{path}: the sample rate must be a positive integer: {sample_rate_hz}")
    if signal.dtype != np.int16:
        peak = np.abs(signal).max()
        if not peak <= 1:  # true for NaN too
            raise ValueError(
                f"{path}: the signal's largest magnitude is {peak}, but a WAV file holds -1..1; "
                "normalise it first (al.preprocess does)"
            )
        signal = np.clip(np.rint(signal * 32768.0), -32768, 32767).astype(np.int16)
    # Made in memory first: a data set is tens of thousands of small files, and one write each is fastest.
    whole = io.BytesIO()
    with wave.open(whole, "wb") as file:
        file.setnchannels(1 if signal.ndim == 1 else signal.shape[1])
        file.setsampwidth(2)
        file.setframerate(int(sample_rate_hz))
        file.writeframes(signal.astype("<i2", copy=False).tobytes())
    with atomic_path(path) as temporary:
        temporary.write_bytes(whole.getbuffer())
