"""Writing files so that a reader never meets a half-written one, and where kept files lie."""

import codecs
import contextlib
import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path

_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{32}\.part(\..*)?")


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Give a temporary path in the same folder; move it to `path` if the block succeeds.

    The folder is made if needed. The temporary file is in the same folder because `os.replace` is
    atomic only within one file system. When the block raises, the temporary file is removed and
    whatever stood at `path` before is untouched.

    Parameters
    ----------
    path : str or path-like
        Where the finished file shall stand.

    Yields
    ------
    pathlib.Path
        The path to write to inside the block. It keeps the file's suffix, for the writers that go
        by it.
    """
    path = Path(path)
    if not path.parent.is_dir():  # asking is quicker than failing to make it, and files come in tens of thousands
        path.parent.mkdir(parents=True, exist_ok=True)
    # A dot in front hides leftovers of a killed process from the globs that list recordings.
    temporary = path.with_name(f".{path.stem}.{uuid.uuid4().hex}.part{path.suffix}")
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_text(text: str, path: str | os.PathLike) -> None:
    """Write UTF-8 text with its line ends as they are, whole or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def _as_windows_1252(error: UnicodeDecodeError) -> tuple[str, int]:
    """The bytes that are no UTF-8 as Windows-1252 has them, the rest of the text as it is."""
    try:
        return error.object[error.start : error.end].decode("cp1252"), error.end
    except UnicodeDecodeError:
        raise error from None  # its place is that in the file


codecs.register_error("anuralib.windows-1252", _as_windows_1252)


def _decode(data: bytes) -> str:
    """Text of the encodings that programs and hands leave: UTF-8, UTF-16 with or without mark, Windows-1252."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data.decode("utf-16")
    zeros = data[::2].count(0), data[1::2].count(0)
    if min(zeros) == 0 and max(zeros) > len(data) / 5:  # every other byte of plain letters in UTF-16 is zero
        return data.decode("utf-16-be" if zeros[0] else "utf-16-le")
    return data.decode("utf-8-sig", "anuralib.windows-1252")


def read_text(path: Path, guess: bool = False) -> str:
    """Text with its line ends, without byte-order mark; ValueError names file and line if it is none.

    Parameters
    ----------
    path : Path
    guess : bool
        Whether UTF-16 and Windows-1252 are read too; else UTF-8 alone.

    Returns
    -------
    str
    """
    data = path.read_bytes()
    try:
        text = _decode(data) if guess else data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = len(re.findall(rb"\r\n|\n|\r", data[: error.start])) + 1
        what = "not text" if guess else "not UTF-8 text"
        raise ValueError(f"{path}, line {line}: {what}; save the file again with UTF-8 encoding") from error
    if guess and "\0" in text:
        line = len(re.findall(r"\r\n|\n|\r", text[: text.index("\0")])) + 1
        raise ValueError(f"{path}, line {line}: not text but bytes of another kind; save the file again as text")
    return text


def other_settings(path: Path, settings: dict) -> list[str]:
    """In which of its settings a folder that was begun differs; none if there is no file of them yet."""
    if not path.is_file():
        return []
    old = json.loads(path.read_text(encoding="utf-8"))
    return [key for key in {**old, **settings} if old.get(key) != settings.get(key)]


def write_settings(settings: dict, path: Path) -> None:
    write_text(json.dumps(settings, indent=1) + "\n", path)


def has_size(path: Path, size: int) -> bool:
    """Whether a file is there with so many bytes; written by `atomic_path`, it is then whole."""
    return path.is_file() and path.stat().st_size == size


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Remove the temporary files of `atomic_path` that a killed process left under a folder."""
    for path in Path(folder).rglob(".*.part*"):
        if _LEFTOVER.fullmatch(path.name) and path.is_file():
            path.unlink()


def cache_dir() -> Path:
    """Where ponds are kept: the user's cache folder, or what ANURALIB_CACHE names."""
    chosen = os.environ.get("ANURALIB_CACHE")
    if chosen:
        return Path(chosen).expanduser().resolve()
    import platformdirs

    return Path(platformdirs.user_cache_dir("anuralib"))
