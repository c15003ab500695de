"""What the chapter on the long tail says of the long run is so in the table that is committed."""

import bench_losses
import pytest
from _results import FOLDER, read_results

GAINS, LOSES, OPEN = "above", "below", "open"
SHOWN = [("F1", "common"), ("F1", "frequent"), ("F1", "rare"), ("AP", "rare")]


@pytest.fixture(scope="module")
def table():
    return read_results("bench_losses").set_index(["method", "measure", "group"])


def verdict(row):
    """Where the interval of the difference from plain cross-entropy lies."""
    return GAINS if row["low"] > 0 else LOSES if row["high"] < 0 else OPEN


def methods_that(table, said, measure, group):
    """Those whose interval lies there."""
    rows = table.xs((measure, group), level=("measure", "group")).drop("bce")
    return {method for method, row in rows.iterrows() if verdict(row) == said}


@pytest.mark.parametrize(("method", "measure", "group", "said"), [
    ("logit_adjusted", "F1", "rare", GAINS), ("logit_adjusted", "F1", "common", OPEN),
    ("asymmetric", "F1", "rare", GAINS), ("asymmetric", "F1", "common", OPEN),
    ("bce, adjust_logits after", "F1", "rare", GAINS),
    ("bce, thresholds tuned", "F1", "rare", GAINS), ("bce, thresholds tuned", "F1", "frequent", LOSES),
    ("repeat_factors", "AP", "rare", LOSES), ("repeat_factors", "F1", "common", LOSES),
    ("repeat_factors", "F1", "rare", OPEN),
    ("class_balanced", "F1", "frequent", LOSES), ("class_balanced", "F1", "common", LOSES),
    ("class_balanced", "F1", "rare", OPEN), ("class_balanced", "AP", "rare", OPEN),
    ("mix_sounds", "F1", "frequent", GAINS),
    *[("mix_sounds", measure, group, OPEN) for measure, group in SHOWN if group != "frequent"],
    ("manifold_mixup", "F1", "rare", GAINS), ("manifold_mixup", "F1", "frequent", LOSES),
    ("mixup", "F1", "common", LOSES), ("multimix", "F1", "common", LOSES), ("multimix", "AP", "rare", LOSES),
    *[(method, measure, group, OPEN) for method in ("mix2", "ldam") for measure, group in SHOWN],
    ("bce, prototypes", "AP", "rare", LOSES), ("bce, prototypes", "F1", "common", LOSES),
])  # fmt: skip
def test_the_interval_lies_where_the_chapter_says(table, method, measure, group, said):
    assert verdict(table.loc[(method, measure, group)]) == said


def test_nothing_is_known_to_rank_the_rare_better(table):
    assert not methods_that(table, GAINS, "AP", "rare")
    assert methods_that(table, LOSES, "AP", "rare") == {"repeat_factors", "multimix", "bce, prototypes"}
    ranked = table["difference"].xs(("AP", "rare"), level=("measure", "group"))
    assert ranked.idxmax() == "mix_sounds + logit_adjusted"
    assert ranked.idxmin() == "multimix"  # "does the most harm"
    for after in ("bce, adjust_logits after", "bce, thresholds tuned"):  # a threshold ranks nothing anew
        assert abs(ranked[after]) < 1e-3


def test_the_figure_shows_what_its_description_says(table):
    assert len(methods_that(table, GAINS, "F1", "rare")) == 6 and not methods_that(table, LOSES, "F1", "rare")
    assert not methods_that(table, GAINS, "F1", "common") and methods_that(table, LOSES, "F1", "common")


def test_the_methods_that_may_be_lucky_end_close_to_zero(table):
    for row in (("repeat_factors", "AP", "rare"), ("repeat_factors", "F1", "common"), ("manifold_mixup", "F1", "rare"),
                ("mix_sounds", "F1", "frequent")):  # fmt: skip
        assert 0 < min(abs(table.loc[row, "low"]), abs(table.loc[row, "high"])) < 0.006


def test_the_intervals_are_counted_without_those_that_can_not_move(table):
    facts = bench_losses.facts(table.reset_index())
    intervals = 14 * len(SHOWN) - 2  # of thresholds and adjusted logits the ranking is the same
    assert facts["long_tail_run_intervals"] == intervals
    clear = sum(len(methods_that(table, said, *shown)) for said in (GAINS, LOSES) for shown in SHOWN)
    assert facts["long_tail_run_clear"] == clear > 4 * facts["long_tail_run_by_chance"]


def test_the_run_is_the_one_that_is_described(table):
    head = (FOLDER / "bench_losses.csv").read_text(encoding="utf-8").split("\nmethod", 1)[0]
    assert "small_cnn, 130 frames a window, 12 epochs" in head and "seeds 0, 1, 2, 3, 4;" in head
    assert "trained on one NVIDIA H200" in head
    assert table["n_species"].xs(("F1", "rare"), level=("measure", "group")).eq(17).all()


def test_the_readme_has_the_same_table(table):
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    shown = readme[readme.index("`bench_losses.py --save`:") :].split("\n\n")[1].splitlines()[2:]
    columns, rows = [*[("F1", group) for group in ("common", "frequent", "rare", "all")], ("AP", "rare")], {}
    for line in shown:
        method, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows[method] = [float(cell.split()[0]) for cell in cells]
    assert set(rows) == set(table.index.unique("method"))
    for method, scores in rows.items():
        right = [table.loc[(method, *column), "score"] for column in columns]
        assert scores == pytest.approx([100 * score for score in right], abs=0.051)
