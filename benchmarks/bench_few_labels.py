"""What an hour of annotation is worth: chosen recordings, weak labels and pseudo-labels beside random recordings.

The test subset is drawn at random by recording before anything is labelled. All else is the pool, of which `random`,
or one of the methods of `choose_recordings`, gets 5, 10, 20, 40 and 80 recordings labelled, each time with the labels
it has so far. The model is the same throughout: one logistic regression a species on the mean and the maximum of 64
log-mel bands in windows side by side, with default settings that were not tuned. The score is the mean average
precision of the species that occur in three test recordings or more. Costs: a minute of listening for each recording,
and for strong labels `--box` seconds for each box.

    python benchmarks/bench_few_labels.py [--seeds 6] [--draws 200] [--pond mini] [--box 18] [--json FILE] [--no-save]
"""

import time

import joblib
import numpy as np
import pandas as pd
import torch
from _results import save_results
from _table import arguments, row, show
from scipy import stats
from tqdm.auto import tqdm

import anuralib as al

BUDGETS = (5, 10, 20, 40, 80)
CHOSEN = ("uncertainty", "diversity", "both")
WEAK = ("weak, copied", "weak, max", "weak, linear_softmax")
SURE = (0.8, 0.9, 0.99)  # the first and the last at one budget only
COLUMNS = [
    "method", "recordings", "types", "boxes", "minutes", "ap", "low", "high", "against", "diff", "d_low", "d_high",
    "test_low", "test_high", "eq_diff", "eq_low", "eq_high", "right",
]  # fmt: skip
EXCHANGE = 4  # weak recordings for one with strong labels, in the comparison at equal cost


class Pond:
    """Spectra, labels and names of the windows of the pool and of the test subset."""

    def __init__(self, size):
        pond = al.load_dataset("pond", size=size)
        windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
        pictures = al.window_features(windows, pond, cache_dir=True, progress=False)
        rows = (windows["min_t"] % 3 == 0).to_numpy()
        spectra = np.concatenate([pictures.mean(axis=(1, 3), dtype="float32"), pictures.max(axis=(1, 3))], axis=1)
        names = windows["fname"].drop_duplicates()
        is_test = windows["fname"].isin(names.sample(frac=0.3, random_state=0)).to_numpy()
        self.species, self.weak_labels = pond.species, pond.weak_labels
        self.pool, self.test = (
            (spectra[part], windows.loc[part, pond.species].to_numpy(), windows.loc[part, "fname"].to_numpy())
            for part in (rows & ~is_test, rows & is_test)
        )
        boxes = pond.strong_labels.groupby("recording").size()
        self.boxes = boxes.reindex(np.unique(self.pool[2]), fill_value=0)
        found_in = pd.DataFrame(self.test[1]).groupby(self.test[2]).max().sum().to_numpy()
        self.scored = np.flatnonzero(found_in >= min(3, found_in.max()))

    def score(self, truth, prob):
        """Mean average precision of the scored species."""
        return float(al.average_precision(truth[:, self.scored], prob[:, self.scored]).mean())


def middle(budgets):
    """The budget that is looked at most closely."""
    return budgets[min(2, len(budgets) - 1)]


def strong(pond, known):
    """A probe taught by strong labels of the recordings `known`."""
    x, y, names = pond.pool
    rows = np.isin(names, known)
    return al.linear_probe(x[rows], y[rows])


def weak(pond, known, how):
    """A probe taught by weak labels of the recordings `known`."""
    x, _, names = pond.pool
    rows = np.isin(names, known)
    table = al.weak_table(pond.weak_labels, known, pond.species)
    if how == "copied":
        return al.linear_probe(x[rows], table.loc[names[rows]])
    return al.fit_weak(x[rows], names[rows], table, pooling=how)


def pseudo(pond, known, sure):
    """Probabilities for test, and the share of right pseudo-labels among those that say yes, from one more round."""
    x, y, names = pond.pool
    rows = np.isin(names, known)
    first = strong(pond, known)
    guess = al.probe_probabilities(first, x)
    out, said, right = np.empty((len(pond.test[0]), len(pond.species))), 0, 0
    for k in range(len(pond.species)):
        yes, no = ~rows & (guess[:, k] >= sure), ~rows & (guess[:, k] <= 1 - sure)
        use = rows | yes | no
        labels = np.where(rows, y[:, k], yes)[use, None]
        out[:, [k]] = al.probe_probabilities(al.linear_probe(x[use], labels), pond.test[0])
        said, right = said + yes.sum(), right + y[yes, k].sum()
    return out, right / max(said, 1)


def run(pond, budgets, seed):
    """{(method, recordings): (probabilities for test, known recordings, share of right pseudo-labels)} of one seed."""
    torch.set_num_threads(1)  # seeds run side by side
    x, _, names = pond.pool
    start = al.choose_recordings(names, budgets[0], "random", seed=seed)
    results = {}
    for method in ("random", *CHOSEN):
        known, probe = list(start), None
        for n in budgets:
            if n > len(known):
                prob = al.probe_probabilities(probe, x)  # the probe of the round before
                known += al.choose_recordings(names, n - len(known), method, prob, x, known, seed=seed)
            probe = strong(pond, known)
            prob = al.probe_probabilities(probe, pond.test[0])
            results[method, n] = prob, list(known), np.nan
            if method == "random":
                for how in WEAK:
                    other = weak(pond, known, how.split(", ")[1])
                    results[how, n] = al.probe_probabilities(other, pond.test[0]), list(known), np.nan
                for sure in SURE if n == middle(budgets) else SURE[1:2] if n < budgets[-1] else ():
                    prob, right = pseudo(pond, known, sure)
                    results[f"pseudo, {sure}", n] = prob, list(known), right
    return results


def interval(values):
    """Mean and 95 % interval (t) over seeds."""
    values = np.asarray(values, dtype=float)
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), values.mean() - half, values.mean() + half


def measure(pond, runs, budgets, box_s, draws):
    """A row for each method and budget."""
    table = []
    scores = {key: np.array([pond.score(pond.test[1], run[key][0]) for run in runs]) for key in runs[0]}
    boxes = {key: np.array([pond.boxes[run[key][1]].sum() * (key[0] not in WEAK) for run in runs]) for key in runs[0]}
    for method, n in scores:
        mean, low, high = interval(scores[method, n])
        types = [pond.pool[1][np.isin(pond.pool[2], run[method, n][1])].any(axis=0).sum() for run in runs]
        found = {"method": method, "recordings": n, "types": np.mean(types), "boxes": boxes[method, n].mean(),
                 "minutes": n + boxes[method, n].mean() * box_s / 60, "ap": mean, "low": low, "high": high}  # fmt: skip
        against = ("random", n // EXCHANGE if method in WEAK else n)
        moved = method in WEAK or method.startswith("pseudo") or (method in CHOSEN and n > budgets[0])
        if moved and against in scores:
            values = interval(scores[method, n] - scores[against])
            found |= {"against": f"random, {against[1]}", **dict(zip(("diff", "d_low", "d_high"), values, strict=True))}
        if method in CHOSEN and n in budgets[1:-1]:
            values = at_equal_minutes(scores, boxes, method, n, box_s)
            found |= dict(zip(("eq_diff", "eq_low", "eq_high"), values, strict=True))
        if method.startswith("pseudo"):
            found["right"] = np.mean([run[method, n][2] for run in runs])
        table.append(found)
    table = pd.DataFrame(table).reindex(columns=COLUMNS)
    close = table.index[table["against"] == f"random, {middle(budgets)}"]
    over = joblib.Parallel(2)(joblib.delayed(over_recordings)(pond, runs, table.loc[i], draws) for i in close)
    table.loc[close, ["test_low", "test_high"]] = np.array(over).reshape(-1, 2)
    return table


def over_recordings(pond, runs, found, draws):
    """95 % of the difference from `random` over the recordings of the test subset."""
    peer = ("random", int(found["against"].split(", ")[1]))
    prob = [[run[key][0] for run in runs] for key in (peer, (found["method"], found["recordings"]))]
    told = al.paired_bootstrap(pond.test[1], *prob, pond.test[2], pond.score, n_boot=draws)
    return told["low"], told["high"]


def at_equal_minutes(scores, boxes, method, n, box_s):
    """Difference from `random` at the minutes that the method has cost, on each seed's own curve."""
    sizes = [size for name, size in scores if name == "random"]
    minutes = np.array([size + boxes["random", size] * box_s / 60 for size in sizes])
    curve = np.array([scores["random", size] for size in sizes])
    cost = n + boxes[method, n] * box_s / 60
    there = [np.interp(np.log(c), np.log(m), s) for c, m, s in zip(cost, minutes.T, curve.T, strict=True)]
    return interval(scores[method, n] - there)


def facts(table):
    """The numbers that the chapter on few labels gives of this table, by glue key."""
    rows = table.set_index(["method", "recordings"])
    said = {
        "both": (("both", 20), ("types", "boxes", "diff", "d_low", "d_high", "eq_diff", "eq_low", "eq_high")),
        "diversity": (("diversity", 20), ("diff",)),
        "random": (("random", 20), ("types", "boxes", "minutes", "ap")),
        "max": (("weak, max", 80), ("minutes", "diff", "test_low", "test_high")),
        "soft": (("weak, linear_softmax", 80), ("diff", "test_low", "test_high")),
        "weak20": (("weak, linear_softmax", 20), ("ap",)),
    }
    told = {f"{key}_{column}": rows.loc[row, column] for key, (row, columns) in said.items() for column in columns}
    told |= {f"right{str(sure)[2:]}": 100 * rows["right"][f"pseudo, {sure}", 20] for sure in SURE}
    told["half"] = 20 + rows["boxes"]["random", 20] * 9 / 60  # minutes, at 9 s a box
    return {f"few_{key}": float(number) for key, number in told.items()}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--draws", type=int, default=200, help="of the bootstrap")
    parser.add_argument("--box", type=float, default=18, help="seconds that a box takes to draw")
    parser.add_argument("--no-save", action="store_true", help="leave benchmarks/results as it is")
    chosen = parser.parse_args()
    begin = time.perf_counter()
    pond = Pond(chosen.pond)
    size = len(pond.boxes)
    budgets = [n for n in BUDGETS if n <= size]
    jobs = (joblib.delayed(run)(pond, budgets, seed) for seed in range(chosen.seeds))
    runs = list(tqdm(joblib.Parallel(2, return_as="generator")(jobs), total=chosen.seeds, unit="seed"))
    table = measure(pond, runs, budgets, chosen.box, chosen.draws)
    print(table.round(3).to_string())
    taken = time.perf_counter() - begin
    if not chosen.no_save:
        note = (f"{chosen.pond} pond, {size} recordings in the pool, {len(set(pond.test[2]))} in test, mean average "
                f"precision of {len(pond.scored)} types, {chosen.box:g} s a box")  # fmt: skip
        save_results("bench_few_labels", table, range(chosen.seeds), taken, note=note)
    level = table.set_index(["method", "recordings"])["ap"]
    rows = {f"{r.method}, {r.recordings}": row(r.ap, level["random", r.recordings], "mean average precision")
            for r in table.itertuples() if r.method != "random"}  # fmt: skip
    show(rows, f"\n{chosen.pond} pond, peer: random, as many recordings with strong labels", ["scikit-learn"],
         chosen.json)  # fmt: skip


if __name__ == "__main__":
    main()
