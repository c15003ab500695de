"""Without a browser a plain run says what it left out, and continuous integration fails."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BROWSER_TEST = "def test_title(browser):\n    assert browser.new_page().title() == ''\n"


def run_without_browser(folder, **settings):
    """A browser test run where neither the system nor Playwright has a browser."""
    shutil.copy(ROOT / "tests" / "conftest.py", folder)
    (folder / "test_page.py").write_text(BROWSER_TEST, encoding="utf-8")
    kept = {k: v for k, v in os.environ.items() if k != "ANURALIB_REQUIRE_BROWSER"}
    nowhere = {"PATH": str(folder / "nothing"), "PLAYWRIGHT_BROWSERS_PATH": str(folder / "nothing")}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"]
    return subprocess.run(
        command, cwd=folder, env=kept | nowhere | settings, capture_output=True, text=True, check=False
    )


def test_a_plain_run_says_loudly_what_it_skipped(tmp_path):
    run = run_without_browser(tmp_path)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "NOT TRIED IN A BROWSER: 1 tests" in run.stdout
    assert "test_page.py::test_title" in run.stdout and "playwright install chromium" in run.stdout


def test_continuous_integration_fails_when_a_browser_test_is_skipped(tmp_path):
    run = run_without_browser(tmp_path, ANURALIB_REQUIRE_BROWSER="1")
    assert run.returncode == 1 and "NOT TRIED IN A BROWSER" in run.stdout


@pytest.mark.parametrize(("present", "installs"), [((), True), (("chromium",), False), (("google-chrome",), False)])
def test_ci_installs_a_browser_first_where_there_is_none(tmp_path, present, installs):
    log = tmp_path / "log"
    tools = {"id": "echo 0", "make": f'echo "make $* $ANURALIB_REQUIRE_BROWSER" >> {log}',
             "apt-get": f'echo "apt-get $1" >> {log}'} | dict.fromkeys(present, "true")  # fmt: skip
    for name, body in tools.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{body}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    for name in ("bash", "sh", "dirname"):
        (tmp_path / name).symlink_to(shutil.which(name))
    subprocess.run([shutil.which("bash"), ROOT / ".ci" / "run"], env={"PATH": str(tmp_path)}, check=True)
    expected = ["apt-get update", "apt-get install"] if installs else []
    assert log.read_text(encoding="utf-8").splitlines() == [*expected, "make test 1"]
