"""In the dark theme drawings are inverted and spectrograms stay as they are."""

import matplotlib.pyplot as plt
import numpy as np
from dark_figures import is_drawing, mark_drawings

import anuralib as al


def saved(path, ax):
    ax.figure.savefig(path)
    plt.close(ax.figure)
    return path


def test_lines_are_a_drawing_and_a_spectrogram_is_none(tmp_path):
    tone = np.sin(2 * np.pi * 3000 * np.arange(22050) / 22050)
    _, ax = plt.subplots()
    ax.plot([0, 1], [1, 0])
    lines = saved(tmp_path / "lines.png", ax)
    assert is_drawing(lines) and not is_drawing(saved(tmp_path / "sound.png", al.plot_spectrogram(tone)))
    images = '<img alt="a" src="lines.png"><img alt="b" class="c" src="lines.png"/><img src="sound.png"><img src="x">'
    (tmp_path / "page.html").write_text(images, encoding="utf-8")
    assert mark_drawings(tmp_path) == 1 and mark_drawings(tmp_path) == 0
    first, second, rest = (tmp_path / "page.html").read_text(encoding="utf-8").split("><img", 2)
    assert first == '<img class="anura-drawing dark-light" alt="a" src="lines.png"'
    assert 'class="anura-drawing dark-light c"' in second and "drawing" not in rest
