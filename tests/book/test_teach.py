"""The teaching pages say what the chapters say, and the projects' baselines run."""

import re
import runpy
from pathlib import Path

import pytest
import write_pages
import yaml

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
VERBS, PAGES = write_pages.read_pages()
PROJECTS = sorted((ROOT / "teach" / "projects").glob("*.py"))
GUIDE = (BOOK / "teach" / "guide.md").read_text(encoding="utf-8")
each_page = pytest.mark.parametrize("docname", PAGES)


def text_of(docname):
    return (BOOK / f"{docname}.md").read_text(encoding="utf-8")


def labels_of(docname):
    name = docname.rpartition("/")[2]
    return set(re.findall(rf"^:label: ({name}-\d+)$", text_of(docname), flags=re.MULTILINE))


def test_every_chapter_has_an_entry_in_the_order_of_the_book():
    contents = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf-8"))
    files = [chapter["file"] for part in contents["parts"] for chapter in part["chapters"]]
    assert list(PAGES) == [file for file in files if not file.startswith(("reference/", "teach/"))]


@each_page
def test_reading_and_running_take_the_time_that_the_chapter_states(docname):
    minutes = PAGES[docname]["minutes"]
    assert set(minutes) == {"read", "run", "discuss"} and all(n % 5 == 0 for n in minutes.values())
    stated = re.search(r"^\*\*Time\*\* (\d+) minutes", text_of(docname), flags=re.MULTILINE)
    assert stated is None or minutes["read"] + minutes["run"] == int(stated[1])


@each_page
def test_exercises_that_are_named_exist_and_none_is_left_out(docname):
    named = [label for kind in ("objectives", "misconceptions")
             for label, _ in write_pages.entries(PAGES[docname][kind])]  # fmt: skip
    assert set(named) - {None} == labels_of(docname)
    assert None not in named or not labels_of(docname)


@each_page
def test_objectives_begin_with_a_verb_that_can_be_seen(docname):
    objectives = [text for _, text in write_pages.entries(PAGES[docname]["objectives"])]
    assert objectives and {text.split()[0] for text in objectives} <= set(VERBS)
    assert not {"know", "understand", "learn", "appreciate"} & set(VERBS)


@each_page
def test_chapters_have_misconceptions_and_prompts(docname):
    of = PAGES[docname]
    assert set(of) == {"minutes", "objectives", "misconceptions", "prompts"}
    assert of["prompts"]
    assert len(of["misconceptions"]) >= 3 or not labels_of(docname)


def test_the_page_is_the_one_that_the_data_make():
    assert write_pages.PAGE.read_text(encoding="utf-8") == write_pages.page(PAGES), "run tools/write_pages.py"


def tables(text):
    """{heading: rows of cells} of the tables of a page that have a column of minutes."""
    found = {}
    for heading, body in re.findall(r"^## (.+)\n([\s\S]+?)(?=^## |\Z)", text, flags=re.MULTILINE):
        rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in body.splitlines() if line[:1] == "|"]
        if rows and "minutes" in rows[0]:
            found[heading] = rows[2:]
    return found


def test_plans_add_up_and_name_exercises_that_exist():
    plans = tables(GUIDE)
    assert set(plans) == {"In a day", "In a week", "In a term"}
    known = set().union(*map(labels_of, PAGES))
    for rows in plans.values():
        *sessions, total = [[cell.strip("*") for cell in row] for row in rows]
        assert sum(int(row[2]) for row in sessions) == int(total[2])
        chapters = [re.findall(r"\]\((?:\.\./)?([\w/-]+)\.md\)", row[1]) for row in sessions]
        assert all(chapters) and {name for names in chapters for name in names} <= {*PAGES, "projects"}
        skipped = {label for row in sessions for label in re.findall(r"[a-z][a-z-]+-\d+", row[4])}
        assert skipped <= known


def test_a_week_and_a_term_leave_no_part_of_the_book_out():
    plans = tables(GUIDE)
    parts = {name.partition("/")[0] for name in PAGES}
    for plan in ("In a week", "In a term"):
        assert parts == {name.partition("/")[0] for name in PAGES for row in plans[plan] if f"{name}.md" in row[1]}


def test_each_project_is_on_the_page_with_all_that_it_needs():
    text = (BOOK / "teach" / "projects.md").read_text(encoding="utf-8")
    sections = re.split(r"^\(project-[\w-]+\)=$", text.split("\n## A rubric")[0], flags=re.MULTILINE)[1:]
    assert len(sections) == len(PROJECTS) == 6
    for section in sections:
        for part in ("Question", "Data", "Baseline", "Hand in", "Go on"):
            assert section.count(f"**{part}.** ") == 1
    assert sorted(re.findall(r"python teach/projects/(\w+\.py)", text)) == [path.name for path in PROJECTS]


@pytest.mark.parametrize("path", PROJECTS, ids=lambda p: p.stem)
def test_a_baseline_is_short_and_prints_a_small_table(path, monkeypatch, capsys):
    source = path.read_text(encoding="utf-8")
    assert len(source.splitlines()) < 40
    monkeypatch.setenv("ANURALIB_SMOKE", "1")
    monkeypatch.setattr("sys.argv", [str(path)])
    runpy.run_path(str(path), run_name="__main__")
    said = capsys.readouterr().out.splitlines()
    assert 4 <= len(said) <= 15 and all(len(line) <= 120 for line in said)
    assert any(re.search(r"\d\.\d", line) for line in said[2:])


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A folder of recordings with labels that is not the course's."""
    import anuralib as al

    return al.simulate_pond(tmp_path_factory.mktemp("own") / "own", n_recordings=12, duration_s=9, seed=3, n_jobs=1)


@pytest.mark.parametrize("path", PROJECTS, ids=lambda p: p.stem)
def test_a_baseline_takes_a_folder_of_ones_own(path, own, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ANURALIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("sys.argv", [str(path), str(own.root)])
    runpy.run_path(str(path), run_name="__main__")
    assert len(capsys.readouterr().out.splitlines()) >= 3
