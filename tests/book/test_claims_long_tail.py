"""What the chapter on the long tail says of its tables is so in the tables that are committed."""

import bench_losses
import pytest
from _results import FOLDER, read_results
from bench_long_tail import facts_heads
from bench_pretrained import facts_rare

GAINS, LOSES, OPEN = "above", "below", "open"
SHOWN = [("F1", "common"), ("F1", "frequent"), ("F1", "rare"), ("AP", "rare")]


@pytest.fixture(scope="module")
def losses():
    return read_results("bench_losses").set_index(["method", "measure", "group"])


@pytest.fixture(scope="module")
def heads():
    return read_results("bench_long_tail").set_index(["method", "recordings", "measure", "group"]).sort_index()


@pytest.fixture(scope="module")
def every(heads):
    return int(heads.index.get_level_values("recordings").max())


def verdict(low, high):
    """Where an interval lies."""
    return GAINS if low > 0 else LOSES if high < 0 else OPEN


def methods_that(losses, said, measure, group):
    """Those whose interval of the difference from plain cross-entropy lies there."""
    rows = losses.xs((measure, group), level=("measure", "group")).drop("bce")
    return {method for method, row in rows.iterrows() if verdict(row["low"], row["high"]) == said}


@pytest.mark.parametrize(("method", "measure", "said"), [
    ("asymmetric", "F1", GAINS), ("asymmetric", "AP", OPEN), ("bce, adjust_logits after", "F1", GAINS),
    ("repeat_factors", "AP", LOSES), ("repeat_factors", "F1", OPEN), ("multimix", "AP", LOSES),
])  # fmt: skip
def test_networks_and_rare_types(losses, method, measure, said):
    row = losses.loc[(method, measure, "rare")]
    assert verdict(row["low"], row["high"]) == said


def test_no_method_for_the_network_is_known_to_rank_the_rare_better(losses):
    assert not methods_that(losses, GAINS, "AP", "rare")
    ranked = losses["difference"].xs(("AP", "rare"), level=("measure", "group"))
    assert ranked.idxmin() == "multimix"  # "does the most harm"
    assert abs(ranked["bce, adjust_logits after"]) < 1e-3  # a threshold ranks nothing anew
    assert -0.006 < losses.loc[("repeat_factors", "AP", "rare"), "high"] < 0  # "only just"


def test_a_head_on_birdnet_ranks_the_rare_better_than_a_network_from_scratch():
    said = facts_rare(read_results("bench_pretrained"))
    assert said["long_tail_birdnet_ap_low"] > 0 and said["long_tail_birdnet_f1_low"] > 0


@pytest.mark.parametrize(("method", "measure", "said"), [
    ("moved, half", "F1", GAINS), ("moved, whole", "F1", OPEN), ("chosen", "F1", OPEN), ("repeated", "AP", OPEN),
    ("prototypes", "AP", LOSES), ("prototypes", "F1", LOSES),
])  # fmt: skip
def test_heads_with_all_recordings(heads, every, method, measure, said):
    row = heads.loc[(method, every, measure, "rare")]
    assert verdict(row["d_low"], row["d_high"]) == said


def test_a_moved_threshold_ranks_nothing_anew(heads, every):
    for method in ("moved, half", "moved, whole", "chosen"):
        assert abs(heads.loc[(method, every, "AP", "rare"), "diff"]) < 1e-3


def test_the_search_is_ahead_for_as_many_recordings_and_for_as_many_minutes(heads):
    for n in (20, 40):
        assert heads.loc[("search", n, "AP", "rare"), "d_low"] > 0
    assert heads.loc[("search, beside as dear", 40, "AP", "rare"), "d_low"] > 0
    few = heads.loc[("search, beside as dear", 20, "AP", "rare")]
    assert verdict(few["d_low"], few["d_high"]) == OPEN
    row, random = (heads.loc[(method, 40, "AP", "rare")] for method in ("search", "random"))
    assert row["minutes"] > random["minutes"] and row["types"] > random["types"]


def test_pseudo_labels_are_not_known_to_help_the_rare(heads):
    for measure in ("AP", "F1"):
        row = heads.loc[("pseudo", 40, measure, "rare")]
        assert verdict(row["d_low"], row["d_high"]) == OPEN


def test_the_figure_shows_what_its_description_says(losses, heads, every):
    shown = {"repeated": every, "prototypes": every, "pseudo": 40, "search": 40}
    ranked = {method: verdict(*heads.loc[(method, n, "AP", "rare"), ["d_low", "d_high"]])
              for method, n in shown.items()}  # fmt: skip
    assert heads.loc[("search", 40, "F1", "rare"), "d_low"] > 0
    assert ranked == {"repeated": OPEN, "prototypes": LOSES, "pseudo": OPEN, "search": GAINS}


def test_the_intervals_are_counted_without_those_that_can_not_move(losses):
    facts = bench_losses.facts(losses.reset_index())
    assert facts["long_tail_run_intervals"] == 14 * len(SHOWN) - 2  # a moved threshold ranks as before
    clear = sum(len(methods_that(losses, said, *shown)) for said in (GAINS, LOSES) for shown in SHOWN)
    assert facts["long_tail_run_clear"] == clear > 4 * facts["long_tail_run_by_chance"]


def test_the_runs_are_those_that_are_described(losses, heads):
    head = (FOLDER / "bench_losses.csv").read_text(encoding="utf-8").split("\nmethod", 1)[0]
    assert "small_cnn, 130 frames a window, 12 epochs" in head and "seeds 0, 1, 2, 3, 4;" in head
    assert losses["n_species"].xs(("F1", "rare"), level=("measure", "group")).eq(17).all()
    assert facts_heads(read_results("bench_long_tail"))["long_tail_n_rare"] == 17
    assert "seeds 0, 1, 2, 3, 4;" in (FOLDER / "bench_long_tail.csv").read_text(encoding="utf-8")


def test_the_readme_has_the_same_table(losses):
    readme = (FOLDER.parent / "README.md").read_text(encoding="utf-8")
    shown = readme[readme.index("`bench_losses.py --save`:") :].split("\n\n")[1].splitlines()[2:]
    columns, rows = [*[("F1", group) for group in ("common", "frequent", "rare", "all")], ("AP", "rare")], {}
    for line in shown:
        method, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        rows[method] = [float(cell.split()[0]) for cell in cells]
    assert set(rows) == set(losses.index.unique("method"))
    for method, scores in rows.items():
        right = [losses.loc[(method, *column), "score"] for column in columns]
        assert scores == pytest.approx([100 * score for score in right], abs=0.051)
