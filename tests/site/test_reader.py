"""What a reader's browser gets: nothing from elsewhere, all of the page, and no obstacle on the way to it.

Every page is opened twice: from disk, and from a server on this machine. Any other address is cut off.
"""

import functools
import importlib.util
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import notebook_export
import pytest

SITE = Path(__file__).resolve().parents[2] / "book" / "_build" / "html"
# index.html only leads on to intro.html, in each language.
LEADS_ON = [SITE / folder / "index.html" for folder in ("", "es", "pt_BR")]
FILES = (p for p in SITE.rglob("*.html") if "_static" not in p.parts and p not in LEADS_ON)
PAGES = sorted(p.relative_to(SITE).as_posix() for p in FILES)
BOOK = SITE.parents[1]
SOURCES = [p for p in notebook_export.chapter_paths(BOOK) if notebook_export.is_chapter(p.read_text(encoding="utf-8"))]
CHAPTERS = [p.relative_to(BOOK).with_suffix(".html").as_posix() for p in SOURCES]

# Addresses that a page may ask for when it is opened; a reason beside each.
ALLOWED = set()
# What axe finds in the theme's own parts and we don't mend; an issue beside each. Our content is never excepted.
THEME = {
    "region": "moderate: the name of the book and the search stand outside all landmarks. pydata-sphinx-theme, "
    "pull request 1454 (Fix landmarks)",
    "label-content-name-mismatch": "experimental rule: the search's button is named Search and shows its keys too. "
    "pydata-sphinx-theme, issue 1428 (Summary of Axe accessibility issues)",
}
GRAVE = ("serious", "critical")
FIRST_PAGE_BYTES = 300_000  # without pictures; as they lie on disk, that is before a server's compression

pytestmark = [pytest.mark.browser, pytest.mark.site]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def address():
    """The site on a server on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def visit(browser, address):
    """Open an address with the network cut off: `tab.asked` is what it asked for elsewhere, `tab.said` its errors."""
    context = browser.new_context()

    def visited(url, width=390):
        tab = context.new_page()
        tab.set_viewport_size({"width": width, "height": 900})
        tab.asked, tab.said = [], []
        tab.on("console", lambda message: tab.said.append(message.text) if message.type == "error" else None)
        tab.on("pageerror", lambda error: tab.said.append(str(error)))

        def elsewhere(route):
            if route.request.url.startswith((address, "file:", "data:", "blob:")):
                route.continue_()
            else:
                tab.asked.append(route.request.url)
                route.abort()

        tab.route("**/*", elsewhere)
        tab.goto(url)
        return tab

    yield visited
    context.close()


# ---------------------------------------------------------------- the network cut

SHOWN = """async () => {
  if (document.querySelector(".math") && window.MathJax) await MathJax.startup.promise;
  const all = selector => [...document.querySelectorAll(selector)];
  // Below the first screen a picture is fetched when it comes near.
  await Promise.all(all("img").map(image => { image.loading = "eager"; return image.decode().catch(() => {}); }));
  return {
    text: document.querySelector("#main-content").innerText.length,
    icons: [...document.fonts].filter(font => font.family.includes("Awesome")).map(font => font.status),
    brokenImages: all("img").filter(image => !image.naturalWidth).map(image => image.src.slice(0, 80)),
    silentPlayers: all("audio").filter(audio => audio.error || !audio.src && !audio.querySelector("source")).length,
    players: all(".anura-player audio").length,
    quizzes: all("details.quiz-answer").length,
    rawMath: all(".math").filter(math => !math.querySelector("mjx-container svg")).length,
  };
}"""


@pytest.mark.parametrize("name", PAGES)
def test_everything_shows_on_a_phone_from_disk_without_a_network(visit, name):
    tab = visit((SITE / name).as_uri())
    shown = tab.evaluate(SHOWN)
    assert set(tab.asked) <= ALLOWED and tab.said == []
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert shown["brokenImages"] == [] and shown["silentPlayers"] == 0 and shown["rawMath"] == 0
    assert shown["text"] > (100 if name.endswith(("search.html", "genindex.html")) else 300)
    assert "error" not in shown["icons"]
    if name in CHAPTERS:
        assert shown["players"] >= 1 and shown["quizzes"] >= 6


# ---------------------------------------------------------------- accessibility


@pytest.fixture(scope="module")
def axe():
    package = importlib.util.find_spec("axe_playwright_python")
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")


AXE = """async rules => {
  const result = await axe.run(document, {resultTypes: ["violations"], ...rules});
  return result.violations.map(v => [v.id, v.impact, v.nodes.map(n => `${n.target}: ${n.html.slice(0, 160)}`)]);
}"""


def grave_findings(tab, axe, rules):
    if tab.evaluate("!window.axe"):
        tab.evaluate(axe)
    found = tab.evaluate(AXE, rules)
    return [(rule, nodes) for rule, impact, nodes in found if impact in GRAVE and rule not in THEME]


@pytest.mark.parametrize("name", PAGES)
def test_no_grave_obstacle_and_enough_contrast_in_the_dark_too(visit, axe, address, name):
    tab = visit(address + name)
    assert set(tab.asked) <= ALLOWED and tab.said == []
    assert grave_findings(tab, axe, {}) == []
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert grave_findings(tab, axe, {"runOnly": ["color-contrast"]}) == []


def test_the_check_finds_what_it_is_for(browser, axe):
    tab = browser.new_page()
    body = "<h1>A pond</h1><img src='frog.png'><p style='color: #bbb'>Pale words on white.</p>"
    tab.set_content(f"<!doctype html><html lang=en><title>A pond</title><main>{body}</main></html>")
    assert {rule for rule, _ in grave_findings(tab, axe, {})} == {"image-alt", "color-contrast"}
    tab.close()


# ---------------------------------------------------------------- weight


def test_the_first_page_is_light(visit, address):
    tab = visit("about:blank")
    sizes = {}

    def count(response):
        if response.request.resource_type != "image" and response.ok:
            sizes[response.url] = len(response.body())

    tab.on("requestfinished", lambda request: count(request.response()))
    tab.goto(address, wait_until="commit")
    tab.wait_for_url("**/intro.html")
    tab.wait_for_load_state("networkidle")
    assert any(url.endswith("lean.css") for url in sizes) and any(url.endswith("intro.html") for url in sizes)
    assert sum(sizes.values()) < FIRST_PAGE_BYTES, sizes


def test_formulas_are_typeset_only_where_there_are_some():
    for name in PAGES:
        text = (SITE / name).read_text(encoding="utf-8")
        # A formula in the output of a cell has no class of its own.
        has_math = 'class="math' in text or "\\(" in text.split("<article")[-1] or "$$" in text
        assert ("tex-svg.js" in text) <= has_math, name
        assert ('class="math' in text) <= ("tex-svg.js" in text), name


# ---------------------------------------------------------------- the keyboard alone (more of it: test_browser.py)


def test_a_word_of_the_glossary_is_found_by_keyboard(visit, address):
    tab = visit(address + "listen/pond.html", width=1280)
    tab.keyboard.press("Control+k")
    tab.locator("#pst-search-dialog input").wait_for(state="visible")
    tab.keyboard.type("spectrogram")
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/search.html?q=spectrogram*")
    found = tab.locator("#search-results a[href*='reference/glossary.html']").first
    found.wait_for()
    found.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_url("**/reference/glossary.html*")
    assert tab.locator("#main-content").get_by_text("spectrogram").count() >= 1
    assert tab.asked == []
