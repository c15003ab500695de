"""What is shown in notebooks, opened in a real browser."""

import pytest


@pytest.fixture(scope="module")
def waiting_tabs():
    """Tabs that no test uses now. In a new one the scripts of a page are compiled anew, which is half of the work."""
    return []


@pytest.fixture
def open_html(browser, waiting_tabs, tmp_path):
    """Open HTML from a file; whatever the console or the network said is an error at the end."""
    said, used = [], []
    listeners = {
        "console": lambda message: said.append(message.text),
        "pageerror": lambda error: said.append(str(error)),
        "request": lambda r: None if r.url.startswith(("data:", "file:", "blob:")) else said.append(r.url),
    }

    def opened(html, width=900, touch=False):
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        tab = waiting_tabs.pop() if waiting_tabs and not touch else browser.new_context(has_touch=touch).new_page()
        tab.set_viewport_size({"width": width, "height": 900})
        for event, listener in listeners.items():
            tab.on(event, listener)
        used.append((tab, touch))
        tab.goto((tmp_path / "page.html").as_uri())
        return tab

    yield opened
    for tab, touch in used:
        tab.evaluate("localStorage.clear()")  # for the next one, who is a new reader
        for event, listener in listeners.items():
            tab.remove_listener(event, listener)
        if touch or waiting_tabs:
            tab.context.close()
        else:
            tab.goto("about:blank")
            waiting_tabs.append(tab)
    assert said == []
