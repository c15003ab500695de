"""Fixtures that all tests share."""

import gc
import os
import shutil
import sys
from pathlib import Path

# Every process of the tests gathers thousands of them; to look for garbage among them takes a quarter of that time.
gc.disable()

# Before numpy and torch are loaded: tests run side by side, and workers with a thread for every core stand in each
# other's way. A pond is the tiny one unless a test asks for the book's, see `book_pond`.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(_name, "1")
os.environ.setdefault("ANURALIB_SMOKE", "1")

import pytest
from filelock import FileLock
from hypothesis import settings
from joblib import parallel_config

# An example may take long where the machine is busy.
settings.register_profile("course", deadline=None)
settings.load_profile("course")

# Tests run side by side already, and each worker process of joblib loads the libraries again. Who is to see real ones
# takes the fixture `processes`.
parallel_config(backend="sequential")

# The Sphinx extensions, the tools and the benchmarks are scripts, not packages.
ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ("book/_ext", "tools", "benchmarks", ".github/scripts")
sys.path[:0] = [str(ROOT / folder) for folder in (*SCRIPTS, "tests", "tests/course")]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip
REQUIRE_BROWSER = "ANURALIB_REQUIRE_BROWSER"  # "1" where a browser test that was skipped is a failure: .ci/run
NO_BROWSER = "no browser: run `.venv/bin/playwright install chromium`, or install chromium or google-chrome"


def pytest_collection_finish():
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="module")
def book_pond():
    """The pond of the book, made once in the user's cache."""
    import anuralib as al

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ANURALIB_SMOKE", "0")
        return al.load_dataset("pond")


@pytest.fixture
def processes():
    """joblib's workers are processes, as they are for users."""
    with parallel_config(backend="loky"):
        yield


@pytest.fixture(scope="session")
def once(tmp_path_factory):
    """`once(name, make)`: a folder that the first process of the tests fills by `make(folder)`, for all of them."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def folder_of(name, make):
        folder = base / name
        with FileLock(base / f"{name}.lock"):
            if not (folder / "made").is_file():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                (folder / "made").touch()
        return folder

    return folder_of


@pytest.fixture(scope="session")
def notebooks(once):
    """A folder with the three views of every chapter."""
    import notebook_export

    return once("notebooks", lambda out: notebook_export.export_book(ROOT / "book", out, views=notebook_export.VIEWS))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings and tables beside the repository; skips where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real data, ../shared/data, is not here")
    return folder


def open_browser(playwright):
    """A headless Chromium: the system's, else the one that Playwright downloaded before; None without either."""
    from playwright.sync_api import Error

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        return playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
    except Error as error:
        if path is None and "Executable doesn't exist" in str(error):
            return None
        raise


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; skips without one. What was skipped is told at the end, see below."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = open_browser(playwright)
        if chromium is None:
            pytest.skip(NO_BROWSER)
        yield chromium
        chromium.close()


def _not_opened(reporter):
    """The reports of the tests that had no browser."""
    return [r for r in reporter.stats.get("skipped", []) if "no browser" in str(r.longrepr)]


def pytest_terminal_summary(terminalreporter):
    skipped = _not_opened(terminalreporter)
    if skipped:
        title = f"NOT TRIED IN A BROWSER: {len(skipped)} tests"
        terminalreporter.section(title, sep="!", red=True, bold=True)
        for name in sorted({r.nodeid.split("[")[0] for r in skipped}):
            terminalreporter.write_line(name)
        terminalreporter.write_line(NO_BROWSER)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session, exitstatus):
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter and exitstatus == 0 and os.environ.get(REQUIRE_BROWSER) == "1" and _not_opened(reporter):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
