"""The notebooks made from the chapters: no solution in the learner's, and all of them run from the wheel alone."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import course_settings
import nbclient
import nbformat
import notebook_export
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_core.utils import run_sync

BOOK = Path(__file__).resolve().parents[2] / "book"
CHAPTERS = [
    path
    for path in notebook_export.chapter_paths(BOOK)
    if notebook_export.is_chapter(path.read_text(encoding="utf-8"))
]
IDS = [path.stem for path in CHAPTERS]


def read(folder, view, chapter):
    return nbformat.read(folder / view / chapter.relative_to(BOOK).with_suffix(".ipynb"), as_version=4)


@pytest.mark.parametrize("chapter", CHAPTERS, ids=IDS)
def test_learners_get_the_questions_and_teachers_the_answers(notebooks, chapter):
    source = chapter.read_text(encoding="utf-8")
    solution = notebook_export.solution_lines(source)
    lines = {
        view: {line.strip() for cell in read(notebooks, view, chapter).cells for line in cell.source.split("\n")}
        for view in ("learner", "teacher")
    }
    assert len(solution) >= 3
    assert not solution & lines["learner"]
    # A link or a role is written differently in a notebook; the rest of the solution stands there as it is.
    assert {line for line in solution if "](" not in line and "}`" not in line} <= lines["teacher"]
    learner = "\n".join(lines["learner"])
    assert learner.count("al.check(") >= 3 and ":::" not in learner and "{exercise}" not in learner


# All notebooks run with the solutions filled in, so every stub is met there; one runs as teachers get it, too.
SEEN_BY_TEACHERS = ("weak-labels",)
# The one that needs a network is run against a server on this machine, in test_anuraset_chapter.
EXECUTED = [path for path in CHAPTERS if notebook_export.is_executed(path.read_text(encoding="utf-8"))]
RUNS = [pytest.param(path, "filled", id=f"{path.stem}-filled") for path in EXECUTED] + [
    pytest.param(path, "teacher", id=f"{path.stem}-teacher") for path in CHAPTERS if path.stem in SEEN_BY_TEACHERS
]


def write_wheel(folder):
    """A kernel's specification with the course's wheel and its requirements, and no way to the repository.

    Its environment sees the packages of this one by path only, so that the editable install here doesn't count.
    """
    source = folder / "source"
    shutil.copytree(BOOK.parent / "anuralib", source / "anuralib", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(BOOK.parent / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder, source]
    subprocess.run(build, check=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "venv"], check=True)
    (site,) = (folder / "venv").glob("lib/python*/site-packages")
    (site / "base.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    zipfile.ZipFile(next(folder.glob("anuralib-*.whl"))).extractall(site)
    python = folder / "venv" / "bin" / "python"
    specification = {"argv": [str(python), "-m", "ipykernel_launcher", "-f", "{connection_file}"],
                     "display_name": "wheel", "language": "python"}  # fmt: skip
    place = folder / "jupyter" / "kernels" / "anura-wheel"
    place.mkdir(parents=True)
    (place / "kernel.json").write_text(json.dumps(specification), encoding="utf-8")


@pytest.fixture(scope="module")
def kernel(once):
    """One kernel for all notebooks, since to load the libraries takes longer than most of them."""
    folder = once("wheel", write_wheel)
    jupyter, (site,) = folder / "jupyter", (folder / "venv").glob("lib/python*/site-packages")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("JUPYTER_PATH", str(jupyter)), ("ANURALIB_SMOKE", "1"), ("PYTHONWARNINGS", "default")):
            patch.setenv(name, value)
        patch.delenv("PYTHONPATH", raising=False)
        manager = AsyncKernelManager(kernel_name="anura-wheel")
        run_sync(manager.start_kernel)()
    yield manager, site
    run_sync(manager.shutdown_kernel)(now=True)


# What a notebook begins with: nothing of the one before, the course's package as new, and an empty folder.
ANEW = """
%reset -f
import os, sys
for name in [name for name in sys.modules if name.split(".")[0] == "anuralib"]:
    del sys.modules[name]
os.chdir({folder!r})
__spec__ = None  # which was reset, too; processes that a notebook starts look for it
"""
WHERE = "import anuralib\nfrom pathlib import Path\nprint(Path(anuralib.__file__).parents[1])"


@pytest.mark.parametrize(("chapter", "view"), RUNS)
def test_notebook_runs_from_the_wheel_in_an_empty_folder(notebooks, kernel, chapter, view, tmp_path):
    manager, site = kernel
    notebook = read(notebooks, view, chapter)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(ANEW.format(folder=str(tmp_path))))
    notebook.cells.append(nbformat.v4.new_code_cell(WHERE))
    client = nbclient.NotebookClient(notebook, timeout=600, km=manager)
    try:
        client.execute()
    finally:
        client.kc.stop_channels()
    assert os.path.samefile(notebook.cells[-1].outputs[0].text.strip(), site)
    said = "".join(o.get("text", "") for cell in notebook.cells for o in cell.get("outputs", []))
    assert said.count("Pass: ") >= 3
    if view == "filled":
        assert "Hint for" not in said
    else:  # the stubs stand there as the learner gets them, and none may pass
        assert said.count("Hint for ") >= chapter.read_text(encoding="utf-8").count("[exercise-stub")


@pytest.fixture
def bare_python(tmp_path):
    """A Python with all packages but the course's own."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "bare"], check=True)
    (site,) = (tmp_path / "bare").glob("lib/python*/site-packages")
    (site / "base.pth").write_text(sysconfig.get_paths()["purelib"] + "\n", encoding="utf-8")
    return tmp_path / "bare" / "bin" / "python"


PROJECT = """[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "anuralib"
version = "0.1.0"
"""


def git(repository, *arguments):
    me = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", "-C", repository, *me, *arguments], capture_output=True, text=True, check=True).stdout


def test_the_set_up_cell_installs_the_commit_it_names_and_nothing_newer(bare_python, tmp_path, monkeypatch):
    """The repository stands in for GitHub's; since the notebook was made, somebody has pushed other code to it."""
    repository = tmp_path / "course"
    (repository / "anuralib").mkdir(parents=True)
    (repository / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    git(repository, "init", "--quiet")
    commits = []
    for said in ("as in the first week", "pushed in mid-term"):
        (repository / "anuralib" / "__init__.py").write_text(f"print({said!r})\n", encoding="utf-8")
        git(repository, "add", ".")
        git(repository, "commit", "--quiet", "--message", said)
        commits.append(git(repository, "rev-parse", "HEAD").strip())
    # Git takes the folder for the address; pip builds with what is here, since there is no network.
    for name, value in (("COUNT", "1"), ("KEY_0", f"url.{repository.as_uri()}.insteadOf"),
                        ("VALUE_0", "https://github.com/owner/course")):  # fmt: skip
        monkeypatch.setenv(f"GIT_CONFIG_{name}", value)
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "false")
    monkeypatch.delenv("PYTHONPATH", raising=False)

    def after_set_up(commit):
        monkeypatch.setenv("ANURA_COURSE_COMMIT", commit)
        cell = notebook_export.setup_source(course_settings.package_source("owner/course", repository))
        command = [bare_python, "-W", "ignore", "-c", f"{cell}\nimport anuralib"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    unknown = after_set_up("0" * 40)
    assert unknown.returncode and "week" not in unknown.stdout and "mid-term" not in unknown.stdout
    run = after_set_up(commits[0])
    assert run.stdout == "as in the first week\n", run.stderr
    # Once it is there, the cell of a newer notebook leaves it alone.
    assert after_set_up(commits[1]).stdout == "as in the first week\n"


def test_the_set_up_cell_takes_the_wheel_beside_the_notebook(bare_python, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHONPATH", raising=False)

    def after_set_up():
        command = [bare_python, "-W", "ignore", "-c", f"{notebook_export.setup_source()}\nimport anuralib"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    missing = after_set_up()
    assert missing.returncode and "put the file anuralib-...whl beside this notebook" in missing.stderr
    place = "anuralib-0.1.0.dist-info"
    with zipfile.ZipFile(tmp_path / "anuralib-0.1.0-py3-none-any.whl", "w") as archive:
        archive.writestr("anuralib/__init__.py", "print('from the wheel')\n")
        archive.writestr(f"{place}/METADATA", "Metadata-Version: 2.1\nName: anuralib\nVersion: 0.1.0\n")
        archive.writestr(f"{place}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{place}/RECORD", "")
    run = after_set_up()
    assert run.stdout == "from the wheel\n", run.stderr


def test_citations_show_names_with_their_accents():
    authors = {key: names for key, (names, *_) in notebook_export.read_citations(BOOK / "references.bib").items()}
    assert authors["canas2023anuraset"] == "Cañas et al."
    assert not [names for names in authors.values() if set(names) & set("\\{}")]
