"""Baseline of the project "Does a filter help?": the same classifier behind four pictures, on the same windows.

    python teach/projects/filters.py [FOLDER]        without a folder: the simulated pond
"""

import sys

import numpy as np
import pandas as pd

import anuralib as al

PICTURES = {
    "decibels": {},
    "band 300 Hz to 7 kHz": {"band_hz": (300.0, 7000.0)},
    "PCEN": {"compression": "pcen"},
    "half the bands": {"n_mels": 32},
}
data = al.load_dataset(sys.argv[1] if len(sys.argv) > 1 else "pond")
windows = al.window_labels(data.strong_labels, data.recordings, data.species, hop_s=3)
test = (al.stratified_split(windows)["subset"] == "test").to_numpy()
truth, names = windows[data.species].to_numpy(), windows.loc[test, "fname"].to_numpy()

guess = {}
for name, settings in PICTURES.items():
    pictures = al.window_features(windows, data, cache_dir=True, progress=False, **settings)[:, 0].astype("float32")
    spectra = np.hstack([pictures.mean(axis=2), pictures.std(axis=2), pictures.max(axis=2)])
    guess[name] = al.probe_probabilities(al.linear_probe(spectra[~test], truth[~test]), spectra[test])

rows = {}
for name, one in guess.items():
    rows[name] = {"macro F1": np.nanmean(al.f1_per_species(truth[test], one))}
    if name != "decibels":
        found = al.paired_bootstrap(truth[test], guess["decibels"], one, names, n_boot=100)
        rows[name] |= {key: found[key] for key in ("difference", "low", "high")}
print("difference from decibels, with 95 % over the recordings of test")
print(pd.DataFrame(rows).T.round(3))
