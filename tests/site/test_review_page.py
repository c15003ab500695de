"""The review screen in the built chapter: answered by keys, saved, and read again by the package."""

import pytest
from pages import SITE

import anuralib as al


@pytest.mark.browser
def test_clips_of_the_chapter_are_reviewed_by_keys_and_saved(browser, tmp_path):
    context = browser.new_context(accept_downloads=True, viewport={"width": 390, "height": 800})
    tab = context.new_page()
    tab.goto((SITE / "practice" / "agile.html").as_uri())
    screen = tab.locator(".anura-review").first
    clips = screen.locator(".anura-clip").count()
    screen.get_by_role("button", name="Yes").focus()
    for key in ["y", "n", "?"] * clips:  # more than there are
        tab.keyboard.press(key)
    assert screen.locator(".anura-clip:visible").count() == 0
    with tab.expect_download() as download:
        screen.get_by_role("button", name="Save answers").click()
    download.value.save_as(tmp_path / "answers.csv")
    answers = al.read_answers(tmp_path / "answers.csv")
    assert len(answers) == clips and answers["answer"].tolist()[:3] == ["yes", "no", "unsure"]
    assert len(al.read_labels(tmp_path / "answers.csv")) == (answers["answer"] == "yes").sum()
    context.close()
