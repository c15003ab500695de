"""Files that a reader never meets half-written, one process at a time in a folder, and where kept files lie."""

import codecs
import contextlib
import errno
import json
import os
import re
import socket
import uuid
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{32}\.part(\..*)?")
_WRITING: set[str] = set()  # names of the temporary files that this process is at
_HELD: set[Path] = set()  # folders that this process has for itself
LOCK = ".anuralib.lock"
# Devices of Windows, whatever ending follows.
_DEVICE = re.compile(r"(?is)(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9\xb9\xb2\xb3]) *(\..*)?")
# A colon is for Windows the end of a drive's name or the beginning of a file's hidden part; a clock has it elsewhere.
_NEVER = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]|(?<![0-9]):|:(?![0-9])")
_LONGEST_NAME = 200  # bytes: with a window's times and the mark of a temporary file it has 255, which disks can hold
_MACHINE = {
    errno.ENOSPC: "the disk is full: free some space, or choose a folder on another disk",
    errno.EDQUOT: "your share of the disk is used up: free some space, or choose a folder on another disk",
    errno.EROFS: "the disk can't be written to: choose a folder on another one",
    errno.EIO: "the disk fails to read or write: copy what is on it to another one",
}


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
    _WRITING.add(temporary.name)
    try:
        yield temporary
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):  # a disk that fails must not hide what failed
            temporary.unlink(missing_ok=True)
        raise
    finally:
        _WRITING.discard(temporary.name)


def _why_unsafe(name) -> str:
    """What keeps a text from being the name of a file on every system; empty if nothing does."""
    if not isinstance(name, str) or not name.strip():
        return "it is no text" if not isinstance(name, str) else "it is empty"
    odd = _NEVER.search(name)
    if odd or (":" in name and os.name == "nt"):
        return f"it has {odd[0] if odd else ':'!r} in it"
    if name[-1] in ". ":
        return "it ends with a dot or space"
    if name[0] == "~" or _DEVICE.fullmatch(name):
        return "it begins with ~" if name[0] == "~" else "Windows has a device of this name"
    size = len(name.encode("utf-8"))
    return f"it has {size} bytes, and {_LONGEST_NAME} is the most" if size > _LONGEST_NAME else ""


@lru_cache(maxsize=4096)  # windows come in tens of thousands, their recordings and sites don't
def safe_name(name: str, what: str = "the name") -> str:
    """The name of a site or recording as a part of an output's path, if it can be one.

    Names come from tables and disks of strangers. What is written must stay in its folder, on every system.

    Parameters
    ----------
    name : str
        Without folders and ending.
    what : str
        Whose it is, and in which row, for the message.

    Returns
    -------
    str
        The same name.

    Raises
    ------
    ValueError
        If it is empty, holds a slash, a colon that is none of a clock, or control characters, ends with a dot or space,
        begins with ~, is one of Windows' devices, or has over 200 bytes.

    Examples
    --------
    >>> safe_name("North bank (old), é_2022-08-30_12:08:00")
    'North bank (old), é_2022-08-30_12:08:00'
    >>> safe_name("../x", "recordings, row 3: site")
    Traceback (most recent call last):
    ValueError: recordings, row 3: site '../x' can't be part of a file's name: it has '/' in it; give it another name
    """
    why = _why_unsafe(name)
    if why:
        told = repr(name)
        told = told if len(told) <= _LONGEST_NAME else f"{told[:_LONGEST_NAME]}..."
        raise ValueError(f"{what} {told} can't be part of a file's name: {why}; give it another name")
    return name


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


def read_settings(path: Path) -> dict:
    """Settings that a folder was begun with; none if there is no file of them yet."""
    if not path.is_file():
        return {}
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise ValueError(f"{path}: damaged; empty this folder, or give another one") from error


def other_settings(path: Path, settings: dict) -> list[str]:
    """In which of its settings a folder that was begun differs; none if there is no file of them yet."""
    old = read_settings(path)
    return [key for key in {**old, **settings} if old.get(key) != settings.get(key)] if old else []


def write_settings(settings: dict, path: Path) -> None:
    write_text(json.dumps(settings, indent=1, allow_nan=False) + "\n", path)


def has_size(path: Path, size: int) -> bool:
    """Whether a file is there with so many bytes; written by `atomic_path`, it is then whole."""
    return path.is_file() and path.stat().st_size == size


def source_of(path: str | os.PathLike) -> str:
    """Size and time of a file: another file of the same name differs in it. Empty if it can't be asked."""
    try:
        state = os.stat(path)
    except OSError:
        return ""
    return f"{state.st_size} bytes of {state.st_mtime_ns}"


def is_of_the_machine(error: BaseException | None) -> bool:
    """Whether a disk is full, fails or can't be written to: then a recording is not to blame, and no other will do."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in _MACHINE:
            return True
        error = error.__cause__
    return False


def with_advice(error: BaseException) -> OSError:
    """An error that `is_of_the_machine`, with what to do."""
    while not isinstance(error, OSError) or error.errno not in _MACHINE:
        error = error.__cause__
    text = f"{os.strerror(error.errno)}: {_MACHINE[error.errno]}. Then run the same again; what is done stays done"
    return OSError(error.errno, text, error.filename)


@contextlib.contextmanager
def advising() -> Iterator[None]:
    """Say what to do when the block fails by an error that `is_of_the_machine`."""
    try:
        yield
    except Exception as error:
        if is_of_the_machine(error):
            raise with_advice(error) from error
        raise


def _holder(lock: Path) -> str:
    """Who has a folder, as its lock tells."""
    try:
        return lock.read_text(encoding="utf-8").strip() or "another process"
    except (OSError, ValueError):
        return "another process"


def _lock(path: Path):
    """The lock of a system call: where there is none, a file that is merely there would outlive a killed process."""
    from filelock import FileLock

    return FileLock(path, fallback_to_soft=False)


def _acquire(lock, path: Path, folder: Path, wait: bool) -> bool:
    """Take a lock, or wait for it and say so; False where the file system has none."""
    from filelock import Timeout

    try:
        lock.acquire(timeout=0)
    except Timeout:
        who = _holder(path)
        if not wait:
            text = f"{who} works in this folder: wait until it is done, or choose another folder"
            raise BlockingIOError(errno.EAGAIN, text, str(folder)) from None
        print(f"{folder}: {who} works here; waiting until it is done", flush=True)
        lock.acquire(timeout=-1, poll_interval=0.2)
    except (OSError, NotImplementedError):  # a disk without locks, or one that can't be written to: the work will say
        return False
    with contextlib.suppress(OSError):  # Windows lets nobody write to a file that is locked
        path.write_text(f"process {os.getpid()} on {socket.gethostname()}", encoding="utf-8")
    return True


@contextlib.contextmanager
def locked(folder: str | os.PathLike, wait: bool = True, name: str = LOCK) -> Iterator[None]:
    """Have a folder to oneself: one process at a time is in the block.

    The lock is a hidden file that is removed at the end; a killed process holds nothing. On a file system without
    locks the block runs all the same.

    Parameters
    ----------
    folder : str or path-like
        Made if needed, and removed again if nothing was put there.
    wait : bool
        Whether to wait for another process, after a line that says so; else BlockingIOError names it.
    name : str
        Of the lock's file: other names are other locks.
    """
    folder = Path(folder).resolve()
    new = not folder.is_dir()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    lock = _lock(path)
    held = _acquire(lock, path, folder, wait)
    if name == LOCK:
        _HELD.add(folder)
    try:
        yield
    finally:
        _HELD.discard(folder)
        if held:
            # Elsewhere than on Windows it goes while it is held: who waits sees that it is gone, and makes another.
            if os.name == "nt":
                lock.release()
            with contextlib.suppress(OSError):
                path.unlink()
            lock.release()
        if new:
            with contextlib.suppress(OSError):
                folder.rmdir()


def remove_leftovers(folder: str | os.PathLike) -> None:
    """Remove the temporary files of `atomic_path` that a killed process left under a folder.

    What this process writes at the moment stays, and all of it while another process has the folder (`locked`).
    """
    folder = Path(folder).resolve()
    if not folder.is_dir():
        return
    if folder not in _HELD:
        with contextlib.suppress(BlockingIOError), locked(folder, wait=False):
            remove_leftovers(folder)
        return
    for path in folder.rglob(".*.part*"):
        if _LEFTOVER.fullmatch(path.name) and path.name not in _WRITING and path.is_file():
            path.unlink(missing_ok=True)


def cache_dir() -> Path:
    """Where ponds are kept: the user's cache folder, or what ANURALIB_CACHE names."""
    chosen = os.environ.get("ANURALIB_CACHE")
    if chosen:
        return Path(chosen).expanduser().resolve()
    import platformdirs

    return Path(platformdirs.user_cache_dir("anuralib"))
