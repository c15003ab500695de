"""In the dark theme drawings are inverted, spectrograms stay as they are, and what lies around them is dark."""

import matplotlib.pyplot as plt
import numpy as np
from dark_figures import by_night, kind, mark_figures
from PIL import Image

import anuralib as al


def saved(path, ax):
    ax.figure.savefig(path, dpi=200)
    plt.close(ax.figure)
    return path


def tone_figure(path):
    tone = np.sin(2 * np.pi * 3000 * np.arange(22050) / 22050)
    return saved(path, al.plot_spectrogram(tone))


def test_each_page_gets_the_form_of_a_picture_for_its_theme_once(tmp_path):
    images = tmp_path / "_images"
    images.mkdir()
    _, ax = plt.subplots()
    ax.plot([0, 1], [1, 0])
    assert kind(saved(images / "lines.png", ax)) == "drawing" and kind(tone_figure(images / "sound.png")) == "figure"
    tags = ('<img alt="a" src="_images/lines.png">', '<img alt="b" class="c" src="_images/lines.png"/>',
            '<img src="_images/sound.png">', '<img src="x">')  # fmt: skip
    page = tmp_path / "page.html"
    page.write_text("".join(tags), encoding="utf-8")
    assert mark_figures(tmp_path) == 1 and mark_figures(tmp_path) == 0
    marked = page.read_text(encoding="utf-8").split("<")[1:]
    assert marked[0] == 'img class="anura-drawing dark-light" alt="a" src="_images/lines.png">'
    assert marked[1] == 'img alt="b" class="anura-drawing dark-light c" src="_images/lines.png"/>'
    assert marked[2] == 'img class="anura-day" src="_images/sound.png">'
    assert marked[3] == 'img class="anura-night dark-light" loading="lazy" src="_images/night/sound.png">'
    assert marked[4] == 'img src="x">' and (images / "night" / "sound.png").is_file()


def test_only_what_lies_around_a_spectrogram_is_inverted(tmp_path):
    day = Image.open(tone_figure(tmp_path / "sound.png")).convert("RGB")
    before, after = np.asarray(day).astype(int), np.asarray(by_night(day)).astype(int)
    paper = (before == 255).all(axis=2)
    inside = np.ptp(before, axis=2) > 60  # magma; text and paper are grey
    assert after[paper].max() < 40 and (after[inside] == before[inside]).all(axis=1).mean() > 0.99
    corner = after[:, : before.shape[1] // 20]
    assert corner.max() > 200  # the axis label is light


def test_a_filled_curve_is_a_drawing_also_beside_a_spectrogram(tmp_path):
    wave = np.full((400, 600, 3), 255, np.uint8)
    height = (150 * np.abs(np.sin(np.arange(600) / 60))).astype(int)
    for x, h in enumerate(height):
        wave[200 - h : 200 + h, x] = (0, 114, 178)
    blue = np.asarray(by_night(Image.fromarray(wave)))[200, 94]
    assert blue[2] > 200 and blue[0] < 120
