"""Faults repeated many times: kills, processes side by side, unsafe archives; and what large inputs cost.

A kill is SIGKILL at a random moment of the work; the work is then begun again and let finish, and the folder must be
the same, byte for byte, as that of a run that was never killed, without a temporary file. What was to be seen as
finished after the kill must have been whole already. Processes side by side begin within the time that one needs. The
tests have a few of each; these are the many.

    python benchmarks/soak.py [--only NAME,...] [--repeats 20] [--json FILE] [--save]
"""

import itertools
import json
import multiprocessing
import os
import shutil
import statistics
import sys
import tempfile
import time
import zipfile
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the same sums in every process

import _jobs
import numpy as np
import pandas as pd
from _record import files_of, zipped
from _results import FOLDER, read_results, save_results
from _table import arguments, peak_mb, row, seconds

import anuralib as al

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import zenodo  # noqa: E402

SEED = 17
KILLED = ("build_windows", "window_features", "simulate_pond", "fit", "predict_folder", "download_anuraset")
TOGETHER = ("build_windows", "window_features", "load_dataset of a pond", "download_anuraset")
SCORES = ["precision", "recall", "f1", "average_precision", "auroc"]
SAME = "files and answer against a run that was never killed; no temporary file"
MOST_LIST_S, MOST_LIST_MB, MOST_GROWTH, MOST_OPENING = 60, 250, 1.1, 1.2


@dataclass
class Soak:
    """What the checks share; their inputs are made when the first asks for them."""

    place: Path
    options: object
    record_url: str
    files: dict  # of the record's server
    faults: list = field(default_factory=list)

    @property
    def repeats(self):
        return self.options.repeats

    @property
    def log(self):
        return self.place / "log.txt"

    @cached_property
    def inputs(self):
        """A folder with a small pond, a network and the address of the record."""
        folder = self.place / "inputs"
        pond = al.simulate_pond(folder / "pond", **_jobs.SMALL, n_jobs=1)
        windows = al.build_windows(pond, self.place / "windows", n_jobs=1, progress=False)
        self.files.update(files_of(pond, windows.parent))
        (folder / "record.url").write_text(self.record_url, encoding="utf-8")
        al.save_model(self.model, folder / "model.pt")
        return folder

    @cached_property
    def model(self):
        """Untrained; what it finds does not matter."""
        model = al.build_model("templates", ["LOW", "MIDDLE", "HIGH"], seed=0)
        model.input_shape = (64, 130)
        return model

    def new_folder(self):
        """A place that is not there yet; what was tried before goes."""
        out = self.place / "out"
        shutil.rmtree(out, ignore_errors=True)
        return out

    def random(self, *name):
        """The same moments for a check, whatever else is run."""
        return np.random.default_rng([SEED, zlib.crc32(" ".join(map(str, name)).encode())])

    def is_same(self, name, found, expected):
        """Whether two results are equal; what differs is noted."""
        if found == expected:
            return True
        one, other = (files if isinstance(files, dict) else {"answer": files} for files in (found, expected))
        differ = sorted(key for key in {*one, *other} if one.get(key) != other.get(key))
        self.faults.append(f"{name}: {', '.join(differ[:5])}{', ...' if len(differ) > 5 else ''}")
        return False


def line(name, repetitions, held, compared, measured=""):
    return {"check": name, "repetitions": repetitions, "held": int(held), "compared": compared, "measured": measured}


def unbroken(soak, name):
    """Files and answer of a job that nobody disturbs, and the seconds it takes."""
    answers = []
    for _ in range(2):  # the second finds its libraries in memory
        child = _jobs.Child(name, soak.inputs, out := soak.new_folder(), soak.log)
        child.begins()
        begun = time.perf_counter()
        answers.append(child.answer())
        took_s = time.perf_counter() - begun
    if answers[0] is None or answers[0] != answers[1]:
        raise RuntimeError(f"{name} fails undisturbed, or gives other answers: see {soak.log}")
    return _jobs.contents(out), answers[0], took_s


def kills(soak, name):
    """Kill a job, see that nothing half-made looks finished, begin it again, and compare."""
    rng = soak.random("kills", name)
    expected, answer, took_s = unbroken(soak, name)
    held, hits = 0, []
    for _ in range(10 * soak.repeats):
        if len(hits) == soak.repeats:
            break
        child = _jobs.Child(name, soak.inputs, out := soak.new_folder(), soak.log)
        child.begins()
        moment = rng.uniform(0, took_s)
        if child.ends_within(moment):  # the machine has less to do now
            child.answer()
            took_s = moment
            continue
        if not child.kill():
            continue
        hits.append(moment)
        seen = _jobs.finished(_jobs.contents(out))
        again = _jobs.Child(name, soak.inputs, out, soak.log).answer()
        held += (soak.is_same(f"{name}, just killed", seen, {k: expected.get(k) for k in seen})
                 & soak.is_same(f"{name}, its answer", again, answer)
                 & soak.is_same(f"{name}, resumed", _jobs.contents(out), expected))  # fmt: skip
    moments = f"killed after {min(hits):.2f} to {max(hits):.2f} of {took_s:.2f} s" if hits else "never hit"
    return [line(f"kill {name}", soak.repeats, held, SAME, moments)]


def together(soak, name):
    """Two and three processes that do the same in one folder."""
    expected, answer, took_s = unbroken(soak, name)
    lines = []
    for n in (2, 3):
        rng, held = soak.random("together", name, n), 0
        for _ in range(soak.repeats):
            out, barrier = soak.new_folder(), _jobs.barrier(n)
            children = [_jobs.Child(name, soak.inputs, out, soak.log, barrier, rng.uniform(0, took_s))
                        for _ in range(n)]  # fmt: skip
            answers = [child.answer() for child in children]
            held += (soak.is_same(f"{n} processes, {name}, an answer", answers, [answer] * n)
                     & soak.is_same(f"{n} processes, {name}", _jobs.contents(out), expected))  # fmt: skip
        what = "files and answers against one process alone; no temporary file"
        lines.append(line(f"{n} processes, {name}", soak.repeats, held, what, f"one takes {took_s:.2f} s"))
    return lines


def unsafe_archives(outside):
    """Kind: members of an archive that would be written outside its folder."""
    wav = "escaped.wav"
    names = {
        "above": f"../{wav}", "absolute": f"{outside}/{wav}", "above, from within": f"raw_data/../../{wav}",
        "a drive": f"C:\\{wav}", "a drive, slashes": f"C:/{wav}", "above, backslashes": f"raw_data\\..\\..\\{wav}",
        "a server": f"\\\\host\\share\\{wav}",
    }  # fmt: skip
    kinds = {kind: [("raw_data/SIM1/first.wav", b"x"), (name, b"x")] for kind, name in names.items()}
    folder, file = (zipfile.ZipInfo(name) for name in ("raw_data/SIM1", f"raw_data/SIM1/{wav}"))
    folder.external_attr = file.external_attr = 0o120777 << 16  # symbolic links
    kinds["through a link"] = [(folder, str(outside)), (f"raw_data/SIM1/{wav}", b"x")]
    kinds["a link"] = [("raw_data/SIM1/first.wav", b"x"), (file, f"{outside}/{wav}")]
    return kinds


def zip_slip(soak):
    """Of whole archives, and of single members that are read on the server."""
    held, place, before = 0, soak.place / "zip", dict(soak.files)
    kinds = unsafe_archives(place / "outside")
    soak.files.update({"species.csv": b"FAMILY,SPECIES,CODE\nHylidae,Boana faber,BOAFAB\n",
                       "weak_labels.csv": b"MONITORING_SITE,AUDIO_FILE_ID,SPECIES_BOAFAB\n",
                       "strong_labels.zip": zipped([])})  # fmt: skip
    for kind, members in kinds.items():
        kept = []
        for recordings in (None, ["escaped"]):
            shutil.rmtree(place, ignore_errors=True)
            (place / "outside").mkdir(parents=True)
            soak.files["raw_data.zip"] = zipped(members)
            told = ""
            try:
                al.download_anuraset(place / "in", recordings=recordings, parts=["raw"], progress=False,
                                     record_url=soak.record_url)  # fmt: skip
            except (OSError, ValueError) as error:
                told = str(error)
            found = list(place.rglob("*"))
            sounds = [path for path in found if path.suffix == ".wav"]
            refused = "points out of its folder" in told and not sounds
            inside = "link" in kind and all("in" in path.relative_to(place).parts for path in sounds)
            kept.append((refused or inside) and not any(path.is_symlink() for path in found))
        held += soak.is_same(f"zip-slip, {kind}", kept, [True, True])
    soak.files.clear()
    soak.files.update(before)
    what = "the archive is refused, or its links left out; nothing outside the folder, no link within"
    return [line("zip-slip", len(kinds), held, what, "; ".join(kinds))]


def metrics(soak):
    """Scores of random answers against scikit-learn's."""
    from sklearn import metrics as sk


    rng, n, held = soak.random("metrics"), 15 * soak.repeats, 0
    for case in range(n):
        rows, species = rng.integers(2, 300), rng.integers(1, 12)
        truth = (rng.random((rows, species)) < rng.uniform(0, 0.7, species)).astype(int)
        prob = np.round(np.clip(0.4 * truth + 0.7 * rng.random(truth.shape), 0, 1), rng.choice([1, 2, 12]))
        *table, macro = al.evaluate(truth, prob)[SCORES].to_numpy(float)
        theirs = []
        for yes, p in zip(truth.T, prob.T, strict=True):
            chosen = p >= 0.5
            theirs.append((
                sk.precision_score(yes, chosen) if chosen.any() else np.nan,
                sk.recall_score(yes, chosen) if yes.any() else np.nan,
                sk.f1_score(yes, chosen) if yes.any() else np.nan,
                sk.average_precision_score(yes, p) if yes.any() else np.nan,
                sk.roc_auc_score(yes, p) if 0 < yes.sum() < rows else np.nan,
            ))  # fmt: skip
        theirs.append(pd.DataFrame(theirs).mean().to_numpy())
        same = np.allclose([*table, macro], theirs, rtol=0, atol=1e-9, equal_nan=True)
        held += soak.is_same(f"metrics, case {case}", same, True)
    what = "precision, recall, F1, average precision and AUROC, and their macro averages, against scikit-learn's"
    return [line("metrics", n, held, what, "NaN where a score is not defined")]


def in_new_process(function, *given):
    """What a function returns in a process that has loaded nothing, its seconds, core seconds and most memory in MB."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_measured, args=(function, given, there))
    child.start()
    there.close()
    answer = here.recv()
    child.join()
    here.close()
    return answer


def _measured(function, given, pipe):
    start, core = time.perf_counter(), time.process_time()
    answer = function(*given)
    pipe.send((answer, time.perf_counter() - start, time.process_time() - core, peak_mb()))


def _listed(folder, one):
    """What is known of the recordings, and the memory in MB that the libraries had before."""
    al.load_dataset(one)
    before = peak_mb()
    table = al.load_dataset(folder).recordings
    return (len(table), table["site"].nunique(), str(table["datetime"].max()), table["duration_s"].unique()[0]), before


def listing(soak):
    """A folder of very many recordings, as a project of some years has them, with their headers and names read."""
    n, folder = soak.options.recordings, soak.place / "many"
    al.write_audio(soak.place / "one" / "SITE0_20190101_000000.wav", np.zeros(220), 22050)
    data = (soak.place / "one" / "SITE0_20190101_000000.wav").read_bytes()
    times = pd.date_range("2019-01-01", periods=-(-n // 4), freq="15min").strftime("%Y%m%d_%H%M%S")
    for k, (when, site) in zip(range(n), itertools.product(times, range(4)), strict=False):
        if k < 4:
            (folder / f"SITE{site}").mkdir(parents=True)
        (folder / f"SITE{site}" / f"SITE{site}_{when}.wav").write_bytes(data)
    (found, before), took_s, core_s, mb = in_new_process(_listed, folder, soak.place / "one")
    shutil.rmtree(folder)
    expected = (n, min(n, 4), str(pd.to_datetime(times[-1], format="%Y%m%d_%H%M%S")), 220 / 22050)
    held = soak.is_same("listing", found, expected) and core_s <= MOST_LIST_S and mb - before <= MOST_LIST_MB
    what = f"number, sites, last time, length; at most {MOST_LIST_S} core seconds, {MOST_LIST_MB} MB and the libraries"
    told = f"{core_s:.0f} core seconds, {took_s:.0f} by the clock; {mb:.0f} MB, {before:.0f} of them libraries"
    return [line(f"list {n} recordings", 1, held, what, told)]


def _predicted(model, folder, out):
    path = al.predict_folder(al.load_model(model), folder, out, hop_s=3, n_jobs=1, device="cpu", progress=False)
    with open(path, encoding="utf-8") as file:
        return sum(1 for _ in file) - 1


def long_sound(soak):
    """One recording of many hours: noise, written minute by minute."""
    import soundfile

    hours, peaks, held, took = (1, soak.options.hours), [], True, 0.0
    minute = (0.05 * np.random.default_rng(SEED).standard_normal(60 * 22050)).astype(np.float32)
    for length in hours:
        folder = soak.place / f"hours{length}"
        folder.mkdir()
        with soundfile.SoundFile(folder / "SIM1_20200101_200000.wav", "w", 22050, 1) as file:
            for _ in range(60 * length):
                file.write(minute)
        found, took, _, mb = in_new_process(_predicted, soak.inputs / "model.pt", folder, soak.new_folder())
        shutil.rmtree(folder)
        held &= soak.is_same(f"{length} hours of sound", found, 1200 * length)
        peaks.append(mb)
    held &= peaks[1] <= MOST_GROWTH * peaks[0]
    what = f"number of windows; memory at most {MOST_GROWTH} times that of 1 hour"
    told = f"{peaks[0]:.0f} MB for 1 hour, {peaks[1]:.0f} MB for {hours[1]}; {took:.0f} s for the latter"
    return [line(f"predict {hours[1]} hours of sound", 1, held, what, told)]


def opening(soak):
    """The checks of a kept pond and kept pictures against the same without them."""
    from unittest.mock import patch

    from anuralib.learn import pictures
    from anuralib.pond import simulate

    kept = soak.place / "kept"
    windows = _jobs.windows_of(al.load_dataset("pond", size=soak.options.pond))

    def opened():
        pond = al.load_dataset("pond", size=soak.options.pond)
        al.window_features(windows, pond, cache_dir=kept, progress=False)

    def unchecked():
        with (patch.object(simulate, "what_is_wrong", lambda folder: ""),
              patch.object(pictures, "_is_sealed", lambda path, n_jobs: path.exists())):  # fmt: skip
            opened()

    opened()
    took = [(seconds(opened), seconds(unchecked)) for _ in range(1 + -(-soak.repeats // 2))][1:]
    with_s, without_s = (statistics.median(times) for times in zip(*took, strict=True))
    ratio = statistics.median(one / other for one, other in took)
    told = f"{1000 * with_s:.0f} ms with, {1000 * without_s:.0f} ms without, ratio {ratio:.3f}"
    what = f"time to open pond and pictures with their checks; at most {MOST_OPENING} times that without (median ratio)"
    return [line("opening", len(took), len(took) * (ratio <= MOST_OPENING), what, told)]


CHECKS = {
    **{f"kill {name}": lambda soak, name=name: kills(soak, name) for name in KILLED},
    **{f"processes, {name}": lambda soak, name=name: together(soak, name) for name in TOGETHER},
    "zip-slip": zip_slip, "metrics": metrics, "listing": listing, "long sound": long_sound, "opening": opening,
}  # fmt: skip


def show(lines):
    wide = max(len(entry["check"]) for entry in lines) + 2
    print(f"{'check':{wide}}{'repetitions':>11}{'held':>6}  compared")
    for entry in lines:
        print(f"{entry['check']:{wide}}{entry['repetitions']:11d}{entry['held']:6d}  {entry['compared']}")
        print(f"{'':{wide + 17}}  ({entry['measured']})")


def main():
    parser = arguments(__doc__)
    parser.add_argument("--only", default="", help=f"parts of names, with commas between: {'; '.join(CHECKS)}")
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--recordings", type=int, default=100_000, help="to list")
    parser.add_argument("--hours", type=int, default=10, help="of sound to predict")
    parser.add_argument("--pond", default="mini", help="to open")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/soak.csv")
    chosen = parser.parse_args()
    names = [name for name in CHECKS if any(part in name for part in chosen.only.split(","))]
    lines = []
    shared = "/dev/shm" if Path("/dev/shm").is_dir() else None  # a hundred thousand small files
    with tempfile.TemporaryDirectory(dir=shared) as folder, zenodo.serving({}, pause_s=0.002) as server:
        soak = Soak(Path(folder), chosen, server.record_url, server.files)
        for name in names:
            begun = time.perf_counter()
            new = CHECKS[name](soak)
            took_s = time.perf_counter() - begun
            lines += [entry | {"seconds": round(took_s / len(new))} for entry in new]
            print(f"{name}: {took_s:.0f} s", file=sys.stderr, flush=True)
            if chosen.save:
                save(lines)
        if soak.faults and soak.log.is_file():
            soak.faults.append(f"what the processes said at last: {soak.log.read_text(errors='replace')[-2000:]}")
    show(lines)
    if chosen.json:
        save_json(lines, chosen.json)
    if soak.faults or any(entry["held"] < entry["repetitions"] for entry in lines):
        sys.exit("\n".join(["not all held:", *soak.faults]))


def save(lines):
    """Write the table; what an earlier one has of other checks stays."""
    table = pd.DataFrame(lines)
    if (FOLDER / "soak.csv").is_file():
        table = pd.concat([read_results("soak"), table]).drop_duplicates("check", keep="last")
    note = "Faults repeated: how often each was tried, and how often what is compared was as it should be."
    save_results("soak", table, [SEED], table["seconds"].sum(), note=note)


def save_json(lines, path):
    table = {entry["check"]: row(entry["held"], entry["repetitions"], entry["compared"]) for entry in lines}
    path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
