"""What publishes the course: the workflows, the scripts they call, and the citation. Nothing here asks a network."""

import fnmatch
import functools
import json
import os
import re
import subprocess
import sys
import threading
import tomllib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import check_links
import course_settings
import nbformat
import pytest
import run_notebooks
import yaml

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / ".github" / "scripts"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
NAMES = [path.stem for path in WORKFLOWS]


def tool(name, *arguments):
    command = [Path(sys.executable).with_name(name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def jobs(path):
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


# ---------------------------------------------------------------- workflows


@pytest.mark.parametrize("schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"])
def test_workflows_fit_their_schema_and_can_not_hang(schema):
    run = tool("check-jsonschema", "--builtin-schema", schema, *WORKFLOWS)
    assert run.returncode == 0, run.stdout + run.stderr


def test_the_proposals_of_new_actions_fit_their_schema():
    run = tool("check-jsonschema", "--builtin-schema", "vendor.dependabot", ROOT / ".github" / "dependabot.yml")
    assert run.returncode == 0, run.stdout + run.stderr


def test_workflows_have_no_known_weakness():
    run = tool("zizmor", "--offline", "--no-progress", "--color=never", ROOT / ".github")
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("path", WORKFLOWS, ids=NAMES)
def test_what_a_workflow_installs_by_itself_has_hashes(path):
    runs = "\n".join(step.get("run", "") for job in jobs(path).values() for step in job["steps"])
    calls = re.findall(r".*\b(?:pip|pipx|uv|conda)\b.*\binstall.*", runs)
    for line in calls:
        words = line.split()
        assert {"--require-hashes", "--no-deps"} <= set(words), line
        assert (ROOT / words[words.index("--requirement") + 1]).is_file()
    assert calls or path.stem != "weekly"


def test_new_releases_of_the_pinned_packages_are_proposed():
    updates = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))["updates"]
    pip = next(update for update in updates if update["package-ecosystem"] == "pip")
    assert pip["directory"] == "/"
    pinned = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(encoding="utf-8"), re.M)
    for rule in pip["ignore"]:
        assert fnmatch.filter(pinned, rule["dependency-name"]), rule


@pytest.mark.parametrize("path", WORKFLOWS, ids=NAMES)
def test_actions_are_named_by_commit_with_their_release_beside_it(path):
    uses = re.findall(r"uses: *(.*)", path.read_text(encoding="utf-8"))
    assert uses
    for line in uses:
        assert re.fullmatch(r"actions/[\w-]+@[0-9a-f]{40}  # v\d+\.\d+\.\d+", line), line


def test_code_of_a_pull_request_has_no_secrets_and_may_only_read():
    book = ROOT / ".github" / "workflows" / "book.yml"
    text = book.read_text(encoding="utf-8")
    assert "pull_request_target" not in text and "workflow_run" not in text and "secrets." not in text
    assert yaml.safe_load(text)["permissions"] == {}
    for name, job in jobs(book).items():
        if name == "test":
            assert job["permissions"] == {"contents": "read"}
        elif name != "comment":
            assert "github.ref == 'refs/heads/main'" in job["if"] and "github.event_name == 'push'" in job["if"]
    # Of the jobs that may write, the one that answers a pull request checks nothing out.
    assert not any("checkout" in step.get("uses", "") for step in jobs(book)["comment"]["steps"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=NAMES)
def test_scripts_that_the_workflows_call_are_there(path):
    named = re.findall(r"(?:\.github/scripts|\.ci|tools)/[\w./]+", path.read_text(encoding="utf-8"))
    assert named
    for name in named:
        script = ROOT / name
        assert script.is_file() and (script.suffix == ".py" or os.access(script, os.X_OK)), name


def test_the_oldest_python_of_the_workflow_is_the_one_that_the_package_allows():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    matrix = jobs(ROOT / ".github" / "workflows" / "book.yml")["test"]["strategy"]["matrix"]["python"]
    assert project["requires-python"] == f">={matrix[0]}"


# ---------------------------------------------------------------- the branch of notebooks


def git(folder, *arguments):
    run = subprocess.run(["git", "-C", folder, *arguments], capture_output=True, text=True, check=True)
    return run.stdout.split()


def push(folder, remote):
    environment = os.environ | {"NOTEBOOKS_REMOTE": str(remote), "GITHUB_SHA": "1234567"}
    command = [SCRIPTS / "push_notebooks.sh", folder]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_branch_holds_the_notebooks_that_the_launch_buttons_name(tmp_path):
    remote, site = tmp_path / "remote.git", tmp_path / "notebooks"
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
    (site / "listen").mkdir(parents=True)
    for name in ("listen/pond", "listen/old"):
        (site / f"{name}.ipynb").write_text("{}", encoding="utf-8")
    assert push(site, remote).returncode == 0
    (site / "listen" / "old.ipynb").unlink()
    (site / "listen" / "pond.ipynb").write_text('{"cells": []}', encoding="utf-8")
    assert push(site, remote).returncode == 0
    branch, _, path = course_settings.colab_url("o/n", "listen/pond").partition("/blob/")[2].partition("/")
    assert git(remote, "ls-tree", "-r", "--name-only", branch) == [path]
    assert git(remote, "rev-list", "--count", branch) == ["1"]


def test_of_the_artifact_only_notebooks_are_published_and_nothing_of_it_runs(tmp_path):
    """The folder was made by a pull request's code at the least trusted time; here git has the token."""
    remote, site = tmp_path / "remote.git", tmp_path / "notebooks"
    subprocess.run(["git", "init", "--quiet", "--bare", remote], check=True)
    subprocess.run(["git", "init", "--quiet", site], check=True)
    for hook in ("pre-commit", "pre-push", "post-commit", "reference-transaction"):
        (site / ".git" / "hooks").mkdir(exist_ok=True)
        (site / ".git" / "hooks" / hook).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n", encoding="utf-8")
        (site / ".git" / "hooks" / hook).chmod(0o755)
    git(site, "config", "core.fsmonitor", f"touch {tmp_path}/ran")
    (site / "listen").mkdir()
    (site / ".hidden").mkdir()
    for name in ("listen/pond.ipynb", "listen/two words.ipynb", "listen/x.py", ".gitattributes", ".github.ipynb",
                 ".hidden/a.ipynb", ".git/b.ipynb"):  # fmt: skip
        (site / name).write_text("{}", encoding="utf-8")
    (tmp_path / "secret").write_text("secret", encoding="utf-8")
    (site / "listen" / "link.ipynb").symlink_to(tmp_path / "secret")
    run = push(site, remote)
    assert run.returncode == 0, run.stderr
    listed = " ".join(git(remote, "ls-tree", "-r", "--name-only", "notebooks"))
    assert listed == "listen/pond.ipynb listen/two words.ipynb"
    assert not (tmp_path / "ran").exists()


def test_no_notebooks_are_an_error_and_leave_the_branch_alone(tmp_path):
    run = push(tmp_path, tmp_path / "nowhere.git")
    assert run.returncode == 1 and "no notebooks" in run.stderr


# ---------------------------------------------------------------- the weekly check


@pytest.mark.parametrize(("open_issue", "expected"), [("", "issue create"), ("7", "issue comment 7")])
def test_a_failure_opens_an_issue_or_adds_to_the_open_one(tmp_path, open_issue, expected):
    log, reports = tmp_path / "log", tmp_path / "reports"
    reports.mkdir()
    (reports / "links.md").write_text("## Links\nhttps://example.org is gone\n", encoding="utf-8")
    # A stand-in that lists the open issue, and else writes down its arguments and the file that the last one names.
    stub = f"""#!/bin/sh
        if [ "$2" = list ]; then echo "{open_issue}"; exit; fi
        echo "$@" >> {log}
        for last; do :; done
        cat "$last" >> {log}"""
    (tmp_path / "gh").write_text(stub, encoding="utf-8")
    (tmp_path / "gh").chmod(0o755)
    place = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "GITHUB_REPOSITORY": "o/n", "RUN": "https://r"}
    environment = os.environ | place
    subprocess.run([SCRIPTS / "report_issue.sh", "The check fails", reports], env=environment, check=True)
    said = log.read_text(encoding="utf-8")
    assert said.startswith(expected) and said.count("--repo o/n") == 1
    assert "example.org is gone" in said and "https://r" in said
    assert ("--title The check fails" in said) == (not open_issue)


class Answers(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response({"/fine": 200, "/gone": 404, "/shy": 403, "/get-only": 200}[self.path])
        self.end_headers()

    def do_HEAD(self):
        self.send_response(405 if self.path == "/get-only" else {"/fine": 200, "/shy": 403}.get(self.path, 404))
        self.end_headers()

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    running = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    thread.join()
    running.server_close()


def check(site, *links):
    body = "".join(f"<a href='{link}'>x</a>" for link in links)
    (site / "index.html").write_text(f"<!doctype html>{body}<a href='other.html'>x</a>", encoding="utf-8")
    ask = functools.partial(check_links.answer, timeout_s=20, wait_s=0)
    check_links.main([str(site), "--report", str(site / "report.md")], ask=ask, passed_over=())


def test_links_that_are_gone_are_told_from_those_that_turn_robots_away(tmp_path, server):
    with pytest.raises(SystemExit, match="1 links are gone"):
        check(tmp_path, *(f"{server}/{name}" for name in ("fine#part", "gone", "shy", "get-only")))
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "4 asked" in report and "/gone (404" in report and "/shy (403" in report and "index.html" in report
    assert "/fine" not in report and "/get-only" not in report and "other.html" not in report


def test_links_that_are_there_or_unclear_are_no_failure(tmp_path, server):
    check(tmp_path, f"{server}/fine", f"{server}/shy")


def test_what_a_foreign_server_says_is_no_markdown_of_the_issue(tmp_path):
    words = "x) @everyone [click](http://evil) ![p](http://evil/p.png) `` <img src=x>\n# Big\n- https://evil " + "x" * 9
    address = "https://a.example/wiki/Frog_(animal)?a=1&b=[x](http://evil)@everyone`<b>"
    site, report = tmp_path / "site", tmp_path / "report.md"
    site.mkdir()
    (site / "index.html").write_text(f'<a href="{address.replace("<", "&lt;")}">x</a>', encoding="utf-8")
    with pytest.raises(SystemExit):
        check_links.main([str(site), "--report", str(report)], lambda link: ("gone", f"404 {words}"), passed_over=())
    (line,) = [line for line in report.read_text(encoding="utf-8").splitlines() if line.startswith("- ")]
    assert len(line) < 600 and line.startswith("- https://a.example/wiki/Frog_%28animal%29?a=1&b=%5Bx%5D")
    outside = re.sub("`[^`]*`", "", line)
    assert not set(line) & set("[]<>@!#*\\") and "evil" not in outside.replace("%28http://evil%29", "")
    assert line.count("`") == 2 and outside.endswith("%60%3Cb%3E (404 ), on index.html")


def notebook(path, *sources):
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources]), path)


def test_notebooks_that_fail_are_reported_and_the_others_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYTHONWARNINGS", "default")
    passed = "print('Pass: 1\\nPass: 2\\nPass: 3')"
    notebook(tmp_path / "nb" / "a" / "good.ipynb", "import os\nassert os.listdir() == []", passed)
    run_notebooks.main([str(tmp_path / "nb")])
    notebook(tmp_path / "nb" / "bad.ipynb", passed, "1 / 0")
    notebook(tmp_path / "nb" / "hint.ipynb", passed, "print('Hint for sound.1: no')")
    with pytest.raises(SystemExit, match="2 of 3 failed"):
        run_notebooks.main([str(tmp_path / "nb"), "--report", str(tmp_path / "report.md")])
    report = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "ZeroDivisionError" in report and "Hint for sound.1" in report and "good.ipynb" not in report
    assert "ran  a/good.ipynb" in capsys.readouterr().out


# ---------------------------------------------------------------- citation


def test_the_citation_is_valid_and_of_this_version():
    run = tool("check-jsonschema", "--builtin-schema", "vendor.citation-file-format", ROOT / "CITATION.cff")
    assert run.returncode == 0, run.stdout + run.stderr
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert cff["version"] == project["version"]
    assert json.dumps(cff["title"])[1:-1] in course_settings.citation(ROOT)
