"""What losses, augmentations and thresholds for the long tail bring, and what they cost, on held-out recordings.

Every method trains the same network on the same windows of the simulated pond for the same number of epochs, over
several seeds. The table shows macro F1 at a threshold of 0.5 (but for the methods that move it) for common, frequent
and rare species, and the difference from plain binary cross-entropy with a paired bootstrap over the recordings of the
test subset. Trained networks stay in a folder: a run that was stopped goes on.

    python benchmarks/bench_losses.py [--seeds 5] [--epochs 12] [--methods bce,asymmetric] [--folder DIR] [--json FILE]
"""

from functools import partial
from pathlib import Path

import numpy as np
import torch
from _table import arguments, row, show
from tqdm.auto import tqdm

import anuralib as al
from anuralib import augment, losses

GROUPS = ("common", "frequent", "rare", "all")


def methods(silent):
    """Name to the arguments of `fit`; `silent` are windows of train without any call."""
    half = partial(losses.logit_adjusted, tau=0.5)
    spec = partial(augment.spec_augment, time_mask=21, freq_mask=8)
    return {
        "bce": {},
        **{name: {"loss": name} for name in ("focal", "class_balanced", "logit_adjusted", "asymmetric", "ldam")},
        "logit_adjusted (tau 0.5)": {"loss": half},
        "gain": {"augment": augment.gain},
        "time_shift": {"augment": augment.time_shift},
        "spec_augment": {"augment": spec},
        "mixup": {"augment": augment.mixup},
        "mix_background": {"augment": partial(augment.mix_background, background=silent)},
        "mix_sounds": {"augment": augment.mix_sounds},
        "mix_sounds + spec_augment": {"augment": True},
        "mix_sounds + logit_adjusted (tau 0.5)": {"augment": augment.mix_sounds, "loss": half},
        "mix_sounds + asymmetric": {"augment": augment.mix_sounds, "loss": "asymmetric"},
    }


def load(pond_size):
    """Features, labels and recordings of each subset, and the frequency group of each species."""
    pond = al.load_dataset("pond", size=pond_size)
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    windows = al.add_validation(al.stratified_split(windows, seed=0), seed=0)
    features = al.window_features(windows, pond, cache_dir=True)
    subsets = {}
    for name in ("train", "valid", "test"):
        rows = (windows["subset"] == name).to_numpy()
        subsets[name] = (np.array(features[rows]), windows.loc[rows, pond.species], windows.loc[rows, "fname"])
    return pond.species, subsets, al.frequency_groups(windows, pond.species)


def train(name, seed, options, species, subsets, chosen):
    """Probabilities for valid and test; read from the folder if they are there."""
    model = al.build_model("small_cnn", species, seed=seed)
    folder = chosen.folder / name.replace(" ", "_") / str(seed) if chosen.folder else None
    al.fit(model, subsets["train"][:2], subsets["valid"][:2], epochs=chosen.epochs, seed=seed, out_dir=folder,
           device=chosen.device, progress=False, **options)  # fmt: skip
    return [al.predict(model, subsets[part][0], device=chosen.device) for part in ("valid", "test")]


def after_training(valid, test, subsets):
    """Methods that need no training of their own, from the probabilities of bce; 0.5 stays the threshold."""
    counts, n = subsets["train"][1].sum().to_numpy(), len(subsets["train"][1])
    tuned = al.tune_thresholds(subsets["valid"][1], valid).to_numpy()
    logits = torch.logit(torch.from_numpy(test), eps=1e-7)
    adjusted = torch.sigmoid(losses.adjust_logits(logits, counts, n, tau=0.5)).numpy()
    # A probability is moved so that its own threshold comes to lie at 0.5.
    moved = np.where(test >= tuned, 0.5 + test / 2, test / 2.01)
    return {"bce, thresholds tuned": moved, "bce, adjust_logits after": adjusted}


def measure(results, subsets, groups, n_boot):
    """Mean macro F1 of each method by group, and its paired difference from bce."""
    truth, names = subsets["test"][1].to_numpy(), subsets["test"][2]
    table = {}
    for method, runs in results.items():
        table[method] = {}
        for group in GROUPS:
            wanted = np.flatnonzero((groups == group).to_numpy() | (group == "all"))

            def score(y_true, y_prob, wanted=wanted):
                return al.metrics.macro_f1(y_true[:, wanted], y_prob[:, wanted])

            compared = al.paired_bootstrap(truth, results["bce"], runs, names, metric=score, n_boot=n_boot)
            table[method][group] = {"f1": float(np.mean([score(truth, run) for run in runs])), **compared}
    return table


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--methods", help="comma-separated, of those of the table (default: all)")
    parser.add_argument("--draws", type=int, default=1000, help="of the bootstrap")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--folder", type=Path, help="keep trained networks here")
    chosen = parser.parse_args()
    species, subsets, groups = load(chosen.pond)
    silent = subsets["train"][0][(subsets["train"][1].sum(axis=1) == 0).to_numpy()]
    every = methods(silent)
    wanted = ["bce", *[name for name in every if name != "bce" and name in (chosen.methods or name).split(",")]]
    results = {}
    with tqdm(total=len(wanted) * chosen.seeds, unit="run") as bar:
        for name in wanted:
            for seed in range(chosen.seeds):
                valid, test = train(name, seed, every[name], species, subsets, chosen)
                results.setdefault(name, []).append(test)
                for more, moved in (after_training(valid, test, subsets) if name == "bce" else {}).items():
                    results.setdefault(more, []).append(moved)
                bar.update()
    table = measure(results, subsets, groups, chosen.draws)
    print(f"macro F1 in per cent, {chosen.seeds} seeds; in brackets 95 % of the difference from bce over recordings")
    print(f"{'':38}" + "".join(f"{group:>24}" for group in GROUPS))
    for method, scores in table.items():
        cells = [f"{100 * s['f1']:5.1f} ({100 * s['low']:+6.1f} to {100 * s['high']:+6.1f})" for s in scores.values()]
        print(f"{method:38}" + "".join(f"{cell:>24}" for cell in cells))
    rows = {f"{method}, {group}": row(scores["f1"], max(table["bce"][group]["f1"], 0.001), "macro F1")
            for method, values in table.items() for group, scores in values.items()}  # fmt: skip
    title = f"\n{chosen.pond} pond, {len(subsets['train'][0])} training windows, peer: bce"
    show(rows, title, ["torch", "scikit-learn"], chosen.json)


if __name__ == "__main__":
    main()
