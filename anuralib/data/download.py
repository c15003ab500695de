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
import warnings
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from anuralib._files import atomic_path, has_size, locked, remove_leftovers
from anuralib.data.anuraset import read_anuraset_layout, species_by_recording
from anuralib.data.choice import choose_recordings
from anuralib.data.dataset import Dataset
from anuralib.data.ranges import DAMAGED, places, remote_archive
from anuralib.data.session import ATTEMPTS, Pace, clock, open_session, told

RECORD_URL = "https://zenodo.org/api/records/8342596"
_LABELS = ("species.csv", "weak_labels.csv", "strong_labels.zip")
_ARCHIVES = {"raw": "raw_data.zip", "windows": "anuraset.zip"}
# Where the record has which files; whatever else an archive holds is not written.
_PLACES = {"strong_labels.zip": ("strong_labels", {".txt"}), "raw_data.zip": ("raw_data", {".wav"}),
           "anuraset.zip": ("anuraset", {".wav", ".csv"})}  # fmt: skip
_CHUNK = 1 << 20
_MOST_RECORD = 1 << 20  # bytes of the list of files; it has a few kB
_MOST_RECORD_S = 120
_MOST_PACKED = 1100  # to one; deflate reaches 1032


def _read_record(answer) -> bytearray:
    """The whole answer; OSError if it is too long, packed or not, or takes too long."""
    packed = answer.headers.get("Content-Encoding", "identity").lower() not in ("identity", "")
    unpack, data, begun = zlib.decompressobj(47), bytearray(), clock()
    while chunk := answer.raw.read1(1 << 16, decode_content=False):
        data += unpack.decompress(chunk, _MOST_RECORD) if packed else chunk
        if len(data) > _MOST_RECORD or unpack.unconsumed_tail or unpack.unused_data:
            raise OSError(f"it has over {_MOST_RECORD} bytes, and is no list of files")
        if clock() - begun > _MOST_RECORD_S:
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
        text = f"the record can't be read ({told(error)}); check the connection"
        raise OSError(f"{record_url}: {text}") from error
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError) as error:
        text = f"the answer is no list of files ({told(repr(error))}); try again later"
        raise ValueError(f"{record_url}: {text}") from error


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


def _append(session, entry: dict, part: Path, bar, pace: Pace) -> None:
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
                pace.note(len(chunk))
                if file.tell() > entry["size"]:
                    break


def _fill(session, entry: dict, part: Path, bar) -> None:
    """Fetch until a file has its size, going on after each break as long as something comes."""
    import requests
    import urllib3

    idle, why, pace = 0, "the connection closed early", Pace(entry["url"])
    while (before := _size(part)) < entry["size"]:
        try:
            _append(session, entry, part, bar, pace)
        except requests.HTTPError as error:
            raise OSError(f"{entry['url']}: {told(error)}; try again later") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
            why = told(error)
        idle = 0 if _size(part) > before else idle + 1
        if idle >= ATTEMPTS:
            raise OSError(
                f"{entry['url']}: {_size(part)} of {entry['size']} bytes came, then nothing more ({why}); call again "
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
        raise ValueError(f"the member {told(repr(name))} points out of its folder; nothing of it was written")
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
            raise ValueError(f"the member {told(info.filename)} is not packed as the record's are")
    if sum(info.compress_size for info in infos) > entry["size"]:
        raise ValueError("its members are larger than the archive; nothing of it was written")
    return list(wanted.values())


@contextlib.contextmanager
def _naming(entry: dict, what_now: str):
    """Faults of an archive as one sentence with its address."""
    try:
        yield
    except DAMAGED as error:
        raise OSError(f"{entry['url']}: {told(error) or type(error).__name__}; {what_now}") from error
    except ValueError as error:
        text = str(error)
        raise ValueError(text if text.startswith(entry["url"]) else f"{entry['url']}: {text}") from error


def _extract(archive: zipfile.ZipFile, infos: list, out_dir: Path, progress: bool, entry: dict, remote=None) -> None:
    """Write members below a folder, each whole or not at all; those there already are passed over."""
    from tqdm.auto import tqdm

    what = entry["name"]
    infos = sorted(infos, key=lambda info: info.header_offset)  # as they lie: neighbours come with one request
    targets = [out_dir / _inside(info.filename) for info in infos]
    todo = [(i, t) for i, t in zip(infos, targets, strict=True) if not has_size(t, i.file_size)]
    _need_space(out_dir, sum(info.file_size for info, _ in todo), what)
    if remote is not None:
        remote.expect(places(archive, [info for info, _ in todo]))
    for info, target in tqdm(todo, desc=what, unit="file", disable=not progress):
        with (_naming(entry, f"{told(info.filename)} is damaged; download it again"), archive.open(info) as source,
              atomic_path(target) as temporary):  # fmt: skip
            with temporary.open("wb") as file:
                shutil.copyfileobj(source, file, _CHUNK)  # stops where the index says that the member ends
            if not has_size(temporary, info.file_size):
                raise EOFError("a member is shorter than the archive's index says")


def _fetch_whole(session, entries: list[dict], out_dir: Path, progress: bool) -> None:
    """Fetch files, and unpack those that are archives."""
    for entry in entries:
        path = _fetch(session, entry, out_dir / entry["name"], progress)
        if entry["name"] in _PLACES:
            with _naming(entry, "try again later"), zipfile.ZipFile(path) as archive:
                _extract(archive, _members(archive, entry), out_dir, progress, entry)


def _by_recording(members: list, windows: bool) -> tuple[dict[str, list], list]:
    """The sounds of each recording in the order in which they lie in the archive, and the tables."""
    names: dict[str, list] = {}
    tables = []
    for info in sorted(members, key=lambda info: info.header_offset):
        path = _inside(info.filename)
        if path.suffix.lower() == ".wav":
            name = path.stem.rsplit("_", 2)[0] if windows else path.stem
            names.setdefault(name, []).append(info)
        else:
            tables.append(info)
    return names, tables


def _choose(n: int, names: list[str], heard: dict[str, set[str]]) -> list[str]:
    """So many of the recordings, chosen by the species in them; says what was chosen."""
    chosen = choose_recordings(n, names, heard)
    known, here = (set().union(*(heard.get(name, ()) for name in some)) for some in (names, chosen))
    left = f" (not {', '.join(sorted(known - here))})" if 0 < len(known - here) <= 5 else ""
    sites = len({name.split("_")[0] for name in chosen})
    print(f"AnuraSet: chose {len(chosen)} of {len(names)} recordings by their labels, from {sites} sites, with "
          f"{len(here)} of {len(known)} species{left}")  # fmt: skip
    return chosen


def _fetch_members(session, entry: dict, recordings, out_dir: Path, progress: bool) -> list[str]:
    """Fetch recordings, or their windows, out of an archive on the server; their names."""
    import requests
    import urllib3

    heard = species_by_recording(out_dir) if isinstance(recordings, int) else {}
    try:
        with _naming(entry, "call again"), remote_archive(session, entry, out_dir) as (archive, remote):
            names, tables = _by_recording(_members(archive, entry), entry["name"] == _ARCHIVES["windows"])
            if isinstance(recordings, int):
                recordings = _choose(recordings, list(names), heard)
            recordings = [Path(name).stem for name in recordings]
            unknown = [name for name in recordings if name not in names]
            if unknown:
                raise ValueError(f"AnuraSet has no recording {', '.join(unknown[:3])}; its labels list those there are")
            infos = [*tables, *(info for name in recordings for info in names[name])]
            _extract(archive, infos, out_dir, progress, entry, remote)
            return recordings
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise OSError(f"{entry['url']}: {told(error)}; call again to go on with what is missing") from error


def download_anuraset(
    out_dir: str | os.PathLike,
    recordings: int | Sequence[str] | None = None,
    parts: Sequence[str] = ("labels",),
    progress: bool = True,
    record_url: str | None = None,
) -> Dataset:
    """Download AnuraSet, or a part of it (Cañas et al. 2023, doi:10.5281/zenodo.8342596).

    Call again after an interruption: what is there is kept, and a big file goes on where it stopped. Of archives only
    labels, tables and sounds are written (.txt, .csv, .wav), in the folders in which the record has them. When the
    server is busy and says how long, that is waited for, and a line tells so. A hidden file beside the rest keeps the
    list of what the archive holds, so that later calls need not ask for it.

    Parameters
    ----------
    out_dir : str or path-like
        Made if needed.
    recordings : int, sequence of str or None
        Names, or how many: these are chosen by their labels, so that every site and as many species as possible are
        among them, and what was chosen is printed. They are read out of the archive on the server, without the rest
        of it; what lies together there comes with one request. None takes whole archives.
    parts : sequence of {"labels", "raw", "windows"}
        "labels": species table, weak and strong labels (under 1 MB), always included. "raw": recordings of a minute
        (7 GB in all). "windows": the data set of windows (11 GB in all), into `anuraset/`. With `recordings`
        given and neither, "raw".
    progress : bool
        Show progress bars.
    record_url : str or None
        Another server with the record, for tests or a mirror. None: the one that the environment variable
        ANURALIB_RECORD names, or else Zenodo.

    Returns
    -------
    Dataset
        As from `load_dataset("anuraset", root=out_dir)`.

    Raises
    ------
    OSError
        If the server can't be reached, sends almost nothing for minutes, gives damaged files, or the disk is full;
        names the address or the folder.
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
    archives = [part for part in _ARCHIVES if part in wanted]
    if recordings is not None and not archives:
        archives = ["raw"]
    record_url = record_url or os.environ.get("ANURALIB_RECORD") or RECORD_URL
    with locked(out_dir):  # a second process waits, and finds what the first has fetched
        remove_leftovers(out_dir)
        _fetch_parts(out_dir, archives, recordings, record_url, progress)
    with warnings.catch_warnings():
        if recordings is not None:  # the others were not asked for
            warnings.filterwarnings("ignore", ".*labelled recordings have no sound.*")
        return read_anuraset_layout(out_dir, name="anuraset")


def _fetch_parts(out_dir: Path, archives: list, recordings, record_url: str, progress: bool) -> None:
    """Labels, and archives or recordings out of these, into a folder that this process has to itself."""
    with open_session() as session:
        files = _record_files(session, record_url)
        needed = [*_LABELS, *(_ARCHIVES[part] for part in archives)]
        missing = [name for name in needed if name not in files]
        if missing:
            raise ValueError(f"{record_url}: the record has no {', '.join(missing)}; it has {told(sorted(files))}")
        _fetch_whole(session, [files[name] for name in _LABELS], out_dir, progress)
        for entry in (files[_ARCHIVES[part]] for part in archives):
            if recordings is None:
                _fetch_whole(session, [entry], out_dir, progress)
            else:
                recordings = _fetch_members(session, entry, recordings, out_dir, progress)
