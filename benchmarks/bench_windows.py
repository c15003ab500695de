"""Writing the window data set, against the loop that the paper describes.

The loop takes each window by itself through scikit-maad: `trim`, `select_bandwidth`, `normalize`, `write`. Ours writes
the same windows of the same recordings, once with the filter on each window, as the loop has it, and once with the
filter on each recording. Windows of the first way are compared with the loop's, sample by sample.

    python benchmarks/bench_windows.py [--recordings 8] [--seconds 60] [--rounds 3] [--json FILE]
"""

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
            cut = maad.sound.normalize(cut, max_db=-0.7)
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


def main():
    parser = arguments(__doc__, recordings=8)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each recording")
    chosen = parser.parse_args()
    ways = {"recording": ("recording", 1), "window": ("window", 1), "cores": ("recording", None)}
    took = {name: [] for name in ("loop", *ways)}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        pond = al.simulate_pond(root / "pond", chosen.recordings, chosen.seconds)
        windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
        for turn in range(chosen.rounds + 1):  # the first turn warms up and is not counted
            here = {name: root / str(turn) / name for name in took}
            times = {"loop": seconds(lambda to=here["loop"]: loop(pond, windows, to))}
            for name, (way, n_jobs) in ways.items():
                times[name] = seconds(lambda to=here[name], w=way, n=n_jobs: al.build_windows(pond, to, n, w))
            if turn:
                for name, value in times.items():
                    took[name].append(len(windows) / value)
        apart = largest_difference(here["window"], here["loop"])
    speed = {name: statistics.median(values) for name, values in took.items()}
    unit = "windows per second"
    table = {
        "filter per recording, one core": row(speed["recording"], speed["loop"], unit),
        "filter per window, one core": row(speed["window"], speed["loop"], unit),
        "default (per recording, all cores)": row(speed["cores"], speed["loop"], unit),
    }
    title = f"{chosen.recordings} recordings of {chosen.seconds:g} s, {chosen.rounds} rounds, medians"
    show(table, title, ["scikit-maad", "numpy", "scipy", "joblib"], chosen.json)
    print(f"filter per window: samples differ from the loop's by {apart} of 32768 at most")


if __name__ == "__main__":
    main()
