"""The launch buttons of a published book: built once more, from the cached results, with a repository set."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from bs4 import BeautifulSoup

BOOK = Path(__file__).resolve().parents[2] / "book"
COLAB = "https://colab.research.google.com/github/owner/course/blob/notebooks/"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The built site of a copy of the book whose repository is owner/course."""
    root = tmp_path_factory.mktemp("published")
    copy = root / "book"
    # What the key of the cached results is made of has to lie beside the copy, as it lies beside the book.
    shutil.copy(BOOK.parent / "constraints.txt", root)
    if (results := BOOK.parent / "benchmarks" / "results").is_dir():
        shutil.copytree(results, root / "benchmarks" / "results")
    shutil.copytree(BOOK, copy, ignore=shutil.ignore_patterns("html", ".doctrees", "jupyter_execute"))
    run = subprocess.run(
        [Path(sys.executable).with_name("jupyter-book"), "build", "-W", "--keep-going", "-n", str(copy)],
        env=os.environ | {"ANURA_COURSE_REPOSITORY": "owner/course", "ANURA_COURSE_SITE": "https://example.org/course"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-3000:]
    assert "Executing notebook" not in run.stdout + run.stderr, "the cached results were not used"
    return copy / "_build" / "html"


def buttons(page):
    """{label: address} of the launch buttons in the header of a page."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html5lib")
    links = soup.select(".article-header-buttons a[href]")
    return {name: a["href"] for a in links for name in ("colab", "download-notebook") if f"{name}-button" in str(a)}


@pytest.mark.site
def test_every_chapter_opens_its_own_notebook_on_colab_and_offers_it_for_download(published):
    notebooks = sorted((published / "notebooks").rglob("*.ipynb"))
    assert len(notebooks) >= 14
    for path in notebooks:
        name = path.relative_to(published / "notebooks").with_suffix("")
        page = published / name.with_suffix(".html")
        found = buttons(page)
        assert found["colab"] == f"{COLAB}{name.as_posix()}.ipynb"
        assert (page.parent / unquote(urlsplit(found["download-notebook"]).path)).resolve() == path.resolve()
        setup = nbformat.read(path, as_version=4).cells[0].source
        assert "git+https://github.com/owner/course" in setup and '"--no-deps"' in setup


@pytest.mark.site
def test_every_colab_button_leads_to_a_notebook_that_is_made(published):
    made = {p.relative_to(published / "notebooks").as_posix() for p in (published / "notebooks").rglob("*.ipynb")}
    pages = (p for p in published.rglob("*.html") if "_static" not in p.parts)
    wanted = {found["colab"].removeprefix(COLAB) for found in map(buttons, pages) if "colab" in found}
    assert wanted == made


@pytest.mark.site
def test_pages_without_code_have_no_launch_buttons(published):
    for name in ("intro", "setup", "reference/glossary"):
        assert buttons(published / f"{name}.html") == {}


@pytest.mark.site
def test_links_of_the_notebooks_lead_to_the_published_pages(published):
    for path in (published / "notebooks").rglob("*.ipynb"):
        for cell in nbformat.read(path, as_version=4).cells:
            for piece in cell.source.split("](https://example.org/course/")[1:]:
                page = piece.split(")")[0].split("#")[0]
                assert (published / page).is_file(), f"{path.name}: {page}"


@pytest.mark.site
def test_without_a_repository_there_is_a_download_and_no_dead_button():
    page = BOOK / "_build" / "html" / "listen" / "pond.html"
    found = buttons(page)
    assert "download-notebook" in found
    if "colab" in found:  # a clone from GitHub knows its repository
        assert found["colab"].endswith("/blob/notebooks/listen/pond.ipynb")
