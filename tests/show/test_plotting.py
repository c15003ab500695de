"""What the pictures show, read back from matplotlib's objects."""

import matplotlib
import numpy as np
import pandas as pd
import pytest

import anuralib as al
from anuralib.show.plotting import spectrogram_db

matplotlib.use("Agg")
RATE = 22050


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def tone(seconds=4.0, hz=3000.0):
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)


def test_burst_lies_at_its_time_and_frequency():
    signal = np.zeros(4 * RATE)
    signal[2 * RATE : 2 * RATE + RATE // 10] = tone(0.1, 4000)
    ax = al.plot_spectrogram(signal)
    (image,) = ax.get_images()
    pixels = np.asarray(image.get_array())
    left, right, low, high = image.get_extent()
    row, column = np.unravel_index(pixels.argmax(), pixels.shape)
    assert low + (high - low) * (row + 0.5) / pixels.shape[0] == pytest.approx(4.0, abs=0.03)
    assert left + (right - left) * (column + 0.5) / pixels.shape[1] == pytest.approx(2.05, abs=0.06)
    assert image.get_clim() == (-80, 0) and ax.get_xlim() == (0, 4) and ax.get_ylim() == (0, 10)
    assert "(kHz)" in ax.get_ylabel() and "(s)" in ax.get_xlabel()


def test_silence_is_below_the_range():
    assert spectrogram_db(np.zeros(RATE))[0].max() < -80


def test_part_of_a_file_equals_part_of_its_signal(shared_data):
    path = shared_data / "spinetail.wav"
    labels = al.read_audacity_labels(shared_data / "spinetail.txt")
    ax = al.plot_spectrogram(path, labels, start_s=5, end_s=9)
    other = al.plot_spectrogram(al.read_audio(path), start_s=5, end_s=9)
    ours, theirs = (np.asarray(a.get_images()[0].get_array()) for a in (ax, other))
    assert np.median(np.abs(ours - theirs)) < 0.1  # resampled in one piece and in part: not to the last bit
    inside = labels[(labels["end_s"] > 5) & (labels["start_s"] < 9)]
    assert len(ax.patches) == len(ax.lines) == len(inside)
    box = ax.patches[list(inside["label"]).index("CRER")]
    assert box.get_y() == pytest.approx(2.5095, abs=1e-3) and box.get_height() == pytest.approx(6.190, abs=1e-3)
    assert {text.get_text() for text in ax.texts} == {"SP", "CRER"}


@pytest.mark.parametrize("options", [{"start_s": -1}, {"start_s": 2, "end_s": 2}, {"start_s": 10}])
def test_impossible_part_is_refused(options):
    with pytest.raises(ValueError, match="start_s|samples is needed"):
        al.plot_spectrogram(tone(), **options)


def test_windows_are_filled_where_positive():
    recordings = pd.DataFrame({"recording": ["SIM1_20201107_213000"], "duration_s": [8.0]})
    recordings["site"], recordings["datetime"] = "SIM1", pd.Timestamp("2020-11-07 21:30")
    labels = pd.DataFrame({"recording": recordings["recording"], "start_s": 3.5, "end_s": 4.5, "species": "AAAAAA"})
    windows = al.window_labels(labels, recordings, ["AAAAAA", "BBBBBB"])
    ax = al.plot_windows(labels, windows, "SIM1_20201107_213000")
    bars = ax.collections
    filled = [bar.get_facecolor().size > 0 and bar.get_facecolor()[0, 3] > 0 for bar in bars[1:]]
    assert filled == list(windows["AAAAAA"] > 0) and filled == [False, True, True, True, True, False]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["AAAAAA"] and ax.get_xlim() == (0, 8)
    with pytest.raises(ValueError, match="no windows of recording"):
        al.plot_windows(labels, windows, "elsewhere")
    with pytest.raises(ValueError, match="nothing to show"):
        al.plot_windows(labels, windows, "SIM1_20201107_213000", start_s=6)


def test_species_scores_stand_over_their_train_windows():
    truth = np.array([[1, 0, 1], [0, 1, 1], [1, 0, 1]])
    groups = {"A": "rare", "B": "common", "C": "rare"}
    scores = al.evaluate(truth, np.where(truth, 0.9, 0.1), groups=groups, species=list("ABC"))
    ax = al.plot_species_scores(scores, pd.Series({"A": 10, "B": 500, "C": 0}))
    points = {line.get_label(): sorted(line.get_xdata()) for line in ax.lines}
    assert points == {"common (1)": [500], "rare (2)": [0, 10]}
    assert len({line.get_marker() for line in ax.lines}) == 2  # told apart without colour
    report = pd.DataFrame({"species": ["A"], "n_train": [3]})
    assert len(al.plot_species_scores(scores, report).lines) == 1


def test_history_takes_the_run_or_its_table():
    frame = pd.DataFrame({"epoch": [1, 2], "train_loss": [0.6, 0.3], "valid_loss": [0.5, 0.4], "valid_map": [0.2, 0.3]})
    ax = al.plot_history(frame)
    assert [list(line.get_ydata()) for line in ax.lines] == [[0.6, 0.3], [0.5, 0.4]]
    assert len(al.plot_history(frame.assign(valid_loss=np.nan)).lines) == 1


@pytest.mark.parametrize("name", ["$\\frac{$", "a $x$ b", "$", "\\$5", "{}^_%#&"])
def test_a_label_that_looks_like_a_formula_is_drawn_as_it_is(name):
    """matplotlib reads what stands between dollar signs as mathematics, and stops at what is none."""
    recordings = pd.DataFrame({"recording": ["SIM1_20201107_213000"], "duration_s": [4.0]})
    labels = pd.DataFrame({"recording": recordings["recording"], "start_s": 1.0, "end_s": 2.0, "species": name})
    windows = al.window_labels(labels, recordings, [name])
    scores = al.evaluate(np.array([[1], [0]]), np.array([[0.9], [0.1]]), groups={name: name}, species=[name])
    for ax in (al.plot_spectrogram(tone(), labels), al.plot_windows(labels, windows, "SIM1_20201107_213000"),
               al.plot_species_scores(scores, pd.Series({name: 3}))):  # fmt: skip
        ax.figure.canvas.draw()
        texts = [text for text in ax.figure.findobj(matplotlib.text.Text)
                 if name in text.get_text() and "mathdefault" not in text.get_text()]  # matplotlib's own numbers
        assert texts and not any(text.get_parse_math() for text in texts)


def test_intervals_stand_in_the_order_of_the_table_and_reach_from_low_to_high():
    table = pd.DataFrame({"method": ["gate", "gate", "PCEN"], "run": ["a", "b", "a"], "value": [0.1, 0.2, -0.1],
                          "low": [0.0, 0.1, np.nan], "high": [0.3, 0.4, np.nan]})  # fmt: skip
    ax = al.plot_intervals(table, "method", "run")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["gate", "PCEN"]
    heights = ax.get_yticks()
    assert heights[0] > heights[1]
    first, second = (container.lines[2][0].get_segments() for container in ax.containers)
    assert np.allclose(first[0][:, 0], [0.0, 0.3]) and np.allclose(second[0][:, 0], [0.1, 0.4])
    assert len(first[1]) == 0  # no line without ends
    assert first[0][0, 1] > second[0][0, 1]  # side by side, not over one another
    assert ax.get_legend_handles_labels()[1] == ["a", "b"]


def test_intervals_say_which_columns_are_missing():
    with pytest.raises(ValueError, match="low, high; it has method, run, value"):
        al.plot_intervals(pd.DataFrame({"method": ["gate"], "run": ["a"], "value": [1.0]}), "method", "run")
