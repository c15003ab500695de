"""Verified detections for GBIF and the like: a folder of tables in the words of Darwin Core, and back.

Where the terms are from, as read in 2026: Darwin Core, https://dwc.tdwg.org/list/, and its text guide,
https://dwc.tdwg.org/text/; Audiovisual Core, http://rs.tdwg.org/ac/doc/termlist/, with the words for `dc:format`,
http://rs.tdwg.org/ac/doc/format/; GBIF's lists of the terms that a core and an extension may have,
https://rs.gbif.org/core/dwc_occurrence_2025-07-10.xml and https://rs.gbif.org/extension/ac/audiovisual_2026-02-24.xml.
"""

import contextlib
import io
import json
import math
import re
import uuid
import warnings
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from urllib.parse import quote

import numpy as np
import pandas as pd

from anuralib._files import atomic_path, read_text, safe_name

# https://www.gbif.org/data-quality-requirements-occurrences: without these GBIF takes no record.
REQUIRED_TERMS = ("occurrenceID", "basisOfRecord", "scientificName", "eventDate")
LICENCES = {
    "CC0 1.0": "http://creativecommons.org/publicdomain/zero/1.0/legalcode",
    "CC BY 4.0": "http://creativecommons.org/licenses/by/4.0/legalcode",
    "CC BY-NC 4.0": "http://creativecommons.org/licenses/by-nc/4.0/legalcode",
}

_SPACES = {
    "dwc": "http://rs.tdwg.org/dwc/terms/",
    "ac": "http://rs.tdwg.org/ac/terms/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "mo": "http://purl.org/ontology/mo/",
}
_OCCURRENCE = """dwc:occurrenceID dwc:basisOfRecord dwc:scientificName dwc:taxonRank dwc:kingdom dwc:eventDate
    dwc:eventTime dwc:occurrenceStatus dwc:locationID dwc:countryCode dwc:decimalLatitude dwc:decimalLongitude
    dwc:geodeticDatum dwc:recordedBy dwc:identifiedBy dwc:identificationVerificationStatus dwc:samplingProtocol
    dwc:associatedMedia dwc:dynamicProperties dwc:datasetName dcterms:license""".split()
_MEDIA = """dcterms:identifier dc:type dcterms:type dcterms:title ac:metadataLanguageLiteral dcterms:rights
    ac:providerManagedID xmp:CreateDate ac:captureDevice mo:sample_rate ac:mediaDuration ac:accessURI dc:format
    ac:isROIOf ac:startTime ac:endTime ac:freqLow ac:freqHigh""".split()
_TEXT = "http://rs.tdwg.org/dwc/text/"
# Audiovisual Core's words for dc:format; it has none for .w64.
_FORMATS = {".wav": "audio/vnd.wave", ".flac": "audio/x-flac", ".ogg": "audio/ogg", ".opus": "audio/ogg",
            ".mp3": "audio/mpeg", ".aif": "audio/x-aiff", ".aiff": "audio/x-aiff"}  # fmt: skip
_OFFSET = re.compile(r"Z|([+-])(\d\d):(00|15|30|45)")
_NAME = re.compile(r"[A-Z][a-zë-]+( [a-zë-]+){0,2}( .*)?")
_DOUBT = re.compile(r"\b(?:sp|spp|cf|aff|gr|indet)\b", re.IGNORECASE)
_VERIFIED = {"true": "confirmed", "1": "confirmed", "1.0": "confirmed", "confirmed": "confirmed",
             "false": "rejected", "0": "rejected", "0.0": "rejected", "rejected": "rejected",
             "": "unverified", "nan": "unverified", "none": "unverified", "<na>": "unverified",
             "unverified": "unverified"}  # fmt: skip
_NUMBERS = ("start_s", "end_s", "low_hz", "high_hz", "probability")
_TEXTS = ("verified_by", "quality")
_DETECTION_COLUMNS = ["recording", "start_s", "end_s", "species", "low_hz", "high_hz", "probability", "verified",
                      "verified_by", "quality"]  # fmt: skip


def _refuse(table, bad, problem):
    """ValueError about the first row that is bad; `problem` may name columns in braces."""
    bad = np.asarray(bad, dtype=bool)
    if bad.any():
        first = table[bad].iloc[0].to_dict()
        raise ValueError(f"{first.get('where', 'row ?')}: " + problem.format_map(first))


def _text(value):
    """Text of a cell, "" for what is missing."""
    return "" if value is None or value is pd.NaT or value is pd.NA or value != value else str(value).strip()


def _number(value, digits=6):
    """A number as text without needless zeros, "" for what is missing."""
    return "" if value != value else np.format_float_positional(round(float(value), digits), trim="-")


def _columns(table, wanted, what):
    lost = [name for name in wanted if name not in table]
    if lost:
        raise ValueError(f"{what} lack the columns {lost}; there are {list(table.columns)}")


def _calls(detections, names, unverified):
    """The detections that go out: checked, numbers as numbers, text as text, species by scientific name."""
    if unverified not in ("leave out", "mark"):
        raise ValueError(f'unverified must be "leave out" or "mark", not {unverified!r}')
    _columns(detections, ("recording", "start_s", "end_s", "species"), "detections")
    where = [f"detections, row {row}" for row in detections.index]
    calls = detections.reset_index(drop=True).assign(where=where)
    calls["verified"] = calls["verified"].map(_text) if "verified" in calls else ""
    status = calls["verified"].str.lower().map(_VERIFIED)
    _refuse(calls, status.isna(), "verified is {verified!r}; write True, False or nothing")
    calls = calls.assign(verified=status)
    calls = calls[status.isin(["confirmed"] if unverified == "leave out" else ["confirmed", "unverified"])].copy()
    if calls.empty:
        raise ValueError(f"none of {len(detections)} detections is verified as true: listen to them and write True "
                         'into column verified, or say unverified="mark"')  # fmt: skip
    for name in _NUMBERS:
        calls[name] = _to_numbers(calls, name)
    calls["recording"] = calls["recording"].map(_text)
    for name in _TEXTS:
        calls[name] = calls[name].map(_text) if name in calls else ""
    start, end, low, high, p = (calls[name] for name in _NUMBERS)
    _refuse(calls, ~(np.isfinite(start) & np.isfinite(end) & (start >= 0)), "start_s {start_s} and end_s {end_s} must "
            "be seconds from the beginning of the recording")  # fmt: skip
    _refuse(calls, end < start, "end_s {end_s} lies before start_s {start_s}; exchange them")
    _refuse(calls, (low < 0) | (high < low), "low_hz {low_hz}, high_hz {high_hz} is no band of frequencies in Hz")
    _refuse(calls, (p < 0) | (p > 1), "probability {probability} doesn't lie between 0 and 1")
    return calls.assign(species=_scientific(calls, names)).reset_index(drop=True)


def _to_numbers(table, name):
    if name not in table:
        return np.nan
    values = pd.to_numeric(table[name], errors="coerce").astype(float)
    written = table[name].map(_text) != ""
    bad = (values.isna() & written) | np.isinf(values)
    _refuse(table.assign(value=table[name]), bad, f"{name} is {{value!r}}, no number")
    return values


def _scientific(calls, names):
    """The scientific name of each call; ValueError for a code without one and for a name in doubt."""
    calls = calls.assign(code=calls["species"].map(_text))
    found = calls.assign(name=[_text(names.get(code, code)) for code in calls["code"]])
    named = found["code"].map(lambda code: code in names or " " in code)
    looks = found["name"].map(lambda name: _NAME.fullmatch(name) is not None)
    _refuse(found, ~(looks & named), "species {code!r} is no scientific name; say names={{{code!r}: 'Genus species'}}")
    _refuse(found, found["name"].str.contains(_DOUBT), "species {name!r}: a scientific name has no sp., cf. or aff.; "
            "give the name of the genus alone, names={{{code!r}: 'Genus'}}")  # fmt: skip
    return found["name"]


def _rank(name):
    """The rank that a scientific name has by its form; an author after it begins with a capital or a bracket."""
    words = name.split(" ")
    if len(words) == 1 or not re.fullmatch("[a-zë-]+", words[1]):
        return "family" if words[0].endswith("idae") else "genus"
    return "subspecies" if len(words) > 2 and re.fullmatch("[a-zë-]+", words[2]) else "species"


def _heard(calls, recordings, utc_offset, places):
    """The recordings that hold calls, checked, with offset and place."""
    _columns(recordings, ("recording", "path", "site", "datetime", "duration_s", "sample_rate_hz"), "recordings")
    recordings = recordings.assign(recording=recordings["recording"].map(_text))
    unknown = ~calls["recording"].isin(recordings["recording"])
    _refuse(calls, unknown, "recording {recording!r} isn't in the table of recordings; give the table that has it")
    heard = recordings[recordings["recording"].isin(calls["recording"])].reset_index(drop=True)
    heard["where"] = [f"recordings, {name}" for name in heard["recording"]]
    _refuse(heard, heard["recording"].duplicated(), "stands twice; keep one of the rows")
    heard["datetime"] = [pd.to_datetime(value, errors="coerce") for value in heard["datetime"]]
    _refuse(heard, heard["datetime"].isna(), "no date and time, and a record must have a date; fill column datetime, "
            "or leave its detections out")  # fmt: skip
    for name in ("duration_s", "sample_rate_hz"):
        heard[name] = _to_numbers(heard, name)
    heard["device"] = heard["device"].map(_text) if "device" in heard else ""
    heard["offset"] = [_offset(row, utc_offset) for row in heard.itertuples()]
    late = calls["start_s"] > calls["recording"].map(heard.set_index("recording")["duration_s"])
    _refuse(calls, late, "start_s {start_s} lies after the end of {recording!r}")
    return heard.assign(**_places(heard, places))


def _offset(row, utc_offset):
    """The offset of a recording's clock from universal time as text, "" where nobody knows."""
    given = utc_offset.get(row.recording) if isinstance(utc_offset, Mapping | pd.Series) else utc_offset
    given = _text(given)
    parts = _OFFSET.fullmatch(given)
    hours = 0 if not parts or given == "Z" else int(parts[1] + "1") * (int(parts[2]) + int(parts[3]) / 60)
    if given and (not parts or given == "-00:00" or not -12 <= hours <= 14):
        raise ValueError(f"{row.where}: no clock on Earth has the offset {given!r}; write it like '-03:00', or 'Z'")
    own = row.datetime.isoformat()[-6:] if row.datetime.tzinfo is not None else ""
    if own and given and own != given.replace("Z", "+00:00"):
        raise ValueError(f"{row.where}: datetime has the offset {own} and utc_offset says {given}; keep one of them")
    return given or own


def _places(heard, places):
    """Columns latitude and longitude in degrees (NaN where not known): the recording's own, else its site's."""
    axes = ("latitude", "longitude")
    placed = heard.assign(**{name: heard[name] if name in heard else np.nan for name in axes})
    if places is not None:
        places = _by_site(places)
        bare = placed["latitude"].isna() & placed["longitude"].isna()
        _refuse(heard, bare & ~heard["site"].isin(list(places)), "site {site!r} isn't in places; add it, with (None, "
                "None) if nobody may know")  # fmt: skip
        for axis, name in enumerate(axes):
            rows = zip(heard["site"], placed[name], bare, strict=True)
            placed[name] = [places[site][axis] if gap else own for site, own, gap in rows]
    for name, most in (("latitude", 90), ("longitude", 180)):
        placed[name] = _to_numbers(placed, name)
        _refuse(placed, placed[name].abs() > most, f"{name} {{{name}}} doesn't lie between -{most} and {most} degrees")
    half = placed["latitude"].isna() != placed["longitude"].isna()
    _refuse(placed, half, "latitude {latitude}, longitude {longitude}: give both or none")
    return placed[["latitude", "longitude"]].to_dict("series")


def _by_site(places):
    """(latitude, longitude) by site."""
    if isinstance(places, pd.DataFrame):
        table = places.set_index("site") if "site" in places else places
        _columns(table, ("latitude", "longitude"), "places")
        places = dict(zip(table.index, zip(table["latitude"], table["longitude"], strict=True), strict=True))
    for site, place in places.items():
        if np.shape(place) != (2,):
            raise ValueError(f"places, site {site!r}: {place!r} is not (latitude, longitude)")
    return places


def _urn(*parts):
    """The same parts give the same identifier, today and elsewhere."""
    return uuid.uuid5(uuid.NAMESPACE_URL, "anuralib:" + json.dumps(parts, allow_nan=False)).urn


def _clock(row, seconds=0.0):
    """ISO 8601 of a moment in a recording, with the offset where it is known."""
    when = row.datetime.replace(tzinfo=None).floor("us") + pd.Timedelta(microseconds=round(seconds * 1e6))
    finest = "microseconds" if when.microsecond % 1000 else "milliseconds" if when.microsecond else "seconds"
    return when.isoformat(timespec=finest) + row.offset


def _link(row, media_url):
    """Where the sound of a recording lies on the web, or ""."""
    if isinstance(media_url, Mapping | pd.Series):
        return _text(media_url.get(row.recording))
    return f"{media_url.rstrip('/')}/{quote(_file_name(row))}" if media_url and _file_name(row) else ""


def _file_name(row):
    return PurePosixPath(_text(row.path).replace("\\", "/")).name


def _media_rows(call, row, same, about):
    """The recording, and the region of it that holds the call: two rows of media.csv, linked by ac:isROIOf."""
    name = _file_name(row)
    whole = same | {
        "dcterms:identifier": about["recording"], "dcterms:title": name, "ac:providerManagedID": row.recording,
        "xmp:CreateDate": _clock(row), "ac:captureDevice": row.device,
        "mo:sample_rate": _number(row.sample_rate_hz or math.nan), "ac:mediaDuration": _number(row.duration_s),
        "ac:accessURI": about["link"], "dc:format": _FORMATS.get(PurePosixPath(name).suffix.lower(), ""),
    }  # fmt: skip
    region = same | {
        "dcterms:identifier": _urn("region", about["id"]), "dcterms:title": f"call of {call.species}",
        "ac:isROIOf": about["recording"], "ac:startTime": _number(call.start_s), "ac:endTime": _number(call.end_s),
        "ac:freqLow": _number(call.low_hz), "ac:freqHigh": _number(call.high_hz),
    }  # fmt: skip
    return [{"coreid": about["id"]} | {term: entry.get(term, "") for term in _MEDIA} for entry in (whole, region)]


def _occurrence_row(call, row, same, about):
    """The call as an occurrence: one row of occurrence.csv."""
    told = {name: round(value, 6) for name in ("probability", "low_hz", "high_hz")
            if (value := getattr(call, name)) == value}  # fmt: skip
    told |= {"quality": call.quality} if call.quality else {}
    when = _clock(row, call.start_s)
    entry = same | {
        "dwc:occurrenceID": about["id"], "dwc:basisOfRecord": "MachineObservation", "dwc:kingdom": "Animalia",
        "dwc:scientificName": call.species, "dwc:taxonRank": _rank(call.species), "dwc:eventDate": when,
        "dwc:eventTime": when.partition("T")[2], "dwc:occurrenceStatus": "present", "dwc:locationID": _text(row.site),
        "dwc:decimalLatitude": _number(row.latitude, 8), "dwc:decimalLongitude": _number(row.longitude, 8),
        "dwc:geodeticDatum": "EPSG:4326" if row.latitude == row.latitude else "", "dwc:identifiedBy": call.verified_by,
        "dwc:identificationVerificationStatus": "verified" if call.verified == "confirmed" else "unverified",
        "dwc:associatedMedia": about["link"] or about["recording"],
        "dwc:dynamicProperties": json.dumps(told, ensure_ascii=False, allow_nan=False) if told else "",
    }  # fmt: skip
    return {term.partition(":")[2]: entry.get(term, "") for term in _OCCURRENCE}


def _csv(rows, file):
    """Text of a table; ValueError where a cell would break its line."""
    table = pd.DataFrame(rows)
    for name in table:
        broken = table[name].str.contains(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
        if broken.any():
            raise ValueError(f"{file}, column {name}: {table[name][broken.idxmax()]!r} holds a line break or a control "
                             "character; take it out of the tables you give")  # fmt: skip
    return table.to_csv(index=False, lineterminator="\n")


def _uri(term):
    space, _, name = term.partition(":")
    return _SPACES[space] + name


def _meta():
    """Text of meta.xml, which tells a reader what is in which column."""
    archive = ET.Element("archive", xmlns=_TEXT)
    shared = {"encoding": "UTF-8", "fieldsTerminatedBy": ",", "linesTerminatedBy": "\\n", "fieldsEnclosedBy": '"',
              "ignoreHeaderLines": "1"}  # fmt: skip
    for kind, key, file, row_type, terms in (
        ("core", "id", "occurrence.csv", _uri("dwc:Occurrence"), _OCCURRENCE),
        ("extension", "coreid", "media.csv", _uri("ac:Multimedia"), ["", *_MEDIA]),
    ):
        part = ET.SubElement(archive, kind, shared | {"rowType": row_type})
        ET.SubElement(ET.SubElement(part, "files"), "location").text = file
        ET.SubElement(part, key, index="0")
        for index, term in enumerate(terms):
            if term:
                ET.SubElement(part, "field", index=str(index), term=_uri(term))
    ET.indent(archive)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(archive, encoding="unicode") + "\n"


def _write_together(texts, folder):
    """Write all the files, and only when all are written put them in their places."""
    with contextlib.ExitStack() as stack:
        for name, text in texts.items():
            stack.enter_context(atomic_path(folder / name)).write_bytes(text.encode("utf-8"))


def export_darwin_core(
    detections, recordings, out_dir, *, dataset_name, licence, names=None, utc_offset=None, places=None,
    recorded_by="", country_code="", media_url=None, sampling_protocol="passive acoustic monitoring",
    unverified="leave out",
):  # fmt: skip
    """Write verified detections as a Darwin Core Archive, the form in which GBIF takes records.

    Each call becomes an occurrence (`occurrence.csv`), and has two rows of `media.csv`: its recording, and the region
    of it from `ac:startTime` to `ac:endTime` (seconds), `ac:freqLow` to `ac:freqHigh` (Hz). `meta.xml` says what the
    columns mean. The folder, zipped, is the archive; the description of the data set (`eml.xml`) is made by GBIF's
    publishing tool, or put beside. Records are of presence: silence isn't exported.

    Coordinates go out as given: make those of threatened species coarse first. Of a path only the file's name goes out.
    Camtrap DP isn't written: its media may be sound, but its observations have neither seconds nor Hz.

    Parameters
    ----------
    detections : DataFrame
        `recording`, `start_s`, `end_s` (seconds), `species` (scientific name, or a code in `names`); if there are,
        `low_hz`, `high_hz` (Hz), `probability`, `verified` (True, False or nothing; "confirmed", "rejected",
        "unverified"), `verified_by`, `quality`. Rejected ones never go out.
    recordings : DataFrame
        As `Dataset.recordings`: `recording`, `path`, `site`, `datetime`, `duration_s`, `sample_rate_hz`; if there are,
        `latitude`, `longitude` (degrees, WGS84), `device`.
    out_dir : str or path-like
        The three files are replaced if they are there; others stay.
    dataset_name : str
        The same name at each export, since identifiers are made from it, the recording, the start and the species.
    licence : str
        Of records and recordings: "CC0 1.0", "CC BY 4.0" or "CC BY-NC 4.0", as GBIF takes them, or an address.
    names : mapping, optional
        Scientific names of codes. A name of one word, such as a genus, must stand here too.
    utc_offset : str or mapping by recording, optional
        Of the recorder's clock, such as "-03:00" or "Z".
    places : mapping or DataFrame, optional
        (latitude, longitude) of each site, in degrees (WGS84); a table has `site`, `latitude`, `longitude`.
        Coordinates in `recordings` go before.
    recorded_by, country_code : str
        Who recorded; two letters of ISO 3166-1, such as "BR".
    media_url : str or mapping by recording, optional
        Where the recordings are on the web: the folder's address, or that of each file.
    sampling_protocol : str
    unverified : {"leave out", "mark"}
        "mark" exports detections that nobody verified too, with identificationVerificationStatus "unverified".

    Returns
    -------
    pathlib.Path
        The folder.

    Warns
    -----
    UserWarning
        Once, if dates have no offset: they are local times then.

    Raises
    ------
    ValueError
        Names row or column and what to do; nothing is written.

    See Also
    --------
    read_darwin_core

    References
    ----------
    Terms: https://dwc.tdwg.org/list/ and http://rs.tdwg.org/ac/doc/termlist/. Those that GBIF requires:
    https://www.gbif.org/data-quality-requirements-occurrences.

    Examples
    --------
    >>> import tempfile
    >>> calls = pd.DataFrame({"recording": "INCT4_20191005_180000", "start_s": [2.5], "end_s": 3.1,
    ...                       "species": "BOAFAB", "low_hz": 400, "high_hz": 1500, "verified": True})
    >>> recordings = pd.DataFrame({"recording": ["INCT4_20191005_180000"], "path": "INCT4_20191005_180000.wav",
    ...     "site": "INCT4", "datetime": pd.Timestamp("2019-10-05 18:00"), "duration_s": 60.0, "sample_rate_hz": 22050})
    >>> out = export_darwin_core(calls, recordings, tempfile.mkdtemp(), dataset_name="Frogs of INCT4",
    ...     licence="CC BY 4.0", names={"BOAFAB": "Boana faber"}, utc_offset="-03:00", places={"INCT4": (-22.3, -48.1)})
    >>> pd.read_csv(out / "occurrence.csv")["eventDate"][0]
    '2019-10-05T18:00:02.500-03:00'
    """
    calls = _calls(detections, {} if names is None else names, unverified)
    heard = _heard(calls, recordings, utc_offset, places)
    same = {"dwc:datasetName": _text(dataset_name), "dcterms:license": _text(LICENCES.get(licence, licence)),
            "dwc:recordedBy": _text(recorded_by), "dwc:countryCode": _text(country_code),
            "dwc:samplingProtocol": _text(sampling_protocol)}  # fmt: skip
    _check_same(same)
    texts = _tables(calls, heard, same, media_url)
    bare = heard.loc[heard["offset"] == "", "recording"]
    if len(bare):
        warnings.warn(f"{len(bare)} recordings, such as {bare.iloc[0]}, have no offset from universal time: their "
                      'dates are local times; say utc_offset="-03:00", or what it was', stacklevel=2)  # fmt: skip
    folder = Path(out_dir).expanduser()
    _write_together({"meta.xml": _meta(), **texts}, folder)
    return folder


def _check_same(same):
    """ValueError about what all records share."""
    if not same["dwc:datasetName"]:
        raise ValueError("dataset_name is empty; identifiers are made from it, so give the data set its name")
    if not re.match("https?://", same["dcterms:license"]):
        raise ValueError(f"licence {same['dcterms:license']!r} is none of {list(LICENCES)}, nor an address (https://…)")
    if not re.fullmatch("([A-Z]{2})?", same["dwc:countryCode"]):
        raise ValueError(f"country_code {same['dwc:countryCode']!r} isn't two capitals of ISO 3166-1, such as 'BR'")


def _tables(calls, heard, same, media_url):
    """Text of occurrence.csv and media.csv; ValueError for a call that stands twice."""
    by_name = {row.recording: row for row in heard.itertuples()}
    rights = {"dc:type": "Sound", "dcterms:type": "http://purl.org/dc/dcmitype/Sound",
              "ac:metadataLanguageLiteral": "eng", "dcterms:rights": same["dcterms:license"]}  # fmt: skip
    occurrences, media, seen = [], [], {}
    for call in calls.itertuples():
        row, name = by_name[call.recording], same["dwc:datasetName"]
        about = {"id": _urn("call", name, row.recording, _number(call.start_s), call.species),
                 "recording": _urn("recording", name, row.recording), "link": _link(row, media_url)}  # fmt: skip
        if about["id"] in seen:
            raise ValueError(f"{call.where}: the same recording, start and species as {seen[about['id']]}; drop one")
        seen[about["id"]] = call.where
        occurrences.append(_occurrence_row(call, row, same, about))
        media += _media_rows(call, row, rights, about)
    return {"media.csv": _csv(media, "media.csv"), "occurrence.csv": _csv(occurrences, "occurrence.csv")}


def read_darwin_core(folder):
    """Read what `export_darwin_core` wrote, and check it.

    Parameters
    ----------
    folder : str or path-like
        With `meta.xml` and the two tables that it names.

    Returns
    -------
    detections : DataFrame
        `recording`, `start_s`, `end_s`, `species` (scientific name), `low_hz`, `high_hz`, `probability`, `verified`
        ("confirmed" or "unverified"), `verified_by`, `quality`.
    recordings : DataFrame
        `recording`, `path` (the file's name), `site`, `datetime` (local), `utc_offset`, `duration_s`,
        `sample_rate_hz`, `latitude`, `longitude`, `device`; those that hold detections.

    Raises
    ------
    FileNotFoundError
        A file isn't there.
    ValueError
        Names file, row and column: a required term is missing or empty, an identifier stands twice, or an occurrence
        is without its media.

    Examples
    --------
    >>> import tempfile
    >>> recordings = pd.DataFrame({"recording": ["A_20191005_180000"], "path": "A.wav", "site": "A",
    ...     "datetime": pd.Timestamp("2019-10-05 18:00"), "duration_s": 60.0, "sample_rate_hz": 22050})
    >>> calls = pd.DataFrame({"recording": "A_20191005_180000", "start_s": [2.5], "end_s": 3.1,
    ...                       "species": "Boana faber", "verified": True})
    >>> out = export_darwin_core(calls, recordings, tempfile.mkdtemp(), dataset_name="A", licence="CC0 1.0",
    ...                          utc_offset="-03:00")
    >>> read_darwin_core(out)[0].loc[0, ["species", "verified"]].tolist()
    ['Boana faber', 'confirmed']
    """
    folder = Path(folder).expanduser()
    parts = _read_meta(folder / "meta.xml")
    occurrences = _read_part(folder, parts, "core", "id", _OCCURRENCE)
    media = _read_part(folder, parts, "extension", "coreid", _MEDIA)
    for term in REQUIRED_TERMS:
        _refuse(occurrences, occurrences[f"dwc:{term}"] == "", f"{term} is empty, and GBIF requires it")
    _refuse(occurrences, occurrences["key"].duplicated(), "{key} stands twice")
    whole, region = _media_of(occurrences, media)
    told = [_properties(row) for row in occurrences.to_dict("records")]
    verified = occurrences["dwc:identificationVerificationStatus"] == "verified"
    detections = pd.DataFrame({
        "recording": whole["ac:providerManagedID"], "start_s": _to_numbers(region, "ac:startTime"),
        "end_s": _to_numbers(region, "ac:endTime"), "species": occurrences["dwc:scientificName"],
        "low_hz": _to_numbers(region, "ac:freqLow"), "high_hz": _to_numbers(region, "ac:freqHigh"),
        "probability": [float(entry.get("probability", "nan")) for entry in told],
        "verified": np.where(verified, "confirmed", "unverified"), "verified_by": occurrences["dwc:identifiedBy"],
        "quality": [str(entry.get("quality", "")) for entry in told],
    }, columns=_DETECTION_COLUMNS)  # fmt: skip
    return detections, _recordings_of(occurrences, whole)


def _read_meta(path):
    try:
        return ET.fromstring(read_text(path))
    except ET.ParseError as error:
        raise ValueError(f"{path}: no XML ({error}); export the folder again") from error


def _read_part(folder, parts, kind, key, wanted):
    """A table of the archive, its columns named by term, `key` the column of the occurrence's identifier."""
    part = parts.find(f"{{{_TEXT}}}{kind}")
    file = None if part is None else part.findtext(f"{{{_TEXT}}}files/{{{_TEXT}}}location")
    place = None if part is None else part.find(f"{{{_TEXT}}}{key}")
    if file is None or place is None or part.get("fieldsTerminatedBy", ",") != ",":
        raise ValueError(f"{folder / 'meta.xml'}: no {kind} with a comma-separated file and {key}; this reads what "
                         "al.export_darwin_core writes")  # fmt: skip
    path = folder / safe_name(Path(file).name, f"{folder / 'meta.xml'}: the file")
    try:
        table = pd.read_csv(io.StringIO(read_text(path)), header=None, dtype="str", keep_default_na=False,
                            skiprows=int(part.get("ignoreHeaderLines", "0")))  # fmt: skip
    except (pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        raise ValueError(f"{path}: no table of records ({error}); export the folder again") from error
    index = {field.get("term"): int(field.get("index", "-1")) for field in part.iter(f"{{{_TEXT}}}field")}
    columns = {term: index.get(_uri(term), -1) for term in wanted} | {"key": int(place.get("index", "-1"))}
    lost = [term for term, column in columns.items() if not 0 <= column < table.shape[1]]
    if lost:
        raise ValueError(f"{path}: no column for {', '.join(lost)}, by meta.xml; export the folder again")
    return pd.DataFrame({term: table[column] for term, column in columns.items()}).assign(
        where=[f"{path}, record {n}" for n in range(1, len(table) + 1)])  # fmt: skip


def _media_of(occurrences, media):
    """For each occurrence its recording's row and its region's; ValueError where one is missing."""
    stranger = ~media["key"].isin(occurrences["key"])
    _refuse(media, stranger, "no occurrence has the identifier {key!r}; export the folder again")
    found = []
    for what, rows in (("recording", media[media["ac:isROIOf"] == ""]), ("region", media[media["ac:isROIOf"] != ""])):
        _refuse(rows, rows["key"].duplicated(), f"a second {what} of the occurrence {{key}}")
        lost = ~occurrences["key"].isin(rows["key"])
        _refuse(occurrences, lost, f"the media of this occurrence lack its {what}; export the folder again")
        found.append(rows.set_index("key").loc[occurrences["key"]].reset_index())
    whole, region = found
    other = region["ac:isROIOf"] != whole["dcterms:identifier"]
    _refuse(region, other, "isROIOf is not the identifier of the occurrence's recording; export the folder again")
    linked = occurrences["dwc:associatedMedia"]
    other = (linked != whole["dcterms:identifier"]) & (linked != whole["ac:accessURI"])
    _refuse(occurrences, other, "associatedMedia is not in the table of media; export the folder again")
    return whole, region


def _properties(row):
    try:
        told = json.loads(row["dwc:dynamicProperties"] or "{}")
    except json.JSONDecodeError as error:
        raise ValueError(f"{row['where']}: dynamicProperties is no JSON ({error})") from error
    return told if isinstance(told, dict) else {}


def _recordings_of(occurrences, whole):
    """The table of recordings, each once; ValueError where one is told in two ways."""
    created = whole["xmp:CreateDate"].str.extract(r"^(.*?)(Z|[+-]\d\d:\d\d)?$")
    rates = _to_numbers(whole, "mo:sample_rate").fillna(0).astype("int64")
    table = pd.DataFrame({
        "recording": whole["ac:providerManagedID"], "path": whole["dcterms:title"],
        "site": occurrences["dwc:locationID"],
        "datetime": pd.to_datetime(created[0], format="ISO8601", errors="coerce").astype("datetime64[us]"),
        "utc_offset": created[1].fillna(""), "duration_s": _to_numbers(whole, "ac:mediaDuration"),
        "sample_rate_hz": rates, "latitude": _to_numbers(occurrences, "dwc:decimalLatitude"),
        "longitude": _to_numbers(occurrences, "dwc:decimalLongitude"), "device": whole["ac:captureDevice"],
    })  # fmt: skip
    _refuse(whole, table["datetime"].isna(), "xmp:CreateDate is no date and time; export the folder again")
    first = ~table.duplicated()
    twice = first & table["recording"].duplicated()
    _refuse(whole, twice, "its recording is told in another way before; export the folder again")
    return table[first].reset_index(drop=True)
