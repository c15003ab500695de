"""Baseline of the project "One species for a ranger": few false alarms first, then how much is found.

    python teach/projects/ranger.py [FOLDER [SPECIES]]        without a folder: the simulated pond
"""

import sys

import numpy as np
import pandas as pd

import anuralib as al

data = al.load_dataset(sys.argv[1] if len(sys.argv) > 1 else "pond")
windows = al.window_labels(data.strong_labels, data.recordings, data.species, hop_s=3)
heard_in = windows.groupby("fname")[data.species].max().sum()
species = sys.argv[2] if len(sys.argv) > 2 else heard_in.idxmax()
pictures = al.window_features(windows, data, cache_dir=True, progress=False)[:, 0].astype("float32")
spectra = np.hstack([pictures.mean(axis=2), pictures.std(axis=2), pictures.max(axis=2)])

# Whole nights stay together. The threshold is chosen on valid, and test is looked at once.
split = al.add_validation(al.stratified_split(windows, group="night"), valid_size=0.3, group="night")
part = {name: (split["subset"] == name).to_numpy() for name in ("train", "valid", "test")}
probe = al.linear_probe(spectra[part["train"]], windows.loc[part["train"], [species]])
y = {name: windows.loc[part[name], [species]].to_numpy() for name in ("valid", "test")}
p = {name: al.probe_probabilities(probe, spectra[part[name]]) for name in ("valid", "test")}

rows = []
for alarms in (0.001, 0.01, 0.05):
    threshold = al.threshold_for_alarms(y["valid"], p["valid"], alarms=alarms)
    yes, calls = p["test"] >= threshold, y["test"] == 1
    rows.append({"alarms allowed in 1000 windows": 1000 * alarms, "threshold": threshold,
                 "alarms in 1000 windows": 1000 * (yes & ~calls).mean(),
                 "share of positive windows found": yes[calls].mean() if calls.any() else np.nan})  # fmt: skip
print(f"{species} in {part['test'].sum()} windows of test nights")
print(pd.DataFrame(rows).round(3).to_string(index=False))
