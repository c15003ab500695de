"""Call types of the simulated pond and how one call of each is made.

A call type is a row of ``call_types.csv``: pitch, sweep, pulses, notes and so on. It is stylised: where the
column ``like`` names a species, a published description of that species' advertisement call gave the
row its outline (see the chapter *The pond*); nothing here is a recording or a model of a real frog.
"""

from functools import cache
from importlib.resources import files

import numpy as np
import pandas as pd

from anuralib.sound.audio import SAMPLE_RATE_HZ

_TOP_HZ = 10_400.0  # partials above this would fold back at the Nyquist frequency


@cache
def _read_call_types():
    text = ("like", "source", "lookalike", "sites", "notes", "harmonics")
    with files("anuralib.pond").joinpath("call_types.csv").open(encoding="utf-8") as file:
        table = pd.read_csv(file, dtype=dict.fromkeys(text, str), keep_default_na=False)
    return table.set_index("code", drop=False)


def call_types():
    """The call types of the simulated pond.

    Returns
    -------
    pandas.DataFrame
        One row per call type, indexed by ``code``: ``name``; ``like`` (the species whose published call gave
        the outline, or empty); ``source`` (its key in the book's bibliography); ``sites``;
        ``recordings`` (in how many of 120 recordings it calls);
        ``most_calls`` (in one recording; 0: no limit);
        ``pitch_hz`` (fundamental at mid-note); ``sweep`` (end pitch over start pitch); ``curve`` (1 straight,
        above 1 late, below 1 early change); ``note_s``; ``notes`` in a call; ``gap_s`` between notes;
        ``step`` and ``stretch`` (pitch and length of each note over the one before); ``pulse_hz`` (0: tonal);
        ``pulse_decay``; ``harmonics`` (amplitudes of the partials); ``roughness`` (line width over pitch);
        ``attack`` (share of the note before its loudest moment); ``period_s`` (onset to onset at
        23 degrees Celsius); ``level_db`` (sound pressure level at 1 m, dB); ``month`` and ``hour`` of most calling;
        ``lookalike`` (the code it is most easily taken for).
    """
    return _read_call_types().copy()


def draw_individual(rng, temperature_c=23.0):
    """Traits that set one caller apart from the others of its type.

    Parameters
    ----------
    rng : numpy.random.Generator
    temperature_c : float
        Calls and pulses come faster when it is warm; pitch hardly moves.

    Returns
    -------
    dict
        Factors ``pitch``, ``tempo`` (of lengths), ``rate`` (of calls and pulses) and ``brightness`` (dB an octave).
    """
    size = rng.normal()  # larger frogs call lower and a little longer
    return {
        "pitch": float(np.exp(-0.035 * size + 0.012 * rng.normal())),
        "tempo": float(np.exp(0.04 * size + 0.05 * rng.normal())),
        "rate": float(np.exp(0.045 * (temperature_c - 23.0) + 0.08 * rng.normal())),
        "brightness": float(rng.normal(0.0, 1.5)),
    }


def _wobble(n, rng, every=900):
    """Smooth random curve of n values, unit variance: what no two notes share."""
    knots = rng.standard_normal(n // every + 3)
    return np.interp(np.arange(n) / every, np.arange(len(knots)), knots)


def _pulses(n, rate_hz, decay, rng):
    """Amplitude of a train of n samples of pulses that are neither equally loud nor evenly spaced."""
    rate = rate_hz * (1.0 + 0.05 * _wobble(n, rng))
    phase = np.cumsum(rate) / SAMPLE_RATE_HZ
    number = phase.astype(np.intp)
    loudness = np.exp(0.15 * rng.standard_normal(number[-1] + 1))
    within = phase - number
    return loudness[number] * (1.0 - np.exp(-within / 0.06)) * np.exp(-decay * within)


def synthesise_note(kind, individual, rng, pitch=1.0, length=1.0):
    """One note of a call type.

    Parameters
    ----------
    kind : pandas.Series or dict
        A row of `call_types`.
    individual : dict
        From `draw_individual`.
    rng : numpy.random.Generator
    pitch, length : float
        Factors for this note's place in the call.

    Returns
    -------
    ndarray, shape (n,), float64
        Sampled at 22,050 Hz, peak near 1.
    """
    seconds = kind["note_s"] * length * individual["tempo"] * np.exp(0.05 * rng.normal())
    n = max(int(seconds * SAMPLE_RATE_HZ), 64)
    t = (np.arange(n) + 0.5) / n
    middle = kind["pitch_hz"] * pitch * individual["pitch"] * np.exp(0.008 * rng.normal())
    bend = np.log(kind["sweep"]) * (t ** kind["curve"] - 0.5 ** kind["curve"]) + 0.004 * _wobble(n, rng)
    frequency = middle * np.exp(bend)
    # A random walk of the phase widens each line to about roughness * pitch: a throat, not an oscillator.
    # Smoothed, since a throat has mass: white steps would put a faint copy of the call at every frequency.
    steps = np.convolve(rng.standard_normal(n + 30), np.hanning(31) / 15, mode="valid")
    walk = np.sqrt(2 * np.pi * kind["roughness"] * middle / SAMPLE_RATE_HZ) * steps
    phase = np.cumsum(2 * np.pi * frequency / SAMPLE_RATE_HZ + walk)
    signal = np.zeros(n)
    highest = frequency.max()
    for partial, amplitude in enumerate(map(float, kind["harmonics"].split()), start=1):
        if partial * highest < _TOP_HZ:
            tilt = 10 ** (individual["brightness"] * np.log2(partial) / 20)
            signal += amplitude * tilt * np.sin(partial * phase + rng.uniform(0, 2 * np.pi))
    rise = np.clip(t / kind["attack"], 0, 1)
    fall = np.clip((1 - t) / (1 - kind["attack"]), 0, 1)
    signal *= np.sin(0.5 * np.pi * rise) ** 1.5 * np.sin(0.5 * np.pi * fall) ** 0.8 * np.exp(0.1 * _wobble(n, rng))
    if kind["pulse_hz"]:
        signal *= _pulses(n, kind["pulse_hz"] * individual["rate"] ** 0.6, kind["pulse_decay"], rng)
    return signal


def synthesise_call(kind, individual, rng):
    """One call of a call type by one individual: its notes with the silences between them.

    Parameters
    ----------
    kind : pandas.Series or dict
        A row of `call_types`.
    individual : dict
        From `draw_individual`.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n,), float32
        Sampled at 22,050 Hz, root mean square 1 over the notes.
    """
    fewest, _, most = kind["notes"].partition("-")
    n_notes = int(rng.integers(int(fewest), int(most or fewest) + 1))
    parts, pitch, length = [], 1.0, 1.0
    for i in range(n_notes):
        if i:
            gap_s = kind["gap_s"] * individual["tempo"] * np.exp(0.1 * rng.normal())
            parts.append(np.zeros(int(gap_s * SAMPLE_RATE_HZ)))
        parts.append(10 ** (rng.normal(0, 1.0) / 20) * synthesise_note(kind, individual, rng, pitch, length))
        pitch, length = pitch * kind["step"], length * kind["stretch"]
    sounding = np.concatenate(parts[::2])
    call = np.concatenate(parts) / np.sqrt(np.mean(sounding**2))
    return call.astype(np.float32)


def frequency_band(signal, share=0.95):
    """Lower and upper frequency (Hz) between which `share` of a call's energy lies.

    Parameters
    ----------
    signal : ndarray, shape (n,)
        Sampled at 22,050 Hz.
    share : float

    Returns
    -------
    tuple of float
        ``low_hz, high_hz``.
    """
    power = np.abs(np.fft.rfft(signal)) ** 2
    so_far = np.cumsum(power) / power.sum()
    hz = np.fft.rfftfreq(len(signal), 1 / SAMPLE_RATE_HZ)
    low, high = np.searchsorted(so_far, [(1 - share) / 2, (1 + share) / 2])
    return float(hz[low]), float(hz[min(high, len(hz) - 1)])


def call_examples(species, seed=0, seconds=2.5):
    """A few calls of each type one after the other, without background: to compare a recording with.

    Parameters
    ----------
    species : sequence of str
        Codes of call types.
    seed : int
        Of the individuals and their calls.
    seconds : float
        For each type about so long, but one call at least.

    Returns
    -------
    signal : ndarray, shape (n,), float32
        Sampled at 22,050 Hz; all calls have the same root mean square.
    labels : pandas.DataFrame
        ``start_s``, ``end_s``, ``species``, one row per type: what `player` makes buttons of.

    Raises
    ------
    ValueError
        If there is no species, or no call type of that code.
    """
    kinds, rng = call_types(), np.random.default_rng(seed)
    unknown = [code for code in species if code not in kinds.index]
    if unknown or not len(species):
        raise ValueError(f"no call type {', '.join(map(str, unknown)) or 'asked for'}; see al.call_types()")
    parts, rows, n = [], [], 0
    for code in species:
        kind, individual = kinds.loc[code], draw_individual(rng)
        period = int(kind["period_s"] * SAMPLE_RATE_HZ)
        first = n
        for _ in range(max(1, int(seconds // kind["period_s"]))):
            call = synthesise_call(kind, individual, rng)
            end = n + len(call)
            pause = max(period - len(call), SAMPLE_RATE_HZ // 10)
            parts += [call, np.zeros(pause, np.float32)]
            n = end + pause
        parts[-1] = parts[-1][: SAMPLE_RATE_HZ // 2]  # half a second is enough between two types
        n = end + len(parts[-1])
        rows.append((first / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ, code))
    return np.concatenate(parts), pd.DataFrame(rows, columns=["start_s", "end_s", "species"])


def call_parts(species, seconds=3.0, level_db=0.0, seed=0):
    """One caller of each type, apart: sounds that add up to a mixture of known parts.

    A type calls at its own period from a random moment on, cut at both ends, without background or echo. Its sound
    depends on the seed and on the type alone: with other company it is the same.

    Parameters
    ----------
    species : sequence of str
        Codes of call types, each once.
    seconds : float
    level_db : float or dict of str to float
        Level of the calls; 0 dB is a root mean square of 0.05 over the notes. A type that a dict leaves out has 0.
    seed : int
        Of the individuals, their calls and the moments.

    Returns
    -------
    dict of str to float32 ndarray, shape (n,)
        Sampled at 22,050 Hz. ``sum(parts.values())`` is the mixture.

    Raises
    ------
    ValueError
        No species, one named twice, no call type of that code, no time.
    """
    kinds, codes = call_types(), list(species)
    unknown = [code for code in codes if code not in kinds.index]
    if unknown or not codes:
        raise ValueError(f"no call type {', '.join(map(str, unknown)) or 'asked for'}; see al.call_types()")
    if len(set(codes)) < len(codes) or not seconds > 0:
        raise ValueError(f"need each type once and seconds above 0, got {codes} and {seconds}")
    n, parts = round(seconds * SAMPLE_RATE_HZ), {}
    for code in codes:
        kind = kinds.loc[code]
        rng = np.random.default_rng([seed, kinds.index.get_loc(code)])
        individual = draw_individual(rng)
        first = synthesise_call(kind, individual, rng)
        # The first call lies in the window, or fills it; others follow at the period and go before.
        low, high = sorted((0, n - len(first)))
        start, step = rng.uniform(low, high), kind["period_s"] * SAMPLE_RATE_HZ
        sound = np.zeros(n, np.float32)
        for k in range(-int(start // step) - 1, int((n - start) // step) + 1):
            call = synthesise_call(kind, individual, rng) if k else first
            begin = round(start + step * (k + (rng.normal(0, 0.05) if k else 0)))
            left, right = max(begin, 0), min(begin + len(call), n)
            if right > left:
                sound[left:right] += call[left - begin : right - begin]
        level = level_db.get(code, 0.0) if isinstance(level_db, dict) else level_db
        parts[code] = sound * np.float32(0.05 * 10 ** (level / 20))
    return parts
