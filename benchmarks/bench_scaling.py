"""Core seconds for an hour of sound, step by step: one process against a Dask cluster of this machine.

Each step of the way does the same recordings of the pond: the windows written to disk, the pictures of the windows, and
the predictions of a whole folder. Once in one process with one thread, once with a worker of one thread on each core;
for the pictures, which only one machine makes, with a thread on each core. What counts is the time that the cores
worked, in all processes together, as it is what one pays for, and depends little on what else the machine does; waiting
for a disk is not in it. Libraries are loaded and files are in memory before. Then each step meets a recording of one,
ten and sixty minutes in a new process, whose largest memory is noted.

    python benchmarks/bench_scaling.py [--recordings 20] [--rounds 3] [--minutes 1,10,60] [--json FILE] [--save]
"""

import logging
import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _results import save_results
from _table import arguments, peak_mb, row, show
from dask.distributed import Client, LocalCluster
from joblib import parallel_config

import anuralib as al

STEPS = ("windows", "features", "prediction")


def first_recordings(n, pond_size):
    """A pond with only its first n recordings."""
    pond = al.load_dataset("pond", size=pond_size)
    chosen = pond.recordings.head(n)
    labels = pond.strong_labels[pond.strong_labels["recording"].isin(chosen["recording"])]
    return replace(pond, recordings=chosen, strong_labels=labels)


def some_model(pond):
    """A network of the course's size; how well it is trained does not change what it costs."""
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    features = al.window_features(windows, pond, progress=False)
    model = al.build_model("small_cnn", pond.species, seed=0)
    al.fit(model, (features, windows[pond.species]), epochs=2, seed=0, progress=False)
    return model


def step(name, pond, model, out, workers=None):
    """One step over all recordings: in this process with one thread, or with so many workers."""
    if name == "windows":
        al.build_windows(pond, out, n_jobs=workers or 1, progress=False)
    elif name == "features":
        windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
        al.window_features(windows, pond, n_jobs=workers or 1, dtype="float16", progress=False)
    else:
        al.predict_folder(model, pond, out, workers=workers, n_jobs=1, progress=False)
    shutil.rmtree(out, ignore_errors=True)


def core_seconds(name, pond, model, out, client=None):
    """What a step takes of all cores, by one process or by the cluster."""

    def used():
        return time.process_time() + (sum(client.run(time.process_time).values()) if client else 0)

    before = used()
    with parallel_config(backend="dask") if client else nullcontext():
        step(name, pond, model, out, len(client.ncores()) if client else None)
    return used() - before


def memory_of(name, pond, model_file, out, queue):
    torch.set_num_threads(1)
    model = al.load_model(model_file)
    before = peak_mb()
    step(name, pond, model, out)
    queue.put((before, peak_mb()))


def long_recording(pond, minutes, root):
    """A folder with one recording, made of the pond's one after the other."""
    paths, need = list(pond.recordings["path"]), minutes * 60 * 22050
    parts = [al.read_audio(path) for path in paths]
    sound = np.resize(np.concatenate(parts), need)
    al.write_audio(root / f"long{minutes}" / "SIM1_20200101_200000.wav", sound, 22050)
    (root / f"long{minutes}" / "SIM1_20200101_200000.txt").write_text("")
    return replace(al.load_dataset(root / f"long{minutes}"), species=pond.species)


def memories(pond, model, minutes, root):
    """Largest memory in MB of each step for a recording of each length, and that of the libraries alone."""
    al.save_model(model, root / "model.pt")
    context = multiprocessing.get_context("spawn")
    table = {name: {} for name in STEPS}
    for length in minutes:
        long = long_recording(pond, length, root)
        for name in STEPS:
            queue = context.Queue()
            job = context.Process(target=memory_of, args=(name, long, root / "model.pt", root / "out", queue))
            job.start()
            table[name]["mb_before"], table[name][f"mb_{length}_min"] = queue.get(timeout=600)
            job.join()
        shutil.rmtree(root / f"long{length}")
    return table


def facts(table):
    """The numbers that the chapter on scaling gives of this table, by glue key."""
    row = table.set_index("step")
    told = {f"mb_{name}_{minutes}": row.loc[name, f"mb_{minutes}_min"]
            for name in ("windows", "prediction") for minutes in (1, 60)}  # fmt: skip
    told["overhead"] = row.loc["prediction", "cluster_s_per_h"] / row.loc["prediction", "one_process_s_per_h"]
    return {f"scaling_{key}": float(number) for key, number in told.items()}


def main():
    parser = arguments(__doc__, recordings=20)
    parser.add_argument("--pond", default="mini")
    parser.add_argument("--minutes", default="1,10,60", help="lengths of the recordings for the memory")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_scaling.csv")
    chosen = parser.parse_args()
    start, workers = time.perf_counter(), os.cpu_count() or 1
    pond = first_recordings(chosen.recordings, chosen.pond)
    hours = pond.recordings["duration_s"].sum() / 3600
    model = some_model(pond)
    torch.set_num_threads(1)
    took = {(name, way): [] for name in STEPS for way in ("one", "all")}
    settings = {"n_workers": workers, "threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0",
                "silence_logs": logging.ERROR}  # fmt: skip
    shared = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with (tempfile.TemporaryDirectory(dir=shared) as folder, LocalCluster(**settings) as cluster,
          Client(cluster) as client):  # fmt: skip
        out = Path(folder) / "out"
        for turn in range(chosen.rounds + 1):  # the first turn loads libraries and files and is not counted
            for name in STEPS:
                took[name, "one"].append(core_seconds(name, pond, model, out))
                took[name, "all"].append(core_seconds(name, pond, model, out, client))
            took = {key: values[-turn:] if turn else [] for key, values in took.items()}
    with tempfile.TemporaryDirectory() as folder:
        memory = memories(pond, model, [int(m) for m in chosen.minutes.split(",")], Path(folder))
    cost = {key: statistics.median(values) / hours for key, values in took.items()}
    title = (f"core seconds for an hour of sound, from {hours:.2f} hours, {chosen.rounds} rounds, medians: "
             f"{workers} workers and one process; largest memory in MB for one recording")  # fmt: skip
    table = {name: row(cost[name, "all"], cost[name, "one"], "core seconds per hour of sound") for name in STEPS}
    show(table, title, ["distributed", "joblib", "numpy", "torch"], chosen.json)
    rows = [{"step": name, "one_process_s_per_h": cost[name, "one"], "cluster_s_per_h": cost[name, "all"],
             **memory[name]} for name in STEPS]  # fmt: skip
    print(pd.DataFrame(rows).round(1).to_string(index=False))
    if chosen.save:
        save_results("bench_scaling", pd.DataFrame(rows), [0], time.perf_counter() - start,
                     ["distributed", "joblib", "numpy", "torch"], title)  # fmt: skip


if __name__ == "__main__":
    main()
