"""What the name of a recording says: which recording a file is, its site, its time and its night."""

import os
import re
import unicodedata
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import pandas as pd


class _Form(NamedTuple):
    """How some recorders write the time: groups `date` and `time`, or `seconds` since 1970 as hexadecimal number."""

    recorders: str
    example: str
    pattern: str


# A new recorder's names go here. Before the time stands the site (or nothing: then it is the folder's), behind it what
# `_OFFSET` and `_FURTHER` take. Where several match, the time that stands last in the name is taken.
RECORDER_NAMES = (
    _Form("AnuraSet, Song Meter (SM2, SM4, Mini, Micro), Swift", "INCT20955_20191123_041500_000",
          r"(?P<date>[0-9]{8})_(?P<time>[0-9]{6})"),
    _Form("Song Meter SM3, clock set by GPS", "LEEC02_0+1_20161129$202700", r"(?P<date>[0-9]{8})\$(?P<time>[0-9]{6})"),
    _Form("AudioMoth, T where triggered", "20230101_180000T", r"(?P<date>[0-9]{8})_(?P<time>[0-9]{6})T?"),
    _Form("AudioMoth until 2019, universal time", "5D0B1F2C", r"(?P<seconds>[0-9A-Fa-f]{8})\Z"),
    _Form("BAR-LT and other ISO 8601", "20191026T200000+1000_REC",
          r"(?P<date>[0-9]{8})T(?P<time>[0-9]{6})(?:\.[0-9]{1,6})?"),
    _Form("BAR-LT 3.08, a space for a nought", "201906 7T200000+1000_REC",
          r"(?P<date>[0-9]{6}[ _][0-9])T(?P<time>[0-9]{6})"),
    _Form("programs that write hyphens", "POND-20230101-180000", r"(?P<date>[0-9]{8})-(?P<time>[0-9]{6})"),
    _Form("Chorus, Vesper", "POND_2022-08-30_12-08-00",
          r"(?P<date>[0-9]{4}-[0-9]{2}-[0-9]{2})[_ T](?P<time>[0-9]{2}(?P<by>[-.:])[0-9]{2}(?P=by)[0-9]{2})"),
    _Form("SoundTrap", "7181.230501200000", r"(?<=[0-9]\.)(?P<date>[0-9]{6})(?P<time>[0-9]{6})"),
)  # fmt: skip
_HOURS = "(?:0[0-9]|1[0-4])"
_UNIVERSAL = "(?:Z|UTC|GMT)(?:[+-]00?(?::?00)?(?![0-9])|(?![+-]?[0-9]))"
_OFFSET = rf"(?:_?(?P<offset>{_UNIVERSAL}|[+-]{_HOURS}:?(?:00|15|30|45)|\+{_HOURS}(?!-)))?"
_FURTHER = r"(?!_Z[+-])(?P<further>[_([ -].*)?\Z"
_PATTERNS = [re.compile(rf"(?P<before>.*)(?<![^\W_]){form.pattern}{_OFFSET}{_FURTHER}") for form in RECORDER_NAMES]
_WINDOW = re.compile(r"_([0-9]{1,5}(?:\.[0-9]+)?)_([0-9]{1,5}(?:\.[0-9]+)?)\Z")
_CHANNELS = re.compile(r"(?:__[01]__|(?:[_-]|\A)0\+1[_-])\Z")
_MANY_FOLDERS = 4
_WANTED = "expected site_yyyymmdd_hhmmss without extension, like INCT20955_20190830_231500"


class RecordingTime(NamedTuple):
    """What a name tells: site (empty if it tells none), time (NaT if not known), and offset to universal time."""

    site: str
    datetime: pd.Timestamp
    utc_offset: str | None


def _one_word(text: str) -> str:
    """Names stand in file names and tables of windows, where a space would part them; Macs write é as two letters."""
    return re.sub(r"\s+", "_", unicodedata.normalize("NFC", text).strip())


def name_key(text: str) -> str:
    """What two names have in common that look the same: accents in one form or two, capitals or not."""
    return unicodedata.normalize("NFC", text).casefold()


def _as_site(text: str) -> str:
    """Letters, digits, - and _ of what stands before the time, without the recorder's note on channels."""
    text = _CHANNELS.sub("", unicodedata.normalize("NFC", text))
    kept = "".join(c if c == "-" or unicodedata.category(c)[0] in "LMN" else "_" for c in text)
    return re.sub(r"_+", "_", kept).strip("_-")


def _is_seconds(match: re.Match) -> bool:
    return "seconds" in match.re.groupindex


def _clock(match: re.Match) -> datetime:
    """Date and time as written."""
    if _is_seconds(match):
        return datetime.fromtimestamp(int(match["seconds"], 16), UTC).replace(tzinfo=None)
    date, time = re.sub(r"[ _]", "0", match["date"]).replace("-", ""), re.sub("[^0-9]", "", match["time"])
    return datetime.strptime(date + time, "%Y%m%d%H%M%S" if len(date) == 8 else "%y%m%d%H%M%S")


def _offset(match: re.Match) -> timedelta | None:
    """To universal time, as the name tells it."""
    text = "Z" if _is_seconds(match) else match["offset"]
    if text is None or text[0] in "ZUG":
        return None if text is None else timedelta(0)
    hours, minutes = int(text[1:3]), int(text[-2:]) if len(text) > 3 else 0
    return timedelta(hours=hours, minutes=minutes) * (-1 if text[0] == "-" else 1)


def _find(name: str) -> tuple[str, datetime, timedelta | None] | None:
    """What stands before the time, the time as written and its offset; None if this is no recorder's name.

    ValueError for a date that does not exist.
    """
    if re.search(r"[\x00-\x1f\x7f/\\]", name):
        return None
    found = [match for match in (pattern.match(name) for pattern in _PATTERNS) if match]
    # Hexadecimal digits are a time only in the years in which there are AudioMoths.
    found = [match for match in found if not _is_seconds(match) or 2015 <= _clock(match).year < 2040]
    if not found or (len(found) > 1 and any(map(_is_seconds, found))):
        return None
    match = max(found, key=lambda match: match.end("before"))
    window = _WINDOW.search(match["further"] or "")
    if window and float(window[1]) < float(window[2]):
        return None
    return match["before"], _clock(match), _offset(match)


def zone_named(time_zone: str | None) -> ZoneInfo | None:
    """The zone of a name like America/Sao_Paulo; None for None."""
    try:
        return None if time_zone is None else ZoneInfo(time_zone)
    except (KeyError, ValueError, TypeError, OSError) as error:
        raise ValueError(f"time_zone is {time_zone!r}; write it like America/Sao_Paulo") from error


def _offset_text(offset: timedelta | None) -> str | None:
    if offset is None:
        return None
    hours, minutes = divmod(abs(round(offset.total_seconds() / 60)), 60)
    return f"{'-' if offset < timedelta(0) else '+'}{hours:02d}:{minutes:02d}"


def recording_time(name: str, time_zone: str | None = None) -> RecordingTime:
    """Site, time and offset to universal time that a recording's name tells.

    Parameters
    ----------
    name : str
        Without folder and extension, in any form of `RECORDER_NAMES`.
    time_zone : str or None
        Where the recorder stood, like `"America/Sao_Paulo"`. A time whose offset to universal time is known is given
        as the clocks there said; one without stays as the recorder's clock said.

    Returns
    -------
    site : str
        What stands before the time; empty where nothing does. Other than letters, digits and - becomes `_`.
    datetime : pandas.Timestamp
        Local, without a time zone. NaT for universal time where `time_zone` is None.
    utc_offset : str or None
        Of `datetime`, where the name tells it.

    Raises
    ------
    ValueError
        If the name has another form, its date or time does not exist, or the time zone is not known.

    Examples
    --------
    >>> recording_time("8537_20210614T120000-0300_every1d")
    RecordingTime(site='8537', datetime=Timestamp('2021-06-14 12:00:00'), utc_offset='-03:00')
    >>> recording_time("moth1_5D0B1F2C").datetime, str(recording_time("moth1_5D0B1F2C", "America/Sao_Paulo").datetime)
    (NaT, '2019-06-20 02:52:44')
    """
    zone = zone_named(time_zone)
    try:
        found = _find(unicodedata.normalize("NFC", name)) if isinstance(name, str) else None
        when = None if found is None else pd.Timestamp(found[1]).as_unit("ns").as_unit("us")
    except ValueError as error:  # also what pandas can't hold
        raise ValueError(f"{name!r} holds no valid date and time: {_WANTED}") from error
    if found is None:
        raise ValueError(f"{name!r} is not the name of a recording: {_WANTED}")
    before, clock, offset = found
    if offset is not None and zone is not None:
        there = (clock - offset).replace(tzinfo=UTC).astimezone(zone)
        when, offset = pd.Timestamp(there.replace(tzinfo=None)), there.utcoffset()
    elif offset == timedelta(0):
        when = pd.NaT
    return RecordingTime(_as_site(before), when, _offset_text(offset))


def parse_recording_name(name: str, time_zone: str | None = None) -> tuple[str, pd.Timestamp]:
    """Split a recording's name, such as `{site}_{yyyymmdd}_{hhmmss}`, into site and local time.

    Parameters
    ----------
    name : str
        The name without folder and extension, such as `"INCT20955_20190830_231500"`, with a site in front of the time.
        All forms of `RECORDER_NAMES` are known.
    time_zone : str or None
        As for `recording_time`.

    Returns
    -------
    site : str
    datetime : pandas.Timestamp
        As the recorder's clock said, without a time zone. NaT where the name tells universal time and `time_zone` is
        None.

    Raises
    ------
    ValueError
        If the name has another form, or its date or time does not exist.

    Examples
    --------
    >>> parse_recording_name("INCT20955_20191123_041500_000")
    ('INCT20955', Timestamp('2019-11-23 04:15:00'))
    """
    site, when, _ = recording_time(name, time_zone)
    if not site:
        raise ValueError(f"{name!r} is not the name of a recording: {_WANTED}")
    return site, when


def clock_never_set(when: pd.Timestamp) -> bool:
    """Whether a time is one at which clocks begin that nobody set: before 2000, or in its first month.

    Parameters
    ----------
    when : Timestamp or NaT

    Returns
    -------
    bool

    Examples
    --------
    >>> clock_never_set(pd.Timestamp("1970-01-01 00:00:12")), clock_never_set(pd.Timestamp("2024-06-11"))
    (True, False)
    """
    return bool(pd.notna(when) and when < pd.Timestamp("2000-02-01"))


def _places(path: Path, day: datetime | None) -> list[str]:
    """Folders above a file, the nearest first, without those that the recorder made for its `day`."""
    names = [_one_word(folder.name) for folder in path.absolute().parents]
    days = () if day is None else (f"{day:%Y%m%d}", f"{day:%Y-%m-%d}")
    return [name for name in names if _as_site(name) and not name.startswith(days)]


def _own_name(path: Path) -> tuple[str, tuple | None]:
    """A file's name as one word, and what `_find` sees in it."""
    name = _one_word(path.stem)
    try:
        return name, _find(name)
    except ValueError:
        return name, None


def _named(path: Path, folders: int) -> str:
    """The file's name with so many folders in front, one more where it tells no site."""
    name, found = _own_name(path)
    if found is not None and not _as_site(found[0]):
        folders += 1
    places = _places(path, found and found[1])[:folders] if folders else []
    return "_".join([*reversed(places), name])


def recording_name(path: str | os.PathLike) -> str:
    """The recording that a file, of sound or of labels, belongs to.

    This is the one rule by which recordings, label files, players and tables of labels find each other.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    str
        The file's name without extension; where that tells a time and no site (20230101_180000, 5D0B1F2C), with the
        folder's name in front. A folder that begins with the recording's day is the recorder's own: the one above it
        counts. White space becomes `_`, and accents are written in one way (Unicode NFC).

    Examples
    --------
    >>> recording_name("pond/north bank/20230101_180000.WAV"), recording_name("INCT4_20191005_180000.wav")
    ('north_bank_20230101_180000', 'INCT4_20191005_180000')
    """
    return _named(Path(path), 0)


def possible_names(path: str | os.PathLike) -> list[str]:
    """The recording's name, and those that `recordings_by_name` gives it where other folders have the same.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    list of str

    Examples
    --------
    >>> possible_names("pond/moth1/A_20230101_180000.wav")[:2]
    ['A_20230101_180000', 'moth1_A_20230101_180000']
    """
    return list(dict.fromkeys(_named(Path(path), folders) for folders in range(_MANY_FOLDERS)))


def _told_apart(paths: list[Path]) -> list[str]:
    """Names of recordings; folders that share one get their own name in front of all of theirs."""
    names, front = [recording_name(path) for path in paths], {}
    for _ in range(1, _MANY_FOLDERS):
        sharing: dict[str, set[Path]] = {}
        for path, name in zip(paths, names, strict=True):
            sharing.setdefault(name, set()).add(path.parent)
        folders = {folder for group in sharing.values() if len(group) > 1 for folder in group}
        if not folders:
            break
        front.update({folder: front.get(folder, 0) + 1 for folder in folders})
        names = [_named(path, front[path.parent]) if path.parent in folders else name
                 for path, name in zip(paths, names, strict=True)]  # fmt: skip
    return names


def recordings_by_name(paths: list[Path], clashes: list | None = None) -> dict[str, Path]:
    """The file of each recording.

    Parameters
    ----------
    paths : list of Path
    clashes : list or None
        None: two files of one name are a ValueError. With a list, folders that share a name put their own name in front
        of all of theirs (and so in front of the site); what can't be told apart so, two files side by side, is left out
        and appended as (path, path that has the name, name).

    Returns
    -------
    dict
        Path by recording's name.

    Raises
    ------
    ValueError
        Names both files.

    Examples
    --------
    >>> sorted(recordings_by_name([Path("a/X_20230101_180000.wav"), Path("b/X_20230101_180000.wav")], clashes=[]))
    ['a_X_20230101_180000', 'b_X_20230101_180000']
    """
    paths = [Path(path) for path in paths]
    names = [recording_name(path) for path in paths] if clashes is None else _told_apart(paths)
    named: dict[str, Path] = {}
    for path, name in zip(paths, names, strict=True):
        if name not in named:
            named[name] = path
        elif clashes is None:
            raise ValueError(f"{path}: {named[name]} gets the same name, {name}; rename or remove one of them")
        else:
            clashes.append((path, named[name], name))
    return named


def site_and_time(
    path: str | os.PathLike, time_zone: str | None = None, name: str | None = None
) -> tuple[str, pd.Timestamp]:
    """Site and time from the file's name if it tells, else the folder's name and no time (NaT).

    Parameters
    ----------
    path : str or path-like
    time_zone : str or None
        As for `recording_time`.
    name : str or None
        That of `recordings_by_name`, which may have a folder in front to tell two sites apart.

    Returns
    -------
    site : str
    datetime : pandas.Timestamp

    Examples
    --------
    >>> site_and_time("pond/North (old), 2/20230410_072000.WAV")
    ('North_old_2', Timestamp('2023-04-10 07:20:00'))
    """
    path = Path(path)
    own, found = _own_name(path)
    place = _as_site(next(iter(_places(path, found and found[1])), ""))
    try:
        site, when, _ = recording_time(own, time_zone)
    except ValueError:
        zone_named(time_zone)  # a time zone that is not known is no fault of the name
        return place, pd.NaT
    if name is not None and name != recording_name(path):
        site = _as_site(name[: len(name) - len(own)] + found[0])
    return site or place, when


def night_of(when: pd.Series) -> pd.Series:
    """The day on which the night of each time began: what was recorded before noon counts to the evening before.

    Parameters
    ----------
    when : Series of datetime64

    Returns
    -------
    Series of str
        Like `2019-09-03`; missing where the time is.
    """
    return (when - pd.Timedelta(hours=12)).dt.strftime("%Y-%m-%d")


def recording_times(names, time_zone: str | None = None) -> pd.DataFrame:
    """Site, time and night that the names of recordings tell; one without a time is a night of its own.

    Parameters
    ----------
    names : sequence of str
    time_zone : str or None
        As for `recording_time`.

    Returns
    -------
    DataFrame
        Indexed by name: `site` (empty where not known), `datetime`, `night` (text).
    """
    zone_named(time_zone)
    rows = {}
    for name in dict.fromkeys(names):
        try:
            rows[name] = recording_time(name, time_zone)[:2]
        except ValueError:
            rows[name] = ("", pd.NaT)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["site", "datetime"])
    table["datetime"] = pd.to_datetime(table["datetime"])
    night = (table["site"] + " " + night_of(table["datetime"])).str.strip()
    table["night"] = night.where(table["datetime"].notna(), table.index.to_series())
    return table
