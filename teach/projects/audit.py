"""Baseline of the project "Audit a split": what test shares with train, and what the score is then.

    python teach/projects/audit.py [FOLDER]        without a folder: the simulated pond
"""

import sys

import numpy as np
import pandas as pd
from sklearn.neighbors import KNeighborsClassifier

import anuralib as al

data = al.load_dataset(sys.argv[1] if len(sys.argv) > 1 else "pond")
windows = al.window_labels(data.strong_labels, data.recordings, data.species)
means = al.window_features(windows, data, cache_dir=True, progress=False).mean(axis=(1, 3), dtype="float32")
labels = windows[data.species]
coin = np.random.default_rng(0).random(len(windows)) < 0.3
splits = {
    "by window": windows.assign(subset=np.where(coin, "test", "train")),
    "by recording": al.stratified_split(windows),
    "by night": al.stratified_split(windows, group="night"),
}  # a published split: {"published": windows}, if `subset` is filled in its table

leaks, scores = {}, {}
for name, table in splits.items():
    leaks[name] = al.leak_report(table).set_index("shared")["share"]
    train, test = ((table["subset"] == side).to_numpy() for side in ("train", "test"))
    guess = KNeighborsClassifier(1).fit(means[train], labels[train]).predict(means[test])
    scores[name] = al.f1_per_species(labels[test], guess, species=data.species).where(labels[train].any())
scores = pd.DataFrame(scores).dropna()  # the same species in each column
print(f"share of test windows that share something with train, and mean F1 of {len(scores)} species")
print(pd.DataFrame(leaks).T.assign(F1=scores.mean()).round(2))
