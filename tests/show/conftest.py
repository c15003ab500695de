"""What is shown in notebooks, opened in a real browser."""

import functools

import pytest


@pytest.fixture(scope="module")
def tab_of(browser):
    """A tab with a touch screen or without, the same for all: in a new one a page's scripts are compiled anew."""

    @functools.cache
    def tab(touch):
        tab = browser.new_context(has_touch=touch).new_page()
        tab.said = []
        tab.on("console", lambda message: tab.said.append(message.text))
        tab.on("pageerror", lambda error: tab.said.append(str(error)))
        inside = ("data:", "file:", "blob:")
        tab.on("request", lambda request: request.url.startswith(inside) or tab.said.append(request.url))
        return tab

    return tab


@pytest.fixture
def open_html(tab_of, tmp_path):
    """Open HTML from a file; whatever the console or the network said is an error at the end."""
    used, said = set(), []

    def opened(html, width=900, touch=False):
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        tab = tab_of(touch)
        used.add(tab)
        tab.set_viewport_size({"width": width, "height": 900})
        tab.goto((tmp_path / "page.html").as_uri())
        return tab

    yield opened
    for tab in used:
        tab.evaluate("localStorage.clear()")  # for the next one, who is a new reader
        tab.goto("about:blank")
        said += tab.said
        tab.said.clear()
    assert said == []
