"""Clips to listen to one after the other and to answer with yes, no or don't know, in a page or a notebook."""

from importlib.resources import files

import numpy as np
import pandas as pd

from anuralib.data.dataset import sound_paths
from anuralib.data.folders import read_recordings_folder
from anuralib.labels.answers import ANSWER_COLUMNS
from anuralib.show.player import Player, data_uri, live_parts, player, player_parts, safe

MOST = 200  # clips in a page: at about 50 kB each, 10 MB
_CLIP = ANSWER_COLUMNS[:3]


class Review(Player):
    """What `review` returns; notebooks show it by `_repr_html_`, and ``str`` gives the same HTML."""


def review(clips, dataset, species=None, context_s=0.0, title="Does it call here?", live=False):
    """Listen to one clip at a time and answer yes, no or don't know, with three keys or a thumb.

    Keys y, n and ? (or 1, 2 and 3) answer, b goes back, p plays; they work while the screen has the focus. The next
    clip plays at once unless that is switched off. Scores are kept beside the answers and not shown: whoever sees what
    a network thinks is led by it. The page keeps the answers for the next visit, in the reader's own browser, and its
    button saves them as a file for `read_answers`.

    Parameters
    ----------
    clips : DataFrame
        A row for each clip, in the order in which to listen: `recording`, `start_s`, `end_s` (seconds), `species`, and
        `score` where known. Also a windows frame, with `fname`, `min_t`, `max_t`. At most 200.
    dataset : Dataset or path
        Where the recordings are; a path is a folder of them.
    species : str, optional
        What is asked about in every clip; needed where the clips have no such column.
    context_s : float
        How much to hear before and after each clip, in seconds; the clip itself is marked then.
    title : str
    live : bool
        With True a widget (needs the package anywidget and a running kernel), whose ``answers`` are what was answered
        up to now.

    Returns
    -------
    Review, or a widget
        Shown by notebooks. The widget's ``answers``: DataFrame with `recording`, `start_s`, `end_s`, `species`,
        `answer` ("yes", "no" or "unsure") and, if there were scores, `score`; a row for each clip that was answered.

    Raises
    ------
    FileNotFoundError
        If a sound is not where it should be.
    ValueError
        No clips or too many, a missing column, a recording that the dataset hasn't got, times that are none.

    Examples
    --------
    >>> screen = al.review(clips, pond, species="BARWHI", live=True)  # doctest: +SKIP
    >>> screen.answers  # doctest: +SKIP
    """
    rows = _rows(clips, species)
    if not 0 <= context_s < np.inf:
        raise ValueError(f"context_s={context_s} must be 0 or more")
    data = dataset if hasattr(dataset, "recordings") else read_recordings_folder(dataset)
    paths = sound_paths(data)
    lost = [name for name in rows["recording"] if name not in paths]
    if lost:
        raise ValueError(f"recording {lost[0]!r} has no sound in the dataset; give the one that the clips are of")
    shown = [_section(k, row, paths[row.recording], context_s, len(rows)) for k, row in enumerate(rows.itertuples())]
    folder = files("anuralib.show")
    style, script = (folder.joinpath(f"review.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    player_style, player_script = player_parts()
    listing = rows.to_json(orient="records", double_precision=9).replace("<", "\\u003c")  # a missing score is null
    markup = (
        f'<div class="anura-review" role="group" aria-label="{safe(title)}" tabindex="-1">{player_style}'
        f'<link rel="stylesheet" href="{data_uri("text/css", style.encode())}">'
        f'<p class="anura-heading"><strong>{safe(title)}</strong></p>{"".join(shown)}'
        "<noscript><p>Answers need JavaScript; without it the clips can be heard.</p></noscript>"
        f'<script type="application/json">{listing}</script>'
    )
    if live:
        return _widget(f"{markup}</div>", player_script, script, rows)
    said = f"<Review: {title}, {len(rows)} clips>"
    return Review(f"{markup}<script>{player_script}</script><script>{script}</script></div>", said, None)


def _rows(clips, species):
    """The clips with the columns of answers, checked."""
    if "fname" in clips and "recording" not in clips:
        clips = clips.rename(columns={"fname": "recording", "min_t": "start_s", "max_t": "end_s"})
    if species is not None:
        clips = clips.assign(species=species)
    missing = [name for name in ANSWER_COLUMNS[:4] if name not in clips]
    if missing:
        raise ValueError(f"the clips have no column {', '.join(missing)}; what is asked about can be given as species=")
    if not 1 <= len(clips) <= MOST:
        raise ValueError(f"{len(clips)} clips: between 1 and {MOST} can be reviewed at a time")
    rows = clips[[*ANSWER_COLUMNS[:4], *(["score"] if "score" in clips else [])]].reset_index(drop=True)
    rows = rows.astype({"recording": str, "start_s": float, "end_s": float, "species": str})
    wrong = ~((rows["start_s"] >= 0) & (rows["end_s"] > rows["start_s"]) & np.isfinite(rows["end_s"]))
    if wrong.any():
        row = rows[wrong].iloc[0]
        raise ValueError(f"clip {wrong.idxmax()}, {row['recording']}: {row['start_s']:g} to {row['end_s']:g} s is no "
                         "span; write start before end, in seconds")  # fmt: skip
    return rows


def _section(k, row, path, context_s, n):
    begin = max(0.0, row.start_s - context_s)
    marks = pd.DataFrame({"start_s": [row.start_s], "end_s": [row.end_s], "label": ["clip"]}) if context_s else None
    sound = player(path, marks, start_s=begin, max_s=row.end_s + context_s - begin)
    return (f'<section class="anura-clip" data-clip="{k}"><p class="anura-question" data-species="{safe(row.species)}">'
            f"{k + 1} / {n}: {safe(row.species)}?</p>{sound.bare}</section>")  # fmt: skip


def _widget(markup, player_script, script, rows):
    anywidget, traitlets = live_parts()
    # A script in HTML that is put into a page does not run: the player's is evaluated, then the review is wired.
    wire = """
export default { render({ model, el }) {
  el.innerHTML = model.get("markup");
  window.eval(model.get("player_script"));
  const root = el.querySelector(".anura-review");
  root.dataset.ready = "1";
  const send = (given) => { model.set("given", given); model.save_changes(); };
  window.anuraReview(root, send, model.get("given"));
} };
"""

    class LiveReview(anywidget.AnyWidget):
        """A review whose answers come back to Python."""

        _esm = script + wire
        markup = traitlets.Unicode().tag(sync=True)
        player_script = traitlets.Unicode().tag(sync=True)
        given = traitlets.Dict({}).tag(sync=True)  # number of the clip as text: answer

        @property
        def answers(self):
            """The clips that were answered, with their answers, in the order of the clips."""
            given = {int(k): answer for k, answer in self.given.items()}
            answered = rows.loc[sorted(given)]
            return answered.assign(answer=[given[k] for k in answered.index]).reset_index(drop=True)

    return LiveReview(markup=markup, player_script=player_script)
