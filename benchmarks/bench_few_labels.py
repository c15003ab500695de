"""What an hour of annotation is worth: chosen recordings, weak labels and pseudo-labels beside random recordings.

The test subset is drawn at random by recording before anything is labelled. All else is the pool, of which `random`,
or one of the methods of `choose_recordings`, gets 5, 10, 20, 40 and 80 recordings labelled, each time with the labels
it has so far. The model is the same throughout: one logistic regression for each type with a penalty of 1 that was not
tuned, on windows side by side. What it sees of them is BirdNET's embedding or a spectrum (mean and maximum of 64
log-mel bands). The score is the mean average precision of the types that occur in three test recordings or more.
Costs: a minute of listening for each recording, and for strong labels `--box` seconds for each box.

`pseudo` adds the windows of all other recordings in which the head itself is sure; `pseudo, corrected` the same windows
with the right labels. `taught` has a strong teacher, the head on BirdNET: a head on spectra learns its sure answers,
and a small network from scratch its probabilities, both beside the labels. The rival learns from the labels alone, the
network for as many steps.

    python benchmarks/bench_few_labels.py [--seeds 5] [--draws 300] [--pond mini] [--box 18] [--save] [--json FILE]
    [--no-network] [--encoder birdnet]
"""

import time

import joblib
import numpy as np
import pandas as pd
import torch
from _results import save_results
from _table import arguments, row, show
from bench_pretrained import Draws, mean_of, noise
from bench_pretrained import interval as middle_95
from scipy import stats
from threadpoolctl import threadpool_limits
from tqdm.auto import tqdm

import anuralib as al

BUDGETS = (5, 10, 20, 40, 80)
CHOSEN = ("uncertainty", "diversity", "both")
WEAK = ("weak, copied", "weak, max", "weak, linear_softmax")
SURE = (0.8, 0.9, 0.99)  # the first and the last at one budget only
COLUMNS = [
    "input", "method", "recordings", "types", "boxes", "minutes", "ap", "low", "high", "against", "diff", "d_low",
    "d_high", "test_low", "test_high", "eq_diff", "eq_low", "eq_high", "right",
]  # fmt: skip
EXCHANGE = 4  # weak recordings for one with strong labels, in the comparison at equal cost
STEPS, BATCH = 300, 64  # of the network
JOBS = 3
BESIDE = "taught, beside the teacher"


class Pond:
    """What is seen of the windows of the pool and of the test subset, their labels and names."""

    def __init__(self, size, encoder):
        pond = al.load_dataset("pond", size=size)
        windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
        pictures = al.window_features(windows, pond, cache_dir=True, progress=False)
        rows = (windows["min_t"] % 3 == 0).to_numpy()
        self.pictures, windows = pictures[rows], windows[rows].reset_index(drop=True)
        spectra = [self.pictures.mean(axis=(1, 3), dtype="float32"), self.pictures.max(axis=(1, 3))]
        embedded = al.embed_recordings(encoder, windows, pond, progress=False).embeddings
        self.given = {"BirdNET": np.array(embedded), "spectra": np.concatenate(spectra, axis=1)}
        names = windows["fname"].drop_duplicates()
        self.test = windows["fname"].isin(names.sample(frac=0.3, random_state=0)).to_numpy()
        self.species, self.weak_labels = pond.species, pond.weak_labels
        self.y, self.names = windows[pond.species].to_numpy(), windows["fname"].to_numpy()
        self.pool = self.names[~self.test]
        boxes = pond.strong_labels.groupby("recording").size()
        self.boxes = boxes.reindex(np.unique(self.pool), fill_value=0)
        found_in = pd.DataFrame(self.y[self.test]).groupby(self.names[self.test]).max().sum().to_numpy()
        self.scored = np.flatnonzero(found_in >= min(3, found_in.max()))

    def of(self, kind):
        """What a head sees of the pool and of the test subset."""
        return self.given[kind][~self.test], self.given[kind][self.test]

    def score(self, prob):
        """Mean average precision of the scored types."""
        return float(al.average_precision(self.y[self.test][:, self.scored], prob[:, self.scored]).mean())


def middle(budgets):
    """The budget that is looked at most closely."""
    return budgets[min(2, len(budgets) - 1)]


def fitted(x, labels):
    """The one model of this benchmark."""
    return al.LogisticHead(penalties=(1.0,)).fit(x, labels)


def weak(pond, known, how):
    """Probabilities for test, taught by weak labels of the recordings `known`."""
    x, asked = pond.of("BirdNET")
    rows = np.isin(pond.pool, known)
    table = al.weak_table(pond.weak_labels, known, pond.species)
    if how == "copied":
        return fitted(x[rows], table.loc[pond.pool[rows]]).predict_proba(asked)
    return al.probe_probabilities(al.fit_weak(x[rows], pond.pool[rows], table, pooling=how), asked)


def more_labels(pond, kind, known, guess, sure, corrected=False):
    """Probabilities for test from a head that also learns what a teacher is sure of, and the share of right yes."""
    x, asked = pond.of(kind)
    y, rows = pond.y[~pond.test], np.isin(pond.pool, known)
    out, said, right = np.zeros((len(asked), len(pond.species))), 0, 0
    for k in pond.scored:
        yes, no = ~rows & (guess[:, k] >= sure), ~rows & (guess[:, k] <= 1 - sure)
        use = rows | yes | no
        labels = y[:, k] if corrected else np.where(rows, y[:, k], yes)
        # The same regression, which is quicker for one type and many windows.
        out[:, [k]] = al.probe_probabilities(al.linear_probe(x[use], labels[use, None]), asked)
        said, right = said + yes.sum(), right + y[yes, k].sum()
    return out, right / max(said, 1)


def network(pond, known, seed, guess=None):
    """Probabilities for test from a network from scratch; with the guesses of a teacher it learns the whole pool."""
    torch.set_num_threads(1)
    pictures, labels = pond.pictures[~pond.test], pond.y[~pond.test].astype(np.float32)
    rows = np.isin(pond.pool, known)
    if guess is not None:
        labels, rows = np.where(rows[:, None], labels, guess).astype(np.float32), np.ones_like(rows)
    model = al.build_model("small_cnn", pond.species, seed=seed)
    epochs = -(-STEPS // -(-int(rows.sum()) // BATCH))
    al.fit(model, (pictures[rows], labels[rows]), epochs=epochs, seed=seed, augment=True, batch_size=BATCH,
           progress=False)  # fmt: skip
    return al.predict(model, pond.pictures[pond.test])


def curve(pond, kind, method, budgets, seed):
    """{recordings: (probabilities for test, known recordings, probabilities for the pool)} of one way to choose."""
    x, asked = pond.of(kind)
    known, out, guess = al.choose_recordings(pond.pool, budgets[0], "random", seed=seed), {}, None
    for n in budgets:
        if n > len(known):
            known = known + al.choose_recordings(pond.pool, n - len(known), method, guess, x, known, seed=seed)
        rows = np.isin(pond.pool, known)
        head = fitted(x[rows], pond.y[~pond.test][rows])
        guess = head.predict_proba(x)  # for the next choice
        out[n] = head.predict_proba(asked), list(known), guess
    return out


def run(pond, budgets, seed, with_network):
    """{(input, method, recordings): (probabilities for test, known recordings, share of right pseudo-labels)}."""
    with threadpool_limits(1):  # seeds run side by side
        torch.set_num_threads(1)
        curves = {(kind, method): curve(pond, kind, method, budgets, seed)
                  for kind in pond.given for method in ("random", *CHOSEN)}  # fmt: skip
        results = {(*key, n): (*found[:2], np.nan) for key, by_n in curves.items() for n, found in by_n.items()}
        for n, (_, known, guess) in curves["BirdNET", "random"].items():
            for how in WEAK if n // EXCHANGE in budgets or len(budgets) < 3 else ():
                results["BirdNET", how, n] = weak(pond, known, how.split(", ")[1]), known, np.nan
            if n == budgets[-1] and len(budgets) > 1:
                continue  # next to nothing is left without labels
            for sure in SURE if n == middle(budgets) else SURE[1:2]:
                prob, right = more_labels(pond, "BirdNET", known, guess, sure)
                results["BirdNET", f"pseudo, {sure}", n] = prob, known, right
            prob, right = more_labels(pond, "BirdNET", known, guess, SURE[1], corrected=True)
            results["BirdNET", "pseudo, corrected", n] = prob, known, 1.0
            prob, _ = more_labels(pond, "spectra", known, curves["spectra", "random"][n][2], SURE[1])
            results["spectra", f"pseudo, {SURE[1]}", n] = prob, known, np.nan
            prob, right = more_labels(pond, "spectra", known, guess, SURE[1])
            results["spectra", "taught", n] = prob, known, right
            if with_network and n == middle(budgets):
                for method, teacher in (("random", None), ("taught", guess)):
                    results["network", method, n] = network(pond, known, seed, teacher), known, np.nan
    return results


def interval(values):
    """Mean and 95 % interval (t) over seeds."""
    values = np.asarray(values, dtype=float)
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), values.mean() - half, values.mean() + half


def rival(kind, method, n, budgets):
    """What a row is compared with, or None."""
    if method in WEAK:
        return "BirdNET", "random", n // EXCHANGE
    if method == "random":
        return ("spectra", "random", n) if kind == "BirdNET" else None
    if method == BESIDE:
        return "BirdNET", "random", n
    return None if method in CHOSEN and n == budgets[0] else (kind, "random", n)


def measure(pond, runs, budgets, box_s, n_draws):
    """A row for each input, method and budget."""
    results = {key: [run[key] for run in runs] for key in runs[0]}
    results |= {(kind, BESIDE, n): found for (kind, method, n), found in results.items() if method == "taught"}
    draws = Draws(pond, n_draws)
    draws.truth = draws.truth[:, pond.scored]
    each = {key: mean_of(np.stack([draws.ap(prob[:, pond.scored]) for prob, *_ in found]))
            for key, found in results.items()}  # fmt: skip
    scores = {key: values[:, 0] for key, values in each.items()}
    boxes = {key: np.array([pond.boxes[known].sum() * (key[1] not in WEAK) for _, known, _ in found])
             for key, found in results.items()}  # fmt: skip
    y, rows = pond.y[~pond.test], []
    for (kind, method, n), values in scores.items():
        key, peer = (kind, method, n), rival(kind, method, n, budgets)
        types = [y[np.isin(pond.pool, known)].any(axis=0).sum() for _, known, _ in results[key]]
        found = {"input": kind, "method": method, "recordings": n, "types": np.mean(types), "boxes": boxes[key].mean(),
                 "minutes": n + boxes[key].mean() * box_s / 60, "right": np.mean([r for *_, r in results[key]]),
                 **dict(zip(("ap", "low", "high"), interval(values), strict=True))}  # fmt: skip
        if peer in scores:
            found |= dict(zip(("diff", "d_low", "d_high"), interval(values - scores[peer]), strict=True))
            gaps = (each[key] - each[peer]).mean(axis=0)[1:]
            found |= dict(zip(("test_low", "test_high"), middle_95(gaps), strict=True))
            found["against"] = "{} {}, {}".format(*peer)
        if method in CHOSEN and n in budgets[1:-1]:
            equal = at_equal_minutes(scores, boxes, key, box_s)
            found |= dict(zip(("eq_diff", "eq_low", "eq_high"), equal, strict=True))
        rows.append(found)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def at_equal_minutes(scores, boxes, key, box_s):
    """Difference from `random` at the minutes that the method has cost, on each seed's own curve."""
    peers = [peer for peer in scores if peer[:2] == (key[0], "random")]
    minutes = np.array([peer[2] + boxes[peer] * box_s / 60 for peer in peers])
    level = np.array([scores[peer] for peer in peers])
    cost = key[2] + boxes[key] * box_s / 60
    there = [np.interp(np.log(c), np.log(m), s) for c, m, s in zip(cost, minutes.T, level.T, strict=True)]
    return interval(scores[key] - there)


def facts(table):
    """The numbers that the chapter on few labels gives of this table, by glue key."""
    rows = table.set_index(["input", "method", "recordings"]).sort_index()
    said = {
        "ear5": (("BirdNET", "random", 5), ("ap",)),
        "ear10": (("BirdNET", "random", 10), ("ap",)),
        "ear20": (("BirdNET", "random", 20), ("diff", "test_low", "test_high")),
        "spectra5": (("spectra", "random", 5), ("ap",)),
        "spectra20": (("spectra", "random", 20), ("ap",)),
        "both": (("BirdNET", "both", 20), ("types", "boxes", "diff", "d_low", "d_high", "eq_diff", "eq_low",
                                            "eq_high")),
        "diversity": (("BirdNET", "diversity", 10), ("diff", "test_low", "test_high")),
        "random": (("BirdNET", "random", 20), ("types", "boxes", "minutes", "ap")),
        "max": (("BirdNET", "weak, max", 80), ("minutes", "ap", "diff", "test_low", "test_high")),
        "corrected5": (("BirdNET", "pseudo, corrected", 5), ("diff",)),
        "corrected10": (("BirdNET", "pseudo, corrected", 10), ("diff",)),
        "taught5": (("spectra", "taught", 5), ("diff", "test_low", "test_high")),
        "taught20": (("spectra", "taught", 20), ("diff",)),
        "net": (("network", "taught", 20), ("diff", "test_low", "test_high")),
    }  # fmt: skip
    told = {f"{key}_{column}": rows.loc[row, column] for key, (row, columns) in said.items() for column in columns}
    told |= {"copied": -rows.loc[("BirdNET", "weak, copied", 80), "diff"],
             "behind": -rows.loc[("spectra", BESIDE, 20), "diff"],
             "net_behind": -rows.loc[("network", BESIDE, 20), "diff"],
             "net_behind_low": -rows.loc[("network", BESIDE, 20), "test_high"],
             "net_behind_high": -rows.loc[("network", BESIDE, 20), "test_low"],
             "right9": 100 * rows.loc[("BirdNET", "pseudo, 0.9", 20), "right"],
             "half": 20 + rows.loc[("BirdNET", "random", 20), "boxes"] * 9 / 60}  # fmt: skip
    return {f"few_{key}": float(number) for key, number in told.items()}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=300, help="of the bootstrap")
    parser.add_argument("--box", type=float, default=18, help="seconds that a box takes to draw")
    parser.add_argument("--encoder", default="birdnet", help='"noise": nothing pretrained, to try this script')
    parser.add_argument("--no-network", action="store_true", help="train nothing from scratch")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_few_labels.csv")
    chosen = parser.parse_args()
    begin = time.perf_counter()
    encoder = al.Encoder(noise, 3.0, 22050, "noise") if chosen.encoder == "noise" else chosen.encoder
    pond = Pond(chosen.pond, encoder)
    size = len(pond.boxes)
    budgets = [n for n in BUDGETS if n <= size]
    jobs = (joblib.delayed(run)(pond, budgets, seed, not chosen.no_network) for seed in range(chosen.seeds))
    done = joblib.Parallel(min(JOBS, chosen.seeds), return_as="generator")(jobs)
    runs = list(tqdm(done, total=chosen.seeds, unit="seed"))
    table = measure(pond, runs, budgets, chosen.box, chosen.draws)
    with pd.option_context("display.max_rows", None, "display.width", 250):
        print(table.round(3).to_string(index=False))
    taken = time.perf_counter() - begin
    if chosen.save:
        note = (f"{chosen.pond} pond, {size} recordings in the pool, {len(set(pond.names[pond.test]))} in test, mean "
                f"average precision of {len(pond.scored)} types, {chosen.box:g} s for a box; low and d_low over seeds, "
                f"test_low over {chosen.draws} draws of test recordings")  # fmt: skip
        save_results("bench_few_labels", table, range(chosen.seeds), taken, note=note)
    level = table.set_index(["input", "method", "recordings"])["ap"]
    rows = {f"{r.input}, {r.method}, {r.recordings}": row(r.ap, level[r.input, "random", r.recordings], "mean AP")
            for r in table.itertuples() if r.method != "random"}  # fmt: skip
    show(rows, f"\n{chosen.pond} pond, peer: random, as many recordings with strong labels", ["scikit-learn"],
         chosen.json)  # fmt: skip


if __name__ == "__main__":
    main()
