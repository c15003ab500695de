"""The review screen: what is answered by key, thumb or mouse is what is kept, saved, and given back to Python."""

import json

import html5lib
import numpy as np
import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe

import anuralib as al

RATE = 22050


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("recordings")
    for name, hz in (("SIM1_20201107_213000", 2000), ("night,two", 500)):
        al.write_audio(path / f"{name}.wav", 0.5 * np.sin(2 * np.pi * hz * np.arange(9 * RATE) / RATE), RATE)
    return path


@pytest.fixture(scope="module")
def clips():
    return pd.DataFrame({"recording": ["SIM1_20201107_213000", "night,two", "SIM1_20201107_213000"],
                         "start_s": [0.0, 3.0, 6.0], "end_s": [3.0, 6.0, 9.0], "species": ["AAAAAA", "AAAAAA", 'B "b"'],
                         "score": [0.9, np.nan, 0.25]})  # fmt: skip


def page(*shown):
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>review</title>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body><main><h1>x</h1>{"".join(map(str, shown))}</main>'


def test_html_is_valid_says_what_is_simulated_and_holds_one_script_for_all_players(folder, clips):
    text = str(al.review(clips, folder, title="<u>", context_s=1.0))
    html5lib.HTMLParser(strict=True).parse(page(text))
    assert "<u>" not in text and text.count("Wires every player") == 1
    assert text.count(">simulated sound<") == 2 and text.count("<audio") == 3
    told = json.loads(text.partition('<script type="application/json">')[2].partition("</script>")[0])
    assert told[1] == {"recording": "night,two", "start_s": 3.0, "end_s": 6.0, "species": "AAAAAA", "score": None}


def test_scores_are_kept_and_not_shown(folder, clips):
    shown = str(al.review(clips, folder))
    assert "0.9" not in shown.partition('<script type="application/json">')[0].replace("data-lead", "")


def test_windows_frames_and_one_species_for_all_will_do(folder, clips):
    frame = clips.rename(columns={"recording": "fname", "start_s": "min_t", "end_s": "max_t"}).drop(columns="species")
    assert repr(al.review(frame, al.load_dataset(folder), species="AAAAAA")).endswith("3 clips>")


@pytest.mark.parametrize(("change", "said"), [
    (lambda c: c.drop(columns="species"), "no column species; what is asked about can be given as species="),
    (lambda c: c.iloc[:0], "0 clips"), (lambda c: pd.concat([c] * 67), "201 clips"),
    (lambda c: c.assign(recording="gone"), "recording 'gone' has no sound"),
    (lambda c: c.assign(end_s=c["start_s"]), "clip 0, SIM1_20201107_213000: 0 to 0 s is no span"),
])  # fmt: skip
def test_bad_clips_are_named(folder, clips, change, said):
    with pytest.raises(ValueError, match=said):
        al.review(change(clips), folder)


def test_live_answers_come_back_as_a_table(folder, clips, tmp_path):
    live = al.review(clips, folder, live=True)
    assert live.answers.empty and list(live.answers) == [*clips, "answer"]
    live.set_state({"given": {"2": "no", "0": "yes"}})  # as the browser sends them
    assert live.answers["answer"].tolist() == ["yes", "no"] and live.answers["score"].tolist() == [0.9, 0.25]
    al.write_answers(live.answers, tmp_path / "answers.csv")
    pd.testing.assert_frame_equal(al.read_answers(tmp_path / "answers.csv")[list(live.answers)], live.answers,
                                  check_dtype=False)  # fmt: skip


# ---------------------------------------------------------------------------------------------- in the browser


@pytest.fixture
def open_page(open_html):
    return lambda *shown, **how: open_html(page(*shown), **how)


def saved(tab, path):
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save answers").click()
    assert download.value.suggested_filename == "answers.csv"
    download.value.save_as(path / "answers.csv")
    return al.read_answers(path / "answers.csv")


def question(tab):
    return tab.locator(".anura-question:visible").inner_text()


@pytest.mark.browser
def test_keys_alone_answer_go_back_and_save(open_page, folder, clips, tmp_path):
    tab = open_page(al.review(clips, folder))
    assert question(tab) == "Clip 1 of 3: does AAAAAA call here?" and tab.locator("audio").count() == 3
    tab.get_by_role("button", name="Yes").focus()
    tab.keyboard.press("y")
    tab.wait_for_function("!document.querySelectorAll('audio')[1].paused")  # the next one plays at once
    tab.keyboard.press("?")
    tab.keyboard.press("b")
    assert question(tab).startswith("Clip 2 of 3")
    assert tab.get_by_role("button", name="Don't know").get_attribute("aria-pressed") == "true"
    tab.keyboard.press("n")
    tab.keyboard.press("1")
    assert tab.locator(".anura-question:visible").count() == 0
    assert tab.locator(".anura-done p").inner_text() == "3 of 3 clips answered: 2 yes, 1 no, 0 don't know."
    assert tab.evaluate("document.activeElement.className") == "anura-done"
    answers = saved(tab, tmp_path)
    pd.testing.assert_frame_equal(answers[list(clips)], clips, check_dtype=False)
    assert answers["answer"].tolist() == ["yes", "no", "yes"]


@pytest.mark.browser
def test_keys_work_after_the_player_was_used_and_nowhere_else(open_page, folder, clips):
    tab = open_page(al.review(clips, folder), "<input id='other'>")
    tab.locator("#other").focus()
    tab.keyboard.press("y")
    assert question(tab).startswith("Clip 1")
    tab.get_by_role("slider").focus()
    for key in ("ArrowRight", "y", "n"):  # the slider is hidden by the first answer
        tab.keyboard.press(key)
    assert question(tab).startswith("Clip 3")
    tab.locator(".anura-speed:visible").focus()
    tab.keyboard.press("1")  # chooses a speed
    assert question(tab).startswith("Clip 3")


@pytest.mark.browser
def test_a_thumb_answers_on_a_phone(open_page, folder, clips):
    tab = open_page(al.review(clips, folder, title="x" * 60, context_s=1.0), width=360, touch=True)
    for button in tab.locator(".anura-answers button, .anura-more button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    assert tab.evaluate("document.documentElement.scrollWidth") <= 360
    assert "marked part" in question(tab)
    for name in ("Yes", "No", "Don't know"):
        tab.get_by_role("button", name=name, exact=True).tap()
    assert "1 yes, 1 no, 1 don't know" in tab.locator(".anura-done p").inner_text()


@pytest.mark.browser
def test_answers_are_kept_for_the_next_visit_until_all_starts_again(open_page, folder, clips):
    tab = open_page(al.review(clips, folder))
    tab.get_by_role("button", name="No", exact=True).click()
    tab.reload()
    assert question(tab).startswith("Clip 2") and tab.locator("progress").get_attribute("value") == "1"
    for _ in range(2):
        tab.get_by_role("button", name="Yes").click()
    tab.get_by_role("button", name="Start again").click()
    assert question(tab).startswith("Clip 1")
    tab.reload()
    assert question(tab).startswith("Clip 1")


@pytest.mark.browser
@pytest.mark.parametrize("kept", ["null", "3", "{", '["yes"]', '{"0": "maybe", "7": "yes", "__proto__": "yes"}'])
def test_whatever_a_browser_kept_only_answers_count(open_page, folder, clips, kept):
    tab = open_page(al.review(clips, folder))
    tab.get_by_role("button", name="Yes").click()
    tab.evaluate("text => localStorage.setItem(Object.keys(localStorage)[0], text)", kept)
    tab.reload()
    assert question(tab).startswith("Clip 1")


@pytest.mark.browser
def test_axe_finds_nothing_at_the_start_and_at_the_end(open_page, folder, clips):
    tab = open_page(al.review(clips.iloc[:1], folder))
    for _ in range(2):
        found = Axe().run(tab).response["violations"]
        assert [(v["id"], v["nodes"][0]["html"][:90]) for v in found] == []
        if tab.get_by_role("button", name="Yes").is_enabled():
            tab.get_by_role("button", name="Yes").click()


@pytest.mark.browser
def test_the_live_widget_sends_answers_and_shows_what_python_has(open_page, folder, clips):
    """The widget's module in a page, with a model that behaves as a notebook's does."""
    live = al.review(clips, folder, live=True)
    state = {"markup": live.markup, "player_script": live.player_script, "given": {"0": "no"}}
    tab = open_page("<div id='cell'></div>")
    tab.evaluate(
        """async ([esm, state]) => {
          const module = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
          window.sent = [];
          const model = { get: key => state[key], set: (key, value) => { state[key] = value; },
                          save_changes: () => window.sent.push(state.given) };
          module.default.render({ model, el: document.querySelector("#cell") });
        }""",
        [live._esm, state],
    )
    assert question(tab).startswith("Clip 2")
    tab.get_by_role("button", name="Yes").click()
    live.set_state({"given": tab.evaluate("window.sent[window.sent.length - 1]")})
    assert live.answers["answer"].tolist() == ["no", "yes"]
