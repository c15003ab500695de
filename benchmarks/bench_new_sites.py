"""What a classifier loses at a site that it has never heard, why, and whether ten remedies help.

Only call types that live at two sites or more can be asked for at a held-out site: each pair of such a type and a
site where it lives is a cell. The recordings of each site are divided into three folds. For each fold, `known` learns
from 60 recordings drawn from all others, those of the same site among them, as in a split by recording; all other
methods draw 60 from the other sites (`5 labelled`: 55, and 5 of the other folds of the site). The recordings that
were not drawn serve to choose thresholds. Every seed divides and draws anew. The model is one logistic regression a
type on the mean, deviation and maximum of 64 log-mel bands in windows side by side, with the default penalty, which
was not tuned. The score is the mean average precision over the cells; differences from `nothing` have intervals over
recordings. With --encoder the same is asked of heads on embeddings, with three of the methods, and kept in a table of
its own.

    python benchmarks/bench_new_sites.py [--seeds 5] [--draws 200] [--pond mini] [--save] [--json FILE]
    [--encoder birdnet]
"""

import time
from itertools import combinations

import numpy as np
import pandas as pd
import torch
from _results import save_results
from _table import arguments, row, show
from joblib import Parallel, delayed
from scipy.special import logit
from sklearn.metrics import average_precision_score, roc_auc_score
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

import anuralib as al
from anuralib.learn import augment

N_TRAIN, N_LABELLED, FOLDS = 60, 5, 3
METHODS = (
    "known", "nothing", "penalty 10", "penalty 100", "recording median", "site median", "spectral gate", "PCEN",
    "mix, training silence", "mix, new sound", "mix, new silence", "5 labelled",
)  # fmt: skip
OF_EMBEDDINGS = ("known", "nothing", "5 labelled")
COLUMNS = ["part", "method", "site", "code", "measure", "value", "difference", "low", "high"]
LEAST = 3  # recordings in which each of two look-alikes must call


def bands(pictures):
    """Mean, deviation and maximum of each band over time."""
    x = np.asarray(pictures, np.float32)[:, 0]
    return np.hstack([x.mean(axis=2), x.std(axis=2), x.max(axis=2)])


def less_median(x, groups):
    """Each number less its median in the recording or at the site: no labels needed, but the sound of the place."""
    return x - pd.DataFrame(x).groupby(groups).transform("median").to_numpy()


class Pond:
    """Windows side by side with labels, names, sites and what each method is given of them."""

    def __init__(self, size, encoder=None):
        pond = al.load_dataset("pond", size=size)
        windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
        pictures = al.window_features(windows, pond, cache_dir=True, progress=False)
        apart = (windows["min_t"] % 3 == 0).to_numpy()
        self.windows, self.pictures = windows[apart].reset_index(drop=True), np.asarray(pictures[apart], np.float32)
        self.species, self.names = pond.species, self.windows["fname"].to_numpy()
        self.site, self.y = self.windows["site"].to_numpy(), self.windows[pond.species].to_numpy()
        lives = self.windows.groupby("site")[pond.species].any().T
        self.shared = [code for code in pond.species if lives.loc[code].sum() > 1]
        self.cells = [(site, code) for site in lives.columns for code in self.shared if lives.loc[code, site]]
        self.column = {code: i for i, code in enumerate(pond.species)}
        # Silence is what the truth calls so: not even a call too faint for the annotator.
        calls = dict(list(pond.truth.groupby("recording")))
        spans = zip(self.names, self.windows["min_t"], self.windows["max_t"], strict=True)
        self.silent = ~np.array([
            name in calls and ((calls[name]["start_s"] < end) & (calls[name]["end_s"] > start)).any()
            for name, start, end in spans
        ])  # fmt: skip
        in_db = bands(self.pictures)
        if encoder is not None:
            self.given = {"dB": np.array(al.embed_recordings(encoder, self.windows, pond, progress=False).embeddings)}
            return
        self.given = {
            "dB": in_db, "recording median": less_median(in_db, self.names),
            "site median": less_median(in_db, self.site),
            "spectral gate": bands(al.spectral_gate(self.pictures, groups=self.names)),
            "PCEN": bands(al.pcen(self.pictures)),
        }  # fmt: skip

    def cell_columns(self, table):
        """A column a cell, zero outside its site: zeros at the end of a ranking don't change average precision."""
        return np.stack([table[:, self.column[code]] * (self.site == site) for site, code in self.cells], axis=1)


def draw(names, n, rng):
    """n of these recordings, or all but one if there are not so many."""
    names = np.unique(names)
    return rng.choice(names, min(n, max(len(names) - 1, 1)), replace=False)


def answers(pond, method, site, fold, folds, seed):
    """Rows tested; probabilities, and yes or no at tuned thresholds, a column a type (0 where not asked)."""
    torch.set_num_threads(1)
    rng = np.random.default_rng([seed, fold, list(np.unique(pond.site)).index(site)])
    test, here = (pond.site == site) & (folds == fold), pond.site == site
    away = pond.names[~here]
    if method == "known":
        pool = pond.names[~test]
        chosen = draw(pool, N_TRAIN, rng)
    else:
        pool, chosen = away, draw(away, N_TRAIN, rng)
        if method == "5 labelled":
            mine = draw(pond.names[here & ~test], N_LABELLED, rng)
            chosen = np.concatenate([chosen[: len(chosen) - len(mine)], mine])
    train = np.isin(pond.names, chosen)
    valid = np.isin(pond.names, np.setdiff1d(pool, chosen))
    kind = method if method in pond.given else "dB"
    x = pond.given[kind]
    seen = x[train]
    if method.startswith("mix"):
        other = train if "training" in method else here & ~test
        other = other & (pond.y.sum(axis=1) == 0) if "silence" in method else other  # somebody has listened to silence
        if other.any():
            seen = bands(augment.mix_background(pond.pictures[train], pond.pictures[other], generator=seed))
    asked = [pond.column[code] for code in (pond.shared if method == "nothing" else
                                            [code for where, code in pond.cells if where == site])]  # fmt: skip
    with threadpool_limits(1):
        probe = al.linear_probe(seen, pond.y[train][:, asked], float(method.split()[1]) if "penalty" in method else 1.0)
        prob, on_valid = (al.probe_probabilities(probe, x[rows]) for rows in (test, valid))
    limits = al.tune_thresholds(pond.y[valid][:, asked], on_valid).to_numpy()
    out = np.zeros((2, test.sum(), len(pond.species)))
    out[0][:, asked], out[1][:, asked] = prob, prob >= limits
    return test, out


def run(pond, method, seed):
    """Probabilities and decisions of a method for all windows."""
    out = np.zeros((2, *pond.y.shape))
    for site in np.unique(pond.site):
        mine = np.flatnonzero(pond.site == site)
        names = np.unique(pond.names[mine])
        number = np.random.default_rng([seed, len(mine)]).permutation(len(names)) % FOLDS
        folds = np.full(len(pond.site), -1)
        folds[mine] = pd.Series(number, index=names)[pond.names[mine]]
        for fold in np.unique(number):
            test, told = answers(pond, method, site, fold, folds, seed)
            out[:, test] = told
    return out


def mean_ap(truth, prob):
    """Mean average precision of the columns that have positives (NaN if none has)."""
    scores = [average_precision_score(t, p) for t, p in zip(truth.T, prob.T, strict=True) if t.any()]
    return np.mean(scores) if scores else np.nan


def compare(pond, results, draws):
    """Score of each method at each site and over all, and its paired difference from `nothing`."""
    truth = pond.cell_columns(pond.y)
    sites = np.array([site for site, _ in pond.cells])

    def line(method, site, measure, metric, which):
        rows = pond.site == site if site != "all" else np.full(len(pond.site), True)
        kept = sites == site if site != "all" else np.full(len(sites), True)
        ours, base = ([pond.cell_columns(told[which])[rows][:, kept] for told in results[name]]
                      for name in (method, "nothing"))  # fmt: skip
        pair = {}
        if method != "nothing":
            pair = al.paired_bootstrap(truth[rows][:, kept], base, ours, pond.names[rows], metric, n_boot=draws)
        return {"part": "method", "method": method, "site": site, "measure": measure,
                "value": np.mean([metric(truth[rows][:, kept], one) for one in ours]),
                **{key: pair.get(key, np.nan) for key in ("difference", "low", "high")}}  # fmt: skip

    jobs = [delayed(line)(method, site, *what) for method in results for site in (*np.unique(pond.site), "all")
            for what in (("AP", mean_ap, 0), ("F1, tuned", al.metrics.macro_f1, 1))]  # fmt: skip
    return pd.DataFrame(Parallel(2)(jobs))


def cells(pond, results):
    """Each type at each site, known and held out: prevalence, average precision, AUROC, thresholds and calibration."""
    rows = []
    for site, code in pond.cells:
        here, k = pond.site == site, pond.column[code]
        truth = pond.y[here][:, [k]]
        told = {"prevalence": truth.mean(), "prevalence elsewhere": pond.y[~here, k].mean()}
        for name in ("known", "nothing"):
            runs = [(prob[here][:, [k]], yes[here][:, [k]]) for prob, yes in results[name]]
            limits = [al.tune_thresholds(truth, prob).to_numpy() for prob, _ in runs]
            told |= {f"{measure}, {name}": np.mean(values) for measure, values in {
                "AP": [mean_ap(truth, prob) for prob, _ in runs],
                "AUROC": [roc_auc_score(truth[:, 0], prob[:, 0]) if 0 < truth.mean() < 1 else np.nan
                          for prob, _ in runs],
                "F1 at 0.5": [al.metrics.macro_f1(truth, prob) for prob, _ in runs],
                "F1, tuned": [al.metrics.macro_f1(truth, yes) for _, yes in runs],
                "F1, best": [al.metrics.macro_f1(truth, prob, limit)
                             for (prob, _), limit in zip(runs, limits, strict=True)],
                "best threshold": limits,
                "calibration error": [al.calibration_error(truth, prob).iloc[0] for prob, _ in runs],
            }.items()}  # fmt: skip
        rows += [{"part": "cell", "site": site, "code": code, "measure": key, "value": value}
                 for key, value in told.items()]  # fmt: skip
    return pd.DataFrame(rows)


def pooled(pond, results):
    """Of each type the mean average precision over its sites, and the one of all windows in one ranking."""
    rows = []
    for code in pond.shared:
        k, homes = pond.column[code], [site for site, other in pond.cells if other == code]
        at_home = np.isin(pond.site, homes)
        for name, pick in {"mean of sites": None, "pooled, its sites": at_home, "pooled, all": at_home | True}.items():
            parts = [pond.site == site for site in homes] if pick is None else [pick]
            value = np.mean([average_precision_score(pond.y[part, k], prob[part, k])
                             for prob, _ in results["nothing"] for part in parts])  # fmt: skip
            rows.append({"part": "pooled", "code": code, "measure": name, "value": value})
            share = np.mean([pond.y[part, k].mean() for part in parts])
            rows.append({"part": "pooled", "code": code, "measure": f"no skill, {name}", "value": share})
    return pd.DataFrame(rows)


def shortcut(pond, results, seeds):
    """Can the site be told from silence, and does silence at home sound like the frog?"""
    sites, rows = np.unique(pond.site), []
    truth = np.stack([pond.site == site for site in sites], axis=1).astype(int)
    for kind, x in pond.given.items():
        right = []
        for seed in range(seeds):
            nights = pd.factorize(al.nights(pond.windows) + pond.site)[0]
            folds = np.random.default_rng(seed).permutation(nights.max() + 1)[nights] % FOLDS
            said = np.full(len(x), -1)
            for fold in range(FOLDS):
                train, test = (pond.silent & (folds != fold)), (pond.silent & (folds == fold))
                if train.any() and test.any():
                    probe = al.linear_probe(x[train], truth[train])
                    said[test] = al.probe_probabilities(probe, x[test]).argmax(axis=1)
            hit = [(said[pond.silent & (pond.site == site)] == i).mean() for i, site in enumerate(sites)
                   if (pond.silent & (pond.site == site)).any()]  # fmt: skip
            right.append(np.mean(hit))
        rows.append({"part": "site from silence", "method": kind, "measure": "balanced accuracy",
                     "value": np.mean(right)})  # fmt: skip
    for code in pond.shared:
        homes = [site for site, other in pond.cells if other == code]
        here, k = np.isin(pond.site, homes)[pond.silent], pond.column[code]
        if here.any() and not here.all():
            value = np.mean([roc_auc_score(here, prob[pond.silent, k]) for prob in results])
            rows.append({"part": "home from silence", "code": code, "measure": "AUROC", "value": value})
    return pd.DataFrame(rows)


def lookalikes(pond, results):
    """How well two types are told apart where exactly one calls, at the same site and anywhere."""
    kinds = al.call_types()
    alike = {frozenset((code, kinds["lookalike"][code])) for code in pond.species if kinds["lookalike"][code]}
    found = pd.DataFrame(pond.y, columns=pond.species).groupby([pond.site, pond.names]).max()
    counts, rows = found.groupby(level=0).sum(), []
    total = counts.sum()
    for a, b in combinations(pond.species, 2):
        both = counts.index[(counts[[a, b]] >= LEAST).all(axis=1)]
        one, other = pond.column[a], pond.column[b]
        for where, kept in {"same site": np.isin(pond.site, both), "anywhere": pond.site != ""}.items():
            if where == "anywhere" and (frozenset((a, b)) not in alike or total[[a, b]].min() < LEAST):
                continue
            use = kept & (pond.y[:, one] + pond.y[:, other] == 1)
            if 0 < pond.y[use, one].sum() < use.sum():
                scores = [logit(np.clip(p, 1e-7, 1 - 1e-7)) for p in results]
                value = np.mean([roc_auc_score(pond.y[use, one], s[use, one] - s[use, other]) for s in scores])
                rows.append({"part": "look-alikes" if frozenset((a, b)) in alike else "other pairs",
                             "method": where, "code": f"{a} {b}", "measure": "AUROC", "value": value})  # fmt: skip
    for k, code in enumerate(pond.species):
        if total[code] >= LEAST:
            for measure, metric in {"AUROC": roc_auc_score, "AP": average_precision_score}.items():
                value = np.mean([metric(pond.y[:, k], prob[:, k]) for prob in results])
                rows.append({"part": "one against all", "code": code, "measure": measure, "value": value})
    return pd.DataFrame(rows)


def by_recording(pond, seed):
    """Probabilities of all types from a cross-validation by recording."""
    torch.set_num_threads(1)
    folds = al.kfold_split(pond.windows, FOLDS, seed=seed).to_numpy()
    out, x = np.zeros(pond.y.shape), pond.given["dB"]
    with threadpool_limits(1):
        for fold in range(FOLDS):
            probe = al.linear_probe(x[folds != fold], pond.y[folds != fold])
            out[folds == fold] = al.probe_probabilities(probe, x[folds == fold])
    return out


def facts(table):
    """The numbers that the chapter on new sites gives of this table, by glue key."""
    part = dict(list(table.groupby("part")))
    ap, f1 = (part["method"].query("site == 'all' and measure == @measure").set_index("method")["value"]
              for measure in ("AP", "F1, tuned"))  # fmt: skip
    of_cell = part["cell"].set_index(["measure", "site", "code"])["value"].sort_index()
    whistle = part["pooled"][part["pooled"]["code"] == "ASCWHI"].set_index("measure")["value"]
    home = part["home from silence"].set_index("code")["value"]
    silence = part["site from silence"].set_index("method")["value"]
    told = {
        "nothing_AP": ap["nothing"], "known_AP": ap["known"], "nothing_F1": f1["nothing"], "known_F1": f1["known"],
        "silence_dB": silence["dB"], "silence_recording": silence["recording median"],
        "home_SHOTRI": home["SHOTRI"], "home_ASCWHI": home["ASCWHI"], "home_n": (home > 0.5).sum(),
        "mean": whistle["mean of sites"], "pooled": whistle["pooled, all"],
        "sound": ap["nothing"] - ap["mix, new sound"],
    }  # fmt: skip
    for site in ("SIM3", "SIM4"):
        told[f"best_{site}"] = of_cell["best threshold, nothing", site, "HIGPEE"]
    for key, name in (("known", "known"), ("new", "nothing")):  # what thresholds from elsewhere cost
        told[f"gap_{key}"] = of_cell[f"F1, best, {name}"].mean() - of_cell[f"F1, tuned, {name}"].mean()
    for key, name in (("mean", "mean of sites"), ("pooled", "pooled, all")):  # of the way from no skill to 1
        told[f"way_{key}"] = 1 - (1 - whistle[name]) / (1 - whistle[f"no skill, {name}"])
    for key, score in (("back", ap), ("back_f1", f1)):  # of what a new site costs, in per cent
        told[key] = 100 * (score["5 labelled"] - score["nothing"]) / (score["known"] - score["nothing"])
    return {f"new_sites_{key}": float(number) for key, number in told.items()}


def _alike(table):
    """Look-alikes at sites where both call, and anywhere; other pairs that share a site; each type against all."""
    part = dict(list(table.groupby("part")))
    alike = part["look-alikes"].pivot_table("value", "code", "method")
    against = part["one against all"].query("measure == 'AUROC'").set_index("code")["value"]
    return alike["same site"].dropna(), alike["anywhere"], part["other pairs"].set_index("code")["value"], against


def facts_alike(table):
    """The numbers that the chapter on look-alikes gives of this table, by glue key."""
    same, anywhere, other, against = _alike(table)
    told = {"against": against["PULPEE"], "same": same["SHOTRI PULPEE"], "any": anywhere["SHOTRI PULPEE"],
            "macro": against.mean(), "mean": same.mean(), "others": len(other), "hardest": other.min()}  # fmt: skip
    return {f"fine_grained_{key}": float(number) for key, number in told.items()}


def facts_alike_birdnet(table):
    """The same of the table of embeddings."""
    same, _, other, _ = _alike(table)
    told = {"same": same["SHOTRI PULPEE"], "mean": same.mean(), "hardest": other.min()}
    return {f"fine_grained_birdnet_{key}": float(number) for key, number in told.items()}


def facts_embeddings(table):
    """The numbers that the chapters give of heads on embeddings, by glue key."""
    part = table[(table["part"] == "method") & (table["site"] == "all")].set_index(["method", "measure"])
    told = {f"{name}_{measure[:2]}": part["value"][key, measure]
            for name, key in (("known", "known"), ("nothing", "nothing"), ("labelled", "5 labelled"))
            for measure in ("AP", "F1, tuned")}  # fmt: skip
    return {f"new_sites_birdnet_{key}": float(number) for key, number in told.items()}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=200, help="of the bootstrap")
    parser.add_argument("--encoder", help='"birdnet": heads on its embeddings in place of spectra')
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_new_sites.csv")
    chosen = parser.parse_args()
    started, methods = time.perf_counter(), OF_EMBEDDINGS if chosen.encoder else METHODS
    pond = Pond(chosen.pond, chosen.encoder)
    todo = [(method, seed) for seed in range(chosen.seeds) for method in methods]
    jobs = [delayed(run)(pond, *what) for what in todo] + [delayed(by_recording)(pond, s) for s in range(chosen.seeds)]
    told = list(tqdm(Parallel(2, return_as="generator")(jobs), total=len(jobs), unit="run"))
    results, every = {method: [] for method in methods}, told[len(todo):]
    for (method, _), out in zip(todo, told, strict=False):
        results[method].append(out)
    with threadpool_limits(1):
        parts = [compare(pond, results, chosen.draws), cells(pond, results), pooled(pond, results),
                 shortcut(pond, every, chosen.seeds), lookalikes(pond, every)]  # fmt: skip
    table = pd.concat(parts).reindex(columns=COLUMNS)
    with pd.option_context("display.max_rows", None):
        print(table.round(3).to_string(index=False))
    if chosen.save:
        note = (f"{chosen.pond} pond, windows side by side, {N_TRAIN} recordings to learn from, {len(pond.cells)} "
                f"pairs of a type and a site; differences from nothing, 95 % over recordings")  # fmt: skip
        note += "; heads on BirdNET 2.4 (weights CC BY-NC-SA 4.0)" if chosen.encoder == "birdnet" else ""
        name = f"bench_new_sites_{chosen.encoder}" if chosen.encoder else "bench_new_sites"
        print(save_results(name, table, range(chosen.seeds), time.perf_counter() - started, note=note,
                           script="bench_new_sites"))  # fmt: skip
    ap = table[(table["part"] == "method") & (table["site"] == "all") & (table["measure"] == "AP")]
    ap = ap.set_index("method")["value"]
    rows = {name: row(ap[name], ap["nothing"], "mean average precision") for name in methods}
    show(rows, f"{chosen.pond} pond, peer: nothing done for the new site", ["scikit-learn"], chosen.json)


if __name__ == "__main__":
    main()
