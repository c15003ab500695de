"""What a reader's browser gets: nothing from elsewhere, all of the page, and no obstacle on the way to it.

Every page is opened once, from disk as a reader of the offline copy would; some are opened from a server on this
machine, too. Any other address is cut off.
"""

import functools
import importlib.util
import re
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from catalogues import LANGUAGES
from pages import CHAPTERS, PAGES, SITE, WITH_OUTPUTS, english

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
FIRST_PAGE_BYTES = 500_000  # without pictures; as they lie on disk, that is before a server's compression

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


@pytest.fixture(scope="module")
def tab(browser, address):
    """One tab for all pages: a new one would compile the scripts of the site anew, which is half of the work."""
    context = browser.new_context()
    tab = context.new_page()
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
    yield tab
    context.close()


@pytest.fixture
def visit(tab):
    """Open an address with the network cut off: `tab.asked` is what it asked for elsewhere, `tab.said` its errors."""

    def visited(url, width=390):
        tab.goto("about:blank")  # what the page before still has to say is not of this one
        tab.set_viewport_size({"width": width, "height": 900})
        tab.asked.clear()
        tab.said.clear()
        tab.goto(url)
        return tab

    yield visited
    if tab.url.startswith(("file:", "http:")):
        tab.evaluate("[localStorage, sessionStorage].forEach(kept => kept.clear())")  # as a new reader


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


def everything_shows(tab, name):
    shown = tab.evaluate(SHOWN)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    assert shown["brokenImages"] == [] and shown["silentPlayers"] == 0 and shown["rawMath"] == 0
    assert shown["text"] > (100 if name.endswith(("search.html", "genindex.html")) else 300)
    assert "error" not in shown["icons"]
    if name in CHAPTERS:
        assert (shown["players"] >= 1) is (name in WITH_OUTPUTS) and shown["quizzes"] >= 6


CUT_OFF = """() => [...document.querySelectorAll(".highlight pre")]
  .filter(code => !code.closest(".cell_output") && code.clientWidth && code.scrollWidth > code.clientWidth + 1)
  .map(code => code.innerText.slice(0, 80))"""


# ---------------------------------------------------------------- accessibility


@pytest.fixture(scope="module")
def axe():
    package = importlib.util.find_spec("axe_playwright_python")
    return (Path(package.origin).parent / "axe.min.js").read_text(encoding="utf-8")


AXE = """async onlyContrast => {
  // The contrast of one text takes axe a millisecond, and most look like another: the first of each look is taken.
  // Without preload: axe would fetch style sheets anew, which a page on disk may not do.
  const looks = new Map();
  const texts = element => [...element.childNodes].some(node => node.nodeType === Node.TEXT_NODE && node.data.trim());
  for (const element of document.body.querySelectorAll("*")) {
    if (!texts(element) || !element.checkVisibility()) continue;
    const {color, fontSize, fontWeight, opacity} = getComputedStyle(element);
    const look = [color, fontSize, fontWeight, opacity];
    for (let around = element; around && look.length < 12; around = around.parentElement)
      look.push(around.tagName, around.className, getComputedStyle(around).backgroundColor);
    if (!looks.has(look.join())) looks.set(look.join(), element);
  }
  const options = {resultTypes: ["violations"], preload: false};
  const looked = {include: [...looks.values()]};
  const {violations} = await axe.run(looked, {...options, runOnly: ["color-contrast"]});
  if (!onlyContrast)
    violations.push(...(await axe.run({...options, rules: {"color-contrast": {enabled: false}}})).violations);
  return violations.map(v => [v.id, v.impact, v.nodes.map(n => `${n.target}: ${n.html.slice(0, 160)}`)]);
}"""


# Of a translation one page of each kind is tried out: the words are others, the elements those of the English page. Of
# the four pages of functions, which are made alike, the last stands for all.
KINDS = ("intro", "search", "listen/ear", "annotate/weak-labels", "reference/glossary")
ALIKE = ("reference/api-data", "reference/api-learn", "reference/api-score")


def tried_out(name):
    language, _, page = name.removesuffix(".html").partition("/")
    return page in KINDS if language in LANGUAGES else name.removesuffix(".html") not in ALIKE


def grave_findings(tab, axe, only_contrast=False):
    if tab.evaluate("!window.axe"):
        tab.evaluate(axe)
    found = tab.evaluate(AXE, only_contrast)
    return [(rule, nodes) for rule, impact, nodes in found if impact in GRAVE and rule not in THEME]


# ---------------------------------------------------------------- what can be pressed


def solutions_open_by_click_and_by_keyboard(tab):
    solutions = tab.locator("div.solution")
    assert solutions.count() >= 3
    for number, open_it in enumerate(("click", "press")):
        inside = solutions.nth(number).locator("section").first
        button = solutions.nth(number).locator("button.toggle-button")
        assert not inside.is_visible() and button.evaluate("button => button.tabIndex") == 0
        if open_it == "click":
            button.click()
        else:
            button.focus()
            tab.keyboard.press("Enter")
        inside.wait_for(state="visible")


VERDICTS = ("Right.", "Not quite.", "Correcto.", "No del todo.", "Correto.", "Não exatamente.")


def quiz_answers_open_by_keyboard(tab):
    answers = tab.locator("details.quiz-answer")
    answers.first.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert answers.first.evaluate("answer => answer.open")
    assert any(word in answers.first.inner_text() for word in VERDICTS)


# Not by Playwright's wait_for_function: it evaluates text, which the policy of the pages forbids.
PLAYS = """() => new Promise((done, fail) => {
  const audio = document.querySelector(".anura-player audio");
  audio.addEventListener("timeupdate", () => audio.currentTime > 0.1 && done());
  setTimeout(() => fail(new Error("the sound doesn't go on")), 20000);
  audio.play().catch(fail);
})"""


def a_player_plays(tab):
    tab.evaluate(PLAYS)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opened_from_disk_without_a_network(visit, axe, name):
    """All of it shows on a phone, nothing is in the way of anybody in light or dark, and what can be pressed works."""
    tab = visit((SITE / name).as_uri())
    everything_shows(tab, name)
    if tried_out(name):
        assert grave_findings(tab, axe) == []
        tab.evaluate("document.documentElement.dataset.theme = 'dark'")
        assert grave_findings(tab, axe, only_contrast=True) == []
    tab.set_viewport_size({"width": 1280, "height": 900})
    page = english(name)
    if page in CHAPTERS and tried_out(name):
        solutions_open_by_click_and_by_keyboard(tab)
        quiz_answers_open_by_keyboard(tab)
    if page in WITH_OUTPUTS and tried_out(name):
        a_player_plays(tab)
    assert tab.evaluate(CUT_OFF) == []
    assert set(tab.asked) <= ALLOWED and tab.said == []


WHERE = """() => [...document.querySelectorAll(".anura-picture img, .anura-box, .anura-explorer img")].map((element) =>
{
  const [own, frame] = [element, element.closest(".anura-grid, .anura-explorer")].map((e) => e.getBoundingClientRect());
  return [own.left - frame.left, own.top - frame.top, own.width, own.height].map(Math.round);
})"""


@pytest.mark.parametrize("name", ["listen/pond.html", "annotate/strong-labels.html", "baseline/evaluate.html"])
def test_pictures_and_boxes_stand_in_the_same_place_in_the_dark(visit, name):
    tab = visit((SITE / name).as_uri(), width=1280)
    light = tab.evaluate(WHERE)
    tab.evaluate("document.documentElement.dataset.theme = 'dark'")
    assert len(light) > 0 and tab.evaluate(WHERE) == light
    heights = "[...document.querySelectorAll('.anura-picture')].map(e => [e, e.firstChild].map(x => x.clientHeight))"
    assert all(frame == picture > 100 for frame, picture in tab.evaluate(heights))  # pitch is where the axis says


def test_a_report_within_a_page_is_dark_where_the_page_is(visit):
    tab = visit((SITE / "practice" / "your-recordings.html").as_uri())
    ground = "getComputedStyle(document.querySelector('iframe').contentDocument.body).backgroundColor"
    grounds = {}
    for theme in ("dark", "light"):
        tab.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        grounds[theme] = tab.evaluate(ground)
    assert grounds == {"dark": "rgb(20, 24, 30)", "light": "rgb(255, 255, 255)"}


def test_more_than_half_of_the_score_is_gone_as_the_front_page_says():
    text = (SITE / "split" / "leakage.html").read_text(encoding="utf-8")
    said = ("mean recall is", "By recording it is")
    found = [float(number) for words in said for number in re.findall(rf"{words} <[^>]*>(0\.\d+)<", text)]
    assert len(found) == 2 and found[1] < found[0] / 2


def test_a_page_loads_and_runs_nothing_of_others(visit, address):
    """As if somebody's text had got past all care, on a page from a server and on one from disk."""
    for url in (address + "listen/pond.html", (SITE / "listen" / "pond.html").as_uri()):
        tab = visit(url)
        tab.evaluate("""() => {
          for (const [tag, from] of [["script", "src"], ["img", "src"], ["iframe", "src"], ["link", "href"]]) {
            const element = document.createElement(tag);
            element[from] = "https://a.example/x";
            element.rel = "stylesheet";
            document.body.append(element);
          }
        }""")
        refused = tab.evaluate("fetch('https://a.example/x').then(() => false, () => true)")
        assert refused and tab.asked == [] and sum("Content Security Policy" in said for said in tab.said) >= 5


def test_a_chapter_opened_from_a_server_asks_for_nothing_else(visit, address):
    tab = visit(address + "listen/pond.html")
    everything_shows(tab, "listen/pond.html")
    assert set(tab.asked) <= ALLOWED and tab.said == []


def test_the_check_finds_what_it_is_for(browser, axe):
    tab = browser.new_page()
    body = "<h1>A pond</h1><img src='frog.png'><p style='color: #bbb'>Pale words on white.</p>"
    tab.set_content(f"<!doctype html><html lang=en><title>A pond</title><main>{body}</main></html>")
    assert {rule for rule, _ in grave_findings(tab, axe)} == {"image-alt", "color-contrast"}
    tab.close()


# ---------------------------------------------------------------- weight


def test_the_first_page_is_light(browser, address):
    tab, sizes = browser.new_page(), {}  # for a reader who has fetched nothing yet

    def count(response):
        if response.request.resource_type != "image" and response.ok:
            sizes[response.url] = int(response.headers["content-length"])  # the body of index.html may be gone by now

    tab.on("response", count)
    tab.goto(address, wait_until="commit")
    tab.wait_for_url("**/intro.html")
    tab.wait_for_load_state("networkidle")
    names = {url.split("?")[0].rsplit("/")[-1] for url in sizes}
    assert {"intro.html", "pydata-sphinx-theme.css", "fa-solid-900.woff2"} <= names  # a page with styles and icons
    assert not {"fontawesome.js", "tex-svg.js", "searchindex.js"} & names
    assert sum(sizes.values()) < FIRST_PAGE_BYTES, sizes
    tab.close()


def test_formulas_are_typeset_only_where_there_are_some():
    for name in PAGES:
        text = (SITE / name).read_text(encoding="utf-8")
        # A formula in the output of a cell has no class of its own.
        has_math = 'class="math' in text or "\\(" in text.split("<article")[-1] or "$$" in text
        assert ("tex-svg.js" in text) <= has_math, name
        assert ('class="math' in text) <= ("tex-svg.js" in text), name


# ---------------------------------------------------------------- the keyboard alone


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


@pytest.mark.parametrize(
    ("language", "one", "other"), [("es", "grabación", "grabaciones"), ("pt_BR", "cantam", "cantando")]
)
def test_search_takes_the_forms_of_a_word_for_one_as_the_language_has_them(visit, address, language, one, other):
    tab = visit(f"{address}{language}/search.html?q={other}", width=1280)
    tab.locator("#search-results a[href*='annotate/weak-labels.html']").first.wait_for()
    stem = "word => new Stemmer().stemWord(word)"
    assert tab.evaluate(stem, one) == tab.evaluate(stem, other)
