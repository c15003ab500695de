"""Typical wrong answers of this part: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

SPECIES = slice(8, None)  # the columns after the eight that say which window it is

WRONG = [
    ("build-dataset.1", 1000 * 60 * 22050 * 2 / 1e9, "windows overlap"),
    ("build-dataset.1", 7.938, "58 windows"),
    ("build-dataset.1", 3.8367, "2 bytes"),
    ("build-dataset.1", 7.146, "2^30"),
    ("build-dataset.1", 61.4, "16 bits"),
    ("build-dataset.2", "some_evening", "bouts in it"),
    ("build-dataset.2", "nobody", "one of"),
    ("build-dataset.2", "SIM1_20210317_233000", "length of its bar|one of"),  # of the tiny pond
    ("build-dataset.2", "SIM1_20200911_033000", "length of its bar|one of"),  # of the mini pond
    ("build-dataset.3", ("nothing", "nothing"), "run it"),
    ("build-dataset.3", ("refuse", "overwrite"), "no window has changed"),
    ("build-dataset.3", "refuse", "pair"),
    ("build-dataset.4", lambda row: f"audio/{row['site']}/{row['sample_name']}", "mere number"),
    ("build-dataset.4", lambda row: f"audio/{row['site']}/{row['fname']}_{row['min_t']}_{row['max_t']}.wav", ":g"),
    ("build-dataset.4", lambda row: f"audio/{row['fname']}_{row['min_t']:g}_{row['max_t']:g}.wav", "is the site"),
    ("build-dataset.4",
     lambda row: f"audio/{row['site']}/{row['fname']}_{int(row['min_t'])}_{int(row['max_t'])}.wav", "0.5"),
    ("build-dataset.5", lambda table: table["species_number"] / 2, "half a species"),
    ("build-dataset.5", lambda table: table["species_number"], "wrong number itself"),
    ("build-dataset.5", lambda table: table["species_number"] + table.iloc[:, SPECIES].sum(axis=1), "takes in"),
    ("build-dataset.5", lambda table: (table["species_number"] + table["HIGPEE"]) / 2, "in another way"),
    ("build-dataset.5", lambda table: np.ceil(table["species_number"] / 2), "in another way"),
    ("build-dataset.5", 3, "a function"),
    ("build-dataset.5", lambda table: 3, "shape"),
]  # fmt: skip
