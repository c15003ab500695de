"""Pictures of recordings, labels and training, in the language that `use_language` chose.

matplotlib is loaded when a picture is first drawn.
"""

from pathlib import Path

import numpy as np

from anuralib._language import N_
from anuralib._language import text as _
from anuralib.show.colours import COLOURS, species_colour
from anuralib.sound.audio import read_audio
from anuralib.sound.names import possible_names


def _axes(ax, height=3.2):
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(8, height), layout="constrained")[1] if ax is None else ax


def spectrogram_db(signal, sample_rate_hz=22050, n_fft=1024, hop=None):
    """Power spectrogram in dB re its loudest point (Hann window).

    Parameters
    ----------
    signal : ndarray, shape (n,)
    sample_rate_hz : float
    n_fft : int
        Length of the window in samples.
    hop : int, optional
        Samples from one frame to the next; half a window by default.

    Returns
    -------
    power_db : ndarray, shape (n_fft // 2 + 1, frames)
    hz, seconds : ndarray
        Frequencies, and times of the middles of the frames.
    """
    from scipy.fft import rfft
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    signal = np.asarray(signal, dtype=float)
    if signal.ndim != 1 or len(signal) < n_fft:
        raise ValueError(f"a signal of one channel and at least {n_fft} samples is needed, got shape {signal.shape}")
    transform = ShortTimeFFT(hann(n_fft, sym=False), hop or n_fft // 2, sample_rate_hz, scale_to="psd")
    # Sound that is cut is taken to go on as its mirror image: silence beyond would be a click at each end.
    # transform.spectrogram(signal, padding="even") gives the same, a frame at a time and three times as slowly.
    first, end = transform.p_range(len(signal))
    before = transform.m_num_mid - first * transform.hop
    after = max(0, (end - 1) * transform.hop - transform.m_num_mid + n_fft - len(signal))
    signal = np.pad(signal, (before, after), mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(signal, n_fft)[:: transform.hop]
    spectrum = rfft(frames[: end - first] * transform.win)
    db = 10 * np.log10((spectrum.real**2 + spectrum.imag**2).T + 1e-30)
    return db - max(db.max(), -200), transform.f, transform.t(len(signal))  # silence comes out at -100 dB


def plot_spectrogram(signal_or_path, labels=None, sample_rate_hz=22050, start_s=0.0, end_s=None, max_hz=10_000,
                     ax=None, range_db=80, n_fft=1024):  # fmt: skip
    """Spectrogram as AnuraSet's annotators saw it: Hann 1024, linear axis to 10 kHz, range 80 dB.

    Parameters
    ----------
    signal_or_path : ndarray or path-like
        One channel, or a file.
    labels : DataFrame, optional
        ``start_s``, ``end_s`` and ``species`` or ``label``, drawn as bars above the picture; also
        as boxes where ``low_hz`` and ``high_hz`` are known. Of a table with a ``recording`` column the rows of this
        file are taken.
    sample_rate_hz : int
        Of the array; a file is brought to it.
    start_s, end_s : float
        What part to show; seconds from the start.
    max_hz, range_db : float
    ax : matplotlib Axes, optional
    n_fft : int

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If the part is empty, or shorter than a window.
    """
    if not (start_s >= 0 and (end_s is None or end_s > start_s)):
        raise ValueError(f"start_s={start_s} must be 0 or more, and end_s={end_s} later or None")
    if isinstance(signal_or_path, str | Path):
        path = Path(signal_or_path)
        length_s = None if end_s is None else end_s - start_s
        signal = read_audio(path, sample_rate_hz=sample_rate_hz, start_s=start_s, duration_s=length_s)
        if labels is not None and "recording" in labels:
            labels = labels[labels["recording"].isin(possible_names(path))]
    else:
        end = None if end_s is None else int(end_s * sample_rate_hz)
        signal = np.asarray(signal_or_path)[int(start_s * sample_rate_hz) : end]
    db, hz, seconds = spectrogram_db(signal, sample_rate_hz, n_fft)
    ax = _axes(ax)
    shown = hz <= max_hz
    # A pixel stands around its bin's frequency and its frame's middle, so the picture reaches half a step further.
    half_s, half_hz = (seconds[1] - seconds[0]) / 2, hz[1] / 2
    extent = (start_s + seconds[0] - half_s, start_s + seconds[-1] + half_s,
              -half_hz / 1000, (hz[shown][-1] + half_hz) / 1000)  # fmt: skip
    image = ax.imshow(db[shown], origin="lower", aspect="auto", cmap="magma", vmin=-range_db, vmax=0, extent=extent)
    # Forty colours, 2 dB each for the usual range, are as good to the eye and halve the size of the file.
    image.set(cmap=image.get_cmap().resampled(40), interpolation_stage="data")
    end_s = start_s + len(signal) / sample_rate_hz
    top_khz = min(max_hz, sample_rate_hz / 2) / 1000
    ax.set(xlim=(start_s, end_s), ylim=(0, top_khz), xlabel=_("time (s)"), ylabel=_("frequency (kHz)"))
    if labels is not None and len(labels):
        _draw_labels(ax, labels, start_s, end_s, top_khz)
    return ax


def _draw_labels(ax, labels, start_s, end_s, top_khz):
    """Bars above the picture, a row a name so that bouts at the same time stay apart; boxes where bounds are known."""
    from matplotlib.patches import Rectangle
    from matplotlib.patheffects import withStroke

    labels = labels[(labels["end_s"] > start_s) & (labels["start_s"] < end_s)]
    names = labels["species"] if "species" in labels else labels["label"]
    rows = {name: i for i, name in enumerate(dict.fromkeys(names))}
    height = 0.085 * top_khz
    for name, row in zip(names, labels.itertuples(), strict=True):
        y = top_khz + height * (0.5 + rows[name])
        shown = [max(row.start_s, start_s), min(row.end_s, end_s)]
        ax.plot(shown, [y, y], color=species_colour(name), lw=6, solid_capstyle="butt")
        low, high = (getattr(row, edge, None) for edge in ("low_hz", "high_hz"))
        if low is not None and high is not None and low < 1000 * top_khz and high > low:
            size = (shown[1] - shown[0], min(high / 1000, top_khz) - low / 1000)
            halo = [withStroke(linewidth=2.5, foreground="black")]  # white alone is lost on a loud call
            ax.add_patch(Rectangle((shown[0], low / 1000), *size, fill=False, ec="white", lw=1, path_effects=halo))
    ax.set_ylim(0, top_khz + height * len(rows))
    ax.set_yticks(np.arange(0, top_khz + 0.01, 2 if top_khz > 4 else 1))
    for name, i in rows.items():  # a name may hold dollar signs: it is no formula
        ax.annotate(str(name), (1, top_khz + height * (0.5 + i)), (4, 0), xycoords=("axes fraction", "data"),
                    textcoords="offset points", fontsize=10, va="center", annotation_clip=False,
                    parse_math=False)  # fmt: skip


def plot_history(history, ax=None):
    """Loss and macro average precision of a training run by epoch.

    Parameters
    ----------
    history : History or DataFrame
        What `fit` returns, or its ``frame``.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    history = getattr(history, "frame", history)
    ax = _axes(ax)
    twin_lines = []
    ax.plot(history["epoch"], history["train_loss"], color=COLOURS[0], marker="o", ms=5, label=_("loss, train"))
    if history["valid_loss"].notna().any():
        ax.plot(history["epoch"], history["valid_loss"], color=COLOURS[5], marker="s", ms=5,
                label=_("loss, validation"))  # fmt: skip
        right = ax.twinx()
        right.plot(history["epoch"], history["valid_map"], color=COLOURS[2], ls="--", label=_("mean average precision"))
        right.set_ylabel(_("mean average precision, validation (0 to 1)"))
        twin_lines = right.get_lines()
    ax.set(xlabel=_("epoch"), ylabel=_("loss (nats per label)"), ylim=(0, None))
    # Above the picture: inside, a legend would lie on one of the curves.
    ax.legend(handles=[*ax.get_lines(), *twin_lines], loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False)
    return ax


def plot_windows(strong_labels, windows, recording, start_s=0.0, end_s=None, ax=None):
    """A recording's bouts, and below each species' bouts the windows that they make positive.

    Parameters
    ----------
    strong_labels : DataFrame
        ``recording``, ``start_s``, ``end_s``, ``species``.
    windows : DataFrame
        From `window_labels`.
    recording : str
    start_s, end_s : float
        What part to show, in seconds; to the last window's end by default.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If the recording has no windows, or none of its species is in the table of windows.
    """
    bouts = strong_labels[strong_labels["recording"] == recording]
    tiles = windows[windows["fname"] == recording].sort_values("min_t")
    if not len(tiles):
        raise ValueError(f"no windows of recording {recording!r}; is it a name in windows['fname']?")
    end_s = float(tiles["max_t"].max()) if end_s is None else end_s
    bouts = bouts[(bouts["end_s"] > start_s) & (bouts["start_s"] < end_s)]
    tiles = tiles[(tiles["max_t"] > start_s) & (tiles["min_t"] < end_s)]
    names = [name for name in dict.fromkeys(bouts["species"]) if name in tiles]
    if not names:
        raise ValueError(f"nothing to show: no species calls in {recording!r} from {start_s} to {end_s} s")
    # Windows overlap: they go down stairs, so that each can be seen.
    begins, ends = tiles["min_t"].to_numpy(), tiles["max_t"].to_numpy()
    stairs = int((begins < ends[0]).sum())
    ax = _axes(ax, height=1.2 + 0.75 * len(names))
    for lane, name in enumerate(names):
        colour, top = species_colour(name), len(names) - lane
        own = bouts[bouts["species"] == name]
        spans = list(zip(own["start_s"], own["end_s"] - own["start_s"], strict=True))
        ax.broken_barh(spans, (top - 0.3, 0.22), facecolor=colour, edgecolor="black", lw=0.8)
        step = 0.55 / stairs
        for i, positive in enumerate(tiles[name].to_numpy() > 0):
            ax.broken_barh([(begins[i], ends[i] - begins[i])], (top - 0.36 - step * (i % stairs + 1), 0.8 * step),
                           facecolor=colour if positive else "none", edgecolor="0.5", lw=0.5)  # fmt: skip
    ax.set_yticks(np.arange(len(names), 0, -1) - 0.45, names, parse_math=False)
    ax.set(xlim=(start_s, end_s), ylim=(0, len(names) + 0.05), xlabel=_("time (s)"))
    ax.set_title(_("thick bars: bouts; below: windows, filled where positive"), fontsize=10)
    return ax


def plot_species_scores(scores, n_train, score="f1", ax=None):
    """Score of each species against the number of windows it was learnt from.

    Parameters
    ----------
    scores : DataFrame
        From `evaluate`; its macro rows are left out.
    n_train : Series or DataFrame
        Positive train windows by species; or what `split_report` gives.
    score : str
        A column of `scores` that lies between 0 and 1.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    if "n_train" in getattr(n_train, "columns", ()):
        n_train = n_train.set_index("species")["n_train"]
    rows = scores[scores["species"].isin(n_train.index)].dropna(subset=[score])
    ax = _axes(ax)
    groups = rows["group"].fillna("species").astype(str)
    order = [g for g in (N_("common"), N_("frequent"), N_("rare")) if g in set(groups)]
    for group, marker, colour in zip(order or groups.unique()[:1], "osX", (0, 1, 2), strict=False):
        some = rows[groups == group]
        ax.plot(n_train.loc[some["species"]], some[score], marker, color=COLOURS[colour], mec="black", mew=0.5,
                label=f"{_(group)} ({len(some)})", clip_on=False)  # fmt: skip
    ax.set(xscale="symlog", xlim=(0, None), ylim=(0, 1), xlabel=_("positive windows in train (logarithmic)"),
           ylabel=_("{score} on test (0 to 1)", score="F1" if score == "f1" else score.replace("_", " ")))  # fmt: skip
    for text in ax.legend(loc="upper left").get_texts():
        text.set_parse_math(False)
    return ax


def plot_intervals(table, rows, groups, value="value", ax=None):
    """Values with their intervals as dots on lines, in place of a long table.

    Parameters
    ----------
    table : DataFrame
        A row per dot, with the columns `rows`, `groups`, `value`, ``low`` and ``high``; a dot whose ends are missing
        gets no line.
    rows : str
        Column that says in which row of the figure a dot stands, the first at the top.
    groups : str
        Column that says which colour and mark it has.
    value : str
        Column with the values.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes

    Raises
    ------
    ValueError
        If columns are missing, or there are more groups than colours.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"method": ["gate", "PCEN"], "run": "first",
    ...                       "value": [0.1, 0.0], "low": [0.05, -0.1], "high": [0.15, 0.1]})
    >>> ax = plot_intervals(table, "method", "run")
    >>> [label.get_text() for label in ax.get_yticklabels()]
    ['gate', 'PCEN']
    """
    missing = [name for name in (rows, groups, value, "low", "high") if name not in table]
    if missing:
        raise ValueError(f"the table needs the column(s) {', '.join(missing)}; it has {', '.join(map(str, table))}")
    names, kinds = table[rows].unique(), table[groups].unique()
    if len(kinds) > len(COLOURS):
        raise ValueError(f"{groups} has {len(kinds)} values, and there are {len(COLOURS)} colours: plot fewer of them")
    ax = _axes(ax, height=1 + 0.5 * len(names))
    height = {name: len(names) - 1 - number for number, name in enumerate(names)}
    for number, (kind, colour, mark) in enumerate(zip(kinds, COLOURS, "os^Dv<>P", strict=False)):
        mine = table[table[groups] == kind]
        shift = 0.5 * ((len(kinds) - 1) / 2 - number) / len(kinds)
        ends = np.abs(mine[["low", "high"]].sub(mine[value], axis=0)).to_numpy().T
        place = mine[rows].map(height) + shift
        ax.errorbar(mine[value], place, xerr=ends, fmt=mark, color=colour, label=str(kind), capsize=2)
    ax.set(yticks=list(height.values()), yticklabels=[str(name) for name in names], ylim=(-0.6, len(names) - 0.4))
    if ax.get_xscale() == "linear":
        ax.locator_params(axis="x", nbins=6)  # more numbers would run together in a narrow figure
    return ax
