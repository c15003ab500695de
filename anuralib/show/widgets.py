"""Explorers: a picture that follows a few settings, in a page without any server, and live in a notebook.

`explore` draws a picture for every combination of settings once and lets the page's script show the chosen one. So an
explorer needs no kernel, no network and no drawing in JavaScript, and anybody can make one from a function that draws.
The others are the course's own: `four_boxes`, `threshold`, `cutting`, `mel_bands` and `balance`.
"""

import base64
import html
import io
import itertools
import json
from importlib.resources import files

import numpy as np

from anuralib.score.metrics import f1_from_counts

MOST = 200  # pictures in a page: at about 10 kB each, 2 MB


def explore(draw, title, **options):
    """A picture with a control for each setting.

    Parameters
    ----------
    draw : function
        ``draw(**settings)`` gives a matplotlib Figure and a sentence that says what it shows: the sentence stands
        below the picture and is its text for readers who don't see it.
    title : str
    **options : sequence, or (sequence, start)
        For each argument of `draw` the values to choose from, and which one comes first (else the first). Numbers get
        a slider, other values a menu.

    Returns
    -------
    Explorer
        Shown by notebooks and by the book; ``.live()`` gives ipywidgets that draw anew.

    Raises
    ------
    ValueError
        If there is nothing to choose, a start is not among its values, or there are more than `MOST` combinations.
    """
    known = {}
    for name, given in options.items():
        paired = isinstance(given, tuple) and len(given) == 2 and np.ndim(given[0]) == 1
        values = list(given[0] if paired else given)
        start = given[1] if paired else (values[0] if values else None)
        if not values or start not in values:
            raise ValueError(f"{name}: {start!r} is not one of the values to choose from, {values}")
        known[name] = (values, start)
    n = int(np.prod([len(values) for values, _ in known.values()]))
    if not known or n > MOST:
        raise ValueError(f"{n if known else 0} pictures: between 1 and {MOST} settings can be shown; take fewer values")
    return Explorer(draw, known, title)


def _axes(width=5.2, height=3):
    """A figure of its own, which no notebook shows by itself."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.add_subplot()


def four_boxes(truth, score, thresholds, label="score", names=None):
    """Single windows in four boxes, right and wrong, yes and no, as a threshold moves along their scores.

    Parameters
    ----------
    truth : array, shape (N,)
        Whether a window holds the species.
    score : array, shape (N,)
        One number per window; from the threshold on the answer is yes.
    thresholds : sequence of float
        To choose from; the one in the middle comes first.
    label : str
        Of the score's axis, with the unit.
    names : sequence, shape (N,), optional
        A short name for each window, written on its mark; by default 1, 2, 3 and so on.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If the lengths differ, a score is no number, no window holds the species, or there are more than 60 windows:
        they could not be counted.

    Examples
    --------
    >>> import anuralib as al
    >>> al.widgets.four_boxes([1, 0, 1, 0], [9, 7, 4, 2], thresholds=[3, 5, 8])
    <Explorer: Move the threshold, threshold>
    """
    truth, score = np.asarray(truth) > 0, np.asarray(score, dtype=float)
    names = range(1, len(truth) + 1) if names is None else names
    if truth.ndim != 1 or not truth.shape == score.shape == (len(names),) or not truth.any():
        raise ValueError(f"one label, score and name per window is needed, and a window with the species: "
                         f"{truth.shape}, {score.shape}, {len(names)} names, {truth.sum()} with it")  # fmt: skip
    if len(truth) > 60 or not np.isfinite(score).all():
        raise ValueError(f"{len(truth)} windows, {np.isfinite(score).sum()} with a score: give at most 60, all scored")

    def draw(threshold):
        figure, ax = _axes(5, 3.4)
        _draw_marks(ax, truth, score, names)
        yes = score >= threshold
        tp, fp, fn = (yes & truth).sum(), (yes & ~truth).sum(), (~yes & truth).sum()
        ax.axvspan(threshold, ax.get_xlim()[1], color="#E69F00", alpha=0.2, lw=0)
        ax.axvline(threshold, color="black", lw=2)
        for x, y, said in ((0, 1, f"missed: {fn}"), (1, 1, f"found: {tp}"),
                           (0, 0, f"left alone: {(~yes & ~truth).sum()}"), (1, 0, f"false alarms: {fp}")):  # fmt: skip
            ax.annotate(said, (x, y), (8 - 16 * x, 6 - 12 * y), xycoords="axes fraction", textcoords="offset points",
                        ha="right" if x else "left", va="top" if y else "bottom", fontsize=11)  # fmt: skip
        ax.set_xlabel(label, fontsize=11)
        right = f"{tp} of them are right: precision {tp}/{tp + fp}" if tp + fp else "so there is no precision"
        return figure, (f"At {threshold:g} it says yes to {tp + fp} windows, {right}. "
                        f"Of the {tp + fn} windows with the species it finds {tp}: recall {tp}/{tp + fn}.")  # fmt: skip

    steps = [float(step) for step in thresholds]
    return explore(draw, "Move the threshold", threshold=(steps, steps[len(steps) // 2] if steps else None))


def _draw_marks(ax, truth, score, names):
    """A numbered mark per window, stacked away from the middle line where scores are close."""
    width = max(np.ptp(score), 1e-9) / 18
    heights = []
    for holds, side, look in ((True, 1, {"marker": "o", "mec": "#0072B2", "mew": 2.5}),
                              (False, -1, {"marker": "s", "mec": "black", "mew": 1})):  # fmt: skip
        tops = []  # the rightmost score of each row
        for i in sorted(np.flatnonzero(truth == holds), key=lambda i: score[i]):
            row = next((n for n, last in enumerate(tops) if score[i] - last >= width), len(tops))
            tops[row : row + 1] = [score[i]]
            ax.plot(score[i], side * (row + 0.7), ms=14, mfc="white", **look)
            ax.annotate(str(names[i]), (score[i], side * (row + 0.7)), ha="center", va="center_baseline", fontsize=10,
                        parse_math=False)  # fmt: skip
        heights.append(len(tops) + 1.6)
    ax.axhline(0, color="0.4", lw=1)
    ax.set(ylim=(-heights[1], heights[0]), xlim=(score.min() - 2 * width, score.max() + 2 * width))
    ax.set_yticks([-heights[1] / 2, heights[0] / 2], ["not\nthere", "there"], fontsize=11)
    ax.tick_params("y", length=0)


def threshold(y_true, y_prob, name="", thresholds=None):
    """Precision, recall and F1 of one species as the threshold moves.

    Parameters
    ----------
    y_true : array, shape (N,)
        0 or 1.
    y_prob : array, shape (N,)
        Probabilities of a model.
    name : str
        Of the species, for the title.
    thresholds : sequence of float, optional
        By default 0.05 to 0.95 in steps of 0.05.

    Returns
    -------
    Explorer

    Raises
    ------
    ValueError
        If the two differ in length, or no window holds the species.
    """
    y_true, y_prob = np.asarray(y_true) > 0, np.asarray(y_prob, dtype=float)
    if y_true.ndim != 1 or y_true.shape != y_prob.shape or not y_true.any():
        raise ValueError(f"one species with positives is needed: labels {y_true.shape} with {y_true.sum()} positives, "
                         f"probabilities {y_prob.shape}")  # fmt: skip
    steps = np.round(np.arange(0.05, 0.96, 0.05), 2) if thresholds is None else np.asarray(thresholds, dtype=float)

    def counts(limit):
        yes = y_prob >= limit
        return (yes & y_true).sum(), (yes & ~y_true).sum(), (~yes & y_true).sum()

    curves = np.array([counts(limit) for limit in steps], dtype=float)
    found, wrong, missed = curves.T
    with np.errstate(invalid="ignore"):
        lines = {"precision": found / (found + wrong), "recall": found / (found + missed),
                 "F1": f1_from_counts(found, found + missed, found + wrong)}  # fmt: skip

    def draw(threshold):
        figure, ax = _axes()
        looks = {"precision": ("#0072B2", "--"), "recall": ("#D55E00", "-."), "F1": ("#000000", "-")}
        for label, values in lines.items():
            ax.plot(steps, values, looks[label][1], color=looks[label][0], label=label)
        ax.axvline(threshold, color="0.5", lw=3, alpha=0.5)
        ax.set(xlabel="threshold (probability)", ylabel="score (0 to 1)", ylim=(-0.03, 1.03), xlim=(0, 1))
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3)
        tp, fp, fn = counts(threshold)
        precision = f"{tp / (tp + fp):.2f}" if tp + fp else "not defined"
        f1 = f1_from_counts(tp, tp + fn, tp + fp)
        return figure, (f"At {threshold:g}, {tp} of {tp + fn} windows are found and {fp} are false alarms: precision "
                        f"{precision}, recall {tp / (tp + fn):.2f}, F1 {f1:.2f}.")  # fmt: skip

    title = "Move the threshold" + f": {name}" * bool(name)
    middle = float(steps[np.abs(steps - 0.5).argmin()])
    return explore(draw, title, threshold=([float(step) for step in steps], middle))


def cutting(labels, duration_s=12.0, start_s=0.0, lengths_s=(1, 2, 3, 5), hops_s=(0.5, 1, 2, 3)):
    """Windows of other lengths and hops over the same bouts, and how many of them are positive.

    Parameters
    ----------
    labels : DataFrame
        ``start_s`` and ``end_s`` of the bouts of one species in one recording.
    duration_s, start_s : float
        What part to show.
    lengths_s, hops_s : sequence of float
        To choose from; the course's 3 s and 1 s come first where they are among them.

    Returns
    -------
    Explorer
    """
    from anuralib.windows.grid import window_starts

    bouts = labels[["start_s", "end_s"]].to_numpy(dtype=float) - start_s
    bouts = bouts[(bouts[:, 1] > 0) & (bouts[:, 0] < duration_s)].clip(0, duration_s)

    def draw(window_s, hop_s):
        figure, ax = _axes(height=2.6)
        begins = np.asarray(window_starts(duration_s, window_s, hop_s), dtype=float)
        hit = ((bouts[:, 0] < begins[:, None] + window_s) & (bouts[:, 1] > begins[:, None])).any(axis=1)
        rows = max(1, int(np.ceil(window_s / hop_s)))
        ax.broken_barh([(start_s + a, b - a) for a, b in bouts], (1.05, 0.3), facecolor="#D55E00", edgecolor="black")
        for i, (begin, positive) in enumerate(zip(begins, hit, strict=True)):
            ax.broken_barh([(start_s + begin, window_s)], (1 - (i % rows + 1) / rows, 0.8 / rows), edgecolor="0.3",
                           facecolor="#0072B2" if positive else "white", lw=0.7)  # fmt: skip
        ax.set(xlabel="time (s)", yticks=[0.5, 1.2], yticklabels=["windows", "bouts"], ylim=(0, 1.45),
               xlim=(start_s, start_s + duration_s))  # fmt: skip
        called = (bouts[:, 1] - bouts[:, 0]).sum()
        return figure, (f"Windows of {window_s:g} s every {hop_s:g} s: {len(begins)} windows, {hit.sum()} positive "
                        f"({hit.mean():.0%}). The bouts take {called / duration_s:.0%} of the time.")  # fmt: skip

    first = [3 if 3 in lengths_s else lengths_s[0], 1 if 1 in hops_s else hops_s[0]]
    return explore(draw, "Change window and hop", window_s=(list(lengths_s), first[0]), hop_s=(list(hops_s), first[1]))


def mel_bands(signal, sample_rate_hz=22050, n_ffts=(256, 512, 1024, 2048), n_mels=(16, 32, 64, 128)):
    """The picture of a sound in mel bands, with another number of bands or samples for each column.

    Parameters
    ----------
    signal : ndarray, shape (n,)
    sample_rate_hz : int
    n_ffts, n_mels : sequence of int
        To choose from.

    Returns
    -------
    Explorer
    """
    from anuralib.learn.features import FEATURES, log_mel

    seconds = len(signal) / sample_rate_hz

    def draw(samples, bands):
        settings = {**FEATURES, "n_fft": samples, "hop": samples // 2, "n_mels": bands}
        picture = np.asarray(log_mel(np.asarray(signal), **settings))[0, 0]
        figure, ax = _axes()
        top = picture.max()
        ax.imshow(picture, origin="lower", aspect="auto", cmap="magma", extent=(0, seconds, 0, bands),
                  vmin=top - 70, vmax=top, interpolation="nearest")  # fmt: skip
        ax.set(xlabel="time (s)", ylabel="mel band (number)")
        return figure, (f"{bands} bands and {picture.shape[1]} columns, each from "
                        f"{1000 * samples / sample_rate_hz:.0f} ms of sound; "
                        f"bins are {sample_rate_hz / samples:.0f} Hz apart.")  # fmt: skip

    return explore(draw, "Change samples and bands", samples=(list(n_ffts), 1024 if 1024 in n_ffts else n_ffts[0]),
                   bands=(list(n_mels), 64 if 64 in n_mels else n_mels[0]))  # fmt: skip


def balance(windows, test_size=0.3, seeds=range(4)):
    """The test share of each species, and what leaks, for four ways to split and several seeds.

    Parameters
    ----------
    windows : DataFrame
        A table of windows, as `window_labels` gives it.
    test_size : float
    seeds : sequence of int

    Returns
    -------
    Explorer
    """
    from anuralib.split.reports import leak_report, split_report
    from anuralib.split.splitting import nights, stratified_split

    def of_groups(groups, seed):
        names = groups.drop_duplicates()
        drawn = groups.isin(names.sample(frac=test_size, random_state=seed))
        return windows.assign(subset=np.where(drawn, "test", "train"))

    ways = {
        "stratified recordings": lambda seed: stratified_split(windows, test_size=test_size, seed=seed),
        "random recordings": lambda seed: of_groups(windows["fname"], seed),
        "random nights": lambda seed: of_groups(nights(windows), seed),
        "random windows": lambda seed: of_groups(windows["fname"] + windows["min_t"].astype(str), seed),
    }

    def draw(way, seed):
        split = ways[way](seed)
        report = split_report(split, test_size=test_size)
        report = report[report["test_share"].notna()].sort_values("n_recordings", ascending=False)
        figure, ax = _axes()
        ax.plot(np.arange(len(report)), report["test_share"], "o", color="#0072B2")
        ax.axhline(test_size, color="#D55E00", ls="--")
        ax.set(xlabel="species, in most recordings first", ylabel="share of windows in test", ylim=(-0.05, 1.05))
        # A name may hold dollar signs: it is no formula.
        ax.set_xticks(np.arange(len(report)), report["species"], rotation=90, fontsize=10, parse_math=False)
        leaks = leak_report(split).set_index("shared")["share"]
        lost = int((report["missing_in"] != "").sum())
        return figure, (f"{way}, seed {seed}: mean deviation {report['deviation'].mean():.2f}, {lost} species on one "
                        f"side only; {leaks['recording']:.0%} of the test windows share a recording with train, "
                        f"{leaks['sound']:.0%} even sound.")  # fmt: skip

    return explore(draw, "Change split and seed", way=list(ways), seed=list(seeds))


_DPI = 180  # twice what it is shown at, for sharp screens


class Explorer:
    """What `widgets.explore` returns; notebooks and pages show it by `_repr_html_`."""

    def __init__(self, draw, options, title):
        self._draw, self._options, self._title = draw, options, title

    def _repr_html_(self):
        return _page(self._draw, self._options, self._title)

    def __repr__(self):
        return f"<Explorer: {self._title}, {', '.join(self._options)}>"

    def live(self):
        """The same with ipywidgets: every picture is drawn when it is asked for. Needs a running kernel."""
        import ipywidgets
        from IPython.display import display

        def show(**settings):
            figure, said = self._draw(**settings)
            display(figure)
            print(said)
            _close(figure)

        sliders = {
            name: ipywidgets.SelectionSlider(options=values, value=start, description=_with_unit(name),
                                             style={"description_width": "initial"}, continuous_update=False)
            for name, (values, start) in self._options.items()
        }  # fmt: skip
        return ipywidgets.interactive(show, **sliders)


def _close(figure):
    import matplotlib.pyplot as plt

    plt.close(figure)


def _png(figure):
    """A small PNG: 64 colours are enough for lines, and for one colour map."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    # Not by savefig, which draws a figure with a layout twice: a page has dozens of them.
    figure.set_dpi(_DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    _close(figure)
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB").quantize(64, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}", image.size


def _page(draw, options, title):
    pictures, size = {}, (0, 0)
    for places in itertools.product(*(range(len(values)) for values, _ in options.values())):
        settings = {name: values[i] for (name, (values, _)), i in zip(options.items(), places, strict=True)}
        figure, said = draw(**settings)
        source, size = _png(figure)
        pictures[",".join(map(str, places))] = [source, said]
    first = ",".join(str(values.index(start)) for values, start in options.values())
    source, said = pictures[first]
    folder = files("anuralib.show")
    style, script = (folder.joinpath(f"explorer.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    controls = "".join(_control(name, values, values.index(start)) for name, (values, start) in options.items())
    data = json.dumps(pictures, allow_nan=False).replace("<", "\\u003c")
    css = base64.b64encode(style.encode()).decode()
    return (
        f'<div class="anura-explorer" role="group" aria-label="{html.escape(title)}">'
        f'<link rel="stylesheet" href="data:text/css;base64,{css}">'
        f"<p><strong>{html.escape(title)}</strong></p>{controls}"
        f'<img class="dark-light" alt="{html.escape(said)}" width="{size[0] // 2}" height="{size[1] // 2}" '
        f'src="{source}">'
        f'<p class="anura-said" role="status">{html.escape(said)}</p>'
        f'<noscript><p>Without JavaScript the first picture is all that can be shown.</p></noscript>'
        f'<script type="application/json">{data}</script><script>{script}</script></div>'
    )


def _with_unit(name):
    """window_s as "window (s)"."""
    for ending, unit in (("_s", " (s)"), ("_hz", " (Hz)")):
        name = name.removesuffix(ending) + unit if name.endswith(ending) else name
    return name.replace("_", " ")


def _control(name, values, start):
    label = html.escape(_with_unit(name))
    if len(values) > 1 and all(isinstance(value, int | float | np.number) for value in values):
        shown = html.escape(json.dumps([f"{value:g}" for value in values], allow_nan=False))
        return (f'<label>{label} <input type="range" min="0" max="{len(values) - 1}" step="1" value="{start}" disabled '
                f'data-shown="{shown}" aria-valuetext="{values[start]:g}"> '
                f"<output>{values[start]:g}</output></label>")  # fmt: skip
    listed = "".join(f'<option value="{i}"{" selected" if i == start else ""}>{html.escape(str(value))}</option>'
                     for i, value in enumerate(values))  # fmt: skip
    return f"<label>{label} <select disabled>{listed}</select></label>"
