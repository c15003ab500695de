"""What the name of a recording says: which recording a file is, its site, its time and its night."""

import os
import re
from pathlib import Path

import pandas as pd

_NAME = re.compile(r"([^\W_]+(?:[-_][^\W_]+)*)_([0-9]{8})_([0-9]{6})")
_TIME_ONLY = re.compile(r"[0-9]{8}_[0-9]{6}")


def parse_recording_name(name: str) -> tuple[str, pd.Timestamp]:
    """Split a recording's name, `{site}_{yyyymmdd}_{hhmmss}`, into site and local time.

    Parameters
    ----------
    name : str
        The name without folder and extension, such as `"INCT20955_20190830_231500"`. The site
        consists of letters and digits, possibly in parts joined by `-` or `_`.

    Returns
    -------
    site : str
    datetime : pandas.Timestamp
        As the recorder's clock said, without a time zone.

    Raises
    ------
    ValueError
        If the name has another form, or its date or time does not exist.
    """
    wanted = "expected site_yyyymmdd_hhmmss without extension, like INCT20955_20190830_231500"
    match = _NAME.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise ValueError(f"{name!r} is not the name of a recording: {wanted}")
    try:
        return match[1], pd.to_datetime(match[2] + match[3], format="%Y%m%d%H%M%S")
    except ValueError as error:
        raise ValueError(f"{name!r} holds no valid date and time: {wanted}") from error


def _one_word(text: str) -> str:
    """Names stand in file names and tables of windows, where a space would part them."""
    return re.sub(r"\s+", "_", text.strip())


def recording_name(path: str | os.PathLike) -> str:
    """The recording that a file, of sound or of labels, belongs to.

    This is the one rule by which recordings, label files, players and tables of labels find each other.

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    str
        The file's name without extension; where that is a time only (20230101_180000), with the folder's name in front.
        White space becomes `_`.

    Examples
    --------
    >>> recording_name("pond/north bank/20230101_180000.WAV"), recording_name("INCT4_20191005_180000.wav")
    ('north_bank_20230101_180000', 'INCT4_20191005_180000')
    """
    path = Path(path)
    name = _one_word(path.stem)
    if not _TIME_ONLY.fullmatch(name):
        return name
    folder = _one_word(path.absolute().parent.name)
    return f"{folder}_{name}" if folder else name


def recordings_by_name(paths: list[Path]) -> dict[str, Path]:
    """The file of each recording; ValueError where two files give the same name."""
    named: dict[str, Path] = {}
    for path in paths:
        name = recording_name(path)
        if name in named:
            raise ValueError(f"{path}: {named[name]} gets the same name, {name}; rename or remove one of them")
        named[name] = path
    return named


def site_and_time(path: str | os.PathLike) -> tuple[str, pd.Timestamp]:
    """From the recording's name if it tells, else the folder's name and no time (NaT)."""
    try:
        return parse_recording_name(recording_name(path))
    except ValueError:
        return _one_word(Path(path).absolute().parent.name), pd.NaT


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


def recording_times(names) -> pd.DataFrame:
    """Site, time and night that the names of recordings tell; one without a date is a night of its own.

    Parameters
    ----------
    names : sequence of str

    Returns
    -------
    DataFrame
        Indexed by name: `site` (empty where not known), `datetime`, `night` (text).
    """
    rows = {}
    for name in dict.fromkeys(names):
        try:
            rows[name] = parse_recording_name(name)
        except ValueError:
            rows[name] = ("", pd.NaT)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["site", "datetime"])
    table["datetime"] = pd.to_datetime(table["datetime"])
    night = table["site"] + " " + night_of(table["datetime"])
    table["night"] = night.where(table["datetime"].notna(), table.index.to_series())
    return table
