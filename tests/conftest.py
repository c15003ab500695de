"""Fixtures that all tests share."""

import os
import shutil
import sys
from pathlib import Path

import pytest

# The Sphinx extension, the notebook export, the benchmarks and the teaching kit are scripts, not packages.
ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "book" / "_ext"), str(ROOT / "benchmarks"), str(ROOT / "teach")]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--autoplay-policy=no-user-gesture-required",
]  # fmt: skip


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings and tables beside the repository; skips where it is absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real data, ../shared/data, is not here")
    return folder


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; skips, loudly, without one, and fails where ANURALIB_REQUIRE_BROWSER=1."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        message = "NO BROWSER: nothing was tried in pages; install chromium or google-chrome"
        if os.environ.get("ANURALIB_REQUIRE_BROWSER") == "1":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=BROWSER_FLAGS)
        yield chromium
        chromium.close()
