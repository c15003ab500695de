"""What the chapter on overlap says of the long run is so in the table that is committed."""

import numpy as np
import pytest
from _results import read_results
from bench_overlap import facts

import anuralib as al


@pytest.fixture(scope="module")
def table():
    return read_results("bench_overlap")


def test_parts_of_a_mixture_are_known():
    alone = al.call_parts(["ASCWHI"], seed=4)["ASCWHI"]
    company = al.call_parts(["BARWHI", "ASCWHI", "LONTRI"], seed=4, level_db={"BARWHI": 6.0})
    np.testing.assert_array_equal(company["ASCWHI"], alone)  # whatever company it has
    soft = al.call_parts(["BARWHI"], seed=4)["BARWHI"]
    np.testing.assert_allclose(company["BARWHI"], soft * 10 ** (6 / 20), rtol=1e-5)
    assert list(company) == ["BARWHI", "ASCWHI", "LONTRI"]
    for code, part in al.call_parts(al.call_types().index, seconds=1.5).items():
        assert part.shape == (33075,) and part.dtype == np.float32 and part.any(), code
    lasting = al.call_parts(["LONTRI"], seed=1)["LONTRI"]  # a trill of 5.8 s fills the window, at 0.05
    assert np.sqrt(np.mean(lasting**2)) == pytest.approx(0.05, rel=0.4)
    assert np.abs(lasting).reshape(30, -1).max(1).min() > 0


def test_parts_refuse_what_they_can_not_make():
    for codes, options, message in [
        ([], {}, "no call type"), (["XXXXXX"], {}, "XXXXXX"), (["ASCWHI", "ASCWHI"], {}, "once"),
        (["ASCWHI"], {"seconds": 0}, "above 0"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            al.call_parts(codes, **options)


def value(table, part, method, measure, group, column="value"):
    rows = table[(table["part"] == part) & (table["method"] == method) & (table["measure"] == measure)]
    (found,) = rows.loc[rows["group"] == group, column]
    return found


@pytest.mark.parametrize("method", ["softmax, loudest", "softmax, shared"])
def test_one_whole_to_share_helps_the_lone_caller_and_fails_the_chorus(table, method):
    assert value(table, "training", method, "recall", "1", "low") > 0
    assert value(table, "training", method, "recall", "4+", "high") < 0
    assert value(table, "training", method, "recall", "2+", "high") < 0


def test_ranking_by_softmax(table):
    shared, loudest = (("training", f"softmax, {name}", "average precision", "all") for name in ("shared", "loudest"))
    assert value(table, *shared, "low") < 0 < value(table, *shared, "high")
    assert value(table, *loudest, "high") < 0


def test_mixed_sounds_do_not_help_in_the_windows_of_the_pond(table):
    rows = table[(table["part"] == "training") & (table["method"] == "sigmoid, mix_sounds")].dropna(subset="low")
    assert len(rows) == 6 and (rows["low"] < 0).all()
    alarms = [value(table, "training", name, "false alarms a window", "2+")
              for name in ("sigmoid, mix_sounds", "sigmoid")]
    assert alarms[0] < alarms[1]


def test_recall_falls_with_company_only_where_all_else_is_equal(table):
    for level in ("-6", "+0", "+6"):
        falls = {}
        for method in ("softmax, loudest", "sigmoid", "sigmoid, mix_sounds"):
            recall = [value(table, "mixtures", method, "recall of the target", f"{k} types, others {level} dB")
                      for k in (1, 2, 4, 8)]  # fmt: skip
            assert recall[-1] < min(recall[:-1])
            assert method == "sigmoid, mix_sounds" or recall == sorted(recall, reverse=True)
            falls[method] = recall[0] - recall[-1]
        assert falls["softmax, loudest"] > falls["sigmoid"] > falls["sigmoid, mix_sounds"]
        alarms = [value(table, "mixtures", method, "false alarms a window", f"8 types, others {level} dB")
                  for method in ("sigmoid", "sigmoid, mix_sounds")]  # fmt: skip
        assert alarms[0] < alarms[1]
    lone = [value(table, "mixtures", method, "false alarms a window", "1 types, others +0 dB")
            for method in ("softmax, loudest", "sigmoid")]  # fmt: skip
    assert lone[0] > 2 * lone[1]
    in_the_pond = [value(table, "training", "sigmoid", "recall", group) for group in ("1", "2", "3", "4+")]
    assert in_the_pond != sorted(in_the_pond, reverse=True) and in_the_pond[-1] > in_the_pond[0] - 0.05


def test_separation_gains_decibels_and_no_names(table):
    for group in ("2 types", "4 types", "8 types"):
        right, every = (("separation", name, "SI-SDR gain (dB)", group)
                        for name in ("dictionaries of those present", "all dictionaries"))  # fmt: skip
        assert value(table, *right, "low") > 8 and value(table, *right) > value(table, *every) > 3
    parts, both = (("separation", f"network hears: {name}") for name in ("parts", "larger of both"))
    assert value(table, *parts, "average precision", "2+", "high") < 0
    low, high = (value(table, *both, "average precision", "2+", end) for end in ("low", "high"))
    assert low < 0 < high
    said = {key.removeprefix("overlap_").replace("networkhears", ""): x for key, x in facts(table).items()}
    assert said["recall_2p_largerofboth"] > said["recall_2p_whole"]
    assert said["falsealarmsawindow_2p_largerofboth"] > 2 * said["falsealarmsawindow_2p_whole"]
