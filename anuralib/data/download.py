"""AnuraSet from its record at Zenodo: labels whole, recordings one by one out of the big archives.

The names, sizes and checksums of the files are asked of the record (doi:10.5281/zenodo.8342596), none is written
down here. Nothing is fetched unless `download_anuraset` is called.
"""

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import struct
import sys
import time
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from anuralib._files import atomic_path, has_size, remove_leftovers
from anuralib.data.anuraset import read_anuraset_layout
from anuralib.data.dataset import Dataset

RECORD_URL = "https://zenodo.org/api/records/8342596"
_ARCHIVES = {"raw": "raw_data.zip", "windows": "anuraset.zip"}
# Where the record has which files; whatever else an archive holds is not written.
_PLACES = {"strong_labels.zip": ("strong_labels", {".txt"}), "raw_data.zip": ("raw_data", {".wav"}),
           "anuraset.zip": ("anuraset", {".wav", ".csv"})}  # fmt: skip
_CHUNK = 1 << 20
_MOST_RECORD = 1 << 20  # bytes of the list of files; it has a few kB
_MOST_RECORD_S = 120
_MOST_INDEX = 64 << 20  # bytes of an archive's list of members; that of 93,378 windows has 12 MB
_MOST_QUOTED = 200  # characters of a server's words that a message repeats
_ATTEMPTS = 5  # in a row without a single new byte
_BUSY = (429, 500, 502, 503, 504)
_MOST_WAIT_S = 120  # for a busy server, all waits for one answer together
_MOST_PACKED = 1100  # to one; deflate reaches 1032


def _told(words) -> str:
    """What a server says, for a message: on one line, without control characters, and cut where it is long."""
    text = "".join(c if c.isprintable() else " " for c in str(words))
    return text if len(text) <= _MOST_QUOTED else f"{text[:_MOST_QUOTED]}..."


def _asked_wait(answer) -> float | None:
    """Seconds after which a server wants to be asked again, if it says so."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    try:
        return float(Retry().parse_retry_after(answer.headers["Retry-After"]))
    except (KeyError, InvalidHeader, ValueError, OverflowError):
        return None


def _wait_for(answer, attempt: int, waited: float) -> float | None:
    """Wait as long as a busy server asks, within limits, and say so; seconds waited, or None to wait no more."""
    asked = _asked_wait(answer)
    wait_s = min(2.0**attempt if asked is None else asked, _MOST_WAIT_S - waited)
    if waited >= _MOST_WAIT_S:
        return None
    if wait_s >= 1:
        more = f" (it asks for {asked:.0f} s)" if asked is not None and asked > wait_s else ""
        print(f"{_told(answer.url)}: the server is busy ({answer.status_code}); asking again in {wait_s:.0f} s{more}",
              file=sys.stderr)  # fmt: skip
    time.sleep(wait_s)
    return wait_s


def _session():
    """Waits and asks again when the server is busy, as long as the server says if it says so, up to a limit."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    from anuralib import __version__

    class Patient(HTTPAdapter):
        """Of an answer that is not wanted no byte is read: it may have no end."""

        def send(self, request, **options):
            waited = 0.0
            for attempt in range(_ATTEMPTS + 1):
                answer = super().send(request, **options)
                if answer.is_redirect:
                    answer.raw.close()
                    answer._content, answer._content_consumed = b"", True
                wait_s = None
                if answer.status_code in _BUSY and attempt < _ATTEMPTS:
                    answer.raw.close()
                    wait_s = _wait_for(answer, attempt, waited)
                if wait_s is None:
                    return answer
                waited += wait_s

    retry = Retry(total=5, status=0, backoff_factor=1, respect_retry_after_header=False, raise_on_status=False)
    session = requests.Session()
    session.headers["User-Agent"] = f"anuralib/{__version__} (an open course on AnuraSet; python-requests)"
    session.headers["Accept-Encoding"] = "identity"  # sizes and ranges are those of the file itself
    for scheme in ("http://", "https://"):
        session.mount(scheme, Patient(max_retries=retry))
    return session


def _read_record(answer) -> bytearray:
    """The whole answer; OSError if it is too long, packed or not, or takes too long."""
    packed = answer.headers.get("Content-Encoding", "identity").lower() not in ("identity", "")
    unpack, data, begun = zlib.decompressobj(47), bytearray(), time.monotonic()
    while chunk := answer.raw.read1(1 << 16, decode_content=False):
        data += unpack.decompress(chunk, _MOST_RECORD) if packed else chunk
        if len(data) > _MOST_RECORD or unpack.unconsumed_tail or unpack.unused_data:
            raise OSError(f"it has over {_MOST_RECORD} bytes, and is no list of files")
        if time.monotonic() - begun > _MOST_RECORD_S:
            raise OSError(f"its answer has no end after {_MOST_RECORD_S} s")
    return data


def _as_entry(entry: dict) -> dict:
    """A file of the record; ValueError, TypeError or KeyError if a part is missing or of another kind."""
    name, url, size, md5 = entry["key"], entry["links"]["self"], entry["size"], entry["checksum"].removeprefix("md5:")
    if not isinstance(name, str) or not re.match(r"https?://", url) or not re.fullmatch("[0-9a-fA-F]{32}", md5):
        raise ValueError("a file without name, address or checksum")
    if not isinstance(size, int) or size < 0:
        raise ValueError("a file without size")
    return {"name": name, "url": url, "size": size, "md5": md5.lower()}


def _record_files(session, record_url: str) -> dict[str, dict]:
    """Name to `url`, `size` and `md5` of each file of the record."""
    import urllib3

    try:
        with session.get(record_url, timeout=60, stream=True) as answer:
            answer.raise_for_status()
            entries = [_as_entry(entry) for entry in json.loads(_read_record(answer))["files"]]
        return {entry["name"]: entry for entry in entries}
    except (OSError, urllib3.exceptions.HTTPError, zlib.error, json.JSONDecodeError, UnicodeDecodeError) as error:
        told = f"the record can't be read ({_told(error)}); check the connection"
        raise OSError(f"{record_url}: {told}") from error
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        told = f"the answer is no list of files ({_told(repr(error))}); try again later"
        raise ValueError(f"{record_url}: {told}") from error


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
            raise OSError(f"{entry['url']}: {_told(error)}; try again later") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            told = _told(error)
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
        raise ValueError(f"the member {_told(repr(name))} points out of its folder; nothing of it was written")
    return path


def _is_wanted(info: zipfile.ZipInfo, place: str, suffixes: set[str]) -> bool:
    """Whether a member is a file of the record's kinds, where the record has it; no link, nothing hidden."""
    path = _inside(info.filename)
    kind = stat.S_IFMT(info.external_attr >> 16)
    plain = not info.is_dir() and kind in (0, stat.S_IFREG)
    shown = info.filename.isprintable() and not any(part.startswith(".") for part in path.parts)
    return plain and shown and path.parts[0] == place and len(path.parts) > 1 and path.suffix.lower() in suffixes


def _members(archive: zipfile.ZipFile, entry: dict) -> list:
    """The members that are written: of the record's kinds, in their places, and no larger than an archive can hold."""
    infos = archive.infolist()
    wanted = {info.filename: info for info in infos if _is_wanted(info, *_PLACES[entry["name"]])}
    for info in wanted.values():
        packed = info.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not info.flag_bits & 1
        if not packed or info.file_size > _MOST_PACKED * (info.compress_size + 1):
            raise ValueError(f"the member {_told(info.filename)} is not packed as the record's are")
    if sum(info.compress_size for info in infos) > entry["size"]:
        raise ValueError("its members are larger than the archive; nothing of it was written")
    return list(wanted.values())


@contextlib.contextmanager
def _naming(entry: dict, what_now: str):
    """Faults of an archive as one sentence with its address."""
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise OSError(f"{entry['url']}: {_told(error) or type(error).__name__}; {what_now}") from error
    except ValueError as error:
        told = str(error)
        raise ValueError(told if told.startswith(entry["url"]) else f"{entry['url']}: {told}") from error


def _extract(archive: zipfile.ZipFile, infos: list, out_dir: Path, progress: bool, entry: dict) -> None:
    """Write members below a folder, each whole or not at all; those there already are passed over."""
    from tqdm.auto import tqdm

    what = entry["name"]
    targets = [out_dir / _inside(info.filename) for info in infos]
    todo = [(i, t) for i, t in zip(infos, targets, strict=True) if not has_size(t, i.file_size)]
    _need_space(out_dir, sum(info.file_size for info, _ in todo), what)
    for info, target in tqdm(todo, desc=what, unit="file", disable=not progress):
        with (_naming(entry, f"{_told(info.filename)} is damaged; download it again"), archive.open(info) as source,
              atomic_path(target) as temporary):  # fmt: skip
            with temporary.open("wb") as file:
                shutil.copyfileobj(source, file, _CHUNK)  # stops where the index says that the member ends
            if not has_size(temporary, info.file_size):
                raise EOFError("a member is shorter than the archive's index says")


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


def _fetcher():
    """Reads parts of a file on a server, of its index so much as an index can have and no more."""
    from remotezip import RemoteFetcher, RemoteIOError

    class Fetcher(RemoteFetcher):
        _is_index = True

        def fetch(self, data_range, stream=False):
            self._is_index = not stream
            return super().fetch(data_range, stream)

        def _request(self, kwargs):
            raw, told = super()._request(kwargs)
            part = re.match(r"bytes (\d{1,18})-(\d{1,18})/", told)
            if part is None or (self._is_index and int(part[2]) - int(part[1]) >= _MOST_INDEX):
                raw.close()
                raise RemoteIOError(f"the server gives other parts than were asked for, {_told(told)}")
            return raw, told

    return Fetcher


def _fetch_members(session, entry: dict, recordings, out_dir: Path, progress: bool) -> None:
    import requests
    import urllib3
    from remotezip import OutOfBound, RangeNotSupported, RemoteIOError, RemoteZip

    windows = entry["name"] == _ARCHIVES["windows"]
    try:
        with _naming(entry, "call again"), RemoteZip(
            entry["url"], session=session, fetcher=_fetcher(), timeout=60
        ) as archive:
            if archive.size() != entry["size"]:
                sizes = f"the server has {archive.size()} bytes, the record says {entry['size']}"
                raise OSError(f"{entry['url']}: {sizes}; try again later")
            _extract(archive, _choose(_members(archive, entry), recordings, windows), out_dir, progress, entry)
    except RangeNotSupported as error:
        raise OSError(
            f"{entry['url']}: the server gives no parts of a file now; leave out `recordings` to download all "
            f"{entry['size'] / 1e9:.1f} GB, or try again later"
        ) from error
    except (RemoteIOError, OutOfBound, requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise OSError(f"{entry['url']}: {_told(error)}; call again to go on with what is missing") from error


def download_anuraset(
    out_dir: str | os.PathLike,
    recordings: int | Sequence[str] | None = None,
    parts: Sequence[str] = ("labels",),
    progress: bool = True,
    record_url: str = RECORD_URL,
) -> Dataset:
    """Download AnuraSet, or a part of it (Cañas et al. 2023, doi:10.5281/zenodo.8342596).

    Call again after an interruption: what is there is kept, and a big file goes on where it stopped. Of archives only
    labels, tables and sounds are written (.txt, .csv, .wav), in the folders in which the record has them.

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
        If a part or a recording is not known, the record is no list of files, or an archive has an unsafe member or
        sizes that it can't have.
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
            raise ValueError(f"{record_url}: the record has no {', '.join(missing)}; it has {_told(sorted(files))}")
        for name in needed[:2]:
            _fetch(session, files[name], out_dir / name, progress)
        whole = ["strong_labels.zip"]
        for part in archives:
            if recordings is None:
                whole.append(_ARCHIVES[part])
            else:
                _fetch_members(session, files[_ARCHIVES[part]], recordings, out_dir, progress)
        for name in whole:
            path = _fetch(session, files[name], out_dir / name, progress)
            with _naming(files[name], "try again later"), zipfile.ZipFile(path) as archive:
                _extract(archive, _members(archive, files[name]), out_dir, progress, files[name])
    with warnings.catch_warnings():
        if recordings is not None:  # the others were not asked for
            warnings.filterwarnings("ignore", ".*labelled recordings have no sound.*")
        return read_anuraset_layout(out_dir, name="anuraset")
