"""What to listen to next: chosen clips against random ones, for one call type that there is a single example of.

The pond, its split and its windows of 3 s, side by side, are those of the chapter on pretrained networks; what is seen
of a window is BirdNET's embedding. The target is each call type in turn that occurs in three recordings or more outside
the test subset and in two or more within. A seed draws one example of it. Then, ten clips at a time, somebody listens
and answers truly, a logistic head learns from all answers, and the next ten are chosen: at random, by the highest
probability, nearest to one half, or a third of each (`choose_clips`). The first ten go by the similarity to the
example in place of a probability. "mixed, tired" gives one wrong answer in ten. The head is judged by the average
precision on all windows of the test subset, a mean over the types; `found` counts the clips that were answered with
yes. "stop" goes by the agreement (Cohen's kappa) of decisions on all clips between a head and the one before it:
listening ends when the mean of the last three reaches a level (Bloodgood & Vijay-Shanker 2009).

    python benchmarks/bench_agile.py [--seeds 5] [--draws 200] [--pond mini] [--save] [--json FILE] [--encoder birdnet]
"""

import time

import numpy as np
import pandas as pd
from _results import save_results
from _table import arguments, row, show
from bench_pretrained import Draws, mean_of, noise, told
from joblib import Parallel, delayed
from sklearn.metrics import average_precision_score, cohen_kappa_score
from threadpoolctl import threadpool_limits

import anuralib as al

EACH, MOST, LONG = 10, {"mixed": 200}, (200, 400, 800)  # clips; 100 where nothing is said
METHODS = {"random": "random", "highest": "highest", "unsure": "unsure", "mixed": "mixed", "mixed, tired": "mixed"}
LEVELS = (0.8, 0.9, 0.95, 0.99)
COLUMNS = ["part", "method", "clips", "type", "value", "low", "high", "seed_sd", "diff", "d_low", "d_high", "found",
           "share", "least", "most"]  # fmt: skip


class Pond:
    """Embeddings and truth of the windows to listen to and of those to test on."""

    def __init__(self, size, encoder):
        pond = al.load_dataset("pond", size=size)
        windows = al.stratified_split(al.window_labels(pond.strong_labels, pond.recordings, pond.species), seed=0)
        windows = windows[windows["min_t"] % 3 == 0].reset_index(drop=True)
        self.test = (windows["subset"] == "test").to_numpy()
        found = [windows[rows].groupby("fname")[pond.species].any().sum() for rows in (~self.test, self.test)]
        self.species = [code for code in pond.species if found[0][code] >= 3 and found[1][code] >= 2]
        self.names, self.y = windows["fname"].to_numpy(), windows[self.species].to_numpy() == 1
        self.x = np.array(al.embed_recordings(encoder, windows, pond, progress=False).embeddings)


def learn(x, answers, known):
    """A head on what was answered, or None while all answers are alike."""
    if answers.all() or not answers.any():
        return None
    return al.LogisticHead(penalties=(10.0,)).fit(x[known], answers[:, None].astype(int))


def listen(pond, code, method, seed):
    """After each ten clips: probabilities for test, how many a yes, and kappa with the round before."""
    x, truth = pond.x[~pond.test], pond.y[~pond.test, pond.species.index(code)]
    rng = np.random.default_rng([seed, pond.species.index(code)])
    example = int(rng.choice(np.flatnonzero(truth)))
    near, asked = al.similarity(x, x[example]), np.concatenate([x[example : example + 1], pond.x[pond.test]])
    known, said, rounds = [example], [True], []
    scores, threshold, before = near, 0.0, None
    while len(known) + EACH <= min(MOST.get(method, 100) + 1, len(x)):
        rows = al.choose_clips(scores, EACH, METHODS[method], threshold, known, seed=int(rng.integers(2**31)))
        wrong = rng.random(EACH) < 0.1 if method == "mixed, tired" else np.zeros(EACH, bool)
        known, said = [*known, *rows], [*said, *(truth[rows] ^ wrong)]
        head, kappa = learn(x, np.array(said), known), np.nan
        if head is None:
            prob = al.similarity(asked, asked[0])[1:] / 2 + 0.5
        else:
            scores, threshold, prob = head.predict_proba(x)[:, 0], 0.5, head.predict_proba(pond.x[pond.test])[:, 0]
            now = scores >= 0.5
            if before is not None and (now.any() or before.any()):
                kappa = cohen_kappa_score(before, now)
            before = now
        rounds.append((prob.astype(np.float32), int(np.sum(said[1:])), kappa))
    return rounds


def far(pond, code, seed, n):
    """A head on n random clips beside the example; on all of them if there are fewer."""
    x, truth = pond.x[~pond.test], pond.y[~pond.test, pond.species.index(code)]
    rng = np.random.default_rng([seed, pond.species.index(code)])
    example = int(rng.choice(np.flatnonzero(truth)))
    known = [example, *al.choose_clips(np.zeros(len(x)), min(n, len(x) - 1), "random", known=[example], seed=seed)]
    head = learn(x, truth[known], known)
    prob = al.similarity(pond.x[pond.test], x[example]) / 2 + 0.5 if head is None else head.predict_proba(
        pond.x[pond.test])[:, 0]  # fmt: skip
    return prob.astype(np.float32), int(truth[known[1:]].sum())


def curves(pond, results, n_draws, seeds):
    """A row for each method and number of clips: score, its interval, the difference to random, and what was found."""
    draws, scores, rows = Draws(pond, n_draws), {}, []
    share = pond.y[~pond.test].mean()
    for method, clips in results:
        runs = results[method, clips]
        each = [draws.ap(np.stack([runs[code, seed][0] for code in pond.species], axis=1)) for seed in seeds]
        scores[method, clips] = mean_of(np.stack(each))
        found = np.mean([n for _, n in runs.values()])
        peer = scores.get(("random", clips)) if method != "random" else None
        rows.append({"part": "curve", "method": method, "clips": clips, "found": found, "share": found / clips,
                     **told(scores[method, clips], peer)})  # fmt: skip
    return [*rows, {"part": "truth", "method": "all clips", "share": share, "clips": int((~pond.test).sum())}]


def types(pond, results, seeds, clips):
    """Each type's average precision with random and with mixed clips."""
    rows = []
    for k, code in enumerate(pond.species):
        for method in ("random", "mixed"):
            each = [average_precision_score(pond.y[pond.test, k], results[method, clips][code, seed][0])
                    for seed in seeds]  # fmt: skip
            rows.append({"part": "type", "method": method, "clips": clips, "type": code, "value": np.mean(each),
                         "least": min(each), "most": max(each), "share": pond.y[~pond.test, k].mean(),
                         "found": np.mean([results[method, clips][code, seed][1] for seed in seeds])})  # fmt: skip
    return rows


def stops(pond, rounds, level):
    """Where listening to mixed clips ends, and what is lost by it against going on to the end."""
    ends, kept = [], []
    for (code, _), found in rounds.items():
        truth = pond.y[pond.test, pond.species.index(code)]
        kappas = np.array([kappa for *_, kappa in found])
        calm = [k for k in range(2, len(kappas)) if kappas[k - 2 : k + 1].mean() >= level]
        end = calm[0] if calm else len(found) - 1
        ends.append(EACH * (end + 1))
        kept.append([average_precision_score(truth, found[k][0]) for k in (end, -1)])
    mean = np.mean(kept, axis=0)
    return {"part": "stop", "method": f"kappa {level:g}", "clips": np.mean(ends), "value": mean[0],
            "diff": mean[0] - mean[1], "least": min(ends), "most": max(ends)}  # fmt: skip


def facts(table):
    """The numbers that the chapter on the loop gives of this table, by glue key."""
    curve = table[table["part"] == "curve"].set_index(["method", "clips"])
    kind = table[table["part"] == "type"].set_index(["type", "method"])
    stop = table[table["part"] == "stop"].set_index("method")
    mixed, chance, tired = (curve.loc[(name, 100)] for name in ("mixed", "random", "mixed, tired"))
    out = {
        "types": kind.index.get_level_values(0).nunique(), "mixed": mixed["value"], "random": chance["value"],
        "random_800": curve.loc[("random", 800), "value"], "found": mixed["found"], "found_random": chance["found"],
        "share": 100 * mixed["share"], "true_share": 100 * table.set_index("part").loc["truth", "share"],
    }  # fmt: skip
    for name, of in (("ahead", mixed), ("tired", tired)):
        out |= {f"{name}_diff": of["diff"], f"{name}_low": of["d_low"], f"{name}_high": of["d_high"]}
    for name in ("highest", "unsure"):
        out |= {name: curve.loc[(name, 100), "value"], f"found_{name}": curve.loc[(name, 100), "found"]}
    for name, code in (("common", "BARWHI"), ("rare", "LOWWHI")):
        out |= {f"{name}_share": 100 * kind.loc[(code, "mixed"), "share"]}
        out |= {f"{name}_{how}": kind.loc[(code, how), "value"] for how in ("random", "mixed")}
    out |= {f"rare_found_{how}": kind.loc[("LOWWHI", how), "found"] for how in ("random", "mixed")}
    for name, level in (("early", "kappa 0.9"), ("stop", "kappa 0.99")):
        out |= {name: stop.loc[level, "clips"], f"{name}_lost": -stop.loc[level, "diff"]}
    return {f"agile_{key}": float(value) for key, value in out.items()}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--draws", type=int, default=200, help="of the bootstrap")
    parser.add_argument("--encoder", default="birdnet", help='"noise": nothing pretrained, to try this script')
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_agile.csv")
    chosen = parser.parse_args()
    started, seeds = time.perf_counter(), range(chosen.seeds)
    pond = Pond(chosen.pond, al.Encoder(noise, 3.0, 22050, "noise") if chosen.encoder == "noise" else chosen.encoder)

    def run(function, *what):
        with threadpool_limits(1):
            return function(pond, *what)

    todo = [(code, method, seed) for method in METHODS for code in pond.species for seed in seeds]
    loops = dict(zip(todo, Parallel(min(2, chosen.seeds))(delayed(run)(listen, *what) for what in todo), strict=True))
    results = {("random", n): {(code, seed): run(far, code, seed, n) for code in pond.species for seed in seeds}
               for n in LONG}  # fmt: skip
    for (code, method, seed), rounds in loops.items():
        for k, (prob, found, _) in enumerate(rounds, start=1):
            results.setdefault((method, EACH * k), {})[code, seed] = prob, found
    last = max(clips for method, clips in results if method == "highest")
    rows = curves(pond, results, chosen.draws, seeds) + types(pond, results, seeds, last)
    mixed = {(code, seed): rounds for (code, method, seed), rounds in loops.items() if method == "mixed"}
    rows += [stops(pond, mixed, level) for level in LEVELS]
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    with pd.option_context("display.max_rows", None, "display.width", 200):
        print(table.round(3).to_string(index=False))
    if chosen.save:
        note = (f"{chosen.pond} pond, {(~pond.test).sum()} clips to listen to, {pond.test.sum()} in test, "
                f"{len(pond.species)} call types, 95 % over {chosen.draws} draws of recordings")  # fmt: skip
        print(save_results("bench_agile", table, seeds, time.perf_counter() - started, ("numpy", "scikit-learn"), note))
    score = table[table["part"] == "curve"].set_index(["method", "clips"])["value"]
    shown = {f"{n} clips": row(score["mixed", n], score["random", n], "mean average precision")
             for n in range(EACH, last + 1, EACH)}  # fmt: skip
    show(shown, f"{chosen.pond} pond, mixed clips; peer: random clips", ["scikit-learn"], chosen.json)


if __name__ == "__main__":
    main()
