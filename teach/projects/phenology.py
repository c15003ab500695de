"""Baseline of the project "When does it call?": by month, the share of recordings in which one species is found.

    python teach/projects/phenology.py [FOLDER [SPECIES]]        without a folder: the simulated pond
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

# Each night is rated by a detector that has never heard it.
folds = al.kfold_split(windows, 3, group="night").to_numpy()
found = np.zeros(len(windows))
for fold in range(3):
    probe = al.linear_probe(spectra[folds != fold], windows.loc[folds != fold, [species]])
    found[folds == fold] = al.probe_probabilities(probe, spectra[folds == fold])[:, 0]

month = pd.to_datetime(windows["date"]).dt.month
recordings = pd.DataFrame({"month": month, "fname": windows["fname"], "annotator": windows[species], "detector": found})
recordings = recordings.groupby(["month", "fname"]).max()
recordings["detector"] = recordings["detector"] >= 0.5
table = recordings.groupby("month").mean().round(2)
print(f"share of recordings with {species}, by month")
print(table.assign(recordings=recordings.groupby("month").size()))
