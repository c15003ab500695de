"""A rehearsal at AnuraSet's size: seconds and memory of every stage, for 200, 400 and 1612 recordings.

The recordings are a stand-in (`tests/anuraset_stand_in.py`): AnuraSet's names, folders, tables, oddities and numbers,
with simulated sound. The stages are those of a reader: load, check, windows, split, pictures, training of the small
network, predict, evaluate with intervals, and the windows written as files. Each size runs in a process of its own.
Memory is the largest of that process in each stage, of what it had allocated itself: a mapped file counts where it was
copied.

    python benchmarks/bench_full_size.py [--sizes 200,400,1612] [--epochs 3] [--folder DIR] [--json FILE] [--save]
"""

import json
import multiprocessing
import os
import re
import sys
import tempfile
import threading
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _results import save_results
from _table import arguments, row, show

import anuralib as al

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
import anuraset_stand_in  # noqa: E402

STAGES = ("load", "check", "windows", "split", "pictures", "train", "predict", "evaluate", "build_windows")


def allocated_mb():
    """What this process has allocated, without mapped files; NaN where the system does not say."""
    status = Path("/proc/self/status")
    found = re.search(r"RssAnon:\s+(\d+) kB", status.read_text()) if status.is_file() else None
    return int(found[1]) / 1024 if found else np.nan


class Watch:
    """Seconds and largest memory of each stage, the memory looked at twenty times a second."""

    def __init__(self):
        self.rows, self._most, self._on = [], 0.0, True
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self):
        while self._on:
            self._most = max(self._most, allocated_mb())
            time.sleep(0.05)

    def stage(self, name, function):
        self._most, start = allocated_mb(), time.perf_counter()
        result = function()
        self.rows.append({"stage": name, "seconds": time.perf_counter() - start, "mb": max(self._most, allocated_mb())})
        print(f"  {name:14}{self.rows[-1]['seconds']:9.1f} s {self.rows[-1]['mb']:7.0f} MB", flush=True)
        return result

    def stop(self):
        self._on = False
        self._thread.join()
        return self.rows


def rehearse(root, out, epochs, files=True):
    """All stages on one folder: the rows of `Watch`, and macro F1 with its interval."""
    warnings.simplefilter("ignore", UserWarning)  # the oddities, which `check` lists
    watch = Watch()
    data = watch.stage("load", lambda: al.load_dataset("anuraset", root=root))
    watch.stage("check", data.check)
    windows = watch.stage("windows", lambda: al.window_labels(data.strong_labels, data.recordings, data.species))
    windows = watch.stage("split", lambda: al.add_validation(al.stratified_split(windows, seed=0), seed=0))
    pictures = watch.stage("pictures", lambda: al.window_features(windows, data, cache_dir=out / "cache",
                                                                 dtype="float16", progress=False))  # fmt: skip
    part = {name: (windows["subset"] == name).to_numpy() for name in ("train", "valid", "test")}
    rows = {name: (al.picture_rows(pictures, chosen), windows.loc[chosen, data.species])
            for name, chosen in part.items()}  # fmt: skip
    model = al.build_model("small_cnn", data.species, seed=0)
    watch.stage("train", lambda: al.fit(model, rows["train"], rows["valid"], epochs=epochs, seed=0, progress=False))
    prob = watch.stage("predict", lambda: al.predict(model, rows["test"][0]))
    groups = windows.loc[part["test"], "fname"]

    def table():
        truth = rows["test"][1]
        al.evaluate(truth, prob, groups=al.frequency_groups(windows, data.species))
        return al.bootstrap_ci(truth, prob, groups, n_boot=200)

    score = watch.stage("evaluate", table)
    if files:
        watch.stage("build_windows", lambda: al.build_windows(data, out / "windows", progress=False))
    return watch.stop(), {"n_windows": len(windows), **score}


def _job(root, out, epochs, files, answer):
    answer.write_text(json.dumps(rehearse(root, out, epochs, files)), encoding="utf-8")
    os._exit(0)  # an end in good order would wait for joblib's workers, which wait for more work


def in_a_process(*given):
    """`rehearse` in a new process, whose memory begins from nothing."""
    answer = given[1] / "answer.json"
    job = multiprocessing.get_context("spawn").Process(target=_job, args=(*given, answer))
    job.start()
    job.join()
    if job.exitcode:
        raise SystemExit(f"the rehearsal in {given[0]} ended with {job.exitcode}")
    return json.loads(answer.read_text(encoding="utf-8"))


def main():
    parser = arguments(__doc__)
    parser.add_argument("--sizes", default="200,400,1612", help="recordings")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--folder", type=Path, help="keep the stand-in here (4.3 GB at full size)")
    parser.add_argument("--no-files", action="store_true", help="leave out build_windows (12 GB at full size)")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_full_size.csv")
    chosen = parser.parse_args()
    start, found = time.perf_counter(), []
    with tempfile.TemporaryDirectory() as temporary:
        for n in map(int, chosen.sizes.split(",")):
            root = (chosen.folder or Path(temporary)) / f"stand-in-{n}"
            if not (root / "weak_labels.csv").is_file():
                anuraset_stand_in.write_stand_in(root, n_recordings=n, seed=0)
            out = Path(temporary) / f"out-{n}"
            out.mkdir()
            print(f"{n} recordings", flush=True)
            rows, score = in_a_process(root, out, chosen.epochs, not chosen.no_files)
            print(f"  {score['n_windows']} windows; macro F1 {score['estimate']:.3f} "
                  f"({score['low']:.3f} to {score['high']:.3f})")  # fmt: skip
            found += [{"recordings": n, "windows": score["n_windows"], **one} for one in rows]
    table = pd.DataFrame(found)
    sizes = sorted(table["recordings"].unique())
    each = {n: part.set_index("stage")["seconds"] / n for n, part in table.groupby("recordings")}
    shown = {name: row(each[sizes[-1]][name], each[sizes[0]][name], "s per recording") for name in each[sizes[0]].index}
    title = f"seconds per recording with {sizes[-1]} recordings (ours), {sizes[0]} (peer); {chosen.epochs} epochs"
    show(shown, title, ["numpy", "torch"], chosen.json)
    print(table.round(2).to_string(index=False))
    if chosen.save:
        save_results("bench_full_size", table, [0], time.perf_counter() - start, note=title)


if __name__ == "__main__":
    main()
