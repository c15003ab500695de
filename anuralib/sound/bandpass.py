"""The band-pass filter and the level of a signal (`preprocess`), and a fast way for many overlapping windows."""

import functools

import numpy as np
from scipy.signal import butter, sosfilt, sosfilt_zi

from anuralib.sound.audio import SAMPLE_RATE_HZ

PEAK = 0.7  # amplitude of the loudest sample, full scale 1; scikit-maad's `max_amp`


@functools.lru_cache(maxsize=16)  # designing it takes as long as filtering a second
def design(order: int, band_hz: tuple[float, float], sample_rate_hz: float) -> np.ndarray | None:
    """Second-order sections of the Butterworth filter, or None if the band leaves all through."""
    low, high = band_hz
    if not (order >= 1 and 0 <= low < high and low < sample_rate_hz / 2):
        raise ValueError(
            f"order {order} and band_hz {band_hz} do not make a filter at {sample_rate_hz} Hz: "
            "0 <= low < high, and low under half the sample rate"
        )
    # An upper edge at or over half the sample rate asks for nothing: no sound is above it.
    has_high = high < sample_rate_hz / 2
    if low > 0 and has_high:
        return butter(order, (low, high), "bandpass", fs=sample_rate_hz, output="sos")
    if low > 0:
        return butter(order, low, "highpass", fs=sample_rate_hz, output="sos")
    if has_high:
        return butter(order, high, "lowpass", fs=sample_rate_hz, output="sos")
    return None


def padding(sos: np.ndarray) -> int:
    """How many samples scipy's `sosfiltfilt` adds at each end."""
    zeros = min((sos[:, 2] == 0).sum(), (sos[:, 5] == 0).sum())
    return int(3 * (2 * len(sos) + 1 - zeros))


@functools.lru_cache(maxsize=4)
def _echoes(order, band_hz, sample_rate_hz, size):
    """What the filter's memory alone adds to a window: forwards, and that again backwards.

    The filter remembers 2 numbers a section. `after` (K, size) is what comes out of silence for each of the K numbers
    being 1 at the start, `left` (K, K) what is remembered at the end, `back` (K, size) is `after` filtered backwards.
    """
    sos = design(order, band_hz, sample_rate_hz)
    k = 2 * len(sos)
    after, left = sosfilt(sos, np.zeros((k, size)), zi=_state(np.eye(k)))
    back = sosfilt(sos, after[:, ::-1])[:, ::-1]
    return after, _memory(left), back


def _run(sos, signal, stops):
    """The filtered signal, and the filter's memory (len(stops), K) before each of the sorted samples `stops`."""
    state, out, kept = np.zeros((len(sos), 2)), np.empty_like(signal), []
    at = 0
    for stop in [*stops, len(signal)]:
        if stop > at:
            out[at:stop], state = sosfilt(sos, signal[at:stop], zi=state)
            at = stop
        kept.append(state.ravel())
    return out, np.array(kept[:-1])


def _settle(sos, ends):
    """The filter's memory (m, K) after short rows (m, n), begun as if their first sample had stood there for ever."""
    begin = sosfilt_zi(sos)[:, None, :] * ends[:, :1]
    return _memory(sosfilt(sos, ends, zi=begin)[1])


def _state(memory):
    """What a row of numbers for each window is to scipy: (sections, windows, 2)."""
    return memory.reshape(len(memory), -1, 2).transpose(1, 0, 2)


def _memory(state):
    """The other way round."""
    return state.transpose(1, 0, 2).reshape(state.shape[1], -1)


def filter_windows(
    signal: np.ndarray, first: np.ndarray, size: int, order: int, band_hz: tuple, sample_rate_hz: float
) -> np.ndarray:
    """Each window filtered as `sosfiltfilt` filters it by itself, at a fraction of the work.

    Overlapping windows would be filtered over and over. The filter is linear: within a window, the output of a filter
    that came from far away and that of one begun at the window's edge differ only by what they remember there, a few
    numbers. So the signal is filtered once, and each window is mended by the `_echoes` of that difference.

    Parameters
    ----------
    signal : ndarray, shape (n,), float64
    first : ndarray of int, shape (m,)
        First sample of each window; all windows are wholly inside.
    size : int
        Samples of a window, more than `padding`.
    order, band_hz, sample_rate_hz
        As for `design`, which must not give None.

    Returns
    -------
    ndarray, shape (m, size)
        Equal to `sosfiltfilt` on each window but for rounding (about 1e-9 of full scale).
    """
    sos = design(order, band_hz, sample_rate_hz)
    after, left, back = _echoes(order, band_hz, sample_rate_hz, size)
    pad = padding(sos)
    last = first + size
    k = np.arange(1, pad + 1)
    stops = np.unique(np.concatenate([first, last]))
    # Forwards. The odd extension before a window turns the sound round its first sample.
    forward, memory = _run(sos, signal, stops)
    before = 2 * signal[first, None] - signal[first[:, None] + k[::-1]]
    starts = _settle(sos, before)
    change = starts - memory[np.searchsorted(stops, first)]
    ends = memory[np.searchsorted(stops, last)] + change @ left
    beyond = 2 * signal[last - 1, None] - signal[last[:, None] - 1 - k]
    beyond = sosfilt(sos, beyond, zi=_state(ends))[0]
    # Backwards: the same from the other end, over what the first pass has made.
    backward, memory = _run(sos, forward[::-1], len(signal) - stops[::-1])
    turn = _settle(sos, beyond[:, ::-1]) - memory[::-1][np.searchsorted(stops, last)]
    out = np.hstack([turn, change]) @ np.vstack([after[:, ::-1], back])
    out += np.lib.stride_tricks.sliding_window_view(backward[::-1], size)[first]
    return out


def preprocess(
    signal: np.ndarray,
    sample_rate_hz: float,
    band_hz: tuple[float, float] = (1, 10_000),
    order: int = 5,
    peak: float | None = PEAK,
    peak_dbfs: float | None = None,
) -> np.ndarray:
    """Filter and normalise a signal as the AnuraSet paper describes it.

    A Butterworth band-pass is run forwards and backwards, so that no call moves in time (the
    attenuation of the order counts twice), then the peak is set. This is what scikit-maad's
    `select_bandwidth` and `normalize` do, and the numbers are the same: second-order sections,
    `sosfiltfilt` with its odd extension at the edges. The paper prints a peak of 0.7 dBFS, above
    which a file clips; its authors' earlier code (soundclim/chorus_experiments, commit 2a3e264)
    sets an amplitude of 0.7, and so does this function.

    Parameters
    ----------
    signal : ndarray, shape (n,)
    sample_rate_hz : float
        In Hz.
    band_hz : (float, float)
        Edges of the band, in Hz, where each pass is 3 dB down. A lower edge of 0 or an upper edge
        of half the sample rate or more is left out.
    order : int
        Order of the low-pass prototype.
    peak : float or None
        Magnitude of the loudest sample, over 0 and up to 1 (full scale); 0.7 is -3.1 dBFS. None
        leaves the level.
    peak_dbfs : float, optional
        The same in decibels re full scale, 0 or less, in place of `peak`.

    Returns
    -------
    ndarray, shape (n,)
        float32 if the signal is, else float64. Silence, and a constant offset, become zeros: what
        is left of them after the filter is rounding, which must not be blown up to a sound.

    Raises
    ------
    ValueError
        If the signal is empty, not one-dimensional or holds NaN or infinity, a setting is
        impossible, or a peak is given both ways.

    Examples
    --------
    >>> float(abs(preprocess(np.sin(np.arange(22050)), 22050)).max())
    0.7
    """
    signal = np.asarray(signal)
    if signal.ndim != 1 or signal.size == 0:
        raise ValueError(f"a signal of shape (n,) with n > 0 is needed, not {signal.shape}")
    peak = _wanted_peak(peak, peak_dbfs)
    kind = signal.dtype if signal.dtype in (np.float32, np.float64) else np.float64
    values = signal.astype(np.float64)
    before = _peak(values)
    sos = design(order, tuple(band_hz), sample_rate_hz)
    if sos is not None:
        from scipy.signal import sosfiltfilt

        # scipy's own padding, shortened only where the signal is too short for it.
        values = sosfiltfilt(sos, values, padlen=min(padding(sos), len(values) - 1))
    after = _peak(values)
    if after <= 1e-6 * before:
        return np.zeros(len(values), dtype=kind)
    if peak is not None:
        values *= peak / after
    return np.ascontiguousarray(values, dtype=kind)


def _wanted_peak(peak, peak_dbfs):
    """The peak as an amplitude, or None to leave the level."""
    if peak_dbfs is not None:
        if peak != PEAK:
            raise ValueError(f"give peak={peak} or peak_dbfs={peak_dbfs}, not both")
        if not peak_dbfs <= 0:
            raise ValueError(f"peak_dbfs={peak_dbfs} would clip; choose 0 or less")
        return 10 ** (peak_dbfs / 20)
    if peak is not None and not 0 < peak <= 1:
        raise ValueError(f"peak={peak} is an amplitude, over 0 and up to 1 (full scale); decibels are for peak_dbfs")
    return peak


def _peak(values: np.ndarray) -> np.ndarray:
    """The largest magnitude along the last axis, without a copy as np.abs makes one; ValueError if not finite."""
    peak = np.maximum(values.max(axis=-1), -values.min(axis=-1))
    if not np.isfinite(peak).all():
        raise ValueError("the signal holds NaN or infinity; cut out or mend that part first")
    return peak


def preprocess_windows(signal, first, size, band_hz=(1, 10_000), order=5, peak=PEAK):
    """Windows (m, size) as `preprocess` gives each by itself, filtered together."""
    cuts = np.lib.stride_tricks.sliding_window_view(signal, size)[first]
    before = _peak(cuts)
    cuts = filter_windows(signal, first, size, order, band_hz, SAMPLE_RATE_HZ)
    after = _peak(cuts)
    # Beside a loud neighbour the rounding of silence is larger than by itself.
    silent = after <= np.maximum(1e-6 * before, 1e-8 * before.max())
    cuts *= np.where(silent, 0, peak / np.where(silent, 1, after))[:, None]
    return cuts
