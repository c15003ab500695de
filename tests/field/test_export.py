"""Detections as a Darwin Core Archive and back: the published terms, identifiers that stay, nothing half-written."""

import doctest
import json
import warnings
import xml.etree.ElementTree as ET

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anuralib.field import export
from anuralib.field.export import export_darwin_core, read_darwin_core

GRANTED = {"dataset_name": "Frogs of a pond", "licence": "CC BY 4.0", "names": {"BOAFAB": "Boana faber"}}
ZONE = GRANTED | {"utc_offset": "-03:00"}
FILES = ("meta.xml", "media.csv", "occurrence.csv")


def detections(**columns):
    table = {
        "recording": ["P_20240101_200000", "P_20240101_200000", "Q_20240102_010000"], "start_s": [2.5, 58.25, 0.1],
        "end_s": [3.125, 60.0, 4.0], "species": ["BOAFAB", "Physalaemus cuvieri Fitzinger, 1826", "BOAFAB"],
        "low_hz": [400.0, np.nan, 380.5], "high_hz": [1500.0, np.nan, 1400.0], "probability": [0.93, 0.5, np.nan],
        "verified": [True, True, True], "verified_by": ["Ana, B.", "", 'C. "Sapo" D.'], "quality": ["H", "L", ""],
    }  # fmt: skip
    return pd.DataFrame(table | columns)


def recordings(**columns):
    table = {
        "recording": ["P_20240101_200000", "Q_20240102_010000", "Q_20240103_010000"],
        "path": ["/home/ana/disk/P_20240101_200000.wav", "D:\\cards\\Q 1.FLAC", "unheard.wav"], "site": ["P", "Q", "Q"],
        "datetime": pd.to_datetime(["2024-01-01 20:00", "2024-01-02 01:00", "2024-01-03 01:00"]),
        "duration_s": [60.0, 30.5, 60.0], "sample_rate_hz": [22050, 48000, 48000],
    }  # fmt: skip
    return pd.DataFrame(table | columns)


def tables(folder):
    return (pd.read_csv(folder / name, dtype="str", keep_default_na=False) for name in ("occurrence.csv", "media.csv"))


def test_the_examples_run():
    assert doctest.testmod(export).failed == 0


def test_the_terms_that_gbif_requires_and_recommends(tmp_path):
    """https://www.gbif.org/data-quality-requirements-occurrences: required, and strongly recommended."""
    places = {"P": (-22.3, -48.1), "Q": (-22.5, -48.0)}
    out = export_darwin_core(detections(), recordings(), tmp_path, **ZONE, places=places, country_code="BR")
    occurrence, media = tables(out)
    required = ["occurrenceID", "basisOfRecord", "scientificName", "eventDate"]
    recommended = ["countryCode", "taxonRank", "kingdom", "decimalLatitude", "decimalLongitude", "geodeticDatum"]
    assert (occurrence[required + recommended] != "").all(axis=None)
    assert set(occurrence["basisOfRecord"]) == {"MachineObservation"} and occurrence["occurrenceID"].is_unique
    assert occurrence["eventDate"].tolist()[:2] == ["2024-01-01T20:00:02.500-03:00", "2024-01-01T20:00:58.250-03:00"]
    assert occurrence["eventTime"][0] == "20:00:02.500-03:00"
    assert json.loads(occurrence["dynamicProperties"][0]) == {
        "probability": 0.93, "low_hz": 400, "high_hz": 1500, "quality": "H"}  # fmt: skip
    assert occurrence["license"][0] == "http://creativecommons.org/licenses/by/4.0/legalcode"
    # http://rs.tdwg.org/ac/doc/termlist/, "Required: Yes": of each pair (string, IRI) one at least.
    must = ["dcterms:identifier", "dc:type", "dcterms:type", "dcterms:rights", "ac:metadataLanguageLiteral"]
    assert (media[must] != "").all(axis=None)
    region = media[media["ac:isROIOf"] != ""]
    assert region.iloc[0][["ac:startTime", "ac:endTime", "ac:freqLow", "ac:freqHigh"]].tolist() == [
        "2.5", "3.125", "400", "1500"]  # fmt: skip
    # startTime "MUST only be applied to a region of interest".
    assert (media.loc[media["ac:isROIOf"] == "", "ac:startTime"] == "").all()
    assert set(media["dc:format"]) == {"audio/vnd.wave", "audio/x-flac", ""}


def test_the_descriptor_names_every_column_by_the_published_address(tmp_path):
    """https://dwc.tdwg.org/text/ for elements, https://rs.gbif.org/extension/ac/ for the extension's row type."""
    out = export_darwin_core(detections(), recordings(), tmp_path, **ZONE)
    root = ET.parse(out / "meta.xml").getroot()
    space = "{http://rs.tdwg.org/dwc/text/}"
    assert root.tag == f"{space}archive" and [part.tag for part in root] == [f"{space}core", f"{space}extension"]
    core, extension = root
    assert core.get("rowType") == "http://rs.tdwg.org/dwc/terms/Occurrence"
    assert extension.get("rowType") == "http://rs.tdwg.org/ac/terms/Multimedia"
    for part, key in ((core, "id"), (extension, "coreid")):
        assert [child.tag for child in part][:2] == [f"{space}files", space + key] and part[1].get("index") == "0"
        assert part.get("linesTerminatedBy") == "\\n" and part.get("ignoreHeaderLines") == "1"
        head = pd.read_csv(out / part.findtext(f"{space}files/{space}location"), nrows=0).columns
        terms = {int(field.get("index")): field.get("term") for field in part.iter(f"{space}field")}
        assert set(terms) == set(range(len(head))) - ({0} if key == "coreid" else set())
        for index, term in terms.items():
            assert term.rpartition("/")[2] == head[index].rpartition(":")[2]
    named = {field.get("term") for field in extension.iter(f"{space}field")}
    assert named >= {f"http://rs.tdwg.org/ac/terms/{term}" for term in
                     ("isROIOf", "startTime", "endTime", "freqLow", "freqHigh", "accessURI", "mediaDuration")}
    assert "http://purl.org/ontology/mo/sample_rate" in named and "http://purl.org/dc/terms/identifier" in named


def test_round_trip(tmp_path):
    given_calls, given_recordings = detections(), recordings(device=["AudioMoth", "", ""], latitude=[-22.3, None, 1],
                                                             longitude=[-48.125, None, 1])  # fmt: skip
    calls, heard = read_darwin_core(export_darwin_core(given_calls, given_recordings, tmp_path, **ZONE))
    assert list(calls["species"]) == ["Boana faber", "Physalaemus cuvieri Fitzinger, 1826", "Boana faber"]
    assert list(calls["verified"]) == ["confirmed"] * 3
    same = ["recording", "start_s", "end_s", "low_hz", "high_hz", "probability", "verified_by", "quality"]
    pd.testing.assert_frame_equal(calls[same], given_calls[same])
    assert heard["path"].tolist() == ["P_20240101_200000.wav", "Q 1.FLAC"]  # no folder of the reader's disk goes out
    assert heard["utc_offset"].tolist() == ["-03:00"] * 2
    same = ["recording", "site", "datetime", "duration_s", "sample_rate_hz", "latitude", "longitude", "device"]
    pd.testing.assert_frame_equal(heard[same], given_recordings[same][:2], check_dtype=False)
    assert "home" not in "".join((tmp_path / name).read_text() for name in FILES)


@settings(max_examples=40)
@given(data=st.data())
def test_whatever_is_exported_reads_back_and_exports_the_same_again(data, tmp_path_factory):
    text = st.text(st.characters(categories=("L", "N", "P", "S", "Zs")), max_size=8)
    times = st.floats(0, 59, width=32).map(lambda value: round(value, 6))
    starts = data.draw(st.lists(times, min_size=1, max_size=5, unique=True))
    n = len(starts)

    def each(values):
        return data.draw(st.lists(values, min_size=n, max_size=n))

    band = each(st.tuples(st.floats(0, 5000).map(lambda f: round(f, 3)), st.integers(0, 5000)))
    calls = pd.DataFrame({
        "recording": each(st.sampled_from(["P_20240101_200000", "Q_20240102_010000"])), "start_s": starts,
        "end_s": [round(start + more, 6) for start, more in zip(starts, each(times), strict=True)],
        "species": each(st.sampled_from(["BOAFAB", "Physalaemus cuvieri"])),
        "low_hz": [low for low, _ in band], "high_hz": [low + more for low, more in band],
        "probability": each(st.floats(0, 1) | st.just(np.nan)), "verified": each(st.sampled_from([True, "", None])),
        "verified_by": each(text), "quality": each(text),
    })  # fmt: skip
    heard = recordings(duration_s=[60.0, 60.0, 60.0], device=data.draw(st.lists(text, min_size=3, max_size=3)))
    offset = data.draw(st.sampled_from(["Z", "-03:00", "+05:45", "-12:00", "+14:00"]))
    granted = GRANTED | {"dataset_name": "x" + data.draw(text), "unverified": "mark"}
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    back, heard_back = read_darwin_core(export_darwin_core(calls, heard, first, **granted, utc_offset=offset))
    for name in ("recording", "start_s", "end_s", "low_hz", "high_hz", "probability"):
        assert np.array_equal(back[name], calls[name]) or np.allclose(back[name], calls[name], 0, 1e-6, equal_nan=True)
    offsets = dict(zip(heard_back["recording"], heard_back["utc_offset"], strict=True))
    export_darwin_core(back, heard_back, second, **granted, utc_offset=offsets)
    assert [(first / name).read_bytes() for name in FILES] == [(second / name).read_bytes() for name in FILES]


def test_identifiers_stay_when_other_calls_come_and_go_and_a_code_becomes_a_name(tmp_path):
    before, _ = tables(export_darwin_core(detections(), recordings(), tmp_path / "a", **ZONE))
    fewer = detections(probability=[0.1, 0.2, 0.3]).iloc[[2, 0]].replace("BOAFAB", "Boana faber")
    after, _ = tables(export_darwin_core(fewer, recordings(), tmp_path / "b", **ZONE))
    assert after["occurrenceID"].tolist() == before["occurrenceID"][[2, 0]].tolist()
    assert before["occurrenceID"][0] == "urn:uuid:" + before["occurrenceID"][0][-36:]
    other = ZONE | {"dataset_name": "Another"}
    other, _ = tables(export_darwin_core(fewer, recordings(), tmp_path / "c", **other))
    assert not set(other["occurrenceID"]) & set(before["occurrenceID"])


@pytest.mark.parametrize("words", [[True, False, np.nan], ["confirmed", "rejected", "unverified"],
                                   ["True", "False", ""], [1, 0, None], [1.0, 0.0, np.nan]])  # fmt: skip
def test_only_verified_ones_go_out_rejected_ones_never(tmp_path, words):
    calls = detections(verified=pd.Series(words, dtype=object))
    occurrence, _ = tables(export_darwin_core(calls, recordings(), tmp_path / "a", **ZONE))
    assert occurrence["identificationVerificationStatus"].tolist() == ["verified"]
    out = export_darwin_core(calls, recordings(), tmp_path / "b", **ZONE, unverified="mark")
    occurrence, _ = tables(out)
    assert occurrence["identificationVerificationStatus"].tolist() == ["verified", "unverified"]
    assert list(read_darwin_core(out)[0]["verified"]) == ["confirmed", "unverified"]


def test_a_bad_row_that_stays_here_is_no_hindrance(tmp_path):
    calls = detections(verified=[True, False, ""], species=["BOAFAB", "NOISE", "WHAT"], end_s=[3, 0, 0])
    assert export_darwin_core(calls, recordings(), tmp_path, **ZONE) == tmp_path


def test_dates_without_offset_are_local_and_said_so_once(tmp_path):
    with pytest.warns(UserWarning, match="2 recordings, such as P_20240101_200000, have no offset") as told:
        out = export_darwin_core(detections(), recordings(), tmp_path / "a", **GRANTED)
    assert len(told) == 1
    occurrence, _ = tables(out)
    assert occurrence["eventDate"][0] == "2024-01-01T20:00:02.500"
    assert read_darwin_core(out)[1]["utc_offset"].tolist() == ["", ""]
    with pytest.warns(UserWarning, match="1 recordings, such as Q"):
        export_darwin_core(detections(), recordings(), tmp_path / "b", **GRANTED, utc_offset={"P_20240101_200000": "Z"})
    zoned = recordings(datetime=recordings()["datetime"].dt.tz_localize("America/Sao_Paulo"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        occurrence, _ = tables(export_darwin_core(detections(), zoned, tmp_path / "c", **GRANTED))
    assert occurrence["eventDate"][0] == "2024-01-01T20:00:02.500-03:00"
    with pytest.raises(ValueError, match=r"offset -03:00 and utc_offset says \+02:00"):
        export_darwin_core(detections(), zoned, tmp_path / "d", **GRANTED, utc_offset="+02:00")


def test_places_by_site_or_recording_and_sound_on_the_web(tmp_path):
    table = pd.DataFrame({"site": ["P", "Q"], "latitude": [-22.25, None], "longitude": [-48.5, None]})
    own = recordings(latitude=[1.5, None, None], longitude=[2.5, None, None])
    for n, heard, expected in ((0, recordings(), ["-22.25", "-22.25", ""]), (1, own, ["1.5", "1.5", ""])):
        out = export_darwin_core(detections(), heard, tmp_path / str(n), **ZONE, places=table,
                                 media_url="https://example.org/sound/")  # fmt: skip
        occurrence, media = tables(out)
        assert occurrence["decimalLatitude"].tolist() == expected
        assert occurrence["geodeticDatum"].tolist() == ["EPSG:4326", "EPSG:4326", ""]
    links = media.loc[media["ac:accessURI"] != "", "ac:accessURI"].unique().tolist()
    assert links == ["https://example.org/sound/P_20240101_200000.wav", "https://example.org/sound/Q%201.FLAC"]
    assert occurrence["associatedMedia"][2] == links[1]


def test_ranks_by_the_form_of_the_name(tmp_path):
    names = {"A": "Boana", "B": "Hylidae", "C": "Boana faber (Wied-Neuwied, 1821)", "D": "Rana temporaria honnorati",
             "E": "Boana Gray, 1825"}  # fmt: skip
    calls = pd.DataFrame({"recording": "P_20240101_200000", "start_s": range(5), "end_s": 9, "species": list("ABCDE"),
                          "verified": True})  # fmt: skip
    out = export_darwin_core(calls, recordings(), tmp_path, **ZONE | {"names": pd.Series(names)})
    assert next(tables(out))["taxonRank"].tolist() == ["genus", "family", "species", "subspecies", "genus"]


@pytest.mark.parametrize(("columns", "told"), [
    ({"recording": ["P_20240101_200000", "gone", "gone"]}, "row 1: recording 'gone' isn't in the table of recordings"),
    ({"species": ["BOAFAB", "LEPLAT", "BOAFAB"]}, r"row 1: species 'LEPLAT' is no scientific name; say names=\{'LEPL"),
    ({"species": ["BOAFAB", "Boana", "BOAFAB"]}, "row 1: species 'Boana' is no scientific name"),
    ({"species": ["BOAFAB", "Boana sp.", "BOAFAB"]}, "row 1: species 'Boana sp.'.*no sp., cf. or aff."),
    ({"end_s": [1, 60, 4]}, "row 0: end_s 1.0 lies before start_s 2.5"),
    ({"start_s": [2.5, 61, 0], "end_s": 70}, "row 1: start_s 61.0 lies after the end of 'P_20240101_200000'"),
    ({"start_s": [-1, 0, 0]}, "row 0: start_s -1.0 and end_s 3.125 must be seconds"),
    ({"start_s": ["x", 0, 0]}, "row 0: start_s is 'x', no number"),
    ({"high_hz": [300, 0, 0]}, "row 0: low_hz 400.0, high_hz 300.0 is no band"),
    ({"probability": [0.5, 93, 0]}, "row 1: probability 93.0 doesn't lie between 0 and 1"),
    ({"verified": ["maybe", True, True]}, "row 0: verified is 'maybe'"),
    ({"verified": False}, "none of 3 detections is verified as true"),
    ({"verified_by": ["Ana\nB.", "", ""]}, "occurrence.csv, column identifiedBy: .*holds a line break"),
    ({"recording": "P_20240101_200000", "start_s": 1, "end_s": 2, "species": "BOAFAB"}, "row 1: the same recording"),
])  # fmt: skip
def test_bad_detections_say_row_and_what_to_do_and_nothing_is_written(tmp_path, columns, told):
    with pytest.raises(ValueError, match=told):
        export_darwin_core(detections(**columns), recordings(), tmp_path / "out", **ZONE)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(("columns", "more", "told"), [
    ({}, {"places": {"P": (-91, 0), "Q": (0, 0)}}, "P_20240101_200000: latitude -91.0 doesn't lie between -90 and 90"),
    ({}, {"places": {"P": (0, 181), "Q": (0, 0)}}, "longitude 181.0 doesn't lie between -180 and 180"),
    ({}, {"places": {"P": (0, None), "Q": (0, 0)}}, "give both or none"),
    ({}, {"places": {"P": (0, 0)}}, "Q_20240102_010000: site 'Q' isn't in places"),
    ({}, {"places": {"P": 3, "Q": (0, 0)}}, r"site 'P': 3 is not \(latitude, longitude\)"),
    ({"latitude": ["N 3", 0, 0], "longitude": 0}, {}, "P_20240101_200000: latitude is 'N 3', no number"),
    ({}, {"utc_offset": "+15:00"}, r"no clock on Earth has the offset '\+15:00'"),
    ({}, {"utc_offset": "-3"}, "no clock on Earth has the offset '-3'; write it like '-03:00'"),
    ({}, {"utc_offset": "-03:20"}, "no clock on Earth"),
    ({}, {"utc_offset": "-00:00"}, "no clock on Earth"),
    ({"datetime": pd.NaT}, {}, "P_20240101_200000: no date and time"),
    ({"recording": "P_20240101_200000"}, {}, "row 2: recording 'Q_2|stands twice"),
    ({}, {"licence": "free"}, "licence 'free' is none of"),
    ({}, {"dataset_name": " "}, "dataset_name is empty"),
    ({}, {"country_code": "Brazil"}, "country_code 'Brazil' isn't two capitals"),
    ({}, {"unverified": "all"}, 'unverified must be "leave out" or "mark"'),
])  # fmt: skip
def test_bad_recordings_and_options(tmp_path, columns, more, told):
    with pytest.raises(ValueError, match=told):
        export_darwin_core(detections(), recordings(**columns), tmp_path / "out", **ZONE | more)
    assert not (tmp_path / "out").exists()


def test_missing_columns_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"detections lack the columns \['species'\]"):
        export_darwin_core(detections().drop(columns="species"), recordings(), tmp_path, **ZONE)
    with pytest.raises(ValueError, match=r"recordings lack the columns \['site'\]"):
        export_darwin_core(detections(), recordings().drop(columns="site"), tmp_path, **ZONE)


def test_a_full_disk_leaves_the_old_export_as_it_was(tmp_path, monkeypatch):
    out = export_darwin_core(detections(), recordings(), tmp_path / "out", **ZONE)
    (out / "eml.xml").write_text("the reader's own")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    write, n = export.Path.write_bytes, []

    def full(path, data):
        n.append(path)
        if len(n) == 3:
            raise OSError("no space left on device")
        return write(path, data)

    monkeypatch.setattr(export.Path, "write_bytes", full)
    with pytest.raises(OSError, match="no space"):
        export_darwin_core(detections()[:1], recordings(), out, **ZONE)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    monkeypatch.undo()
    export_darwin_core(detections()[:1], recordings(), out, **ZONE)
    assert len(read_darwin_core(out)[0]) == 1 and (out / "eml.xml").read_text() == "the reader's own"


@pytest.mark.parametrize(("name", "change", "told"), [
    ("occurrence.csv", lambda s: s.replace("MachineObservation", "", 1), "record 1: basisOfRecord is empty"),
    ("occurrence.csv", lambda s: s + s.splitlines()[1] + "\n", "record 4: urn:uuid:.* stands twice"),
    ("occurrence.csv", lambda s: "\n".join(s.splitlines()[:-1]) + "\n", "media.csv, record 5: no occurrence has"),
    ("occurrence.csv", lambda s: s.splitlines()[0] + "\n", "occurrence.csv: no table of records"),
    ("occurrence.csv", lambda s: s.replace("{", "", 1), "record 1: dynamicProperties is no JSON"),
    ("media.csv", lambda s: "\n".join(s.splitlines()[:-1]) + "\n", "record 3: the media of this occurrence lack"),
    ("media.csv", lambda s: s.replace(",2.5,", ",two,", 1), "media.csv, record 2: ac:startTime is 'two', no number"),
    ("media.csv", lambda s: s.replace("2024-01-01T20", "night", 1), "media.csv, record 1: xmp:CreateDate is no date"),
    ("media.csv", lambda s: s.replace(",60,", ",61,", 1), "its recording is told in another way before"),
    ("meta.xml", lambda s: s.replace("terms/eventDate", "terms/date"), "no column for dwc:eventDate, by meta.xml"),
    ("meta.xml", lambda s: s[:-20], "meta.xml: no XML"),
    ("meta.xml", lambda s: s.replace("extension", "other"), "meta.xml: no extension"),
])  # fmt: skip
def test_a_damaged_folder_says_where(tmp_path, name, change, told):
    out = export_darwin_core(detections(), recordings(), tmp_path, **ZONE)
    text = (out / name).read_text(encoding="utf-8")
    assert change(text) != text
    (out / name).write_text(change(text), encoding="utf-8")
    with pytest.raises(ValueError, match=told):
        read_darwin_core(out)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="meta.xml"):
        read_darwin_core(tmp_path)
