"""The look ahead to the newest Sphinx: what it takes, compares and says. No build, and no network."""

import sys
import tomllib
from collections import Counter
from pathlib import Path

import newest_build
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
CONF = """\
bibtex_bibfiles = ['references.bib']
extensions = ['myst_nb', 'jupyter_book', 'sphinxcontrib.bibtex', 'anura_course', 'myst_nb', 'sphinx_jupyterbook_latex']
numfig = True
"""
NOTHING = {"rc": 0, "warnings": Counter(), "pages": {"intro.html"}, "addresses": {}, "log": ""}
VERSIONS = {"sphinx": ("7.4.7", "9.0.4")}


def test_the_newest_environment_has_no_jupyter_book_and_no_limits_on_what_makes_pages():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = newest_build.requirements(project)
    assert any(r.startswith("jupyter-book") for r in wanted) and not any(r.startswith("torch") for r in wanted)
    assert any(r.startswith("torch>") for r in newest_build.requirements(project, learn=True))
    free = newest_build.without_limits(wanted)
    assert not any(r.startswith("jupyter-book") for r in free)
    assert {"sphinx", "sphinx-exercise", "jupytext"} <= set(free) and len(set(free)) == len(free)
    assert set(project["dependencies"]) <= set(free)


@pytest.mark.parametrize("learn", [False, True])
def test_the_pinned_environment_is_checked_by_hash(learn):
    said = newest_build.pinned_files(ROOT, learn)
    assert {"--require-hashes", "--no-deps"} <= set(said)
    files = [path for path in said if isinstance(path, Path)]
    assert all(path.is_file() for path in files) and ("torch.txt" in {path.name for path in files}) == learn


def test_conf_is_without_jupyter_book_and_finds_the_books_own_extensions():
    conf = newest_build.plain_conf(CONF)
    assert "extensions = ['myst_nb', 'sphinxcontrib.bibtex', 'anura_course']\nnumfig = True\n" in conf
    assert "jupyter" not in conf and "bibtex_bibfiles = ['references.bib']\n" in conf and '"_ext"' in conf
    compile(conf, "conf.py", "exec")


def test_a_conf_of_another_form_is_no_silent_success():
    with pytest.raises(ValueError, match="names no extensions"):
        newest_build.plain_conf("extensions = [\n'myst_nb']\n")


def test_warnings_are_told_apart_by_what_they_say():
    way = "WARNING: failed to import\nTraceback (most recent call last)\n"
    old = "/a/course/book/x.md:3: WARNING: No key 'n' [mystnb.glue]\n" + way + "  line 3\nE: no\n"
    new = "/b/course/book/x.md:3: WARNING: No key 'n' [a.b] [mystnb.glue]\n" + way + "  line 5\nE: no\n\n"
    found = newest_build.warnings_of(old, "/a/course")
    assert found == {"book/x.md:3: WARNING: No key 'n'": 1, "WARNING: failed to import E: no": 1}
    assert newest_build.warnings_of(new, "/b/course") == found
    assert newest_build.warnings_of("WARNING: odd\n\nExtension error!\n", "/a") == {"WARNING: odd": 1}
    assert newest_build.warnings_of("", "/a") == Counter()


def test_what_a_page_asks_others_for_or_in_vain_is_found(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "there.js").write_text("", encoding="utf-8")
    tags = (
        '<link rel="canonical" href="https://example.org/"><link href="../there.js?v=1#x"><a href="gone.html">x</a>'
        '<script async src="//example.org/a.js"></script><img alt="x" src="gone.png"><img src="data:image/png,A">'
    )
    (tmp_path / "deep" / "page.html").write_text(tags, encoding="utf-8")
    found = newest_build.addresses(tmp_path)
    assert found == {"//example.org/a.js": "deep/page.html", "gone.png": "deep/page.html"}


def test_only_what_the_pinned_versions_do_better_is_a_fault():
    poor = NOTHING | {"warnings": Counter({"a": 2, "b": 1}), "addresses": {"gone.png": "intro.html"}}
    assert newest_build.faults(poor, poor) == [] == newest_build.faults(poor, NOTHING)
    worse = {"rc": 2, "warnings": Counter({"a": 3}), "pages": set(), "addresses": {"//e.org": "x.html"}, "log": ""}
    said = "\n".join(newest_build.faults(poor, worse))
    for part in ("ended with 2", "1 pages are missing: intro.html", "x.html asks", "//e.org", "1 warnings are new"):
        assert part in said


def test_the_report_has_what_one_needs_to_judge_it():
    log = "\n".join(f"line {n}" for n in range(100))
    newest = NOTHING | {"rc": 2, "warnings": Counter({"x.md: WARNING: odd": 2}), "log": log}
    text = newest_build.report(NOTHING, newest, VERSIONS, {"sphinx": "9.9"})
    assert text.startswith("## The book with the newest Sphinx: what breaks\n")
    assert "| sphinx | 7.4.7 | 9.0.4 | 9.9 |" in text and "x.md: WARNING: odd (2 times)" in text
    assert "line 99" in text and "line 10\n" not in text and "doubt" not in text
    assert "doubt all of this" in newest_build.report(newest, newest, VERSIONS, {})
    assert "nothing breaks" in newest_build.report(NOTHING, NOTHING, VERSIONS, {})


SPHINX = """#!{python}
# A stand-in for a Python with Sphinx: notes what it is asked, warns once, and writes one page.
import pathlib, sys
arguments = sys.argv[1:]
pathlib.Path({log!r}).write_text("\\n".join(arguments), encoding="utf-8")
out = pathlib.Path(arguments[-1])
out.mkdir()
(out / "intro.html").write_text("<p>x</p>", encoding="utf-8")
pathlib.Path(arguments[arguments.index("-w") + 1]).write_text("intro.md:1: WARNING: odd", encoding="utf-8")
print("it was said")
sys.exit({rc})
"""


@pytest.mark.parametrize(("rc", "learn"), [(0, False), (3, True)])
def test_a_build_runs_no_cell_and_needs_no_torch(tmp_path, rc, learn):
    python = tmp_path / "python"
    python.write_text(SPHINX.format(python=sys.executable, log=str(tmp_path / "asked"), rc=rc), encoding="utf-8")
    python.chmod(0o755)
    found = newest_build.build(python, tmp_path, tmp_path / "out", learn=learn)
    assert found["rc"] == rc and found["pages"] == {"intro.html"} and "it was said" in found["log"]
    assert found["warnings"] == {"intro.md:1: WARNING: odd": 1}
    asked = (tmp_path / "asked").read_text(encoding="utf-8").splitlines()
    assert asked[:2] == ["-m", "sphinx"] and "nb_execution_mode=off" in asked and "-W" not in asked
    assert (f"autodoc_mock_imports={newest_build.STAND_INS}" in asked) is not learn


@pytest.mark.parametrize("worse", [False, True])
def test_something_worse_fails_the_step_and_leaves_the_report(tmp_path, monkeypatch, capsys, worse):
    monkeypatch.setattr(newest_build, "look", lambda *given: (worse, "## The report\n"))
    arguments = ["--report", str(tmp_path / "new" / "report.md"), "--folder", str(tmp_path / "work")]
    if worse:
        with pytest.raises(SystemExit, match="The report"):
            newest_build.main(arguments)
    else:
        newest_build.main(arguments)
        assert "The report" in capsys.readouterr().out
    assert (tmp_path / "new" / "report.md").read_text(encoding="utf-8") == "## The report\n"


def test_a_break_gets_an_issue_of_its_own_and_fails_no_other_job():
    jobs = yaml.safe_load((ROOT / ".github" / "workflows" / "weekly.yml").read_text(encoding="utf-8"))["jobs"]
    step = next(step for step in jobs["newest"]["steps"] if step.get("id") == "build")
    assert step["continue-on-error"] and "newest_build.py" in step["run"]
    assert "newest" not in jobs["issue"]["needs"] and jobs["issue-newest"]["needs"] == "newest"
    titles = [jobs[name]["steps"][-1]["run"] for name in ("issue", "issue-newest")]
    assert all("report_issue.sh" in title for title in titles) and len(set(titles)) == 2
    kept = [step["with"]["name"] for step in jobs["newest"]["steps"] if "upload-artifact" in step.get("uses", "")]
    fetched = [step["with"]["name"] for step in jobs["issue-newest"]["steps"] if "download" in step.get("uses", "")]
    assert kept == fetched and not kept[0].startswith("report-")
