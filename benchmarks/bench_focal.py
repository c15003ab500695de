"""Heads taught at the animal and asked of recorders left alone: what the gap costs, and what closes it.

The recordings of the pond are halved by night. One half is a pool of soundscapes, whose labels only those methods see
that say so; the other half is tested. Of each call type there are eight recordings at the animal (al.simulate_focal);
each seed draws five to learn from. What is learnt from are embeddings of windows side by side, by a logistic head with
penalty 10; nothing was tuned. Copies of the recordings at the animal, made 10 to 40 dB fainter, are added to stretches
of the pool in which nobody calls (`mixed`), or to any (`mixed with any sound`). Pseudo-labels are what the head itself
finds in the pool, yes from a probability of 0.5 on. The prior is the share of the pool's recordings with a type, by
their weak labels: of its site, drawn towards that of its hour, as in the second place of BirdCLEF+ 2026. Values are
means over the call types that are in the test, differences have intervals over its recordings.

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
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

import anuralib as al

EACH, DRAWN, LENGTH_S = 8, 5, 9
FAINTER_DB = (-40, -10)
LABELLED = 10  # recordings of the pool, in some methods
PENALTY, SURE, WEIGHT, SHRINK = 10.0, 0.5, 0.4, 8
COLUMNS = ["method", "measure", "value", "low", "high", "seed_sd", "against", "diff", "d_low", "d_high"]
AGAINST = {  # what each method is compared with
    "mixed": "focal", "mixed with any sound": "focal", "mixed with any sound, its pseudo-labels": "focal",
    "pseudo-labels": "focal", "mixed + pseudo-labels": "mixed", "mixed + smoothed": "mixed",
    "mixed + recording": "mixed", "mixed + prior": "mixed", "mixed + own prior": "mixed",
    "mixed + leaked prior": "mixed + prior", "mixed + smoothed + prior": "mixed", "10 labelled": "focal",
    "focal + 10 labelled": "10 labelled", "mixed + 10 labelled": "10 labelled", "all labelled": "mixed",
    "mixed + all labelled": "all labelled",
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


def mix(near, pond, windows, firsts, folder, rng):
    """Recordings at the animal in the sound of the pond, and the number of the window behind each of theirs."""
    path, behind = pond.recordings.set_index("recording")["path"], []
    for recording in near.recordings.itertuples():
        first = int(rng.choice(firsts))
        spot = windows.iloc[first]
        call = al.read_audio(recording.path) * 10 ** (rng.uniform(*FAINTER_DB) / 20)
        start = round(float(spot["min_t"]) * 22050)
        sound = call + al.read_audio(path[spot["fname"]])[start : start + len(call)]
        al.write_audio(folder / f"{recording.recording}.wav", np.clip(sound, -1, 1), 22050)
        behind.append(first + np.arange(len(call) // (3 * 22050)))
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
        calls = pond.truth.groupby("recording")
        silent = np.array([name not in calls.groups or not (calls.get_group(name)[["start_s", "end_s"]].to_numpy()
                           * [1, -1] < [end, -start]).all(axis=1).any()
                           for name, start, end in windows[["fname", "min_t", "max_t"]].itertuples(index=False)])  # fmt: skip
        for kind, allowed in (("mixed", ~self.test & silent), ("any", ~self.test)):
            firsts = stretches(windows, allowed, length)
            mixed, self.behind[kind] = mix(near, pond, windows, firsts, folder / kind, rng)
            self.near_x[kind] = embedded(encoder, theirs, mixed)


def head(x, y):
    with threadpool_limits(1):
        return al.LogisticHead(penalties=(PENALTY,)).fit(x, y)


def said(fitted, x):
    """Logits of a head; large ones are cut."""
    return logit(np.clip(fitted.predict_proba(x), 1e-6, 1 - 1e-6))


def prior(data, rows, share=None):
    """Log-odds of each type in each window, from the recordings of the windows `rows`: of site, hour and all."""
    found = pd.DataFrame(data.y if share is None else share, columns=data.species)[rows]
    table = found.groupby(data.names[rows]).max() if share is None else found.groupby(data.names[rows]).mean()
    first = pd.DataFrame({"site": data.site, "hour": data.hour}, index=data.names)[rows]
    first = first[~first.index.duplicated()].loc[table.index]
    p = np.tile(table.mean().to_numpy(), (len(data.names), 1))
    for key, mine in (("hour", data.hour), ("site", data.site)):
        groups = table.groupby(first[key].to_numpy())
        mean, n = groups.mean().reindex(mine).fillna(0).to_numpy(), groups.size().reindex(mine).fillna(0).to_numpy()
        weight = (n / (n + SHRINK))[:, None]
        p = weight * mean + (1 - weight) * p
    return logit(np.clip(p, 1e-3, 1 - 1e-3))


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


def run(data, seed):
    """Logits of each method for all windows of the pond; what is told apart of the other recordings at the animal."""
    rng, code = np.random.default_rng(seed), pd.factorize(data.near_names)[0]
    each = (code.max() + 1) // len(data.species)
    kept = np.concatenate([k * each + rng.permutation(each)[: max(each * DRAWN // EACH, 1)]
                           for k in range(len(data.species))])  # fmt: skip
    rows, pool = np.isin(code, kept), np.flatnonzero(~data.test)
    near, mixed, other = (data.near_x[kind][rows] for kind in ("focal", "mixed", "any"))
    y, both = data.near_y[rows], np.concatenate([data.near_y[rows]] * 2)
    names = rng.permutation(np.unique(data.names[pool]))[:LABELLED]
    few = np.flatnonzero(np.isin(data.names, names))
    sets = {"focal": (near, y), "mixed": (np.concatenate([near, mixed]), both),
            "mixed with any sound": (np.concatenate([near, other]), both)}  # fmt: skip
    out, first = {}, head(*sets["focal"])
    out["focal"] = said(first, data.x)
    at_home = first.predict_proba(data.near_x["focal"][~rows])
    out["mixed"] = said(head(*sets["mixed"]), data.x)
    out["mixed with any sound"] = said(head(*sets["mixed with any sound"]), data.x)
    heard = (out["focal"] >= logit(SURE)).astype(int)
    union = np.concatenate([y, np.maximum(y, heard[data.behind["any"][rows]])])
    more = {"mixed with any sound, its pseudo-labels": (sets["mixed with any sound"][0], union)}
    for name, base, taken, labels in (
        ("pseudo-labels", "focal", pool, heard),
        ("mixed + pseudo-labels", "mixed", pool, (out["mixed"] >= logit(SURE)).astype(int)),
        ("focal + 10 labelled", "focal", few, data.y), ("mixed + 10 labelled", "mixed", few, data.y),
        ("mixed + all labelled", "mixed", pool, data.y),
    ):  # fmt: skip
        more[name] = tuple(np.concatenate(pair) for pair in zip(sets[base], (data.x[taken], labels[taken]),
                                                                strict=True))  # fmt: skip
    more |= {"10 labelled": (data.x[few], data.y[few]), "all labelled": (data.x[pool], data.y[pool])}
    out |= {name: said(head(*given), data.x) for name, given in more.items()}
    return out | afterwards(data, out["mixed"]), (data.near_y[~rows], at_home)


def afterwards(data, logits):
    """What can be done to the scores of a finished network."""
    known = prior(data, ~data.test)
    return {
        "mixed + smoothed": smoothed(data, logits), "mixed + recording": by_recording(data, logits),
        "mixed + prior": logits + WEIGHT * known,
        "mixed + own prior": logits + WEIGHT * prior(data, ~data.test, expit(logits)),
        "mixed + leaked prior": logits + WEIGHT * prior(data, np.full(len(data.names), True)),
        "mixed + smoothed + prior": smoothed(data, logits) + WEIGHT * known,
    }  # fmt: skip


def newcomers(data, logits):
    """Share of the windows with a type that are found at a site, as if nobody had heard it before at one of its sites."""
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
    near = [al.average_precision(y, p).mean() for _, (y, p) in runs]
    rows.append({"method": "focal, asked at the animal", "measure": "AP", "value": np.mean(near)})
    table = pd.concat([newcomers(data, out["mixed"]) for out, _ in runs])
    for name, value in table.groupby("method")["recall"].mean().items():
        rows.append({"method": name, "measure": "recall", "value": value})
    return pd.DataFrame(rows)


def facts(table):
    """The numbers that the chapter gives of this table, by glue key."""
    ap = table[table["measure"] == "AP"].set_index("method")
    out = {"home": ap["value"]["focal, asked at the animal"]}
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
