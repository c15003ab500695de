"""The calling index from sound: cut points on a count, linear regression and the ordinal model, and the bias of each.

The nights of the simulated pond are divided into three parts by lot. A detector (`linear_probe` on mean, spread and
maximum of each mel band) learns windows on the first, the calling index is learnt from its probabilities on the
second, and the third is rated; turned round three times, so that each recording is rated once, by models that never
heard its night. Repeated over several seeds, which divide the nights differently. The table has the scores of each
method with the paired difference from cut points over recordings; shares of recordings at an index or above, with
their bias; how often a type that calls is missed or rated too low; and shares by hour and month.

    python benchmarks/bench_calling_activity.py [--seeds 5] [--json FILE] [--save]
"""

import time

import numpy as np
import pandas as pd
from _results import save_results
from _table import arguments, row, show
from sklearn.linear_model import LinearRegression, LogisticRegression
from tqdm.auto import tqdm

import anuralib as al

BASE, BEST = "count, cut points", "four numbers, ordinal"
ADJUSTED, SUMMED = "count, cut points, adjusted", "four numbers, ordinal, summed"
SHOWN = (BASE, ADJUSTED, BEST, SUMMED)


def cut(x, y, new):
    return np.searchsorted(al.cut_points(x[:, 0], y), new[:, 0], side="right")


def regression(x, y, new):
    return np.clip(np.rint(LinearRegression().fit(x, y).predict(new)), 0, 3).astype(int)


def classes(x, y, new):
    """The order ignored: four classes."""
    mean, std = x.mean(axis=0), x.std(axis=0) + 1e-9
    return LogisticRegression(max_iter=5000).fit((x - mean) / std, y).predict((new - mean) / std)


def ordinal(x, y, new):
    return al.likely_index(al.ordinal_probabilities(al.fit_ordinal(x, y), new))


METHODS = {
    BASE: (cut, 1), "count, regression": (regression, 1), "count, ordinal": (ordinal, 1),
    "four numbers, regression": (regression, 4), "four numbers, classes": (classes, 4), BEST: (ordinal, 4),
}  # fmt: skip


def steps(index):
    """The index as three answers: at least 1? at least 2? at least 3?"""
    return (np.asarray(index)[..., None] >= [1, 2, 3]).astype(float)


def error_rates(x, index):
    """Sensitivity and specificity of cut points for each answer: cuts of half of the recordings on the others."""
    half = np.arange(len(x)) % 2 == 0
    rated = np.empty_like(index)
    for learn in (half, ~half):
        told = cut(x[learn].reshape(-1, x.shape[-1]), index[learn].ravel(), x[~learn].reshape(-1, x.shape[-1]))
        rated[~learn] = told.reshape(index[~learn].shape)
    said, true = steps(rated).reshape(-1, 3), steps(index).reshape(-1, 3)
    return (said * true).sum(0) / true.sum(0).clip(1), ((1 - said) * (1 - true)).sum(0) / (1 - true).sum(0).clip(1)


def rate(pond, windows, features, index, seed):
    """Estimates (recording, species) of each method, and of two ways to shares the terms (recording, species, 3)."""
    night, names = al.nights(windows), windows["fname"].to_numpy()
    order = np.random.default_rng(seed).permutation(night.unique())
    fold = night.map(dict(zip(order, np.arange(len(order)) % 3, strict=True))).to_numpy()
    of_recording = pd.Series(fold).groupby(names).first().to_numpy()
    estimates = {name: np.zeros_like(index) for name in METHODS}
    terms = {name: np.zeros((*index.shape, 3)) for name in (ADJUSTED, SUMMED)}
    for part in range(3):
        train = fold == part
        probe = al.linear_probe(features[train], windows.loc[train, pond.species])
        four = al.summarise_windows(al.probe_probabilities(probe, features), names)
        learn, test = of_recording == (part + 1) % 3, of_recording == (part + 2) % 3
        x, y, new = four[learn].reshape(-1, 4), index[learn].ravel(), four[test].reshape(-1, 4)
        for name, (method, n) in METHODS.items():
            estimates[name][test] = method(x[:, :n], y, new[:, :n]).reshape(-1, len(pond.species))
        levels = al.ordinal_probabilities(al.fit_ordinal(x, y), new)
        terms[SUMMED][test] = np.cumsum(levels[:, :0:-1], axis=1)[:, ::-1].reshape(-1, len(pond.species), 3)
        found, clear = error_rates(four[learn], index[learn])
        terms[ADJUSTED][test] = (steps(estimates[BASE][test]) + clear - 1) / np.maximum(found + clear - 1, 0.05)
    return estimates, terms


def kappa(true, said):
    """Quadratic weighted kappa in closed form, for the many draws; `index_scores` gives the same."""
    a, b = true.sum(1), said.sum(1)
    chance = a.var() + b.var() + (a.mean() - b.mean()) ** 2
    return 1 - ((a - b) ** 2).mean() / chance if chance else np.nan


def error(true, said):
    return float(np.abs(true - said).sum(1).mean())


def error_by_level(true, said):
    """Mean absolute error at each true level, then the mean of the four (Baccianella et al. 2009)."""
    level, apart = true.sum(1), np.abs(true - said).sum(1)
    return float(np.mean([apart[level == k].mean() for k in range(4) if (level == k).any()]))


def scores(runs, index, recording, draws):
    """Each measure of each method: the mean over seeds, and the paired difference from cut points over recordings."""
    true = steps(index).reshape(-1, 3)
    for measure in (error, error_by_level, kappa):
        for name in METHODS:
            mine, base = ([steps(run[which]).reshape(-1, 3) for run in runs] for which in (name, BASE))
            compared = al.paired_bootstrap(true, base, mine, recording, metric=measure, n_boot=draws)
            yield {"part": "score", "method": name, "group": measure.__name__,
                   "value": np.mean([measure(true, run) for run in mine]), "difference": compared["difference"],
                   "low": compared["low"], "high": compared["high"]}  # fmt: skip


def interval(value, rows, draws, seed=0):
    """Mean over the wanted pairs of an array (recording, species), and 95 % of it over recordings."""
    n = len(value)
    counts = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=draws)
    top, bottom = np.where(rows, value, 0).sum(1), rows.sum(1)
    means = (counts @ top) / np.maximum(counts @ bottom, 1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {"value": top.sum() / max(bottom.sum(), 1), "low": low, "high": high}


def shares(means, index, groups, draws):
    """The share at index 1 and 2 or above in truth and by each method; low and high are of the difference."""
    true = steps(index)
    for part, (group, rows) in groups:
        for k in (1, 2):
            yield {"part": part, "group": group, "level": k, "method": "truth", "n": int(rows.sum()),
                   "value": true[rows, k - 1].mean()}  # fmt: skip
            for name, mean in means.items() if part == "all" else [(name, means[name]) for name in SHOWN]:
                apart = interval(mean[..., k - 1] - true[..., k - 1], rows, draws)
                yield {"part": part, "group": group, "level": k, "method": name, "n": int(rows.sum()),
                       "value": mean[rows, k - 1].mean(), "difference": apart["value"], "low": apart["low"],
                       "high": apart["high"]}  # fmt: skip


def where_it_fails(runs, pond, index, draws):
    """Of the pairs that call: how often missed, and rated too low, by rarity, distance and rain."""
    names = sorted(pond.recordings["recording"])
    nearest = pond.truth.pivot_table(index="recording", columns="species", values="distance_m", aggfunc="min")
    nearest = nearest.reindex(index=names, columns=pond.species).to_numpy()
    rain = al.timetable.plan_recordings(len(names), seed=0)[0].set_index("recording")["rain_db"].notna().loc[names]
    rain = np.repeat(rain.to_numpy()[:, None], index.shape[1], axis=1)
    calls, n = index > 0, (index > 0).sum(0)
    groups = {"in 20 recordings or more": n >= 20, "in 5 to 19": (n >= 5) & (n < 20),
              "in 1 to 4": n < 5, "nearest below 15 m": nearest < 15,
              "15 to 40 m": (nearest >= 15) & (nearest < 40), "beyond 40 m": nearest >= 40,
              "dry night": ~rain, "rainy night": rain}  # fmt: skip
    for name in (BASE, BEST):
        for group, which in groups.items():
            rows = calls & which
            for what, test in (("missed", lambda said: said == 0), ("too low", lambda said: said < index),
                               ("too high", lambda said: said > index)):  # fmt: skip
                value = np.mean([test(run[name]) for run in runs], axis=0)
                yield {"part": what, "method": name, "group": group, "n": int(rows.sum()),
                       **interval(value, rows, draws)}  # fmt: skip


def times(pond, index):
    """Groups of recordings by the time of day and by the season, as masks of pairs."""
    when = pond.recordings.sort_values("recording")["datetime"]
    labels = ["17-20", "20-23", "23-2", "2-6"]
    hour = pd.cut((when.dt.hour - 17) % 24, [-1, 2, 5, 8, 12], labels=labels)
    for part, group in (("all", pd.Series("all", when.index)), ("hour", hour), ("month", when.dt.strftime("%m"))):
        for name in group.unique():
            yield part, (name, np.repeat((group == name).to_numpy()[:, None], index.shape[1], axis=1))


def as_text(line):
    """A value, and in brackets 95 % of its difference (from cut points, from the truth) or of itself."""
    if pd.isna(line["low"]) or (line["part"] == "score" and line["method"] == BASE):
        return f"{line['value']:.3f}"
    sign = "" if pd.isna(line["difference"]) else "+"
    return f"{line['value']:.3f} ({line['low']:{sign}.3f} to {line['high']:{sign}.3f})"


def facts(table):
    """The numbers that the chapter on calling activity gives of this table, by glue key."""
    at_1 = table[table["level"].isna() | (table["level"] == 1)]
    value = at_1.set_index(["part", "group", "method"])["value"]
    told = {f"{what}_{method}": value["score", what, method]
            for what in ("error", "error_by_level") for method in (BASE, "four numbers, regression", BEST)}  # fmt: skip
    told |= {f"missed_{group}": 100 * value["missed", group, BASE]
             for group in ("in 20 recordings or more", "in 1 to 4", "nearest below 15 m", "beyond 40 m", "dry night",
                           "rainy night")}  # fmt: skip
    told |= {"share_all_truth": 100 * value["all", "all", "truth"],
             "share_all_counted": 100 * value["all", "all", BASE],
             "share_all_chances_added": 100 * value["all", "all", SUMMED],
             "share_2-6_truth": 100 * value["hour", "2-6", "truth"],
             "share_2-6_chances_added": 100 * value["hour", "2-6", SUMMED]}  # fmt: skip
    return {f"activity_{key}".replace(", ", "_").replace(" ", "_"): float(number) for key, number in told.items()}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=500, help="of the bootstrap")
    parser.add_argument("--save", action="store_true", help="keep the table in benchmarks/results")
    chosen = parser.parse_args()
    start, pond = time.perf_counter(), al.load_dataset("pond", size=chosen.pond)
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    pictures = np.asarray(al.window_features(windows, pond, cache_dir=True)[:, 0], dtype="float32")
    features = np.concatenate([pictures.mean(axis=2), pictures.std(axis=2), pictures.max(axis=2)], axis=1)
    weak = pond.weak_labels.pivot_table(index="recording", columns="species", values="calling_index")
    index = weak[pond.species].to_numpy().astype(int)  # rows in order of the recordings' names, as all that follows
    done = [rate(pond, windows, features, index, seed) for seed in tqdm(range(chosen.seeds), unit="seed")]
    runs, terms = zip(*done, strict=True)
    recording = np.repeat(weak.index.to_numpy(), len(pond.species))
    means = {name: np.mean([steps(run[name]) for run in runs], axis=0) for name in METHODS}
    means |= {name: np.mean([term[name] for term in terms], axis=0) for name in (ADJUSTED, SUMMED)}
    rows = [*scores(runs, index, recording, chosen.draws), *where_it_fails(runs, pond, index, chosen.draws),
            *shares(means, index, times(pond, index), chosen.draws)]  # fmt: skip
    table = pd.DataFrame(rows)
    table["text"] = table.apply(as_text, axis=1)
    pd.set_option("display.width", 200, "display.max_rows", 500)
    print(table.round(3).to_string())
    if chosen.save:
        note = f"{chosen.pond} pond, {len(pond.recordings)} recordings, linear probe on mel bands"
        save_results("bench_calling_activity", table, range(chosen.seeds), time.perf_counter() - start, note=note)
    score = table[table["part"] == "score"].set_index(["group", "method"])["value"]
    told = {f"{name}, {what}": row(score[what, name], max(score[what, BASE], 1e-3), what)
            for name in METHODS for what in ("error", "error_by_level", "kappa")}  # fmt: skip
    show(told, f"\npeer: {BASE}", ["numpy", "scikit-learn"], chosen.json)


if __name__ == "__main__":
    main()
