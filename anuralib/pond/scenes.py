"""What the simulated pond sounds like between and behind the calls: weather, insects, distance, tail.

Levels are in dB re full scale of the first channel. `FULL_SCALE_DB_SPL` ties them to sound pressure.
Every function takes the random generator it draws from, so that a recording depends on its own seed alone.
"""

import numpy as np
from scipy import fft, signal

from anuralib.sound.audio import SAMPLE_RATE_HZ

FULL_SCALE_DB_SPL = 100.0
# Level (dB re full scale a Hz) of the steady background at knots of frequency, by site. The slopes follow
# what recordings of quiet nights show: falling from the lowest band, a shelf, a fall to the recorder's own noise.
_KNOTS_HZ = (0, 60, 150, 400, 1000, 2500, 5000, 8000, 11025)
_STEADY_DB = {
    "SIM1": (-78, -72, -83, -93, -99, -101, -102, -105, -108),
    "SIM2": (-74, -69, -80, -90, -96, -98, -99, -103, -107),
    "SIM3": (-72, -68, -76, -82, -86, -89, -95, -101, -106),
    "SIM4": (-76, -71, -82, -91, -97, -99, -100, -103, -107),
}
# Insects of each site: (carrier Hz, chirps a second, pulses a second, level dB, seconds of song).
_INSECTS = {
    "SIM1": ((4550, 2.3, 29, -58, 40), (7400, 0, 62, -60, 60)),
    "SIM2": ((4150, 1.6, 33, -60, 30), (6900, 0, 48, -57, 60), (8800, 6, 55, -64, 20)),
    "SIM3": ((5750, 0, 41, -57, 60), (3300, 1.1, 26, -62, 15)),
    "SIM4": ((4800, 2.9, 31, -59, 50), (8100, 0, 70, -60, 40)),
}


def gain(level_db):
    """Amplitude factor of a level in dB."""
    return 10.0 ** (np.asarray(level_db) / 20.0)


def air_absorption_db_m(frequency_hz, temperature_c=23.0, humidity_percent=85.0):
    """Absorption of sound in still air at one atmosphere, after ISO 9613-1.

    Parameters
    ----------
    frequency_hz : array_like
    temperature_c, humidity_percent : float

    Returns
    -------
    ndarray
        dB per metre, the shape of `frequency_hz`.
    """
    f = np.asarray(frequency_hz, dtype=float)
    kelvin = temperature_c + 273.15
    ratio = kelvin / 293.15
    saturation = 10 ** (-6.8346 * (273.16 / kelvin) ** 1.261 + 4.6151)
    h = humidity_percent * saturation
    oxygen = 24 + 4.04e4 * h * (0.02 + h) / (0.391 + h)
    nitrogen = ratio**-0.5 * (9 + 280 * h * np.exp(-4.170 * (ratio ** (-1 / 3) - 1)))
    classical = 1.84e-11 * ratio**0.5
    relaxation = ratio**-2.5 * (
        0.01275 * np.exp(-2239.1 / kelvin) * oxygen / (oxygen**2 + f**2)
        + 0.1068 * np.exp(-3352.0 / kelvin) * nitrogen / (nitrogen**2 + f**2)
    )
    return 8.686 * f**2 * (classical + relaxation)


def _noise(n, level_db, rng):
    """Gaussian noise of n samples with the spectral density `level_db` (dB a Hz) at `_KNOTS_HZ`."""
    size = fft.next_fast_len(n, real=True)
    hz = np.linspace(0, SAMPLE_RATE_HZ / 2, size // 2 + 1, dtype=np.float32)
    density = gain(np.interp(hz, _KNOTS_HZ, level_db)).astype(np.float32)
    drawn = rng.standard_normal(2 * len(hz), dtype=np.float32).view(np.complex64)
    spectrum = drawn * (density * np.float32(np.sqrt(size * SAMPLE_RATE_HZ) / 2))
    spectrum[0] = 0
    return fft.irfft(spectrum, size)[:n]


def _swell(n, rng, period_s, depth_db):
    """Slow random gain: knots every `period_s` seconds, standard deviation `depth_db`, smoothly joined."""
    n_knots = int(n / SAMPLE_RATE_HZ / period_s) + 4
    knots = rng.normal(0.0, depth_db, n_knots)
    fine = np.interp(np.arange(0, n_knots - 3, 0.02), np.arange(n_knots), knots)
    smooth = np.convolve(np.pad(fine, 25, mode="edge"), np.hanning(51) / 25, mode="valid")
    position = np.arange(n, dtype=np.float32) / np.float32(period_s * SAMPLE_RATE_HZ * 0.02)
    return gain(np.interp(position, np.arange(len(smooth)), smooth)).astype(np.float32)


def _wind(n, strength_db, rng):
    """Gusts: almost all of their sound lies below 400 Hz."""
    falling = strength_db + np.array([-2, -8, -14, -22, -36, -56, -75, -85, -90])
    return _noise(n, falling, rng) * _swell(n, rng, 1.7, 4.0)


def _rain(n, strength_db, rng):
    """Hiss of far drops plus single near ones, each a short damped ring."""
    hiss = _noise(n, strength_db + np.array([-22, -18, -14, -8, -3, 0, -1, -4, -8]), rng)
    hiss *= _swell(n, rng, 4.0, 1.5)
    t = np.arange(500) / SAMPLE_RATE_HZ
    rings_hz = np.exp(rng.uniform(np.log(700), np.log(9000), 48))
    shapes = np.sin(2 * np.pi * rings_hz[:, None] * t) * np.exp(-t * rings_hz[:, None] / 2.5)
    seconds = n / SAMPLE_RATE_HZ
    n_drops = rng.poisson(seconds * 2.5 ** ((strength_db + 100) / 5))
    starts = rng.integers(0, max(n - 500, 1), n_drops)
    levels = gain(strength_db + 43 + rng.exponential(5.0, n_drops))
    for start, level, which in zip(starts, levels, rng.integers(0, 48, n_drops), strict=True):
        end = min(start + 500, n)
        hiss[start:end] += (level * shapes[which, : end - start]).astype(np.float32)
    return hiss


def _stream(n, level_db, rng):
    water = _noise(n, level_db + np.array([-20, -14, -6, 0, 2, -2, -10, -18, -26]), rng)
    return water * _swell(n, rng, 0.25, 1.2)


def _insect(n, carrier_hz, chirps, pulses, level_db, song_s, rng):
    """A stridulating insect: a narrow carrier in pulses, the pulses in chirps, with pauses."""
    carrier_hz, pulses = carrier_hz * rng.normal(1, 0.02), pulses * rng.normal(1, 0.05)
    t = np.arange(n, dtype=np.float32) / SAMPLE_RATE_HZ
    drift = np.interp(t, np.linspace(0, t[-1] + 1e-3, 40), rng.normal(0, 0.003, 40))
    phase = np.cumsum(2 * np.pi * carrier_hz / SAMPLE_RATE_HZ * (1 + drift) + rng.normal(0, 0.12, n))
    envelope = np.clip(np.sin(2 * np.pi * pulses * t + rng.uniform(0, 6)) + 0.4, 0, None)
    if chirps:
        beat = np.cumsum(chirps * (1 + 6 * drift)) / SAMPLE_RATE_HZ
        envelope *= (beat % 1.0) < 0.45
    song = np.clip((_swell(n, rng, song_s / 3, 8.0) - 0.35) * 3, 0, 1)
    return (gain(level_db + rng.normal(0, 3)) * np.sin(phase) * envelope * song).astype(np.float32)


def _birds(n, level_db, rng):
    """A few whistled phrases of one bird that repeats itself, but never exactly."""
    out = np.zeros(n, np.float32)
    motif = rng.uniform([1800, 0.75, 0.08], [4200, 1.35, 0.35], (int(rng.integers(2, 5)), 3))
    at = rng.uniform(0, 8) * SAMPLE_RATE_HZ
    while at < n - 2 * SAMPLE_RATE_HZ:
        for hz, sweep, seconds in motif * rng.normal(1, 0.015, motif.shape):
            m = int(seconds * SAMPLE_RATE_HZ)
            t = np.linspace(0, 1, m)
            phase = 2 * np.pi * np.cumsum(hz * sweep**t) / SAMPLE_RATE_HZ
            start = int(at)
            note = gain(level_db) * np.sin(phase) * np.sin(np.pi * t) ** 0.7
            out[start : start + m] += note[: max(n - start, 0)].astype(np.float32)
            at += m + rng.uniform(0.03, 0.15) * SAMPLE_RATE_HZ
        at += rng.uniform(3, 11) * SAMPLE_RATE_HZ
    return out


def _handling(n, rng):
    """Clicks of the recorder or of a beetle on the microphone: rare, short, loud."""
    out = np.zeros(n, np.float32)
    for start in rng.integers(0, max(n - 300, 1), int(rng.integers(1, 5))):
        m = min(300, n - start)
        out[start : start + m] += gain(-14) * rng.normal(size=m) * np.exp(-np.arange(m) / 25)
    return out


def background(n, site, weather, hour, rng):
    """Everything that is not a frog.

    Parameters
    ----------
    n : int
        Samples at 22,050 Hz.
    site : str
        ``SIM1`` to ``SIM4``.
    weather : dict
        ``wind_db`` and ``rain_db``: spectral levels, dB a Hz; None for none.
    hour : float
        Of the day: birds sing near dusk and dawn.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n,), float32
    """
    sound = _noise(n, np.array(_STEADY_DB[site]) + rng.normal(0, 1.5), rng) * _swell(n, rng, 6.0, 0.8)
    if site == "SIM3":
        sound += _stream(n, -86 + rng.normal(0, 1.5), rng)
    if weather["wind_db"] is not None:
        sound += _wind(n, weather["wind_db"], rng)
    if weather["rain_db"] is not None:
        sound += _rain(n, weather["rain_db"], rng)
    for insect in _INSECTS[site]:
        if rng.random() < (0.6 if weather["rain_db"] is None else 0.2):
            sound += _insect(n, *insect, rng)
    if min(abs(hour - 17.5), abs(hour - 5.0)) < 1.6 and rng.random() < 0.6:
        sound += _birds(n, rng.uniform(-46, -30), rng)
    if rng.random() < 0.06:
        sound += _handling(n, rng)
    return sound


def band_level_db(density, low_hz, high_hz):
    """Level (dB re full scale) of a background in a band, from its power spectral density.

    Parameters
    ----------
    density : tuple of ndarray
        ``frequency_hz, power`` as `scipy.signal.welch` gives them.
    low_hz, high_hz : float
    """
    hz, power = density
    step = hz[1] - hz[0]
    inside = (hz >= low_hz - step / 2) & (hz <= high_hz + step / 2)
    return float(10 * np.log10(power[inside].sum() * step + 1e-15))


def spread(sound, distance_m, site, rng):
    """Carry sound over a distance: absorption by the air, a few reflections, a diffuse tail.

    The loss by spherical spreading (6 dB a doubling) is left to the caller, who knows each singer's place.
    Tails are longer in the forest (SIM1, SIM3), and weigh more the farther the singer.

    Parameters
    ----------
    sound : ndarray, shape (n,)
    distance_m : float
    site : str
    rng : numpy.random.Generator

    Returns
    -------
    ndarray, shape (n,), float32
    """
    decay_s = {"SIM1": 0.34, "SIM2": 0.16, "SIM3": 0.42, "SIM4": 0.2}[site]  # of 30 dB
    n = fft.next_fast_len(int(1.6 * decay_s * SAMPLE_RATE_HZ), real=True)
    t = np.arange(n) / SAMPLE_RATE_HZ
    tail = rng.standard_normal(n) * 10 ** (-1.5 * t / decay_s) * (1 - np.exp(-t / 0.006))
    dull = signal.butter(1, 3500, fs=SAMPLE_RATE_HZ, output="sos")  # leaves scatter the high partials away
    tail = signal.sosfilt(dull, tail)
    direct_to_tail_db = 14 - 10 * np.log10(distance_m / 4)
    tail *= gain(-direct_to_tail_db) / np.sqrt(np.sum(tail**2))
    response = tail
    response[0] += 1.0
    for _ in range(4):
        response[int(rng.uniform(0.001, 0.03) * SAMPLE_RATE_HZ)] += rng.normal(0, 0.12)
    hz = fft.rfftfreq(n, 1 / SAMPLE_RATE_HZ)
    absorbed = gain(-distance_m * air_absorption_db_m(hz))
    response = fft.irfft(fft.rfft(response) * absorbed, n)
    return signal.oaconvolve(sound, response.astype(np.float32))[: len(sound)].astype(np.float32)


NUISANCES = ("wind", "rain", "stream", "insects", "birds")


def nuisance(kind, seconds, level_dbfs=-40.0, seed=0):
    """Sound that hides calls, simulated, without any call in it.

    Parameters
    ----------
    kind : "wind", "rain", "stream", "insects" or "birds"
        Gusts, almost all of them below 400 Hz; hiss and drops from 400 Hz upwards; water, broad around 1 kHz; two
        or three singers of one of the pond's sites, in narrow bands between 3 and 9 kHz; or the whistled phrases of a
        bird.
    seconds : float
    level_dbfs : float
        Of the root mean square, in dB re full scale (1).
    seed : int
        Same seed, same sound.

    Returns
    -------
    ndarray, shape (n,), float32
        Sampled at 22,050 Hz. Single samples may lie above 1 if the level is high: nothing is clipped here.

    Raises
    ------
    ValueError
        Another kind, or a length or level that makes no sense.
    """
    if kind not in NUISANCES:
        raise ValueError(f"kind must be one of {', '.join(NUISANCES)}, got {kind!r}")
    if not (seconds > 0 and np.isfinite(seconds) and np.isfinite(level_dbfs)):
        raise ValueError(f"need seconds > 0 and a level in dB, got {seconds} and {level_dbfs}")
    n, rng = max(round(seconds * SAMPLE_RATE_HZ), 1), np.random.default_rng(seed)
    # The strengths are of the pond's middle: a heavier rain has more near drops, not only more hiss.
    if kind in ("insects", "birds"):
        # In any three seconds all of them may rest; somewhere in a minute one sings.
        longer = max(n, 60 * SAMPLE_RATE_HZ)
        if kind == "insects":
            site = rng.choice(list(_INSECTS))
            whole = sum(_insect(longer, *insect, rng) for insect in _INSECTS[site])
        else:
            whole = _birds(longer, -30, rng)
        loudest = np.abs(whole).argmax()
        first = int(np.clip(loudest - n // 2, 0, len(whole) - n))
        sound = whole[first : first + n]
    else:
        makers = {"wind": (_wind, -56), "rain": (_rain, -84), "stream": (_stream, -86)}
        make, strength_db = makers[kind]
        sound = make(n, strength_db, rng)
    rms = np.sqrt(np.mean(sound.astype(float) ** 2))
    return (sound * (gain(level_dbfs) / rms)).astype(np.float32)
