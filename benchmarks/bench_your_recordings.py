"""What new nights bring to a network: labelled by itself, or corrected by a human, over several seeds.

The walk of the chapter "your-recordings" without its files: recordings of three sites of the simulated pond, a third of
the nights new. A network learns half of the labelled nights and labels the new ones; then it is trained anew, from the
start, with the new nights as it labelled them and as a careful human would correct them (the pond's annotator). All
are tested on the labelled nights that none has learnt from, by mean average precision. Each seed is a whole walk of its
own, with another first network and so other labels; intervals are over the nights of the test.

    python benchmarks/bench_your_recordings.py [--seeds 5] [--save] [--json FILE]
"""

import time

import numpy as np
import pandas as pd
from _results import save_results
from _table import arguments, row, show
from tqdm.auto import tqdm

import anuralib as al

FIRST, RAW, CORRECTED = "first", "not corrected", "corrected"


def load(size):
    """The pond, its recordings of all sites but one, and which of them are new."""
    pond = al.load_dataset("pond", size=size)
    tapes = pond.recordings[pond.recordings["site"] != "SIM1"]
    night = al.nights(tapes.rename(columns={"datetime": "date"}))
    return pond, tapes, night.isin(sorted(night.unique())[1::3])


def of_recordings(labels, tapes):
    return labels[labels["recording"].isin(tapes["recording"])]


def train(species, seed, epochs, x, y):
    model = al.build_model("small_cnn", species, seed=seed)
    al.fit(model, (x, y), epochs=epochs, batch_size=32, seed=seed, progress=False)
    return model


def mean_ap(y_true, y_prob):
    return al.average_precision(y_true, y_prob).mean()


def walk(pond, tapes, is_new, seeds, epochs):
    """Probabilities of each arm and seed on the windows of the test, these windows, and what had to be corrected."""
    old, new = tapes[~is_new], tapes[is_new]
    heard = of_recordings(pond.strong_labels, old)
    species = [code for code in pond.species if code in set(heard["species"])]
    known = pond.strong_labels[pond.strong_labels["species"].isin(species)]
    windows = al.window_labels(heard, old, species, hop_s=3)
    windows = al.stratified_split(windows, test_size=0.5, group="night", seed=0)
    is_train = (windows["subset"] == "train").to_numpy()
    true = al.window_labels(of_recordings(known, new), new, species, hop_s=3)
    fine = al.window_labels(of_recordings(known, new), new, species)  # predict_folder looks every second
    pictures, extra, every = (al.window_features(table, pond, progress=False) for table in (windows, true, fine))
    x = np.concatenate([pictures[is_train], extra])
    results, work = {FIRST: [], RAW: [], CORRECTED: []}, []
    for seed in tqdm(range(seeds), unit="walk"):
        first = train(species, seed, epochs, pictures[is_train], windows.loc[is_train, species])
        results[FIRST].append(al.predict(first, pictures[~is_train]))
        calls = al.labels_from_windows(fine, al.predict(first, every) >= 0.3, species)
        said = al.window_labels(calls, new, species, hop_s=3)
        for arm, rows in ((RAW, said), (CORRECTED, true)):
            model = train(species, seed, epochs, x, pd.concat([windows[is_train], rows])[species])
            results[arm].append(al.predict(model, pictures[~is_train]))
        a, b = (table[species].to_numpy() == 1 for table in (said, true))
        work.append({"right": (a & b).sum(), "deleted": (a & ~b).sum(), "added": (~a & b).sum()})
    return results, windows[~is_train], species, pd.DataFrame(work)


def compare(results, test, species, work, draws):
    """A row for each arm and pair of arms, and for what had to be corrected."""
    truth, nights, rows = test[species].to_numpy(), al.nights(test), []
    for arm, runs in results.items():
        scores = [mean_ap(truth, run) for run in runs]
        rows.append({"what": arm, "value": np.mean(scores), "lowest_seed": min(scores), "highest_seed": max(scores)})
    for one, other in ((FIRST, RAW), (FIRST, CORRECTED), (RAW, CORRECTED)):
        pair = al.paired_bootstrap(truth, results[one], results[other], nights, metric=mean_ap, n_boot=draws)
        by_seed = [mean_ap(truth, b) - mean_ap(truth, a) for a, b in zip(results[one], results[other], strict=True)]
        rows.append({"what": f"{other} - {one}", "value": pair["difference"], "low": pair["low"], "high": pair["high"],
                     "lowest_seed": min(by_seed), "highest_seed": max(by_seed)})  # fmt: skip
    rows += [{"what": name, "value": work[name].mean(), "lowest_seed": work[name].min(),
              "highest_seed": work[name].max()} for name in work]  # fmt: skip
    return pd.DataFrame(rows), nights.nunique()


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--draws", type=int, default=300, help="of the bootstrap")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_your_recordings.csv")
    chosen = parser.parse_args()
    started = time.perf_counter()
    pond, tapes, is_new = load(chosen.pond)
    results, test, species, work = walk(pond, tapes, is_new, chosen.seeds, chosen.epochs)
    table, n_nights = compare(results, test, species, work, chosen.draws)
    print(table.round(3).to_string(index=False))
    if chosen.save:
        note = (f"{chosen.pond} pond without SIM1, small_cnn of {chosen.epochs} epochs; mean average precision of "
                f"{len(species)} types on {len(test)} windows of {n_nights} nights, 95 % over nights; then pairs of "
                "window and type")  # fmt: skip
        spent = time.perf_counter() - started
        print(save_results("bench_your_recordings", table, range(chosen.seeds), spent, note=note))
    value = table.set_index("what")["value"]
    rows = {f"{arm}, average precision": row(value[arm], value[FIRST], "mean average precision") for arm in results}
    show(rows, f"{chosen.pond} pond, peer: the first network", ["torch", "scikit-learn"], chosen.json)


if __name__ == "__main__":
    main()
