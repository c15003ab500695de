"""What resampling, losses, mixing, thresholds and prototypes bring for the long tail, and whom they cost.

Every method trains the same network on the same windows of the simulated pond for the same number of epochs, over
several seeds: the small network on full pictures. `--model templates --pool 13` is quicker and weaker: a tiny network
for coarse pictures (thirteen frames are averaged in power to one of 0.3 s). The table shows macro F1 at a threshold of
0.5 (but for the methods that move it) for common, frequent and rare species, average precision, for which no threshold
matters, and the difference from plain binary cross-entropy with a paired bootstrap over the recordings of the test
subset. With `--folder`, trained networks are kept, and a run that was stopped goes on.

    python benchmarks/bench_losses.py [--methods all] [--seeds 5] [--epochs 12] [--folder DIR] [--save]
"""

import re
import time
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _results import save_results
from _table import arguments, row, show
from tqdm.auto import tqdm

import anuralib as al
from anuralib.learn import augment, losses
from anuralib.learn.batches import pick_device

GROUPS = ("common", "frequent", "rare", "all")
CHAPTER = (
    "bce,repeat_factors,class_balanced,logit_adjusted,ldam,asymmetric,mix_sounds,mixup,manifold_mixup,multimix,mix2,"
    "mix_sounds + logit_adjusted"
)


def methods(train):
    """Name to the arguments of `fit`."""
    silent = train[0][(train[1].sum(axis=1) == 0).to_numpy()]
    half = partial(losses.logit_adjusted, tau=0.5)
    spec = partial(augment.spec_augment, time_mask=train[0].shape[-1] // 6, freq_mask=8)
    return {
        "bce": {},
        "repeat_factors": {"sampling": al.repeat_factors(train[1])},
        **{name: {"loss": name} for name in ("focal", "class_balanced", "logit_adjusted", "asymmetric", "ldam")},
        **{name: {"mix": name} for name in ("mixup", "manifold_mixup", "multimix", "mix2")},
        "logit_adjusted (tau 0.5)": {"loss": half},
        "gain": {"augment": augment.gain},
        "time_shift": {"augment": augment.time_shift},
        "spec_augment": {"augment": spec},
        "mixup (one share a batch)": {"augment": augment.mixup},
        "mix_background": {"augment": partial(augment.mix_background, background=silent)},
        "mix_sounds": {"augment": augment.mix_sounds},
        "mix_sounds + spec_augment": {"augment": augment.chain(augment.mix_sounds, spec)},
        "mix_sounds + logit_adjusted": {"augment": augment.mix_sounds, "loss": "logit_adjusted"},
        "mix_sounds + logit_adjusted (tau 0.5)": {"augment": augment.mix_sounds, "loss": half},
        "mix_sounds + asymmetric": {"augment": augment.mix_sounds, "loss": "asymmetric"},
    }


def coarse(features, pool):
    """Pictures with the power of `pool` frames averaged to one; frames left over at the end are dropped."""
    features = np.asarray(features, dtype=np.float32)
    frames = features.shape[-1] // pool
    power = 10 ** (features[..., : frames * pool].reshape(*features.shape[:3], frames, pool) / 10)
    return (10 * np.log10(power.mean(axis=-1))).astype(np.float32)


def load(pond_size, pool=1):
    """Features, labels and recordings of each subset, and the frequency group of each species."""
    pond = al.load_dataset("pond", size=pond_size)
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    windows = al.add_validation(al.stratified_split(windows, seed=0), seed=0)
    features = al.window_features(windows, pond, cache_dir=True)
    subsets = {}
    for name in ("train", "valid", "test"):
        rows = (windows["subset"] == name).to_numpy()
        subsets[name] = (coarse(features[rows], pool), windows.loc[rows, pond.species], windows.loc[rows, "fname"])
    return pond.species, subsets, al.frequency_groups(windows, pond.species)


def train(name, seed, options, species, subsets, chosen):
    """The trained network; read from the folder if it is there."""
    model = al.build_model(chosen.model, species, seed=seed)
    folder = chosen.folder / name.replace(" ", "_") / str(seed) if chosen.folder else None
    al.fit(model, subsets["train"][:2], subsets["valid"][:2], epochs=chosen.epochs, seed=seed, out_dir=folder,
           device=chosen.device, progress=False, **options)  # fmt: skip
    return model


def after_training(model, subsets, device):
    """Methods that need no training of their own, from the network of bce; 0.5 stays the threshold."""
    valid, test = (al.predict(model, subsets[part][0], device=device) for part in ("valid", "test"))
    counts, n = subsets["train"][1].sum().to_numpy(), len(subsets["train"][1])
    tuned = al.tune_thresholds(subsets["valid"][1], valid).to_numpy()
    logits = torch.logit(torch.from_numpy(test), eps=1e-7)
    adjusted = torch.sigmoid(losses.adjust_logits(logits, counts, n, tau=1.0)).numpy()
    seen, heard = (al.embed(model, subsets[part][0], device=device) for part in ("train", "test"))
    nearest = al.prototype_scores(al.prototypes(seen, subsets["train"][1]), heard)
    # A probability is moved, in order, so that its own threshold comes to lie at 0.5.
    moved = np.where(test >= tuned, 0.5 + (test - tuned) / (2.02 - 2 * tuned), 0.49 * test / np.maximum(tuned, 1e-9))
    return {"bce, thresholds tuned": moved, "bce, adjust_logits after": adjusted, "bce, prototypes": nearest}


def trained_on(device):
    """The card's name, or that it was a CPU, for the note of the saved table."""
    device = pick_device(device)
    return f"one {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type


def macro_f1(y_true, y_prob):
    """As `al.metrics.macro_f1`, without its checks, since the bootstrap asks thousands of times."""
    chosen, present = y_prob >= 0.5, y_true.any(axis=0)
    hits, said = (y_true & chosen).sum(0)[present], (y_true.sum(0) + chosen.sum(0))[present]
    return float((2 * hits / said).mean()) if present.any() else np.nan


def as_ranks(y_prob):
    """Probabilities of each species replaced by their ranks from 0 on, over 65535: quick to sort again."""
    return np.argsort(np.argsort(y_prob, axis=0, kind="stable"), axis=0) / 65535


def mean_average_precision(y_true, ranks):
    """Mean over the species with positives, from `as_ranks`."""
    present = y_true.any(axis=0)
    order = np.argsort(65535 - np.rint(ranks * 65535).astype(np.uint16), axis=0, kind="stable")
    ranked = np.take_along_axis(y_true, order, axis=0)[:, present]
    precision = np.cumsum(ranked, axis=0) / np.arange(1, len(ranked) + 1)[:, None]
    return float(((precision * ranked).sum(0) / ranked.sum(0)).mean()) if present.any() else np.nan


def measure(results, subsets, groups, n_boot):
    """A row for each method, measure and group: score and paired difference from bce."""
    truth, names = subsets["test"][1].to_numpy().astype(bool), subsets["test"][2]
    rows = []
    wanted = [("F1", macro_f1, group) for group in GROUPS] + [("AP", mean_average_precision, "rare")]
    for method, runs in results.items():
        for measured, metric, group in wanted:
            columns = np.flatnonzero((groups == group).to_numpy() | (group == "all"))
            part, base = ([run[:, columns] for run in which] for which in (runs, results["bce"]))
            if measured == "AP":
                part, base = [as_ranks(run) for run in part], [as_ranks(run) for run in base]
            compared = al.paired_bootstrap(truth[:, columns], base, part, names, metric=metric, n_boot=n_boot)
            rows.append(
                {"method": method, "measure": measured, "group": group,
                 "n_species": int(truth[:, columns].any(axis=0).sum()),
                 "score": float(np.mean([metric(truth[:, columns], run) for run in part])),
                 **{key: compared[key] for key in ("difference", "low", "high")}}
            )  # fmt: skip
    return pd.DataFrame(rows)


def facts(table):
    """The numbers that the chapter on the long tail gives of this table, by glue key. Per cent, without sign."""
    difference = table.set_index(["method", "measure", "group"])["difference"]
    said = [
        ("asymmetric", "F1", "rare"), ("bce, adjust_logits after", "F1", "rare"), ("repeat_factors", "AP", "rare"),
        ("multimix", "AP", "rare"),
    ]  # fmt: skip
    per_cent = {"_".join(re.findall(r"\w+", " ".join(row))): abs(100 * float(difference[row])) for row in said}
    # A method that only moves thresholds ranks as before: its interval of no width is none.
    intervals = table[(table["group"] != "all") & (table["high"] > table["low"])]
    clear = int(((intervals["low"] > 0) | (intervals["high"] < 0)).sum())
    return {f"long_tail_run_{key}": number for key, number in per_cent.items()} | {
        "long_tail_run_intervals": len(intervals), "long_tail_run_clear": clear,
        "long_tail_run_by_chance": 0.05 * len(intervals),
    }  # fmt: skip


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--model", default="small_cnn")
    parser.add_argument("--pool", type=int, default=1, help="frames averaged to one")
    parser.add_argument("--methods", default=CHAPTER, help="comma-separated, of those of the table; or all")
    parser.add_argument("--draws", type=int, default=300, help="of the bootstrap")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--folder", type=Path, help="keep trained networks here")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_losses.csv")
    chosen = parser.parse_args()
    started = time.perf_counter()
    species, subsets, groups = load(chosen.pond, chosen.pool)
    every = methods(subsets["train"])
    wanted = [name for name in every if name == "bce" or chosen.methods == "all" or name in chosen.methods.split(",")]
    results = {}
    with tqdm(total=len(wanted) * chosen.seeds, unit="run") as bar:
        for seed in range(chosen.seeds):
            for name in wanted:
                model = train(name, seed, every[name], species, subsets, chosen)
                outputs = {name: al.predict(model, subsets["test"][0], device=chosen.device)}
                if name == "bce":
                    outputs |= after_training(model, subsets, chosen.device)
                for key, output in outputs.items():
                    results.setdefault(key, []).append(output)
                bar.update()
    table = measure(results, subsets, groups, chosen.draws)
    print(f"per cent, {chosen.seeds} seeds; in brackets 95 % of the difference from bce over recordings")
    table["cell"] = [f"{100 * s:5.1f} ({100 * low:+6.1f} to {100 * high:+6.1f})"
                     for s, low, high in zip(table["score"], table["low"], table["high"], strict=True)]  # fmt: skip
    wide = table.set_index(["method", "measure", "group"])["cell"].unstack([1, 2]).loc[list(results)]  # noqa: PD010
    print(wide.to_string())
    f1 = table[table["measure"] == "F1"].set_index(["method", "group"])["score"]
    rows = {f"{method}, {group}": row(score, max(f1["bce", group], 0.001), "macro F1")
            for (method, group), score in f1.items()}  # fmt: skip
    title = f"\n{chosen.pond} pond, {len(subsets['train'][0])} training windows, peer: bce"
    show(rows, title, ["torch", "scikit-learn"], chosen.json)
    if chosen.save:
        frames = subsets["train"][0].shape[-1]
        note = (f"pond {chosen.pond}, {chosen.model}, {frames} frames a window, {chosen.epochs} epochs; difference "
                f"from bce with 95 % over the recordings of test; trained on {trained_on(chosen.device)}")  # fmt: skip
        spent = time.perf_counter() - started
        save_results("bench_losses", table.drop(columns="cell"), range(chosen.seeds), spent, note=note)


if __name__ == "__main__":
    main()
