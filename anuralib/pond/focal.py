"""Recordings made at the animal: one caller, a hand-held microphone a step or two away, some other place and night.

Collections of sounds are made of such recordings, while a recorder that was left alone hears a chorus, from afar. Both
come from the same call types, so that what lies between them is known.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import signal

from anuralib._workers import in_workers
from anuralib.labels.formats import write_audacity_labels
from anuralib.pond import scenes
from anuralib.pond.calls import call_types, draw_individual, frequency_band, synthesise_call
from anuralib.pond.simulate import TRUTH_COLUMNS, _write_tables, annotate
from anuralib.pond.timetable import SITES
from anuralib.sound.audio import SAMPLE_RATE_HZ, write_audio

FOCAL_VERSION = 1
_DISTANCE_M = (0.5, 4.0)
_PEAK_DBFS = (-12.0, -3.0)  # who holds the microphone sets its gain by the calls


def _elsewhere(n, rng):
    """A background of no site of the pond: calmer, since nobody goes out to record in rain; perhaps one insect."""
    level_db = np.mean(list(scenes._STEADY_DB.values()), axis=0) + rng.normal(3, 4) + rng.normal(0, 2, 9)
    sound = scenes._noise(n, level_db, rng)
    if rng.random() < 0.5:
        carrier_hz, pulses = np.exp(rng.uniform(np.log(3000), np.log(9000))), rng.uniform(25, 70)
        sound = sound + scenes._insect(n, carrier_hz, rng.choice([0, 2.0, 4.0]), pulses, -64, 30, rng)
    return sound.astype(np.float32)


def render_focal(code, duration_s, rng):
    """One recording of one individual, and its truth.

    Parameters
    ----------
    code : str
        Of a call type.
    duration_s : float
    rng : numpy.random.Generator

    Returns
    -------
    sound : ndarray, shape (n,), float32
        Sampled at 22,050 Hz, one channel; its peak lies 3 to 12 dB below full scale.
    truth : pandas.DataFrame
        A row a call, columns `TRUTH_COLUMNS` without `recording`; levels are those of this recording, after its gain.
    """
    kind, n = call_types().loc[code], round(duration_s * SAMPLE_RATE_HZ)
    individual = draw_individual(rng, rng.uniform(16, 27))
    repertoire = [synthesise_call(kind, individual, rng) for _ in range(3 if kind["note_s"] > 2 else 6)]
    band, distance_m = frequency_band(repertoire[0]), float(np.exp(rng.uniform(*np.log(_DISTANCE_M))))
    level_db = kind["level_db"] + rng.normal(0, 2.5) - scenes.FULL_SCALE_DB_SPL - 20 * np.log10(distance_m)
    period, calls, rows = kind["period_s"] / individual["rate"] * SAMPLE_RATE_HZ, np.zeros(n, np.float32), []
    begin = int(rng.uniform(0.1, 1.0) * SAMPLE_RATE_HZ)  # who made the recording has cut it to begin with the animal
    while begin < n - 0.05 * SAMPLE_RATE_HZ:
        call, louder_db = repertoire[rng.integers(len(repertoire))], level_db + np.clip(rng.normal(0, 1.2), -2, 2)
        end = min(begin + len(call), n)
        calls[begin:end] += np.float32(scenes.gain(louder_db)) * call[: end - begin]
        rows.append((code, 0, begin / SAMPLE_RATE_HZ, end / SAMPLE_RATE_HZ, *band, distance_m, louder_db))
        begin += max(int(period * rng.lognormal(0, 0.16)), len(call) + 2000)
    behind = _elsewhere(n, rng)
    noise_db = scenes.band_level_db(signal.welch(behind, SAMPLE_RATE_HZ, nperseg=1024, noverlap=0), *band)
    sound = behind + scenes.spread(calls, distance_m, rng.choice(list(SITES)), rng)
    gain_db = rng.uniform(*_PEAK_DBFS) - 20 * np.log10(np.abs(sound).max())
    truth = pd.DataFrame(rows, columns=[name for name in TRUTH_COLUMNS if name not in ("recording", "snr_db")])
    truth["snr_db"] = truth["level_db"] - noise_db
    truth["level_db"] += gain_db
    return sound * np.float32(scenes.gain(gain_db)), truth


def plan_focal(species, n_each, seed):
    """One row per recording (`recording`, `site`, `species`): a place of its own, in a warm month of other years."""
    rng, nights = np.random.default_rng([seed, 7]), pd.date_range("2016-09-01", "2019-03-31")
    rows = []
    for number, code in enumerate(code for code in species for _ in range(n_each)):
        when = rng.choice(nights) + pd.Timedelta(minutes=int(rng.integers(18 * 60, 25 * 60)))
        site = f"FOC{number + 1:04d}"
        rows.append((f"{site}_{when:%Y%m%d_%H%M%S}", site, code))
    return pd.DataFrame(rows, columns=["recording", "site", "species"])


def _write_recording(folder, row, number, duration_s, seed):
    """Write the files of one recording; return its truth."""
    rng = np.random.default_rng([seed, 8, number])
    sound, truth = render_focal(row["species"], duration_s, rng)
    place = Path(row["site"]) / row["recording"]
    write_audio(folder / "raw_data" / place.with_suffix(".wav"), sound, SAMPLE_RATE_HZ)
    labels = annotate(truth, duration_s, rng)
    write_audacity_labels(labels, folder / "strong_labels" / place.with_suffix(".txt"))
    truth.insert(0, "recording", row["recording"])
    return truth


def write_focal(out_dir, species=None, n_each=6, duration_s=9, seed=0, n_jobs=None):
    """Write the files; arguments and errors are those of `anuralib.simulate_focal`."""
    kinds, out_dir = call_types(), Path(out_dir).expanduser()
    codes = list(kinds["code"] if species is None else species)
    unknown = [code for code in codes if code not in kinds.index]
    if unknown or not codes or len(set(codes)) < len(codes):
        raise ValueError(f"species={codes}: name call types of al.call_types(), each once")
    if not (n_each >= 1 and float(n_each).is_integer()):
        raise ValueError(f"n_each={n_each}: give a whole number of at least 1")
    if not 3 <= duration_s <= 600:
        raise ValueError(f"duration_s={duration_s}: give 3 to 600 seconds")
    settings = {"focal": FOCAL_VERSION, "species": codes, "n_each": int(n_each), "duration_s": duration_s, "seed": seed}
    note = out_dir / "focal.json"
    if note.is_file() and json.loads(note.read_text(encoding="utf-8")) == settings:
        return  # the note was moved here with all the rest
    if out_dir.exists() and (not out_dir.is_dir() or any(out_dir.iterdir())):
        raise ValueError(f"{out_dir}: this holds something else; give an empty folder or a new one")
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out_dir.parent, prefix=f".{out_dir.name}-", suffix=".part") as part:
        whole = Path(part) / "whole"
        plan = plan_focal(codes, int(n_each), seed)
        jobs = ((whole, row, number, duration_s, seed) for number, row in enumerate(plan.to_dict("records")))
        truth = pd.concat(in_workers(_write_recording, jobs, n_jobs), ignore_index=True)
        _write_tables(whole, plan, truth)
        (whole / note.name).write_text(json.dumps(settings) + "\n", encoding="utf-8")
        if out_dir.is_dir():
            out_dir.rmdir()  # empty; on Windows nothing is moved onto a folder
        shutil.move(os.fspath(whole), os.fspath(out_dir))
