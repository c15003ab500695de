"""What five ways to deal with noise bring, by quality letter and in wind, rain and insects, on held-out recordings.

Pictures in dB; after a band-pass; behind a spectral gate; in PCEN; and in dB with silent windows of the training subset
mixed in. From each a classifier learns on the same windows of the simulated pond (every other one): a probe, logistic
regressions on the mean, deviation and maximum of each band over time, or with ``--classifier network`` small_cnn. Every
seed draws four fifths of the training windows, the same for all methods. They are tested on the recordings as they are,
and on the same recordings with wind, rain or insects of one level added to the sound, and compared with pictures in dB
by a paired bootstrap over the recordings of the test subset.

    python benchmarks/bench_noise.py [--classifier network] [--seeds 3] [--folder DIR] [--save] [--json FILE]

Pictures and answers stay in the folder: a run that was stopped goes on.
"""

import time
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
from _results import save_results
from _table import arguments, row, show
from tqdm.auto import tqdm

import anuralib as al
from anuralib.learn import augment

FULL_HZ = (1, 10_000)
CALLS_HZ = (300, 7000)  # from the lowest to the highest call of the pond
LEVEL_DBFS = -40.0  # of the wind, rain or insects that are added
PLACES = ("as recorded", "wind", "rain", "insects")
METHODS = ("dB", "band-pass", "spectral gate", "PCEN", "mix_background")


def windows_of(pond):
    """Every other window of the pond, with its subset."""
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    windows = al.add_validation(al.stratified_split(windows, seed=0), seed=0)
    return windows[windows["min_t"] % 2 == 0].reset_index(drop=True)


def stored(folder, name, make):
    """What `make` gives, kept in the folder (if there is one) for the next run."""
    path = None if folder is None else folder / f"{name}.npy"
    if path is not None and path.exists():
        return np.load(path)
    out = make()
    if path is not None:
        folder.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part.npy")
        np.save(part, out)
        part.replace(path)
    return out


def load_pictures(windows, pond, folder, kind=None):
    """Of each window one in dB and one that was filtered first, with a nuisance in the sound or without."""
    return [
        stored(folder, f"{kind or 'as recorded'} {band_hz}",
               partial(al.noisy_features, windows, pond, kind, LEVEL_DBFS, band_hz))
        for band_hz in (FULL_HZ, CALLS_HZ)
    ]  # fmt: skip


def transform(method, in_db, filtered, names):
    """What the network of a method is given."""
    if method == "band-pass":
        return filtered
    if method == "spectral gate":
        return al.spectral_gate(in_db, groups=names)
    return al.pcen(in_db) if method == "PCEN" else in_db


def found_share(y_true, y_prob):
    """Recall of all pairs of window and species together."""
    return (y_prob[y_true > 0] >= 0.5).mean() if (y_true > 0).any() else np.nan


def false_alarms(y_true, y_prob):
    """Wrong yeses in 100 windows."""
    return 100 * ((y_prob >= 0.5) & (y_true == 0)).sum() / len(y_true)


def pooled_f1(y_true, y_prob):
    """F1 of all pairs together."""
    yes = y_prob >= 0.5
    return 2 * (yes & (y_true > 0)).sum() / max(yes.sum() + (y_true > 0).sum(), 1)


def bands(pictures):
    """Mean, deviation and maximum of each band over time: what the probe is given of a picture."""
    x = np.asarray(pictures, np.float32)[:, 0]
    return np.hstack([x.mean(axis=2), x.std(axis=2), x.max(axis=2)])


def answers(chosen, species, seed, train, valid, places, silent):
    """Probabilities of a classifier for each place; `silent` are windows to mix in, or None."""
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.choice(len(train[0]), 4 * len(train[0]) // 5, replace=False))
    x, y = np.asarray(train[0])[rows], train[1][rows]
    mixed = None if silent is None else partial(augment.mix_background, background=silent)
    if chosen.classifier == "probe":
        probe = al.linear_probe(bands(x if mixed is None else mixed(x, generator=seed)), y)
        return np.stack([al.probe_probabilities(probe, bands(given)) for given in places.values()])
    model = al.build_model("small_cnn", species, seed=seed)
    al.fit(model, (x, y), valid, epochs=chosen.epochs, seed=seed, augment=mixed, progress=False)
    return np.stack([al.predict(model, given) for given in places.values()])


def compare(results, truth, letters, names, draws):
    """A row for each method, place and measure: mean over seeds, and the paired difference from dB."""
    rows = []
    told = {"macro F1": (truth, al.metrics.macro_f1), "false alarms": (truth, false_alarms)}
    told |= {f"recall {letter}": (mine, found_share) for letter, mine in letters.items() if mine.any()}
    for method, number in product(METHODS, range(len(PLACES))):
        ours, base = ([run[number] for run in results[name]] for name in (method, "dB"))
        line = {"method": method, "place": PLACES[number]}
        for measure, (y_true, metric) in told.items():
            value = np.mean([metric(y_true > 0, run) for run in ours])
            pair = {}
            if method != "dB":
                pair = al.paired_bootstrap(y_true, base, ours, names, metric=metric, n_boot=draws)
            rows.append(line | {"measure": measure, "value": value}
                        | {key: pair.get(key, np.nan) for key in ("difference", "low", "high")})  # fmt: skip
        for letter, mine in letters.items():
            # A false alarm has no letter: F1 of a letter leaves the other letters' pairs out, and counts all alarms.
            f1 = [pooled_f1(mine, np.where((truth > 0) & (mine == 0), 0, run)) for run in ours]
            rows.append(line | {"measure": f"F1 {letter}", "value": np.mean(f1)})
        rows.append(line | {"measure": "macro AP", "value": np.mean([al.average_precision(truth, run).mean()
                                                                     for run in ours])})  # fmt: skip
    return pd.DataFrame(rows)


def _macro_f1(table):
    return table[(table["place"] == "as recorded") & (table["measure"] == "macro F1")].set_index("method")["value"]


def facts_probe(table):
    """The number that the chapter on noise gives of the probe's table, by glue key."""
    return {"noise_probe_db": float(_macro_f1(table)["dB"])}


def facts_network(table):
    """The numbers that the chapter on noise gives of the network's table, by glue key."""
    f1 = _macro_f1(table)
    return {"noise_network_db": float(f1["dB"]), "noise_network_best": float(f1.max())}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--classifier", choices=("probe", "network"), default="probe")
    parser.add_argument("--epochs", type=int, default=8, help="of the network")
    parser.add_argument("--draws", type=int, default=200, help="of the bootstrap")
    parser.add_argument("--folder", type=Path, help="keep pictures and answers here")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_noise[_network].csv")
    chosen = parser.parse_args()
    started = time.perf_counter()
    pond = al.load_dataset("pond", size=chosen.pond)
    windows = windows_of(pond)
    is_in = {name: (windows["subset"] == name).to_numpy() for name in ("train", "valid", "test")}
    test = windows[is_in["test"]].reset_index(drop=True)
    names, truth = windows["fname"].to_numpy(), windows[pond.species].to_numpy()
    best = al.pair_quality(pond, test)
    letters = {letter: (best == letter).astype(int) for letter in "HML"}
    in_db, filtered = load_pictures(windows, pond, chosen.folder)
    noisy = {kind: load_pictures(test, pond, chosen.folder, kind) for kind in PLACES[1:]}
    silent = in_db[is_in["train"] & (truth.sum(axis=1) == 0)]
    results = {}
    with tqdm(total=len(METHODS) * chosen.seeds, unit="run") as bar:
        for method in METHODS:
            given = transform(method, in_db, filtered, names)
            places = {"as recorded": given[is_in["test"]]}
            places |= {kind: transform(method, *pair, names[is_in["test"]]) for kind, pair in noisy.items()}
            train, valid = ((given[is_in[part]], truth[is_in[part]]) for part in ("train", "valid"))
            for seed in range(chosen.seeds):
                run = partial(answers, chosen, pond.species, seed, train, valid, places,
                              silent if method == "mix_background" else None)  # fmt: skip
                name = f"{chosen.classifier} {method} {seed} of {chosen.epochs} epochs"
                results.setdefault(method, []).append(stored(chosen.folder, name, run))
                bar.update()
    table = compare(results, truth[is_in["test"]], letters, names[is_in["test"]], chosen.draws)
    print(table.round(3).to_string(index=False))
    if chosen.save:
        note = (f"{chosen.pond} pond, every other window, {chosen.classifier}"
                f"{f' of {chosen.epochs} epochs' * (chosen.classifier == 'network')}; differences from dB, 95 % over "
                f"recordings; {len(test)} test windows; added sounds at {LEVEL_DBFS:g} dBFS"
                + ("; the time is without pictures that were in the folder" if chosen.folder else ""))  # fmt: skip
        name = "bench_noise" if chosen.classifier == "probe" else "bench_noise_network"
        spent = time.perf_counter() - started
        print(save_results(name, table, range(chosen.seeds), spent, note=note, script="bench_noise"))
    base = table[table["method"] == "dB"].set_index(["place", "measure"])["value"]
    rows = {f"{r.method}, {r.place}, {r.measure}": row(r.value, max(base[r.place, r.measure], 0.001), r.measure)
            for r in table.itertuples()}  # fmt: skip
    show(rows, f"{chosen.pond} pond, peer: pictures in dB", ["torch", "scikit-learn"], chosen.json)


if __name__ == "__main__":
    main()
