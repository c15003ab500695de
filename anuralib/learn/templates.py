"""Detectors without a network: a call that is cut out and searched for, and a search for a pulse rate.

Each knows one call type and looks at one band of frequencies. A template is the picture of one call; where the picture
of a recording resembles it, the score is high. A pulse detector asks whether the sound in the band comes and goes as
often per second as the call does. Neither needs windows without the call, nor anything to be trained.
"""

import numpy as np
import pandas as pd
from scipy.signal import oaconvolve

_PICTURE_S, _PICTURE_HOPS = 0.0232, 2  # length of a frame; frames per length
_PULSE_S, _PULSE_HOPS = 0.0058, 4  # short, so that pulses stay apart, up to 250 per second
_RANGE_DB = 80.0  # of a picture, down from its loudest point
_SLOWEST_HZ = 4.0  # slower changes are those of calls and of wind, not of pulses


def match_template(signal, template, sample_rate_hz=22050, band_hz=(200.0, 10_000.0)):
    """How much each moment of a sound resembles a call (normalised cross-correlation of spectrograms).

    Parameters
    ----------
    signal : array, shape (n,)
        A recording, or a part of one.
    template : array, shape (m,)
        The call, cut out of a recording with a little silence around it, at the same sample rate; m <= n.
    sample_rate_hz : int
    band_hz : tuple of float
        Lowest and highest frequency that are compared, in Hz: those of the call, and a little of the silence above and
        below, for without contrast there is nothing to compare.

    Returns
    -------
    DataFrame
        For each place of the template `start_s` (seconds) and `score`, the correlation coefficient of the two pictures
        in decibels: 1 where they are the same, about 0 where they have nothing in common. Loudness does not count.

    Raises
    ------
    ValueError
        Sound that is no line of numbers, NaN, a template longer than the signal or silent, a band that can't be.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(0, 0.001, 22050)
    >>> noise[8820:11025] += np.sin(2 * np.pi * 1500 * np.arange(2205) / 22050)  # a whistle at 0.4 s
    >>> found = al.match_template(noise, noise[8000:12000], band_hz=(1000, 2000))
    >>> float(found["start_s"][found["score"].argmax()].round(2))
    0.36
    """
    signal, template = _check_sound(signal, "signal"), _check_sound(template, "template")
    if len(template) > len(signal):
        raise ValueError(f"the template has {len(template)} samples, more than the signal with {len(signal)}")
    hz, step_s, picture = call_picture(signal, sample_rate_hz)
    small = call_picture(template, sample_rate_hz)[2]
    rows = _rows(hz, band_hz)
    score = correlate(picture[rows], small[rows])
    return pd.DataFrame({"start_s": np.arange(len(score)) * step_s, "score": score})


def pulse_scores(
    signals,
    sample_rate_hz=22050,
    pulses_per_s=(10.0, 20.0),
    band_hz=(200.0, 10_000.0),
    noise_bands=(),
    segment_s=0.5,
):
    """How much of the coming and going of the sound in a band has the pulse rate of a call.

    The idea is that of RIBBIT (Lapp et al. 2021, doi 10.1111/cobi.13718): the amplitude in the band of the call, less
    that in bands where it has no sound, is a curve over time, and the spectrum of this curve has a peak at the pulse
    rate. RIBBIT takes the height of the peak. Here it is divided by the sum of the spectrum, so that a loud sound is
    no better than a soft one.

    Parameters
    ----------
    signals : array, shape (n,) or (N, n)
        Windows of `segment_s` or longer.
    sample_rate_hz : int
    pulses_per_s : tuple of float
        Lowest and highest pulse rate; allow for temperature. Between 4 and 250 per second.
    band_hz : tuple of float
        Lowest and highest frequency of the call, in Hz.
    noise_bands : sequence of tuple of float
        Bands in Hz whose mean amplitude is taken off.
    segment_s : float
        How much is looked at at a time, in seconds; segments overlap by half. At least three pulses long, and not much
        longer than the call.

    Returns
    -------
    DataFrame
        For each window `score` (0 to 1), that of its best segment, and `pulses_per_s`, the rate that it was found
        at; NaN where the band is silent.

    Raises
    ------
    ValueError
        Windows shorter than a segment, a segment of fewer than three pulses, NaN, rates or bands that can't be.

    Examples
    --------
    >>> t = np.arange(22050) / 22050
    >>> trill = np.sin(2 * np.pi * 2000 * t) * (np.sin(2 * np.pi * 30 * t) > 0)
    >>> found = al.pulse_scores(trill, pulses_per_s=(20, 40), band_hz=(1500, 2500))
    >>> int(found["pulses_per_s"][0])
    30
    """
    signals = np.atleast_2d(np.asarray(signals, dtype=np.float32))
    if signals.ndim != 2 or signals.shape[1] < segment_s * sample_rate_hz:
        raise ValueError(f"signals must be windows of {segment_s:g} s or longer, got shape {signals.shape} "
                         f"at {sample_rate_hz} Hz")  # fmt: skip
    rows = []
    for signal in signals:
        hz, step_s, amplitudes = _spectrogram(_check_sound(signal, "signals"), sample_rate_hz, _PULSE_S, _PULSE_HOPS)
        curve = band_amplitude(hz, amplitudes, band_hz, noise_bands)
        score, rate = pulsation(curve, step_s, pulses_per_s, segment_s)
        best = int(np.nan_to_num(score, nan=-1.0).argmax())
        rows.append((score[best], rate[best]))
    return pd.DataFrame(rows, columns=["score", "pulses_per_s"])


def call_picture(signal, sample_rate_hz):
    """Frequencies (Hz), seconds from frame to frame, and decibels (bins, frames), 80 dB down from the loudest."""
    hz, step_s, amplitudes = _spectrogram(signal, sample_rate_hz, _PICTURE_S, _PICTURE_HOPS)
    loudest = amplitudes.max()
    return hz, step_s, 20 * np.log10(np.maximum(amplitudes, max(loudest * 10 ** (-_RANGE_DB / 20), 1e-12)))


def pulse_picture(signal, sample_rate_hz):
    """Frequencies (Hz), seconds from frame to frame, and amplitudes (bins, frames), so fast that pulses are seen."""
    return _spectrogram(signal, sample_rate_hz, _PULSE_S, _PULSE_HOPS)


def correlate(picture, template):
    """Correlation coefficient of a template with each place of a picture of as many rows, one for each shift."""
    shape = template - template.mean(dtype=float)
    energy = (shape**2).sum()
    if not energy > 1e-9 * template.size:
        raise ValueError("the template is the same all over: cut it from where the call is, with some silence around")
    length = template.shape[1]
    common = oaconvolve(picture, shape[:, ::-1], mode="valid", axes=1).sum(axis=0)
    # Of each place the spread about its own mean, from running sums.
    centred = picture - picture.mean(dtype=float)
    total, squares = (np.cumsum(np.concatenate([[0.0], x.sum(axis=0)])) for x in (centred, centred**2))
    spread = squares[length:] - squares[:-length] - (total[length:] - total[:-length]) ** 2 / template.size
    flat = spread < 1e-9 * template.size
    return np.where(flat, 0.0, common / np.sqrt(np.where(flat, 1.0, spread) * energy))


def band_amplitude(hz, amplitudes, band_hz, noise_bands=()):
    """Mean amplitude in a band over time, less that in the noise bands."""
    out = amplitudes[_rows(hz, band_hz)].mean(axis=0)
    noise = [amplitudes[_rows(hz, band)].mean(axis=0) for band in noise_bands]
    return out - np.mean(noise, axis=0) if noise else out


def pulsation(curve, step_s, pulses_per_s, segment_s=0.5):
    """Of each segment of an amplitude curve, the next begins half-way: the score, and the rate it was found at."""
    low, high = pulses_per_s
    if not _SLOWEST_HZ <= low < high <= 250:
        raise ValueError(f"pulses_per_s must be a lower and a higher rate between 4 and 250, got {pulses_per_s}")
    if segment_s * low < 3:
        raise ValueError(f"segment_s={segment_s:g} holds fewer than three pulses at {low:g} per second: make it longer")
    size = round(segment_s / step_s)
    parts = np.lib.stride_tricks.sliding_window_view(curve, size)[:: size // 2].astype(float)
    parts = (parts - parts.mean(axis=1, keepdims=True)) * np.hanning(size)
    rate = np.fft.rfftfreq(4 * size, step_s)  # four times as fine as the length tells: a peak lies between
    power = np.abs(np.fft.rfft(parts, 4 * size, axis=1)) ** 2
    inside, total = (rate >= low) & (rate <= high), power[:, rate >= _SLOWEST_HZ].sum(axis=1) / 4
    with np.errstate(invalid="ignore", divide="ignore"):
        score = np.where(total > 0, power[:, inside].max(axis=1) / total, np.nan)
    return score, np.where(total > 0, rate[inside][power[:, inside].argmax(axis=1)], np.nan)


def _spectrogram(signal, sample_rate_hz, frame_s, hops):
    from librosa import stft

    hop = max(round(frame_s * sample_rate_hz / hops), 1)
    amplitudes = np.abs(stft(signal, n_fft=hops * hop, hop_length=hop))
    return np.fft.rfftfreq(hops * hop, 1 / sample_rate_hz), hop / sample_rate_hz, amplitudes


def _rows(hz, band_hz):
    low, high = band_hz
    rows = (hz >= low) & (hz <= high)
    if not rows.any():
        raise ValueError(f"no frequency of the spectrogram lies in the band of {low:g} to {high:g} Hz: they go from 0 "
                         f"to {hz[-1]:g} Hz in steps of {hz[1]:.0f} Hz")  # fmt: skip
    return rows


def _check_sound(sound, name):
    sound = np.asarray(sound, dtype=np.float32)
    if sound.ndim != 1 or not len(sound) or not np.isfinite(sound).all():
        raise ValueError(f"{name} must be numbers in one line without NaN, got shape {sound.shape}")
    return sound
