"""Every chapter keeps the form that the course promises; read from the sources."""

import ast
import io
import re
import tokenize
from pathlib import Path

import jupytext
import notebook_export
import pytest
from myst_to_markdown import PARSER, directive_name
from prose import typed_results

from anuralib.course.exercises import exercises

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
PAGES = notebook_export.chapter_paths(BOOK)
NOT_LESSONS = {"reference", "teach"}
CHAPTERS = [
    p for p in PAGES
    if notebook_export.is_chapter(p.read_text(encoding="utf-8")) and p.parent.name not in NOT_LESSONS
]  # fmt: skip
LEVELS = ("warm up", "core", "further")
KINDS = ("compute", "write", "mend", "read", "predict", "annotate")
TITLE = re.compile(rf".+ · ({'|'.join(LEVELS)}), ({'|'.join(KINDS)})$")
SAYS_UNIT = re.compile(r"\([^)]+\)|code|species|call type|annotator|calling index|seconds")

ANSWER = r"^:class-container: quiz-answer( quiz-right)?\n\n\*\*(Right|Not quite)\.\*\* \S"

each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda p: p.stem)


def text_of(path):
    return path.read_text(encoding="utf-8")


def code_cells(path):
    return [c for c in jupytext.reads(text_of(path), fmt="md:myst").cells if c.cell_type == "code"]


def directives(path, *names):
    """(argument, content) of the directives of these names, in order."""
    tokens = PARSER.parse(text_of(path), {})
    return [(t.info.partition("}")[2].strip(), t.content) for t in tokens if directive_name(t) in names]


def code_lines(source):
    """Lines of code as Python reads them: one that is wrapped within brackets counts once, a comment not at all."""
    plain = re.sub(r"^([%!].*|.*\?)$", "pass", source, flags=re.MULTILINE)  # what only a notebook understands
    return [t for t in tokenize.generate_tokens(io.StringIO(plain).readline) if t.type == tokenize.NEWLINE]


def test_every_page_is_in_the_table_of_contents():
    listed = set(re.findall(r"(?:file|root): (\S+)", text_of(BOOK / "_toc.yml")))
    assert {p.relative_to(BOOK).with_suffix("").as_posix() for p in PAGES} == listed


@each_chapter
def test_cells_and_chapters_are_short(chapter):
    lengths = [len(code_lines(cell.source)) for cell in code_cells(chapter)]
    assert max(lengths) <= 20
    assert sum(lengths) <= 120


def _functions(source):
    """{body without names of the function: name} of the functions in Python code of some length."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            found["\n".join(ast.unparse(line) for line in body)] = node.name
    return found


@pytest.fixture(scope="module")
def ours():
    """The functions of the package, as `_functions` gives them."""
    found = {}
    for module in sorted((ROOT / "anuralib").rglob("*.py")):
        found |= _functions(text_of(module))
    return found


@each_chapter
def test_no_function_is_pasted_from_the_package(chapter, ours):
    for cell in code_cells(chapter):
        for body, name in _functions(cell.source).items():
            assert body not in ours or len(body) < 40, f"{name} is {ours.get(body)} of the package"
            assert name not in ours.values(), f"{name} has the name of a function of the package"


@each_chapter
def test_a_chapter_has_its_parts(chapter):
    text = text_of(chapter)
    boxes = [title for title, _ in directives(chapter, "admonition")]
    assert "What you will be able to do" in boxes
    assert "In the paper" in boxes or chapter.stem == "benchmark"  # which is about nothing else
    assert "**Time** " in text and "**Needs** " in text
    headings = re.findall(r"^## (.+)$", text, flags=re.MULTILINE)
    assert headings[-4:] == ["Exercises", "Quiz", "What to remember", "Further reading"]
    first_screen = text[: text.index("\n## ")]
    if notebook_export.is_executed(text):
        assert "al.player(" in first_screen and "imulated" in first_screen
    else:
        assert "**The book shows no outputs here.**" in first_screen and "glue" not in text
    assert "{cite" in text[text.index("## Further reading") :]


@each_chapter
def test_exercises_have_levels_kinds_stubs_and_checks(chapter):
    name, text = chapter.stem, text_of(chapter)
    titles = [title for title, _ in directives(chapter, "exercise")]
    found = [TITLE.fullmatch(title) for title in titles]
    assert all(found), titles
    assert len(titles) >= 3
    assert {m[1] for m in found} == set(LEVELS)
    assert len({m[2] for m in found}) >= 2
    numbers = range(1, len(titles) + 1)
    labels = re.findall(r"^:label: (\S+)$", text, flags=re.MULTILINE)
    assert [label for label in labels if re.fullmatch(rf"{name}-\d+", label)] == [f"{name}-{n}" for n in numbers]
    assert [argument for argument, _ in directives(chapter, "solution-start")] == [f"{name}-{n}" for n in numbers]
    assert [e for e in exercises() if e.rpartition(".")[0] == name] == sorted(f"{name}.{n}" for n in numbers)
    stubs = [cell.source for cell in code_cells(chapter) if "exercise-stub" in cell.metadata.get("tags", [])]
    assert len(stubs) == len(titles)
    for n, stub in zip(numbers, stubs, strict=True):
        assert f'al.check("{name}.{n}", ' in stub
        assert text.count(f'assert al.check("{name}.{n}", ') == 1


def test_the_course_has_many_exercises_of_every_kind():
    found = [TITLE.fullmatch(title) for path in CHAPTERS for title, _ in directives(path, "exercise")]
    assert len(found) >= 45
    assert {m[2] for m in found} == set(KINDS)


@each_chapter
def test_quizzes_have_feedback_on_every_answer(chapter):
    text = text_of(chapter)
    quiz = text[text.index("\n## Quiz") : text.index("\n## What to remember")]
    questions = re.split(r"^\*\*\d\. ", quiz, flags=re.MULTILINE)[1:]
    assert 3 <= len(questions) <= 5
    for question in questions:
        answers = re.findall(ANSWER, question, re.MULTILINE)
        assert len(answers) == question.count(":::{dropdown}") >= 2
        # The mark that the page draws, a tick or a cross, is that of the word.
        assert all(word == ("Right" if mark else "Not quite") for mark, word in answers)
        assert [word for _, word in answers].count("Right") == 1


@each_chapter
def test_figures_have_alt_text_captions_and_units(chapter):
    for cell in code_cells(chapter):
        mystnb = cell.metadata.get("mystnb", {})
        if "figure" in mystnb:
            assert len(mystnb["image"]["alt"]) > 60, cell.source
            assert len(mystnb["figure"]["caption"]) > 20
            assert not re.search(r"\b(jet|hsv|rainbow|Reds|RdYlGn|spring|tab10)\b", cell.source)
        for label in re.findall(r"[xy]label=f?\"([^\"]+)\"", cell.source):
            assert SAYS_UNIT.search(label), f"{label}: no unit"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.stem)
def test_results_in_prose_come_from_cells_or_citations(page):
    assert typed_results(text_of(page)) == []


def test_the_search_for_typed_results_finds_them():
    assert typed_results("The macro F1 falls to 0.43 here.\n")
    assert typed_results("About 30 % of the types are lost.\n")
    assert typed_results(":::{note}\nIts kappa is 0.61.\n:::\n")
    assert not typed_results("It falls to {glue:text}`x:.2f` here.\n")
    assert not typed_results("Its F1 is 37.8 % {cite:p}`canas2023anuraset`.\n")
    assert not typed_results("The score at a threshold of 0.5 is next.\n")
