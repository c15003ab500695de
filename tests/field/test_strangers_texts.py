"""Texts of strangers in whatever is shown in a browser: a page has the same elements with them as with a plain word."""

import json
import re
from types import SimpleNamespace

import html5lib
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import anuralib as al
from anuralib.show import player, widgets

RATE = 22050
SOUND = 0.5 * np.sin(2 * np.pi * 2000 * np.arange(RATE // 4) / RATE)
RUN = "window.ran = 1"
TEXTS = [
    f"<script>{RUN}</script>", f"</script><script>{RUN}</script>", f"<img src=x onerror='{RUN}'>",
    f'"><svg onload="{RUN}">', f"' onmouseover='{RUN}", f'" autofocus onfocus="{RUN}', f"`onclick=`{RUN}`",
    f"<a href='javascript:{RUN}'>x</a>", f"javascript:{RUN}", f"<iframe srcdoc='<script>parent.{RUN}</script>'>",
    f"<!--<script>{RUN}", f"--><script>{RUN}</script>", f"]]><script>{RUN}</script>", f"</title><script>{RUN}</script>",
    f"</style><script>{RUN}</script>", f"</noscript></textarea><script>{RUN}</script>", "<base href=https://a.example/>",
    "<meta http-equiv=refresh content='0;url=https://a.example'>", "<link rel=stylesheet href=https://a.example/a.css>",
    "<form action=https://a.example><button>", "x;background:url(https://a.example)", f"&quot;&gt;&lt;script&gt;{RUN}",
    f"\\u003cscript\\u003e{RUN}", f"{{{{constructor.constructor('{RUN}')()}}}}${{{RUN}}}",
    f"__proto__\u2028{RUN}\u2029",
]  # fmt: skip


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Sounds and pictures hold no texts, and take most of the time."""
    monkeypatch.setattr(player, "as_mp3", lambda signal: b"sound")
    monkeypatch.setattr(player, "sound_picture", lambda *signal: b"picture")
    monkeypatch.setattr(widgets, "_png", lambda figure: ("data:image/png;base64,AAAA", (1, 1)))


def labels(**columns):
    return pd.DataFrame({"start_s": [0.05], "end_s": [0.15], "species": "AAAAAA"} | columns)


def drawn(said):
    figure = Figure(figsize=(1, 1))
    figure.add_subplot()
    return figure, said


def report(tmp_path, text="P_20240101_200000", species="AAAAAA", title=None, with_sound=False):
    al.write_audio(tmp_path / "sound.wav", SOUND, RATE)
    table = pd.DataFrame({"fname": [text, "Q"], "min_t": 0.0, "max_t": 3.0, species: [0.9, 0.1], f"x{species}": 0.0})
    data = SimpleNamespace(root=tmp_path, recordings=pd.DataFrame({"recording": [text, "Q"], "path": "sound.wav"}))
    path = al.report_page(table, tmp_path / "page.html", 0.5, data if with_sound else None, title)
    return path.read_text(encoding="utf-8")


PAGES = {
    "player's title": lambda text, _: al.player(SOUND, title=text),
    "player's labels": lambda text, _: al.player(SOUND, labels(label=text).drop(columns="species")),
    "player's boxes": lambda text, _: al.player(SOUND, labels(species=text, quality=text, low_hz=500, high_hz=4000)),
    "annotator's title": lambda text, _: al.annotator(SOUND, title=text),
    "annotator's species": lambda text, _: al.annotator(SOUND, species=[text]),
    "annotator's expert": lambda text, _: al.annotator(SOUND, expert=labels(species=text, quality=text)),
    "explorer's title": lambda text, _: widgets.explore(drawn, text, said=["a"])._repr_html_(),
    "explorer's choices": lambda text, _: widgets.explore(drawn, "a", said=[text])._repr_html_(),
    "explorer's settings": lambda text, _: widgets.explore(lambda **_: drawn("a"), "a", **{text: [1, 2]})._repr_html_(),
    "threshold's species": lambda text, _: widgets.threshold([0, 1], [0.2, 0.8], text, [0.5])._repr_html_(),
    "report's title": lambda text, folder: report(folder, title=text),
    "report's species": lambda text, folder: report(folder, species=text),
    "report's recordings": lambda text, folder: report(folder, text, with_sound=True),
}


COLOUR = re.compile(r"(?:color|--ground|--stripe):#\w+;?")


def elements(page):
    """Each element with the names of its attributes, and what could run: addresses, styles and scripts.

    The colour of a label follows its name, by design, and is one of seven.
    """
    found = []
    for element in html5lib.parse(f"<!doctype html><title>x</title>{page}", namespaceHTMLElements=False).iter():
        attributes = dict(element.attrib)
        live = [COLOUR.sub("", attributes.get(name, ""))[:60] for name in ("href", "style", "type")]
        if element.tag == "script" and attributes.get("type") == "application/json":
            json.loads(element.text)
        elif element.tag == "script":
            live.append(element.text)
        found.append((str(element.tag), sorted(attributes), *live))
    return found


@pytest.mark.parametrize("kind", PAGES)
def test_a_page_has_the_same_elements_whatever_a_text_says(kind, tmp_path):
    expected = elements(PAGES[kind]("word", tmp_path))
    assert len(expected) > 8
    for text in TEXTS:
        page = str(PAGES[kind](text, tmp_path))
        assert elements(page) == expected, text
        assert "window.ran" in page or "a.example" in page  # it is shown


@pytest.mark.browser
def test_no_text_runs_in_a_browser(browser, tmp_path):
    """The scripts of the pages make elements of texts, too: boxes, tables and sentences."""
    text, asked, context = "".join(TEXTS), [], browser.new_context()
    context.on("request", lambda request: asked.append(request.url))
    pages = {kind: str(make(text, tmp_path)) for kind, make in PAGES.items()}
    shown = "".join(page for kind, page in pages.items() if "report" not in kind)
    for page in (shown, *(page for kind, page in pages.items() if "report" in kind)):
        (tmp_path / "shown.html").write_text(f"<!doctype html><meta charset=utf-8>{page}", encoding="utf-8")
        tab = context.new_page()
        tab.goto((tmp_path / "shown.html").as_uri())
        for control in tab.locator("button:enabled:visible, select, input[type=range]").all():
            control.focus()
            tab.keyboard.press("Enter")
            tab.keyboard.press("End")
        assert tab.evaluate("window.ran") is None
        tab.close()
    context.close()
    assert asked and all(url.startswith(("file:", "data:", "blob:")) for url in asked)
