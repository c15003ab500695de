"""A sound with its spectrogram, to be heard and seen in a page, a notebook or Colab, without any network."""

import base64
import html
import io
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from anuralib.show.colours import species_colour, species_pattern, text_colour
from anuralib.sound.audio import read_audio, resample
from anuralib.sound.names import possible_names

# MP3 because every browser plays it, and at one rate, so that the delay below is one number.
MP3_HZ = 22050
# LAME puts 576 samples before the sound and a decoder 529 more; at 22,050 Hz and this bit rate the file has no room
# for the tag that tells a decoder to skip them. Chromium plays them (measured: 50 ms), so the script takes them off.
_LEAD_S = 1105 / MP3_HZ
_COLUMNS, _ROWS, _LEVELS = 640, 160, 16  # of the picture; 16 levels are 5 dB each and halve its size
# Sounds come equally loud out of a page: their loudest 0.4 s, unless a peak would be cut.
_LOUDNESS_DBFS, _LOUDEST_S, _PEAK = -18.0, 0.4, 0.9


class Player:
    """What `player` returns; notebooks show it by `_repr_html_`, and ``str`` gives the same HTML."""

    bare = ""  # without style and script, for what holds several

    def __init__(self, markup, text, duration_s):
        self._markup, self._text, self.duration_s = markup, text, duration_s

    def _repr_html_(self):
        return self._markup

    def __str__(self):
        return self._markup

    def __repr__(self):
        return self._text


def sound_picture(signal, sample_rate_hz, max_hz, range_db=80, n_fft=1024, size=(_COLUMNS, _ROWS), levels=_LEVELS):
    """PNG bytes of the spectrogram without axes (the page draws them, so that they stay readable on a phone)."""
    import matplotlib
    from PIL import Image

    from anuralib.show.plotting import spectrogram_db

    hop = max(1, min(n_fft // 2, len(signal) // size[0]))
    db, hz, _ = spectrogram_db(np.pad(signal, (0, max(0, n_fft - len(signal)))), sample_rate_hz, n_fft, hop)
    power = 10 ** (db[hz <= max_hz] / 10)
    for axis, most in ((0, size[1]), (1, size[0])):
        edges = np.linspace(0, power.shape[axis], min(most, power.shape[axis]) + 1).astype(int)
        widths = np.diff(edges).reshape((-1, 1) if axis == 0 else (1, -1))
        power = np.add.reduceat(power, edges[:-1], axis) / widths
    db = 10 * np.log10(power + 1e-20)
    top = max(db.max(), -20)  # pooling lowers the loudest point a little; silence must stay dark
    level = np.clip(1 + (db - top) / range_db, 0, 1)[::-1] * (levels - 1)
    image = Image.frombytes("P", level.shape[::-1], np.round(level).astype(np.uint8).tobytes())
    colours = matplotlib.colormaps["magma"](np.linspace(0, 1, levels))[:, :3]
    image.putpalette(np.round(255 * colours).astype(np.uint8).tobytes())
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True, bits=4)
    return buffer.getvalue()


def as_mp3(signal):
    """MP3 bytes of a signal at 22,050 Hz: 40 kbit/s, which keeps everything up to 10 kHz.

    The bit rate is constant: with a variable one, browsers seek only roughly.
    """
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, signal, MP3_HZ, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode="CONSTANT",
                    compression_level=0.8)  # fmt: skip
    return buffer.getvalue()


def equally_loud(signal, sample_rate_hz):
    """The signal with a common level in its loudest 0.4 s, or a little softer where a peak would be cut."""
    n = min(len(signal), round(_LOUDEST_S * sample_rate_hz))
    energy = np.concatenate([[0.0], np.cumsum(np.square(signal, dtype=np.float64))])
    loudest = np.sqrt(max((energy[n:] - energy[:-n]).max(), 0) / n)
    peak = float(np.abs(signal).max())
    return signal * min(10 ** (_LOUDNESS_DBFS / 20) / max(loudest, 1e-9), _PEAK / max(peak, 1e-9))


def playable(signal, sample_rate_hz):
    """A checked signal, as loud as all others."""
    if signal.ndim != 1 or not len(signal):
        raise ValueError(f"nothing to play: one channel with samples is needed, got shape {signal.shape}")
    if not np.isfinite(signal).all():
        raise ValueError("the signal holds NaN or infinite samples; replace them before playing")
    return equally_loud(signal, sample_rate_hz)


def sound_uri(signal, sample_rate_hz):
    """The sound as an MP3 that lies in the page."""
    return data_uri("audio/mpeg", as_mp3(resample(signal, sample_rate_hz, MP3_HZ)))


def live_parts():
    """The packages anywidget and traitlets, of which live widgets are made."""
    try:
        import anywidget
        import traitlets
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("live=True needs the package anywidget: pip install anywidget") from error
    return anywidget, traitlets


def data_uri(kind, data):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def player(signal_or_path, labels=None, sample_rate_hz=22050, title=None, simulated=None, start_s=0.0, max_s=15.0,
           reveal=False):  # fmt: skip
    """A sound with its spectrogram, a moving cursor and a button for each label.

    A click on the picture moves the cursor, a click on a label plays its span, over and over where *Loop* is pressed;
    the speed goes from a quarter to double at the same pitch. Time and pitch under the pointer stand below the picture.
    By keyboard: Tab to the picture, arrows move the cursor (with Shift by a second), Space plays, L loops. Without
    JavaScript the picture and the browser's own audio controls remain. The sound is an MP3 inside the output: nothing
    is fetched.

    Parameters
    ----------
    signal_or_path : ndarray, shape (n,), or path-like
        One channel, or a file, of which the first channel is taken.
    labels : DataFrame, optional
        ``start_s``, ``end_s`` (from the start of the whole signal) and ``species`` or ``label``; also ``quality``,
        ``low_hz`` and ``high_hz`` if there are such columns. Of a table with a ``recording`` column the rows of this
        file are taken.
    sample_rate_hz : int
        Of the array; a file is brought to it.
    title : str, optional
        By default the file's name.
    simulated : bool, optional
        Say on the player that the sound is simulated; by default, whether the file's name begins with ``SIM``.
    start_s, max_s : float
        Which part: from where, and how much at most.
    reveal : bool
        Instead of lanes, names over the picture that show while their callers are heard, at the height of ``low_hz`` to
        ``high_hz``, and one large button: for a first page or the first minute of a lesson.

    Returns
    -------
    Player
        Shown by notebooks. All sounds are made about equally loud, so loudness says nothing of the recording's level;
        the picture is relative to its loudest point, range 80 dB, as AnuraSet's annotators saw it. A species has the
        same colour everywhere, that of `species_colour`.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If there is nothing to play, a sample is NaN or infinite, or the labels lack a column.
    """
    if not (start_s >= 0 and max_s > 0):
        raise ValueError(f"start_s={start_s} must be 0 or more and max_s={max_s} positive")
    if isinstance(signal_or_path, str | Path):
        path = Path(signal_or_path)
        signal = read_audio(path, sample_rate_hz=sample_rate_hz, start_s=start_s, duration_s=max_s)
        title = path.stem if title is None else title
        simulated = path.stem.startswith("SIM") if simulated is None else simulated
        if labels is not None and "recording" in labels:
            labels = labels[labels["recording"].isin(possible_names(path))]
    else:
        first = int(start_s * sample_rate_hz)
        signal = np.asarray(signal_or_path, dtype=np.float32)[first : first + int(max_s * sample_rate_hz)]
        if labels is not None and "recording" in labels and len(set(labels["recording"])) > 1:
            raise ValueError("the labels are of several recordings: select those of this one, or give its path")
    signal = playable(signal, sample_rate_hz)
    duration_s = len(signal) / sample_rate_hz
    rows = label_rows(labels, start_s, duration_s)
    title = title or "sound"
    max_hz = min(10_000, sample_rate_hz / 2)
    alt = (f"Spectrogram of {title}: {start_s:g} to {start_s + duration_s:.4g} seconds, 0 to {max_hz / 1000:g} "
           f"kilohertz. {_summary(rows)}")  # fmt: skip
    over, under = _boxes(rows, duration_s, max_hz), _lanes(rows, start_s, duration_s)
    if reveal:
        over, under = _names(rows, duration_s, max_hz), ""
    badge = '<span class="anura-badge">simulated sound</span>' if simulated else ""
    begin = (f'<div class="anura-player{" anura-reveal" if reveal else ""}" role="group" aria-label="{safe(title)}" '
             f'data-lead="{_LEAD_S:.6f}" data-duration="{duration_s:.4f}" data-offset="{start_s:g}" '
             f'data-max-hz="{max_hz:g}">')  # fmt: skip
    inner = (
        f'<p class="anura-title"><strong>{safe(title)}</strong> {badge}</p>'
        f'<div class="anura-grid"><div class="anura-y" aria-hidden="true">{_frequency_axis(max_hz)}</div>'
        f'<div class="anura-picture"><img class="dark-light" alt="{safe(alt)}" '
        f'src="{data_uri("image/png", sound_picture(signal, sample_rate_hz, max_hz))}">'
        f'{over}<span class="anura-band"></span><span class="anura-cursor"></span></div>'
        f'{under}<div class="anura-unit" aria-hidden="true">s</div>'
        f'<div class="anura-x" aria-hidden="true">{_time_axis(start_s, duration_s)}</div></div>'
        f'<audio controls preload="none" aria-label="{safe(title)}" '
        f'src="{sound_uri(signal, sample_rate_hz)}"></audio>'
    )
    style, script = player_parts()
    shown = Player(f"{begin}{style}{inner}<script>{script}</script></div>", f"<Player: {title}, {duration_s:.1f} s>",
                   duration_s)  # fmt: skip
    shown.bare = f"{begin}{inner}</div>"
    return shown


def player_parts():
    """The link to the style and the text of the script that players need: once for all in a page of many."""
    return _linked("player"), _source("player.js")


def _source(name):
    return files("anuralib.show").joinpath(name).read_text(encoding="utf-8")


def _linked(name):
    # A link and not a style element: HTML allows the former in the body. No ids: the same sound may come twice.
    return f'<link rel="stylesheet" href="{data_uri("text/css", _source(f"{name}.css").encode())}">'


def safe(text):
    return html.escape(str(text))


def _place(**edges):
    return "".join(f"{edge}:{100 * value:.2f}%;" for edge, value in edges.items())


def label_rows(labels, start_s, duration_s):
    """The labels that lie in the part, with `begin` and `end` in seconds from its start, and `name`."""
    if labels is None or not len(labels):
        return pd.DataFrame(columns=["begin", "end", "name"])
    lost = [name for name in ("start_s", "end_s") if name not in labels]
    if lost or not {"species", "label"} & set(labels):
        raise ValueError(f"labels need start_s, end_s and species (or label); they have {list(labels)}")
    rows = labels.assign(
        begin=(labels["start_s"] - start_s).clip(lower=0),
        end=(labels["end_s"] - start_s).clip(upper=duration_s),
        name=["unknown" if pd.isna(name) else str(name)
              for name in labels["species" if "species" in labels else "label"]],
    )  # fmt: skip
    inside = (labels["start_s"] - start_s < duration_s) & (labels["end_s"] > start_s)
    return rows[inside].sort_values(["begin", "end", "name"]).reset_index(drop=True)


def _quality(row):
    quality = getattr(row, "quality", None)
    return quality[-1] if isinstance(quality, str) and quality else ""


def _called(row):
    return row.name + (f" quality {_quality(row)}" if _quality(row) else "")


def _summary(rows):
    if not len(rows):
        return "No labels."
    counts = rows["name"].value_counts(sort=False)
    return "Labels: " + ", ".join(f"{n} of {name}" for name, n in counts.items()) + "."


def _frequency_axis(max_hz):
    khz = max_hz / 1000
    step = 2 if khz > 4 else 1
    ticks = "".join(f'<span style="{_place(bottom=k / khz)}">{k}</span>' for k in range(0, int(khz) + 1, step))
    return f"<i>kHz</i>{ticks}"


def _time_axis(start_s, duration_s):
    step = next((s for s in (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30) if duration_s / s <= 8), 60)
    ticks = np.arange(np.ceil(start_s / step - 1e-9), (start_s + duration_s) / step + 1e-9) * step + 0.0  # never -0
    return "".join(f'<span style="{_place(left=(t - start_s) / duration_s)}">{t:.6g}</span>' for t in ticks)


def _boxes(rows, duration_s, max_hz):
    """Boxes on the picture for the labels that have frequency bounds; a click does what their button does."""
    if not {"low_hz", "high_hz"} <= set(rows):
        return ""
    marks = []
    for row in rows[rows[["low_hz", "high_hz"]].notna().all(axis=1)].itertuples():
        low, high = min(row.low_hz, max_hz), min(row.high_hz, max_hz)
        place = _place(left=row.begin / duration_s, width=(row.end - row.begin) / duration_s,
                       bottom=low / max_hz, height=(high - low) / max_hz)  # fmt: skip
        text = safe(_called(row))
        marks.append(f'<span class="anura-box" data-label="{row.Index}" title="{text}" style="{place}">'
                     f"<span>{text}</span></span>")  # fmt: skip
    return "".join(marks)


def _names(rows, duration_s, max_hz):
    """A name for each label, where it begins and at the middle of its band, or one above the other without bands."""
    names, marks = list(dict.fromkeys(rows["name"])), []
    for row in rows.itertuples():
        low, high = getattr(row, "low_hz", np.nan), getattr(row, "high_hz", np.nan)
        middle = (low + high) / 2 / max_hz if low <= high else (names.index(row.name) + 0.5) / len(names)
        # What begins late in the picture reads to the left.
        share = row.begin / duration_s
        edge = {"right": 1 - row.end / duration_s} if share > 0.7 else {"left": share}
        colour = species_colour(row.name)
        marks.append(f'<span class="anura-said" data-start="{row.begin:.3f}" data-end="{row.end:.3f}" style="'
                     f'{_place(**edge, bottom=min(middle, 0.92))}background:{colour};color:{text_colour(colour)}">'
                     f"{safe(row.name)}</span>")  # fmt: skip
    return "".join(marks)


def _lanes(rows, start_s, duration_s):
    """Lanes below the picture, at least one a name, with a button for each label.

    On a phone a second may be 20 pixels, so buttons have a least width, and labels that would then lie on each
    other go to separate lanes.
    """
    least_s = 28 / 300 * duration_s
    lanes = []
    for name, group in rows.groupby("name", sort=False):
        ends, colour = [], species_colour(name)
        text = text_colour(colour)
        stripe = "#fffb" if text == "#fff" else "#0009"
        buttons = []
        for row in group.itertuples():
            # A short label at the right edge grows to the left.
            late = row.begin > duration_s - least_s
            left = min(row.begin, row.end - least_s) if late else row.begin
            lane = next((i for i, end in enumerate(ends) if end <= left), len(ends))
            if lane == len(ends):
                ends.append(0.0)
                buttons.append([])
            ends[lane] = max(row.end, left + least_s)
            said = f"{_called(row)}, {start_s + row.begin:.2f} to {start_s + row.end:.2f} s"
            edge = {"right": 1 - row.end / duration_s} if late else {"left": row.begin / duration_s}
            place = _place(**edge, width=(row.end - row.begin) / duration_s)
            buttons[lane].append(
                f'<button type="button" disabled aria-pressed="false" title="{safe(said)}" aria-label="{safe(said)}" '
                f'data-label="{row.Index}" data-name="{safe(name)}" data-start="{row.begin:.3f}" '
                f'data-end="{row.end:.3f}" data-pattern="{species_pattern(name)}" '
                f'style="{place}--ground:{colour};color:{text};--stripe:{stripe}">{safe(_quality(row))}</button>'
            )
        for lane, content in enumerate(buttons):
            shown = safe(name) if lane == 0 else ""
            lanes.append(f'<div class="anura-name" aria-hidden="true" title="{shown}">{shown}</div>'
                         f'<div class="anura-lane">{"".join(content)}</div>')  # fmt: skip
    return "".join(lanes)
