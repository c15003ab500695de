"""Explorers in a real browser, in a page of their own."""

import numpy as np
import pytest

from anuralib.show import widgets


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    rng = np.random.default_rng(2)
    y_true = rng.integers(0, 2, 50)
    threshold = widgets.threshold(y_true, rng.random(50), thresholds=(0.45, 0.5, 0.55))
    two = threshold, widgets.mel_bands(rng.normal(size=22050), n_ffts=(256, 1024), n_mels=(16, 64))
    path = tmp_path_factory.mktemp("explorers") / "page.html"
    path.write_text("<!doctype html><meta charset='utf-8'>" + "".join(e._repr_html_() for e in two), encoding="utf-8")
    page = browser.new_page(viewport={"width": 390, "height": 800})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    yield page
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    page.close()


@pytest.mark.browser
def test_the_keyboard_moves_the_threshold_and_the_picture_follows(page):
    explorer = page.locator(".anura-explorer").first
    slider, image, said = explorer.locator("input"), explorer.locator("img"), explorer.locator(".anura-said")
    before = image.get_attribute("src"), said.inner_text()
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == explorer.locator("output").inner_text() == "0.55"
    assert image.get_attribute("src") != before[0] and said.inner_text() != before[1]
    assert said.inner_text() == image.get_attribute("alt") and "At 0.55" in said.inner_text()
    page.keyboard.press("ArrowLeft")
    assert (image.get_attribute("src"), said.inner_text()) == before


@pytest.mark.browser
def test_two_explorers_do_not_disturb_each_other_and_fit_a_phone(page):
    first, second = page.locator(".anura-explorer").nth(0), page.locator(".anura-explorer").nth(1)
    before = first.locator("img").get_attribute("src")
    second.locator("input").first.focus()
    page.keyboard.press("Home")
    assert "256" in second.locator("output").first.inner_text() and "12 ms" in second.locator("p").last.inner_text()
    assert first.locator("img").get_attribute("src") == before
    assert page.evaluate("document.documentElement.scrollWidth") == 390
