"""What the chapter on the long tail says of the long run is so in the table that is committed."""

import pytest
from _results import read_results

GAINS, LOSES, OPEN = "above", "below", "open"


@pytest.fixture(scope="module")
def table():
    return read_results("bench_losses").set_index(["method", "measure", "group"])


def verdict(row):
    """Where the interval of the difference from plain cross-entropy lies."""
    return GAINS if row["low"] > 0 else LOSES if row["high"] < 0 else OPEN


@pytest.mark.parametrize(("method", "measure", "group", "said"), [
    ("logit_adjusted", "F1", "rare", GAINS), ("logit_adjusted", "F1", "common", OPEN),
    ("logit_adjusted", "AP", "rare", OPEN),
    ("asymmetric", "F1", "rare", GAINS), ("asymmetric", "F1", "common", OPEN), ("asymmetric", "AP", "rare", OPEN),
    ("bce, adjust_logits after", "F1", "rare", GAINS), ("bce, adjust_logits after", "F1", "common", OPEN),
    ("bce, thresholds tuned", "F1", "rare", GAINS),
    ("repeat_factors", "AP", "rare", GAINS), ("ldam", "AP", "rare", GAINS),
    ("class_balanced", "F1", "frequent", LOSES), ("class_balanced", "F1", "common", LOSES),
    ("class_balanced", "F1", "rare", OPEN),
    ("mix2", "F1", "rare", OPEN), ("mix2", "AP", "rare", OPEN), ("manifold_mixup", "F1", "rare", GAINS),
    ("mixup", "F1", "common", LOSES), ("multimix", "AP", "rare", LOSES),
    *[("mix_sounds", "F1", group, OPEN) for group in ("common", "frequent", "rare")],
    ("bce, prototypes", "AP", "rare", LOSES),
])  # fmt: skip
def test_the_interval_lies_where_the_chapter_says(table, method, measure, group, said):
    assert verdict(table.loc[(method, measure, group)]) == said


def test_sizes_and_orders_that_the_chapter_names(table):
    rare = table["difference"].xs(("F1", "rare"), level=("measure", "group"))
    best = {"logit_adjusted", "asymmetric", "bce, adjust_logits after"}
    assert set(rare.nlargest(3).index) == best
    assert rare[list(best)].max() - rare[list(best)].min() < 0.02  # about as much
    assert rare.nlargest(4).index[3] in ("bce, thresholds tuned", "mix_sounds + logit_adjusted")
    ranked = table["difference"].xs(("AP", "rare"), level=("measure", "group"))
    assert ranked.idxmax() == "repeat_factors"
    for after in ("bce, adjust_logits after", "bce, thresholds tuned"):  # a threshold ranks nothing anew
        assert abs(ranked[after]) < 1e-3
    assert table["n_species"].xs(("F1", "rare"), level=("measure", "group")).eq(17).all()


def test_the_run_is_the_one_that_is_described():
    from _results import FOLDER

    head = (FOLDER / "bench_losses.csv").read_text(encoding="utf-8").split("\nmethod", 1)[0]
    assert "templates, 10 frames a window, 8 epochs" in head and "seeds 0, 1, 2;" in head
