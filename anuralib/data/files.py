"""What lies in a folder: recordings, label files, and all that is passed over, each of it named."""

import os
from pathlib import Path

from anuralib.data.findings import OTHER_ANNOTATIONS
from anuralib.labels.formats import LABEL_SUFFIXES

SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff", ".aifc", ".w64", ".opus", ".oga", ".wave", ".bwf",
                  ".rf64", ".au", ".caf")  # fmt: skip
_OTHER_SOUNDS = (".m4a", ".wac", ".w4v", ".wv", ".aac", ".wma", ".mp4", ".3gp", ".amr", ".ape", ".dff", ".dsf", ".m4b",
                 ".mov", ".avi", ".webm", ".mkv", ".mka", ".sph", ".tta")  # fmt: skip
_OTHER_LABELS = (".textgrid", ".eaf", ".srt", ".svl", ".lab", ".elan", ".antx", ".trs")
# What was deleted, and what belongs to the system: on the disks of Windows, Linux and macOS.
_NOT_OURS = {"$recycle.bin", "recycler", "recycled", "system volume information", "lost+found", "__macosx"}
# Tables of the package; what a network found (calls.csv, predictions.csv) must not come back as labels by itself.
_OWN_TABLES = ("species.csv", "readme.txt", "metadata.csv", "weak_labels.csv", "truth.csv", "report.csv", "calls.csv",
               "predictions.csv")  # fmt: skip


def _is_ours(name: str) -> bool:
    return not name.startswith((".", "__MACOSX")) and name.lower() not in _NOT_OURS


def walk(root: Path) -> tuple[list[Path], list[tuple]]:
    """All files below a folder that a person would see, links followed, and findings on what can't be reached.

    A folder that is reached a second time, by a link to a folder above it for instance, is not entered again.

    Parameters
    ----------
    root : Path

    Returns
    -------
    files : list of Path
        Sorted; without hidden files, recycle bins, and what macOS puts into archives.
    findings : list of tuple
        Folders that may not be opened, and links to nothing.
    """
    if not root.is_dir():
        return [], []
    files, findings, entered = [], [], set()

    def denied(error):
        findings.append(("error", "folder can't be opened", f"{error.filename}: {error.strerror}",
                         "ask for the right to read it, or leave it out"))

    for place, folders, names in os.walk(root, followlinks=True, onerror=denied):
        real = os.path.realpath(place)
        if real in entered:
            folders.clear()
            continue
        entered.add(real)
        folders[:] = filter(_is_ours, folders)
        for path in (Path(place, name) for name in filter(_is_ours, names)):
            if path.is_file():
                files.append(path)
            elif path.is_symlink() and path.suffix.lower() in SOUND_SUFFIXES + LABEL_SUFFIXES:
                findings.append(("error", "link to a file that is not there", str(path),
                                 "plug in its disk, or fetch it (git annex get, datalad get)"))
    return sorted(files), findings


def with_suffix(files: list[Path], suffixes: tuple[str, ...]) -> list[Path]:
    """Those of the files that end so, in capitals or not."""
    return [path for path in files if path.suffix.lower() in suffixes]


def passed_over(files: list[Path]) -> list[tuple]:
    """Findings for recordings and annotations in forms that are not read."""
    sounds = [("warning", "recording in a form that is not read", str(path), "convert it to WAV or FLAC")
              for path in with_suffix(files, _OTHER_SOUNDS)]  # fmt: skip
    labels = [("warning", OTHER_ANNOTATIONS, str(path),
               "export them as a label track of Audacity, a table of Raven or CSV; an empty label file would say that "
               "nothing calls") for path in with_suffix(files, _OTHER_LABELS)]  # fmt: skip
    return sounds + labels


def may_hold_labels(path: Path) -> bool:
    """Whether a file may be one of labels, by its name: Audacity 4 also writes them without any suffix."""
    if path.name.lower() in _OWN_TABLES:
        return False
    return path.suffix.lower() in LABEL_SUFFIXES or path.suffix == ""
