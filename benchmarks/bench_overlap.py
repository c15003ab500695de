"""How well a network names the callers of a window when several call at once, and what helps.

Three tables in one file, told apart by the column `part`:

- training: the same network trained for one name a window (softmax), for yes or no a species (sigmoid), and with
  sounds mixed (mix_sounds), on the windows of the pond. Each gets the one threshold at which the validation recordings
  have 0.2 false alarms a window. Recall by the number of species, with a paired bootstrap over recordings.
- mixtures: call types at known levels in the background of the pond, one to eight of them.
- separation: dictionaries of single calls; how much nearer a part comes to its caller, and whether the network names
  more when it hears the parts.

    python benchmarks/bench_overlap.py [--pond mini] [--seeds 3] [--epochs 8] [--separate 60] [--save] [--json FILE]
"""

import re
import time

import numpy as np
import pandas as pd
import torch
from _results import save_results
from _table import arguments, row, show
from tqdm.auto import tqdm

import anuralib as al
from anuralib.learn import augment
from anuralib.learn.features import FEATURES, pictures_of

ALARMS = 0.2  # false alarms a window that a threshold may give on the validation recordings
COUNTS = (1, 2, 4, 8)
RATE = 22050


def load(size):
    """The pond, its windows with subsets, and their pictures."""
    pond = al.load_dataset("pond", size=size)
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    windows = al.add_validation(al.stratified_split(windows, seed=0), seed=0)
    return pond, windows, al.window_features(windows, pond, cache_dir=True, progress=False)


def loudest(windows, pond):
    """Of each window's labels only the type whose calls have most energy in it; what one name would be."""
    energy = np.zeros((len(windows), len(pond.species)))
    column = {code: i for i, code in enumerate(pond.species)}
    rows = windows.groupby("fname").indices
    for name, calls in pond.truth.groupby("recording"):
        if name not in rows:
            continue
        mine = rows[name]
        start, end = (windows[edge].to_numpy()[mine][:, None] for edge in ("min_t", "max_t"))
        inside = np.minimum(end, calls["end_s"].to_numpy()) - np.maximum(start, calls["start_s"].to_numpy())
        power = np.clip(inside, 0, None) * 10 ** (calls["level_db"].to_numpy() / 10)
        for code, of in calls.groupby("species").indices.items():
            energy[mine, column[code]] = power[:, of].sum(1)
    labels = windows[pond.species].to_numpy()
    energy = np.where(labels, energy + 1e-30, 0)  # a labelled window has a call, however faint
    return (energy == energy.max(1, keepdims=True)) & (labels > 0)


def one_name(logits, labels):
    """Cross-entropy of a softmax over the species and "nobody"."""
    return -(labels * torch.log_softmax(logits, 1)).sum(1).mean()


def softmax(sigmoid):
    """Probabilities of the softmax from those of the sigmoid that `predict` gives."""
    logits = torch.logit(torch.from_numpy(sigmoid).double(), eps=1e-12)
    return torch.softmax(logits, 1)[:, :-1].float().numpy()


def with_nobody(labels):
    """A last column for the windows in which nobody calls; rows add up to 1."""
    labels = np.asarray(labels, float)
    total = labels.sum(1, keepdims=True)
    return np.hstack([labels / np.maximum(total, 1), total == 0]).astype(np.float32)


def methods(windows, pond):
    """Name to (labels to learn from, arguments of `fit`)."""
    labels = windows[pond.species].to_numpy(np.float32)
    return {
        "softmax, loudest": (with_nobody(loudest(windows, pond)), {"loss": one_name}),
        "softmax, shared": (with_nobody(labels), {"loss": one_name}),
        "sigmoid": (labels, {}),
        "sigmoid, mix_sounds": (labels, {"augment": augment.mix_sounds}),
    }


def train(name, seed, labels, options, pond, windows, pictures, epochs):
    """The network, and a function from pictures to probabilities of the species."""
    rows = ((windows["subset"] == "train") & (windows["min_t"] % 2 == 0)).to_numpy()
    names = list(pond.species) + (["NOBODY"] if labels.shape[1] > len(pond.species) else [])
    model = al.build_model("small_cnn", names, seed=seed)
    al.fit(model, (pictures[rows], labels[rows]), epochs=epochs, seed=seed, progress=False, **options)
    return lambda x: softmax(al.predict(model, x)) if name.startswith("softmax") else al.predict(model, x)


def recall(truth, chosen):
    return float((truth & (chosen >= 0.5)).sum() / truth.sum()) if truth.any() else np.nan


def macro_ap(truth, prob):
    """Mean of `al.average_precision`, quick enough for a bootstrap; equal probabilities keep their order."""
    hits = np.take_along_axis(truth, np.argsort(-prob, axis=0, kind="stable"), 0)
    found = hits.sum(0)
    precision = hits.cumsum(0) / np.arange(1, len(hits) + 1)[:, None]
    return float(((precision * hits).sum(0)[found > 0] / found[found > 0]).mean())


def compare_training(runs, windows, pond, n_boot):
    """Rows of the table "training" from {method: [(threshold, probabilities of all windows) of each seed]}."""
    test = (windows["subset"] == "test").to_numpy()
    truth, names = windows.loc[test, pond.species].to_numpy(bool), windows.loc[test, "fname"].to_numpy()
    number = truth.sum(1)
    table = []
    groups = {"1": number == 1, "2": number == 2, "3": number == 3, "4+": number >= 4, "2+": number >= 2}
    chosen = {m: [(prob[test] >= limit).astype(float) for limit, prob in seeds] for m, seeds in runs.items()}
    for method, seeds in runs.items():
        rows = [("average precision", "all", macro_ap, [prob[test] for _, prob in seeds], None)]
        rows += [("recall", group, recall, chosen[method], keep) for group, keep in groups.items()]
        for measure, group, metric, given, keep in rows:
            keep = np.ones(len(truth), bool) if keep is None else keep
            base = [prob[test] for _, prob in runs["sigmoid"]] if measure != "recall" else chosen["sigmoid"]
            told = al.paired_bootstrap(truth[keep], [b[keep] for b in base], [g[keep] for g in given], names[keep],
                                       metric=metric, n_boot=n_boot if metric is recall else n_boot // 5)  # fmt: skip
            values = [metric(truth[keep], g[keep]) for g in given]
            table.append({"part": "training", "method": method, "measure": measure, "group": group,
                          "value": np.mean(values), "low": told["low"], "high": told["high"], "n": int(keep.sum())})
        for group, keep in {"0": number == 0, **groups}.items():
            alarms = [float((~truth[keep] & (c[keep] >= 0.5)).sum() / max(keep.sum(), 1)) for c in chosen[method]]
            table.append({"part": "training", "method": method, "measure": "false alarms a window", "group": group,
                          "value": np.mean(alarms), "n": int(keep.sum())})  # fmt: skip
    return table


def quiet_windows(windows, pond, subset="test", most=40):
    """Sound of windows without a call, from recordings that have some elsewhere, as normalised as the pictures."""
    mine = windows[windows["subset"] == subset]
    busy = mine.groupby("fname")["species_number"].transform("max") > 0
    silent = mine["species_number"] == mine["species_number"].min()  # in a tiny pond there may be none without a call
    drawn = mine[silent & busy] if (silent & busy).any() else mine[silent]
    drawn = drawn.sample(frac=1, random_state=0).groupby("fname").head(2)[:most]
    paths = pond.recordings.set_index("recording")["path"]
    sounds = []
    for name, times in drawn.groupby("fname")["min_t"]:
        whole = al.preprocess(al.read_audio(pond.root / paths[name]), RATE)
        sounds += [whole[round(t * RATE) : round(t * RATE) + 3 * RATE] for t in times]
    return np.stack(sounds)


def mixtures(targets, species, quiet, n, others_db=0.0, calls_db=10.0, seed=0):
    """For each target and number of types n windows: target, number, codes, parts and the background.

    The notes of the target are `calls_db` above the background (root mean squares), the others `others_db` above those.
    """
    rng = np.random.default_rng(seed)
    for target in targets:
        for k in range(n):
            company = rng.permutation([code for code in species if code != target])
            ground = quiet[rng.integers(len(quiet))]
            level = 20 * np.log10(ground.std() / 0.05) + calls_db
            codes = [target, *company[: max(COUNTS) - 1]]
            parts = al.call_parts(codes, level_db=dict.fromkeys(codes, level + others_db) | {target: level},
                                  seed=1000 * seed + k)  # fmt: skip
            for number in COUNTS:
                yield target, number, codes[:number], {code: parts[code] for code in codes[:number]}, ground


def measure_mixtures(predictors, pond, targets, quiet, n, levels=(-6.0, 0.0, 6.0)):
    """Rows of the table "mixtures": {method: [(threshold, predictor) of each seed]}."""
    table, column = [], {code: i for i, code in enumerate(pond.species)}
    for others_db in levels:
        made = list(mixtures(targets, pond.species, quiet, n, others_db))
        pictures = pictures_of(np.stack([sum(m[3].values()) + m[4] for m in made]), **FEATURES)
        truth = np.zeros((len(made), len(pond.species)), bool)
        for i, (_, _, codes, _, _) in enumerate(made):
            truth[i, [column[code] for code in codes]] = True
        aim = np.array([column[m[0]] for m in made])
        numbers = np.array([m[1] for m in made])
        for method, seeds in predictors.items():
            yes = np.stack([predict(pictures) >= limit for limit, predict in seeds])
            for number in COUNTS:
                keep = numbers == number
                hit = yes[:, keep, aim[keep]].mean(0)
                by_type = pd.Series(hit).groupby(aim[keep]).mean()
                draws = np.random.default_rng(0).choice(by_type, (1000, len(by_type))).mean(1)
                shared = {"part": "mixtures", "method": method, "group": f"{number} types, others {others_db:+.0f} dB"}
                table.append({**shared, "measure": "recall of the target", "value": hit.mean(), "n": int(keep.sum()),
                              "low": np.quantile(draws, 0.025), "high": np.quantile(draws, 0.975)})  # fmt: skip
                alarms = (yes[:, keep] & ~truth[keep]).sum((1, 2)) / keep.sum()
                table.append({**shared, "measure": "false alarms a window", "value": alarms.mean(),
                              "n": int(keep.sum())})  # fmt: skip
    return table


def dictionaries(pond, quiet, n_components, n_individuals):
    """One of each type, of the calls of some individuals, and one of the background of the train subset."""
    books = {code: al.learn_dictionary([al.call_parts([code], seed=900_000 + k)[code] for k in range(n_individuals)],
                                       n_components) for code in pond.species}  # fmt: skip
    return books | {"background": al.learn_dictionary(list(quiet), 2 * n_components)}


def measure_signals(pond, targets, books, quiet, n):
    """SI-SDR of the target in a mixture and after separation, with the right dictionaries and with all."""
    rows = []
    for target, number, codes, parts, ground in mixtures(targets, pond.species, quiet, n, seed=1):
        if number == 1:
            continue
        mixture = sum(parts.values()) + ground
        before = al.si_sdr(mixture, parts[target])
        given = {"dictionaries of those present": [*codes, "background"], "all dictionaries": books}
        for method, used in given.items():
            part = al.separate(mixture, {name: books[name] for name in used})[target]
            rows.append({"method": method, "group": f"{number} types", "before": before,
                         "after": al.si_sdr(part, parts[target])})  # fmt: skip
    rows, table = pd.DataFrame(rows), []
    for (method, group), mine in rows.groupby(["method", "group"], sort=False):
        gain = (mine["after"] - mine["before"]).to_numpy()
        draws = np.random.default_rng(0).choice(gain, (1000, len(gain))).mean(1)
        table.append({"part": "separation", "method": method, "measure": "SI-SDR gain (dB)", "group": group,
                      "value": gain.mean(), "low": np.quantile(draws, 0.025), "high": np.quantile(draws, 0.975),
                      "n": len(gain)})  # fmt: skip
        table.append({"part": "separation", "method": method, "measure": "SI-SDR before (dB)", "group": group,
                      "value": mine["before"].mean(), "n": len(gain)})  # fmt: skip
    return table


def measure_naming(predictors, windows, pond, books, n, n_boot):
    """Rows of "separation": does it help to hear the parts? On test windows of two and more species."""
    test = windows[(windows["subset"] == "test") & (windows["species_number"] >= 2)]
    test = test.sample(min(n, len(test)), random_state=0).sort_values(["fname", "min_t"])
    paths, parts, whole = pond.recordings.set_index("recording")["path"], [], []
    for name, mine in test.groupby("fname", sort=False):
        sound = al.preprocess(al.read_audio(pond.root / paths[name]), RATE)
        for t in mine["min_t"]:
            window = sound[round(t * RATE) : round(t * RATE) + 3 * RATE]
            apart = al.separate(window, books)
            parts.append([apart[code] + apart["background"] for code in pond.species])
            whole.append(window)
    truth, names = test[pond.species].to_numpy(bool), test["fname"].to_numpy()
    heard = {"whole": [], "parts": [], "larger of both": []}
    for limit, predict in predictors["sigmoid"]:
        every = predict(pictures_of(np.concatenate(parts), **FEATURES)).reshape(len(test), len(pond.species), -1)
        alone = every[:, np.arange(len(pond.species)), np.arange(len(pond.species))]
        both = predict(pictures_of(np.stack(whole), **FEATURES))
        for name, prob in zip(heard, (both, alone, np.maximum(both, alone)), strict=True):
            heard[name].append((limit, prob))
    table = []
    for method, seeds in heard.items():
        told = al.paired_bootstrap(truth, [p for _, p in heard["whole"]], [p for _, p in seeds], names,
                                   metric=macro_ap, n_boot=n_boot)  # fmt: skip
        shared = {"part": "separation", "method": f"network hears: {method}", "group": "2+", "n": len(test)}
        table += [
            {**shared, "measure": "average precision", "value": np.mean([macro_ap(truth, p) for _, p in seeds]),
             "low": told["low"], "high": told["high"]},
            {**shared, "measure": "recall", "value": np.mean([recall(truth, p >= limit) for limit, p in seeds])},
            {**shared, "measure": "false alarms a window",
             "value": np.mean([(~truth & (p >= limit)).sum() / len(truth) for limit, p in seeds])},
        ]  # fmt: skip
    return table


def facts(table):
    """The numbers that the chapter on overlap gives of this table, by glue key: measure, group and method of a row."""
    in_training, among_eight = ("softmax, loudest", "sigmoid"), ("softmax, loudest", "sigmoid", "sigmoid, mix_sounds")
    heard = "network hears: "
    said = [("recall", group, method) for group in ("1", "4+") for method in in_training]
    said += [("recall of the target", f"{k} types, others +0 dB", method) for k in (1, 8) for method in among_eight]
    said += [("false alarms a window", "8 types, others +0 dB", method) for method in among_eight[1:]]
    said += [("SI-SDR gain (dB)", "8 types", used) for used in ("dictionaries of those present", "all dictionaries")]
    said += [("average precision", "2+", heard + what) for what in ("whole", "parts", "larger of both")]
    said += [(measure, "2+", heard + what) for measure in ("recall", "false alarms a window")
             for what in ("whole", "larger of both")]  # fmt: skip
    value = table.set_index(["measure", "group", "method"])["value"]
    scale = {row: 100 if row[0].startswith("recall") else 1 for row in said}  # recalls are said in per cent
    return {"overlap_" + re.sub(r"\W", "", "_".join(row).replace("+", "p")): scale[row] * float(value[row])
            for row in said}  # fmt: skip


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--draws", type=int, default=1000, help="of the bootstrap")
    parser.add_argument("--each", type=int, default=20, help="mixtures of a target and a number of types")
    parser.add_argument("--separate", type=int, default=60, help="windows of the pond to take apart")
    parser.add_argument("--individuals", type=int, default=4, help="whose calls make a dictionary")
    parser.add_argument("--targets", type=int, default=12, help="the commonest call types")
    parser.add_argument("--threads", type=int, default=1, help="of torch; more pays on an idle machine only")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_overlap.csv")
    chosen, started = parser.parse_args(), time.perf_counter()
    torch.set_num_threads(chosen.threads)
    pond, windows, pictures = load(chosen.pond)
    train_labels = windows.loc[windows["subset"] == "train", pond.species]
    targets = train_labels.sum().nlargest(chosen.targets).index.tolist()
    valid = (windows["subset"] == "valid").to_numpy()
    looked_at = np.flatnonzero(windows["subset"] != "train")
    valid_truth = windows.loc[valid, pond.species].to_numpy(bool)
    runs, predictors, clock = {}, {}, {}
    with tqdm(total=4 * chosen.seeds, unit="run") as bar:
        for name, (labels, options) in methods(windows, pond).items():
            for seed in range(chosen.seeds):
                predict = train(name, seed, labels, options, pond, windows, pictures, chosen.epochs)
                prob = np.zeros((len(windows), len(pond.species)), np.float32)
                prob[looked_at] = predict(pictures[looked_at])
                limit = al.threshold_for_alarms(valid_truth, prob[valid], ALARMS)
                runs.setdefault(name, []).append((limit, prob))
                predictors.setdefault(name, []).append((limit, predict))
                bar.update()
    clock["training"] = time.perf_counter() - started
    table = compare_training(runs, windows, pond, chosen.draws)
    quiet = quiet_windows(windows, pond)
    table += measure_mixtures(predictors, pond, targets, quiet, chosen.each)
    clock["mixtures"] = time.perf_counter() - started
    books = dictionaries(pond, quiet_windows(windows, pond, "train", 10), 4, chosen.individuals)
    table += measure_signals(pond, targets, books, quiet, max(1, chosen.each // 20))
    clock["signals"] = time.perf_counter() - started
    table += measure_naming(predictors, windows, pond, books, chosen.separate, chosen.draws)
    seconds = time.perf_counter() - started
    table = pd.DataFrame(table)[["part", "method", "measure", "group", "value", "low", "high", "n"]]
    print(table.round(3).to_string(index=False))
    print({name: round(s) for name, s in clock.items()}, round(seconds))
    if chosen.save:
        note = (f"{chosen.pond} pond: overlap; low and high are 95 % of the difference from sigmoid (training) or from "
                "the whole window (separation) over recordings, of the value over types (mixtures)")  # fmt: skip
        print(save_results("bench_overlap", table, range(chosen.seeds), seconds, note=note))
    main_rows = table[(table["measure"] == "recall") & (table["group"] == "2+") & (table["part"] == "training")]
    base = main_rows.set_index("method").loc["sigmoid", "value"]
    rows = {f"{method}, recall at two and more": row(value, max(base, 1e-3), "recall")
            for method, value in zip(main_rows["method"], main_rows["value"], strict=True)}  # fmt: skip
    show(rows, f"\n{chosen.pond} pond, peer: sigmoid", ["torch", "scikit-learn"], chosen.json)


if __name__ == "__main__":
    main()
