"""Parts of an archive on a server, in few requests: its index is kept, and what lies together comes together."""

import contextlib
import hashlib
import json
import re
import struct
import zipfile
import zlib
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path

from anuralib._files import atomic_path
from anuralib.data.session import ATTEMPTS, Pace, told

GAP = 4 << 20  # bytes that are read through to save a request; servers count these, and give some MB in a second
TAIL = 256 << 10  # bytes of the end that are asked for first: the index of 1612 members has 190 kB
_MOST_INDEX = 64 << 20  # bytes of an archive's list of members; that of 93,378 windows has 12 MB
_CHUNK = 1 << 20
# What zipfile raises for an archive that is damaged, or none.
DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, NotImplementedError, RuntimeError)


def _join(parts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Parts (start, stop) in their order, those with less than `GAP` between them as one."""
    joined: list[tuple[int, int]] = []
    for start, stop in sorted(parts):
        if joined and start - joined[-1][1] <= GAP:
            start, stop = joined[-1][0], max(stop, joined.pop()[1])
        joined.append((start, stop))
    return joined


class RangeFile:
    """A file on a server, as zipfile reads one.

    Parameters
    ----------
    session : requests.Session
    entry : dict
        `url` and `size` of the file.
    tail : bytes
        The end of the file as far as it is known.
    """

    def __init__(self, session, entry: dict, tail: bytes = b""):
        self.tail, self._session, self._entry, self._size = tail, session, entry, entry["size"]
        self._at, self._index, self._pace = 0, True, Pace(entry["url"])
        self._answer, self._answer_at, self._answer_stop, self._parts = None, 0, 0, []

    def expect(self, parts: list[tuple[int, int]]) -> None:
        """What will be read, from now on: each request asks for all that lies together."""
        self._parts, self._index = _join(parts), False

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        if self._at < 0:
            raise OSError(f"{self._entry['url']}: no archive")
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, n: int = -1) -> bytes:
        stop = self._size if n is None or n < 0 else min(self._at + n, self._size)
        begin = self._size - len(self.tail)
        if self._index and self._at < begin:
            self.lengthen(self._at)
            begin = self._size - len(self.tail)
        data = self.tail[self._at - begin : stop - begin] if self._at >= begin else self._fetch(self._at, stop)
        self._at += len(data)
        return data

    def close(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None

    def lengthen(self, start: int) -> None:
        """Fetch the index, which ends the file, from `start` on, but no more than an index can have."""
        start = max(start, 0)
        if self._size - start > _MOST_INDEX:
            raise OSError(f"{self._entry['url']}: its list of members has over {_MOST_INDEX} bytes; try again later")
        self.tail = self._fetch(start, self._size - len(self.tail)) + self.tail

    def _fetch(self, start: int, stop: int) -> bytes:
        """These bytes, whole, going on after each break as long as something comes."""
        import requests
        import urllib3

        data, idle, why = bytearray(), 0, "the connection closed early"
        while start + len(data) < stop:
            piece = b""
            try:
                self._go_to(start + len(data), stop)
                piece = self._next(stop - start - len(data))
            except requests.HTTPError:
                raise
            except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
                why = told(error)
            data += piece
            idle = 0 if piece else idle + 1
            if not piece:
                self.close()
            if idle >= ATTEMPTS:
                raise OSError(f"{self._entry['url']}: {why}; call again to go on with what is missing")
        return bytes(data)

    def _next(self, n: int) -> bytes:
        """Up to n bytes of the answer that is being read; none at its end."""
        piece = self._answer.raw.read1(min(n, self._answer_stop - self._answer_at, _CHUNK))
        self._answer_at += len(piece)
        self._pace.note(len(piece))
        return piece

    def _go_to(self, at: int, stop: int) -> None:
        """Have an answer whose next byte is `at`: read on, over what lies between two members, or ask anew."""
        if self._answer is not None and self._answer_at <= at <= self._answer_at + GAP:
            while self._answer_at < at and self._next(at - self._answer_at):
                pass
            if self._answer_at == at and at < self._answer_stop:
                return
        self.close()
        stop = next((last for first, last in self._parts if first <= at < last), stop)
        answer = self._session.get(
            self._entry["url"], headers={"Range": f"bytes={at}-{stop - 1}"}, stream=True, timeout=60
        )
        self._answer, self._answer_at, self._answer_stop = answer, at, stop
        self._check(at, stop)

    def _check(self, start: int, stop: int) -> None:
        """OSError if the answer is not the part that was asked for, of a file as long as the record says."""
        answer, url, size = self._answer, self._entry["url"], self._size
        given = answer.headers.get("Content-Range", "")
        part = re.fullmatch(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", given)
        try:
            if answer.status_code == 200:
                raise OSError(f"{url}: the server gives no parts of a file now; leave out `recordings` to download all "
                              f"{size / 1e9:.1f} GB, or try again later")  # fmt: skip
            if answer.status_code == 416:
                raise OSError(f"{url}: the server has less than the {size} bytes of the record; try again later")
            answer.raise_for_status()
            if part is None or (int(part[1]), int(part[2])) != (start, stop - 1):
                raise OSError(f"{url}: the server gives other parts than were asked for, {told(given)}")
            if int(part[3]) != size:
                raise OSError(f"{url}: the server has {part[3]} bytes, the record says {size}; try again later")
        except OSError:
            self.close()
            raise


def _read_kept(path: Path, entry: dict) -> bytes:
    """The index of an archive as an earlier call kept it; empty if there is none, or of another archive."""
    try:
        head, _, tail = path.read_bytes().partition(b"\n")
        known = json.loads(head)
        whole = known["index"] == hashlib.md5(tail).hexdigest()
        return tail if whole and (known["size"], known["md5"]) == (entry["size"], entry["md5"]) else b""
    except (OSError, ValueError, KeyError, TypeError):
        return b""


def _keep(path: Path, entry: dict, tail: bytes) -> None:
    head = {"size": entry["size"], "md5": entry["md5"], "index": hashlib.md5(tail).hexdigest()}
    with atomic_path(path) as temporary:
        temporary.write_bytes(json.dumps(head).encode() + b"\n" + tail)


@contextlib.contextmanager
def remote_archive(session, entry: dict, folder: Path) -> Iterator[tuple[zipfile.ZipFile, RangeFile]]:
    """An archive on a server, whose index is kept in the folder: the next call has no need to ask for it.

    Parameters
    ----------
    session : requests.Session
    entry : dict
        `name`, `url`, `size` and `md5` of the file; the kept index is used where size and md5 are the same.
    folder : Path

    Yields
    ------
    archive : zipfile.ZipFile
    file : RangeFile
        What `archive` reads from.
    """
    kept = folder / f".{entry['name']}.index"
    known = _read_kept(kept, entry)
    file = RangeFile(session, entry, known)
    try:
        with contextlib.closing(file), contextlib.ExitStack() as stack:
            if not known:
                file.lengthen(entry["size"] - TAIL)
            archive = stack.enter_context(zipfile.ZipFile(file))
            if not known:
                _keep(kept, entry, file.tail[archive.start_dir - entry["size"] :])
            yield archive, file
    except Exception as error:
        if isinstance(error, DAMAGED) or isinstance(error.__cause__, DAMAGED):
            kept.unlink(missing_ok=True)  # perhaps it is the index that does not fit
        raise


def places(archive: zipfile.ZipFile, infos: list[zipfile.ZipInfo]) -> list[tuple[int, int]]:
    """Where members lie in an archive: from their first byte to that of what comes behind them."""
    starts = sorted({info.header_offset for info in archive.infolist()} | {archive.start_dir})
    if starts[-1] > archive.start_dir:
        raise ValueError("its members lie outside of it; nothing of it was written")
    return [(info.header_offset, starts[bisect_right(starts, info.header_offset)]) for info in infos]
