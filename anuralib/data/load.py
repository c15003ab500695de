"""One door to every data set: `load_dataset`; and `simulate_pond` and `simulate_focal`, which make one."""

import contextlib
import os
import re
import shutil
import uuid
from pathlib import Path

from anuralib._files import cache_dir, locked
from anuralib.data.anuraset import read_anuraset_layout
from anuralib.data.dataset import Dataset, window_folder
from anuralib.data.folders import read_recordings_folder, read_windows_folder
from anuralib.pond import focal, simulate

_UNFINISHED = re.compile(r"\.pond-[a-z]+-\d+\.[0-9a-f]{32}\.part")  # a pond that is being built


def _pond_name(size: str) -> str:
    """A name that changes with `POND_VERSION`, so that no stale pond is ever read."""
    return f"pond-{size}-{simulate.POND_VERSION}"


def _load_pond(size: str, folder: Path) -> Dataset:
    if size not in simulate.SIZES:
        raise ValueError(f"no pond of size {size!r}; choose one of {', '.join(simulate.SIZES)}")
    if size == "mini" and os.environ.get("ANURALIB_SMOKE") == "1":
        size = "tiny"
    target = folder / _pond_name(size)
    if simulate.what_is_wrong(target):
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder, name=".pond.lock"):
            for left in folder.iterdir():  # nobody else builds one now: these are of killed processes
                if _UNFINISHED.fullmatch(left.name):
                    shutil.rmtree(left, ignore_errors=True)
            if simulate.what_is_wrong(target):  # else another process made it meanwhile
                _build_pond(target, size)
    return read_anuraset_layout(target, name="pond")


def _build_pond(target: Path, size: str) -> None:
    """Build a pond beside its place, then move it there; one that is damaged is mended where it is."""
    if target.is_dir():
        simulate.mend_pond(target, **simulate.SIZES[size])
        return
    building = target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
    try:
        simulate.write_pond(building, **simulate.SIZES[size])
        # Where there are no locks another process may have finished the same pond meanwhile; they are equal.
        with contextlib.suppress(OSError):
            building.rename(target)
        if not target.is_dir():
            raise OSError(f"{target}: the pond could not be moved here; check the folder")
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _read_folder(root: Path, name: str | None, on_error: str, time_zone: str | None = None) -> Dataset:
    """The layout shows in what lies in the folder."""
    if not root.is_dir():
        raise FileNotFoundError(f'{root}: there is no such folder; names of data sets are "pond" and "anuraset"')
    if (root / "pond.json").is_file() and simulate.is_unfinished(root):
        raise ValueError(f"{root}: this pond was not finished; make it again with simulate_pond")
    if any((root / part).exists() for part in ("raw_data", "strong_labels", "weak_labels.csv")):
        return read_anuraset_layout(root, name, on_error)
    if window_folder(root):
        return read_windows_folder(root, name)
    if name == "anuraset":  # a mirror with sound alone
        return read_anuraset_layout(root, name, on_error)
    return read_recordings_folder(root, name, on_error=on_error, time_zone=time_zone)


def _anuraset_folder(root: str | os.PathLike | None) -> Path:
    """Where AnuraSet is: `root`, or the folder that ANURALIB_ANURASET names."""
    named = os.environ.get("ANURALIB_ANURASET")
    if root is None and not named:
        raise ValueError(
            "AnuraSet is not on this machine yet, or nobody said where: get it with al.download_anuraset(FOLDER), and "
            'say load_dataset("anuraset", root=FOLDER), or set the environment variable ANURALIB_ANURASET to FOLDER'
        )
    folder = Path(root or named).expanduser().resolve()
    if root is None and not folder.is_dir():
        raise FileNotFoundError(f"{folder}: no such folder; correct the environment variable ANURALIB_ANURASET")
    return folder


def load_dataset(
    name: str | os.PathLike = "pond",
    root: str | os.PathLike | None = None,
    size: str = "mini",
    on_error: str = "raise",
    time_zone: str | None = None,
) -> Dataset:
    """Load a data set by name or from a folder.

    Parameters
    ----------
    name : str or path-like
        "pond": simulated recordings, made at the first call and kept in the cache folder
        (`ANURALIB_CACHE` names another); files of it that are missing or cut are made again. "anuraset": the
        real ones, from `root`, or else from the folder that the environment variable `ANURALIB_ANURASET` names; the
        folders of its mirrors are read, too. Anything else is a folder: laid out like either (`raw_data`,
        `strong_labels`, ...), a data set of windows (`metadata.csv`), or any folder of recordings with label files
        beside them.
    root : str or path-like, optional
        For "anuraset", the folder that holds `raw_data`, `strong_labels`, `weak_labels.csv` and
        `species.csv`, or the windows in `anuraset/`; for "pond", where to keep ponds instead of
        the cache.
    size : str
        Of the pond: "tiny" (seconds, for tests) or "mini" (the book). With ANURALIB_SMOKE=1 in the
        environment, "mini" gives the tiny one.
    on_error : {"raise", "skip"}
        What to do with a recording, a label file or a folder that can't be read: stop, or leave it out with a warning.
    time_zone : str, optional
        Of a folder of one's own: where the recorders stood, such as "America/Sao_Paulo", for names that tell universal
        time (AudioMoth's hexadecimal ones, those with Z).

    Returns
    -------
    Dataset

    Raises
    ------
    FileNotFoundError
        If the folder is not there.
    ValueError
        If the size is unknown, or nothing says where "anuraset" is.
    """
    if name == "pond":
        return _load_pond(size, Path(root).expanduser().resolve() if root else cache_dir())
    if name == "anuraset":
        return _read_folder(_anuraset_folder(root), "anuraset", on_error)
    return _read_folder(Path(name).expanduser().resolve(), None, on_error, time_zone)


def simulate_pond(out_dir, n_recordings=120, duration_s=60, seed=0, n_jobs=None) -> Dataset:
    """Make a pond: recordings, label files, weak labels, species and the truth, in AnuraSet's layout.

    Parameters
    ----------
    out_dir : str or path-like
        A new or empty folder, or one that holds a pond: of the same settings it is made again, of others it is
        removed first, all of it that `simulate_pond` had made.
    n_recordings : int
        120 makes the book's pond; the rarest types are in one recording whatever the number.
    duration_s : float
        Of each recording, at least 3 s.
    seed : int
        The same seed gives the same bytes, whatever `n_jobs`.
    n_jobs : int, optional
        Processes; by default one per core.

    Returns
    -------
    Dataset

    Raises
    ------
    ValueError
        If a number makes no sense, or `out_dir` holds something else, also beside a pond of other settings.
    """
    simulate.write_pond(out_dir, n_recordings, duration_s, seed, n_jobs)
    return read_anuraset_layout(out_dir, name="pond")


def simulate_focal(out_dir, species=None, n_each=6, duration_s=9, seed=0, n_jobs=None) -> Dataset:
    """Make recordings at the animal: one individual each, a microphone 0.5 to 4 m away, in AnuraSet's layout.

    The call types are those of the pond; individuals, places, nights and backgrounds are others. Whoever holds the
    microphone sets its gain by the calls, whose peak lies 3 to 12 dB below full scale. Each recording has a site of
    its own. Labels, weak labels and truth are those of the pond, but nobody labelled twice.

    Parameters
    ----------
    out_dir : str or path-like
        An empty folder or a new one; of the same settings it is read again.
    species : sequence of str, optional
        Codes of `call_types`; all of them if not given.
    n_each : int
        Recordings of each call type.
    duration_s : float
        Of each recording, 3 to 600 s.
    seed : int
        The same seed gives the same bytes, whatever `n_jobs`.
    n_jobs : int, optional
        Processes; by default one per core.

    Returns
    -------
    Dataset
        `load_dataset` reads the folder again.

    Raises
    ------
    ValueError
        If a type is unknown or a number makes no sense, or `out_dir` holds something else.

    Examples
    --------
    >>> near = al.simulate_focal("at the animal", species=["BARWHI"], n_each=2)  # doctest: +SKIP
    >>> near.recordings["duration_s"].tolist()  # doctest: +SKIP
    [9.0, 9.0]
    """
    focal.write_focal(out_dir, species, n_each, duration_s, seed, n_jobs)
    return read_anuraset_layout(out_dir, name="focal")
