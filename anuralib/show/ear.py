"""Ear training: cards of calls to hear, questions by ear alone, and a memory of one's own confusions.

The page is static: its script asks, and the reader's browser remembers. Clips come from the simulated pond
(`pond_clips`), or from the strong labels of any data set (`labelled_clips`).
"""

import json
from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd

from anuralib._files import atomic_path
from anuralib._language import N_, current_language
from anuralib._language import text as _
from anuralib.pond.calls import call_parts, call_types
from anuralib.pond.scenes import nuisance
from anuralib.show.player import MP3_HZ, as_mp3, data_uri, equally_loud, live_parts, safe, sound_picture
from anuralib.sound.audio import SAMPLE_RATE_HZ, read_audio, resample

SECONDS, MAX_HZ = 3.0, 10_000
COLUMNS = ["clip", "step", "answer", "sound"]
STEPS = ("unlike", "six", "alike", "others", "noise", "two", "chorus", "other sounds")
_UNLIKE = ("DEEBOO", "ASCWHI", "SHOTRI")
_SIX = (*_UNLIKE, "BARWHI", "CLICLU", "METTIN")
# The names in call_types.csv, in its order: marked here for the catalogues, looked up in `describe_types`.
_NAMES = (
    N_("bark-like whine"), N_("high peep"), N_("short trill"), N_("ascending whistle"), N_("long trill"),
    N_("pulsed peep"), N_("nasal squawk"), N_("hammer blow"), N_("insect-like buzz"), N_("pulsed creak"),
    N_("double bark"), N_("two-note whistle"), N_("metallic tink"), N_("slow whistle"), N_("click cluster"),
    N_("low whine"), N_("deep boom"), N_("pip series"), N_("upswept mew"), N_("churr roll"), N_("fast trill"),
    N_("water drop"), N_("soft cluck"), N_("buzzing peep"), N_("pulsed rasp"), N_("glassy ping"),
)  # fmt: skip
_MOST_CLIPS = 300  # in a notebook, where each lies in the output


def pond_clips(seed=0, codes=None):
    """Clips of the simulated pond for all steps of the ladder.

    Parameters
    ----------
    seed : int
        Of the individuals and their calls.
    codes : sequence of str, optional
        Call types; all by default.

    Yields
    ------
    dict
        ``clip`` (its number), ``step`` (one of `STEPS`), ``answer`` (code; two codes joined by ``+``; a calling index
        0 to 3; or ``frog``, ``insect``, ``bird``, ``nothing``), ``sound`` (float32 ndarray at 22,050 Hz, 3 s).
    """
    for number, (step, answer, how) in enumerate(clip_plan(seed, codes)):
        yield {"clip": number, "step": step, "answer": answer, "sound": _sound(step, answer, **how)}


def clip_plan(seed=0, codes=None):
    """What `pond_clips` makes: a list of (step, answer, dict with ``seed`` and perhaps ``noise_db`` and ``code``)."""
    kinds, rng = call_types(), np.random.default_rng(seed)
    codes = list(kinds["code"] if codes is None else codes)
    often = [code for code in codes if kinds["period_s"][code] < 2.5]  # who calls often makes a chorus
    n = 2 * len(codes)
    plan = [("six", code, {"seed": 10 + i}) for code in codes for i in range(4)]
    plan += [("others", code, {"seed": 100 + i}) for code in codes for i in range(4)]
    plan += [("noise", code, {"seed": 200 + i, "noise_db": -db}) for code in codes for i, db in enumerate((20, 10, 0))]
    pairs = [rng.choice(codes, 2, replace=False).tolist() for _ in range(n)]
    plan += [("two", "+".join(sorted(pair)), {"seed": 300 + i}) for i, pair in enumerate(pairs)]
    plan += [("chorus", str(i % 4), {"seed": 400 + i, "code": often[i // 4 % len(often)]}) for i in range(n)]
    other = ("frog", "insect", "bird", "nothing")
    plan += [("other sounds", other[i % 4], {"seed": 500 + i, "code": codes[i // 4 % len(codes)]}) for i in range(n)]
    return plan


def _sound(step, answer, seed, noise_db=-35.0, code=None):
    """Three seconds for a question; background in dB relative to the calls."""
    background = sum(nuisance(kind, SECONDS, -26 + noise_db, seed) for kind in ("stream", "wind"))
    if step == "chorus":
        callers = {"0": 0, "1": 1, "2": 3, "3": 14}[answer]
        calls = sum((call_parts([code], SECONDS, seed=1000 * seed + i)[code] for i in range(callers)), np.float32(0))
    elif step == "other sounds" and answer != "frog":
        kind = {"insect": "insects", "bird": "birds", "nothing": "rain"}[answer]
        calls = nuisance(kind, SECONDS, -26, seed)
    else:
        calls = sum(call_parts([code] if answer == "frog" else answer.split("+"), SECONDS, seed=seed).values())
    return (calls + background).astype(np.float32)


def labelled_clips(dataset, n_per_species=6, seconds=SECONDS, seed=0):
    """Clips around the strong labels of a data set, of the clearest and those without company first.

    Parameters
    ----------
    dataset : Dataset
        With strong labels.
    n_per_species : int
        Clips per species, each from another recording as far as there are so many.
    seconds : float
        Length of a clip.
    seed : int

    Yields
    ------
    dict
        As `pond_clips`; ``answer`` is the species, ``step`` is ``"others"``.

    Raises
    ------
    ValueError
        The data set has no strong labels.
    """
    labels = dataset.strong_labels
    if labels is None or not len(labels):
        raise ValueError(f"{dataset.name} has no strong labels to take clips from")
    labels = labels.sample(frac=1, random_state=seed)
    middle = (labels["start_s"] + labels["end_s"]) / 2
    labels = labels.assign(start=(middle - seconds / 2).clip(lower=0), company=0)
    for _recording, rows in labels.groupby("recording"):
        for row in rows.itertuples():
            meets = (rows["start_s"] < row.start + seconds) & (rows["end_s"] > row.start)
            labels.loc[row.Index, "company"] = rows.loc[meets, "species"].nunique()
    labels["rank"] = labels.groupby(["species", "recording"]).cumcount()
    order = ["rank", "company", "quality"] if "quality" in labels else ["rank", "company"]
    path = dataset.recordings.set_index("recording")["path"]
    number = 0
    for species, rows in labels.sort_values(order, kind="stable").groupby("species"):
        for row in rows.head(n_per_species).itertuples():
            sound = read_audio(path[row.recording], SAMPLE_RATE_HZ, start_s=row.start, duration_s=seconds)
            yield {"clip": number, "step": "others", "answer": str(species), "sound": sound}
            number += 1


def describe_types():
    """The pond's call types in words: a row per type with what its card says.

    Returns
    -------
    pandas.DataFrame
        ``code``, ``name`` and ``words`` (both in the language that `use_language` chose), ``sites`` (list), ``month``,
        ``pitch_hz``, ``pulsed`` (bool), ``pulse_hz``, ``note_s``, ``alike`` (code).
    """
    rows = []
    for kind in call_types().itertuples():
        pulsed = kind.pulse_hz > 0
        height = _("low") if kind.pitch_hz < 1000 else _("high") if kind.pitch_hz > 3000 else _("middle")
        moves = _("rises") if kind.sweep > 1.15 else _("falls") if kind.sweep < 0.87 else _("keeps its pitch")
        least, _to, most = kind.notes.partition("-")
        notes = (_("one note") if kind.notes == "1" else _("{least} to {most} notes", least=least, most=most) if most
                 else _("{n} notes", n=least))  # fmt: skip
        voice = _("{n} pulses per second", n=f"{kind.pulse_hz:g}") if pulsed else _("tonal")
        words = _("{height} ({hz} Hz), {moves}; {voice}; {notes} of {seconds} s",
                  height=height, hz=_number(kind.pitch_hz), moves=moves, voice=voice, notes=notes,
                  seconds=_number(kind.note_s))  # fmt: skip
        rows.append((kind.code, _(kind.name), words, kind.sites.split(), round(kind.month) % 12 or 12,
                     int(kind.pitch_hz), pulsed, float(kind.pulse_hz), float(kind.note_s), kind.lookalike))  # fmt: skip
    columns = ["code", "name", "words", "sites", "month", "pitch_hz", "pulsed", "pulse_hz", "note_s", "alike"]
    return pd.DataFrame(rows, columns=columns)


def _number(value):
    """Grouped in English; with a decimal comma elsewhere, where four digits stand together."""
    return f"{value:,}" if current_language() == "en" else f"{value:g}".replace(".", ",")


def write_clips(clips, folder):
    """Write each clip as ``c<number>.mp3`` and ``.png`` into a folder, all equally loud; the list without sounds."""
    folder, listed = Path(folder), []
    folder.mkdir(parents=True, exist_ok=True)
    for clip in clips:
        for ending, content in zip(("mp3", "png"), _encoded(clip["sound"]), strict=True):
            with atomic_path(folder / f"c{clip['clip']}.{ending}") as part:
                part.write_bytes(content)
        listed.append({key: clip[key] for key in ("clip", "step", "answer")})
    return listed


def _encoded(sound):
    sound = equally_loud(sound, SAMPLE_RATE_HZ)
    picture = sound_picture(sound, SAMPLE_RATE_HZ, MAX_HZ, size=(320, 112), levels=12)
    return as_mp3(resample(sound, SAMPLE_RATE_HZ, MP3_HZ)), picture


def ear_markup(clips, types, base="", inside=None, simulated=False):
    """HTML of the ear training.

    Parameters
    ----------
    clips : list of dict
        ``clip``, ``step``, ``answer``, as `write_clips` gives; perhaps with what others said of the clip, for the
        reader to compare with: ``network`` (a letter per row of `types`, ``a`` for the first, likeliest first) and
        ``annotator`` (a code, or an empty string).
    types : DataFrame
        As `describe_types`; of other data at least ``code``.
    base : str
        Folder of the clips' files, from the page.
    inside : dict, optional
        Clip to (sound, picture) as data URIs, where there are no files.
    simulated : bool
        Say so.

    Returns
    -------
    str
    """
    known = set(types["code"])
    data = {"clips": clips, "types": types.to_dict("records"), "order": list(types["code"]), "base": base,
            "inside": inside or {},
            "unlike": [code for code in _UNLIKE if code in known], "six": [code for code in _SIX if code in known],
            "simulated": simulated}  # fmt: skip
    folder = files("anuralib.show")
    style, script = (folder.joinpath(f"ear.{kind}").read_text(encoding="utf-8") for kind in ("css", "js"))
    listing = json.dumps(data, allow_nan=False).replace("<", "\\u003c")
    return (
        f'<div class="anura-ear" role="group" aria-label="{safe("Ear training")}">'
        f'<link rel="stylesheet" href="{data_uri("text/css", style.encode())}">'
        f"<noscript><p>Ear training needs JavaScript.</p></noscript>"
        f'<script type="application/json">{listing}</script><script>{script}</script></div>'
    )


def ear_training(dataset=None, n_per_species=6, seed=0, live=True):
    """Train the ear on the species of a data set: cards, questions by ear, and a table of one's own confusions.

    Parameters
    ----------
    dataset : Dataset, optional
        With strong labels, for instance your own species; without one the simulated pond's call types.
    n_per_species : int
        Clips per species.
    seed : int
    live : bool
        With True a widget (needs the package anywidget and a running kernel), whose ``answers`` is a table of what was
        asked and said. With False HTML that keeps them in the reader's browser.

    Returns
    -------
    widget, or str of HTML

    Raises
    ------
    ValueError
        No strong labels, or more than 300 clips in all: they lie in the notebook, some 25 kB each.
    """
    if dataset is None:
        types = describe_types()
        clips = [clip for clip in pond_clips(seed) if clip["step"] in ("six", "others")]
        seen = pd.Series([clip["answer"] for clip in clips]).groupby([clip["answer"] for clip in clips]).cumcount()
        clips = [clip for clip, n in zip(clips, seen, strict=True) if n < n_per_species]
    else:
        clips = list(labelled_clips(dataset, n_per_species, seed=seed))
        types = pd.DataFrame({"code": sorted({clip["answer"] for clip in clips})})
    if len(clips) > _MOST_CLIPS:
        raise ValueError(f"{len(clips)} clips are too many for a notebook: ask for a smaller n_per_species")
    inside, listed = {}, []
    for clip in clips:
        mp3, png = _encoded(clip["sound"])
        inside[clip["clip"]] = [data_uri("audio/mpeg", mp3), data_uri("image/png", png)]
        listed.append({key: clip[key] for key in ("clip", "step", "answer")})
    markup = ear_markup(listed, types, inside=inside, simulated=dataset is None)
    return _widget(markup) if live else markup


def _widget(markup):
    anywidget, traitlets = live_parts()
    script = files("anuralib.show").joinpath("ear.js").read_text(encoding="utf-8")
    wire = """
export default { render({ model, el }) {
  el.innerHTML = model.get("markup");
  const root = el.querySelector(".anura-ear");
  root.dataset.ready = "1";
  window.anuraEar(root, model.get("log"), (log) => { model.set("log", log); model.save_changes(); });
} };
"""

    class LiveEar(anywidget.AnyWidget):
        """Ear training whose answers come back to Python."""

        _esm = script + wire
        markup = traitlets.Unicode().tag(sync=True)
        log = traitlets.List([]).tag(sync=True)

        @property
        def answers(self):
            """What was asked and said, a row per answer: `clip`, `step`, `truth`, `said` ("" for don't know)."""
            return pd.DataFrame(self.log, columns=["clip", "step", "truth", "said"])

    return LiveEar(markup=markup)
