"""The annotator: what is drawn is what is exported, heard, kept and scored; and what comes back to Python."""

import json
import re

import html5lib
import numpy as np
import pandas as pd
import pytest

import anuralib as al

RATE = 22050
EXPERT = pd.DataFrame([(1.0, 2.0, "AAAAAA", "H"), (6.0, 7.5, "BBBBBB", "L")],
                      columns=["start_s", "end_s", "species", "quality"])  # fmt: skip


def tone(seconds=10.0):
    return 0.5 * np.sin(2 * np.pi * 2000 * np.arange(int(seconds * RATE)) / RATE)


def page(*shown):
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>annotator</title>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{"".join(map(str, shown))}</body></html>'


def data(annotator):
    return json.loads(str(annotator).partition('<script type="application/json">')[2].partition("</script>")[0])


def test_html_is_valid_and_holds_the_expert_of_this_recording_and_part(tmp_path):
    al.write_audio(tmp_path / "SIM1_20201107_213000.wav", tone(), RATE)
    expert = EXPERT.assign(recording=["SIM1_20201107_213000", "SIM2_20201107_213000"])
    shown = al.annotator(tmp_path / "SIM1_20201107_213000.wav", expert=expert, start_s=0.5, max_s=5)
    html5lib.HTMLParser(strict=True).parse(page(shown, al.annotator(tone())))
    assert data(shown)["expert"] == [{"start": 0.5, "end": 1.5, "species": "AAAAAA", "quality": "H"}]
    assert data(shown)["species"] == ["AAAAAA"] and data(shown)["recording"] == "SIM1_20201107_213000"
    assert data(al.annotator(tone()))["expert"] is None
    assert data(al.annotator(tone(), species=["B", "A"]))["species"] == ["A", "B"]


def test_an_expert_without_quality_and_any_name_is_json_that_browsers_read():
    """JSON has no NaN: Python writes it, and a browser stops at it."""
    expert = EXPERT.assign(quality=[np.nan, None], species=["AAAAAA", np.nan])
    text = str(al.annotator(tone(), expert=expert))
    listing = text.partition('<script type="application/json">')[2].partition("</script>")[0]
    shown = json.loads(listing, parse_constant=lambda word: pytest.fail(word))
    assert [box["quality"] for box in shown["expert"]] == ["", ""] and shown["species"] == ["AAAAAA", "unknown"]


def test_a_name_can_not_break_out_of_the_page():
    shown = al.annotator(tone(), species=["</script><b>"], title="<u>")
    assert "</script><b>" not in str(shown) and "<u>" not in str(shown)
    html5lib.HTMLParser(strict=True).parse(page(shown))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="nothing to play"):
        al.annotator(np.zeros(0))
    with pytest.raises(ValueError, match="labels need"):
        al.annotator(tone(), expert=pd.DataFrame({"start_s": [1.0]}))


def test_live_boxes_come_back_as_labels():
    live = al.annotator(tone(), expert=EXPERT, title="tone", live=True)
    columns = ["recording", "start_s", "end_s", "species", "quality", "low_hz", "high_hz"]
    assert live.labels.empty and list(live.labels) == columns
    live.set_state({"boxes": [  # as the browser sends them
        {"start": 6.0, "end": 7.0, "species": "BBBBBB", "quality": "L", "low": None, "high": None},
        {"start": 1.0, "end": 2.0, "species": "AAAAAA", "quality": "H", "low": 500.0, "high": 2500.5},
    ]})  # fmt: skip
    assert live.labels["species"].tolist() == ["AAAAAA", "BBBBBB"] and live.labels["high_hz"][0] == 2500.5
    assert np.isnan(live.labels["low_hz"][1])
    scores = al.agreement(live.labels, EXPERT, 10.0).set_index("species")
    assert scores.loc["AAAAAA", "jaccard"] == 1


# ---------------------------------------------------------------------------------------------- in the browser


@pytest.fixture
def open_page(open_html):
    return lambda *shown, **how: open_html(page(*shown), **how)


def drag(tab, start, end, which=0, duration=10.0):
    """From (second, share of the height from above) to another."""
    box = tab.locator(".anura-draw").nth(which).bounding_box()
    points = [(box["x"] + t / duration * box["width"], box["y"] + y * box["height"]) for t, y in (start, end)]
    tab.mouse.move(*points[0])
    tab.mouse.down()
    tab.mouse.move(*np.mean(points, axis=0))
    tab.mouse.move(*points[1])
    tab.mouse.up()


def exported(tab, tmp_path):
    with tab.expect_download() as download:
        tab.get_by_role("button", name="Save label file").click()
    download.value.save_as(tmp_path / download.value.suggested_filename)
    return al.read_audacity_labels(tmp_path / download.value.suggested_filename)


@pytest.mark.browser
def test_what_is_drawn_moved_named_and_deleted_is_what_is_exported(open_page, tmp_path):
    tab = open_page(al.annotator(tone(), expert=EXPERT, title="night"))
    drag(tab, (1.0, 0.9), (2.0, 0.7))
    assert tab.get_by_label("species, box 1").input_value() == "" == tab.get_by_label("quality, box 1").input_value()
    tab.keyboard.press("1")  # the chips ask at once
    tab.keyboard.press("m")
    drag(tab, (6.0, 0.2), (7.0, 0.4))
    drag(tab, (8.0, 0.5), (9.0, 0.6))
    drag(tab, (6.5, 0.3), (7.0, 0.3))  # the second, half a second later
    tab.get_by_label("species, box 2").fill("BBBBBB")
    tab.get_by_label("quality, box 2").select_option("L")
    tab.locator(".anura-table").get_by_role("button", name="Delete, box 3").click()
    labels = exported(tab, tmp_path)
    assert (tmp_path / "night.txt").is_file()
    assert tab.get_by_role("button", name="Nothing calls here").is_disabled()
    assert labels["label"].tolist() == ["AAAAAA_M", "BBBBBB_L"]
    np.testing.assert_allclose(labels[["start_s", "end_s"]], [[1, 2], [6.5, 7.5]], atol=0.03)
    np.testing.assert_allclose(labels[["low_hz", "high_hz"]], [[1000, 3000], [6000, 8000]], atol=80)
    tab.get_by_role("button", name="Undo").click()
    assert tab.locator(".anura-table tbody tr").count() == 3
    assert tab.get_by_role("status").nth(1).inner_text() == "2 boxes"


@pytest.mark.browser
def test_an_edge_can_be_pulled_and_a_click_plays_the_box(open_page):
    tab = open_page(al.annotator(tone(), expert=EXPERT))
    drag(tab, (2.0, 0.3), (4.0, 0.7))
    drag(tab, (3.99, 0.5), (5.0, 0.5))
    assert float(tab.get_by_label("end (s), box 1").input_value()) == pytest.approx(5, abs=0.05)
    assert float(tab.get_by_label("start (s), box 1").input_value()) == pytest.approx(2, abs=0.03)
    drag(tab, (3.0, 0.5), (3.0, 0.5))
    tab.wait_for_function("!document.querySelector('audio').paused && document.querySelector('audio').currentTime > 2")
    tab.wait_for_function("document.querySelector('audio').paused")
    assert tab.evaluate("document.querySelector('audio').currentTime") == pytest.approx(5.05, abs=0.06)


@pytest.mark.browser
def test_keyboard_alone_makes_a_box_names_it_and_deletes_it(open_page):
    tab = open_page(al.annotator(tone(), species=["AAAAAA", "BBBBBB"], start_s=2.0, max_s=6))
    tab.get_by_role("slider").focus()
    for _ in range(2):
        tab.keyboard.press("Shift+ArrowRight")
    tab.get_by_role("button", name="New box at the cursor").focus()
    tab.keyboard.press("Enter")
    chip = tab.get_by_role("button", name="AAAAAA", exact=True)
    assert chip.evaluate("button => button === document.activeElement")
    tab.keyboard.press("Escape")
    start = tab.get_by_label("start (s), box 1")
    assert float(start.input_value()) == 4.0
    start.focus()
    tab.keyboard.press("ArrowUp")
    tab.keyboard.press("Tab")
    assert tab.get_by_label("end (s), box 1").evaluate("field => field === document.activeElement")
    tab.keyboard.press("Tab")
    tab.keyboard.press("Control+a")
    tab.keyboard.type("BBBBBB")
    tab.keyboard.press("Tab")
    text = tab.get_by_label("The label file as text")
    assert text.input_value() == "4.100000\t5.000000\tBBBBBB\n"
    tab.get_by_role("button", name="Delete, box 1").focus()
    tab.keyboard.press("Enter")
    assert text.input_value() == ""
    assert tab.get_by_role("button", name="New box").evaluate("button => button === document.activeElement")


@pytest.mark.browser
def test_the_score_is_that_of_the_package(open_page):
    """Thirty pairs of random label tables, through the page's function and through al.agreement and al.match_bouts."""
    rng = np.random.default_rng(5)
    tab = open_page(al.annotator(tone(), expert=EXPERT))
    for _ in range(30):
        tables = []
        for n in rng.integers(1, 7, 2):
            start = np.round(rng.uniform(0, 9, n), 2)
            end = np.round(np.minimum(start + rng.uniform(0.05, 4, n), 10), 2)
            species = rng.choice(["AAAAAA", "BBBBBB", "CCCCCC"], n)
            tables.append(pd.DataFrame({"recording": "x", "start_s": start, "end_s": end, "species": species}))
        mine, theirs = tables
        given = [t.rename(columns={"start_s": "start", "end_s": "end"}).to_dict("records") for t in tables]
        rows = tab.evaluate("([a, b]) => window.anuraScore(a, b, 10)", given)
        got = pd.DataFrame(rows).set_index("species")
        expected = al.agreement(mine, theirs, {"x": 10.0}).set_index("species")
        assert list(got.index) == list(expected.index)
        for column in expected:
            np.testing.assert_allclose(got[column].astype(float), expected[column], atol=1e-9, err_msg=column)
        pairs = al.match_bouts(mine, theirs)
        for species in got.index:
            a, b = (pairs[f"species_{side}"] == species for side in "ab")
            verdict = pairs["verdict"]
            assert got.loc[species, "same"] == (a & (verdict == "same")).sum()
            assert got.loc[species, "other"] == ((a | b) & (verdict == "other species")).sum()
            assert got.loc[species, "missed"] == (b & (verdict == "only b")).sum()
            assert got.loc[species, "invented"] == (a & (verdict == "only a")).sum()


@pytest.mark.browser
def test_the_comparison_is_shown_with_the_experts_boxes_and_can_be_hidden(open_page):
    tab = open_page(al.annotator(tone(), expert=EXPERT))
    assert tab.get_by_role("button", name="Compare with the expert").is_disabled()  # listen first
    drag(tab, (1.1, 0.3), (2.0, 0.7))
    tab.get_by_role("button", name="AAAAAA", exact=True).click()
    assert tab.locator(".anura-expert").count() == 0
    tab.get_by_role("button", name="Compare with the expert").click()
    assert tab.locator(".anura-expert").count() == 2
    found, missed = tab.locator(".anura-verdicts li").all()
    assert "You both found AAAAAA, 1.0 to 2.0 s." in found.inner_text()
    assert "You missed BBBBBB, 6.0 to 7.5 s." in missed.inner_text()
    missed.get_by_role("button").click()
    tab.wait_for_function("document.querySelector('audio').currentTime > 6")
    tab.get_by_text("The same in numbers").click()
    cells = tab.locator(".anura-score tbody tr").first.locator("td").all_inner_texts()
    assert cells[:7] == ["AAAAAA", "1", "1", "1", "0", "0", "0"] and float(cells[9]) == pytest.approx(0.1, abs=0.03)
    assert tab.locator(".anura-score tbody tr").nth(1).locator("td").all_inner_texts()[5] == "1"  # missed
    tab.get_by_role("button", name="Hide the expert").click()
    assert tab.locator(".anura-expert").count() == 0 and tab.locator(".anura-score table").count() == 0


@pytest.mark.browser
def test_that_nothing_calls_is_an_answer_too(open_page, tmp_path):
    tab = open_page(al.annotator(tone(), expert=EXPERT, title="night"))
    tab.get_by_role("button", name="Nothing calls here").click()
    assert exported(tab, tmp_path).empty  # a label file without labels, which is not a missing one
    tab.reload()
    assert tab.get_by_role("button", name="Nothing calls here").get_attribute("aria-pressed") == "true"
    tab.get_by_role("button", name="Compare with the expert").click()
    assert tab.locator(".anura-verdicts li").count() == 2
    drag(tab, (1.1, 0.3), (2.0, 0.7))
    assert tab.get_by_role("button", name="Nothing calls here").get_attribute("aria-pressed") == "false"


@pytest.mark.browser
def test_chips_have_examples_to_hear_and_a_long_list_is_typed(open_page):
    codes = [f"CALL{i:02}" for i in range(12)]
    tab = open_page(al.annotator(tone(), species=codes, examples={"CALL03": tone(1)}))
    drag(tab, (1, 0.3), (2, 0.6))
    assert tab.locator(".anura-chip[data-code]").count() == 9
    tab.evaluate("""() => { const Old = Audio; window.heard = 0;
        window.Audio = function (uri) {
            const sound = new Old(uri);
            sound.addEventListener('play', () => window.heard++);
            return sound;
        }; }""")
    tab.get_by_role("button", name="Play an example of CALL03").click()
    tab.wait_for_function("window.heard === 1")
    tab.get_by_label("Another name").fill("CALL11")
    tab.keyboard.press("Tab")
    assert tab.get_by_label("species, box 1").input_value() == "CALL11"
    drag(tab, (5, 0.3), (6, 0.6))
    assert tab.locator(".anura-chip[data-code]").first.get_attribute("data-code") == "CALL11"  # used before
    tab.keyboard.press("Delete")
    assert tab.locator(".anura-own").count() == 1


@pytest.mark.browser
def test_names_do_not_lie_on_each_other(open_page):
    tab = open_page(al.annotator(tone(), species=["AAAAAA", "BBBBBB"]))
    for k, start in enumerate((2.0, 2.1, 2.2)):
        drag(tab, (start, 0.05), (start + 2, 0.05 + 0.8))
        tab.keyboard.press("1")
        tab.keyboard.press("Escape")
        assert tab.locator(".anura-own").count() == k + 1
        tab.evaluate("document.querySelectorAll('.anura-own').forEach(b => { b.style.pointerEvents = 'none'; })")
    places = [name.bounding_box() for name in tab.locator(".anura-own > span").all()]
    rows = sorted(place["y"] for place in places)
    assert all(b - a >= 12 for a, b in zip(rows, rows[1:], strict=False))


@pytest.mark.browser
def test_two_annotators_do_not_disturb_each_other_and_boxes_are_kept_for_the_next_visit(open_page):
    tab = open_page(al.annotator(tone(), species=["A"], title="one"), al.annotator(tone(), species=["B"], title="two"))
    drag(tab, (1, 0.3), (2, 0.6), which=1)
    assert [tab.locator(".anura-annotator").nth(i).locator(".anura-own").count() for i in (0, 1)] == [0, 1]
    tab.reload()
    assert [tab.locator(".anura-annotator").nth(i).locator(".anura-own").count() for i in (0, 1)] == [0, 1]
    assert tab.locator(".anura-annotator").nth(1).get_by_label("start (s), box 1").input_value() == "1.00"


KEPT = {"start": 1, "end": 2.5, "low": None, "high": None, "species": "AAAAAA", "quality": "H"}


@pytest.mark.browser
@pytest.mark.parametrize(
    ("stored", "text"),
    [("null", ""), ("3", ""), ('"boxes"', ""), ("{", ""), ('{"length": 2}', ""), ("[null, 3, [], {}, [[]]]", ""),
     ([KEPT | {"start": None}, KEPT | {"end": "x"}, KEPT | {"start": 3}, KEPT | {"species": 3}], ""),
     ([KEPT | {"low": "a"}, KEPT | {"start": 11, "end": 12}, KEPT | {"low": 3}, KEPT | {"low": 9, "high": 3}], ""),
     ([{"start": 1, "end": 2.5, "species": "AAAAAA"}], "1.000000\t2.500000\tAAAAAA\n"),
     ([KEPT | {"end": 1e9, "species": " A\n\tB\x1b ", "quality": {}}], "1.000000\t10.000000\tA B\n"),
     ([KEPT, {"__proto__": []}], "1.000000\t2.500000\tAAAAAA_H\n")],
)  # fmt: skip
def test_whatever_a_browser_kept_the_annotator_starts_with_what_are_boxes(open_page, stored, text):
    tab = open_page(al.annotator(tone(), expert=EXPERT, title="night"))
    value = stored if isinstance(stored, str) else json.dumps(stored)
    tab.evaluate("value => localStorage.setItem('anura-labels night 0 10', value)", value)
    for _ in range(10):  # the browser may take a moment to keep it
        tab.reload()
        if tab.evaluate("localStorage.getItem('anura-labels night 0 10')") == value:
            break
    assert tab.get_by_label("The label file as text").input_value() == text
    drag(tab, (4.0, 0.3), (5.0, 0.6))
    tab.get_by_role("button", name="Compare with the expert").click()
    assert tab.locator(".anura-expert").count() == 2


@pytest.mark.browser
@pytest.mark.parametrize("language", ["constructor", "__proto__", "toString", "xx", ""])
def test_a_language_that_is_none_is_english(open_page, language):
    texts = "<script>window.anuraTexts = {};</script>"
    tab = open_page(texts, al.annotator(tone(), expert=EXPERT))
    tab.evaluate("name => localStorage.setItem('anura-language', name)", language)
    tab.reload()
    assert tab.get_by_role("button", name="Undo").count() == tab.get_by_role("button", name="Loop").count() == 1


@pytest.mark.browser
def test_a_finger_draws_and_a_phone_has_no_sideways_scroll(open_page):
    tab = open_page(al.annotator(tone(), expert=EXPERT, title="x" * 60), width=390, touch=True)
    drag(tab, (1, 0.3), (4, 0.6))
    tab.get_by_role("button", name="Compare with the expert").click()
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    for button in tab.locator(".anura-tools button, .anura-table button").all():
        box = button.bounding_box()
        assert min(box["width"], box["height"]) >= 24
    assert tab.locator(".anura-draw").evaluate("layer => getComputedStyle(layer).touchAction") == "none"


@pytest.mark.browser
def test_the_live_widget_sends_what_is_drawn_and_shows_what_python_has(open_page):
    """The widget's module in a page, with a model that behaves as a notebook's does."""
    live = al.annotator(tone(), expert=EXPERT, title="live", start_s=1.0, max_s=8, live=True)
    kept = {"start": 3.0, "end": 4.0, "species": "BBBBBB", "quality": "L", "low": None, "high": None}
    state = {"markup": live.markup, "player_script": live.player_script, "boxes": [kept]}
    tab = open_page("<div id='cell'></div>")
    tab.evaluate(
        """async ([esm, state]) => {
          const module = await import(URL.createObjectURL(new Blob([esm], { type: "text/javascript" })));
          window.sent = [];
          const model = { get: key => state[key], set: (key, value) => { state[key] = value; },
                          save_changes: () => window.sent.push(state.boxes) };
          module.default.render({ model, el: document.querySelector("#cell") });
        }""",
        [live._esm, state],
    )
    assert tab.get_by_label("start (s), box 1").input_value() == "3.00"
    drag(tab, (5, 0.3), (6, 0.6), duration=8.0)
    tab.get_by_role("button", name="BBBBBB", exact=True).click()
    live.set_state({"boxes": tab.evaluate("window.sent[window.sent.length - 1]")})
    assert live.labels["species"].tolist() == ["BBBBBB", "BBBBBB"]
    np.testing.assert_allclose(live.labels["start_s"], [3.0, 6.0], atol=0.05)  # of the recording, not of the part
    tab.get_by_role("button", name="Play", exact=True).click()
    tab.wait_for_function("document.querySelector('audio').currentTime > 0.1")


def test_keys_of_texts_are_used_and_there():
    """Each text of player and annotator stands in its table, and none is left over."""
    from importlib.resources import files

    for name in ("player.js", "annotator.js", "review.js"):
        source = files("anuralib.show").joinpath(name).read_text(encoding="utf-8")
        table = source.partition("const TEXT = {")[2].partition("};")[0]
        keys = {line.strip().split(":")[0] for part in table.splitlines() for line in part.split('", ')} - {""}
        rest = source.replace(table, "")
        assert len(keys) > 8
        unused = {key for key in keys if f'"{key}"' not in rest}
        assert unused == set(), (name, unused)


@pytest.mark.parametrize("language", ["es", "pt_BR"])
def test_every_text_of_player_and_annotator_is_translated(browser, language):
    """Read as a browser reads it; a place in braces is kept."""
    from importlib.resources import files
    from pathlib import Path

    tab = browser.new_page()
    texts = Path(__file__).resolve().parents[2] / "book" / "_static" / "anura_texts.js"
    tab.add_script_tag(content=texts.read_text(encoding="utf-8"))
    for name in ("player.js", "annotator.js", "review.js"):
        source = files("anuralib.show").joinpath(name).read_text(encoding="utf-8")
        table = source.partition("const TEXT = ")[2].partition("};")[0] + "}"
        for key, english in tab.evaluate(f"() => ({table})").items():
            other = tab.evaluate("([language, key]) => window.anuraTexts[language][key]", [language, key])
            assert other, (name, key)
            assert sorted(re.findall(r"{\w+}", other)) == sorted(re.findall(r"{\w+}", english)), (name, key)
    tab.close()
