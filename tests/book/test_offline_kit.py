"""The archives for a class without internet: students get no solutions, and the same files give the same bytes."""

import zipfile
from pathlib import Path, PurePosixPath

import offline_kit
import pytest

SOLUTION = '<div class="solution dropdown admonition" id="pond-1"><p>x</p><div><div>answer = 42</div></div></div>'
PAGE = f"""<!doctype html><html><body><div class="exercise">the question<img src="../_images/asked.png"></div>
{SOLUTION}<div class="text">between</div>
<div class='admonition solution'>é <img src="../_images/told.png"><img src="../_images/asked.png"><br/>
<audio src="../_static/inline/told.mp3"></audio><script src="../_static/inline/player.js"></script></div>
<script>if (a < b) document.write("<div class='solution'>");</script><p>after</p>
<script src="../_static/inline/player.js"></script></body></html>"""


@pytest.fixture
def made(tmp_path):
    """A small site with notebooks, programs and a wheel, and the two archives made of it."""
    files = {
        "site/index.html": "<p>start</p>", "site/listen/pond.html": PAGE, "site/.buildinfo": "hidden",
        "site/_images/asked.png": "asked", "site/_images/told.png": "told", "site/_static/a.js": "1",
        "site/_static/inline/told.mp3": "told", "site/_static/inline/player.js": "play",
        "notebooks/learner/listen/pond.ipynb": "{}", "notebooks/teacher/listen/pond.ipynb": '"answer = 42"',
        "projects/phenology.py": "print()", "projects/__pycache__/x.pyc": "", "anuralib-1-py3-none-any.whl": "wheel",
    }  # fmt: skip
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def kits(folder, out="out"):
    wheel = next(folder.glob("*.whl"))
    return offline_kit.write_kits(folder / "site", folder / "notebooks", folder / "projects", wheel, folder / out)


def contents(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name.partition("/")[2]: archive.read(name).decode("utf-8") for name in archive.namelist()}


def test_students_get_the_course_without_solutions(made):
    files = contents(kits(made)[0])
    assert set(files) == {
        "README.txt", "site/index.html", "site/listen/pond.html", "site/_images/asked.png", "site/_static/a.js",
        "site/_static/inline/player.js", "notebooks/listen/pond.ipynb", "projects/phenology.py",
        "anuralib-1-py3-none-any.whl", "LICENSE", "LICENSE-TEXT", "CITATION.cff",
    }  # fmt: skip
    assert not [name for name, text in files.items() if "answer = 42" in text or "told" in text]
    page = files["site/listen/pond.html"]
    assert page.count(offline_kit.IN_PLACE) == 2
    for kept in ("the question", "between", "<p>after</p>", "</body></html>", "if (a < b)"):
        assert kept in page


def test_the_teacher_gets_everything(made):
    files = contents(kits(made)[1])
    assert files["site/listen/pond.html"] == PAGE and "site/_images/told.png" in files
    assert "answer = 42" in files["notebooks-with-solutions/listen/pond.ipynb"]
    assert files["notebooks/listen/pond.ipynb"] == "{}"
    assert "not for students" in files["README.txt"]


def test_names_stay_within_the_folder_of_the_archive(made):
    for path in kits(made):
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                parts = PurePosixPath(name).parts
                assert parts[0] == path.stem and ".." not in parts and "\\" not in name
            assert not [name for name, text in contents(path).items() if str(made) in text]


def test_the_same_files_give_the_same_bytes(made):
    first = [path.read_bytes() for path in kits(made)]
    for path in made.rglob("*"):
        if path.is_file():
            path.touch()
            path.chmod(0o600)
    assert [path.read_bytes() for path in kits(made, "again")] == first
    (made / "site" / "index.html").write_text("<p>changed</p>", encoding="utf-8")
    assert [path.read_bytes() for path in kits(made, "changed")] != first


def test_the_readme_says_how_without_internet(made):
    for path in kits(made):
        readme = contents(path)["README.txt"]
        for said in ("site/index.html", "anuralib-1-py3-none-any.whl[learn]", "--no-index", "What needs internet"):
            assert said in readme
        assert all(len(line) <= 120 for line in readme.splitlines()) and "{" not in readme


@pytest.mark.parametrize("missing", ["site/index.html", "notebooks/learner", "notebooks/teacher"])
def test_what_has_to_be_made_first_is_named(made, missing):
    (made / missing).rename(made / "away")
    with pytest.raises(FileNotFoundError, match="run `make (book|notebooks)`"):
        kits(made)


def test_a_box_that_never_ends_is_an_error_and_not_half_a_solution():
    with pytest.raises(ValueError, match="without an end"):
        offline_kit.without_solutions('<div class="solution">answer = 42')


def test_pages_without_solutions_stay_as_they_are():
    text = Path(__file__).read_text(encoding="utf-8").partition("SOLUTION")[0] + "<div class='resolution'>x</div>"
    assert offline_kit.without_solutions(text) == (text, "")
