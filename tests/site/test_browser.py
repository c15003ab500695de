"""The built pages in a real browser, opened from disk as a reader of the offline copy would."""

from pathlib import Path

import notebook_export
import pytest

SITE = Path(__file__).resolve().parents[2] / "book" / "_build" / "html"
BOOK = SITE.parents[1]
SOURCES = [p for p in notebook_export.chapter_paths(BOOK) if notebook_export.is_chapter(p.read_text(encoding="utf-8"))]
CHAPTERS = [p.relative_to(BOOK).with_suffix(".html").as_posix() for p in SOURCES]


@pytest.fixture
def open_page(browser):
    """Open a page; what the console said, or a request outside the site, is an error at the end."""
    context, said = browser.new_context(), []

    def opened(name, width=1200):
        tab = context.new_page()
        tab.set_viewport_size({"width": width, "height": 900})
        tab.on("console", lambda m: said.append(m.text) if m.type == "error" else None)
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.on("request", lambda r: None if r.url.startswith(("file:", "data:", "blob:")) else said.append(r.url))
        tab.goto((SITE / name).as_uri())
        return tab

    yield opened
    context.close()
    assert said == []


@pytest.mark.browser
@pytest.mark.site
@pytest.mark.parametrize("name", CHAPTERS)
def test_solutions_are_closed_and_open_by_a_click_and_by_keyboard(open_page, name):
    tab = open_page(name)
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


@pytest.mark.browser
@pytest.mark.site
@pytest.mark.parametrize("name", CHAPTERS)
def test_quiz_answers_open_by_keyboard(open_page, name):
    tab = open_page(name)
    answers = tab.locator("details.quiz-answer")
    assert answers.count() >= 6
    answers.first.locator("summary").focus()
    tab.keyboard.press("Enter")
    assert answers.first.evaluate("answer => answer.open")
    assert any(word in answers.first.inner_text() for word in ("Right.", "Not quite."))


@pytest.mark.browser
@pytest.mark.site
@pytest.mark.parametrize("name", CHAPTERS)
def test_a_player_plays(open_page, name):
    tab = open_page(name)
    tab.evaluate("document.querySelector('.anura-player audio').play()")
    tab.wait_for_function("document.querySelector('.anura-player audio').currentTime > 0.1")
