"""A spectrogram to draw labels on, in a page without any server, and live in a notebook."""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from anuralib.show.player import Player, data_uri, label_rows, live_parts, playable, player, safe, sound_uri
from anuralib.sound.names import possible_names, recording_name

COLUMNS = ["recording", "start_s", "end_s", "species", "quality", "low_hz", "high_hz"]


class Annotator(Player):
    """What `annotator` returns; notebooks show it by `_repr_html_`, and ``str`` gives the same HTML."""


def annotator(
    signal_or_path, species=None, expert=None, sample_rate_hz=22050, title=None, simulated=None, start_s=0.0,
    max_s=15.0, live=False, examples=None,
):  # fmt: skip
    """Draw, move, name, hear and delete boxes on a spectrogram, save them for Audacity, and compare with an expert.

    A drag on the picture draws a box, and chips below ask who calls in it and how clearly (keys 1 to 9, and H, M,
    L; Delete removes the box). A drag on a box or its edge moves it, a click plays it; *New box at the cursor* and
    the table below do the same by keyboard. *Compare* waits for a box, or for *Nothing calls here*. The page keeps
    the boxes for the next visit, in the reader's own browser. The score is that of `agreement` and `match_bouts`,
    for the part that is shown.

    Parameters
    ----------
    signal_or_path, sample_rate_hz, title, simulated, start_s, max_s
        As for `player`.
    species : sequence of str, optional
        Codes to choose from; others may be typed. By default those of the expert.
    expert : DataFrame, optional
        Labels to be compared with: ``start_s``, ``end_s``, ``species``, and ``quality`` where known; of a table with a
        ``recording`` column the rows of this file are taken. They stand in the page for whoever looks at its source.
    live : bool
        With True a widget (needs the package anywidget and a running kernel), whose ``labels`` is a table of what is
        drawn at the moment.

    examples : dict, optional
        Code to the signal of a call, at `sample_rate_hz`: each such name has a button that plays it. They lie in the
        page, some 15 kB per three seconds.

    Returns
    -------
    Annotator, or a widget
        Shown by notebooks. The widget's ``labels``: DataFrame with `recording`, `start_s`, `end_s` (of the recording),
        `species`, `quality`, `low_hz`, `high_hz` (NaN for a box over the whole height).

    Raises
    ------
    FileNotFoundError, ValueError
        As `player`.
    """
    name = recording_name(signal_or_path) if isinstance(signal_or_path, str | Path) else title or "sound"
    sound = player(signal_or_path, None, sample_rate_hz, title, simulated, start_s, max_s)
    if expert is not None and "recording" in expert and isinstance(signal_or_path, str | Path):
        expert = expert[expert["recording"].isin(possible_names(signal_or_path))]
    rows = None if expert is None else label_rows(expert, start_s, sound.duration_s)
    if species is None:
        species = [] if rows is None else rows["name"]
    data = {
        "recording": str(name), "species": sorted(set(map(str, species))), "max_hz": min(10_000, sample_rate_hz / 2),
        "examples": _examples(examples or {}, sample_rate_hz),
        "expert": None if rows is None else [
            {"start": row.begin, "end": row.end, "species": row.name, "quality": _quality(row)}
            for row in rows.itertuples()
        ],
    }  # fmt: skip
    folder = files("anuralib.show")
    style, script = (folder.joinpath(f"annotator.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    listing = json.dumps(data, allow_nan=False).replace("<", "\\u003c")
    markup = (
        f'<div class="anura-annotator" role="group" aria-label="{safe(title or name)}">'
        f'<link rel="stylesheet" href="{data_uri("text/css", style.encode())}">{sound}'
        f'<script type="application/json">{listing}</script>'
    )
    if live:
        return _widget(f"{markup}</div>", script, name)
    said = f"<Annotator: {name}, {sound.duration_s:.1f} s>"
    return Annotator(f"{markup}<script>{script}</script></div>", said, sound.duration_s)


def _examples(signals, sample_rate_hz):
    found = {}
    for code, signal in signals.items():
        first = np.asarray(signal, dtype=np.float32)[: int(5 * sample_rate_hz)]
        found[str(code)] = sound_uri(playable(first, sample_rate_hz), sample_rate_hz)
    return found


def _quality(row):
    quality = getattr(row, "quality", "")
    return quality if isinstance(quality, str) else ""  # a table has NaN where none is known


def _widget(markup, script, name):
    anywidget, traitlets = live_parts()
    # A script in HTML that is put into a page does not run: the player's is evaluated, then the annotator is wired.
    player_script = files("anuralib.show").joinpath("player.js").read_text(encoding="utf-8")
    wire = """
export default { render({ model, el }) {
  el.innerHTML = model.get("markup");
  window.eval(model.get("player_script"));
  const root = el.querySelector(".anura-annotator");
  root.dataset.ready = "1";
  const send = (boxes) => { model.set("boxes", boxes); model.save_changes(); };
  window.anuraAnnotate(root, send, model.get("boxes").map((box) => {
    const offset = Number(root.querySelector(".anura-player").dataset.offset);
    return { ...box, start: box.start - offset, end: box.end - offset };
  }));
} };
"""

    class LiveAnnotator(anywidget.AnyWidget):
        """An annotator whose boxes come back to Python."""

        _esm = script + wire
        markup = traitlets.Unicode().tag(sync=True)
        player_script = traitlets.Unicode().tag(sync=True)
        boxes = traitlets.List([]).tag(sync=True)

        @property
        def labels(self):
            """The boxes as a table of labels, in order of their start."""
            rows = [(name, box["start"], box["end"], box["species"], box["quality"], box["low"], box["high"])
                    for box in self.boxes]  # fmt: skip
            table = pd.DataFrame(rows, columns=COLUMNS).astype({"low_hz": float, "high_hz": float})
            return table.sort_values(["start_s", "end_s"], ignore_index=True)

    return LiveAnnotator(markup=markup, player_script=player_script)
