"""Writing the window data set, against the loop that the paper describes.

The loop takes each window by itself through scikit-maad: `trim`, `select_bandwidth`, `normalize`, `write`. Ours writes
the same windows of the same recordings, once with the filter on each window, as the loop has it, and once with the
filter on each recording. Windows of the first way are compared with the loop's, sample by sample.

    python benchmarks/bench_windows.py [--recordings 40] [--seconds 60] [--rounds 3] [--folder DIR] [--json FILE]
"""

import shutil
import statistics
import tempfile
from pathlib import Path

import maad.sound
import numpy as np
import soundfile
from _table import arguments, row, seconds, show

import anuralib as al


def loop(dataset, windows, folder):
    """Each window on its own, as one reads it in the paper."""
    paths = dict(zip(dataset.recordings["recording"], dataset.recordings["path"], strict=True))
    for name, rows in windows.groupby("fname"):
        sound, rate = maad.sound.load(paths[name], channel="left")
        for window in rows.itertuples():
            cut = maad.sound.trim(sound, rate, window.min_t, window.max_t)
            cut = maad.sound.select_bandwidth(cut, rate, fcut=(1, 10_000), forder=5, ftype="bandpass")
            cut = maad.sound.normalize(cut, max_amp=0.7)
            path = folder / "audio" / window.site / window.sample_name
            path.parent.mkdir(parents=True, exist_ok=True)
            maad.sound.write(str(path), rate, cut, bit_depth=16)
    windows.to_csv(folder / "metadata.csv", index=False)


def largest_difference(one, two):
    """Between the samples of the same files in two folders, in steps of 16 bit."""
    worst = 0
    for path in sorted(one.rglob("*.wav")):
        a, b = (soundfile.read(p, dtype="int16")[0].astype(int) for p in (path, two / path.relative_to(one)))
        worst = max(worst, int(np.abs(a - b).max()))
    return worst


def memory():
    """A folder in memory with room for the files: the disk costs all ways the same and hides what they differ in."""
    folder = Path("/dev/shm")
    return str(folder) if folder.is_dir() and shutil.disk_usage(folder).free > 2e9 else None


def ours(n_jobs, filter_per):
    return lambda dataset, windows, folder: al.build_windows(dataset, folder, n_jobs, filter_per, progress=False)


def compare(dataset, windows, root):
    """The largest difference between the loop's samples and ours with the filter on each window."""
    loop(dataset, windows, root / "loop")
    ours(1, "window")(dataset, windows, root / "ours")
    apart = largest_difference(root / "loop", root / "ours")
    for name in ("loop", "ours"):
        shutil.rmtree(root / name)
    return apart


def main():
    parser = arguments(__doc__, recordings=40)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each recording")
    parser.add_argument("--folder", default=memory(), help="where to write (default: in memory, where there is one)")
    chosen = parser.parse_args()
    ways = {"loop": loop, "recording": ours(1, "recording"), "window": ours(1, "window"),
            "cores": ours(None, "recording")}  # fmt: skip
    took = {name: [] for name in ways}
    with tempfile.TemporaryDirectory(dir=chosen.folder) as folder:
        root = Path(folder)
        pond = al.simulate_pond(root / "pond", chosen.recordings, chosen.seconds)
        windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
        apart = compare(pond, windows, root)
        for turn in range(chosen.rounds + 1):  # the first turn warms up and is not counted
            for name, build in ways.items():
                took[name].append(len(windows) / seconds(lambda to=root / "out", build=build: build(pond, windows, to)))
                # What is gone need not reach the disk, whose speed would otherwise be part of the next turn.
                shutil.rmtree(root / "out")
            took = {name: values[-turn:] if turn else [] for name, values in took.items()}
    speed = {name: statistics.median(values) for name, values in took.items()}
    unit = "windows per second"
    table = {
        "filter per recording, one core": row(speed["recording"], speed["loop"], unit),
        "filter per window, one core": row(speed["window"], speed["loop"], unit),
        "default (per recording, all cores)": row(speed["cores"], speed["loop"], unit),
    }
    size = f"{chosen.recordings} recordings of {chosen.seconds:g} s"
    title = f"{size}, {chosen.rounds} rounds, medians, written to {root.parent}"
    show(table, title, ["scikit-maad", "numpy", "scipy", "joblib"], chosen.json)
    print(f"filter per window: samples differ from the loop's by {apart} of 32768 at most")


if __name__ == "__main__":
    main()
