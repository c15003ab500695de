"""The launch buttons and notebooks of a published book, whose repository is known: owner/course."""

from types import SimpleNamespace

import anura_course
import nbformat
import notebook_export
import pytest
from pages import BOOK, CHAPTERS, PAGES, SITE

COLAB = "https://colab.research.google.com/github/owner/course/blob/notebooks/"
PACKAGE = "anuralib @ git+https://github.com/owner/course@" + "0" * 40


@pytest.fixture(scope="module")
def notebooks(tmp_path_factory):
    """The learners' notebooks as they are published, {docname: notebook}."""
    folder = tmp_path_factory.mktemp("published")
    published = {"package": PACKAGE, "site_url": "https://example.org/course"}
    notebook_export.export_book(BOOK, folder, views=["learner"], **published)
    root = folder / "learner"
    paths = {p.relative_to(root).with_suffix("").as_posix(): p for p in root.rglob("*.ipynb")}
    return {name: nbformat.read(path, as_version=4) for name, path in paths.items()}


def made_buttons(docname, repository="owner/course"):
    """{label: address} of the buttons that the extension adds to a page of a book with this repository."""
    env = SimpleNamespace(metadata={docname: {"kernelspec": {}} if f"{docname}.html" in CHAPTERS else {}})
    app = SimpleNamespace(config=SimpleNamespace(anura_translation="", anura_repository=repository), env=env)
    context = {"header_buttons": [], "pathto": lambda name, resource: f"../{name}"}
    anura_course.add_buttons(app, docname, "page.html", context, None)
    return {button["label"]: button["url"] for button in context["header_buttons"]}


def test_every_chapter_opens_its_own_notebook_on_colab_and_no_other_page_does(notebooks):
    assert {f"{name}.html" for name in notebooks} == set(CHAPTERS) and len(CHAPTERS) >= 14
    for docname in (page.removesuffix(".html") for page in PAGES):
        found = made_buttons(docname)
        assert found.get("colab-button") == (f"{COLAB}{docname}.ipynb" if docname in notebooks else None)
        assert ("download-notebook-button" in found) == (docname in notebooks)


def test_notebooks_install_the_course_and_link_to_its_pages(notebooks):
    for docname, notebook in notebooks.items():
        setup = notebook.cells[0].source
        assert f'"{PACKAGE}"' in setup and '"--no-deps"' in setup
        for cell in notebook.cells:
            for piece in cell.source.split("](https://example.org/course/")[1:]:
                page = piece.split(")")[0].split("#")[0]
                assert (SITE / page).is_file(), f"{docname}: {page}"


def test_without_a_repository_there_is_a_download_and_no_dead_button():
    assert set(made_buttons("listen/pond", repository="")) == {"download-notebook-button"}
