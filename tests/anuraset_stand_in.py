"""A stand-in for AnuraSet, to rehearse with: its names, folders, tables and oddities, and simulated sound.

Sites, dates, species and their numbers follow what is known of the published record; who calls when is drawn. Each of
the 42 codes is a simulated call type that is really in the sound: nothing in it is a frog.

    python tests/anuraset_stand_in.py FOLDER --recordings 1612 --archives

writes the whole of it, 4.3 GB of sound in one channel, and the files of the record into FOLDER-record.
"""

import argparse
import shutil
import zipfile
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

import anuralib as al
from anuralib.data.species import ANURASET_CODES
from anuralib.pond import calls, scenes

RATE_HZ = 22050
# Site: recordings, share of them in which anything calls, nights, first and last of these; the pond's site it sounds
# like.
SITES = {
    "INCT4": (420, 0.46, 80, "2019-10-05", "2021-01-05", "SIM1"),
    "INCT17": (354, 0.98, 73, "2019-11-13", "2020-11-29", "SIM2"),
    "INCT20955": (472, 0.93, 111, "2019-09-04", "2020-04-27", "SIM3"),
    "INCT41": (366, 0.66, 61, "2020-01-26", "2021-01-17", "SIM4"),
}
# Windows and recordings of the training subset with the species; where it calls, the commonest site first.
SPECIES = {
    "SPHSUR": (13258, 257, "INCT20955"), "BOABIS": (10888, 240, "INCT20955"), "BOAFAB": (6438, 128, "INCT20955 INCT4"),
    "DENMIN": (6070, 175, "INCT17 INCT20955"), "LEPPOD": (6032, 125, "INCT17"), "PHYALB": (5374, 133, "INCT17"),
    "LEPLAT": (5244, 127, "INCT20955"), "PITAZU": (4873, 125, "INCT17 INCT41"),
    "PHYCUV": (4240, 128, "INCT41 INCT17 INCT20955"), "DENNAN": (3801, 99, "INCT17"), "SCIPER": (3791, 90, "INCT20955"),
    "BOAALB": (3704, 132, "INCT41 INCT17"), "SCIFUV": (2734, 67, "INCT17"), "BOALUN": (2060, 48, "INCT41"),
    "BOAALM": (1601, 43, "INCT4"), "PHYSAU": (1479, 39, "INCT17"), "BOARAN": (1339, 37, "INCT17"),
    "LEPLAB": (1329, 24, "INCT17"), "LEPFUS": (1232, 28, "INCT17"), "ELABIC": (1214, 30, "INCT20955"),
    "LEPNOT": (1062, 25, "INCT4"), "PHYDIS": (897, 45, "INCT4"), "BOALEP": (846, 32, "INCT20955"),
    "DENCRU": (602, 22, "INCT41"), "ADEMAR": (520, 10, "INCT4"), "BOAPRA": (480, 25, "INCT20955"),
    "DENNAH": (467, 17, "INCT20955"), "PHYNAT": (410, 10, "INCT17"), "ELAMAT": (395, 20, "INCT17"),
    "ADEDIP": (390, 7, "INCT17"), "RHIICT": (310, 12, "INCT20955"), "SCIALT": (232, 4, "INCT4"),
    "PHYMAR": (200, 13, "INCT41"), "DENELE": (149, 7, "INCT4"), "SCIRIZ": (73, 3, "INCT4"), "AMEPIC": (68, 2, "INCT17"),
    "LEPELE": (34, 2, "INCT17"), "RHIORN": (21, 2, "INCT4"), "RHISCI": (11, 1, "INCT17"), "LEPFLA": (7, 2, "INCT4"),
    "SCIFUS": (0, 0, "INCT17"), "SCINAS": (0, 0, "INCT17"),
}  # fmt: skip
TRAIN_ONLY, TEST_ONLY = ("LEPELE", "RHISCI", "LEPFLA", "SCIRIZ"), ("SCIFUS", "SCINAS")
ODD_NAME = "INCT20955_20191123_041500_000"
SHORT = (26, 28, 42, 42, 51, 41)  # windows of recordings that are no minute, all at INCT20955; the last is for testing
UNNAMED = "SCINAS"  # species.csv has 41 rows
_LEVELS_DB = {"H": -24.0, "M": -32.0, "L": -40.0}  # root mean square of the calls
_GAIN_DB = (10.0, 16.0)  # of the two channels
_GAP_S = 1.6  # between two boxes of one species: no window of 3 s lies in it


def _name_recordings(site, n, rng):
    """Names and times at one site: quarters of an hour from 17 to 5 h, in about as many nights as the record has."""
    _, _, nights, first, last, _ = SITES[site]
    days = pd.date_range(first, last)
    nights = min(len(days), max(1, -(-n // 44), round(nights * n / SITES[site][0])))
    chosen = days[np.sort(rng.choice(len(days), nights, replace=False))]
    minutes = [*range(17 * 60, 24 * 60, 15), *range(0, 5 * 60, 15)]
    slots = [(day, minute) for day in chosen for minute in minutes]
    times = [slots[i][0] + pd.Timedelta(minutes=slots[i][1]) for i in rng.choice(len(slots), n, replace=False)]
    times = sorted(times)
    if site == "INCT17":  # its recorder started a second late, now and then
        times = [time + pd.Timedelta(seconds=int(rng.random() < 0.3)) for time in times]
    return [f"{site}_{time:%Y%m%d_%H%M%S}" for time in times]


def _plan_recordings(n, rng):
    """`recording`, `site`, `subset`, `n_windows` and `occupied` (whether anything calls)."""
    exact = np.array([row[0] for row in SITES.values()]) / 1612 * n
    counts = np.maximum(np.floor(exact).astype(int), 1)
    counts[np.argsort(counts - exact)[: max(n - counts.sum(), 0)]] += 1
    frames = []
    for (site, row), m in zip(SITES.items(), counts, strict=True):
        table = pd.DataFrame({"recording": _name_recordings(site, m, rng), "site": site})
        table["n_windows"] = 58
        order = rng.permutation(m)
        table["subset"] = np.where(order < max(round(m * 538 / 1612), m > 1), "test", "train")
        table["occupied"] = rng.permutation(m) < max(1, round(row[1] * m))
        if site == "INCT20955":
            odd, *short = rng.permutation(table.index[table["subset"] == "train"])
            table.loc[odd, "recording"] = ODD_NAME
            short = short[: min(len(SHORT) - 1, m // 4)]
            table.loc[short, "n_windows"] = SHORT[: len(short)]
            table.loc[table.index[table["subset"] == "test"][:1], "n_windows"] = SHORT[-1]
        frames.append(table)
    return pd.concat(frames, ignore_index=True)


def _plan_bouts(recordings, rng):
    """A row for each species in each recording: `recording`, `species`, `start_s`, `end_s`, `quality`."""
    rows = []
    for subset, share in (("train", 1.0), ("test", 0.5)):
        here = recordings[recordings["subset"] == subset]
        scale = len(here) / (1074 if subset == "train" else 538)
        for code, (windows, files, sites) in SPECIES.items():
            if code in (TRAIN_ONLY if subset == "test" else TEST_ONLY):
                continue
            windows, files = (20, 2) if code in TEST_ONLY else (windows, files)
            possible = here[here["occupied"] & here["site"].isin(sites.split())]
            wanted = min(max(round(files * share * scale), 1), len(possible))
            # The first site of a species has most of it.
            weight = np.where(possible["site"] == sites.split()[0], 4.0, 1.0)
            chosen = rng.choice(len(possible), wanted, replace=False, p=weight / weight.sum()) if wanted else ()
            mean = min(windows / files / 58, 0.97)
            for row in possible.iloc[list(chosen)].itertuples():
                share_s = mean if wanted < 5 else rng.beta(2 * mean, 2 * (1 - mean))
                positive = round(share_s * row.n_windows)
                rows.append((row.recording, code, *_span(int(np.clip(positive, 1, row.n_windows)), row.n_windows, rng),
                             "HML"[rng.choice(3, p=[0.4, 0.35, 0.25])]))  # fmt: skip
    bouts = pd.DataFrame(rows, columns=["recording", "species", "start_s", "end_s", "quality"])
    return _fill_up(bouts, recordings)


def _fill_up(bouts, recordings):
    """No recording of those in which anything calls stays empty: it gets a species of the fullest of its kind."""
    like = recordings.set_index("recording")[["site", "subset", "n_windows"]].apply(tuple, axis=1)
    for name in recordings.loc[recordings["occupied"] & ~recordings["recording"].isin(bouts["recording"]), "recording"]:
        others = bouts[bouts["recording"].map(like) == like[name]]
        fullest = others["recording"].value_counts()
        if len(fullest) and fullest.iloc[0] > 2:
            bouts.loc[others.index[others["recording"] == fullest.index[0]][0], "recording"] = name
    return bouts


def _span(positive, n_windows, rng):
    """Start and end of calling that so many windows touch."""
    if positive == n_windows:
        return rng.uniform(0, 0.9), n_windows + 1 + rng.uniform(0.1, 0.9)
    if positive < 3:  # at the edge of a recording alone
        return 0.0, positive - rng.uniform(0.2, 0.6)
    first = int(rng.integers(0, n_windows - positive + 1))  # window
    start = first + 2 + rng.uniform(0.1, 0.5) if first else 0.2
    return start, first + positive - rng.uniform(0.1, 0.4)


def _pieces(start_s, end_s, rng):
    """Boxes within a span; the pauses between them are over 1 s, and too short for a window without a call."""
    pieces = []
    while end_s - start_s > 10 and rng.random() < 0.8:
        cut = start_s + rng.uniform(3, 8)
        pieces.append((start_s, cut))
        start_s = cut + _GAP_S
    return [*pieces, (start_s, end_s)]


def _plan_labels(bouts, rng):
    rows = [(b.recording, b.species, *piece, b.quality) for b in bouts.itertuples()
            for piece in _pieces(b.start_s, b.end_s, rng)]  # fmt: skip
    return pd.DataFrame(rows, columns=bouts.columns).round(6)


def plan(n_recordings=1612, seed=0):
    """Recordings, bouts (a row a species and recording) and labels (a row a box) of a stand-in, without any sound."""
    rng = np.random.default_rng([seed, 0])
    recordings = _plan_recordings(n_recordings, rng)
    bouts = _plan_bouts(recordings, rng)
    return recordings, bouts, _plan_labels(bouts, rng)


class _Sounds:
    """A few calls of each species and a few backgrounds of each site, made when first needed, and used again."""

    def __init__(self, seed, n_backgrounds=3, n_calls=5):
        self.seed, self.n_backgrounds, self.n_calls = seed, n_backgrounds, n_calls
        self.made = {}

    def background(self, site, number):
        if (site, number) not in self.made:
            weather = {"wind_db": -58 if number == 1 else None, "rain_db": -92 if number == 2 else None}
            rng = np.random.default_rng([self.seed, 1, list(SITES).index(site), number])
            self.made[site, number] = scenes.background(60 * RATE_HZ, SITES[site][-1], weather, 21.0, rng)
        return self.made[site, number]

    def calls(self, code):
        """Calls of a species, and seconds from one to the next."""
        if code not in self.made:
            k, kinds = ANURASET_CODES.index(code), calls.call_types()
            kind, rng = kinds.iloc[k % len(kinds)].copy(), np.random.default_rng([self.seed, 3, k])
            if k >= len(kinds):  # there are fewer call types than species: the others are higher or lower, and slower
                kind["pitch_hz"] *= 1.5 if kind["pitch_hz"] < 2500 else 0.6
                kind["pulse_hz"], kind["period_s"] = kind["pulse_hz"] * 0.6, kind["period_s"] * 1.4
            made = [calls.synthesise_call(kind, calls.draw_individual(rng), rng) for _ in range(self.n_calls)]
            self.made[code] = made, min(float(kind["period_s"]), 4.0)
        return self.made[code]

    def recording(self, row, labels, rng):
        """Sound of a recording, one channel: each box is full of calls."""
        n = round((row.n_windows + 2) * RATE_HZ)
        behind = self.background(row.site, int(rng.integers(self.n_backgrounds)))
        sound = np.roll(behind, rng.integers(len(behind)))[:n] * scenes.gain(rng.uniform(-3, 3)).astype(np.float32)
        for label in labels.itertuples():
            self._sing(sound, label, rng)
        return sound

    def _sing(self, sound, label, rng):
        """Calls one after the other, from the beginning of a box to its end, where the last one is cut."""
        gain = np.float32(scenes.gain(_LEVELS_DB[label.quality] + rng.normal(0, 1)))
        at, end = round(label.start_s * RATE_HZ), min(round(label.end_s * RATE_HZ), len(sound))
        made, period_s = self.calls(label.species)
        while at < end:
            call = made[rng.integers(len(made))][: end - at]
            sound[at : at + len(call)] += gain * call
            at += max(len(call), round(period_s * rng.uniform(0.8, 1.2) * RATE_HZ))


def _write_sounds(root, recordings, labels, seed, stereo):
    sounds = _Sounds(seed, n_backgrounds=min(3, 1 + len(recordings) // 100))
    of = dict(tuple(labels.groupby("recording")))
    for k, row in enumerate(recordings.itertuples()):
        rng = np.random.default_rng([seed, 2, k])
        sound = sounds.recording(row, of.get(row.recording, labels[:0]), rng)
        gains = scenes.gain(np.array(_GAIN_DB) - _GAIN_DB[0]).astype(np.float32)
        sound = sound[:, None] * gains if stereo else sound
        whole = (np.clip(sound, -1, 1 - 2**-15) * 32768).astype(np.int16)
        al.write_audio(root / "raw_data" / row.site / f"{row.recording}.wav", whole, RATE_HZ)


def _write_labels(root, recordings, labels, bouts):
    """Label files, empty where nothing is boxed; three malformed lines, and one that is to be ignored."""
    of = dict(tuple(labels.groupby("recording")))
    heard_only = set(_heard_only(recordings, bouts)["recording"])
    places = {}
    for row in recordings.itertuples():
        lines = [] if row.recording in heard_only or row.recording not in of else [
            f"{label.start_s:.6f}\t{label.end_s:.6f}\t{label.species}_{label.quality}\n"
            for label in of[row.recording].sort_values("start_s").itertuples()]  # fmt: skip
        path = root / "strong_labels" / "strong_labels" / row.site / f"{row.recording}.txt"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes("".join(lines).encode())
        places[row.recording] = path
    full = [places[name] for name in recordings["recording"] if places[name].stat().st_size]
    oddities = [(full[0], "{line}\t\n"), (full[1 % len(full)], "{line}\t\n"), (full[-1], "5.1\n"),
                (full[len(full) // 2], "{start}\t{end}\t{code}_LALSE\n")]  # fmt: skip
    for path, text in oddities:
        lines = path.read_text().splitlines(keepends=True)
        start, end, label = lines[0].strip().split("\t")[:3]
        odd = text.format(line="\t".join((start, end, label)), start=start, end=end, code=label[:6])
        # The two with an additional tab take the place of a whole line: their first three columns hold.
        lines = [odd, *lines[1:]] if "line" in text else [*lines, odd]
        path.write_bytes("".join(lines).encode())


def _heard_only(recordings, bouts):
    """Weak labels without a box: about 13 of 1612 recordings where one species is heard, faintly, and not seen."""
    alone = bouts[(bouts.groupby("recording")["species"].transform("size") == 1) & (bouts["quality"] == "L")]
    return alone.iloc[: max(1, round(13 * len(recordings) / 1612))]


def _write_tables(root, recordings, bouts):
    codes = [code for code in sorted(ANURASET_CODES) if code != UNNAMED]
    species = pd.DataFrame({"FAMILY": "Simulated", "SPECIES": [f"Simulated {code}" for code in codes], "CODE": codes})
    species.to_csv(root / "species.csv", index=False)
    index = (bouts["end_s"] - bouts["start_s"] > 15).astype(int) + (bouts["end_s"] - bouts["start_s"] > 50) + 1
    wide = bouts.assign(index=index).pivot_table(index="recording", columns="species", values="index")
    wide = wide.reindex(index=recordings["recording"], columns=list(ANURASET_CODES)).fillna(0).astype(int)
    weak = wide.add_prefix("SPECIES_").reset_index(names="AUDIO_FILE_ID")
    weak.insert(0, "MONITORING_SITE", recordings["site"].replace("INCT4", "INCT04"))
    weak.to_csv(root / "weak_labels.csv", index=False)


def published_table(recordings, labels, bouts):
    """The record's `metadata.csv`: 50 columns, the official subset, and a wrong `species_number`."""
    labels = labels[~labels["recording"].isin(_heard_only(recordings, bouts)["recording"])]
    table = recordings.assign(duration_s=recordings["n_windows"] + 2.0)
    windows = al.window_labels(labels, table[["recording", "duration_s"]], ANURASET_CODES)
    windows["subset"] = windows["fname"].map(recordings.set_index("recording")["subset"])
    windows["species_number"] = 2 * windows["species_number"] - windows["SCIALT"]
    return windows


def _write_windows(root, windows):
    """The data set of windows; each has the peak 0.7, as the paper describes it. They are not filtered."""
    folder = root / "anuraset"
    for (site, name), rows in windows.groupby(["site", "fname"], sort=False):
        sound = al.read_audio(root / "raw_data" / site / f"{name}.wav")
        for row in rows.itertuples():
            cut = sound[row.min_t * RATE_HZ : row.max_t * RATE_HZ]
            cut = (cut * (0.7 * 32767 / max(np.abs(cut).max(), 1e-6))).astype(np.int16)
            al.write_audio(folder / "audio" / site / row.sample_name, cut, RATE_HZ)
    windows.to_csv(folder / "metadata.csv", index=False)
    (folder / "README.txt").write_text("A stand-in for AnuraSet; all of its sound is simulated.\n")


def write_stand_in(root, n_recordings=1612, seed=0, stereo=False, windows=False):
    """Write the folder that the record's files unpack to.

    Parameters
    ----------
    root : str or path-like
        A new folder.
    n_recordings : int
        From 30 on every oddity is in it; 1612 is all of AnuraSet.
    seed : int
        Same seed, same bytes.
    stereo : bool
        Two channels with 10 and 16 dB of gain, as the recorders have; else the first alone, and half the bytes.
    windows : bool
        Also the published windows in `anuraset/`, 132 kB each.

    Returns
    -------
    Path
    """
    root = Path(root)
    root.mkdir(parents=True)
    recordings, bouts, labels = plan(n_recordings, seed)
    _write_sounds(root, recordings, labels, seed, stereo)
    _write_labels(root, recordings, labels, bouts)
    _write_tables(root, recordings, bouts)
    if windows:
        _write_windows(root, published_table(recordings, labels, bouts))
    return root


def pack(root, out_dir):
    """The files of the record from a stand-in's folder: name to path, to be served by `zenodo.serving`.

    Members lie in the archives in the order of their names, sound without compression.
    """
    root, out_dir = Path(root), Path(out_dir)
    out_dir.mkdir(parents=True, exist_ok=True)
    for name in ("species.csv", "weak_labels.csv"):
        shutil.copyfile(root / name, out_dir / name)
    for folder, name in (("strong_labels", "strong_labels.zip"), ("raw_data", "raw_data.zip"),
                         ("anuraset", "anuraset.zip")):  # fmt: skip
        if (root / folder).is_dir():
            _zip(sorted(p for p in (root / folder).rglob("*") if p.is_file()), root, out_dir / name)
    return {path.name: path for path in sorted(out_dir.iterdir())}


def _zip(paths, root, target):
    with zipfile.ZipFile(target, "w") as archive:
        for path in paths:
            info = zipfile.ZipInfo(path.relative_to(root).as_posix(), (2023, 9, 13, 0, 0, 0))
            info.compress_type = zipfile.ZIP_STORED if path.suffix == ".wav" else zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            with path.open("rb") as source, archive.open(info, "w") as member:
                for chunk in iter(partial(source.read, 1 << 20), b""):
                    member.write(chunk)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--recordings", type=int, default=1612)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stereo", action="store_true")
    parser.add_argument("--windows", action="store_true", help="the published windows, too")
    parser.add_argument("--archives", action="store_true", help="the record's files, too, into FOLDER-record")
    chosen = parser.parse_args()
    root = write_stand_in(chosen.folder, chosen.recordings, chosen.seed, chosen.stereo, chosen.windows)
    if chosen.archives:
        pack(root, root.with_name(f"{root.name}-record"))


if __name__ == "__main__":
    main()
