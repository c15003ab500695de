"""Wind, rain, a stream or insects by themselves, at a level of one's own: to add to recordings, and see what it costs.

Not in `anuralib.scenes`, of which the pond is made: a change there makes every pond anew.
"""

import numpy as np

from anuralib import scenes
from anuralib.audio import read_audio
from anuralib.calls import SAMPLE_RATE_HZ
from anuralib.windows import preprocess

NUISANCES = ("wind", "rain", "stream", "insects")


def nuisance(kind, seconds, level_dbfs=-40.0, seed=0):
    """Sound that hides calls, simulated, without any call in it.

    Parameters
    ----------
    kind : "wind", "rain", "stream" or "insects"
        Gusts, almost all of them below 400 Hz; hiss and drops from 400 Hz upwards; water, broad around 1 kHz; or two
        or three singers of one of the pond's sites, in narrow bands between 3 and 9 kHz.
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
    if kind == "insects":
        site = rng.choice(list(scenes._INSECTS))
        # In one of these three seconds every insect may rest; somewhere in a minute one sings.
        whole = sum(scenes._insect(max(n, 60 * SAMPLE_RATE_HZ), *insect, rng) for insect in scenes._INSECTS[site])
        loudest = np.abs(whole).argmax()
        first = int(np.clip(loudest - n // 2, 0, len(whole) - n))
        sound = whole[first : first + n]
    else:
        makers = {"wind": (scenes._wind, -56), "rain": (scenes._rain, -84), "stream": (scenes._stream, -86)}
        make, strength_db = makers[kind]
        sound = make(n, strength_db, rng)
    rms = np.sqrt(np.mean(sound.astype(float) ** 2))
    return (sound * (scenes.gain(level_dbfs) / rms)).astype(np.float32)


def noisy_features(windows, dataset, kind=None, level_dbfs=-40.0, band_hz=(1, 10_000), n_jobs=None, **features):
    """Pictures of windows with wind, rain or insects in the sound, as they would be on a night of such weather.

    As in `window_features` each recording is read (first channel), filtered and normalised as a whole; the nuisance is
    added before, each recording has its own.

    Parameters
    ----------
    windows : DataFrame
        From `window_labels`.
    dataset : Dataset
    kind : str, optional
        See `nuisance`; None adds nothing.
    level_dbfs : float
        Of what is added, the same for every recording.
    band_hz : (float, float)
        Of the band-pass of `preprocess`.
    n_jobs : int, optional
        Threads.
    **features
        As for `window_features`; compression is "db".

    Returns
    -------
    float32 ndarray, shape (len(windows), 1, n_mels, frames)
        dB, in the order of the rows.
    """
    from anuralib.features import FEATURES, log_mel
    from anuralib.window_pictures import ahead, sound_paths

    settings, paths = {**FEATURES, **features}, sound_paths(dataset)
    rate = settings["sample_rate_hz"]
    if kind is not None and rate != SAMPLE_RATE_HZ:
        raise ValueError(f"sounds are added at {SAMPLE_RATE_HZ} Hz, not at {rate}")
    rows_of = windows.groupby("fname", sort=False).indices
    first = (windows["min_t"].to_numpy(float) * rate).round().astype(int)
    length = round(float((windows["max_t"] - windows["min_t"]).iloc[0]) * rate)

    def of_recording(job):
        number, (name, rows) = job
        sound = read_audio(paths[name], sample_rate_hz=rate)
        if kind is not None:
            sound = sound + nuisance(kind, len(sound) / rate, level_dbfs, seed=number)
        sound = preprocess(sound, rate, band_hz=band_hz)
        return rows, log_mel(np.stack([sound[a : a + length] for a in first[rows]]), **settings)

    out = None
    for rows, values in ahead(of_recording, enumerate(rows_of.items()), n_jobs):
        out = np.empty((len(windows), *values.shape[1:]), np.float32) if out is None else out
        out[rows] = values
    return out
