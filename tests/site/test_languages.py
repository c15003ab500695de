"""Translated pages and the menu of languages, as a reader has them."""

import contextlib
import re

import pytest
from catalogues import LANGUAGES, TRANSLATED_PAGES, read_page
from pages import BOOK, CHAPTERS, SITE, soup
from playwright.sync_api import TimeoutError as TooLong

CHAPTERS_LEFT = [name.removesuffix(".html") for name in CHAPTERS if name.removesuffix(".html") not in TRANSLATED_PAGES]
OTHERS = [name for name in LANGUAGES if name != "en"]


def read(name):
    return soup(SITE / name)


def folder(language):
    return "" if language == "en" else f"{language}/"


@pytest.mark.site
@pytest.mark.parametrize("page", TRANSLATED_PAGES)
def test_a_page_and_its_translations(page):
    """One test for a page in all its languages, so that each is parsed once."""
    the_languages_know_each_other(page)
    for language in OTHERS:
        says_its_language_and_shows_all_that_the_english_page_shows(language, page)
        offers_its_own_notebook(language, page)
        links_to_english_where_there_is_no_translation(language, page)


def says_its_language_and_shows_all_that_the_english_page_shows(language, page):
    english, other = read(f"{page}.html"), read(f"{folder(language)}{page}.html")
    assert other.html["lang"] == LANGUAGES[language][0] and english.html["lang"] == "en"
    shown = ("div.cell", "article img", ".anura-player", "div.exercise", "div.solution", ".quiz-answer", "article h2")
    for what in shown:
        assert len(other.select(what)) == len(english.select(what)), what
    known = read_page(BOOK / "locale", language, page)
    figures = "article img:not(.anura-player img, .anura-explorer img)"  # whose words come from cells
    for image, original in zip(other.select(figures), english.select(figures), strict=True):
        assert image["alt"] == known.get(original["alt"], original["alt"])
    titles = ("div.exercise > .admonition-title", ".anura-explorer strong", ".course-citation")
    for what in titles:
        for part, original in zip(other.select(what), english.select(what), strict=True):
            begun, said = (re.sub(r"^\W*\w+ [\d\W]*", "", x.get_text().split("·")[0]) for x in (original, part))
            assert len(begun) < 9 or begun != said, said
    texts = "article h1, article p:not(.output p, .citation p), article figcaption, .admonition-title"
    same = {part.get_text() for part in english.select(texts)}
    left = [part for part in other.select(texts) if part.get_text() in same and len(part.get_text()) > 40
            and any(str(words).strip(" ,;") for words in part.find_all(string=True) if not words.find_parent("code"))]
    assert [part for part in left if not part.has_attr("lang") and not part.select("[lang]")] == []
    for part in other.select(".anura-untranslated"):
        assert part["lang"] == "en" and part["title"].startswith("Este p")
        assert language == "en" or other.select_one(".anura-translated").get_text().count("EN") == 1


def offers_its_own_notebook(language, page):
    link = read(f"{folder(language)}{page}.html").select_one("a.btn-download-notebook-button")
    assert (link is not None) is (f"{page}.html" in CHAPTERS)
    if link is not None:
        path = ((SITE / folder(language) / page).parent / link["href"]).resolve()
        assert path == (SITE / "notebooks" / language / f"{page}.ipynb").resolve() and path.is_file()


def the_languages_know_each_other(page):
    for own in LANGUAGES:
        path = SITE / f"{folder(own)}{page}.html"
        links = {link["hreflang"]: link["href"] for link in read(path.relative_to(SITE)).select("link[hreflang]")}
        assert set(links) == {html for html, _ in LANGUAGES.values()}
        for language, (html, _) in LANGUAGES.items():
            assert (path.parent / links[html]).resolve() == (SITE / f"{folder(language)}{page}.html").resolve()


def links_to_english_where_there_is_no_translation(language, page):
    for link in read(f"{folder(language)}{page}.html").select("a.in-english"):
        target = ((SITE / folder(language) / page).parent / link["href"].split("#")[0]).resolve()
        assert target.is_file() and target.relative_to(SITE.resolve()).parts[0] not in LANGUAGES


@pytest.mark.site
@pytest.mark.parametrize(("language", "name"), [("es", "Escuchar"), ("pt_BR", "Ouvir")])
def test_the_parts_of_a_translation_have_its_names(language, name):
    names = {part.get_text() for part in read(f"{folder(language)}intro.html").select(".bd-links .caption-text")}
    assert names and not names & {"Listen", "Annotate", "Reference"}
    assert name in (SITE / folder(language) / "intro.html").read_text(encoding="utf-8")


@pytest.fixture
def tab(browser):
    context, said = browser.new_context(), []
    page = context.new_page()
    page.on("pageerror", lambda error: said.append(str(error)))
    yield page
    context.close()
    assert said == []


def choose(tab, language):
    """By keyboard, as all of the menu must work."""
    tab.locator(".dropdown-languages > button").focus()
    tab.keyboard.press("Enter")
    entry = tab.locator(f".btn-language-{language}")
    entry.wait_for(state="visible")
    with tab.expect_navigation():
        entry.press("Enter")


@pytest.mark.browser
@pytest.mark.site
def test_the_menu_leads_to_the_translation_and_back(tab):
    tab.goto((SITE / "annotate" / "weak-labels.html").as_uri())
    choose(tab, "es")
    assert tab.url.endswith("/es/annotate/weak-labels.html")
    assert tab.locator(".btn-language-es").get_attribute("aria-current") == "true"
    choose(tab, "pt_BR")
    assert tab.url.endswith("/pt_BR/annotate/weak-labels.html")
    choose(tab, "en")
    assert re.search(r"html/annotate/weak-labels\.html$", tab.url)


@pytest.mark.browser
@pytest.mark.site
def test_a_page_without_translation_gets_the_words_that_chapters_share(tab):
    chapters = [p for p in sorted(SITE.glob("*/*.html")) if "quiz-answer" in p.read_text(encoding="utf-8")]
    english = [p for p in chapters if p.relative_to(SITE).with_suffix("").as_posix() in CHAPTERS_LEFT]
    if not english:
        pytest.skip("all chapters are translated")
    page = english[0]
    tab.goto(page.as_uri())
    choose(tab, "pt_BR")
    tab.locator("article h2 span[lang=pt-BR]", has_text="Questionário").wait_for()
    assert tab.evaluate("document.documentElement.lang") == "en"
    titles = tab.locator(".admonition-title").all_text_contents()
    assert any(re.match(r"Exercício \d+", title.strip()) for title in titles)
    assert not any(re.match(r"(Exercise|Solution) ", title.strip()) for title in titles)
    for wait_ms in (5000, 10_000, 20_000):  # what one page stores may reach the process of the next a moment later
        tab.goto((SITE / "intro.html").as_uri())
        with contextlib.suppress(TooLong):
            tab.wait_for_url("**/pt_BR/intro.html", timeout=wait_ms)
            break
    assert tab.url.endswith("/pt_BR/intro.html")


@pytest.mark.browser
@pytest.mark.site
def test_players_speak_the_language_that_was_chosen(tab):
    tab.goto((SITE / "annotate" / "weak-labels.html").as_uri())
    assert tab.get_by_role("button", name="Play").first.is_visible() and not tab.evaluate("!!window.anuraTexts")
    choose(tab, "es")
    tab.get_by_role("button", name="Reproducir").first.wait_for()
    assert tab.evaluate("window.anuraTexts['pt-BR'].play") == "Tocar"
