"""Sound files in and out, and resampling."""

import contextlib
import functools
import hashlib
import io
import os
import stat
import warnings
import wave
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from anuralib._files import atomic_path
from anuralib.sound import headers

SAMPLE_RATE_HZ = 22050
"""Of AnuraSet, and so of everything in the course that does not say otherwise."""
_SLOWEST_HZ = 1000
"""A header with a rate below this is damaged: resampling by it would fill the memory."""
_BLOCK = 1 << 18
"""So many samples of a compressed file are read at a time, whatever its header promises."""
_SLACK = 2 * 1152
"""So many frames an MP3's length may be wrong by, as its format is."""
_DIGEST_PART = 1 << 16
_NO_SOUND = "not a sound file that can be read; copy it again or convert it to WAV"
_NO_END = "it has no end: it is cut off after {0}; copy it again, or keep the {0}"


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


def printable(path: str | os.PathLike) -> str:
    """A path as text that can be printed: what in a file's name is no text becomes `\\udc..`."""
    return os.fspath(path).encode("utf-8", "backslashreplace").decode("utf-8")


class _Sound(NamedTuple):
    """An open file of soundfile's, the frames that can be read of it, and what is wrong with it."""

    file: Any
    frames: int
    problem: str
    at_once: int = _BLOCK
    """So many samples may be read at a time: of what is not compressed, all."""


@contextlib.contextmanager
def _decoding(path: str, what: str = _NO_SOUND) -> Iterator[None]:
    """What goes wrong in the decoder becomes an error that names the file; a fault of the disk stays one."""
    try:
        yield
    except (RuntimeError, TypeError, ValueError, OverflowError, MemoryError) as error:
        with _naming(path), open(path, "rb", buffering=0) as file:  # a decoder can't tell a bad disk from a bad file
            while file.read(1 << 20) and what != _NO_SOUND:
                pass
        why = getattr(error, "error_string", None) or f"{type(error).__name__} {error}"
        raise ValueError(f"{printable(path)}: {what} ({why.strip('. ')})") from error


@contextlib.contextmanager
def _naming(path: str) -> Iterator[None]:
    """A fault of the disk stays what it is, and tells of which file."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = printable(path)
        raise


def _regular_file(path: str) -> io.FileIO:
    """An ordinary file, opened for reading."""
    try:
        if stat.S_ISREG(os.stat(path).st_mode):
            return open(path, "rb", buffering=0)
    except PermissionError as error:
        why = "this file may not be read, ask for the right to it"
        raise PermissionError(error.errno, why, printable(path)) from error
    except (FileNotFoundError, NotADirectoryError, ValueError):  # ValueError: a path that no disk can hold
        pass
    raise FileNotFoundError(f"{printable(path)}: there is no such sound file; check the path")


@contextlib.contextmanager
def _decoder(path: str, file: io.FileIO, corrections: dict[int, bytes]):
    """Soundfile's view of an open file, with its header put right."""
    import soundfile

    file.seek(0)
    if corrections:
        source = headers.Corrected(file, corrections)
    else:  # an open file, because soundfile can't open every name; but Windows' numbers of files are not the library's
        source = path if os.name == "nt" else file.fileno()
    with _decoding(path):
        sound = soundfile.SoundFile(source, closefd=False)
    with sound:
        if sound.samplerate < _SLOWEST_HZ:
            raise ValueError(
                f"{printable(path)}: its header tells {sound.samplerate} samples a second, which no recorder makes; "
                "copy it again or leave it out"
            )
        yield sound


@contextlib.contextmanager
def _open(path: str | os.PathLike) -> Iterator[_Sound]:
    """Open a sound file for reading: its header is compared with what is there, and errors name it."""
    path = os.fspath(path)
    with _naming(path), _regular_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        claim = headers.chunk_claim(file, size)
        with _decoder(path, file, claim.corrections if claim else {}) as sound:
            if claim:
                problem = _chunk_problem(claim, sound.frames / sound.samplerate)
                yield _Sound(sound, sound.frames, problem, max(_BLOCK, sound.frames * sound.channels))
                return
            found = os.fstat(file.fileno())
            read = _decoded(path, sound.frames, (found.st_dev, found.st_ino, size, found.st_mtime_ns))
            if not read.corrections:
                yield _Sound(sound, read.frames, read.problem)
                return
        with _decoder(path, file, read.corrections) as sound:
            yield _Sound(sound, read.frames, read.problem)


def _chunk_problem(claim: headers.Claim, there_s: float) -> str:
    if claim.promised == claim.there:
        return ""
    if not there_s or not claim.there:
        return "it is cut off after its header and holds no sound; copy it again or leave it out"
    promised_s = None if claim.promised is None else there_s * claim.promised / claim.there
    return _problem(promised_s, there_s)


def _problem(promised_s: float | None, there_s: float) -> str:
    """What is wrong with a file, in a sentence."""
    there = f"{there_s:.6g} s"
    if promised_s is None:
        return f"its header does not tell its true length; the {there} that are there are read"
    if promised_s < there_s:
        claim = f"{promised_s:.6g} s" if promised_s else "no sound"
        return (f"its header says that it holds {claim}, but {there} are there and are read; "
                "the recorder probably lost power")  # fmt: skip
    return (f"its header promises {promised_s:.6g} s and the file holds {there}: it is cut off; "
            f"copy it again, or keep the {there}")  # fmt: skip


class _Decoded(NamedTuple):
    frames: int
    problem: str
    corrections: dict[int, bytes]


@functools.lru_cache(maxsize=4096)
def _decoded(path: str, frames: int, identity: tuple) -> _Decoded:
    """How much can be decoded of a compressed file: all, if its last frame can; else it is decoded once to count."""
    with _regular_file(path) as file:
        size = identity[2]
        unlimited = headers.flac_correction(file, 0)
        with _decoder(path, file, unlimited) as sound:
            rate = sound.samplerate
            if frames == 0 or _count(sound, frames - 1, 2) == 1:
                cut = sound.format == "OGG" and not headers.ogg_ends(file, size)
                return _Decoded(frames, _NO_END.format(f"{frames / rate:.6g} s") if cut else "", {})
        with _decoder(path, file, unlimited) as sound:
            there = _count(sound, 0, sound.frames)
        if there == 0:
            raise ValueError(f"{printable(path)}: it holds no sound that can be decoded; copy it again or leave it out")
        # No compression makes one byte of 10,000 frames: such a length is none.
        promised_s = frames / rate if frames < 10_000 * size else None
        return _Decoded(there, _problem(promised_s, there / rate), headers.flac_correction(file, there))


def _count(sound, first: int, most: int) -> int:
    """How many frames can be decoded from the first on."""
    n = 0
    with contextlib.suppress(RuntimeError, OverflowError):
        sound.seek(first)
        for block in _blocks(sound, most):
            n += len(block)
    return n


def _blocks(sound, frames: int, at_once: int = _BLOCK) -> Iterator[np.ndarray]:
    """So many frames or what is there, in blocks; before a fault of the decoder comes what it could decode."""
    while frames > 0:
        block = np.full((min(frames, max(1, at_once // sound.channels)), sound.channels), np.nan, dtype=np.float32)
        try:
            n = len(sound.read(out=block))
        except RuntimeError:
            empty = np.isnan(block[:, -1])
            n = int(empty.argmax()) if empty.any() else len(block)
            yield block[:n]
            if n < frames:
                raise
            return  # soundfile looks one frame further than it was asked to
        if n == 0:
            return
        yield block[:n]
        frames -= n


def audio_info(path: str | os.PathLike) -> dict:
    """Length and format of a sound file, and what is wrong with it, without reading all its samples.

    The length is that of the sound which is there and which `read_audio` gives, whatever the header says. Only a
    compressed file whose end can't be read is decoded, to count.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    dict
        `duration_s` (float), `sample_rate_hz`, `channels` and `frames` (int), and `problem` (str): a sentence if the
        header promises more or less than the file holds, else "".

    Raises
    ------
    FileNotFoundError, PermissionError, ValueError
        If there is no such file, it may not be read, or it is not sound.
    """
    with _open(path) as sound:
        return {
            "duration_s": sound.frames / sound.file.samplerate,
            "sample_rate_hz": sound.file.samplerate,
            "channels": sound.file.channels,
            "frames": sound.frames,
            "problem": sound.problem,
        }


def dead_channels(path: str | os.PathLike) -> list[int]:
    """Which channels of a sound file never change, as that of a microphone without a cable.

    Looked at are five pieces of 0.2 s, spread over the file.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    list of int
        Numbers of channels, from 0, whose samples are all the same; none if the file holds no sound.

    Raises
    ------
    FileNotFoundError, PermissionError, ValueError
        As `audio_info`, and if a piece can't be decoded.
    """
    path = os.fspath(path)
    with _open(path) as sound:
        n = to_samples(0.2, sound.file.samplerate)
        starts = np.unique(np.linspace(0, max(0, sound.frames - n), 5).astype(np.int64))
        pieces = [_take(path, sound, int(start), min(n, sound.frames)) for start in starts if sound.frames]
    if not pieces:
        return []
    samples = np.concatenate(pieces)
    return np.flatnonzero(samples.min(axis=0) == samples.max(axis=0)).tolist()


def sound_digest(path: str | os.PathLike) -> str:
    """A short text that is the same for copies of a file, whatever their names.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    str
        A digest of the file's size and of its first, middle and last 64 kB. Files that differ elsewhere only have the
        same one: compare all their bytes where that matters.

    Raises
    ------
    FileNotFoundError, PermissionError
        If there is no such file, or it may not be read.
    """
    path = os.fspath(path)
    with _naming(path), _regular_file(path) as file:
        size = os.fstat(file.fileno()).st_size
        digest = hashlib.blake2b(str(size).encode(), digest_size=16)
        for start in sorted({0, max(0, (size - _DIGEST_PART) // 2), max(0, size - _DIGEST_PART)}):
            file.seek(start)
            digest.update(file.read(_DIGEST_PART))
    return digest.hexdigest()


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

    Warns
    -----
    UserWarning
        If the header promises more or less than the file holds. What is there is read.

    Raises
    ------
    FileNotFoundError, PermissionError
        If there is no such file, or it may not be read.
    ValueError
        If it is not sound, is empty, is damaged where it is read, lacks the channel, or `start_s` lies outside it.
    """
    path = os.fspath(path)
    with _open(path) as sound:
        name, rate, channels = printable(path), sound.file.samplerate, range(sound.file.channels)
        if channel != "mix" and channel not in channels:
            raise ValueError(f'{name}: there is no channel {channel!r}; choose one of {list(channels)} or "mix"')
        length_s = sound.frames / rate
        if sound.frames == 0:
            raise ValueError(f"{name}: the file holds no sound; copy it again or leave it out")
        if not 0 <= start_s < length_s:
            also = f"; {sound.problem}" if sound.problem else ""
            raise ValueError(f"{name}: start_s={start_s} lies outside its {length_s:g} s{also}")
        if duration_s is not None and not duration_s > 0:
            raise ValueError(f"{name}: duration_s={duration_s} must be positive, or None")
        first = min(int(to_samples(start_s, rate)), sound.frames - 1)
        left = sound.frames - first
        if duration_s is not None:
            left = min(left, max(1, int(to_samples(min(duration_s, length_s), rate))))
        signal = _take(path, sound, first, left, channel)
    if sound.problem:
        warnings.warn(f"{name}: {sound.problem}", stacklevel=2)
    return resample(signal, rate, sample_rate_hz or rate)


def _take(path: str, sound: _Sound, first: int, n: int, channel: int | str | None = None) -> np.ndarray:
    """Up to `n` frames of one channel, of their mean, or (None) of all."""
    rate, parts, done = sound.file.samplerate, [], first
    with _decoding(path, f"damaged at {first / rate:.6g} s, where reading begins; copy it again, or read another part"):
        sound.file.seek(first)
    try:
        for block in _blocks(sound.file, n, sound.at_once):
            done += len(block)
            if channel == "mix":
                block = block.mean(axis=1)
            elif channel is not None:
                block = np.ascontiguousarray(block[:, channel])
            parts.append(block)
        if done == first or first + n - done > _SLACK:  # MP3 ends at damage without a word
            raise RuntimeError("what follows can't be decoded")
        return parts[0] if len(parts) == 1 else np.concatenate(parts)
    except RuntimeError:
        there = f"{done / rate:.6g} s"
        with _decoding(path, f"damaged at {there}; copy it again, or read only what is before (duration_s)"):
            raise
    except MemoryError as error:
        why = "there is not enough memory; read it in parts (start_s, duration_s)"
        raise ValueError(f"{printable(path)}: {n / rate:.6g} s at once, {why}") from error


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
