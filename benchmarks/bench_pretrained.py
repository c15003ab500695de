"""What a network that has heard the world before is worth: heads on BirdNET beside heads on spectra and a new network.

The pond and its split are those of the chapters on training and evaluation: of the recordings outside the test subset
1, 2, 5, 10, 20 or all are labelled, drawn anew by each seed, and all windows of the test subset are judged. `network`
is small_cnn from scratch on the overlapping windows that begin at even seconds, with mixed and masked pictures and the
asymmetric loss, for 12 epochs and at least 240 steps, without validation: every label is learnt from. Heads learn from
windows side by side; what they see is BirdNET's embedding or a spectrum (mean, deviation and maximum of 64 log-mel
bands). Averages are over the call types of the test subset, also over those of which no labelled recording has a call;
those that are marked `often` over the types that occur in five recordings or more of those that can be labelled. Where
all recordings are labelled there is no chance in a head, and one seed will do. Known and new sites are measured as in
bench_new_sites.py, with linear probes.

    python benchmarks/bench_pretrained.py [--seeds 5] [--draws 500] [--pond mini] [--save] [--json FILE]
    [--no-network] [--encoder birdnet] [--toad FILE]
"""

import time

import numpy as np
import pandas as pd
import torch
from _results import save_results
from _table import arguments, row, show
from bench_new_sites import Pond as Sites
from bench_new_sites import bands, mean_ap
from bench_new_sites import run as at_sites
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

import anuralib as al
from anuralib._arguments import ratio
from anuralib.challenges.encoders import as_encoder
from anuralib.score.metrics import f1_from_counts

BUDGETS = (1, 2, 5, 10, 20)
TOAD = "Anaxyrus cognatus"
OFTEN = 5  # recordings with a type, so that it can be learnt
EPOCHS, STEPS, BATCH = 12, 240, 64
HEADS = {
    "logistic": al.LogisticHead(), "discriminant": al.DiscriminantHead(), "prototypes": al.PrototypeHead(),
    "prototypes, 3": al.PrototypeHead(3), "neighbours": al.NeighbourHead(),
}  # fmt: skip
COLUMNS = ["part", "input", "head", "recordings", "types", "measure", "value", "low", "high", "seed_sd",
           "against", "diff", "d_low", "d_high"]  # fmt: skip


def noise(signals):
    """An encoder for tests of this script: level and spread of the samples."""
    return np.stack([np.abs(signals).mean(axis=1), signals.std(axis=1), np.abs(signals).max(axis=1)], axis=1)


class Pond:
    """Windows with their labels, pictures, spectra and embeddings, and which are for test."""

    def __init__(self, size, encoder):
        pond = al.load_dataset("pond", size=size)
        windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
        windows = al.stratified_split(windows, seed=0)
        self.species, self.names = pond.species, windows["fname"].to_numpy()
        self.y, self.start = windows[pond.species].to_numpy(), windows["min_t"].to_numpy()
        self.test = (windows["subset"] == "test").to_numpy()
        self.pool = np.unique(self.names[~self.test])
        self.pictures = al.window_features(windows, pond, cache_dir=True, progress=False)
        embedded = al.embed_recordings(encoder, windows, pond).embeddings
        self.given = {"BirdNET": np.array(embedded), "spectra": bands(self.pictures)}
        self.groups = al.frequency_groups(windows, pond.species)
        found = windows[~self.test].groupby("fname")[pond.species].any().sum()
        self.often = (found >= OFTEN).to_numpy()

    def labelled(self, n, seed):
        """The recordings that somebody has labelled: of fewer the first of more."""
        return np.random.default_rng(seed).permutation(self.pool)[:n]


def network(pond, known, seed):
    """Probabilities for test from a small network that starts from nothing."""
    torch.set_num_threads(1)
    rows = np.isin(pond.names, known) & (pond.start % 2 == 0)
    model = al.build_model("small_cnn", pond.species, seed=seed)
    steps = -(-int(rows.sum()) // BATCH)
    al.fit(model, (pond.pictures[rows], pond.y[rows]), epochs=max(EPOCHS, -(-STEPS // steps)), seed=seed,
           augment=True, loss="asymmetric", batch_size=BATCH, progress=False)  # fmt: skip
    return al.predict(model, pond.pictures[pond.test])


def head(pond, kind, name, known):
    """Probabilities for test from a head on what one sees of the windows."""
    from sklearn.base import clone

    x, rows = pond.given[kind], np.isin(pond.names, known) & (pond.start % 3 == 0)
    fitted = clone(HEADS[name]).fit(x[rows], pond.y[rows], groups=pond.names[rows])
    return fitted.predict_proba(x[pond.test])


def run(pond, n, seed, kind, name):
    """Probabilities for test, and core seconds."""
    begin, known = time.process_time(), pond.labelled(n, seed)
    with threadpool_limits(1):
        prob = network(pond, known, seed) if kind == "network" else head(pond, kind, name, known)
    return prob.astype(np.float32), time.process_time() - begin


class Draws:
    """Test subsets that might have been: how often each recording is drawn, first as it is."""

    def __init__(self, pond, n):
        codes, names = pd.factorize(pond.names[pond.test])
        drawn = np.random.default_rng(0).multinomial(len(names), np.full(len(names), 1 / len(names)), size=n)
        self.recording, self.weight = codes, np.vstack([np.ones(len(names)), drawn])
        self.truth = pond.y[pond.test].astype(bool)

    def ap(self, prob):
        """Average precision in each draw of each species, (draws, n_species); NaN without positives."""
        out = np.full((len(self.weight), prob.shape[1]), np.nan)
        for k in np.flatnonzero(self.truth.any(axis=0)):
            order = np.argsort(-prob[:, k], kind="stable")
            last = np.flatnonzero(np.r_[np.diff(prob[order, k]) != 0, True])  # of equal probabilities
            weight = self.weight[:, self.recording[order]]
            hits = np.cumsum(weight * self.truth[order, k], axis=1)[:, last]
            said = np.maximum(np.cumsum(weight, axis=1)[:, last], 1)
            with np.errstate(invalid="ignore"):
                out[:, k] = (np.diff(hits, axis=1, prepend=0) * hits / said).sum(axis=1) / hits[:, -1]
        return out

    def f1(self, prob):
        """F1 at one half in each draw of each species; NaN without positives."""
        yes = prob >= 0.5
        sums = [np.stack([np.bincount(self.recording, column, len(self.weight[0])) for column in what.T])
                for what in (self.truth & yes, self.truth, yes)]  # fmt: skip
        return f1_from_counts(*[self.weight @ counts.T for counts in sums])


def mean_of(scores):
    """Mean over the species, the last axis, for which the score exists; NaN where there is none."""
    there = np.isfinite(scores)
    return ratio(np.where(there, scores, 0).sum(axis=-1), there.sum(axis=-1))


def interval(draws):
    """95 % of the draws that are numbers."""
    draws = draws[np.isfinite(draws)]
    return np.quantile(draws, [0.025, 0.975]) if len(draws) else np.full(2, np.nan)


def told(draws, peer=None):
    """Value and interval of a score with several seeds (seeds, draws); with a peer those of the difference."""
    mean = draws.mean(axis=0)
    low, high = interval(mean[1:])
    out = {"value": mean[0], "low": low, "high": high,
           "seed_sd": draws[:, 0].std(ddof=1) if len(draws) > 1 else np.nan}  # fmt: skip
    if peer is not None:
        diff = mean - peer.mean(axis=0)
        out |= dict(zip(("diff", "d_low", "d_high"), [diff[0], *interval(diff[1:])], strict=True))
    return out


def compare(pond, results, n_draws):
    """A row for each input, head, number of recordings, set of types and measure; by group where all are labelled."""
    draws, scores, rows = Draws(pond, n_draws), {}, []
    group = np.array([pond.groups[code] for code in pond.species])
    for key, runs in results.items():
        for measure, make in (("AP", draws.ap), ("F1", draws.f1)):
            each = np.stack([make(prob) for prob, _ in runs])
            scores[(*key, "all", measure)] = mean_of(each)
            scores[(*key, "often", measure)] = mean_of(each[:, :, pond.often])
            for name in np.unique(group) if key[2] == len(pond.pool) else ():
                scores[(*key, name, measure)] = mean_of(each[:, :, group == name])
    peers = {("BirdNET", "logistic"): ("network", ""), ("spectra", "logistic"): ("BirdNET", "logistic")}
    for (kind, name, n, code, measure), values in scores.items():
        peer = peers.get((kind, name), ("BirdNET", "logistic") if kind == "BirdNET" else None)
        found = told(values, scores.get((*(peer or ("", "")), n, code, measure)))
        rows.append({"part": "labelled", "input": kind, "head": name, "recordings": n, "types": code,
                     "measure": measure, **found})  # fmt: skip
        if "diff" in found:
            rows[-1]["against"] = " ".join(peer).strip()
    return rows


def sites(size, embedded, seeds, n_draws):
    """Mean average precision over the pairs of a type and a site, the site known or new."""
    pond, rows = Sites(size), []
    seen = {"spectra": pond.given["dB"], "BirdNET": embedded}
    truth = pond.cell_columns(pond.y)
    names, codes = np.unique(pond.names, return_inverse=True)
    rng = np.random.default_rng(0)
    drawn = [rng.integers(len(names), size=len(names)) for _ in range(n_draws)]
    of = [np.flatnonzero(codes == k) for k in range(len(names))]
    for kind, x in seen.items():
        pond.given["dB"] = x
        runs = {name: [pond.cell_columns(at_sites(pond, name, seed)[0]) for seed in range(seeds)]
                for name in ("known", "nothing")}  # fmt: skip
        values = {name: [np.mean([mean_ap(truth[r], prob[r]) for prob in probs])
                         for r in (np.arange(len(truth)), *(np.concatenate([of[k] for k in d]) for d in drawn))]
                  for name, probs in runs.items()}  # fmt: skip
        gap = np.array(values["nothing"]) - np.array(values["known"])
        for name, label in (("known", "known site"), ("nothing", "new site")):
            low, high = interval(np.array(values[name][1:]))
            found = {"part": "site", "input": kind, "head": label, "measure": "AP", "value": values[name][0],
                     "low": low, "high": high}  # fmt: skip
            if label == "new site":
                low, high = interval(gap[1:])
                found |= {"against": "known site", "diff": gap[0], "d_low": low, "d_high": high}
            rows.append(found)
    return rows


def seconds_a_window(encoder, n=40):
    """Core seconds that an encoder takes for a window; the sound does not matter."""
    encoder = as_encoder(encoder, n_jobs=1)
    sound = np.random.default_rng(0).normal(0, 0.1, (n, round(encoder.window_s * encoder.sample_rate_hz)))
    encoder(sound[:2].astype(np.float32))
    begin = time.process_time()
    encoder(sound.astype(np.float32))
    return (time.process_time() - begin) / n


def toad(path):
    """BirdNET's own highest scores in a recording of a Great Plains toad, and how often it names the toad first."""
    sound = al.read_audio(path, 48_000)
    windows = sound[: len(sound) // 144_000 * 144_000].reshape(-1, 144_000)
    scores = al.birdnet_scores(windows, 48_000)
    rows = [{"head": name, "measure": "highest score", "value": value}
            for name, value in scores.max().nlargest(5).items()]  # fmt: skip
    rows += [{"head": TOAD, "measure": "windows named first", "value": (scores.idxmax(axis=1) == TOAD).sum()},
             {"measure": "windows", "value": len(windows)}]  # fmt: skip
    return [{"part": "toad", "input": "BirdNET", **found} for found in rows]


def facts(table):
    """The numbers that the chapter on pretrained networks gives of this table, by glue key."""
    of = table[table["part"] == "labelled"].fillna({"head": ""})
    of = of.set_index(["input", "head", "recordings", "types", "measure"]).sort_index()
    every = int(of.index.get_level_values("recordings").max())
    probes = {"birdnet": ("BirdNET", "logistic"), "spectra": ("spectra", "logistic"), "network": ("network", "")}
    out = {"recordings": every}
    for key, name, n, types in (("20_often", "birdnet", 20, "often"), ("20", "birdnet", 20, "all"),
                                ("all_often", "spectra", every, "often"),
                                ("all_often", "network", every, "often")):  # fmt: skip
        out[f"{name}_{key}"] = of.loc[(*probes[name], n, types, "AP"), "value"]
    for key, n, types in (("ahead", every, "all"), ("rare", every, "rare"), ("common", every, "common"),
                          ("one", 1, "all")):  # fmt: skip
        ahead = of.loc[(*probes["birdnet"], n, types, "AP")]
        out |= {f"{key}{end}": ahead[f"d{end}" if end else "diff"] for end in ("", "_low", "_high")}
    site = table[table["part"] == "site"].set_index(["input", "head"])
    out |= {f"{kind.lower()}_{name.split()[0]}": value for (kind, name), value in site["value"].items()}
    for kind in ("BirdNET", "spectra"):
        cost = site.loc[(kind, "new site")]
        out |= {f"{kind.lower()}_cost": -cost["diff"], f"{kind.lower()}_cost_low": -cost["d_high"],
                f"{kind.lower()}_cost_high": -cost["d_low"]}  # fmt: skip
    seconds = table[table["part"] == "seconds"].fillna({"head": ""}).set_index(["input", "head", "recordings"])["value"]
    out |= {"network_s": seconds["network", "", every], "head_s": seconds["BirdNET", "logistic", every]}
    window_s = table.set_index("measure")["value"]["core seconds a window"]
    out |= {"ms": 1000 * window_s, "hour_s": 1200 * window_s}
    heard = table[table["part"] == "toad"].set_index(["measure", "head"])["value"]
    best = heard["highest score"].sort_values()
    out |= {"toad": best[TOAD], "toad_other": best.iloc[-1], "toad_rank": (best >= best[TOAD]).sum(),
            "toad_first": heard["windows named first", TOAD], "toad_windows": heard["windows"].iloc[0]}  # fmt: skip
    return {f"pretrained_{key}": float(value) for key, value in out.items()}


def facts_rare(table):
    """The numbers that the chapter on the long tail gives of this table, by glue key: the head less the network."""
    found = table[(table["input"] == "BirdNET") & (table["head"] == "logistic") & (table["types"] == "rare")]
    found = found.set_index("measure")
    return {f"long_tail_birdnet_{measure.lower()}{end}": float(100 * found.loc[measure, f"d{end}" if end else "diff"])
            for measure in ("AP", "F1") for end in ("", "_low", "_high")}  # fmt: skip


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=500, help="of the bootstrap")
    parser.add_argument("--encoder", default="birdnet", help='"noise": nothing pretrained, to try this script')
    parser.add_argument("--no-network", action="store_true", help="train nothing from scratch")
    parser.add_argument("--toad", help="great_plains_toad.wav of the repository kitzeslab/opensoundscape")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_pretrained.csv")
    chosen = parser.parse_args()
    started = time.perf_counter()
    encoder = al.Encoder(noise, 3.0, 22050, "noise") if chosen.encoder == "noise" else chosen.encoder
    pond = Pond(chosen.pond, encoder)
    budgets = [n for n in BUDGETS if n < len(pond.pool)] + [len(pond.pool)]
    methods = [("network", "")] * (not chosen.no_network) + [(kind, name) for kind in pond.given for name in HEADS]
    todo = [(n, seed, *method) for method in methods for n in budgets for seed in range(chosen.seeds)
            if seed == 0 or n < len(pond.pool) or method[0] == "network"]  # of all recordings a head learns the same
    jobs = Parallel(min(2, chosen.seeds), return_as="generator")(delayed(run)(pond, *what) for what in todo)
    results = {}
    for (n, _, *method), out in zip(todo, tqdm(jobs, total=len(todo), unit="run"), strict=True):
        results.setdefault((*method, n), []).append(out)
    rows = compare(pond, results, chosen.draws)
    side_by_side = pond.given["BirdNET"][pond.start % 3 == 0]
    rows += sites(chosen.pond, side_by_side, chosen.seeds, min(chosen.draws, 200))
    rows += [{"part": "seconds", "input": kind, "head": name, "recordings": n, "measure": "core seconds",
              "value": np.mean([seconds for _, seconds in runs])}
             for (kind, name, n), runs in results.items()]  # fmt: skip
    rows.append({"part": "seconds", "input": "BirdNET", "measure": "core seconds a window",
                 "value": seconds_a_window(encoder)})  # fmt: skip
    rows += toad(chosen.toad) if chosen.toad else []
    table = pd.DataFrame(rows).reindex(columns=COLUMNS).astype({"recordings": "Int64"})
    with pd.option_context("display.max_rows", None, "display.width", 200):
        print(table.round(3).to_string(index=False))
    if chosen.save:
        note = (f"{chosen.pond} pond, {len(pond.pool)} recordings to label, {len(set(pond.names[pond.test]))} in test "
                f"({pond.test.sum()} windows), 95 % over {chosen.draws} draws of recordings")  # fmt: skip
        print(save_results("bench_pretrained", table, range(chosen.seeds), time.perf_counter() - started, note=note))
    score = table[(table["part"] == "labelled") & (table["types"] == "all") & (table["measure"] == "AP")]
    score = score.set_index(["input", "head", "recordings"])["value"]
    shown = {f"{n} recordings": row(score["BirdNET", "logistic", n], score["spectra", "logistic", n],
                                    "mean average precision") for n in budgets}  # fmt: skip
    show(shown, f"{chosen.pond} pond, logistic head on BirdNET; peer: on spectra", ["scikit-learn"], chosen.json)


if __name__ == "__main__":
    main()
