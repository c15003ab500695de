"""One process at a time in a folder, cleaning up after the dead alone, and errors that no recording is to blame for."""

import doctest
import errno
import subprocess
import sys
import threading

import filelock
import pytest

from anuralib import _files

HOLD = ("import sys; from anuralib._files import locked\n"
        "with locked(sys.argv[1]): print('held', flush=True); sys.stdin.readline()")  # fmt: skip
COUNT = ("import sys; from pathlib import Path; from anuralib._files import locked; p = Path(sys.argv[1])\n"
         "for _ in range(25):\n"
         "    with locked(p): n = int((p / 'n').read_text()); (p / 'n').write_text(str(n + 1))")  # fmt: skip


@pytest.fixture
def holder(tmp_path):
    """Another process that has tmp_path for itself until it reads a line."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdin=pipe, stdout=pipe, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def leave(folder, name="a.wav"):
    """A temporary file as a killed process leaves it."""
    path = folder / f".{name[:-4]}.{'0' * 32}.part{name[-4:]}"
    path.write_bytes(b"half")
    return path


def test_who_has_a_folder_is_named_and_waited_for(tmp_path, holder, capsys):
    with pytest.raises(BlockingIOError, match=rf"process {holder.pid} on .*another folder.*{tmp_path.name}"):
        with _files.locked(tmp_path, wait=False):
            pass
    let_go = threading.Timer(0.5, lambda: print(file=holder.stdin, flush=True))
    let_go.start()
    with _files.locked(tmp_path):
        assert holder.wait(timeout=10) == 0
    assert f"process {holder.pid}" in (said := capsys.readouterr().out) and said.count("\n") == 1
    assert names(tmp_path) == []


def test_a_killed_process_has_nothing(tmp_path, holder):
    holder.kill()
    holder.wait()
    with _files.locked(tmp_path, wait=False):
        pass
    assert names(tmp_path) == []


def test_one_at_a_time(tmp_path):
    (tmp_path / "n").write_text("0")
    some = [subprocess.Popen([sys.executable, "-c", COUNT, str(tmp_path)], stdout=subprocess.DEVNULL) for _ in "abc"]
    assert [process.wait(timeout=60) for process in some] == [0, 0, 0]
    assert (tmp_path / "n").read_text() == "75"


def test_other_names_are_other_locks_and_a_folder_in_which_nothing_came_to_be_goes_again(tmp_path):
    with _files.locked(tmp_path / "new"), _files.locked(tmp_path / "new", name=".other.lock"):
        assert names(tmp_path / "new") == [".anuralib.lock", ".other.lock"]
    assert names(tmp_path) == []


def test_without_locks_on_the_disk_work_goes_on(tmp_path, monkeypatch):
    def none(*given, **more):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(filelock.FileLock, "acquire", none)
    left = leave(tmp_path)
    with _files.locked(tmp_path, wait=False):
        _files.remove_leftovers(tmp_path)
    assert not left.exists()


def test_leftovers_of_the_dead_go_and_those_of_the_living_stay(tmp_path):
    (tmp_path / "deep").mkdir()
    left = [leave(tmp_path), leave(tmp_path / "deep", "b.csv")]
    mine = [tmp_path / ".note.part", tmp_path / ".x.part.wav"]  # not made by atomic_path
    for path in mine:
        path.write_text("mine")
    with _files.atomic_path(tmp_path / "c.wav") as temporary:
        temporary.write_bytes(b"whole")
        _files.remove_leftovers(tmp_path)
        assert not any(path.exists() for path in left)
    assert (tmp_path / "c.wav").read_bytes() == b"whole" and all(path.exists() for path in mine)
    _files.remove_leftovers(tmp_path / "not there")
    assert names(tmp_path) == [".note.part", ".x.part.wav", "c.wav", "deep"]


def test_while_another_process_has_the_folder_nothing_is_removed(tmp_path, holder):
    left = leave(tmp_path)
    _files.remove_leftovers(tmp_path)
    assert left.exists()
    holder.communicate("\n")
    _files.remove_leftovers(tmp_path)
    assert names(tmp_path) == []


@pytest.mark.parametrize(("number", "text"), [
    (errno.ENOSPC, "full"), (errno.EDQUOT, "share"), (errno.EROFS, "written"), (errno.EIO, "fails")])
def test_errors_of_the_machine_say_what_to_do(number, text):
    with pytest.raises(OSError, match=rf"{text}.*run the same again.*'a\.wav'") as told:
        with _files.advising():
            try:
                raise OSError(number, "as the system says", "a.wav")
            except OSError as error:
                raise ValueError("a.wav can't be read") from error
    assert told.value.errno == number
    assert str(_files.with_advice(told.value)) == str(told.value)


def test_other_errors_stay_as_they_are():
    for error in (FileNotFoundError(errno.ENOENT, "x"), PermissionError(errno.EACCES, "x"), ValueError("x"), OSError()):
        assert not _files.is_of_the_machine(error)
        with pytest.raises(type(error)) as told, _files.advising():
            raise error
        assert told.value is error


def test_a_file_is_known_by_size_and_time(tmp_path):
    path = tmp_path / "a"
    assert _files.source_of(path) == ""
    path.write_text("one")
    first = _files.source_of(path)
    assert first and _files.source_of(path) == first
    path.write_text("four")
    assert _files.source_of(path) != first


def test_damaged_settings_are_named(tmp_path):
    (tmp_path / "run.json").write_text('{"a": ')
    with pytest.raises(ValueError, match="run.json: damaged"):
        _files.other_settings(tmp_path / "run.json", {"a": 1})
    assert _files.other_settings(tmp_path / "none.json", {"a": 1}) == []
    _files.write_settings({"a": 1, "b": 2}, tmp_path / "run.json")
    assert _files.other_settings(tmp_path / "run.json", {"a": 2, "b": 2}) == ["a"]


@pytest.mark.parametrize("name", [
    "", " ", ".", "..", "../x", "/etc/x", "a/b", "..\\x", "a\\b", "C:x", "C:", "site:1", "a:", "a\0b", "a\nb",
    "a\x1b[2J", "a\x85b", "a\u2028b", "a\udcff", "CON", "nul", "Com1", "LPT9.2024", "aux .x", "a.", "a ", "~", "~root",
    "é" * 101, "x" * 100_000, None, 5, float("nan"),
])  # fmt: skip
def test_names_that_lead_out_of_a_folder_or_are_none_are_refused(name):
    with pytest.raises(ValueError, match="^table, row 7: site .* give it another name$") as refused:
        _files.safe_name(name, "table, row 7: site")
    assert len(str(refused.value)) < 400 and str(refused.value).isprintable()


@pytest.mark.parametrize("name", [
    "INCT20955_20190830_231500", "LEEC02_0+1_20161129$202700", "20191026T200000+10:00_REC", "7181.230501200000",
    "POND_2022-08-30_12:08:00", "North bank (old), 2", "Pântano nº 3", "池塘", "a..b", ".a", "-", "CONCORD", "com10",
    "é" * 100, "B&Q's pond #1 [50%]", "x~1",
])  # fmt: skip
def test_ordinary_names_stay_as_they_are(name):
    assert _files.safe_name(name) == name


def test_the_longest_name_fits_a_disk_with_all_that_is_put_around_it(tmp_path):
    with _files.atomic_path(tmp_path / f"{'x' * 200}_86397_86400.wav") as temporary:
        temporary.touch()


def test_the_examples_run():
    assert doctest.testmod(_files).failed == 0
