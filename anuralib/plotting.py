"""Pictures of recordings, labels, splits and training. matplotlib is loaded when a picture is first drawn."""

from pathlib import Path

import numpy as np

from anuralib.audio import read_audio

# Okabe-Ito: told apart by colour-blind readers.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")


def _axes(ax, height=3.2):
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=(8, height), layout="constrained")[1] if ax is None else ax


def spectrogram_db(signal, sample_rate_hz=22050, n_fft=1024):
    """Power spectrogram in dB re its loudest point (Hann window, half overlap).

    Parameters
    ----------
    signal : ndarray, shape (n,)
    sample_rate_hz : float
    n_fft : int
        Length of the window in samples.

    Returns
    -------
    power_db : ndarray, shape (n_fft // 2 + 1, frames)
    hz, seconds : ndarray
        Frequencies, and times of the middles of the frames.
    """
    from scipy.signal import ShortTimeFFT
    from scipy.signal.windows import hann

    signal = np.asarray(signal, dtype=float)
    if signal.ndim != 1 or len(signal) < n_fft:
        raise ValueError(f"a signal of one channel and at least {n_fft} samples is needed, got shape {signal.shape}")
    transform = ShortTimeFFT(hann(n_fft, sym=False), n_fft // 2, sample_rate_hz, scale_to="psd")
    power = transform.spectrogram(signal)
    db = 10 * np.log10(power + 1e-20)
    return db - db.max(), transform.f, transform.t(len(signal))


def plot_spectrogram(signal_or_path, labels=None, sample_rate_hz=22050, start_s=0.0, end_s=None, max_hz=10_000,
                     ax=None, range_db=80, n_fft=1024):  # fmt: skip
    """Spectrogram as AnuraSet's annotators saw it: Hann 1024, linear axis to 10 kHz, range 80 dB.

    Parameters
    ----------
    signal_or_path : ndarray or path-like
        One channel, or a file.
    labels : DataFrame, optional
        ``start_s``, ``end_s`` and ``species`` or ``label``, drawn as bars above the picture's lower edge.
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
    """
    signal = signal_or_path
    if isinstance(signal, str | Path):
        signal = read_audio(signal, sample_rate_hz=sample_rate_hz)
    signal = signal[int(start_s * sample_rate_hz) : None if end_s is None else int(end_s * sample_rate_hz)]
    db, hz, seconds = spectrogram_db(signal, sample_rate_hz, n_fft)
    ax = _axes(ax)
    shown = hz <= max_hz
    extent = (start_s + seconds[0], start_s + seconds[-1], 0, hz[shown][-1] / 1000)
    ax.imshow(db[shown], origin="lower", aspect="auto", cmap="magma", vmin=-range_db, vmax=0, extent=extent)
    end_s = start_s + len(signal) / sample_rate_hz
    ax.set(xlim=(start_s, end_s), xlabel="time (s)", ylabel="frequency (kHz)")
    if labels is not None and len(labels):
        _draw_labels(ax, labels, start_s, end_s, max_hz / 1000)
    return ax


def _draw_labels(ax, labels, start_s, end_s, top_khz):
    """Bars at the top of the picture, a row a name, so that bouts at the same time stay apart."""
    names = labels["species"] if "species" in labels else labels["label"]
    rows = {name: i for i, name in enumerate(dict.fromkeys(names))}
    height = 0.6
    for name, row in zip(names, labels.itertuples(), strict=True):
        if row.end_s > start_s and row.start_s < end_s:
            y = top_khz + height * (0.3 + rows[name])
            colour = COLOURS[rows[name] % len(COLOURS)]
            shown = [max(row.start_s, start_s), min(row.end_s, end_s)]
            ax.plot(shown, [y, y], color=colour, lw=5, solid_capstyle="butt")
    ax.set_ylim(0, top_khz + height * len(rows))
    for name, i in rows.items():
        ax.annotate(name, (1.005, top_khz + height * (0.3 + i)), xycoords=("axes fraction", "data"),
                    fontsize=7, va="center", annotation_clip=False)  # fmt: skip


def plot_history(history, ax=None):
    """Loss and macro average precision of a training run by epoch.

    Parameters
    ----------
    history : DataFrame
        ``frame`` of what `fit` returns.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    ax = _axes(ax)
    ax.plot(history["epoch"], history["train_loss"], color=COLOURS[0], marker="o", ms=3, label="loss, train")
    if history["valid_loss"].notna().any():
        ax.plot(history["epoch"], history["valid_loss"], color=COLOURS[5], marker="s", ms=3, label="loss, validation")
        right = ax.twinx()
        right.plot(history["epoch"], history["valid_map"], color=COLOURS[2], ls="--", label="mean average precision")
        right.set_ylabel("mean average precision, validation (0 to 1)")
        right.legend(loc="center right")
    ax.set(xlabel="epoch", ylabel="loss (nats a label)", ylim=(0, None))
    ax.legend(loc="upper right")
    return ax


def plot_split_report(report, test_size=0.3, ax=None):
    """Share of each species' windows that lies in the test subset.

    Parameters
    ----------
    report : DataFrame
        From `split_report`.
    test_size : float
        The share aimed at, drawn as a line.
    ax : matplotlib Axes, optional

    Returns
    -------
    matplotlib Axes
    """
    ax = _axes(ax)
    ax.axhline(test_size, color=COLOURS[1], label=f"aimed at: {test_size:.2f}")
    ax.plot(report["species"], report["test_share"], "o", color=COLOURS[0], label="share in test")
    ax.tick_params(axis="x", rotation=90)
    ax.set(ylabel="share of windows in test (0 to 1)", ylim=(-0.03, 1.03))
    ax.legend()
    return ax
