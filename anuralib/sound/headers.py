"""What the header of a sound file promises, against what the file holds."""

import io
import struct
from typing import NamedTuple

_HEAD = 4096
"""So many bytes hold the header of nearly every recorder."""
_TAIL = 4096
"""Fewer bytes than this after the sound are a program's notes or a disk's filling, not sound."""
_OPEN = 2**31 - 2**16
"""Programs that write to a pipe put a size of this or more (0x7FFFF000, 0x80000000, 0xFFFFFFFF) for one they don't
know."""
_ORDERS = {b"RIFF": "<", b"RF64": "<", b"BW64": "<", b"RIFX": ">", b"FORM": ">"}
_KINDS = (b"WAVE", b"AIFF", b"AIFC")


class Claim(NamedTuple):
    """How much sound a header promises and how much is there, in bytes or in frames."""

    promised: int | None
    """None: the header does not tell."""
    there: int
    corrections: dict[int, bytes]
    """By place in the file: what its header must say so that a decoder finds all that is there."""


class Corrected(io.RawIOBase):
    """An open file, some bytes of which read as they ought to be; the file itself is not touched."""

    def __init__(self, file, corrections: dict[int, bytes]):
        super().__init__()
        self.file, self.corrections, self.size = file, corrections, file.seek(0, 2)
        file.seek(0)

    def readinto(self, buffer) -> int:
        at = self.file.tell()
        n = self.file.readinto(buffer)
        for place, new in self.corrections.items():
            first, last = max(place, at), min(place + len(new), at + n)
            if first < last:
                buffer[first - at : last - at] = new[first - place : last - place]
        return n

    def seek(self, offset: int, whence: int = 0) -> int:
        base = (0, self.file.tell(), self.size)[whence]
        return self.file.seek(min(max(0, base + offset), self.size))  # a decoder led astray looks outside the file

    def tell(self) -> int:
        return self.file.tell()


def chunk_claim(file, size: int) -> Claim | None:
    """Of a WAV, RF64 or AIFF file just opened, from the sizes in its header; None for others, or without sound."""
    head = file.read(_HEAD)
    order = _ORDERS.get(head[:4])
    if order is None or head[8:12] not in _KINDS:
        return None
    at, long_at = 12, None
    while at + 8 <= size:
        name, n = struct.unpack(order + "4sI", _bytes(file, head, at))
        if name in (b"data", b"SSND"):
            return _data_claim(file, size, order, (name, at, n), long_at)
        if name == b"ds64":
            long_at = at + 16
        if at + 8 + n > size:
            return None
        at += 8 + n + (n & 1)
    return None


def _bytes(file, head: bytes, at: int, n: int = 8) -> bytes:
    """`n` bytes at a place, from the head if it has them; zeros beyond the file's end."""
    if at + n > len(head):
        file.seek(at)
        head, at = file.read(n), 0
    return head[at : at + n].ljust(n, b"\0")


def _data_claim(file, size: int, order: str, chunk: tuple, long_at: int | None) -> Claim:
    """Of the chunk of the sound; an RF64 file has its true size at `long_at`."""
    name, at, promised = chunk
    where, kind, before = at + 4, order + "I", 0
    if long_at is not None and promised == 2**32 - 1:
        where, kind = long_at, "<Q"
        promised = struct.unpack(kind, _bytes(file, b"", long_at))[0]
    if name == b"SSND":  # its size counts two numbers before the sound
        before, promised = 8, max(0, promised - 8)
    start = at + 8 + before
    there = max(0, size - start)
    if promised == there or promised + 1 == there:  # the one is a byte of filling
        return Claim(promised, promised, {})
    right = {where: struct.pack(kind, min(there + before, 2 ** (64 if kind == "<Q" else 32) - 1))}
    if promised > there:
        if promised >= _OPEN:
            return Claim(None, there, right)
        # Some recorders count their header as sound: nothing is lost.
        return Claim(there if promised - there <= start else promised, there, right)
    if (promised and there - promised < _TAIL) or not _more_sound(file, order, start + promised, size):
        return Claim(promised, promised, {})
    return Claim(promised, there, right)


def _more_sound(file, order: str, end: int, size: int) -> bool:
    """Whether what follows the sound's end is sound too: no other chunk, no tag, and not all zeros."""
    for at in (end, end + 1):  # a chunk of odd size is filled by a byte, if the program knew that
        name, n = struct.unpack(order + "4sI", _bytes(file, b"", at))
        if name[:3] in (b"ID3", b"TAG") or (_is_name(name) and at + 8 + n <= size + 1):
            return False
    file.seek(end)
    while block := file.read(1 << 20):
        if block.count(0) < len(block):
            return True
    return False


def _is_name(name: bytes) -> bool:
    return all(32 <= c < 127 for c in name) and name.strip().isalnum()


def flac_correction(file, frames: int) -> dict[int, bytes]:
    """What the header of a FLAC file must say to promise so many frames; nothing if it does not begin as one."""
    file.seek(0)
    head = file.read(26)
    if len(head) < 26 or head[:4] != b"fLaC" or head[4] & 127 or frames >= 1 << 36:
        return {}
    packed = int.from_bytes(head[18:26], "big")
    return {18: (packed >> 36 << 36 | frames).to_bytes(8, "big")}


def ogg_ends(file, size: int) -> bool:
    """Whether an Ogg file has its last page, whole, which is marked as such."""
    file.seek(max(0, size - (1 << 17)))  # a page has at most 65307 bytes
    tail = file.read(1 << 17)
    at = tail.rfind(b"OggS")
    page = tail[at:]
    if at < 0 or len(page) < 27:
        return False
    lengths = page[27 : 27 + page[26]]
    whole = len(lengths) == page[26] and 27 + len(lengths) + sum(lengths) <= len(page)
    return whole and bool(page[5] & 4)
