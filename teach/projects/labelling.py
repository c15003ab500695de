"""Baseline of the project "How much labelling is enough?": the score against the number of labelled recordings.

    python teach/projects/labelling.py [FOLDER]        without a folder: the simulated pond
"""

import sys

import numpy as np
import pandas as pd

import anuralib as al

data = al.load_dataset(sys.argv[1] if len(sys.argv) > 1 else "pond")
windows = al.window_labels(data.strong_labels, data.recordings, data.species, hop_s=3)
pictures = al.window_features(windows, data, cache_dir=True, progress=False)[:, 0].astype("float32")
spectra = np.hstack([pictures.mean(axis=2), pictures.std(axis=2), pictures.max(axis=2)])
names, truth = windows["fname"].to_numpy(), windows[data.species].to_numpy()

# The test is drawn first, and never chosen from.
test = (al.stratified_split(windows)["subset"] == "test").to_numpy()
in_test = windows[test].groupby("fname")[data.species].max().sum()
scored = (in_test >= min(3, in_test.max())).to_numpy()
pool = np.unique(names[~test])

rows = []
for n in [n for n in (2, 5, 10, 20, 40, 80) if n <= len(pool)]:
    for seed in range(5):
        labelled = np.isin(names, np.random.default_rng(seed).choice(pool, n, replace=False))
        guess = al.probe_probabilities(al.linear_probe(spectra[labelled], truth[labelled]), spectra[test])
        score = al.average_precision(truth[test][:, scored], guess[:, scored]).mean()
        boxes = data.strong_labels["recording"].isin(names[labelled]).sum()
        rows.append({"recordings": n, "boxes": boxes, "AP": score})
table = pd.DataFrame(rows).groupby("recordings").agg(boxes=("boxes", "mean"), mean=("AP", "mean"),
                                                     lowest=("AP", "min"), highest=("AP", "max"))  # fmt: skip
print(f"mean average precision of {scored.sum()} species, five draws of each size")
print(table.round(2))
