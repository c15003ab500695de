"""What a notebook output carries in itself is a file of the site, stored once."""

import base64
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from bs4 import BeautifulSoup
from page_files import move_inline, package_scripts, shrink_pictures
from PIL import Image

import anuralib as al
from anuralib.show import widgets

SCRIPTS = package_scripts(Path(al.__file__).parent / "show")


def page(*shown):
    return f"<!doctype html><meta charset='utf-8'><title>x</title>{''.join(s._repr_html_() for s in shown)}"


def test_the_same_sound_on_two_pages_is_one_file_and_the_page_is_small(tmp_path):
    player = al.player(np.sin(np.arange(22050) / 4), title="tone")
    other = al.player(np.sin(np.arange(22050) / 9), title="other")
    (tmp_path / "part").mkdir()
    paths = [tmp_path / "index.html", tmp_path / "part" / "chapter.html"]
    paths[0].write_text(page(player, player), encoding="utf-8")
    paths[1].write_text(page(player, other), encoding="utf-8")
    before = base64.b64decode(BeautifulSoup(paths[0].read_text(), "html5lib").audio["src"].partition("base64,")[2])
    assert move_inline(tmp_path, SCRIPTS) == 2
    assert len(list((tmp_path / "_static" / "inline").glob("*.mp3"))) == 2
    for path in paths:
        assert path.stat().st_size < 12_000
        shown = BeautifulSoup(path.read_text(encoding="utf-8"), "html5lib")
        for tag, name in (("audio", "src"), ("img", "src"), ("link", "href"), ("script", "src")):
            for element in shown.find_all(tag):
                assert (path.parent / element[name]).resolve().is_file()
    first = BeautifulSoup(paths[1].read_text(encoding="utf-8"), "html5lib").audio
    assert (paths[1].parent / first["src"]).read_bytes() == before and first["preload"] == "none"
    assert not list(tmp_path.rglob("*.part"))


def test_a_second_time_nothing_changes(tmp_path):
    path = tmp_path / "index.html"
    path.write_text(page(widgets.threshold([1, 0, 1], [0.2, 0.4, 0.8])), encoding="utf-8")
    assert move_inline(tmp_path, SCRIPTS) == 1
    once = path.read_bytes()
    assert move_inline(tmp_path, SCRIPTS) == 0 and path.read_bytes() == once
    assert b"base64" not in once and len(list((tmp_path / "_static" / "inline").glob("*.png"))) > 10


def test_short_ones_and_other_kinds_stay(tmp_path):
    text = "<p>data:image/png;base64,AAAA data:text/plain;base64," + "A" * 2000 + "</p>"
    (tmp_path / "index.html").write_text(text, encoding="utf-8")
    assert move_inline(tmp_path, {}) == 0 and (tmp_path / "index.html").read_text() == text


def test_a_large_picture_gets_a_palette_and_looks_the_same(tmp_path):
    tone = np.random.default_rng(0).normal(size=4 * 22050)
    ax = al.plot_spectrogram(tone)
    ax.figure.savefig(tmp_path / "sound.png", dpi=120)
    plt.close(ax.figure)
    before, bytes_before = Image.open(tmp_path / "sound.png").convert("RGB"), (tmp_path / "sound.png").stat().st_size
    shrink_pictures(tmp_path)
    once = (tmp_path / "sound.png").read_bytes()
    after = Image.open(tmp_path / "sound.png")
    assert after.mode == "P" and len(once) < 0.6 * bytes_before
    assert [path.name for path in tmp_path.iterdir()] == ["sound.png"]
    difference = np.abs(np.asarray(after.convert("RGB"), dtype=int) - np.asarray(before, dtype=int))
    assert difference.mean() < 2 and np.quantile(difference, 0.999) < 25
    shrink_pictures(tmp_path)
    assert (tmp_path / "sound.png").read_bytes() == once
