"""The player: what stands in its HTML, and what it does in a browser."""

import base64
import io
import re

import html5lib
import numpy as np
import pandas as pd
import pytest
import soundfile
from PIL import Image

import anuralib as al

RATE = 22050


def tone(seconds=4.0, hz=2000.0):
    return 0.5 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def bouts(*rows):
    return pd.DataFrame(rows, columns=["start_s", "end_s", "species", "quality"])


LABELS = bouts((0.5, 1.0, "AAAAAA", "H"), (2.0, 2.6, "BBBBBB", "L"))


def data(markup, kind):
    return base64.b64decode(re.search(f'"data:{kind};base64,([^"]*)"', markup)[1])


def page(*players):
    body = "".join(map(str, players))
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>players</title>'
    return f'<!DOCTYPE html><html lang="en"><head>{head}</head><body>{body}</body></html>'


def buttons(markup):
    return [(float(a), float(b)) for a, b in re.findall(r'data-start="([\d.]+)" data-end="([\d.]+)"', markup)]


def test_real_recording_is_small_and_the_same_every_time(shared_data):
    labels = al.read_audacity_labels(shared_data / "spinetail.txt")
    first, second = (str(al.player(shared_data / "spinetail.wav", labels=labels, max_s=10)) for _ in range(2))
    assert first == second
    assert len(first) < 130_000
    assert first.count("<button") == (labels["start_s"] < 10).sum() == first.count('class="anura-box"')


def test_html_is_valid_and_asks_nobody():
    html = page(al.player(tone(), LABELS), al.player(tone(), LABELS), al.player(tone(), title='<b>"x"</b>'))
    html5lib.HTMLParser(strict=True).parse(html)
    assert "<b>" not in html and "<style" not in html and " id=" not in html
    style = data(html, "text/css").decode()
    outside = re.sub(r'"data:[^"]*"', '""', html)  # what is inside the page asks nobody
    assert "http" not in outside and "url(" not in style and "@import" not in style
    assert set(re.findall(r'(?:src|href)="([^"]*)"', outside)) == {""}


def test_picture_holds_the_tone_where_the_axis_says():
    image = Image.open(io.BytesIO(data(str(al.player(tone(hz=2500.0))), "image/png")))
    pixels = np.asarray(image)
    row = np.median(pixels, axis=1).argmax()
    assert image.mode == "P" and abs((1 - (row + 0.5) / len(pixels)) * 10 - 2.5) < 0.1


def test_silence_is_dark():
    pixels = np.asarray(Image.open(io.BytesIO(data(str(al.player(np.zeros(RATE))), "image/png"))))
    assert pixels.max() == 0


def test_sounds_are_equally_loud_and_never_cut():
    def sound(signal):
        return soundfile.read(io.BytesIO(data(str(al.player(signal)), "audio/mpeg")))[0]

    def loudest(signal):
        return max(np.sqrt(np.mean(signal[i : i + 8820] ** 2)) for i in range(0, len(signal) - 8820, 441))

    call = np.zeros(4 * RATE)
    call[RATE : 2 * RATE] = 0.01 * tone(1.0)
    faint, loud = sound(call), sound(tone())
    assert loudest(faint) == pytest.approx(loudest(loud), rel=0.05) == pytest.approx(10 ** (-18 / 20), rel=0.1)
    click = np.zeros(4 * RATE)
    click[RATE] = 1.0
    assert np.abs(sound(click)).max() < 1


def test_a_species_has_one_colour_whatever_stands_beside_it():
    def colours(codes):
        rows = bouts(*((i, i + 0.5, code, "H") for i, code in enumerate(codes)))
        found = re.findall(r'aria-label="(\w+) quality.*?--ground:(#\w+)', str(al.player(tone(), rows)))
        return dict(found)

    alone, with_others = colours(["HIGPEE"]), colours(["BARWHI", "MYFROG", "HIGPEE"])
    assert alone["HIGPEE"] == with_others["HIGPEE"] == al.species_colour("HIGPEE")
    assert with_others["MYFROG"] == al.species_colour("MYFROG")


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 96000])
def test_sound_of_any_rate_begins_after_the_declared_delay(rate):
    signal = np.zeros(2 * rate)
    signal[rate : rate + rate // 100] = np.sin(2 * np.pi * 1500 * np.arange(rate // 100) / rate)
    markup = str(al.player(signal, sample_rate_hz=rate))
    mp3 = data(markup, "audio/mpeg")
    # A tag in the first frame would make some decoders skip the delay, and the declared one wrong.
    assert b"Xing" not in mp3[:200] and b"Info" not in mp3[:200]
    sound, got_rate = soundfile.read(io.BytesIO(mp3))
    lead = float(re.search(r'data-lead="([\d.]+)"', markup)[1])
    onset = np.flatnonzero(np.abs(sound) > 0.4 * np.abs(sound).max())[0] / got_rate
    assert got_rate == RATE and abs(onset - 1.0 - lead) < 0.003


def test_part_cuts_sound_and_labels():
    markup = str(al.player(tone(6), LABELS, start_s=0.8, max_s=1.5))
    assert buttons(markup) == [(0.0, 0.2), (1.2, 1.5)]
    assert 'data-duration="1.5000"' in markup and "AAAAAA quality H, 0.80 to 1.00 s" in markup
    assert "Spectrogram of sound: 0.8 to 2.3 seconds" in markup and "1 of AAAAAA, 1 of BBBBBB" in markup
    assert '<span style="left:13.33%;">1</span>' in markup  # time is counted from the recording's start


def test_labels_at_the_same_time_and_at_the_edge_lie_apart():
    crowd = bouts((0.1, 3.9, "AAAAAA", "H"), (1.0, 1.1, "AAAAAA", "L"), (3.85, 4.0, "AAAAAA", "M"))
    markup = str(al.player(tone(), crowd))
    lanes = markup.split('class="anura-lane"')[1:]
    assert [len(buttons(lane)) for lane in lanes] == [1, 2]
    assert "right:0.00%" in lanes[1]


def test_labels_of_the_recording_are_taken(tmp_path):
    al.write_audio(tmp_path / "SIM1_20201107_213000.wav", tone(), RATE)
    labels = LABELS.assign(recording=["SIM1_20201107_213000", "SIM2_20201107_213000"])
    markup = str(al.player(tmp_path / "SIM1_20201107_213000.wav", labels))
    assert buttons(markup) == [(0.5, 1.0)] and "simulated sound" in markup
    assert ">simulated sound<" not in str(al.player(tmp_path / "SIM1_20201107_213000.wav", simulated=False))
    with pytest.raises(ValueError, match="several recordings"):
        al.player(tone(), labels)


@pytest.mark.parametrize(
    ("signal", "options", "message"),
    [
        (np.zeros(0), {}, "nothing to play"), (np.zeros((2, 100)), {}, "one channel"),
        (np.full(RATE, np.nan), {}, "NaN"), (tone(), {"max_s": 0}, "max_s"), (tone(), {"start_s": 9}, "nothing"),
        (tone(), {"labels": pd.DataFrame({"start_s": [1.0]})}, "labels need"), ("no such.wav", {}, "no such"),
    ],
)  # fmt: skip
def test_bad_input_is_named(signal, options, message):
    with pytest.raises((ValueError, FileNotFoundError), match=message):
        al.player(signal, **options)


# ---------------------------------------------------------------------------------------------- in the browser


@pytest.fixture
def open_page(open_html):
    def opened(*players):
        tab = open_html(page(*players), width=390)
        tab.wait_for_function("document.querySelectorAll('[data-ready]').length > 0")
        return tab

    return opened


def seconds(tab, which=0):
    """Where sound and cursor stand, in seconds of the recording."""
    return tab.evaluate(
        """which => { const p = document.querySelectorAll('.anura-player')[which];
        return [p.querySelector('audio').currentTime - p.dataset.lead,
                parseFloat(p.querySelector('.anura-cursor').style.left) / 100 * p.dataset.duration]; }""",
        which,
    )


PAUSED = "document.querySelectorAll('audio')[{}].paused"


@pytest.mark.browser
def test_play_moves_the_cursor_to_the_end(open_page):
    tab = open_page(al.player(tone(1.5)))
    tab.evaluate("document.querySelector('audio').play()")
    tab.wait_for_function("parseFloat(document.querySelector('.anura-cursor').style.left) > 30")
    tab.wait_for_function("document.querySelector('audio').ended")
    assert tab.evaluate("document.querySelector('.anura-cursor').style.left") == "100%"


@pytest.mark.browser
def test_click_seeks_before_anything_is_loaded_and_later(open_page):
    tab = open_page(al.player(tone()))
    width = tab.locator(".anura-picture").bounding_box()["width"]
    assert tab.evaluate("document.querySelector('audio').readyState") == 0
    for share in (0.75, 0.25):
        tab.locator(".anura-picture").click(position={"x": share * width, "y": 20})
        tab.wait_for_function("s => Math.abs(document.querySelector('audio').currentTime - s) < 0.1", arg=4 * share)
        assert seconds(tab) == pytest.approx([4 * share, 4 * share], abs=0.03)
    assert tab.evaluate(PAUSED.format(0))


@pytest.mark.browser
def test_label_plays_its_span_and_stops(open_page):
    tab = open_page(al.player(tone(), LABELS))
    label = tab.get_by_role("button", name="BBBBBB quality L")
    label.focus()
    tab.keyboard.press("Enter")
    tab.wait_for_function("!document.querySelector('audio').paused && document.querySelector('audio').currentTime > 2")
    assert label.get_attribute("aria-pressed") == "true" and tab.locator(".anura-band").is_visible()
    assert seconds(tab)[0] < 2.6
    tab.wait_for_function(PAUSED.format(0))
    tab.wait_for_function("!document.querySelector('audio').seeking")
    assert seconds(tab) == pytest.approx([2.6, 2.6], abs=0.03)
    assert label.get_attribute("aria-pressed") == "false" and not tab.locator(".anura-band").is_visible()


@pytest.mark.browser
def test_label_pressed_again_stops_and_another_takes_over(open_page):
    tab = open_page(al.player(tone(8), bouts((0, 3, "AAAAAA", "H"), (4, 8, "BBBBBB", "H"))))
    first, second = tab.locator(".anura-lane button").all()
    first.click()
    tab.wait_for_function("document.querySelector('audio').currentTime > 0.1")
    second.click()
    tab.wait_for_function("document.querySelector('audio').currentTime > 4.1")
    assert [b.get_attribute("aria-pressed") for b in (first, second)] == ["false", "true"]
    second.click()
    tab.wait_for_function(PAUSED.format(0))
    assert second.get_attribute("aria-pressed") == "false"


@pytest.mark.browser
def test_one_sound_at_a_time_on_a_page(open_page):
    tab = open_page(al.player(tone(15), LABELS), al.player(tone(15), LABELS))
    for which in (0, 1):
        tab.evaluate("which => document.querySelectorAll('audio')[which].play()", which)
        tab.wait_for_function("which => document.querySelectorAll('audio')[which].currentTime > 0.1", arg=which)
    tab.wait_for_function(PAUSED.format(0))
    assert not tab.evaluate(PAUSED.format(1)) and not tab.evaluate("document.querySelector('audio').ended")


@pytest.mark.browser
def test_phone_has_no_sideways_scroll_and_targets_of_24_pixels(open_page):
    labels = bouts((0.0, 0.01, "A very long name of a call", "H"), (3.99, 4.0, "BBBBBB", "L"))
    tab = open_page(al.player(tone(), labels, title="x" * 90))
    assert tab.evaluate("document.documentElement.scrollWidth") <= 390
    grid = tab.locator(".anura-lane").first.bounding_box()
    for box in (button.bounding_box() for button in tab.locator(".anura-lane button").all()):
        assert min(box["width"], box["height"]) >= 24
        assert grid["x"] - 1 <= box["x"] and box["x"] + box["width"] <= grid["x"] + grid["width"] + 1


@pytest.mark.browser
def test_own_controls_are_large_enough_and_say_what_they_do(open_page):
    tab = open_page(al.player(tone(15), LABELS, title="tone"))  # long enough for a slow machine
    for name in ("Play", "Loop"):
        box = tab.get_by_role("button", name=name, exact=False).first.bounding_box()
        assert min(box["width"], box["height"]) >= 44
    speeds = tab.get_by_label("Speed").evaluate("s => [...s.options].map(o => o.value)")
    assert speeds == ["0.25", "0.5", "0.75", "1", "1.5", "2"]
    assert not tab.locator("audio").is_visible()
    tab.get_by_role("button", name="Play").click()
    tab.wait_for_function("document.querySelector('audio').currentTime > 0.2")
    tab.get_by_role("button", name="Pause").click()
    tab.get_by_role("button", name="Play").wait_for()  # the browser tells of the pause a moment later
    assert tab.evaluate(PAUSED.format(0))
    now, total = tab.locator(".anura-clock").inner_text().removesuffix(" s").split(" / ")
    assert float(now) > 0.1 and total == "15.0"


@pytest.mark.browser
def test_keyboard_alone_seeks_plays_and_loops(open_page):
    tab = open_page(al.player(tone(6), LABELS, start_s=1.0, title="tone"))
    slider = tab.get_by_role("slider", name="Position in tone")
    assert [slider.get_attribute(f"aria-value{x}") for x in ("min", "max", "now")] == ["1", "6", "1.00"]
    slider.focus()
    for key, expected in (("ArrowRight", 1.1), ("Shift+ArrowRight", 2.1), ("ArrowLeft", 2.0), ("End", 6), ("Home", 1)):
        tab.keyboard.press(key)
        assert float(slider.get_attribute("aria-valuenow")) == pytest.approx(expected)
    assert slider.get_attribute("aria-valuetext") == "1.0 seconds"
    tab.keyboard.press("Space")
    tab.wait_for_function("document.querySelector('audio').currentTime > 0.1")
    assert not tab.evaluate(PAUSED.format(0))
    tab.keyboard.press("Space")
    tab.wait_for_function(PAUSED.format(0))
    tab.keyboard.press("l")
    assert tab.get_by_role("button", name="Loop").get_attribute("aria-pressed") == "true"
    assert tab.get_by_role("status").inner_text() == "Loop on"


@pytest.mark.browser
def test_a_looped_label_begins_again_until_loop_is_off(open_page):
    tab = open_page(al.player(tone(), LABELS))
    tab.get_by_role("button", name="Loop").click()
    tab.evaluate("""() => { window.jumps = 0; let last = 0;
        document.querySelector('audio').addEventListener('seeked', e => { window.jumps += 1; }); }""")
    tab.get_by_role("button", name="AAAAAA quality H").click()
    tab.wait_for_function("window.jumps >= 3")  # once to the label, then round and round
    assert 0.4 < seconds(tab)[0] < 1.6 and not tab.evaluate(PAUSED.format(0))  # a slow machine comes late
    tab.get_by_role("button", name="Loop").click()
    tab.wait_for_function(PAUSED.format(0))
    assert seconds(tab)[0] == pytest.approx(1.0, abs=0.03)


@pytest.mark.browser
def test_the_whole_sound_can_be_looped(open_page):
    tab = open_page(al.player(tone(0.6)))
    tab.get_by_role("button", name="Loop").click()
    count = "() => { window.ends += 1; }"
    tab.evaluate(f"window.ends = 0; document.querySelector('audio').addEventListener('ended', {count})")
    tab.get_by_role("button", name="Play").click()
    tab.wait_for_function("window.ends >= 2")
    tab.wait_for_function("!document.querySelector('audio').paused")


@pytest.mark.browser
def test_speed_changes_the_rate_and_not_the_pitch_and_stays(open_page):
    tab = open_page(al.player(tone(), LABELS))
    tab.get_by_label("Speed").select_option("0.5")
    tab.get_by_role("button", name="BBBBBB").click()
    tab.wait_for_function("document.querySelector('audio').currentTime > 2.1")
    assert tab.evaluate("(a => [a.playbackRate, a.preservesPitch])(document.querySelector('audio'))") == [0.5, True]
    tab.get_by_label("Speed").select_option("2")
    assert tab.evaluate("document.querySelector('audio').playbackRate") == 2


@pytest.mark.browser
def test_a_box_in_the_picture_plays_like_its_button_and_shows_its_name(open_page):
    labels = bouts((0.5, 1.0, "AAAAAA", "H"), (2.0, 14.0, "BBBBBB", "L"))
    tab = open_page(al.player(tone(15), labels.assign(low_hz=[500.0, 3000.0], high_hz=[2500.0, 6000.0])))
    box = tab.locator(".anura-box").nth(1)
    assert box.inner_text() == "BBBBBB quality L"
    box.click()
    tab.wait_for_function("document.querySelector('audio').currentTime > 2 && !document.querySelector('audio').paused")
    assert tab.get_by_role("button", name="BBBBBB").get_attribute("aria-pressed") == "true"
    assert "Playing BBBBBB" in tab.get_by_role("status").inner_text()


@pytest.mark.browser
def test_names_show_while_their_callers_are_heard(open_page):
    labels = LABELS.assign(low_hz=[1000.0, 4000.0], high_hz=[2000.0, 6000.0])
    tab = open_page(al.player(tone(), labels, reveal=True))
    assert tab.locator(".anura-lane").count() == 0
    tab.locator(".anura-big").click()
    tab.wait_for_function("document.querySelector('.anura-now')?.textContent === 'AAAAAA'")
    assert not tab.locator(".anura-big").is_visible()
    tab.wait_for_function("document.querySelector('.anura-now')?.textContent === 'BBBBBB'")
    tab.wait_for_function("document.querySelector('audio').ended")
    assert tab.locator(".anura-now").count() == 0 and tab.locator(".anura-big").is_visible()


@pytest.mark.browser
def test_the_pointers_time_and_pitch_are_said(open_page):
    tab = open_page(al.player(tone(), start_s=1.0))
    box = tab.locator(".anura-picture").bounding_box()
    tab.mouse.move(box["x"] + box["width"] / 3, box["y"] + box["height"] / 4)
    assert tab.locator(".anura-pointer").inner_text() == "2.00 s, 7.5 kHz"
    tab.mouse.move(0, 0)
    assert tab.locator(".anura-pointer").inner_text() == ""


@pytest.mark.browser
def test_texts_follow_the_language_of_the_page(open_page):
    tab = open_page(al.player(tone(), LABELS, simulated=True))
    tab.evaluate("""() => {
        window.anuraTexts = { es: { play: 'Reproducir', loop: 'Repetir', simulated: 'sonido simulado' } };
        document.documentElement.lang = 'es'; document.dispatchEvent(new Event('anura-language')); }""")
    assert tab.get_by_role("button", name="Reproducir").is_visible()
    assert "Repetir" in tab.locator(".anura-loop").inner_text()
    assert tab.locator(".anura-badge").inner_text() == "sonido simulado"
    assert tab.get_by_label("Speed").is_visible()  # a text that nobody translated stays English


@pytest.mark.browser
def test_without_javascript_picture_and_sound_remain(browser):
    context = browser.new_context(java_script_enabled=False)
    tab = context.new_page()
    tab.set_content(page(al.player(tone(), LABELS)))
    assert tab.locator("audio").is_visible() and tab.locator("img").is_visible()
    assert tab.locator("button").first.is_disabled()
    context.close()
