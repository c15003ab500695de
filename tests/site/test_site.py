"""The built pages, as a reader gets them. `make test` builds the book first."""

import re
import statistics
import tomllib
from collections import Counter
from pathlib import Path
from urllib.parse import unquote, urlsplit

import notebook_export
import pytest
import safe_pages
import yaml
from pages import BOOK, CHAPTERS, PAGES, SITE, SOURCES, english, soup


def problems(site):
    """What is wrong with the pages of a folder, a line each."""
    pages = {p.resolve(): soup(p.resolve()) for p in site.rglob("*.html")}
    anchors = {path: {tag["id"] for tag in page.find_all(id=True)} for path, page in pages.items()}
    found = []
    for path, page in pages.items():
        name = path.relative_to(site.resolve())
        if "Traceback (most recent call last)" in page.get_text():
            found.append(f"{name}: a traceback")
        ids = Counter(tag["id"] for tag in page.find_all(id=True))
        found += [f"{name}: the id {key} {n} times" for key, n in ids.items() if n > 1]
        for image in page.find_all("img"):
            alt = (image.get("alt") or "").strip()
            if "anura-thumbnail" in image.get("class", []):
                continue  # beside the words of its card it says nothing more
            if not alt or alt.startswith(("_images/", "../_images/")) or re.search(r"\.(png|svg|jpe?g)$", alt):
                found.append(f"{name}: image {image.get('src', '')[:60]} without a real alt text")
        for link in page.find_all("a", href=True):
            parts = urlsplit(link["href"])
            if "colab" in parts.netloc and parts.path.endswith(".md"):
                found.append(f"{name}: a Colab link to a Markdown file")
            if parts.scheme or parts.netloc or link["href"] in ("#", ""):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            if not target.is_file():
                found.append(f"{name}: link to {link['href']}, which is not there")
            elif parts.fragment and target in anchors and unquote(parts.fragment) not in anchors[target]:
                found.append(f"{name}: link to {link['href']}, where the anchor is missing")
    return found


@pytest.fixture(scope="module")
def site():
    if not (SITE / "index.html").is_file():
        pytest.fail(f"{SITE}: no built book; run `make book` first")
    return SITE


def pages_have_no_tracebacks_dead_links_or_nameless_images(site):
    assert problems(site) == []


def every_page_names_its_version_its_licences_and_how_to_cite(site):
    root = Path(__file__).resolve().parents[2]
    version = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    cff = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    assert len(PAGES) >= 20
    for path in PAGES:
        foot = soup(site / path).select_one("footer .extra_footer")
        said = foot.get_text()
        assert f"Version {version}" in said and cff["title"] in said and cff["authors"][0]["name"] in said, path
        licences = {a["href"] for a in foot.select("a[rel~=license]")}
        assert any("creativecommons.org/licenses/by/4.0" in url for url in licences) and len(licences) == 2, path


def every_page_has_the_policy_before_all_that_it_loads_and_tells_other_sites_nothing(site):
    links = 0
    for path in PAGES:
        page = soup(site / path)
        assert page.head.find(True).get("content") == safe_pages.POLICY, path
        assert len(page.select("meta[http-equiv=Content-Security-Policy]")) == 1, path
        for link in page.find_all("a", href=re.compile("^(https?:)?//")):
            links += 1
            assert "noopener" in link.get("rel", []), (path, link)
    assert links > 100


def page_bytes(path):
    """Bytes of a page with the pictures that it shows; sounds and other pictures of explorers come when asked for.

    Of a figure with a form for each theme, one is shown.
    """
    images = [image for image in soup(path).select("img[src]:not(.anura-night)") if "data:" not in image["src"]]
    shown = {urlsplit(image["src"]).path for image in images}
    return path.stat().st_size + sum((path.parent / unquote(name)).stat().st_size for name in shown)


def pages_are_small_enough(site):
    sizes = {p.name: page_bytes(p) for p in site.rglob("*.html") if "_static" not in p.parts}
    assert max(sizes.values()) < 2_000_000, sizes
    assert statistics.median(sizes.values()) < 700_000, sizes
    # Without pictures: what a browser must read before it shows a word.
    heavy = {p.name: p.stat().st_size for p in site.rglob("*.html") if p.stat().st_size > 500_000}
    assert heavy == {}


def sounds_are_files_that_are_there_and_wait_to_be_asked(site):
    n = 0
    for path in site.rglob("*.html"):
        for audio in soup(path).find_all("audio"):
            n += 1
            assert audio["preload"] == "none" and (path.parent / audio["src"]).resolve().is_file(), path.name
    assert n > 30


def lines_outside(page, boxes):
    """Whole lines of a page without those of some elements of it."""
    within = {id(text) for box in boxes for text in box.strings}
    return {line.strip() for line in "".join(s for s in page.strings if id(s) not in within).splitlines()}


def no_solution_is_given_away_outside_its_box(site):
    boxes, outside = {}, {}
    for path in site.rglob("*.html"):
        own = soup(path).select("div.solution")
        assert all(box.select_one(".dropdown, [class*=dropdown]") or "dropdown" in box["class"] for box in own)
        boxes[path] = " ".join(box.get_text() for box in own)
        # Whole lines of a page: a solution may well be a part of a longer line that the chapter shows.
        outside[path] = lines_outside(soup(path), own)
    kinds = {".js", ".json", ".txt", ".md", ".ipynb", ".inv", ".py"}
    for path in site.rglob("*"):
        if path.suffix in kinds and "_static" not in path.parts:
            outside[path] = path.read_text(encoding="utf-8", errors="ignore")
    for chapter in SOURCES:
        text = chapter.read_text(encoding="utf-8")
        lines = {line for line in notebook_export.solution_lines(text) if len(line) > 20 and "`" not in line}
        own = boxes[site / chapter.relative_to(BOOK).with_suffix(".html")]
        code = {line for line in lines if line in own}
        assert len(code) >= 3, f"{chapter.name}: the solutions can't be found in their boxes"
        for path, said in outside.items():
            given = {line for line in code if line in said}
            assert not given, f"{path.relative_to(site)} gives away {given}"


def shown_buttons(page):
    """{label: address} of the launch buttons in the header of a built page."""
    links = soup(page).select(".article-header-buttons a[href]")
    labels = ("colab-button", "download-notebook-button")
    return {label: a["href"] for a in links for label in labels if label in str(a)}


def the_buttons_of_a_chapter_lead_to_files(site):
    for page in PAGES:
        found = shown_buttons(site / page)
        assert ("download-notebook-button" in found) == (english(page) in CHAPTERS)
        if "download-notebook-button" in found:
            path = unquote(urlsplit(found["download-notebook-button"]).path)
            assert ((site / page).parent / path).resolve().is_file(), page
        if "colab-button" in found:  # a clone from GitHub knows its repository
            assert found["colab-button"].endswith(".ipynb"), page


CHECKS = (
    pages_have_no_tracebacks_dead_links_or_nameless_images,
    every_page_names_its_version_its_licences_and_how_to_cite,
    every_page_has_the_policy_before_all_that_it_loads_and_tells_other_sites_nothing,
    pages_are_small_enough,
    sounds_are_files_that_are_there_and_wait_to_be_asked,
    no_solution_is_given_away_outside_its_box,
    the_buttons_of_a_chapter_lead_to_files,
)


@pytest.mark.site
def test_all_pages(site):
    """One test for all that looks at every page, so that one process parses them, once."""
    for check in CHECKS:
        check(site)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>Traceback (most recent call last):</p>", "traceback"),
        ("<img src='a.png'>", "alt text"),
        ("<img src='a.png' alt='../_images/a.png'>", "alt text"),
        ("<a href='gone.html'>x</a>", "not there"),
        ("<a href='#gone'>x</a>", "anchor"),
        ("<a href='https://colab.research.google.com/github/a/b/blob/main/c.md'>x</a>", "Colab"),
    ],
)
def test_the_checker_finds_what_it_is_for(tmp_path, body, expected):
    (tmp_path / "index.html").write_text(f"<!doctype html><html><body>{body}</body></html>", encoding="utf-8")
    assert len(problems(tmp_path)) == 1 and expected in problems(tmp_path)[0]
