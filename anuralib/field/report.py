"""What a folder of predictions says, on one page that can be mailed: who calls at which hour, and what to verify."""

import base64
import hashlib
import html
from importlib.resources import files
from pathlib import Path

import pandas as pd

from anuralib._files import write_text
from anuralib.data.dataset import sound_paths
from anuralib.data.folders import read_recordings_folder
from anuralib.field.claims import read_predictions, species_by_hour, to_verify
from anuralib.show.player import player
from anuralib.sound.names import recording_times

_STYLE = """body{font:16px/1.45 system-ui,sans-serif;max-width:62rem;margin:0 auto;padding:1rem;color:#111;
background:#fff;color:light-dark(#111,#eee);background:light-dark(#fff,#14181e)}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:.9rem}
th,td{padding:.2rem .45rem;text-align:right}th[scope=row],.text{text-align:left;white-space:nowrap}
.verify .text{border-top:1px solid #767676}.sound{text-align:left}.sound .anura-player{width:26rem;max-width:85vw}
:root{color-scheme:light dark}
@media print{audio{display:none}tr{break-inside:avoid}:root{color-scheme:light!important}}"""


def report_page(predictions, path, threshold=None, folder=None, title=None, n_first=12, n_uncertain=12):
    """One HTML file, complete in itself: a heat map of species by hour, and the detections to verify with their sound.

    Parameters
    ----------
    predictions, threshold, n_first, n_uncertain
        As for `species_by_hour` and `to_verify`.
    path : path-like
        Of the page; written whole or not at all.
    folder : path or Dataset, optional
        The recordings; with them each detection has a player (about 40 kB).
    title : str, optional

    Returns
    -------
    Path
        Of the page. Where no name of a recording tells the time, the page says so and has no hours.

    Raises
    ------
    FileNotFoundError, ValueError
        As for `species_by_hour`; a recording that the folder does not have.
    """
    table, species, limits = read_predictions(predictions, threshold)
    times, name = recording_times(table["fname"]), title or "Who called, and what to verify"
    paths = None
    if folder is not None:
        data = folder if hasattr(folder, "recordings") else read_recordings_folder(folder, on_error="skip")
        paths = sound_paths(data)
    heard = (table[species] >= limits).groupby(table["fname"]).any().sum().sort_values(ascending=False, kind="stable")
    dated = times["datetime"].dropna()
    shares, effort = (species_by_hour(table, limits) if len(dated) else (pd.DataFrame(index=heard.index), pd.Series()))
    shares = shares[heard[shares.index] > 0]
    verify = to_verify(table, limits, n_first, n_uncertain)
    hours = table.groupby("fname")["max_t"].max().sum() / 3600
    span = f", {dated.min():%Y-%m-%d} to {dated.max():%Y-%m-%d}" if len(dated) else ""
    low, high = limits.min(), limits.max()
    said = f"{low:g}" if low == high else f"{low:g} to {high:g}, by species,"
    n_sites = times["site"].replace("", None).nunique()
    span += f", {n_sites} sites together" if n_sites > 1 else ""
    facts = [f"{len(times)} recordings, {hours:.1f} h of sound{span}. Found means: a probability of {said} or more in "
             "one window at least. These are answers of a network, not observations; a share of recordings is no "
             "number of animals."]  # fmt: skip
    if times.index.str.startswith("SIM").any():
        facts.append("The recordings are simulated.")
    if len(dated) < len(times):
        facts.append(f"{len(times) - len(dated)} recordings have no date and time in their name "
                     "(site_yyyymmdd_hhmmss): nothing is known of their hours and nights.")  # fmt: skip
    silent = heard.index[heard == 0].tolist()
    facts += [f"Never found: {', '.join(silent)}."] if silent else []
    page = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<meta http-equiv="Content-Security-Policy" content="{_policy()}">'
        f"<title>{html.escape(name)}</title><style>{_STYLE}</style></head><body><main><h1>{html.escape(name)}</h1>"
        f"{''.join(f'<p>{html.escape(fact)}</p>' for fact in facts)}<h2>In how many recordings of each hour, in per "
        f'cent</h2><div class="wide">{_heat_map(shares, effort, heard, len(times))}</div><h2>Listen to these '
        f'first</h2><div class="wide">{_verify_table(verify, paths)}</div></main></body></html>\n'
    )
    write_text(page, path)
    return Path(path)


def _policy():
    """Nobody is asked for anything, and no script but the player's runs, whatever a table or a file's name holds."""
    script = files("anuralib.show").joinpath("player.js").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return (f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline' data:; img-src data:; "
            "media-src data:; base-uri 'none'; form-action 'none'")  # fmt: skip


def _heat_map(shares, effort, heard, n):
    """A table whose cells are coloured: numbers can be read, copied, and printed in grey."""
    import matplotlib

    colour = matplotlib.colormaps["cividis"]
    head = "".join(f'<th scope="col">{hour:02d}</th>' for hour in shares.columns)
    rows = []
    for code, line in shares.iterrows():
        cells = ""
        for value in line:
            red, green, blue = (int(255 * part) for part in colour(value)[:3])
            ink = "#000" if value > 0.47 else "#fff"  # where black and white are read equally well
            cells += f'<td style="background:rgb({red},{green},{blue});color:{ink}">{100 * value:.0f}</td>'
        rows.append(f'<tr><th scope="row">{html.escape(code)}</th>{cells}<td>{heard[code]}</td></tr>')
    below = "".join(f"<td>{count}</td>" for count in effort)
    return (f'<table><tr><th scope="col" class="text">hour</th>{head}<th scope="col">found in (recordings)</th></tr>'
            f'{"".join(rows)}<tr><th scope="row">recordings made</th>{below}<td>{n}</td></tr></table>')  # fmt: skip


def _verify_table(verify, paths):
    """A row a claim, and below it its sound: in a column of its own it would lie beside the page on a phone."""
    names = ["why", "species", "recording", "where", "probability", "is it right?"]
    rows = ["".join(f'<th scope="col" class="text">{name}</th>' for name in names)]
    for row in verify.itertuples():
        cells = (row.why, row.species, row.recording, f"{row.start_s:g} to {row.end_s:g} s", f"{row.probability:.2f}")
        cells = "".join(f'<td class="text">{html.escape(str(cell))}</td>' for cell in cells)
        rows.append(f'{cells}<td class="text">&#9744; yes &#9744; no</td>')
        if paths is not None:
            if row.recording not in paths:
                raise ValueError(f"the folder has no recording {row.recording}; give the one that was predicted on")
            start_s = max(0.0, row.start_s - 1)
            shown = player(paths[row.recording], title=row.recording, start_s=start_s, max_s=row.end_s + 1 - start_s)
            rows.append(f'<td colspan="{len(names)}" class="sound">{shown}</td>')
    if not len(verify):
        return "<p>Nothing was found.</p>"
    return f'<table class="verify">{"".join(f"<tr>{row}</tr>" for row in rows)}</table>'
