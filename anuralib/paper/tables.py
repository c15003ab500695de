"""From predictions to tables: the paper's Table 2 and Figures 5 and 6, and what the course adds."""

import functools

import numpy as np
import pandas as pd

from anuralib.paper.recipes import PUBLISHED
from anuralib.score.bootstrap import bootstrap_ci, paired_bootstrap
from anuralib.score.metrics import (
    average_precision,
    evaluate,
    f1_from_counts,
    f1_per_species,
    frequency_groups,
    tune_thresholds,
)
from anuralib.windows.table import species_columns

# The paper's text calls the largest group common, its table lists frequent first: which name a group has.
READINGS = {
    "of the text": {"common": "common", "frequent": "frequent", "rare": "rare"},
    "of the table": {"common": "frequent", "frequent": "common", "rare": "rare"},
}
BOUNDS = {"common": "over 10,000 windows", "frequent": "5,000 to 10,000", "rare": "under 5,000", "all": ""}


def _quick_macro_f1(truth, prob, n=None):
    """`macro_f1` of arrays that were checked before, drawn a thousand times; of n species, undefined ones are 0."""
    chosen, truth = prob >= 0.5, truth.astype(bool)
    values = f1_from_counts((truth & chosen).sum(0), truth.sum(0), chosen.sum(0))
    values = values[np.isfinite(values)]
    if n is not None:
        return float(values.sum() / n)
    return float(values.mean()) if len(values) else np.nan


def species_groups(windows):
    """Group of each species by its number of windows, under the names of the paper's text."""
    return frequency_groups(windows, species_columns(windows))


def table2(truth, predictions, groups):
    """Macro F1 in per cent of each group of species, beside what is published, in both readings of the names."""
    rows = []
    scores = {name: 100 * f1_per_species(truth, prob) for name, prob in predictions.items()}
    for reading, names in READINGS.items():
        for size in ("common", "frequent", "rare", "all"):
            mine = groups.index if size == "all" else groups.index[groups == size]
            group = names.get(size, "all")
            row = {"names": reading, "group": group, "windows_of_a_species": BOUNDS[size], "n_species": len(mine),
                   "n_in_test": int(truth[mine].any().sum())}  # fmt: skip
            row |= {f"{name}_f1": score[mine].mean() for name, score in scores.items()}
            rows.append(row | {f"{name}_published": told[group] for name, told in PUBLISHED.items()})
    return pd.DataFrame(rows)


def species_sets(windows, truth, predictions, draws, seed=0):
    """Macro F1 (at 0.5) over all species, those in test, and those in train and test, with 95 % over recordings.

    Over all species one without windows in test counts as 0, as some libraries have it; in the other two sets every
    score is defined.
    """
    in_test, in_train = truth.any(), windows.loc[windows["subset"] != "test", truth.columns].any()
    groups = windows.loc[truth.index, "fname"]
    sets = {"all, undefined as 0": truth.columns, "in test": truth.columns[in_test],
            "in train and test": truth.columns[in_test & in_train]}  # fmt: skip
    rows = []
    for network, prob in predictions.items():
        for name, species in sets.items():
            told = {"estimate": np.nan, "low": np.nan, "high": np.nan}
            if len(species):
                score = functools.partial(_quick_macro_f1, n=len(species) if name.startswith("all") else None)
                told = bootstrap_ci(truth[species], prob[species], groups, score, n_boot=draws, seed=seed)
            rows.append({"network": network, "species": name, "n_species": len(species)}
                        | {key: 100 * told[key] for key in ("estimate", "low", "high")})  # fmt: skip
    return pd.DataFrame(rows).rename(columns={"estimate": "macro_f1"})


def differences(windows, truth, predictions, draws, seed=0):
    """Macro F1 of each network less that of the one before, on the same draws of recordings."""
    groups, names, rows = windows.loc[truth.index, "fname"], list(predictions), []
    for before, after in zip(names, names[1:], strict=False):
        told = paired_bootstrap(truth, predictions[before], predictions[after], groups, _quick_macro_f1, draws,
                                seed=seed)  # fmt: skip
        rows.append({"network": after, "against": before} | {
            key: 100 * told[key] for key in ("difference", "low", "high")} | {
            "share_above_zero": told["share_above_zero"]})  # fmt: skip
    columns = ["network", "against", "difference", "low", "high", "share_above_zero"]
    return pd.DataFrame(rows, columns=columns)


def scores_by_species(truth, predictions, groups):
    """`evaluate` of each network, at 0.5."""
    tables = [evaluate(truth, prob, groups=groups).assign(network=name) for name, prob in predictions.items()]
    return pd.concat(tables, ignore_index=True)


def thresholds(valid, valid_predictions, truth, predictions):
    """The threshold that validation chose for each species, and F1 on test at 0.5 and at it."""
    tables = []
    for network, prob in predictions.items():
        chosen = tune_thresholds(valid, valid_predictions[network])
        tables.append(pd.DataFrame({
            "network": network, "species": truth.columns, "windows_in_validation": valid.sum().to_numpy(),
            "threshold": chosen.to_numpy(), "f1_at_0.5": f1_per_species(truth, prob).to_numpy(),
            "f1_at_threshold": f1_per_species(truth, prob, chosen).to_numpy(),
        }))  # fmt: skip
    return pd.concat(tables, ignore_index=True)


def windows_by_species(windows, groups):
    """Figure 5: windows of each species by subset, at how many sites it was heard, and its group; most first."""
    species = list(groups.index)
    held = {name: windows.loc[windows["subset"] == name, species].sum() for name in ("train", "valid", "test")}
    table = pd.DataFrame(held).assign(
        windows=windows[species].sum(), sites=(windows.groupby("site")[species].sum() > 0).sum(), group=groups
    )
    return table.sort_values("windows", ascending=False, kind="stable").rename_axis("species").reset_index()


def f1_by_site(windows, truth, predictions):
    """Figure 6: F1 (in per cent, at 0.5) of each species at each site against its number of windows there."""
    site, rows = windows.loc[truth.index, "site"], []
    counts = windows.groupby("site")[list(truth.columns)].sum()
    for network, prob in predictions.items():
        for place in counts.index:
            here = truth.index[site == place]
            if not len(here):
                continue
            f1 = f1_per_species(truth.loc[here], prob.loc[here])
            rows.append(pd.DataFrame({
                "network": network, "site": place, "species": truth.columns, "windows": counts.loc[place].to_numpy(),
                "windows_in_test": truth.loc[here].sum().to_numpy(), "f1": 100 * f1.to_numpy(),
            }))  # fmt: skip
    table = pd.concat(rows, ignore_index=True)
    return table[table["windows"] > 0].reset_index(drop=True)


def left_out_site(windows, prob, site, network):
    """Scores at a site that was not learnt from, of the species that are heard at others, too."""
    species = species_columns(windows)
    test, rest = windows["subset"] == "test", windows["subset"] != "test"
    both = [code for code in species if windows.loc[test, code].any() and windows.loc[rest, code].any()]
    truth = windows.loc[test, species]
    row = {"network": network, "site": site, "windows": int(test.sum()), "n_species": int(truth.any().sum()),
           "n_species_elsewhere": len(both), "macro_f1": np.nan, "mean_average_precision": np.nan}  # fmt: skip
    if both:
        row["macro_f1"] = 100 * f1_per_species(truth[both], prob[both]).mean()
        row["mean_average_precision"] = 100 * average_precision(truth[both], prob[both]).mean()
    return row
