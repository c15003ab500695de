"""`make chapter` writes a chapter that keeps the form, runs, and checks its own exercises."""

import pkgutil
import re
import shutil
import sys
from pathlib import Path

import jupytext
import matplotlib.pyplot as plt
import new_chapter
import pytest
import test_chapters
import yaml

import anuralib as al
from anuralib.course import checks, exercises

ROOT = Path(__file__).resolve().parents[2]
DOCNAME = "listen/how-loud"
MODULE = "how_loud"
FORM = [
    test_chapters.test_cells_and_chapters_are_short,
    test_chapters.test_no_function_is_pasted_from_the_package,
    test_chapters.test_a_chapter_has_its_parts,
    test_chapters.test_exercises_have_levels_kinds_stubs_and_checks,
    test_chapters.test_quizzes_have_feedback_on_every_answer,
    test_chapters.test_figures_have_alt_text_captions_and_units,
]


@pytest.fixture
def course(tmp_path):
    """A copy of what the tool reads and writes."""
    for folder in ("book", "anuralib/course/checks", "tests/course/wrong_answers"):
        skipped = shutil.ignore_patterns("_build", "__pycache__", "_static", "locale")
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skipped)
    (tmp_path / "teach").mkdir()
    shutil.copy(ROOT / "teach" / "chapters.yml", tmp_path / "teach")
    return tmp_path


@pytest.fixture
def chapter(course, monkeypatch):
    """The new chapter, whose checks are known to the package for as long as the test takes."""
    new_chapter.main([DOCNAME], root=course)
    known = exercises.exercises()
    monkeypatch.setattr(exercises, "_CHECKS", {name: exercises._CHECKS[name] for name in known})
    there = {module.name for module in pkgutil.iter_modules(checks.__path__)}
    assert MODULE not in there
    (course / "only").mkdir()
    shutil.copy(course / "anuralib/course/checks" / f"{MODULE}.py", course / "only")
    monkeypatch.setattr(checks, "__path__", [*checks.__path__, str(course / "only")])
    yield course / "book" / f"{DOCNAME}.md"
    sys.modules.pop(f"{checks.__name__}.{MODULE}", None)
    vars(checks).pop(MODULE, None)


def files(course):
    return {path.relative_to(course): path.read_bytes() for path in course.rglob("*") if path.is_file()}


# ---------------------------------------------------------------- what it writes


@pytest.mark.parametrize("form", FORM, ids=lambda f: f.__name__)
def test_the_skeleton_keeps_the_form_of_a_chapter(chapter, form):
    form(chapter)


def test_the_skeleton_asks_a_question_and_types_no_results(chapter):
    text = chapter.read_text(encoding="utf-8")
    assert re.search(r"^\(listen-how-loud\)=\n# .+\?$", text, flags=re.MULTILINE)
    assert test_chapters.typed_results(text) == []
    assert "@" not in text and max(map(len, text.splitlines())) <= 120


def test_all_cells_run_and_the_solutions_pass(chapter, capsys):
    names = {}
    for cell in jupytext.reads(chapter.read_text(encoding="utf-8"), fmt="md:myst").cells:
        if cell.cell_type == "code" and "exercise-stub" not in cell.metadata.get("tags", []):
            exec(compile(cell.source, chapter.name, "exec"), names)
    plt.close("all")
    assert capsys.readouterr().out.count("Pass: how-loud.") == 3


def test_the_wrong_answers_get_their_hints_two_for_each_exercise(chapter, course, capsys):
    names = {}
    path = course / "tests" / "course" / "wrong_answers" / f"{MODULE}.py"
    exec(compile(path.read_text(encoding="utf-8"), path.name, "exec"), names)
    for name, answer, hint in names["WRONG"]:
        assert not al.check(name, answer)
        assert hint in capsys.readouterr().out
    named = [name for name, *_ in names["WRONG"]]
    assert {name: named.count(name) for name in named} == {f"how-loud.{n}": 2 for n in (1, 2, 3)}


def test_an_untouched_stub_and_an_odd_answer_get_a_hint(chapter, capsys):
    for name in (f"how-loud.{n}" for n in (1, 2, 3)):
        for answer in (..., None, float("nan"), "", [], object(), True, lambda *given: None, lambda *given: "text"):
            assert not al.check(name, answer)
            assert capsys.readouterr().out.startswith(f"Hint for {name}: ")


@pytest.mark.parametrize("part", ["listen", "practice", "newpart"])
def test_the_teachers_entry_stands_after_the_last_of_its_part(course, part):
    before = (course / "teach" / "chapters.yml").read_text(encoding="utf-8")
    old = list(yaml.safe_load(before)["pages"])
    new_chapter.main([f"{part}/how-loud"], root=course)
    text = (course / "teach" / "chapters.yml").read_text(encoding="utf-8")
    pages = yaml.safe_load(text)["pages"]
    place = max((n for n, name in enumerate(old, start=1) if name.startswith(f"{part}/")), default=len(old))
    assert list(pages) == [*old[:place], f"{part}/how-loud", *old[place:]]
    minutes = pages[f"{part}/how-loud"]["minutes"]
    page = (course / "book" / part / "how-loud.md").read_text(encoding="utf-8")
    assert f"**Time** {minutes['read'] + minutes['run']} minutes" in page
    assert "\n\n\n" not in text and text.endswith("\n")
    assert [line for line in before.splitlines() if line not in text.splitlines()] == []


def test_it_says_what_is_left_to_do(course, capsys):
    new_chapter.main([DOCNAME], root=course)
    said = capsys.readouterr().out
    assert said.count("wrote ") == 4
    for part in ("book/_toc.yml", '"- file: listen/how-loud"', "tools/write_pages.py", "make messages"):
        assert part in said


# ---------------------------------------------------------------- what it refuses


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("sound", "write part/name"), ("listen/", "write part/name"), ("listen/How-Loud", "write part/name"),
        ("listen/how_loud", "write part/name"), ("../listen/loud", "write part/name"), ("_drafts/loud", "write part"),
        ("listen/2-loud", "write part/name"), ("listen/a/b", "write part/name"), ("", "write part/name"),
        ("teach/loud", "another part"), ("reference/loud", "another part"), ("listen/lambda", "word of Python"),
        ("listen/sound", "book/listen/sound.md"), ("annotate/sound", "book/listen/sound.md"),
    ],
)  # fmt: skip
def test_bad_names_and_names_that_are_taken_are_refused(course, name, message):
    before = files(course)
    with pytest.raises(SystemExit, match=message):
        new_chapter.main([name], root=course)
    assert files(course) == before


def test_a_name_that_another_module_has_is_refused(course):
    (course / "tests" / "course" / "wrong_answers" / f"{MODULE}.py").write_text("WRONG = []\n", encoding="utf-8")
    before = files(course)
    with pytest.raises(SystemExit, match="wrong_answers/how_loud.py is there already"):
        new_chapter.main([DOCNAME], root=course)
    assert files(course) == before


def test_a_chapter_that_can_not_be_written_whole_leaves_nothing_behind(course, monkeypatch):
    before, write_text = files(course), Path.write_text

    def no_room(path, text, **named):
        write_text(path, text[:100], **named)
        if path.name == "chapters.yml":
            raise OSError("no space left on device")

    monkeypatch.setattr(Path, "write_text", no_room)
    with pytest.raises(OSError, match="no space left"):
        new_chapter.main(["newpart/how-loud"], root=course)
    assert files(course) == before and not (course / "book" / "newpart").exists()
