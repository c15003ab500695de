"""The simulated pond: recordings, label files and the truth, in the formats of AnuraSet.

It stands in for AnuraSet where that cannot be had, and is the one place where the truth is known: who
called, when, how far away. Nothing in it is a real frog.
"""

import json
import zlib
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import signal
from tqdm.auto import tqdm

from anuralib._files import LOCK, advising, atomic_path, locked, remove_leftovers, write_text
from anuralib._workers import in_workers
from anuralib.labels.bouts import merge_calls
from anuralib.labels.formats import write_audacity_labels
from anuralib.labels.weak import weak_from_truth
from anuralib.pond import scenes
from anuralib.pond.calls import call_types, draw_individual, frequency_band, synthesise_call
from anuralib.pond.timetable import SITES, call_times, plan_recordings
from anuralib.sound.audio import SAMPLE_RATE_HZ, write_audio

# The name of ponds in the cache holds it: goes up by one whenever the same seed gives other bytes.
POND_VERSION = 1
SIZES = {
    "tiny": {"n_recordings": 12, "duration_s": 15},
    "mini": {"n_recordings": 120, "duration_s": 60},
}
_TABLES = ("species", "weak_labels", "truth")
# A call is drawn so that it is heard at least; it is boxed if it is also seen (dB over the background in its band).
HEARD_DB, SEEN_DB, MEDIUM_DB, HIGH_DB = -2.0, 2.0, 8.0, 18.0
EXCESS_DB_M = 0.1  # lost to plants and ground; a choice, real losses vary with the place
SECOND_CHANNEL_DB = 6.0  # AnuraSet records its two channels with 10 and 16 dB of gain
_BUSES_M = (5.0, 18.0, 60.0)  # callers are carried to the microphone by the nearest of these distances
TRUTH_COLUMNS = [
    "recording", "species", "caller", "start_s", "end_s", "low_hz", "high_hz", "distance_m", "level_db", "snr_db",
]  # fmt: skip


def _place(kind, low_hz, high_hz, noise_db, faint, nearest, rng):
    """Distance (m) and level at the microphone (dB re full scale) of one caller that can be heard."""
    source_db = kind["level_db"] + rng.normal(0, 2.5) - scenes.FULL_SCALE_DB_SPL
    absorbed_db_m = float(scenes.air_absorption_db_m(np.sqrt(low_hz * high_hz))) + EXCESS_DB_M
    distances = np.geomspace(1.5, 600, 240)
    snr_db = source_db - 20 * np.log10(distances) - absorbed_db_m * distances - noise_db
    reach = np.searchsorted(-snr_db, [-(SEEN_DB + 4) if nearest else -(HEARD_DB + 0.5), -(HEARD_DB + 0.2)])
    if faint:  # between what is heard and what is seen
        i = reach[1] - 1
    else:
        farthest = distances[max(reach[0] - 1, 0)]
        i = np.argmin(np.abs(distances - min(rng.lognormal(np.log(34), 0.9), farthest * rng.uniform(0.6, 1))))
    return float(distances[i]), float(snr_db[i] + noise_db)


def _sing(scene, kind, n_callers, faint, seed, buses, noise):
    """Add the calls of one species to the buses; return the rows of truth."""
    rng = scene["rng"]
    duration_s = len(buses[0]) / SAMPLE_RATE_HZ
    repertoires, periods, places, bands = [], [], [], []
    for caller in range(n_callers):
        # The same frog sits at the same place all night: its traits depend on site, night and number only.
        own = np.random.default_rng([seed, 1, scene["night"], list(SITES).index(scene["site"]), kind["number"], caller])
        individual = draw_individual(own, scene["temperature_c"])
        many = 3 if kind["note_s"] > 2 else 6
        repertoires.append([synthesise_call(kind, individual, rng) for _ in range(many)])
        periods.append(kind["period_s"] / individual["rate"])
        bands.append(frequency_band(repertoires[-1][0]))
        places.append(_place(kind, *bands[-1], scenes.band_level_db(noise, *bands[-1]), faint, caller == 0, own))
    lengths = [[len(call) / SAMPLE_RATE_HZ for call in calls] for calls in repertoires]
    rows = []
    times = call_times(n_callers, lengths, periods, duration_s, rng, scene["feast"], kind["most_calls"])
    for start_s, caller, which in times:
        call, (distance_m, level_db) = repertoires[caller][which], places[caller]
        level_db += np.clip(rng.normal(0, 1.2), -2, 2) if not faint else 0.0
        bus = buses[int(np.argmin(np.abs(np.log(np.array(_BUSES_M) / distance_m))))]
        first = round(start_s * SAMPLE_RATE_HZ)
        heard = call[max(-first, 0) : max(len(bus) - first, 0)]
        first = max(first, 0)
        bus[first : first + len(heard)] += np.float32(scenes.gain(level_db)) * heard
        snr_db = level_db - scenes.band_level_db(noise, *bands[caller])
        rows.append((scene["recording"], kind["code"], caller, first / SAMPLE_RATE_HZ,
                     (first + len(heard)) / SAMPLE_RATE_HZ, *bands[caller], distance_m, level_db, snr_db))
    return rows


def render_recording(scene, singers, duration_s, seed):
    """One recording and its truth.

    Parameters
    ----------
    scene : dict
        A row of the recordings of `plan_recordings`, and ``number``, its place among them.
    singers : pandas.DataFrame
        The rows of this recording in the singers of `plan_recordings`.
    duration_s : float
    seed : int

    Returns
    -------
    sound : ndarray, shape (n, 2), float32
        Full scale 1; the second channel has 6 dB more gain.
    truth : pandas.DataFrame
        A row a call, columns `TRUTH_COLUMNS`.
    """
    rng = np.random.default_rng([seed, 2, scene["number"]])
    when, n = scene["datetime"], round(duration_s * SAMPLE_RATE_HZ)
    weather = {key: None if np.isnan(scene[key]) else scene[key] + rng.normal(0, 2) for key in ("wind_db", "rain_db")}
    behind = scenes.background(n, scene["site"], weather, when.hour + when.minute / 60, rng)
    noise = signal.welch(behind, SAMPLE_RATE_HZ, nperseg=1024, noverlap=0)
    kinds = call_types()
    kinds["number"] = np.arange(len(kinds))
    scene = scene | {"rng": rng, "night": int(scene["night"].strftime("%Y%m%d"))}
    buses = [np.zeros(n, np.float32) for _ in _BUSES_M]
    rows = []
    for row in singers.itertuples():
        rows += _sing(scene, kinds.loc[row.species], row.n_callers, row.faint, seed, buses, noise)
    sound = behind
    for distance_m, bus in zip(_BUSES_M, buses, strict=True):
        if bus.any():
            sound = sound + scenes.spread(bus, distance_m, scene["site"], rng)
    own_noise = np.float32(scenes.gain(-78)) * rng.standard_normal((n, 2), dtype=np.float32)
    sound = sound[:, None] * scenes.gain([0, SECOND_CHANNEL_DB]).astype(np.float32) + own_noise
    truth = pd.DataFrame(rows, columns=TRUTH_COLUMNS).sort_values(["start_s", "species", "caller"])
    return np.clip(sound, -1, 1 - 2**-15), truth


def annotate(truth, duration_s, rng):
    """The labels of a careful annotator who follows AnuraSet's protocol.

    Only calls that can be seen are boxed; edges are a few hundredths of a second outside the call; calls of a
    species with gaps of at most 1 s make one bout; the quality letter comes from the bout's mean level over the
    background in its band (H from 18 dB, M from 8 dB, else L).

    Parameters
    ----------
    truth : pandas.DataFrame
        Calls of one recording.
    duration_s : float
    rng : numpy.random.Generator

    Returns
    -------
    pandas.DataFrame
        ``start_s``, ``end_s``, ``label`` (as ``BARWHI_M``).
    """
    seen = truth[truth["snr_db"] >= SEEN_DB].reset_index(drop=True)
    edges = np.abs(rng.normal([0.03, 0.06], 0.02, (len(seen), 2)))
    seen["start_s"] = np.clip(seen["start_s"] - edges[:, 0], 0, None)
    seen["end_s"] = np.clip(seen["end_s"] + edges[:, 1], None, duration_s)
    bouts = merge_calls(seen[["start_s", "end_s", "species"]])
    letters = []
    for bout in bouts.itertuples():
        within = seen[(seen["species"] == bout.species) & seen["start_s"].between(bout.start_s, bout.end_s)]
        snr_db = 10 * np.log10(np.mean(10 ** (within["snr_db"] / 10)))
        letters.append("LMH"[np.digitize(snr_db, [MEDIUM_DB, HIGH_DB])])
    bouts["label"] = [f"{species}_{letter}" for species, letter in zip(bouts["species"], letters, strict=True)]
    bouts = bouts.round({"start_s": 6, "end_s": 6})  # as Audacity writes them
    return bouts.sort_values(["start_s", "end_s"], ignore_index=True)[["start_s", "end_s", "label"]]


def annotate_carelessly(labels, duration_s, rng):
    """A second annotator's labels: faint bouts missed, edges off by tenths of a second, look-alikes confused.

    Parameters and returns are those of `annotate`, but for the first: the careful labels.
    """
    lookalike = call_types()["lookalike"]
    kept = []
    for row in labels.itertuples():
        species, letter = row.label.split("_")
        if rng.random() < {"L": 0.45, "M": 0.15, "H": 0.03}[letter]:
            continue
        if lookalike[species] and rng.random() < 0.08:
            species = lookalike[species]
        letter = rng.choice(list("LMH")) if rng.random() < 0.2 else letter
        start_s, end_s = np.clip(np.array([row.start_s, row.end_s]) + rng.normal(0, 0.25, 2), 0, duration_s)
        if end_s - start_s > 0.05:
            kept.append((start_s, end_s, f"{species}_{letter}"))
    table = pd.DataFrame(kept, columns=["start_s", "end_s", "label"])
    table = table.astype({"start_s": float, "end_s": float}).round(6)
    return table.sort_values(["start_s", "end_s"], ignore_index=True)


def _write_recording(out_dir, scene, singers, duration_s, seed):
    """Write the files of one recording; return its truth."""
    sound, truth = render_recording(scene, singers, duration_s, seed)
    place = Path(scene["site"]) / scene["recording"]
    write_audio(out_dir / "raw_data" / place.with_suffix(".wav"), sound, SAMPLE_RATE_HZ)
    rng = np.random.default_rng([seed, 3, scene["number"]])
    careful = annotate(truth, duration_s, rng)
    write_audacity_labels(careful, out_dir / "strong_labels" / place.with_suffix(".txt"))
    careless = annotate_carelessly(careful, duration_s, rng)
    write_audacity_labels(careless, out_dir / "second_annotator" / place.with_suffix(".txt"))
    return truth


def write_pond(out_dir, n_recordings=120, duration_s=60, seed=0, n_jobs=None):
    """Write the files of a pond; arguments and errors are those of `anuralib.simulate_pond`."""
    out_dir = Path(out_dir).expanduser()
    if not (n_recordings >= 4 and float(n_recordings).is_integer()):
        raise ValueError(f"n_recordings={n_recordings}: give a whole number of at least 4, one for each site")
    if not 3 <= duration_s <= 3600:
        raise ValueError(f"duration_s={duration_s}: give 3 to 3600 seconds")
    if out_dir.exists() and not out_dir.is_dir():
        raise ValueError(f"{out_dir}: this is a file; give the name of a folder")
    others = out_dir.is_dir() and any(path.name != LOCK for path in out_dir.iterdir())
    if others and not (out_dir / "pond.json").is_file():
        raise ValueError(f"{out_dir}: this folder holds something else; give an empty or a new one")
    settings = {"n_recordings": int(n_recordings), "duration_s": duration_s, "seed": seed}
    with locked(out_dir), advising():
        _remove_other_pond(out_dir, settings)
        remove_leftovers(out_dir)
        _write_pond(out_dir, settings, n_jobs)


def mend_pond(out_dir, **size):
    """Make a damaged pond of the cache again where it is; what else lies there stays."""
    if _read_note(out_dir) is None:
        _write_note(out_dir, size | {"seed": 0}, finished=False)
    write_pond(out_dir, **size)


def _write_pond(out_dir, settings, n_jobs):
    """The note of a pond tells by `finished` whether all of it is there."""
    _write_note(out_dir, settings, finished=False)
    duration_s, seed = settings["duration_s"], settings["seed"]
    recordings, singers = plan_recordings(settings["n_recordings"], seed)
    scenes_ = recordings.assign(number=np.arange(len(recordings))).to_dict("records")
    jobs = ((out_dir, s, singers[singers["recording"] == s["recording"]], duration_s, seed) for s in scenes_)
    done = in_workers(_write_recording, jobs, n_jobs)
    truth = pd.concat(tqdm(done, total=len(scenes_), desc="pond", unit="recording"), ignore_index=True)
    _write_tables(out_dir, recordings, truth)
    texts = _checksum(out_dir, zip(recordings["site"], recordings["recording"], strict=True))
    _write_note(out_dir, settings | {"texts": texts}, finished=True)


def _write_note(out_dir, note, finished):
    write_text(json.dumps(note | {"finished": finished}, allow_nan=False) + "\n", out_dir / "pond.json")


def _checksum(out_dir, places):
    """Of all label files and tables; to read the sound, too, would take as long as to open the pond."""
    total = 0
    for path in _files_of(out_dir, places):
        if path.suffix in (".txt", ".csv"):
            total = zlib.crc32(path.read_bytes(), total)
    return total


def _read_note(out_dir):
    """Settings of the pond in a folder, None if there is no such note or it is damaged."""
    try:
        note = json.loads((out_dir / "pond.json").read_text(encoding="utf-8"))
        return {key: note[key] for key in ("n_recordings", "duration_s", "seed", "finished")} | {
            "texts": note.get("texts")}  # ponds of earlier versions have none
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
        return None


def _files_of(out_dir, places):
    """Every file of a pond whose recordings are these (site, name); its note last."""
    for site, name in places:
        for folder, suffix in (("raw_data", ".wav"), ("strong_labels", ".txt"), ("second_annotator", ".txt")):
            yield out_dir / folder / site / f"{name}{suffix}"
    yield from (out_dir / f"{name}.csv" for name in _TABLES)
    yield out_dir / "pond.json"


def _remove_other_pond(out_dir, settings):
    """Remove a pond of other settings, file by file; ValueError if anything else lies there."""
    old = _read_note(out_dir)
    if old is None and (out_dir / "pond.json").exists():
        raise ValueError(f"{out_dir / 'pond.json'}: damaged; delete this folder, or give another one")
    if old is None or settings.items() <= old.items():
        return
    recordings = plan_recordings(old["n_recordings"], old["seed"])[0]
    files = list(_files_of(out_dir, zip(recordings["site"], recordings["recording"], strict=True)))
    remove_leftovers(out_dir)
    others = sorted({p for p in out_dir.rglob("*") if p.is_file() and p.name != LOCK} - set(files))
    if others:
        raise ValueError(f"{out_dir}: a pond of other settings is here, and {others[0].relative_to(out_dir)} that is "
                         "none of it; give another folder, or move that")  # fmt: skip
    for path in files:  # the note goes last: a removal that was stopped goes on
        path.unlink(missing_ok=True)


def is_unfinished(out_dir):
    """Whether the note of a pond tells that it isn't whole: its making was stopped."""
    note = _read_note(out_dir)
    return note is not None and not note["finished"]


def what_is_wrong(out_dir):
    """What a pond lacks, judged without reading its sound: an empty text if nothing."""
    settings = _read_note(out_dir)
    if settings is None:
        return "pond.json is missing or damaged"
    if not settings["finished"]:
        return "it was not finished"
    try:  # to draw the recordings again would take longer than all else here
        rows = (out_dir / "weak_labels.csv").read_text(encoding="utf-8").splitlines()[1:]
        places = [row.split(",")[:2] for row in rows]
        size = 44 + 4 * round(settings["duration_s"] * SAMPLE_RATE_HZ)  # two channels of 16 bit
        if len(rows) != settings["n_recordings"]:
            return "weak_labels.csv is cut"
        for path in _files_of(out_dir, places):
            if path.stat().st_size != size if path.suffix == ".wav" else not _ends_whole(path):
                return f"{path.relative_to(out_dir)} is cut"
        if settings["texts"] not in (None, _checksum(out_dir, places)):
            return "label files or tables were changed"
    except (OSError, ValueError) as error:
        return str(error)
    return ""


def _ends_whole(path):
    """Whether a text that was written whole has its last line end; no labels are an empty text."""
    text = path.read_bytes()
    return text.endswith(b"\n") or (not text and path.suffix == ".txt")


def _write_tables(out_dir, recordings, truth):
    """species.csv, weak_labels.csv and truth.csv; the weak labels count the true callers."""
    kinds = call_types()
    species = pd.DataFrame({"FAMILY": "Simulated", "SPECIES": kinds["name"], "CODE": kinds["code"]})
    index = weak_from_truth(truth, recordings, kinds["code"])["calling_index"].to_numpy()
    weak = pd.DataFrame(index.reshape(-1, len(kinds)), columns="SPECIES_" + kinds["code"].to_numpy())
    weak.insert(0, "MONITORING_SITE", recordings["site"])
    weak.insert(1, "AUDIO_FILE_ID", recordings["recording"])
    for name, table in zip(_TABLES, (species, weak, truth.round(6)), strict=True):
        with atomic_path(out_dir / f"{name}.csv") as path:
            table.to_csv(path, index=False, lineterminator="\n")
