"""Baseline of the project "The next pond": one site after the other is held out, and each shown by itself.

    python teach/projects/new_site.py [FOLDER]        without a folder: the simulated pond
"""

import sys

import numpy as np
import pandas as pd

import anuralib as al

data = al.load_dataset(sys.argv[1] if len(sys.argv) > 1 else "pond")
windows = al.window_labels(data.strong_labels, data.recordings, data.species, hop_s=3)
pictures = al.window_features(windows, data, cache_dir=True, progress=False)[:, 0].astype("float32")
spectra = np.hstack([pictures.mean(axis=2), pictures.std(axis=2), pictures.max(axis=2)])
sites, truth = windows["site"].to_numpy(), windows[data.species].to_numpy()
folds = al.kfold_split(windows, 3).to_numpy()

guess = {"known": np.zeros(truth.shape), "new": np.zeros(truth.shape)}
for name, parts in (("known", folds), ("new", sites)):
    for part in np.unique(parts):
        probe = al.linear_probe(spectra[parts != part], truth[parts != part])
        guess[name][parts == part] = al.probe_probabilities(probe, spectra[parts == part])

rows = []
for site in np.unique(sites):
    here, y = sites == site, truth[sites == site]
    asked = (y.sum(axis=0) > 0) & (truth[~here].sum(axis=0) > 0)  # species that live here and elsewhere
    row = {"site": site, "species asked": asked.sum(), "species here": (y.sum(axis=0) > 0).sum()}
    if asked.any():
        row |= {name: al.average_precision(y[:, asked], guess[name][here][:, asked]).mean() for name in guess}
        row["no skill"] = y[:, asked].mean()
    rows.append(row)
print("mean average precision with the site known and with the site new")
print(pd.DataFrame(rows).round(2).to_string(index=False))
