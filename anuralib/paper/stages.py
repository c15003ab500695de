"""Stages of a long piece of work, each done once: what is on the disk, whole and from the same settings, is kept."""

import hashlib
import json
import shutil
import time
from pathlib import Path

from anuralib._files import read_settings, write_settings

NOTES = ".stages"
# Files that several stages use.
FINDINGS, WINDOWS, SPLIT, PICTURES = "findings.csv", "windows.csv", "split.csv", "pictures.npy"


def key_of(*parts):
    """A short text that changes with any of the parts (plain values)."""
    return hashlib.blake2b(json.dumps(parts, sort_keys=True, default=str).encode(), digest_size=12).hexdigest()


class Stages:
    """The stages of one folder.

    A stage has a name, a key that says of what it was made, and files. When its files are written it is noted; a stage
    that is noted with the same key, and whose files have the size that they had, is not run again.

    Parameters
    ----------
    folder : path-like
    say : callable
        Gets a line of text for each stage.
    """

    def __init__(self, folder, say=print):
        self.folder, self._say = Path(folder), say

    def run(self, name, key, make, files):
        """Do a stage, if it isn't done; returns whether it was run.

        Parameters
        ----------
        name : str
        key : str
            See `key_of`.
        make : callable
            Writes the files, each whole or not at all.
        files : sequence of str
            Names relative to the folder.
        """
        note = self.folder / NOTES / f"{name}.json"
        if self._is_done(note, key, files):
            self._say(f"{name}: kept")
            return False
        note.unlink(missing_ok=True)
        self._say(f"{name} ...")
        started = time.perf_counter()
        make()
        sizes = {file: (self.folder / file).stat().st_size for file in files}
        seconds = round(time.perf_counter() - started, 2)
        write_settings({"key": key, "files": sizes, "seconds": seconds}, note)
        self._say(f"{name}: {seconds:.1f} s")
        return True

    def _is_done(self, note, key, files):
        known = read_settings(note)
        if known.get("key") != key or set(known["files"]) != set(files):
            return False
        places = {self.folder / file: size for file, size in known["files"].items()}
        return all(path.is_file() and path.stat().st_size == size for path, size in places.items())

    def seconds(self):
        """Name and duration of each stage that is done, in the order of their ends."""
        notes = sorted((self.folder / NOTES).glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
        return {path.stem: read_settings(path)["seconds"] for path in notes}

    def forget(self, name, folder):
        """Remove what a stage of another key left in a folder of its own."""
        (self.folder / NOTES / f"{name}.json").unlink(missing_ok=True)
        shutil.rmtree(self.folder / folder, ignore_errors=True)
