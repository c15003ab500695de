"""What all benchmarks share: timing, the printed table and the JSON file."""

import argparse
import json
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path

import anuralib


def arguments(doc, recordings=None):
    """The options that all benchmarks know; each adds its own. Only some go by recordings and rounds."""
    parser = argparse.ArgumentParser(description=doc.split("\n")[0])
    if recordings is not None:
        parser.add_argument("--recordings", type=int, default=recordings)
        parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="write {name: {ours, peer, ratio, unit}} here")
    return parser


def seconds(function):
    """Wall time of one call."""
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def peak_mb():
    """The most memory that this process has had, in MB; ru_maxrss would count the parent's on Linux."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1000
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def row(ours, peer, unit):
    """A measurement of ours beside the peer's; the ratio is ours over the peer's, whatever is better."""
    return {"ours": float(ours), "peer": float(peer), "ratio": float(ours / peer), "unit": unit}


def show(table, title, packages, json_path=None):
    """Print versions, title and table, and write the table as JSON if a path is given."""
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    print(f"anuralib {anuralib.__version__}, {versions}, Python {platform.python_version()}, {os.cpu_count()} cores")
    print(title)
    wide = max(map(len, table)) + 2
    print(f"{'':{wide}}{'ours':>10}{'peer':>10}{'ratio':>8}  unit")
    for name, values in table.items():
        print(f"{name:{wide}}{values['ours']:10.4g}{values['peer']:10.4g}{values['ratio']:8.3f}  {values['unit']}")
    if json_path:
        Path(json_path).write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")
