"""What recorders leave in a WAV file beside the sound: when, where and with what it was made."""

import os
import re
import struct
from collections.abc import Iterator
from datetime import datetime

import pandas as pd

_MOST_CHUNKS = 1000
_MOST_BYTES = 1 << 20
_GAINS = ("low", "low-medium", "medium", "medium-high", "high")
_STAMP = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})[T ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:[.,][0-9]+)?"
                    r"\s*(?:(Z)|([+-])([0-9]{2}):?([0-9]{2})?)?\Z")  # fmt: skip
# The comment of AudioMoths: wording differs between versions of the firmware, parts do not.
_MADE = re.compile(r"Recorded at ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([0-9]{2})/([0-9]{2})/([0-9]{4})"
                   r"(?: \(UTC(?:([+-])([0-9]{1,2}))?(?::([0-9]{2}))?\))?")  # fmt: skip
_GAIN = re.compile(r"at (?:gain setting ([0-4])|([a-z-]+) gain)")
_BATTERY = re.compile(r"battery (?:state )?was ([0-9]+\.[0-9]+)V")
_TEMPERATURE = re.compile(r"temperature was (-?[0-9]+\.[0-9]+)C")
_SERIAL = re.compile(r"AudioMoth ([0-9A-F]{16})")


def _chunks(file) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of the chunks that may hold notes; sound is passed over unread."""
    long, end = None, file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(12)
    if head[:4] not in (b"RIFF", b"RF64") or head[8:] != b"WAVE":
        return
    for _ in range(_MOST_CHUNKS):
        head = file.read(8)
        if len(head) < 8:
            return
        name, size = head[:4], int.from_bytes(head[4:], "little")
        content = file.read(min(size, _MOST_BYTES)) if name in (b"guan", b"wamd", b"LIST", b"ds64") else b""
        if name == b"ds64" and len(content) >= 16:
            long = int.from_bytes(content[8:16], "little")
        elif name == b"data" and size == 0xFFFFFFFF and long is not None:
            size = long
        elif content:
            yield name, content
        after = file.tell() + size + size % 2 - len(content)
        if after >= end:
            return
        file.seek(after)


def _text(content: bytes) -> str:
    content = content.split(b"\0\0", 1)[0].rstrip(b"\0")
    try:
        return content.decode("utf-8").strip()
    except UnicodeDecodeError:
        return content.decode("latin-1").strip()


def _number(text: str | None, least: float, most: float) -> float | None:
    """The number that a text begins with, if it can be meant."""
    match = re.match(r"\s*([+-]?[0-9]{1,9}(?:\.[0-9]+)?)", text or "", re.ASCII)
    return float(match[1]) if match and least <= float(match[1]) <= most else None


def _made(numbers: tuple, sign: str | None, hours: str | None, minutes: str | None) -> dict:
    """Notes of a time as the clock said and its offset; none where there is no such time."""
    try:
        notes = {"made": pd.Timestamp(datetime(*map(int, numbers)))}
    except ValueError:
        return {}
    if sign is not None and int(hours) <= 14 and int(minutes or 0) < 60:
        notes["utc_offset"] = f"{sign}{int(hours):02d}:{int(minutes or 0):02d}"
    return notes


def _stamp(text: str | None) -> dict:
    match = _STAMP.match((text or "").strip())
    if match is None:
        return {}
    return _made(match.groups()[:6], *(("+", "0", "0") if match[7] else match.groups()[7:]))


def _place(latitude: float | None, longitude: float | None) -> dict:
    """Of 0, 0 a recorder speaks that has not found its satellites."""
    if latitude is None or longitude is None or latitude == longitude == 0:
        return {}
    return {"latitude": latitude, "longitude": longitude}


def _guano(content: bytes) -> dict:
    """Lines of `Key: value`, see guano-md.org; keys with OAD are AudioMoth's."""
    lines = [line.split(":", 1) for line in _text(content).splitlines() if ":" in line]
    said = {key.strip(): value.strip() for key, value in lines}
    if not any(key.startswith("GUANO|") for key in said):
        return {}
    place = said.get("Loc Position", "").replace(",", " ").split()
    gain = re.search(r"GAIN ([0-4])\b", said.get("OAD|Recording Settings", ""))
    return {
        **_stamp(said.get("Timestamp")),
        **(_place(_number(place[0], -90, 90), _number(place[1], -180, 180)) if len(place) == 2 else {}),
        "device": said.get("Serial"),
        "model": said.get("Model") or said.get("Make"),
        "gain": _GAINS[int(gain[1])] if gain else None,
        "battery_v": _number(said.get("OAD|Battery Voltage"), 0, 100),
        "temperature_c": _number(said.get("Temperature Ext") or said.get("Temperature Int"), -90, 100),
    }


def _wamd_place(text: str) -> dict:
    """`WGS84, 12.5, S, 45.1, W` or, with signs, `WGS84, -12.5, -45.1`."""
    parts = [part.strip() for part in text.split(",")][1:]
    if len(parts) >= 4 and parts[1] in ("N", "S") and parts[3] in ("E", "W"):
        latitude, longitude = _number(parts[0], 0, 90), _number(parts[2], 0, 180)
        if latitude is None or longitude is None:
            return {}
        return _place(-latitude if parts[1] == "S" else latitude, -longitude if parts[3] == "W" else longitude)
    return _place(_number(parts[0], -90, 90), _number(parts[1], -180, 180)) if len(parts) >= 2 else {}


def _wamd(content: bytes) -> dict:
    """Entries of number, length and value, as Wildlife Acoustics writes them (riggsd/guano-py, QutEcoacoustics/emu)."""
    said, at = {}, 0
    while at + 6 <= len(content):
        number, size = struct.unpack_from("<HI", content, at)
        said[number] = content[at + 6 : at + 6 + size]
        at += 6 + size
    if 0x00 not in said:
        return {}
    said = {number: _text(value) for number, value in said.items() if number in (1, 2, 5, 6, 0x14, 0x15, 0x16)}
    return {
        **_stamp(said.get(5)),
        **(_wamd_place(said.get(6, "")) or _wamd_place(said.get(0x14, ""))),
        "device": said.get(2),
        "model": said.get(1),
        "temperature_c": _number(said.get(0x16) or said.get(0x15), -90, 100),
    }


def _audiomoth(content: bytes) -> dict:
    """The comment and the artist in a LIST chunk."""
    said, at = {}, 4
    while content[:4] == b"INFO" and at + 8 <= len(content):
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        said.setdefault(content[at : at + 4], _text(content[at + 8 : at + 8 + size]))
        at += 8 + size + size % 2
    comment = said.get(b"ICMT", "")
    made, serial = _MADE.match(comment), _SERIAL.search(f"{comment} {said.get(b'IART', '')}")
    if made is None or not (serial or "battery" in comment):
        return {}
    day = (made[6], made[5], made[4], made[1], made[2], made[3])
    offset = (made[7] or "+", made[8] or "0", made[9]) if "(UTC" in made[0] else (None, None, None)
    gain, battery, temperature = (p.search(comment) for p in (_GAIN, _BATTERY, _TEMPERATURE))
    return {
        **_made(day, *offset),
        "device": serial and serial[1],
        "model": "AudioMoth",
        "gain": gain and (gain[2] or _GAINS[int(gain[1])]),
        "battery_v": battery and _number(battery[1], 0, 100),
        "temperature_c": temperature and _number(temperature[1], -90, 100),
    }


# The last that speaks has the last word.
_READERS = {b"LIST": ("AudioMoth", _audiomoth), b"wamd": ("wamd", _wamd), b"guan": ("GUANO", _guano)}


def _notes(file) -> dict:
    found = {}
    for name, content in _chunks(file):
        if name in _READERS:
            source, read = _READERS[name]
            notes = {key: value for key, value in read(content).items() if value not in (None, "")}
            if notes:
                found.setdefault(source, notes)
    notes = {}
    for source in [source for source, _ in _READERS.values() if source in found]:
        if "made" in found[source]:  # a time and its offset belong together
            notes.pop("utc_offset", None)
        notes.update(found[source], source=source)
    return notes


def recorder_notes(path: str | os.PathLike) -> dict:
    """What the recorder wrote into a WAV file beside the sound; only headers are read.

    Read are GUANO's chunk (AudioMoth, detectors of bats), `wamd` of Wildlife Acoustics, and AudioMoth's comment.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    dict
        What is known of `made` (Timestamp, as the clock said), `utc_offset` (such as "-03:00"), `device` (serial
        number), `model`, `gain` (such as "medium"), `battery_v`, `temperature_c` (outside where it was measured, else
        in the case), `latitude` and `longitude` (degrees), and `source` ("GUANO", "wamd" or "AudioMoth"). Empty where
        the file holds no notes, or is no WAV file.

    Raises
    ------
    OSError
        If the file can't be opened.

    Examples
    --------
    >>> import tempfile
    >>> note = b"GUANO|Version:1.0\\nModel:AudioMoth\\nTimestamp:2024-01-05T19:30:00-03:00\\n "
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with open(folder + "/x.wav", "wb") as file:
    ...         _ = file.write(b"RIFF\\0\\0\\0\\0WAVEguan" + len(note).to_bytes(4, "little") + note)
    ...     recorder_notes(folder + "/x.wav")
    {'made': Timestamp('2024-01-05 19:30:00'), 'utc_offset': '-03:00', 'model': 'AudioMoth', 'source': 'GUANO'}
    """
    with open(path, "rb") as file:
        return _notes(file)
