"""Explorers: what they show is right for each setting, and bad input is refused."""

import json

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from matplotlib.figure import Figure
from matplotlib.text import Text

import anuralib as al
from anuralib.show import widgets


def shown(explorer):
    """The page's data: {settings: (picture, sentence)}, and the parsed page."""
    page = BeautifulSoup(explorer._repr_html_(), "html5lib")
    return json.loads(page.find("script", type="application/json").string), page


def draw(power, word):
    figure = Figure(figsize=(1, 1))
    figure.add_subplot().plot([0, power])
    return figure, f"{word} & {power}"


def test_there_is_a_picture_for_every_combination_and_the_first_is_the_one_asked_for():
    pictures, page = shown(widgets.explore(draw, "Two <settings>", power=([1, 2, 3], 2), word=["a", "b"]))
    assert set(pictures) == {f"{i},{j}" for i in range(3) for j in range(2)}
    assert pictures["2,1"][1] == "b & 3"
    assert page.img["alt"] == page.find(class_="anura-said").text == pictures["1,0"][1] == "a & 2"
    assert page.img["src"] == pictures["1,0"][0] and page.img["src"] != pictures["2,0"][0]
    assert page.find("input")["value"] == "1" and page.output.text == "2"
    assert [option.text for option in page.find_all("option")] == ["a", "b"]
    assert page.find(class_="anura-explorer")["aria-label"] == "Two <settings>"


@pytest.mark.parametrize(
    ("options", "message"),
    [({}, "between 1"), ({"power": []}, "not one of"), ({"power": ([1, 2], 3)}, "3 is not one of"),
     ({"power": range(300)}, "300 pictures")],
)  # fmt: skip
def test_settings_that_can_not_be_shown_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        widgets.explore(draw, "x", **options)


def test_the_sentences_on_thresholds_are_those_of_the_metrics():
    rng = np.random.default_rng(1)
    y_true = (rng.random(300) < 0.3).astype(int)
    y_prob = np.clip(0.3 + 0.3 * y_true + rng.normal(0, 0.2, 300), 0, 1)
    pictures, _ = shown(widgets.threshold(y_true, y_prob, name="BARWHI", thresholds=[0.2, 0.5, 0.8]))
    for i, limit in enumerate((0.2, 0.5, 0.8)):
        scores = al.evaluate(y_true[:, None], y_prob[:, None], threshold=limit, species=["BARWHI"]).iloc[0]
        assert (f"precision {scores['precision']:.2f}, recall {scores['recall']:.2f}, F1 {scores['f1']:.2f}"
                in pictures[str(i)][1])  # fmt: skip


def test_a_threshold_that_nothing_reaches_has_no_precision():
    pictures, _ = shown(widgets.threshold([1, 0], [0.2, 0.1], thresholds=[0.1, 0.9]))
    assert "precision not defined, recall 0.00" in pictures["1"][1]


@pytest.mark.parametrize(("y_true", "y_prob"), [([0, 0], [0.1, 0.2]), ([1], [0.1, 0.2]), ([[1]], [[0.5]])])
def test_thresholds_need_one_species_with_positives(y_true, y_prob):
    with pytest.raises(ValueError, match="one species with positives"):
        widgets.threshold(y_true, y_prob)


def test_the_sentences_on_windows_are_those_of_the_table_of_windows():
    bouts = pd.DataFrame({"recording": "SIM1_20201101_200000", "start_s": [1.2, 8.0], "end_s": [1.9, 9.5]})
    bouts["species"] = "BARWHI"
    recordings = pd.DataFrame({"recording": ["SIM1_20201101_200000"], "duration_s": [12.0]})
    pictures, _ = shown(widgets.cutting(bouts, lengths_s=(2, 3), hops_s=(1, 2)))
    for i, window_s in enumerate((2, 3)):
        for j, hop_s in enumerate((1, 2)):
            table = al.window_labels(bouts, recordings, ["BARWHI"], window_s=window_s, hop_s=hop_s)
            expected = f"{len(table)} windows, {table['BARWHI'].sum()} positive"
            assert expected in pictures[f"{i},{j}"][1]


def test_the_sentences_on_bands_tell_bins_and_columns():
    pictures, _ = shown(widgets.mel_bands(np.sin(np.arange(22050) / 3), n_ffts=(512, 1024), n_mels=(16, 64)))
    assert pictures["1,1"][1].startswith("64 bands and ") and "46 ms" in pictures["1,1"][1]
    assert "bins are 43 Hz apart" in pictures["0,0"][1]


def test_the_sentences_on_splits_are_those_of_the_reports():
    pond = al.load_dataset("pond", size="tiny")
    tiny_windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    pictures, _ = shown(widgets.balance(tiny_windows, seeds=[0]))
    assert len(pictures) == 4 and all("mean deviation" in said for _, said in pictures.values())
    assert "0% of the test windows share a recording" in pictures["0,0"][1]
    split = al.stratified_split(tiny_windows, test_size=0.3, seed=0)
    assert f"mean deviation {al.split_report(split)['deviation'].mean():.2f}" in pictures["0,0"][1]
    assert "100% even sound" in pictures["3,0"][1]


def test_splits_of_species_whose_names_look_like_formulas():
    pond = al.load_dataset("pond", size="tiny")
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    windows = windows.rename(columns={pond.species[0]: "$\\frac{$"})
    figures = []
    explorer = widgets.balance(windows, seeds=[0])
    explorer._draw = lambda draw=explorer._draw, **given: figures.append(draw(**given)[0]) or (figures[-1], "said")
    shown(explorer)
    texts = [text for text in figures[0].findobj(Text) if text.get_text() == "$\\frac{$"]
    assert texts and not any(text.get_parse_math() for text in texts)


def test_live_explorers_draw_with_ipywidgets():
    live = widgets.explore(draw, "x", power=[1, 2], word=["a", "b"]).live()
    assert [child.description for child in live.children[:2]] == ["power", "word"]
    assert live.children[0].options == (1, 2)


def test_the_four_boxes_hold_each_window_once_and_the_sentence_counts_them():
    truth, score = [1, 1, 0, 1, 0, 0], [-30, -40, -41, -60, -61, -70]
    pictures, page = shown(widgets.four_boxes(truth, score, [-65, -50, -35, 0], "loudness (dB)"))
    assert page.output.text == "-35"  # the middle comes first
    assert pictures["1"][1] == ("At -50 it says yes to 3 windows, 2 of them are right: precision 2/3. "
                                "Of the 3 windows with the species it finds 2: recall 2/3.")  # fmt: skip
    assert "so there is no precision" in pictures["3"][1] and "recall 0/3" in pictures["3"][1]
    figure, _ = widgets.four_boxes(truth, score, [-50], names=list("abcdef"))._draw(threshold=-50)
    said = [text.get_text() for text in figure.findobj(Text)]
    assert {"found: 2", "missed: 1", "false alarms: 1", "left alone: 2"} <= set(said)
    assert sorted(name for name in said if name in list("abcdef")) == list("abcdef")


def test_marks_of_the_four_boxes_never_cover_each_other():
    figure, _ = widgets.four_boxes([1] * 30, np.repeat([1.0, 2.0, 2.01], 10), [1.5])._draw(threshold=1.5)
    marks = np.array([line.get_xydata()[0] for line in figure.axes[0].lines if line.get_marker() == "o"])
    near = [(a, b) for i, a in enumerate(marks) for b in marks[:i] if abs(a[0] - b[0]) < 0.04 and a[1] == b[1]]
    assert len(marks) == 30 and near == []


@pytest.mark.parametrize(
    ("truth", "score", "message"),
    [([0, 0], [1, 2], "with the species"), ([1], [1, 2], "one label, score and name"), ([1], [np.nan], "all scored"),
     ([1] * 61, range(61), "at most 60")],
)  # fmt: skip
def test_four_boxes_that_can_not_be_counted_are_refused(truth, score, message):
    with pytest.raises(ValueError, match=message):
        widgets.four_boxes(truth, score, [1])
