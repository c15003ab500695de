"""What helps the rare call types where a head learns on BirdNET's embeddings: thresholds, repetition, or the search.

The pond, its split, its frequency groups and its windows are those of bench_pretrained.py. `head` is a logistic
regression of each type, with a penalty from a cross-validation over recordings; all recordings outside the test subset
are labelled. Beside it, with the same penalty: windows repeated by their repeat factors (bound 0.05), log-odds moved by
the whole frequency (tau 1) or by half of it, thresholds with the best F1 in a cross-validation over recordings, and
prototypes. `search` labels 20 or 40 recordings: half of them at random, and then, five at a time, the recording with
the highest probability for each of the five types that are in the fewest labelled recordings so far. Its rival labels
all of them at random, as many of them, or (`random, as dear`) as many as cost the same minutes: one for listening, and
18 s for each box. `pseudo` labels the other recordings with the answers of the head that are at least 0.9 sure.

    python benchmarks/bench_long_tail.py [--seeds 5] [--draws 300] [--pond mini] [--save] [--json FILE]
    [--encoder birdnet]
"""

import time

import numpy as np
import pandas as pd
from _results import save_results
from _table import arguments, row, show
from bench_pretrained import Draws, Pond, mean_of, noise, told
from joblib import Parallel, delayed
from scipy.special import expit, logit
from sklearn.model_selection import GroupKFold
from threadpoolctl import threadpool_limits

import anuralib as al

BUDGETS, SURE, BOUND, EACH, BOX_S = (20, 40), 0.9, 0.05, 5, 18
GROUPS = ("common", "frequent", "rare")
COLUMNS = ["part", "method", "recordings", "measure", "group", "n_types", "value", "low", "high", "seed_sd", "against",
           "diff", "d_low", "d_high", "types", "windows", "minutes", "labelled", "right"]  # fmt: skip


def fitted(pond, rows, labels=None, penalty=1.0):
    """A head with a set penalty on the embeddings of some windows."""
    labels = pond.y[rows] if labels is None else labels
    return al.LogisticHead(penalties=(penalty,)).fit(pond.x[rows], labels)


def moved(prob, threshold):
    """Probabilities changed, in order, so that each type's threshold comes to lie at one half."""
    above = 0.5 + (prob - threshold) / (2.02 - 2 * threshold)
    return np.where(prob >= threshold, above, 0.49 * prob / np.maximum(threshold, 1e-9))


def outside(pond, penalty):
    """Probabilities for the windows to learn from, each by a head that has not learnt from its recording."""
    rows, out = np.flatnonzero(pond.learn), np.zeros((pond.learn.sum(), len(pond.species)))
    folds = min(5, len(pond.pool))
    for train, rest in GroupKFold(folds, shuffle=True, random_state=0).split(rows, groups=pond.names[rows]):
        out[rest] = fitted(pond, rows[train], penalty=penalty).predict_proba(pond.x[rows[rest]])
    return out


def heads(pond, seeds):
    """{method: probabilities for test of each seed} with all recordings labelled."""
    x, y = pond.x[pond.learn], pond.y[pond.learn]
    head = al.LogisticHead().fit(x, y, groups=pond.names[pond.learn])
    prob = head.predict_proba(pond.x[pond.test])
    share = (y.sum(axis=0) + 0.5) / (len(y) + 1)
    odds = logit(np.clip(prob, 1e-7, 1 - 1e-7))
    best = al.tune_thresholds(y, outside(pond, head.penalty_)).to_numpy()
    out = {"head": [prob], "moved, whole": [expit(odds - logit(share))],
           "moved, half": [expit(odds - logit(share) / 2)], "chosen": [moved(prob, best)],
           "prototypes": [al.PrototypeHead().fit(x, y).predict_proba(pond.x[pond.test])]}  # fmt: skip
    factors, rows = np.asarray(al.repeat_factors(y, threshold=BOUND)), np.flatnonzero(pond.learn)
    out["repeated"] = []
    for seed in seeds:
        # 2.3 times is twice, and with a chance of 0.3 once more.
        times = np.floor(factors + np.random.default_rng(seed).random(len(factors))).astype(int)
        again = fitted(pond, np.repeat(rows, times), penalty=head.penalty_)
        out["repeated"].append(again.predict_proba(pond.x[pond.test]))
    return out


def searched(pond, start, n):
    """The recordings `start`, and those in which a head finds the types that are in the fewest, up to n."""
    known, rows = list(start), np.flatnonzero(pond.learn)
    names = pond.names[rows]
    while len(known) < n:
        mine = np.isin(names, known)
        prob = fitted(pond, rows[mine]).predict_proba(pond.x[rows])
        found = pd.DataFrame(pond.y[rows[mine]]).groupby(names[mine]).max().sum()
        windows = pond.y[rows[mine]].sum(axis=0)
        for k in sorted(found.index[found > 0], key=lambda k: (found[k], windows[k]))[:EACH]:
            left = ~np.isin(names, known)
            if len(known) < n and left.any():
                known.append(names[left][prob[left, k].argmax()])
        if not (found > 0).any():
            return known
    return known


def minutes(pond, known):
    """What strong labels of these recordings cost."""
    return len(known) + pond.boxes.reindex(known, fill_value=0).sum() * BOX_S / 60


def as_dear(pond, found, seed):
    """As many random recordings as cost the minutes of those that were found."""
    order = pond.labelled(len(pond.pool), seed)
    cost = np.cumsum(1 + pond.boxes.reindex(order, fill_value=0).to_numpy() * BOX_S / 60)
    return order[: int(np.argmin(np.abs(cost - minutes(pond, found)))) + 1]


def pseudo(pond, known, prob):
    """Probabilities for test after one more round with the sure answers, and the share of right ones that say yes."""
    rows = np.flatnonzero(pond.learn)
    mine, out, right = np.isin(pond.names[rows], known), prob.copy(), []
    guess = fitted(pond, rows[mine]).predict_proba(pond.x[rows])
    for k in np.flatnonzero(pond.y[rows[mine]].any(axis=0)):
        yes = ~mine & (guess[:, k] >= SURE)
        use = mine | yes | (guess[:, k] <= 1 - SURE)
        labels = np.where(mine, pond.y[rows, k], yes)[use, None]
        out[:, [k]] = al.probe_probabilities(al.linear_probe(pond.x[rows[use]], labels), pond.x[pond.test])
        right.append(pond.y[rows[yes], k])
    return out, np.concatenate(right).mean() if right else np.nan


def labelled(pond, n, seed):
    """{method: (probabilities for test, the labelled recordings, share of right pseudo-labels)} of one seed."""
    rows, out = np.flatnonzero(pond.learn), {}
    with threadpool_limits(1):
        order = pond.labelled(n, seed)
        found = searched(pond, order[: n // 2], n)
        for method, known in (("random", order), ("search", found), ("random, as dear", as_dear(pond, found, seed))):
            prob = fitted(pond, rows[np.isin(pond.names[rows], known)]).predict_proba(pond.x[pond.test])
            out[method] = prob, list(known), np.nan
        prob, right = pseudo(pond, list(order), out["random"][0])
        out["pseudo"] = prob, list(order), right
    return out


def compare(pond, results, n_draws):
    """A row for each part, method, number of recordings, measure and group, with the difference from its rival."""
    draws, scores, rows = Draws(pond, n_draws), {}, []
    group, there = np.array([pond.groups[code] for code in pond.species]), pond.y[pond.test].any(axis=0)
    results |= {(part, "search, beside as dear", n): runs for (part, method, n), runs in results.items()
                if method == "search"}  # fmt: skip
    for key, runs in results.items():
        for measure, make in (("AP", draws.ap), ("F1", draws.f1)):
            each = np.stack([make(prob) for prob, *_ in runs])
            scores |= {(*key, measure, name): mean_of(each[:, :, group == name]) for name in GROUPS}
    for (part, method, n, measure, name), values in scores.items():
        rival = "head" if part == "all" else "random"
        peer = None if method == rival else scores[part, rival, n, measure, name]
        if method == "search, beside as dear":
            rival, peer = "random, as dear", scores[part, "random, as dear", n, measure, name]
        found = {"part": part, "method": method, "recordings": n, "measure": measure, "group": name,
                 "n_types": int((there & (group == name)).sum()), **told(values, peer)}  # fmt: skip
        if peer is not None:
            found["against"] = rival
        if part == "some":
            mine = [np.isin(pond.names, known) & pond.learn for _, known, _ in results[part, method, n]]
            found["types"] = np.mean([pond.y[m].any(axis=0).sum() for m in mine])
            found["windows"] = np.mean([(pond.y[m][:, group == name]).any(axis=1).sum() for m in mine])
            found["minutes"] = np.mean([minutes(pond, known) for _, known, _ in results[part, method, n]])
            found["labelled"] = np.mean([len(known) for _, known, _ in results[part, method, n]])
            found["right"] = np.mean([right for *_, right in results[part, method, n]])
        rows.append(found)
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


def facts_heads(table):
    """The numbers that the chapter on the long tail gives of this table, by glue key; differences in points."""
    rows = table[table["group"] == "rare"].set_index(["method", "recordings", "measure"]).sort_index()
    every, out = int(table["recordings"].max()), {}
    for key, method, n, measure in (("half", "moved, half", every, "F1"), ("whole", "moved, whole", every, "F1"),
                                    ("chosen", "chosen", every, "F1"), ("repeated", "repeated", every, "AP"),
                                    ("pseudo", "pseudo", 40, "AP"), ("search", "search", 40, "AP"),
                                    ("search20", "search", 20, "AP"),
                                    ("dear", "search, beside as dear", 40, "AP"),
                                    ("dear20", "search, beside as dear", 20, "AP")):  # fmt: skip
        found = rows.loc[(method, n, measure)]
        out |= {f"{key}{end}": 100 * found[f"d{end}" if end else "diff"] for end in ("", "_low", "_high")}
    out["prototypes"] = -100 * rows.loc[("prototypes", every, "AP"), "diff"]
    for method in ("random", "search"):
        found = rows.loc[(method, 40, "AP")]
        out |= {f"{method}_{what}": found[what] for what in ("value", "types", "minutes")}
    del out["dear20"], out["repeated"]  # only their intervals are told
    out |= {"right": 100 * rows.loc[("pseudo", 40, "AP"), "right"], "all": rows.loc[("head", every, "AP"), "value"],
            "as_many": rows.loc[("random, as dear", 40, "AP"), "labelled"], "recordings": every,
            "n_rare": rows.loc[("head", every, "AP"), "n_types"]}  # fmt: skip
    return {f"long_tail_{key}": float(value) for key, value in out.items()}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=300, help="of the bootstrap")
    parser.add_argument("--encoder", default="birdnet", help='"noise": nothing pretrained, to try this script')
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_long_tail.csv")
    chosen = parser.parse_args()
    started = time.perf_counter()
    encoder = al.Encoder(noise, 3.0, 22050, "noise") if chosen.encoder == "noise" else chosen.encoder
    pond = Pond(chosen.pond, encoder)
    pond.boxes = al.load_dataset("pond", size=chosen.pond).strong_labels.groupby("recording").size()
    pond.x, pond.learn = pond.given["BirdNET"], ~pond.test & (pond.start % 3 == 0)
    budgets = [n for n in BUDGETS if n < len(pond.pool)] or [len(pond.pool) - 1]
    with threadpool_limits(1):
        results = {("all", method, len(pond.pool)): [(prob, None, np.nan) for prob in probs]
                   for method, probs in heads(pond, range(chosen.seeds)).items()}  # fmt: skip
    todo = [(n, seed) for n in budgets for seed in range(chosen.seeds)]
    runs = Parallel(min(2, chosen.seeds))(delayed(labelled)(pond, *what) for what in todo)
    for (n, _), found in zip(todo, runs, strict=True):
        for method, out in found.items():
            results.setdefault(("some", method, n), []).append(out)
    table = compare(pond, results, chosen.draws)
    with pd.option_context("display.max_rows", None, "display.width", 220):
        print(table.round(3).to_string(index=False))
    if chosen.save:
        note = (f"{chosen.pond} pond, heads on BirdNET's embeddings, {len(pond.pool)} recordings to label, "
                f"{len(set(pond.names[pond.test]))} in test, 95 % over {chosen.draws} draws of recordings")  # fmt: skip
        spent = time.perf_counter() - started
        print(save_results("bench_long_tail", table, range(chosen.seeds), spent, note=note))
    score = table[(table["measure"] == "AP") & (table["group"] == "rare")].set_index(["method", "recordings"])["value"]
    shown = {f"{n} recordings": row(score["search", n], score["random", n], "average precision of rare types")
             for n in budgets}  # fmt: skip
    show(shown, f"{chosen.pond} pond, head on BirdNET, searched recordings; peer: random ones", ["scikit-learn"],
         chosen.json)  # fmt: skip


if __name__ == "__main__":
    main()
