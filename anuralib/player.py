"""A sound with its spectrogram, to be heard and seen in a page, a notebook or Colab, without any network."""

import base64
import hashlib
import html
import io
from importlib.resources import files
from pathlib import Path

import numpy as np

from anuralib.audio import read_audio

_LEFT, _RIGHT = 0.07, 0.995  # where the time axis begins and ends, as shares of the picture's width


class Player:
    """What `player` returns; notebooks show it by `_repr_html_`."""

    def __init__(self, markup):
        self._markup = markup

    def _repr_html_(self):
        return self._markup


def _picture(signal, sample_rate_hz):
    """PNG bytes of the spectrogram, with axes."""
    from matplotlib.figure import Figure

    from anuralib.plotting import plot_spectrogram

    figure = Figure(figsize=(8, 2.8), dpi=80)
    ax = figure.add_axes((_LEFT, 0.16, _RIGHT - _LEFT, 0.8))
    plot_spectrogram(signal, sample_rate_hz=sample_rate_hz, ax=ax)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def _mp3(signal, sample_rate_hz):
    """MP3 bytes: every browser plays it, and a minute is under half a megabyte."""
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, signal, sample_rate_hz, format="MP3")
    return buffer.getvalue()


def _uri(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def player(signal_or_path, labels=None, sample_rate_hz=22050, title=None, simulated=None, start_s=0.0, max_s=15.0):
    """A sound with its spectrogram, a moving cursor and a button for each label.

    Parameters
    ----------
    signal_or_path : ndarray or path-like
        One channel with full scale 1, or a file.
    labels : DataFrame, optional
        ``start_s``, ``end_s`` (from the start of the whole signal) and ``species`` or ``label``.
    sample_rate_hz : int
    title : str, optional
    simulated : bool, optional
        Say on the player that the sound is simulated; by default, whether the file's name begins with ``SIM``.
    start_s, max_s : float
        Which part: from where, and how much at most.

    Returns
    -------
    Player
        Shown by notebooks. Loudness is brought to a common peak, so it says nothing of the recording's level.

    Raises
    ------
    ValueError
        If there is nothing to play.
    """
    if isinstance(signal_or_path, str | Path):
        path = Path(signal_or_path)
        signal = read_audio(path, sample_rate_hz=sample_rate_hz, start_s=start_s, duration_s=max_s)
        title = path.stem if title is None else title
        simulated = path.stem.startswith("SIM") if simulated is None else simulated
    else:
        first = int(start_s * sample_rate_hz)
        signal = np.asarray(signal_or_path, dtype=np.float32)[first : first + int(max_s * sample_rate_hz)]
    if signal.ndim != 1 or not len(signal):
        raise ValueError(f"nothing to play: one channel with samples is needed, got shape {signal.shape}")
    signal = signal * (0.8 / max(float(np.abs(signal).max()), 1e-9))
    duration_s = len(signal) / sample_rate_hz
    title = title or "sound"
    sound = _mp3(signal, sample_rate_hz)
    name = "anura-" + hashlib.sha256(sound).hexdigest()[:10]
    alt = f"Spectrogram of {title}: {duration_s:.1f} seconds, 0 to 10 kilohertz."
    badge = ' <span class="anura-badge">simulated sound</span>' if simulated else ""
    folder = files("anuralib")
    style, script = (folder.joinpath(f"player.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    return Player(
        f"<style>{style}</style>"
        f'<div class="anura-player" id="{name}" role="group" aria-label="{html.escape(title)}" data-left="{_LEFT}" '
        f'data-right="{_RIGHT}" data-duration="{duration_s:.4f}"><p><strong>{html.escape(title)}</strong>{badge}</p>'
        f'<div class="anura-picture"><img alt="{html.escape(alt)}" '
        f'src="{_uri("image/png", _picture(signal, sample_rate_hz))}">'
        f'<div class="anura-cursor" style="left:{100 * _LEFT}%"></div></div>'
        f'<audio controls preload="none" aria-label="{html.escape(title)}" src="{_uri("audio/mpeg", sound)}"></audio>'
        f"<div>{_buttons(labels, start_s, duration_s)}</div></div><script>{script}</script>"
    )


def _buttons(labels, start_s, duration_s):
    """A button for each bout in the part that is played."""
    if labels is None or not len(labels):
        return ""
    names = labels["species"] if "species" in labels else labels["label"]
    buttons = []
    for name, row in zip(names, labels.itertuples(), strict=True):
        begin, end = max(row.start_s - start_s, 0.0), min(row.end_s - start_s, duration_s)
        if begin < duration_s and end > 0:
            text = f"{html.escape(str(name))} {begin:.1f}–{end:.1f} s"
            buttons.append(f'<button type="button" data-start="{begin:.3f}" data-end="{end:.3f}">{text}</button>')
    return "".join(buttons)
