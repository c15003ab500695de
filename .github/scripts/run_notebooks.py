"""Run notebooks from the first cell to the last, each in an empty folder, and say which failed.

    python run_notebooks.py FOLDER [--report FILE.md] [--timeout SECONDS]

Needs nbclient and nbformat alone, so that it runs in Colab's image as it is.
"""

import argparse
import re
import sys
import tempfile
import time
from pathlib import Path

import nbclient
import nbformat
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
LEAST_PASSES = 3  # every chapter has three exercises at least
REPORTED_LINES = 25


def fault(path, timeout_s):
    """What went wrong in a notebook, as text; "" where every cell ran and every exercise passed."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        client = nbclient.NotebookClient(notebook, timeout=timeout_s, resources={"metadata": {"path": folder}})
        try:
            client.execute()
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            return TERMINAL_COLOURS.sub("", str(error)).strip()
    said = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    hints = [line for line in said.splitlines() if "Hint for " in line]
    if hints:
        return "A solution does not pass its check:\n" + "\n".join(hints)
    passes = said.count("Pass: ")
    return "" if passes >= LEAST_PASSES else f"{passes} exercises passed; every chapter has {LEAST_PASSES} at least"


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--report", type=Path)
    parser.add_argument("--timeout", type=float, default=1200, help="seconds a cell may take")
    options = parser.parse_args(arguments)
    notebooks = sorted(options.folder.rglob("*.ipynb"))
    if not notebooks:
        sys.exit(f"{options.folder}: no notebooks")
    faults = {}
    for path in notebooks:
        name, start = path.relative_to(options.folder).as_posix(), time.monotonic()
        if text := fault(path, options.timeout):
            faults[name] = text
        print(f"{'FAILED' if text else 'ran'}  {name}  {time.monotonic() - start:.0f} s", flush=True)
    report = [f"## Notebooks: {len(faults)} of {len(notebooks)} failed\n"]
    for name, text in faults.items():
        last = "\n".join(text.splitlines()[-REPORTED_LINES:])
        report.append(f"### {name}\n\n~~~text\n{last}\n~~~\n")
    if options.report:
        options.report.parent.mkdir(parents=True, exist_ok=True)
        options.report.write_text("\n".join(report), encoding="utf-8")
    if faults:
        sys.exit("\n".join(report))


if __name__ == "__main__":
    main()
