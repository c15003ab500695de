import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anuralib.data.species import ANURASET_CODES, is_species_code
from anuralib.labels import bouts as annotation
from anuralib.labels.agreement import agreement
from anuralib.labels.formats import (
    LABEL_COLUMNS,
    read_audacity_labels,
    read_label_csv,
    read_labels,
    read_raven_table,
    write_audacity_labels,
)


def read(tmp_path, content, **options):
    path = tmp_path / "labels.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_audacity_labels(path, **options)


def test_codes():
    assert len(ANURASET_CODES) == len(set(ANURASET_CODES)) == 42
    assert all(map(is_species_code, ANURASET_CODES))
    assert not any(map(is_species_code, ["boalun", "BOALU", "BOALUN1", "ÁBCDEF", None, "BOALUN\n"]))


def test_spinetail(shared_data, tmp_path):
    labels = read_audacity_labels(shared_data / "spinetail.txt")
    assert list(labels) == list(LABEL_COLUMNS)
    assert len(labels) == 18
    assert labels.loc[0].tolist() == [0.101385, 0.36752, "SP", 6441.064453, 12296.577148]
    assert labels["low_hz"].notna().all()
    write_audacity_labels(labels, tmp_path / "again.txt")
    assert (tmp_path / "again.txt").read_bytes() == (shared_data / "spinetail.txt").read_bytes()


def test_agrees_with_maad_where_maad_reads(shared_data):
    maad = pytest.importorskip("maad.util")
    ours = read_audacity_labels(shared_data / "spinetail.txt")
    theirs = maad.read_audacity_annot(str(shared_data / "spinetail.txt"))
    assert theirs["label"].tolist() == ours["label"].tolist()
    for a, b in (("min_t", "start_s"), ("max_t", "end_s"), ("min_f", "low_hz"),
                 ("max_f", "high_hz")):
        np.testing.assert_allclose(theirs[a], ours[b], rtol=1e-6)


def test_empty_file_has_typed_columns(tmp_path):
    labels = read(tmp_path, "")
    assert list(labels) == list(LABEL_COLUMNS)
    assert len(labels) == 0
    assert labels["start_s"].dtype == float
    assert len(read(tmp_path, b"\xef\xbb\xbf\r\n\r\n")) == 0


@pytest.mark.parametrize("content", [
    b"1.0\t2.5\tBOALUN_M\r\n\\\t500\t900.5\r\n3\t3\tpoint\r\n",
    b"\xef\xbb\xbf1.0\t2.5\tBOALUN_M\n\\\t500\t900.5\n\n3\t3\tpoint",
    b"1.0\t2.5\tBOALUN_M\r\\\t500\t900.5\r3\t3\tpoint\r",
])
def test_line_ends_and_byte_order_mark(tmp_path, content):
    labels = read(tmp_path, content)
    assert labels["label"].tolist() == ["BOALUN_M", "point"]
    assert labels["start_s"].tolist() == [1.0, 3.0]
    assert labels["end_s"].tolist() == [2.5, 3.0]
    assert labels.loc[0, ["low_hz", "high_hz"]].tolist() == [500, 900.5]
    assert labels.loc[1, ["low_hz", "high_hz"]].isna().all()


BROKEN = {
    "comma and point": ("0\t1\tx\n1,234.5\t2000\tSP\n", 2, "not a number"),
    "hours and minutes": ("00:01:02.5\t00:01:03\tSP\n", 1, "seconds"),
    "spaces": ("0.18 5.12 SP\n", 1, "tabs between"),
    "commas": ("0.18,5.12,SP\n", 1, "named .csv"),
    "four fields": ("0\t1\tx\n\n1\t2\tSP\tmore\n", 3, "4 fields"),
    "one field": ("SP\n", 1, "1 field;"),
    "end first": ("2\t1\tSP\n", 1, "before start"),
    "negative": ("-1\t1\tSP\n", 1, "negative"),
    "nan": ("nan\t1\tSP\n", 1, "not a number"),
    "inf": ("0\t1e999\tSP\n", 1, "not a number"),
    "python number": ("1_0\t20\tSP\n", 1, "not a number"),
    "spectral line alone": ("\\\t1\t2\n", 1, "frequency line"),
    "two spectral lines": ("0\t1\tx\n\\\t1\t2\n\\\t1\t2\n", 3, "frequency line"),
    "short spectral line": ("0\t1\tx\n\\\t1\n", 2, "2 fields"),
    "upside down": ("0\t1\tx\n\\\t20\t10\n", 2, "under lower"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_errors_name_file_line_and_cure(tmp_path, case):
    content, line, text = BROKEN[case]
    with pytest.raises(ValueError, match=rf"labels\.txt, line {line}: .*{re.escape(text)}"):
        read(tmp_path, content)


def test_missing_files_and_arguments(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nowhere\.txt"):
        read_audacity_labels(tmp_path / "nowhere.txt")
    with pytest.raises(ValueError, match="on_error"):
        read(tmp_path, "", on_error="ignore")


def test_warn_keeps_the_rest(tmp_path):
    content = "0\t1\tBOALUN_M\n1\t2\tx\ty\n\\\t1\t2\nlost\n3\t4\tBOALUN_H\n\\\t7\t8\n"
    with pytest.warns(UserWarning, match=r"labels\.txt: 2 line.*line 2: 4 fields.*line 4") as told:
        labels = read(tmp_path, content, on_error="warn")
    assert len(told) == 1
    assert labels["start_s"].tolist() == [0, 3]
    assert labels["low_hz"].tolist()[1:] == [7]


times = st.floats(0, 1e5, allow_nan=False)
text = st.text(st.characters(exclude_characters="\t\r\n\0", exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(times, times, text, st.none() | st.tuples(times, times)), max_size=8))
def test_write_then_read_is_exact(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("labels") / "x.txt"
    bands = [sorted(band) if band else [np.nan, np.nan] for *_, band in rows]
    labels = pd.DataFrame({
        "start_s": [min(r[:2]) for r in rows], "end_s": [max(r[:2]) for r in rows],
        "label": pd.Series([r[2] for r in rows], dtype="str"),
        "low_hz": [b[0] for b in bands], "high_hz": [b[1] for b in bands],
    }).astype({c: float for c in ("start_s", "end_s", "low_hz", "high_hz")})
    write_audacity_labels(labels, path)
    pd.testing.assert_frame_equal(read_audacity_labels(path), labels)


@pytest.mark.parametrize("change", [
    {"label": "a\tb"}, {"label": "a\nb"}, {"label": "a\0b"}, {"start_s": np.nan}, {"end_s": 0.5}, {"start_s": -1.0},
    {"high_hz": 1.0}])
def test_write_refuses_what_could_not_be_read(tmp_path, change):
    row = {"start_s": 1.0, "end_s": 2.0, "label": "x", "low_hz": 5.0, "high_hz": 9.0} | change
    with pytest.raises(ValueError, match=r"x\.txt, row 0"):
        write_audacity_labels(pd.DataFrame([row]), tmp_path / "x.txt")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("label", "parts"), [
    ("BOALUN_M", ("BOALUN", "M")), ("BOALUN_C", ("BOALUN", "H")), ("BOALUN_F", ("BOALUN", "L")),
    (" PHYCUV_H ", ("PHYCUV", "H")), ("PHYCUV_L", ("PHYCUV", "L"))])
def test_split_label(label, parts):
    assert annotation.split_label(label) == parts


@pytest.mark.parametrize("label", ["BOALUN", "BOALUN_X", "boalun_M", "BOALUNM", "BOALUN_M_M", None])
def test_split_label_refuses(label):
    with pytest.raises(ValueError, match="BOALUN_M"):
        annotation.split_label(label)


def frame(*rows, columns=("recording", "start_s", "end_s", "species", "quality")):
    return pd.DataFrame(rows, columns=list(columns))


def test_merge_joins_over_a_second_and_no_longer():
    calls = frame(("a", 0.0, 1.0, "AAAAAA", "L"), ("a", 2.0, 3.0, "AAAAAA", "H"),
                  ("a", 4.001, 5.0, "AAAAAA", "M"), ("a", 0.5, 0.6, "BBBBBB", "M"),
                  ("b", 5.5, 6.0, "AAAAAA", "L"))
    bouts = annotation.merge_calls(calls.sample(frac=1, random_state=1))
    assert bouts.to_numpy().tolist() == [
        ["a", 0.0, 3.0, "AAAAAA", "H"], ["a", 0.5, 0.6, "BBBBBB", "M"],
        ["a", 4.001, 5.0, "AAAAAA", "M"], ["b", 5.5, 6.0, "AAAAAA", "L"]]


def test_merge_minds_calls_within_calls_and_decimals():
    calls = frame(("a", 0.0, 10.0, "AAAAAA", "L"), ("a", 1.0, 2.0, "AAAAAA", "L"),
                  ("a", 10.9, 11.1, "AAAAAA", "L"), ("a", 12.1, 13.0, "AAAAAA", "L"))
    assert len(annotation.merge_calls(calls)) == 1
    assert len(annotation.merge_calls(calls, max_gap_s=0.5)) == 3


def test_merge_reads_qualities_in_label_text():
    labels = frame((0.0, 1.0, "BOALUN_L", 500.0, 900.0), (1.5, 2.0, "BOALUN_M", 400.0, 800.0),
                   (1.5, 2.0, "rain", np.nan, np.nan), columns=LABEL_COLUMNS)
    bouts = annotation.merge_calls(labels)
    assert bouts["label"].tolist() == ["BOALUN_M", "rain"]
    assert bouts.loc[0, ["start_s", "end_s", "low_hz", "high_hz"]].tolist() == [0, 2, 400, 900]
    assert list(bouts) == list(labels)


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(0, 5)), max_size=12), st.integers(0, 3))
def test_merge_against_a_plain_loop(calls, gap):
    spans: list[list[float]] = []
    for start, length in sorted(calls):
        if spans and start - spans[-1][1] <= gap:
            spans[-1][1] = max(spans[-1][1], start + length)
        else:
            spans.append([start, start + length])
    table = frame(*[("a", float(s), float(s + n), "AAAAAA", "M") for s, n in calls])
    bouts = annotation.merge_calls(table, max_gap_s=gap)
    assert bouts[["start_s", "end_s"]].to_numpy().tolist() == spans


def test_agreement_by_hand():
    a = frame((0.0, 4.0, "AAAAAA"), columns=("start_s", "end_s", "species"))
    b = frame((2.0, 6.0, "AAAAAA"), (8.0, 9.0, "BBBBBB"), columns=("start_s", "end_s", "species"))
    table = agreement(a, b, duration_s=10.0).set_index("species")
    assert table.loc["AAAAAA", "jaccard"] == pytest.approx(2 / 6)
    # po = 0.6; pe = 0.4 * 0.4 + 0.6 * 0.6 = 0.52
    assert table.loc["AAAAAA", "kappa"] == pytest.approx((0.6 - 0.52) / 0.48)
    assert table.loc["AAAAAA", "onset_error_s"] == pytest.approx(2)
    assert table.loc["BBBBBB", ["kappa", "jaccard"]].tolist() == [0, 0]
    assert np.isnan(table.loc["BBBBBB", "onset_error_s"])
    same = agreement(a, a, 10.0)
    assert same[["kappa", "jaccard", "onset_error_s"]].to_numpy().tolist() == [[1, 1, 0]]


def test_agreement_matches_scikit_learn_over_recordings():
    from sklearn.metrics import cohen_kappa_score
    rng = np.random.default_rng(0)
    n = {"r1": 100, "r2": 50}
    truth = {r: rng.random((2, k)) < 0.4 for r, k in n.items()}
    tables = [frame(*[(r, i / 10, (i + 1) / 10, "AAAAAA", "M") for r in n
                      for i in np.flatnonzero(truth[r][who])]) for who in (0, 1)]
    got = agreement(*tables, duration_s={r: k / 10 for r, k in n.items()})
    both = np.concatenate([truth["r1"], truth["r2"]], axis=1)
    assert got.loc[0, "kappa"] == pytest.approx(cohen_kappa_score(*both))
    with pytest.raises(ValueError, match="r2"):
        agreement(*tables, duration_s={"r1": 10})


def test_raven(shared_data, tmp_path):
    path = next(shared_data.glob("soundshape_cuvieri*.txt"))
    labels = read_raven_table(path)
    assert len(labels) == 3  # each stands twice in the file
    assert labels["start_s"].tolist()[0] == 0.084686995
    assert set(labels["high_hz"]) == {4400.0}
    short = tmp_path / "short.txt"
    short.write_text("Selection\tbegin time (S)\tEND TIME (S)\tSpecies\n1\t0.5\t1\tPHYCUV_H")
    assert read_raven_table(short)["label"].tolist() == ["PHYCUV_H"]
    short.write_text("Selection\tBegin Time (s)\tEnd Time (s)\n1\t0:5\t1\n")
    with pytest.raises(ValueError, match=r"short\.txt, line 2: .*not a number"):
        read_raven_table(short)


RAVEN = "Selection\tView\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)\tAnnotation"


@pytest.mark.parametrize(("content", "n"), [
    (RAVEN, 0),  # only the line of names, without an end
    (RAVEN + "\n", 0),
    (RAVEN.upper() + "\n1\tSpectrogram 1\t0\t1\t500\t900\tA", 1),
    (RAVEN + "\r\n1\tWaveform 1\t0\t1\t500\t900\tA\r\n1\tSpectrogram 1\t0\t1\t500\t900\tA\r\n", 1),
    (RAVEN + "\n1\tWaveform 1\t0\t1\t\t\tA\n2\tWaveform 1\t0\t1\t\t\tA\n", 2),  # two selections, alike
])
def test_raven_tables(tmp_path, content, n):
    path = tmp_path / "a.Table.1.selections.txt"
    path.write_bytes(content.encode())
    for reader in (read_raven_table, read_labels):
        labels = reader(path)
        assert len(labels) == n
        assert labels["start_s"].dtype == float
        assert (labels["label"] == "A").all()


@pytest.mark.parametrize(("content", "row"), [
    ("start_s,end_s,species,quality,low_hz,high_hz\n1,2,PHYCUV,M,500,900\n", [1, 2, "PHYCUV_M", 500, 900]),
    ("Start_Time;End_Time;Annotation;low_f;high_f\r\n1;2;PHYCUV;500;900", [1, 2, "PHYCUV", 500, 900]),
    ('onset_s,offset_s,label,note\n1,2,"cuvieri, call","two\nlines"\n', [1, 2, "cuvieri, call", -1, -1]),
    ("\ufeffBegin Time (s),End Time (s),Label\n1,2,\n", [1, 2, "", -1, -1]),
])
def test_csv(tmp_path, content, row):
    path = tmp_path / "labels.csv"
    path.write_bytes(content.encode())
    for reader in (read_label_csv, read_labels):
        assert reader(path).fillna(-1).iloc[0].tolist() == row


def test_csv_names_what_is_wrong(tmp_path):
    path = tmp_path / "labels.csv"
    for content, text in (
        ("", "line 1: no column for the start"), ("start_s,label\n", "line 1: no column for the end"),
        ("start_s,end_s\n1,2\n3,2\n", "line 3: end 2 s lies before"), ("start_s,end_s\n1\n", "line 2: end is empty"),
        ('start_s,end_s\n1,2\n"1,2\n', "line 3: not CSV"),
        ('start_s,end_s,label\n1,2,"a\nb"\nx,2,a\n', "line 4: start"),
    ):  # fmt: skip
        path.write_text(content)
        with pytest.raises(ValueError, match=rf"labels\.csv, {text}"):
            read_label_csv(path)
    path.write_text("start_s,end_s,name\n1,2,A\n")
    assert read_label_csv(path, label_column="NAME")["label"].tolist() == ["A"]
    with pytest.raises(ValueError, match="no column 'call'"):
        read_label_csv(path, label_column="call")
