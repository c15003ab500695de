"""AnuraSet from its record at Zenodo: labels whole, recordings one by one out of the big archives.

The names, sizes and checksums of the files are asked of the record (doi:10.5281/zenodo.8342596), none is written
down here. Nothing is fetched unless `download_anuraset` is called.
"""

import hashlib
import os
import shutil
import warnings
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from anuralib._files import atomic_path, has_size, remove_leftovers
from anuralib.data.anuraset import read_anuraset_layout
from anuralib.data.dataset import Dataset

RECORD_URL = "https://zenodo.org/api/records/8342596"
_ARCHIVES = {"raw": "raw_data.zip", "windows": "anuraset.zip"}
_CHUNK = 1 << 20
_ATTEMPTS = 5  # in a row without a single new byte


def _session():
    """Waits and asks again when the server is busy, as long as the server says if it says so."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    from anuralib import __version__

    retry = Retry(total=6, backoff_factor=1, status_forcelist=(429, 500, 502, 503, 504), raise_on_status=False)
    session = requests.Session()
    session.headers["User-Agent"] = f"anuralib/{__version__} (an open course on AnuraSet; python-requests)"
    session.headers["Accept-Encoding"] = "identity"  # sizes and ranges are those of the file itself
    for scheme in ("http://", "https://"):
        session.mount(scheme, HTTPAdapter(max_retries=retry))
    return session


def _record_files(session, record_url: str) -> dict[str, dict]:
    """Name to `url`, `size` and `md5` of each file of the record."""
    import requests

    try:
        answer = session.get(record_url, timeout=60)
        answer.raise_for_status()
        return {
            entry["key"]: {
                "name": entry["key"],
                "url": entry["links"]["self"],
                "size": int(entry["size"]),
                "md5": entry["checksum"].removeprefix("md5:"),
            }
            for entry in answer.json()["files"]
        }
    except requests.RequestException as error:
        raise OSError(f"{record_url}: the record can't be reached ({error}); check the connection") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise ValueError(f"{record_url}: the answer is no list of files ({error!r}); try again later") from error


def _need_space(folder: Path, size: int, what: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free
    if free < size:
        raise OSError(f"{folder}: {what} needs {size / 1e9:.2f} GB, and {free / 1e9:.2f} GB are free; make room")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _md5(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "md5").hexdigest()


def _append(session, entry: dict, part: Path, bar) -> None:
    """Fetch what is missing of a file, or as much of it as comes before the connection breaks."""
    have = _size(part)
    headers = {"Range": f"bytes={have}-"} if have else {}
    with session.get(entry["url"], headers=headers, stream=True, timeout=60) as answer:
        if answer.status_code == 416:
            part.unlink()
            raise OSError(
                f"{entry['url']}: the server has {have} bytes or fewer, the record says {entry['size']}, so that the "
                "bytes came short; try again later"
            )
        answer.raise_for_status()
        resumed = answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {have}-")
        with part.open("ab" if resumed else "wb") as file:
            bar.n = have if resumed else 0
            # Not iter_content, which loses what came of a chunk when the connection breaks.
            for chunk in iter(lambda: answer.raw.read1(_CHUNK), b""):
                file.write(chunk)
                bar.update(len(chunk))
                if file.tell() > entry["size"]:
                    break


def _fill(session, entry: dict, part: Path, bar) -> None:
    """Fetch until a file has its size, going on after each break as long as something comes."""
    import requests
    import urllib3

    idle, told = 0, "the connection closed early"
    while (before := _size(part)) < entry["size"]:
        try:
            _append(session, entry, part, bar)
        except requests.HTTPError as error:
            raise OSError(f"{entry['url']}: {error}; try again later") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            told = str(error)
        idle = 0 if _size(part) > before else idle + 1
        if idle >= _ATTEMPTS:
            raise OSError(
                f"{entry['url']}: {_size(part)} of {entry['size']} bytes came, then nothing more ({told}); call again "
                "to go on from there"
            )


def _fetch(session, entry: dict, target: Path, progress: bool) -> Path:
    """A whole file, resumed where it stopped, with its size and checksum as the record says."""
    from tqdm.auto import tqdm

    if has_size(target, entry["size"]):
        return target  # it was checked before it got this name
    part = target.with_name(f".{target.name}.download")
    _need_space(target.parent, entry["size"] - _size(part), entry["name"])
    for _ in range(2):  # what was resumed may be damaged: once more from the start
        with tqdm(total=entry["size"], desc=entry["name"], unit="B", unit_scale=True, disable=not progress) as bar:
            _fill(session, entry, part, bar)
        if has_size(part, entry["size"]) and _md5(part) == entry["md5"]:
            os.replace(part, target)
            return target
        part.unlink()
    raise OSError(f"{entry['url']}: fetched twice, and its size or checksum (md5) is not the record's; try again later")


def _inside(name: str) -> PurePosixPath:
    """A member's name as a path that can't leave the folder it is put into."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name:
        raise ValueError(f"the archive's member {name!r} points out of its folder; nothing of it was written")
    return path


def _extract(archive: zipfile.ZipFile, infos: list, out_dir: Path, progress: bool, what: str) -> None:
    """Write members below a folder, each whole or not at all; those there already are passed over."""
    from tqdm.auto import tqdm

    targets = [out_dir / _inside(info.filename) for info in infos]
    todo = [(i, t) for i, t in zip(infos, targets, strict=True) if not has_size(t, i.file_size)]
    _need_space(out_dir, sum(info.file_size for info, _ in todo), what)
    for info, target in tqdm(todo, desc=what, unit="file", disable=not progress):
        try:
            with archive.open(info) as source, atomic_path(target) as temporary, temporary.open("wb") as file:
                shutil.copyfileobj(source, file, _CHUNK)
        except (zipfile.BadZipFile, EOFError) as error:
            raise OSError(f"{archive.filename or what}, {info.filename}: {error}; download it again") from error


def _members(archive: zipfile.ZipFile) -> list:
    return [i for i in archive.infolist() if not i.is_dir() and "__MACOSX" not in i.filename]


def _choose(members: list, recordings: int | Sequence[str], windows: bool) -> list:
    """The members that hold the recordings, or the windows of the recordings, and the tables."""
    names: dict[str, list] = {}
    tables = []
    for info in members:
        path = _inside(info.filename)
        if path.suffix.lower() == ".wav":
            name = path.stem.rsplit("_", 2)[0] if windows else path.stem
            names.setdefault(name, []).append(info)
        else:
            tables.append(info)
    if isinstance(recordings, int):
        known = sorted(names)
        # Spread over the sorted names, and so over sites and seasons.
        wanted = [known[i * len(known) // recordings] for i in range(min(recordings, len(known)))]
    else:
        wanted = [Path(name).stem for name in recordings]
    unknown = [name for name in wanted if name not in names]
    if unknown:
        raise ValueError(f"AnuraSet has no recording {', '.join(unknown[:3])}; its labels list those there are")
    return [*tables, *(info for name in wanted for info in names[name])]


def _fetch_members(session, entry: dict, recordings, part: str, out_dir: Path, progress: bool) -> None:
    import requests
    from remotezip import RangeNotSupported, RemoteIOError, RemoteZip

    try:
        with RemoteZip(entry["url"], session=session, timeout=60) as archive:
            chosen = _choose(_members(archive), recordings, part == "windows")
            _extract(archive, chosen, out_dir, progress, part)
    except RangeNotSupported as error:
        raise OSError(
            f"{entry['url']}: the server gives no parts of a file now; leave out `recordings` to download all "
            f"{entry['size'] / 1e9:.1f} GB, or try again later"
        ) from error
    except (RemoteIOError, requests.RequestException, zipfile.BadZipFile) as error:
        raise OSError(f"{entry['url']}: {error}; call again to go on with what is missing") from error


def download_anuraset(
    out_dir: str | os.PathLike,
    recordings: int | Sequence[str] | None = None,
    parts: Sequence[str] = ("labels",),
    progress: bool = True,
    record_url: str = RECORD_URL,
) -> Dataset:
    """Download AnuraSet, or a part of it (Cañas et al. 2023, doi:10.5281/zenodo.8342596).

    Call again after an interruption: what is there is kept, and a big file goes on where it stopped.

    Parameters
    ----------
    out_dir : str or path-like
        Made if needed.
    recordings : int, sequence of str or None
        Names, or how many (spread over sites and seasons). They are read out of the archive on the
        server, without the rest of it. None takes whole archives.
    parts : sequence of {"labels", "raw", "windows"}
        "labels": species table, weak and strong labels (under 1 MB), always included. "raw": recordings of a minute
        (7 GB in all). "windows": the data set of windows (11 GB in all), into `anuraset/`. With `recordings`
        given and neither, "raw".
    progress : bool
        Show progress bars.
    record_url : str
        Another server with the record, for tests or a mirror.

    Returns
    -------
    Dataset
        As from `load_dataset("anuraset", root=out_dir)`.

    Raises
    ------
    OSError
        If the server can't be reached, gives damaged files, or the disk is full; names the address or the folder.
    ValueError
        If a part or a recording is not known, or an archive has an unsafe member.
    """
    out_dir = Path(out_dir).expanduser().resolve()
    wanted = {parts} if isinstance(parts, str) else set(parts)
    if wanted - {"labels", *_ARCHIVES}:
        raise ValueError(f'parts={sorted(wanted)}: there are "labels", "raw" and "windows"')
    if isinstance(recordings, str):
        recordings = [recordings]
    if recordings is not None and (recordings < 1 if isinstance(recordings, int) else not len(recordings)):
        raise ValueError(f"recordings={recordings!r}: a number from 1, names, or None for all")
    remove_leftovers(out_dir)
    archives = [part for part in _ARCHIVES if part in wanted]
    if recordings is not None and not archives:
        archives = ["raw"]
    with _session() as session:
        files = _record_files(session, record_url)
        needed = ["species.csv", "weak_labels.csv", "strong_labels.zip", *(_ARCHIVES[part] for part in archives)]
        missing = [name for name in needed if name not in files]
        if missing:
            raise ValueError(f"{record_url}: the record has no {', '.join(missing)}; it has {sorted(files)}")
        for name in needed[:2]:
            _fetch(session, files[name], out_dir / name, progress)
        whole = ["strong_labels.zip"]
        for part in archives:
            if recordings is None:
                whole.append(_ARCHIVES[part])
            else:
                _fetch_members(session, files[_ARCHIVES[part]], recordings, part, out_dir, progress)
        for name in whole:
            path = _fetch(session, files[name], out_dir / name, progress)
            with zipfile.ZipFile(path) as archive:
                _extract(archive, _members(archive), out_dir, progress, name)
    with warnings.catch_warnings():
        if recordings is not None:  # the others were not asked for
            warnings.filterwarnings("ignore", ".*labelled recordings have no sound.*")
        return read_anuraset_layout(out_dir, name="anuraset")
