"""Pictures and players of real sound."""

import re

import matplotlib
import numpy as np
import pytest

import anuralib as al

matplotlib.use("Agg")


def test_spectrogram_puts_a_tone_where_it_is():
    tone = np.sin(2 * np.pi * 3000 * np.arange(22050) / 22050)
    ax = al.plot_spectrogram(tone)
    (image,) = ax.get_images()
    row = np.asarray(image.get_array()).mean(axis=1).argmax()
    low, high = image.get_extent()[2:]
    assert abs(low + (high - low) * row / (image.get_array().shape[0] - 1) - 3.0) < 0.05
    assert "kHz" in ax.get_ylabel() and "(s)" in ax.get_xlabel()


def test_player_is_self_contained(shared_data):
    labels = al.read_audacity_labels(shared_data / "spinetail.txt")
    markup = al.player(shared_data / "spinetail.wav", labels=labels, max_s=8)._repr_html_()
    assert re.findall(r'src="(?!data:)', markup) == [] and "http" not in re.sub(r'"data:[^"]*"', "", markup)
    assert 'preload="none"' in markup and 'alt="Spectrogram of spinetail' in markup
    assert markup.count("<button") == (labels["start_s"] < 8).sum()
    assert ">simulated sound<" not in markup
    assert ">simulated sound<" in al.player(np.ones(22050) * 0.1, simulated=True)._repr_html_()


def test_player_refuses_nothing():
    with pytest.raises(ValueError, match="nothing to play"):
        al.player(np.zeros(0))
