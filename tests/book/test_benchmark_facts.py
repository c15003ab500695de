"""The numbers that chapters give of a committed table are finite, and just those that their sentences show."""

import math
import re
from pathlib import Path

import bench_agile
import bench_calling_activity
import bench_ecology
import bench_few_labels
import bench_focal
import bench_long_tail
import bench_losses
import bench_new_sites
import bench_noise
import bench_overlap
import bench_pretrained
import bench_scaling
import bench_templates
import pytest
from _results import read_results

BOOK = Path(__file__).resolve().parents[2] / "book"
# Chapter: {table: what makes facts of it}, and the keys that the chapter glues from variables of its own.
CHAPTERS = {
    "baseline/templates": ({"bench_templates": bench_templates.facts}, ""),
    "baseline/pretrained": (
        {"bench_pretrained": bench_pretrained.facts},
        "pretrained_full_n pretrained_full_piece pretrained_same_chance pretrained_same_site pretrained_short_n "
        "pretrained_short_piece",
    ),
    "challenges/calling-activity": (
        {"bench_calling_activity": bench_calling_activity.facts},
        "activity_fewest activity_most activity_nought activity_rank_at_once activity_rank_boxes activity_rank_rate "
        "activity_share_1 activity_share_2 activity_share_3 activity_thirty",
    ),
    "challenges/few-labels": ({"bench_few_labels": bench_few_labels.facts}, "few_missed few_pool few_rank few_test"),
    "challenges/fine-grained": (
        {"bench_new_sites": bench_new_sites.facts_alike,
         "bench_new_sites_birdnet": bench_new_sites.facts_alike_birdnet},
        "",
    ),
    "challenges/focal": ({"bench_focal": bench_focal.facts}, ""),
    "challenges/long-tail": (
        {
            "bench_losses": bench_losses.facts,
            "bench_long_tail": bench_long_tail.facts_heads,
            "bench_pretrained": bench_pretrained.facts_rare,
        },
        "long_tail_all_types long_tail_no_test long_tail_no_valid long_tail_ratio",
    ),
    "challenges/new-sites": (
        {"bench_new_sites": bench_new_sites.facts, "bench_new_sites_birdnet": bench_new_sites.facts_embeddings},
        "new_sites_cells new_sites_prev_high new_sites_prev_low new_sites_shared new_sites_types",
    ),
    "challenges/noise": (
        {"bench_noise": bench_noise.facts_probe, "bench_noise_network": bench_noise.facts_network},
        "noise_alarms noise_alarms_insects noise_clear noise_clear_rain",
    ),
    "challenges/overlap": ({"bench_overlap": bench_overlap.facts}, "overlap_yes_most overlap_yes_one"),
    "practice/agile": ({"bench_agile": bench_agile.facts}, "agile_recordings"),
    "practice/ecology": (
        {"bench_ecology": bench_ecology.facts},
        "ecology_at_threshold ecology_counted ecology_density_estimate ecology_density_high ecology_density_low "
        "ecology_density_truth ecology_listened ecology_nights ecology_precision_estimate ecology_precision_high "
        "ecology_precision_low ecology_precision_truth",
    ),
    "practice/scaling": (
        {"bench_scaling": bench_scaling.facts},
        "scaling_core_hours scaling_crossing scaling_equal scaling_flac scaling_killed scaling_live_hours "
        "scaling_mb_hour scaling_paper_recordings scaling_paper_windows scaling_s scaling_sixteen scaling_tb "
        "scaling_tb_windows scaling_times",
    ),
}
each_chapter = pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda name: name.rpartition("/")[2])


def facts_of(chapter):
    tables, _ = CHAPTERS[chapter]
    return [make(read_results(table)) for table, make in tables.items()]


@each_chapter
def test_facts_are_plain_and_finite(chapter):
    for facts in facts_of(chapter):
        assert facts
        for key, value in facts.items():
            assert type(value) in (int, float) and math.isfinite(value), key


@each_chapter
def test_facts_are_what_the_chapter_shows(chapter):
    text = (BOOK / f"{chapter}.md").read_text(encoding="utf-8")
    keys = [key for facts in facts_of(chapter) for key in facts]
    own = CHAPTERS[chapter][1].split()
    assert len(set(keys + own)) == len(keys) + len(own)
    assert {*keys, *own} == set(re.findall(r"\{glue:text\}`([^`:]+)", text))


@each_chapter
def test_the_chapter_takes_its_facts_from_the_script(chapter):
    text = (BOOK / f"{chapter}.md").read_text(encoding="utf-8")
    for table, make in CHAPTERS[chapter][0].items():
        assert f"from {make.__module__} import " in text
        assert f'{make.__name__}(read_results("{table}"))' in text
