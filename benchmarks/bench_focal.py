"""Heads taught at the animal and asked of recorders left alone: what the gap costs, and what closes it.

The recordings of the pond are halved by night. One half is a pool of soundscapes, whose labels only those methods see
that say so; the other half is tested. Of each call type there are eight recordings at the animal (al.simulate_focal);
each seed draws five to learn from. What is learnt from are embeddings of windows side by side, by a logistic head with
penalty 10; nothing was tuned. Copies of the recordings at the animal are added to stretches of the pool in which nobody
calls (`into silence`) or to any (`into any sound`), the calls 2 to 30 dB above what else is in their band: an annotator
would still see them. `two into silence`: the copy of another type is in it as well. Pseudo-labels are the windows of
the pool to which a head says yes, from a probability of 0.5 on or from a reviewed threshold: the lowest of seven at
which 95 of 100 answers, drawn from all that say yes, are right. `both`: copies in any sound, with the reviewed
pseudo-labels of what calls behind, and the pool with its pseudo-labels; in a second round they come from the first.
The prior is the share of the pool's recordings with a type, by their weak labels: of site and hour, drawn towards that
of the site, of the hour and of all as in the second place of BirdCLEF+ 2026. Values are means over the call types that
are in the test, differences have intervals over its recordings.

    python benchmarks/bench_focal.py [--seeds 5] [--draws 200] [--pond mini] [--save] [--json FILE]
    [--encoder birdnet]
"""

import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
from _results import save_results
from _table import arguments, row, show
from bench_pretrained import Draws, mean_of, noise, told
from scipy import signal
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

import anuralib as al

EACH, DRAWN, LENGTH_S = 8, 5, 9
ABOVE_DB = (2, 30)  # of the calls in copies, over the background in their band
LABELLED = 10  # recordings of the pool, in some methods
PENALTY, SURE, WEIGHT = 10.0, 0.5, 0.4
LIMITS, REVIEWED, RIGHT = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005), 100, 0.95
SHRINK = {"hour": 8, "site": 8, "both": 4}
COLUMNS = ["method", "measure", "value", "low", "high", "seed_sd", "against", "diff", "d_low", "d_high"]
AGAINST = {  # what each method is compared with
    "into silence": "focal", "two into silence": "into silence", "into any sound": "focal",
    "pseudo-labels from 0.5": "focal", "reviewed pseudo-labels": "focal", "both": "focal", "both, second round": "both",
    "both + smoothed": "both", "both + recording": "both", "both + prior": "both", "both + own prior": "both",
    "both + leaked prior": "both + prior", "both + smoothed + prior": "both", "10 labelled": "focal",
    "focal + 10 labelled": "focal", "both + 10 labelled": "both", "all labelled": "focal",
    "focal + all labelled": "all labelled",
}  # fmt: skip


def side_by_side(dataset):
    """Windows of three seconds that don't overlap."""
    windows = al.window_labels(dataset.strong_labels, dataset.recordings, dataset.species)
    return windows[windows["min_t"] % 3 == 0].reset_index(drop=True)


def embedded(encoder, windows, dataset):
    return np.array(al.embed_recordings(encoder, windows, dataset, n_jobs=1, progress=False).embeddings)


def stretches(windows, allowed, length):
    """Where `length` allowed windows of one recording follow each other: the number of the first of them."""
    name, start = windows["fname"].to_numpy(), windows["min_t"].to_numpy()
    last = len(windows) - length + 1
    whole = (name[:last] == name[length - 1 :]) & (start[length - 1 :] == start[:last] + 3 * (length - 1))
    return np.flatnonzero(whole & np.all([allowed[k : k + last] for k in range(length)], axis=0))


def mix(near, pond, windows, firsts, folder, rng, partner=None):
    """Recordings at the animal in the sound of the pond, and the number of the window behind each of theirs."""
    path, behind = pond.recordings.set_index("recording")["path"], []
    calls = near.truth.groupby("recording")[["low_hz", "high_hz", "level_db"]].mean()
    rows = list(near.recordings.itertuples())
    for number, recording in enumerate(rows):
        first = int(rng.choice(firsts))
        spot = windows.iloc[first]
        start, n = round(float(spot["min_t"]) * 22050), round(recording.duration_s * 22050)
        sound = other = al.read_audio(path[spot["fname"]])[start : start + n]
        density = signal.welch(other, 22050, nperseg=1024, noverlap=0)
        for one in [recording] if partner is None else [recording, rows[partner[number]]]:
            call = calls.loc[one.recording]
            noise_db = al.scenes.band_level_db(density, call["low_hz"], call["high_hz"])
            gain_db = noise_db + rng.uniform(*ABOVE_DB) - call["level_db"]
            sound = sound + al.read_audio(one.path) * 10 ** (gain_db / 20)
        al.write_audio(folder / f"{recording.recording}.wav", np.clip(sound, -1, 1), 22050)
        behind.append(first + np.arange(n // (3 * 22050)))
    paths = [str(folder / f"{name}.wav") for name in near.recordings["recording"]]
    mixed = SimpleNamespace(recordings=near.recordings.assign(path=paths), strong_labels=near.strong_labels,
                            species=near.species, root=folder)  # fmt: skip
    return mixed, np.concatenate(behind)


class Data:
    """Embeddings, labels and recordings of the pond, of what was recorded at the animal, and of both mixed."""

    def __init__(self, size, encoder, each, folder):
        self.pond = pond = al.load_dataset("pond", size=size)
        windows = al.stratified_split(side_by_side(pond), test_size=0.5, group="night", seed=0)
        self.species, self.names, self.windows = pond.species, windows["fname"].to_numpy(), windows
        self.y, self.test = windows[pond.species].to_numpy(), (windows["subset"] == "test").to_numpy()
        self.site, self.hour = windows["site"].to_numpy(), pd.to_datetime(windows["date"]).dt.hour.to_numpy()
        self.x = embedded(encoder, windows, pond)
        near = al.simulate_focal(folder / "near", n_each=each, duration_s=LENGTH_S, n_jobs=1)
        theirs = side_by_side(near)
        self.near_names, self.near_y = theirs["fname"].to_numpy(), theirs[pond.species].to_numpy()
        self.near_x, rng = {"focal": embedded(encoder, theirs, near)}, np.random.default_rng(0)
        self.behind, length = {}, LENGTH_S // 3
        calls = {name: part[["start_s", "end_s"]].to_numpy() for name, part in pond.truth.groupby("recording")}
        spans = windows[["fname", "min_t", "max_t"]].itertuples(index=False)
        silent = np.array([not ((calls.get(name, np.empty((0, 2))) * [1, -1]) < [end, -start]).all(axis=1).any()
                           for name, start, end in spans])  # fmt: skip
        partner = np.concatenate([np.roll(np.arange(len(near.recordings)).reshape(-1, each), 1 + k % 7, axis=0)[k]
                                  for k in range(len(pond.species))])  # fmt: skip
        for kind, allowed in (("one", silent), ("two", silent), ("any", np.full(len(silent), True))):
            firsts = stretches(windows, allowed & ~self.test, length)
            mixed, self.behind[kind] = mix(near, pond, windows, firsts, folder / kind, rng,
                                           partner if kind == "two" else None)  # fmt: skip
            self.near_x[kind] = embedded(encoder, theirs, mixed)
        self.near_two = np.maximum(self.near_y, self.near_y.reshape(-1, length, len(pond.species))[partner].reshape(
            self.near_y.shape))  # fmt: skip


def head(x, y):
    with threadpool_limits(1):
        return al.LogisticHead(penalties=(PENALTY,)).fit(x, y)


def said(fitted, x):
    """Logits of a head; large ones are cut."""
    return logit(np.clip(fitted.predict_proba(x), 1e-6, 1 - 1e-6))


def prior(data, rows, labels=None):
    """Log-odds of each type in each window less those of all, from the recordings of the windows `rows`."""
    y = data.y if labels is None else labels
    table = pd.DataFrame(y).groupby(data.names).max() if labels is None else pd.DataFrame(y).groupby(data.names).mean()
    first = pd.DataFrame({"hour": data.hour, "site": data.site}, index=data.names)
    first["both"] = first["site"] + first["hour"].astype(str)
    mine, kept = first.copy(), np.unique(data.names[rows])
    first, table = first[~first.index.duplicated()].loc[kept], table.loc[kept]
    p = everywhere = np.tile(table.mean().to_numpy(), (len(mine), 1))
    for key, shrink in SHRINK.items():
        groups = table.groupby(first[key].to_numpy())
        mean, n = (groups_of.reindex(mine[key]).fillna(0).to_numpy() for groups_of in (groups.mean(), groups.size()))
        weight = (n / (n + shrink))[:, None]
        p = weight * mean + (1 - weight) * p
    return logit(np.clip(p, 1e-3, 1 - 1e-3)) - logit(np.clip(everywhere, 1e-3, 1 - 1e-3))


def smoothed(data, logits):
    """Probability of a window and half of its neighbours' in the recording."""
    out, p = np.empty_like(logits), expit(logits)
    for name in np.unique(data.names):
        rows = np.flatnonzero(data.names == name)
        wide = np.pad(p[rows], ((1, 1), (0, 0)), mode="edge")
        out[rows] = (wide[:-2] + 2 * wide[1:-1] + wide[2:]) / 4
    return logit(np.clip(out, 1e-6, 1 - 1e-6))


def by_recording(data, logits):
    """Probability times a power of the two highest of the recording, as in the second place of BirdCLEF+ 2026."""
    p = pd.DataFrame(expit(logits))
    highest = p.groupby(data.names).transform(lambda column: column.nlargest(2).mean())
    return logit(np.clip(p * highest**0.4, 1e-6, 1 - 1e-6)).to_numpy()


def drawn(data, seed):
    """Rows at the animal to learn from, and rows of the pool that are labelled in some methods."""
    rng, code = np.random.default_rng(seed), pd.factorize(data.near_names)[0]
    each = (code.max() + 1) // len(data.species)
    kept = rng.permutation(each)[: max(each * DRAWN // EACH, 1)]  # of all types those of the same numbers
    names = rng.permutation(np.unique(data.names[~data.test]))[:LABELLED]
    return np.isin(code % each, kept), np.flatnonzero(np.isin(data.names, names))


def review(data, logits, rng):
    """The threshold of pseudo-labels at which nearly all of a sample of the answers from the pool are right."""
    chosen = LIMITS[0]
    for limit in LIMITS:
        found = np.argwhere(logits[~data.test] >= logit(limit))
        sample = rng.permutation(found)[:REVIEWED]
        if len(sample) and data.y[~data.test][tuple(sample.T)].mean() < RIGHT:
            break
        chosen = limit
    return chosen


def run(data, seed):
    """Logits of each method for all windows of the pond, and what else is told: a dict."""
    (rows, few), rng = drawn(data, seed), np.random.default_rng([seed, 1])
    pool, y = np.flatnonzero(~data.test), data.near_y[rows]
    near, other, behind = data.near_x["focal"][rows], data.near_x["any"][rows], data.behind["any"][rows]
    sets, out, told = {}, {}, {}

    def learn(name, *parts):
        sets[name] = [np.concatenate(part) for part in zip(*parts, strict=True)]
        fitted = head(*sets[name])
        out[name] = said(fitted, data.x)
        return fitted

    first = learn("focal", (near, y))
    at_home = first.predict_proba(data.near_x["focal"][~rows])
    told["at the animal"] = al.average_precision(data.near_y[~rows], at_home).mean()
    learn("into silence", sets["focal"], (data.near_x["one"][rows], y))
    learn("two into silence", sets["focal"], (data.near_x["two"][rows], data.near_two[rows]))
    learn("into any sound", sets["focal"], (other, y))
    for name, teacher in (("both", "focal"), ("both, second round", "both")):
        told[f"limit, {name}"] = limit = review(data, out[teacher], rng)
        yes = (out[teacher] >= logit(limit)).astype(int)
        if name == "both":
            half = (out[teacher] >= logit(SURE)).astype(int)
            learn("pseudo-labels from 0.5", sets["focal"], (data.x[pool], half[pool]))
            learn("reviewed pseudo-labels", sets["focal"], (data.x[pool], yes[pool]))
            told |= quality("from 0.5", half[pool], data.y[pool]) | quality("reviewed", yes[pool], data.y[pool])
        learn(name, sets["focal"], (other, np.maximum(y, yes[behind])), (data.x[pool], yes[pool]))
    for name in ("10 labelled", "all labelled"):
        taken = few if name.startswith("10") else pool
        learn(name, (data.x[taken], data.y[taken]))
        learn(f"focal + {name}", sets["focal"], (data.x[taken], data.y[taken]))
    yes = (out["focal"] >= logit(told["limit, both"])).astype(int)
    yes[few] = data.y[few]
    learn("both + 10 labelled", sets["focal"], (other, np.maximum(y, yes[behind])), (data.x[pool], yes[pool]))
    return out | afterwards(data, out["both"], "both"), told


def quality(name, yes, truth):
    """Precision and recall of pseudo-labels."""
    hits = (yes & truth).sum()
    return {f"precision, {name}": hits / max(yes.sum(), 1), f"recall, {name}": hits / max(truth.sum(), 1)}


def afterwards(data, logits, name):
    """What can be done to the scores of a finished network."""
    known = prior(data, ~data.test)
    out = {
        "smoothed": smoothed(data, logits), "recording": by_recording(data, logits), "prior": logits + WEIGHT * known,
        "own prior": logits + WEIGHT * prior(data, ~data.test, expit(logits)),
        "leaked prior": logits + WEIGHT * prior(data, np.full(len(data.names), True)),
        "smoothed + prior": smoothed(data, logits) + WEIGHT * known,
    }  # fmt: skip
    return {f"{name} + {key}": values for key, values in out.items()}


def newcomers(data, logits):
    """Share of the windows with a type at a site that are found, also as if nobody had noted it there before."""
    found = pd.DataFrame(data.y, columns=data.species)
    lives, rows = found.groupby(data.site).max(), []
    known = prior(data, ~data.test)
    for k, code in enumerate(data.species):
        for site in lives.index[lives[code] == 1]:
            here = data.test & (data.site == site)
            if not data.y[here, k].any() or not data.y[~data.test & (data.site == site), k].any():
                continue
            label = data.y.copy()
            label[data.site == site, k] = 0
            ignorant = prior(SimpleNamespace(**{**vars(data), "y": label}), ~data.test)
            yes = here & (data.y[:, k] == 1)
            for name, given in (("no prior", 0), ("prior", known), ("prior of a list without it", ignorant)):
                p = expit((logits + WEIGHT * given)[:, k])
                rows.append({"method": name, "code": code, "site": site, "recall": (p[yes] >= SURE).mean()})
    return pd.DataFrame(rows, columns=["method", "code", "site", "recall"])


def auroc(truth, logits):
    """Mean over the types that are there and not everywhere."""
    columns = [k for k in range(truth.shape[1]) if 0 < truth[:, k].sum() < len(truth)]
    return np.mean([roc_auc_score(truth[:, k], logits[:, k]) for k in columns])


def compare(data, runs, n_draws):
    """A row for each method and measure."""
    draws = Draws(SimpleNamespace(names=data.names, test=data.test, y=data.y), n_draws)
    scores, rows = {}, []
    for name in runs[0][0]:
        logits = [out[name][data.test] for out, _ in runs]
        scores[name, "AP"] = np.stack([mean_of(draws.ap(one)) for one in logits])
        scores[name, "F1"] = np.stack([mean_of(draws.f1(expit(one))) for one in logits])
        rows.append({"method": name, "measure": "AUROC",
                     "value": np.mean([auroc(data.y[data.test], one) for one in logits])})  # fmt: skip
    for (name, measure), values in scores.items():
        peer = AGAINST.get(name)
        found = told(values, scores.get((peer, measure)))
        rows.append({"method": name, "measure": measure, "against": peer, **found})
    for key in runs[0][1]:
        values = [facts_of_run[key] for _, facts_of_run in runs]
        rows.append({"method": key, "measure": "told", "value": np.mean(values), "low": min(values),
                     "high": max(values)})  # fmt: skip
    table = pd.concat([newcomers(data, out["both"]) for out, _ in runs])
    for name, value in table.groupby("method")["recall"].mean().items():
        rows.append({"method": name, "measure": "recall of newcomers", "value": value})
    return pd.DataFrame(rows)


def facts(table):
    """The numbers that the chapter gives of this table, by glue key."""
    of = {measure: part.set_index("method") for measure, part in table.groupby("measure")}
    names = {"focal": "focal", "silence": "into silence", "half": "pseudo-labels from 0.5", "both": "both",
             "reviewed": "reviewed pseudo-labels", "ten": "10 labelled", "all": "all labelled",
             "together": "both + smoothed + prior"}  # fmt: skip
    out = {f"{key}_{measure.lower()}": of[measure]["value"][name]
           for key, name in names.items() for measure in ("AP", "F1")}  # fmt: skip
    gains = {"smoothed": "both + smoothed", "prior": "both + prior", "leak": "both + leaked prior",
             "own": "both + own prior", "more": "both + 10 labelled"}  # fmt: skip
    out |= {f"{key}_gain": of["AP"]["diff"][name] for key, name in gains.items()}
    told = of["told"]
    out |= {"home": told["value"]["at the animal"], "limit_low": told["low"]["limit, both"],
            "limit_high": told["high"]["limit, both"]}  # fmt: skip
    out |= {f"{key}_{what}": 100 * told["value"][f"{what}, {name}"] for key, name in (("half", "from 0.5"),
            ("reviewed", "reviewed")) for what in ("precision", "recall")}  # fmt: skip
    del out["half_ap"], out["ten_f1"]  # nothing is said of these
    new = of["recall of newcomers"]["value"]
    out |= {"new_listed": 100 * new["prior"], "new_unlisted": 100 * new["prior of a list without it"]}
    return {f"focal_{key}": float(value) for key, value in out.items()}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--each", type=int, default=EACH, help="recordings of each type at the animal")
    parser.add_argument("--draws", type=int, default=200, help="of the bootstrap")
    parser.add_argument("--encoder", default="birdnet", help='"noise": nothing pretrained, to try this script')
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_focal.csv")
    chosen = parser.parse_args()
    started = time.perf_counter()
    encoder = al.Encoder(noise, 3.0, 22050, "noise") if chosen.encoder == "noise" else chosen.encoder
    with tempfile.TemporaryDirectory() as folder:
        data = Data(chosen.pond, encoder, chosen.each, Path(folder))
    runs = [run(data, seed) for seed in range(chosen.seeds)]
    table = compare(data, runs, chosen.draws).reindex(columns=COLUMNS)
    with pd.option_context("display.max_rows", None, "display.width", 200):
        print(table.round(3).to_string(index=False))
    if chosen.save:
        note = (f"{chosen.pond} pond, {len(set(data.names[data.test]))} recordings in test, BirdNET 2.4 (weights CC "
                f"BY-NC-SA 4.0), 95 % over {chosen.draws} draws of recordings")  # fmt: skip
        print(save_results("bench_focal", table, range(chosen.seeds), time.perf_counter() - started,
                           ("numpy", "scikit-learn"), note))  # fmt: skip
    ap = table[table["measure"] == "AP"].set_index("method")["value"]
    shown = {name: row(ap[name], ap[peer], "mean average precision") for name, peer in AGAINST.items()}
    show(shown, f"{chosen.pond} pond; peer: what each method adds to", ["scikit-learn"], chosen.json)


if __name__ == "__main__":
    main()
