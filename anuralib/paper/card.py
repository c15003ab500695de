"""The README.md of a folder of results: what was done, with what, and what is not known."""

import platform
from importlib.metadata import PackageNotFoundError, version

from anuralib import __version__
from anuralib._files import write_text
from anuralib.paper.recipes import CHOICES, SOURCES

PACKAGES = ("numpy", "pandas", "scipy", "soundfile", "soxr", "scikit-learn", "torch", "torchaudio", "torchvision",
            "accelerate")  # fmt: skip
FILES = """\
| file | what |
| --- | --- |
| findings.csv | what a check of the data set found |
| windows.csv, split.csv | the table of windows; with its subsets |
| split_report.csv, leak_report.csv | each species in the split; what test shares with train |
| networks/ | each network (`model.pt`, for `al.load_model`) and its history |
| predictions/ | of validation and test windows: `numpy.load`, keys row (in split.csv), species, probability |
| table2.csv | macro F1 by group of species beside the published one, in both readings of the names |
| scores.csv | F1, precision, recall, average precision, AUROC of each species and group |
| species_sets.csv | macro F1 over all species, those in test, those in train and test; 95 % over recordings |
| differences.csv | each network less the one before, 95 % over recordings |
| thresholds.csv | thresholds from validation, and F1 with them (where the recipe has a validation subset) |
| figure5.csv, figure5.png | windows of each species |
| figure6.csv, figure6.png | F1 against windows, by site |
| left_out_sites.csv | scores at a site that was not learnt from (with --loso) |
| times.csv | seconds of each stage |
"""


def _versions():
    found = []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


def _table(frame):
    """A DataFrame as Markdown, numbers with a decimal."""
    lines = [list(frame.columns), ["---"] * len(frame.columns)]
    lines += [["" if cell != cell else f"{cell:.1f}" if isinstance(cell, float) else str(cell) for cell in row]
              for row in frame.itertuples(index=False)]  # fmt: skip
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _choices(recipe):
    if recipe.name != "paper":
        return ("The course's own recipe. It differs from the paper's in windows, pictures, optimiser, augmentation, "
                "loss and the choice of the epoch; see the settings below.\n")  # fmt: skip
    rows = "\n".join(f"| {' | '.join(row)} |" for row in CHOICES)
    rows += "\n\n" + "; ".join(f"{name}: {place}" for name, place in SOURCES.items()) + "."
    return ("What the paper and its code say, what they don't, and what was taken here.\n\n"
            f"| choice | as published | where | here |\n| --- | --- | --- | --- |\n{rows}\n")  # fmt: skip


def _changed(recipe, usual):
    """Settings that were not left as the recipe has them."""
    mine, theirs = recipe.settings(), usual.settings()
    changed = [f"{key}: {mine[key]} (recipe: {theirs[key]})" for key in mine if mine[key] != theirs[key]]
    return "".join(f"- {line}\n" for line in changed) or "- none\n"


def write_card(folder, facts, recipe, usual, table2, sets):
    """Write README.md.

    Parameters
    ----------
    folder : Path
    facts : dict
        Name to text, of this run: data, source of the windows, split, device, first weights.
    recipe, usual : Recipe
        As it was run, and as it stands in `RECIPES`.
    table2, sets : DataFrame
    """
    told = "".join(f"- {name}: {value}\n" for name, value in facts.items())
    settings = "".join(f"- {key}: {value}\n" for key, value in recipe.settings().items())
    write_text(
        f"""# AnuraSet, identified: recipe {recipe.name}

Made by `python -m anuralib.paper`, after Cañas et al. 2023 (doi 10.1038/s41597-023-02666-2).

## This run

{told}- anuralib {__version__}, Python {platform.python_version()}, {_versions()}

Changed in the recipe:

{_changed(recipe, usual)}
## Results

Macro F1 in per cent at a threshold of 0.5. The paper's text calls the largest group of species common, its table has
frequent ahead: both readings.

{_table(table2)}

Over which species the mean is taken, with 95 % intervals over recordings of the test subset:

{_table(sets)}

## What the networks are for

For the species in `split.csv`, in windows of 3 s from recorders like those of AnuraSet. What they say of other places,
other recorders and other species was not measured, unless `left_out_sites.csv` is here; species that were not learnt
from are never named. A probability is a score, not a chance: choose thresholds on validation recordings. AnuraSet's
record gives its licence as CC BY 4.0 (the article as CC0): name its authors.

## Choices

{_choices(recipe)}
## Settings

{settings}
## Files

{FILES}""",
        folder / "README.md",
    )
