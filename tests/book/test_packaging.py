"""The package can be imported lightly and its requirements agree with each other."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

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


def _pins():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return {re.split("==", line)[0].lower().replace("_", "-"): line for line in lines if "==" in line}


def test_constraints_pin_every_requirement_within_its_range():
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + sum(project["optional-dependencies"].values(), [])
    pins = _pins()
    for requirement in map(Requirement, wanted):
        pin = pins[requirement.name.lower().replace("_", "-")]
        version = re.match(r".*?==([^\s;]+)", pin).group(1)
        assert requirement.specifier.contains(version), pin


def test_environment_leaves_the_packages_to_pip_and_the_constraints():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    pip = next(part["pip"] for part in environment["dependencies"] if isinstance(part, dict))
    conda = [part for part in environment["dependencies"] if isinstance(part, str)]
    assert all(re.match(r"(python|pip)\b", part) for part in conda)
    assert any("constraints.txt" in line for line in pip)
