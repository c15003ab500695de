"""Reading a folder of recordings and label files, beside the least that it takes, and beside an older version.

The peer opens each sound file for its header and reads each label file as text. With `--before FOLDER`, a checkout of
an older commit, the same folder is read by that version too, turn by turn, each in a process of its own.
"""

import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile
from _table import arguments, row, seconds, show

import anuralib as al

TIMER = """
import sys, time, warnings
sys.path.insert(0, sys.argv[1])
import anuralib as al
al.load_dataset(sys.argv[3])  # modules are loaded, and the folder is in the disk's cache
began = time.perf_counter()
al.load_dataset(sys.argv[2])
print(time.perf_counter() - began)
"""


def make_folder(root, n):
    """n recordings of half a second at ten sites, a label file of ten lines beside each."""
    first = root / "first.wav"
    al.write_audio(first, np.random.default_rng(0).uniform(-0.1, 0.1, 11025), 22050)
    sound = first.read_bytes()
    first.unlink()
    lines = "".join(f"{0.04 * k:.6f}\t{0.04 * k + 0.03:.6f}\tBOALUN_{'LMH'[k % 3]}\n" for k in range(10))
    for k in range(n):
        name = root / f"SITE{k % 10}" / f"SITE{k % 10}_20200101_{k // 3600 % 24:02d}{k // 60 % 60:02d}{k % 60:02d}"
        name.parent.mkdir(exist_ok=True)
        name = name.with_name(f"{name.name[:-15]}{20200101 + k // 86400}_{name.name[-6:]}")
        name.with_suffix(".wav").write_bytes(sound)
        name.with_suffix(".txt").write_text(lines, encoding="utf-8")


def least(root):
    for path in root.rglob("*.wav"):
        soundfile.info(path)
        path.with_suffix(".txt").read_text(encoding="utf-8")


def by_version(package, root, small):
    command = [sys.executable, "-c", TIMER, str(package), str(root), str(small)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()[-1])


def main():
    parser = arguments(__doc__, recordings=2000)
    parser.add_argument("--before", type=Path, help="a checkout of an older commit")
    chosen = parser.parse_args()
    here = Path(al.__file__).resolve().parents[1]
    with tempfile.TemporaryDirectory() as folder:
        root, small = Path(folder, "all"), Path(folder, "few")
        for place, n in ((root, chosen.recordings), (small, 3)):
            place.mkdir()
            make_folder(place, n)
        least(root)
        took = {"ours": [], "least": [], "before": []}
        for _ in range(chosen.rounds):
            took["ours"].append(by_version(here, root, small))
            took["least"].append(seconds(lambda: least(root)))
            if chosen.before:
                took["before"].append(by_version(chosen.before.resolve(), root, small))
    middle = {name: statistics.median(times) for name, times in took.items() if times}
    table = {"headers and labels, against the least": row(middle["ours"], middle["least"], "seconds")}
    if chosen.before:
        table["headers and labels, against the older version"] = row(middle["ours"], middle["before"], "seconds")
    title = f"{chosen.recordings} recordings with label files, {chosen.rounds} rounds, medians; less is better"
    show(table, title, ["numpy", "pandas", "soundfile"], chosen.json)


if __name__ == "__main__":
    main()
