"""In the dark theme figures have dark paper and light ink; their colours, and spectrograms, stay."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest
from dark_figures import by_night, has_paper, mark_figures
from PIL import Image

import anuralib as al


@pytest.fixture
def page(tmp_path):
    for folder in ("_images", "_static/inline"):
        (tmp_path / folder).mkdir(parents=True)
    figure, ax = plt.subplots()
    ax.plot([0, 1], [1, 0])
    for name in ("_images/lines.png", "_static/inline/one.png", "_static/inline/two.png"):
        figure.savefig(tmp_path / name)
    plt.close(figure)
    Image.new("RGB", (50, 50), "purple").save(tmp_path / "_images" / "sound.png")
    return tmp_path / "page.html"


def test_each_page_shows_the_form_of_a_figure_for_its_theme(page):
    tags = '<img alt="a" src="_images/lines.png"><img class="c" src="_images/lines.png"/><img src="_images/sound.png">'
    page.write_text(tags, encoding="utf-8")
    assert mark_figures(page.parent) == 1 and mark_figures(page.parent) == 0
    assert page.read_text(encoding="utf-8").replace("><", ">\n<").splitlines() == [
        '<img class="anura-day" alt="a" src="_images/lines.png">',
        '<img class="anura-night dark-light" loading="lazy" alt="a" src="_images/night/lines.png">',
        '<img class="anura-day c" src="_images/lines.png"/>',
        '<img loading="lazy" class="anura-night dark-light c" src="_images/night/lines.png"/>',
        '<img src="_images/sound.png">',  # no paper
    ]
    assert (page.parent / "_images" / "night" / "lines.png").is_file()


def test_an_explorer_is_told_that_there_are_two_of_each_picture(page):
    pictures = json.dumps({"0": ["./_static/inline/one.png", "first"], "1": ["./_static/inline/two.png", "second"]})
    explorer = f'<div class="anura-explorer"><img src="./_static/inline/one.png"><script>{pictures}</script></div>'
    page.write_text(explorer, encoding="utf-8")
    assert mark_figures(page.parent) == 1 and mark_figures(page.parent) == 0
    assert page.read_text(encoding="utf-8") == explorer.replace('explorer"', 'explorer" data-night=""', 1)
    assert {p.name for p in (page.parent / "_static/inline/night").iterdir()} == {"one.png", "two.png"}


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def drawn(figure):
    figure.set_dpi(200)
    figure.canvas.draw()
    picture = Image.fromarray(np.asarray(figure.canvas.buffer_rgba())).convert("RGB")
    return picture, np.asarray(picture).astype(int), np.asarray(by_night(picture)).astype(int)


def test_paper_is_dark_ink_is_light_and_bars_keep_their_colours():
    hues = ("#0072B2", "#E69F00", "#009E73", "#56B4E9")
    figure, ax = plt.subplots()
    ax.bar(range(4), 1, color=hues)
    _, before, after = drawn(figure)
    assert after[(before == 255).all(axis=2)].max() < 30 and after[(before == 0).all(axis=2)].min() > 200
    for hue in hues:
        colour = [int(hue[i : i + 2], 16) for i in (1, 3, 5)]
        there = (before == colour).all(axis=2)
        assert there.sum() > 1000 and np.abs(after[there] - colour).max() <= 2


def test_a_shaded_ground_is_dark():
    figure, ax = plt.subplots()
    ax.axvspan(0, 1, color="#E69F00", alpha=0.2)
    _, before, after = drawn(figure)
    shade = after[(np.ptp(before, axis=2) > 40) & (before.min(axis=2) > 180)]
    assert len(shade) > 1000 and shade.max() < 80 and (shade[:, 0] > shade[:, 2]).all()


def test_the_smoothed_edge_of_a_curve_is_between_its_colour_and_the_dark_paper():
    figure, ax = plt.subplots()
    ax.plot([0, 1], [0, 1], color="#56B4E9", lw=5)
    ax.axis("off")
    _, before, after = drawn(figure)
    edge = (np.ptp(before, axis=2) > 20) & (before != [0x56, 0xB4, 0xE9]).any(axis=2)
    assert edge.sum() > 500 and (after[edge] <= [0x58, 0xB6, 0xEB]).all()


def test_what_is_within_a_spectrogram_stays(tmp_path):
    tone = np.sin(2 * np.pi * 3000 * np.arange(22050) / 22050)
    tone += np.random.default_rng(0).normal(0, 0.01, len(tone))
    for sound in (tone, np.where(np.arange(22050) < 15000, 1e-9, 1) * tone):  # the second is mostly black
        ax = al.plot_spectrogram(sound)
        _, before, after = drawn(ax.figure)
        box = ax.get_window_extent()
        rows = slice(before.shape[0] - int(box.y1) + 8, before.shape[0] - int(box.y0) - 8)
        inside = (rows, slice(int(box.x0) + 8, int(box.x1) - 8))
        assert (after[inside] == before[inside]).all() and np.median(after[:10]) < 30


def test_a_filled_curve_is_no_spectrogram():
    figure, ax = plt.subplots()
    x = np.linspace(0, 30, 2000)
    ax.fill_between(x, -abs(np.sin(x)), abs(np.sin(x)), color="#0072B2")
    _, before, after = drawn(figure)
    assert after[(before == 255).all(axis=2)].max() < 30


def test_a_picture_without_margins_is_left_alone(page):
    assert has_paper(page.parent / "_images/lines.png") and not has_paper(page.parent / "_images/sound.png")
