"""Ear training: the clips hold what they say, the drill asks and remembers, and answers come back to Python."""

import io
import re

import bench_ear
import ear_page
import messages
import numpy as np
import pandas as pd
import pytest
import soundfile
from _results import read_results

import anuralib as al
from anuralib._language import current_language
from anuralib.show import ear

RATE = 22050


KNOWN = ("DEEBOO", "ASCWHI", "SHOTRI", "BARWHI", "CLICLU", "METTIN")


@pytest.fixture(scope="module")
def clips():
    return list(ear.pond_clips(codes=KNOWN))


@pytest.fixture(scope="module")
def markup(clips, tmp_path_factory):
    folder = tmp_path_factory.mktemp("ear")
    listed = ear.write_clips(clips, folder / "clips")
    types = ear.describe_types()
    types = types[types["code"].isin(KNOWN)]
    # A network that is always right, and an annotator who always hears the same.
    letters = dict(zip(types["code"], "abcdef", strict=True))
    for clip in listed[:-30]:
        if clip["answer"] in letters:
            best = letters[clip["answer"]]
            clip |= {"network": best + "abcdef".replace(best, ""), "annotator": "DEEBOO"}
    page = ear.ear_markup(listed, types, base="clips/", simulated=True)
    (folder / "page.html").write_text(
        f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>ear</title><body>{page}</body></html>', "utf-8"
    )
    return folder


def test_clips_are_three_seconds_equally_loud_and_hold_what_they_say(clips, markup):
    assert {clip["step"] for clip in clips} == set(ear.STEPS) - {"unlike", "alike"} and len(clips) == 17 * len(KNOWN)
    for clip in clips[::20]:
        assert clip["sound"].shape == (3 * RATE,) and np.isfinite(clip["sound"]).all()
        sound, rate = soundfile.read(io.BytesIO((markup / "clips" / f"c{clip['clip']}.mp3").read_bytes()))
        assert rate == RATE and 0.05 < np.abs(sound).max() <= 1
    booms = [clip["sound"].tobytes() for clip in clips if clip["answer"] == "DEEBOO"]
    assert len(set(booms)) == len(booms) == 11  # other individuals, not the same again
    loud = pd.DataFrame([(clip["answer"], np.std(clip["sound"])) for clip in clips if clip["step"] == "chorus"])
    assert loud.groupby(0)[1].mean().is_monotonic_increasing


def test_types_are_told_in_words():
    types = ear.describe_types().set_index("code")
    assert len(types) == 26 and types.loc["DEEBOO", "words"].startswith("low (340 Hz), rises; tonal; one note")
    assert "115 pulses per second" in types.loc["SHOTRI", "words"] and types["alike"].isin(types.index).all()


def test_all_names_are_marked_for_translation():
    assert list(ear._NAMES) == list(al.call_types()["name"])


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_the_cards_of_a_translated_page_speak_its_language_and_the_rest_stays_as_it_was(language):
    english, cards = ear.describe_types(), ear_page.types_in(language)
    assert current_language() == "en" and ear.describe_types().equals(english)
    assert (cards["name"] != english["name"]).all() and cards["name"].is_unique
    assert (cards["words"] != english["words"]).all()
    spoken = cards["words"].str.cat(sep=" ")
    assert not re.search(r"\b(low|middle|high|rises|falls|keeps|notes?|to|of|pulses|per)\b", spoken)
    said = ["name", "words"]
    assert cards.drop(columns=said).equals(english.drop(columns=said))  # the script asks by codes and numbers
    assert "(5300 Hz)" in spoken and "0,06 s" in spoken


def test_clips_of_a_data_set_are_around_its_labels_the_clear_and_lonely_first():
    pond = al.load_dataset("pond", size="tiny")
    clips = list(ear.labelled_clips(pond, n_per_species=2))
    counts = pd.Series([clip["answer"] for clip in clips]).value_counts()
    assert counts.max() == 2 and set(counts.index) == set(pond.strong_labels["species"])
    assert all(len(clip["sound"]) <= 3 * RATE and clip["step"] == "others" for clip in clips)


def test_more_clips_than_a_notebook_bears_are_refused(monkeypatch):
    monkeypatch.setattr(ear, "_MOST_CLIPS", 3)
    with pytest.raises(ValueError, match="n_per_species"):
        al.ear_training(al.load_dataset("pond", size="tiny"), n_per_species=2)


@pytest.fixture
def tab(browser, markup):
    said = []
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((markup / "page.html").as_uri())
    yield page
    page.close()
    assert said == []


def answer_ten(tab, step, key):
    tab.locator(".anura-ear-drill select").select_option(step)
    tab.get_by_role("button", name="Ten questions").click()
    for _ in range(10):
        assert tab.locator(".anura-ear-stage img").count() == 0  # by ear
        tab.keyboard.press(key)
        assert tab.locator(".anura-ear-stage img").count() >= 1  # then seen
        tab.keyboard.press("Enter")


@pytest.mark.browser
def test_ten_questions_are_asked_answered_kept_and_deleted(tab):
    answer_ten(tab, "unlike", "1")
    right = int(tab.locator(".anura-ear-stage").inner_text().split()[0])
    rows = tab.evaluate("JSON.parse(localStorage.getItem('anura-ear'))")
    assert len(rows) == 10 and sum(row["truth"] == row["said"] for row in rows) == right
    assert all(row["said"] == "DEEBOO" and set(row["options"]) == {"DEEBOO", "ASCWHI", "SHOTRI"} for row in rows)
    confusions = tab.locator(".anura-ear-memory table").first.locator("tbody tr")
    assert sum(int(n) for n in confusions.locator("td:last-child").all_inner_texts()) == 10 - right
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save as a table").click()
    table = pd.read_csv(download.value.path())
    assert list(table) == ["day", "step", "clip", "truth", "said"] and len(table) == 10
    tab.reload()
    assert tab.locator(".anura-ear-memory table").count() >= 1
    tab.get_by_role("button", name="Delete everything").click()
    assert tab.evaluate("localStorage.getItem('anura-ear')") == "[]"
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.browser
def test_i_do_not_know_is_no_confusion_and_others_were_asked_the_same(tab):
    answer_ten(tab, "six", "0")
    assert tab.get_by_text("Your confusions").count() == 0
    rows = tab.evaluate("JSON.parse(localStorage.getItem('anura-ear'))")
    booms = sum(row["truth"] == "DEEBOO" for row in rows)
    said = {}
    for table in tab.locator(".anura-ear-memory table").all():
        heads, all_calls = table.locator("th").all_inner_texts(), table.locator("tbody tr").first.locator("td")
        assert heads == ["call", "you", "network", "second annotator"]
        said[table.locator("caption").inner_text()] = [text.split(" %")[0] for text in all_calls.all_inner_texts()]
    assert said == {"hits": ["all calls", "0", "100", f"{10 * booms}"],
                    "false alarms": ["all calls", "0", "0", f"{100 - 10 * booms}"]}  # fmt: skip


def test_what_others_said_is_of_the_clips_that_are_made():
    plan = pd.DataFrame(ear.clip_plan(), columns=["step", "answer", "how"]).rename_axis("clip").reset_index()
    table = read_results("bench_ear", keep_default_na=False)
    asked = plan[plan["step"].isin(bench_ear.NAMED)]
    assert table[["clip", "step", "answer"]].equals(asked[["clip", "step", "answer"]].reset_index(drop=True))
    codes = al.call_types()["code"]
    assert set(table["annotator"]) <= {*codes, ""} and set(table["network"].map(sorted).map("".join)) == {
        "".join(bench_ear.letters(codes).values())}  # fmt: skip
    facts = bench_ear.facts(table)
    assert facts["ear_annotator_others"] > facts["ear_network_others"] > 100 / len(codes)


@pytest.mark.browser
@pytest.mark.parametrize("step", ["chorus", "other sounds", "noise"])
def test_every_step_can_be_gone_through(tab, step):
    answer_ten(tab, step, "2")
    assert re.match(r"\d+ of 10 right", tab.locator(".anura-ear-stage").inner_text())


@pytest.mark.browser
@pytest.mark.parametrize("stored", ["null", "3", "{", "[null, {}, 4]", '[{"step": "six", "truth": 3}]'])
def test_whatever_a_browser_kept_it_starts(browser, markup, stored):
    page = browser.new_page()
    page.goto((markup / "page.html").as_uri())
    page.evaluate("value => localStorage.setItem('anura-ear', value)", stored)
    page.reload()
    assert page.get_by_role("button", name="Ten questions").is_visible()
    page.close()


@pytest.mark.browser
def test_cards_are_filtered_and_two_put_beside_each_other(tab):
    assert tab.locator(".anura-ear-wall .anura-ear-card").count() == 6
    tab.get_by_label("Voice").select_option("pulsed")
    assert tab.locator(".anura-ear-wall .anura-ear-card").count() == 2
    tab.get_by_label("Voice").select_option("")
    tab.get_by_role("button", name="Put beside another, DEEBOO").click()
    tab.get_by_role("button", name="Put beside another, SHOTRI").click()
    said = tab.locator(".anura-ear-pair p").first.inner_text()
    assert "DEEBOO is lower: 340 against 4,150 Hz." in said and "SHOTRI is pulsed, DEEBOO is not." in said


def test_answers_come_back_to_python():
    live = al.ear_training(al.load_dataset("pond", size="tiny"), n_per_species=1)
    assert live.answers.empty
    live.set_state({"log": [{"clip": 1, "step": "others", "truth": "A", "said": "", "options": ["A"], "day": 1}]})
    assert live.answers.to_dict("records") == [{"clip": 1, "step": "others", "truth": "A", "said": ""}]
