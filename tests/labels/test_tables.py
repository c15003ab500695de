"""Label files as programs and hands leave them."""

import random
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from anuralib.labels.formats import (
    LABEL_COLUMNS,
    labelled_stem,
    parse_audacity,
    parse_labels,
    read_audacity_labels,
    read_label_csv,
    read_labels,
    read_raven_table,
    write_labels,
)

RAVEN = "Selection\tView\tChannel\tBegin Time (s)\tEnd Time (s)\tLow Freq (Hz)\tHigh Freq (Hz)"


def kept(path):
    """Rows as (start, end, label, low, high) with -1 for an unknown edge."""
    labels, problems = parse_labels(path)
    assert not problems
    return labels[list(LABEL_COLUMNS)].fillna(-1).to_numpy().tolist()


def made(tmp_path, name, content, encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


ONE = [1.0, 2.0, "BOAFAB", -1, -1]
BOXED = [1.0, 2.0, "BOAFAB", 500.0, 900.0]


@pytest.mark.parametrize(("name", "content", "row"), [
    # rows that end early, cells too many, names too many
    ("a.txt", RAVEN + "\tAnnotation\tNote\tMore\n1\tSpectrogram 1\t1\t1\t2\t500\t900\tBOAFAB\n", BOXED),
    ("a.txt", RAVEN + "\tAnnotation\t\t\n1\tS\t1\t1\t2\t500\t900\tBOAFAB\t\t \t\n\t\t\n", BOXED),
    ("a.csv", "start_s;end_s;label;;\n1;2;BOAFAB;;;;\n;;\n", ONE),
    ("a.csv", "\n\nstart_s,end_s,label\n\n1,2,BOAFAB,\n\n", ONE),
    ("a.csv", "sep=;\nstart_s;end_s;label\n1,0;2,0;BOAFAB\n", ONE),
    ("a.txt", RAVEN + "\tSpecies\r1\tS\t1\t1\t2\t500\t900\tBOAFAB\r", BOXED),
    # quotation marks as spreadsheets and R write them
    ("a.txt", '"Selection"\t"Begin Time (s)"\t"End Time (s)"\t"Species"\n"1"\t"1,0"\t"2"\t"BOAFAB"\n', ONE),
    ("a.txt", 'Begin Time (s)\tEnd Time (s)\tLabel\n1\t2\t"a ""big"" one, far"\n', [1, 2, 'a "big" one, far', -1, -1]),
    ("a.txt", 'Begin Time (s)\tEnd Time (s)\tLabel\n1\t2\t5" frog\n', [1, 2, '5" frog', -1, -1]),
    ("a.csv", '"start_s,end_s,label"\n"1,2,BOAFAB"\n', ONE),
    ("a.csv", 'start_s,end_s,label\n1, 2, "BOAFAB"\n', ONE),
    ("a.txt", '1\t2\t"Boana faber, far"\n', [1, 2, "Boana faber, far", -1, -1]),
    # Raven as R reads and writes it
    ("a.csv", '"Begin.Time..s.","End.Time..s.","Low.Freq..Hz.","High.Freq..Hz.","Species"\n'
              '1,2,500,900,"BOAFAB"\n', BOXED),
    # Kaleidoscope, in hertz and in kilohertz, and with its mark on a column
    ("a.csv", "INDIR,FOLDER,IN FILE,CHANNEL,OFFSET,DURATION,Fmin,Fmean,Fmax,DATE,TIME,TOP1MATCH*,MANUAL ID\n"
              "D:\\x,,a.wav,0,1,1,500,700,900,2024-01-01,20:00:00,frog 1,BOAFAB\n", BOXED),
    ("a.csv", "IN FILE,OFFSET,DURATION,Fmin,Fmax,AUTO ID*,MANUAL ID\na.wav,1,1,0.5,0.9,BOAFAB,\n", BOXED),
    # BirdNET: Kaleidoscope's columns, CSV, table, label track
    ("a.csv", "INDIR,FOLDER,IN FILE,OFFSET,DURATION,scientific_name,common_name,confidence\n"
              "/d,x,a.wav,1,1.0,BOAFAB,x,0.8\n", ONE),
    ("a.csv", "Start (s),End (s),Scientific name,Common name,Confidence,File\n"
              "1.0,2.0,BOAFAB,Frog,0.81,/x/a.wav\n", ONE),
    ("a.txt", RAVEN + "\tCommon Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)\n"
              "7\tSpectrogram 1\t1\t61\t62\t500\t900\tFrog\tBOAFAB\t0.8\t/x/a.wav\t1\n", BOXED),
    ("a.txt", "1.0\t2.0\tBOAFAB\t0.8125\n", ONE),
    ("a.csv", "id,det_prob,start_time,end_time,high_freq,low_freq,class,class_prob\n"
              "0,0.5,1,2,900,500,BOAFAB,0.4\n", BOXED),
    # Sonic Visualiser: boxes, regions, instants, with names and without
    ("a.csv", "START,END,EXTENT START,EXTENT END,LABEL\n1.000000000,2.0,500,900,BOAFAB\n", BOXED),
    ("a.csv", "TIME,VALUE,DURATION,LABEL\n1.0,440,1.0,BOAFAB\n", ONE),
    ("a.csv", "TIME,LABEL\n1.0,BOAFAB\n", [1, 1, "BOAFAB", -1, -1]),
    ("a.csv", "1.0,2.0,500,900,BOAFAB\n", BOXED),
    ("a.csv", "1.0,440,1.0,BOAFAB\n", ONE),
    ("a.csv", "1.0,BOAFAB\n", [1, 1, "BOAFAB", -1, -1]),
    ("a.csv", "1,0;2,0;BOAFAB\n", ONE),
    # OpenSoundscape, crowsetta, warbleR, DCASE
    ("a.csv", "audio_file,annotation_file,annotation,start_time,end_time,low_f,high_f\n"
              "a.wav,b.txt,BOAFAB,1,2,500,900\n", BOXED),
    ("a.csv", "label,onset_s,offset_s,onset_sample,offset_sample,notated_path,annot_path,sequence,annotation\n"
              "BOAFAB,1,2,1,2,a.wav,b,0,0\n", ONE),
    ("a.csv", "sound.files,selec,start,end,bottom.freq,top.freq,label\na.wav,1,1,2,0.5,0.9,BOAFAB\n", BOXED),
    ("a.csv", "filename\tonset\toffset\tevent_label\na.wav\t1\t2\tBOAFAB\n", ONE),
    # the first column of labels in which anybody wrote
    ("a.csv", "start,end,annotation,species\n1,2,,BOAFAB\n", ONE),
    # a label track that was called a table
    ("a.csv", "1\t2\tBOAFAB\n", ONE),
    # an extra tab, before and behind the text, and decimal commas
    ("a.txt", "1,000000\t2,000000\tBOAFAB\t\t \n\\\t500,0\t900,0\t\n", BOXED),
    ("a.txt", "1\t2\t\tBOAFAB\n", ONE),
])  # fmt: skip
def test_files_as_programs_write_them(tmp_path, name, content, row):
    assert kept(made(tmp_path, name, content)) == [row]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize(("name", "content"), [
    ("a.txt", "1\t2\trã-touro\n3\t4\té\n"),
    ("a.txt", RAVEN + "\tEspécie\n1\tS\t1\t1\t2\t\t\trã-touro\n2\tS\t1\t3\t4\t\t\té\n"),
    ("a.csv", "start_s,end_s,label\r\n1,2,rã-touro\r\n3,4,é\r\n"),
])  # fmt: skip
def test_encodings(tmp_path, name, content, encoding):
    assert [row[2] for row in kept(made(tmp_path, name, content, encoding))] == ["rã-touro", "é"]


def test_encodings_and_marks_in_one_file(tmp_path):
    both = "1\t2\trã\n".encode() + "3\t4\tsapo-de-fléche\n".encode("cp1252") + b"\xef\xbb\xbf5\t6\tx\n"
    assert [row[2] for row in kept(made(tmp_path, "a.txt", both))] == ["rã", "sapo-de-fléche", "x"]
    assert kept(made(tmp_path, "b.txt", "\ufeff\r\n\t\r\n")) == kept(made(tmp_path, "b.csv", "\n")) == []


@pytest.mark.parametrize(("content", "line"), [
    (b"1\t2\tx\r1\t2\tx\0y\r", 2), (b"0\t1\tx\n\x81\n", 2), (b"\xff\xfe1\0\t", 1), (b"RIFF\x24\0\0\0WAVEfmt ", 1),
])  # fmt: skip
def test_what_is_no_text_is_named(tmp_path, content, line):
    with pytest.raises(ValueError, match=rf"a\.txt, line {line}: not text"):
        parse_labels(made(tmp_path, "a.txt", content))


SEVERAL = (RAVEN + "\tBegin File\tBegin Path\tFile Offset (s)\tAnnotation\n"
           "1\tS\t1\t1.0\t2.0\t\t\ta.wav\tC:\\x\\a.wav\t1.0\tA\n"
           "2\tS\t1\t15.1\t15.3\t\t\tb.wav\tC:\\x\\b.wav\t5.1\tB\n")  # fmt: skip


def test_rows_name_their_file_and_count_from_its_start(tmp_path):
    path = made(tmp_path, "a.Table.1.selections.txt", SEVERAL)
    labels, problems = parse_labels(path)
    assert list(labels) == [*LABEL_COLUMNS, "line", "file"] and not problems
    assert labels[["start_s", "end_s", "label", "line", "file"]].to_numpy().tolist() == [
        [1.0, 2.0, "A", 2, "a.wav"], [5.1, 5.3, "B", 3, "b.wav"]]
    told = r"selections\.txt, line 3: rows of 2 recordings \(a\.wav, b\.wav\); say .*file="
    for read in (read_labels, read_raven_table):
        with pytest.raises(ValueError, match=told):
            read(path)
        for file in ("b.wav", "B.WAV", "b", Path("/somewhere/b.flac")):
            assert read(path, file=file)["label"].tolist() == ["B"]
        with pytest.raises(ValueError, match=r"line 2: no row names c\.wav; they name a\.wav, b\.wav"):
            read(path, file="c.wav")
    assert list(read(path, file="a")) == list(LABEL_COLUMNS)


def test_one_name_in_two_folders_is_refused(tmp_path):
    rows = "moth1,20240101_200000.WAV,1,1,A\nmoth2,20240101_200000.WAV,1,1,B\n"
    path = made(tmp_path, "a.csv", "FOLDER,IN FILE,OFFSET,DURATION,MANUAL ID\n" + rows)
    with pytest.raises(ValueError, match=r"a\.csv, line 3: rows name 20240101_200000\.WAV in two folders, moth1 and "):
        parse_labels(path)
    path.write_text("file,start,end,label\n/x/moth1/a.wav,1,2,A\n/x/moth1/a.wav,1,2,B\n")
    assert len(read_labels(path)) == 2


def test_nocall_of_birdnet_is_silence(tmp_path):
    names = RAVEN + "\tCommon Name\tSpecies Code\tConfidence\tBegin Path\tFile Offset (s)\n"
    row = "1\tSpectrogram 1\t1\t0\t3\t0\t11025\tnocall\tnocall\t1.0\ta.wav\t0\n"
    assert kept(made(tmp_path, "a.txt", names + row)) == []


def test_row_names_of_r(tmp_path):
    path = made(tmp_path, "a.txt", '"start"\t"end"\t"label"\n"1"\t1\t2\t"A"\n"2"\t3\t4\t"B"\n')
    assert [row[:3] for row in kept(path)] == [[1, 2, "A"], [3, 4, "B"]]


def test_a_table_without_labels_says_so_once(tmp_path):
    path = made(tmp_path, "a.txt", RAVEN + "\tWhat\n1\tS\t1\t1\t2\t500\t900\tBOAFAB\n")
    with pytest.raises(ValueError, match=r"a\.txt, line 1: no column for the label .*'View', .*'What'; say label_col"):
        read_labels(path)
    assert read_labels(path, label_column="what")["label"].tolist() == ["BOAFAB"]
    assert read_raven_table(path)["label"].tolist() == [""]  # who asks for the table by name may want its times
    assert kept(made(tmp_path, "b.txt", RAVEN + "\n\n")) == []


@pytest.mark.parametrize(("name", "content", "told"), [
    ("a.csv", "FRAME,LABEL\n44100,A\n", "line 1: times are counted in frames"),
    ("a.csv", "STARTFRAME,ENDFRAME,LABEL\n1,2,A\n", "line 1: times are counted in frames"),
    ("a.csv", "0.5,0.9,0.7,A\n", "line 1: no names of columns"),  # an end and a score, or a value and a duration?
    ("a.csv", "x\n", "line 1: no column for the start"),
    ("a.csv", "start_ms,end_ms,label\n1,2,A\n", "line 1: no column for the start"),
    ("a.txt", "Selection\tSpecies\n1\tA\n", "line 1: no column for the start of labels .*'Selection', 'Species'"),
    ("a.txt", "Begin Time (s)\tEnd Time (s)\tFile Offset (s)\tTag\n1\t2\t1\tA\n31\t32\t1\tB\n", "line 3: by its"),
    ("a.txt", "some words\nmore words\n", "line 1: 1 field; .*none of 2 lines is a label"),
    ("a.txt", "00:01:02\t00:01:03\tA\n00:02:02\t00:02:03\tA\n", "line 1: .*seconds"),
])  # fmt: skip
def test_files_that_cannot_be_understood(tmp_path, name, content, told):
    with pytest.raises(ValueError, match=f"{re.escape(name)}, {told}"):
        parse_labels(made(tmp_path, name, content))


@pytest.mark.parametrize(("name", "content", "line", "text", "span"), [
    ("a.txt", "1\t2\tA\n3\t5\tB\tmore\n", 2, "4 fields", (3, 5)),
    ("a.txt", "1\t2\tA\n5\t3\tB\n", 2, "before start", (3, 5)),
    ("a.txt", "1\t2\tA\n-1\t3\tB\n", 2, "negative", (0, 3)),
    ("a.txt", "1\t2\tA\n3\tx\tB\n", 2, "not a number", None),
    ("a.txt", "1\t2\tA\n\\\t900\t500\n", 2, "under lower", (1, 2)),
    ("a.txt", "1\t2\tA\t0.5\tx\n", 1, "5 fields", (1, 2)),
    ("a.csv", "start,end,label\n1,2,A\n3,2,B\n", 3, "before start", (2, 3)),
    ("a.csv", "start,end,low_hz,high_hz,label\n1,2,900,500,A\n", 2, "under lower", (1, 2)),
    ("a.csv", "start,end,label\n1,2,A\n3,4,B,far\n", 3, "4 cells under 3 names", None),  # its cells may be moved
    ("a.csv", "start,end,label\n1,2,A\n3\n", 3, "end is empty", None),
    ("a.csv", "onset,duration,label\n1,2,A\n3,-1,B\n", 3, "negative", None),
])  # fmt: skip
def test_problems_have_the_span_that_they_leave_open(tmp_path, name, content, line, text, span):
    labels, problems = parse_labels(made(tmp_path, name, content))
    (told,) = problems
    assert told[0] == line and text in told[1]
    assert told[2:] == span if span else np.isnan(told[2:]).all()
    assert len(labels) <= 1


@pytest.mark.parametrize("name", [
    "X_1.txt", "X_1.Table.1.selections.txt", "X_1.selections.txt", "X_1.BirdNET.selection.table.txt", "X_1.wav.csv",
    "X_1.BirdNET.results.csv", "X_1.txt.txt", "X_1.WAV.Table.2.selections.txt", "X_1.labels.txt",
])  # fmt: skip
def test_names_of_label_files(name):
    assert labelled_stem(Path(name)) == "X_1"


def test_stems_with_dots_stay():
    assert labelled_stem(Path("S4A1.2024.txt")) == "S4A1.2024"
    assert labelled_stem(Path("table.txt")) == "table"


times = st.floats(0, 1e5, allow_nan=False)
text = st.text(st.characters(exclude_characters="\t\r\n\0", exclude_categories=["Cs"]), max_size=12)
rows = st.lists(st.tuples(times, times, text | st.sampled_from(['"', '"a,b"', '""', "a;b", "-", "é"]),
                          st.none() | st.tuples(times, times)), max_size=6)  # fmt: skip


def frame_of(rows):
    bands = [sorted(band) if band else [np.nan, np.nan] for *_, band in rows]
    labels = pd.DataFrame({
        "start_s": [min(r[:2]) for r in rows], "end_s": [max(r[:2]) for r in rows],
        "label": pd.Series([r[2] for r in rows], dtype="str"),
        "low_hz": [b[0] for b in bands], "high_hz": [b[1] for b in bands],
    })  # fmt: skip
    return labels.astype({c: float for c in ("start_s", "end_s", "low_hz", "high_hz")})


@settings(max_examples=60)
@given(rows)
@example([(0.0, 0.0, "TIME", (0.0, 0.0))])
def test_each_format_is_read_back(tmp_path_factory, rows):
    folder, labels = tmp_path_factory.getbasetemp(), frame_of(rows)
    write_labels(labels, folder / "x.txt")
    pd.testing.assert_frame_equal(read_audacity_labels(folder / "x.txt"), labels)
    if rows:
        pd.testing.assert_frame_equal(read_labels(folder / "x.txt"), labels)
    labels["label"] = labels["label"].str.strip()
    write_labels(labels, folder / "x.csv", "csv")
    pd.testing.assert_frame_equal(read_labels(folder / "x.csv"), labels)
    write_labels(labels, folder / "r.txt", "raven", nyquist_hz=1e5)
    whole = labels.assign(low_hz=labels["low_hz"].fillna(0.0), high_hz=labels["high_hz"].fillna(1e5))
    pd.testing.assert_frame_equal(read_labels(folder / "r.txt"), whole)
    pd.testing.assert_frame_equal(read_raven_table(folder / "r.txt"), whole)


def test_a_raven_table_as_raven_has_it(tmp_path):
    labels = pd.DataFrame([{"start_s": 0.5, "end_s": 1.0, "species": "BOAFAB", "quality": "M", "recording": "a"}])
    write_labels(labels, tmp_path / "new" / "a.txt", "raven")
    assert (tmp_path / "new" / "a.txt").read_text() == (
        RAVEN + "\tAnnotation\n1\tSpectrogram 1\t1\t0.500000\t1.000000\t0.000000\t11025.000000\tBOAFAB_M\n")
    labels = pd.concat([labels, labels.assign(recording="b", quality=None)])
    write_labels(labels, tmp_path / "all.csv", "csv")
    assert read_label_csv(tmp_path / "all.csv", file="a")["label"].tolist() == ["BOAFAB_M"]
    assert read_label_csv(tmp_path / "all.csv", file="b")["label"].tolist() == ["BOAFAB"]
    for bad, told in ((dict(format="raven"), "2 recordings"), (dict(format="txt"), "format must be"),
                      (dict(nyquist_hz=0), "nyquist_hz")):  # fmt: skip
        with pytest.raises(ValueError, match=told):
            write_labels(labels, tmp_path / "b.txt", **bad)
    with pytest.raises(ValueError, match=r"b\.txt: the labels have no column label"):
        write_labels(labels[["start_s", "end_s"]], tmp_path / "b.txt", "csv")
    with pytest.raises(ValueError, match=r"b\.txt, row 0: end"):
        write_labels(labels.assign(end_s=0.0), tmp_path / "b.txt", "csv")
    assert not (tmp_path / "b.txt").exists()


CELLS = ["0", "1", "2.5", "2,5", "-1", "", " ", "A", '"', '"a, b"', '""', "x y", "1e400", "é", "NA", "a.wav", "x/a.wav",
         "0.5", "12", "nocall", "00:01:02", "\ufeff", "\\"]  # fmt: skip
NAMES = [
    "Selection", "View", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)", "Annotation",
    "Begin File", "Begin Path", "File Offset (s)", "start_s", "end_s", "label", "OFFSET", "DURATION", "Fmin", "Fmax",
    "MANUAL ID*", "FOLDER", "IN FILE", "TIME", "VALUE", "FRAME", "species", "quality", "Confidence", "onset", "offset",
    "", "x", "sep=;",
]  # fmt: skip
READERS = (parse_labels, parse_audacity, read_labels, read_raven_table, read_label_csv, read_audacity_labels)


def some_table(rng):
    separator = rng.choice(["\t", ",", ";"])
    names = rng.sample(NAMES, rng.randint(0, 8))
    if rng.random() < 0.7:  # mostly with times
        names += rng.choice([["start_s", "end_s"], ["OFFSET", "DURATION"], ["TIME"]])
        rng.shuffle(names)
    table = [names] * bool(names) + [rng.choices(CELLS, k=rng.randint(0, 8)) for _ in range(rng.randint(0, 5))]
    if rng.random() < 0.1:
        rng.shuffle(table)
    end = rng.choice(["\n", "\r\n", "\r", "\n\n"])
    encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16", "cp1252"])
    return end.join(separator.join(cells) for cells in table).encode(encoding, "replace")


def some_bytes(rng):
    lines = ["0\t1\tA_M\n", "2.5\t2.5\tpoint\n", "3\t4\t\n\\\t1\t2\n"]
    good = "".join(rng.choices(lines, k=rng.randint(0, 3))).encode()
    if rng.random() < 0.5:
        return good + rng.randbytes(rng.randint(0, 40))
    return good + "".join(rng.choices("0123456789.,;-\t\t\n\r\\ eESP_\"\0é", k=rng.randint(0, 60))).encode()


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("content", [some_table, some_bytes])
def test_any_file_gives_rows_or_a_named_error(tmp_path, reader, content):
    rng = random.Random(f"{reader.__name__} {content.__name__}")
    for n in range(500):
        path = made(tmp_path, rng.choice(["x.txt", "x.csv"]), content(rng))
        try:
            read = reader(path)
        except ValueError as error:
            assert re.match(rf"{re.escape(str(path))}, line [0-9]+: ", str(error)), (n, path.read_bytes())
            continue
        labels = read[0] if isinstance(read, tuple) else read
        assert np.isfinite(labels[["start_s", "end_s"]]).all(axis=None)
        assert (labels["start_s"] >= 0).all() and (labels["end_s"] >= labels["start_s"]).all()
        for line, told, start_s, end_s in read[1] if isinstance(read, tuple) else ():
            assert line >= 1 and told and (np.isnan(start_s) and np.isnan(end_s) or 0 <= start_s <= end_s)


def test_no_line_of_a_label_track_is_lost(tmp_path):
    rng = random.Random(0)
    for _ in range(750):
        path = made(tmp_path, "x.txt", some_bytes(rng).replace(b"\0", b"").decode("utf-8", "ignore"))
        labels, problems = parse_audacity(path)
        lines = [x.removeprefix("\ufeff") for x in re.split(r"\r\n|\n|\r", path.read_bytes().decode())]
        told = {*labels["line"], *(line for line, *_ in problems)}
        for number, line in enumerate(lines, start=1):
            assert number in told or not line.strip() or line.split("\t")[0].strip('" ') == "\\", (lines, number)
