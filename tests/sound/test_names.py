import re
import unicodedata
from datetime import datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anuralib.sound import names
from anuralib.sound.names import (
    clock_never_set,
    parse_recording_name,
    possible_names,
    recording_name,
    recording_time,
    recording_times,
    recordings_by_name,
    site_and_time,
)

SAO_PAULO = "America/Sao_Paulo"
TIMES = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1)).map(lambda t: t.replace(microsecond=0))
SITES = st.from_regex(r"[A-Za-zÀ-ÖØ-öø-ÿ0-9]{1,6}([-_][A-Za-zÀ-ÖØ-öø-ÿ0-9]{1,6}){0,2}", fullmatch=True)


def test_name_of_a_recording():
    site, when = parse_recording_name("INCT20955_20190830_231500")
    assert (site, when) == ("INCT20955", pd.Timestamp("2019-08-30 23:15:00"))
    assert parse_recording_name("INCT17_20191113_040001")[1].second == 1
    assert parse_recording_name("my_site-2_20200101_000000")[0] == "my_site-2"


@pytest.mark.parametrize("name", [
    "", "INCT4", "INCT4_20190230_120000", "INCT4_20190830_250000", "INCT4_20190830_231500.wav",
    "INCT4_20190830_231500\n", "_20190830_231500", "INCT4_20190830_2315", "a/b_20190830_231500",
    "INCT4_20190830_231500_0_3", "INCT4_20190830_231500_000_1.5_4.5", "INCT4_２０１９0830_231500", None, 7,
    "20190830_231500", "5D0B1F2C", "20230101", "x_20230101", "moth_00000000", "moth_FFFFFFFF", "5AFCD4F45AFCD4F4",
    "prefix5AFCD4F4prefix", "weird20180801_230000", "x_20190830_231500z", "x_20190830_231500A",
    "x_20190830_231500_Z-0500", "S20240815T091156+1000_E20240815T091251+1000", "x_20190830_231500_5D0B1F2C",
    "86f5923d-ef1d-4159-b120-a8dec3f6334e", "220728_0744 Tascam dr-100 mk3", "x.991301000000", "x_16000101_000000",
])  # fmt: skip
def test_names_that_are_not(name):
    with pytest.raises(ValueError, match="recording|date"):
        parse_recording_name(name)


# Forms of names from ecoacoustics/known-problems, QutEcoacoustics/emu, seewave and OpenAcousticDevices' firmware.
@pytest.mark.parametrize(("name", "site", "when", "offset"), [
    ("P1_20191123_041500_000", "P1", "2019-11-23 04:15", None),
    ("FNQ-RBS_20190102_044802_010", "FNQ-RBS", "2019-01-02 04:48:02", None),
    ("0_20120108_010000_000", "0", "2012-01-08 01:00", None),
    ("NW3-010793_20140331_053200", "NW3-010793", "2014-03-31 05:32", None),
    ("SM301297_0+1_20170912_220000", "SM301297", "2017-09-12 22:00", None),
    ("OLONG-CH1_0+1_20171121$143444", "OLONG-CH1", "2017-11-21 14:34:44", None),
    ("OLONG_0+1_20180221T031609+1000", "OLONG", "2018-02-21 03:16:09", "+10:00"),
    ("LEEC02__0__20161129_202700_manha_2", "LEEC02", "2016-11-29 20:27", None),
    ("LEEC02__1__20161129$202700", "LEEC02", "2016-11-29 20:27", None),
    ("PRE-0+1-20161130-202700", "PRE", "2016-11-30 20:27", None),
    ("PRE_1_20161130_202700", "PRE_1", "2016-11-30 20:27", None),
    ("SMM00123_20230101_180000", "SMM00123", "2023-01-01 18:00", None),
    ("S4A02641_20250220_170000", "S4A02641", "2025-02-20 17:00", None),
    ("24F3190160_20230101_180000T", "24F3190160", "2023-01-01 18:00", None),
    ("20230101_180000T", "", "2023-01-01 18:00", None),
    ("20150703_050000_Musimunat Day2", "", "2015-07-03 05:00", None),
    ("20160916_154131_Cast16-001-Dsk_[-37.5397_141.3252]", "", "2016-09-16 15:41:31", None),
    ("PILLIGA_20121204_234600_+13-090", "PILLIGA", "2012-12-04 23:46", None),
    ("20191026T200000+1000_REC", "", "2019-10-26 20:00", "+10:00"),
    ("201906 7T200000+1000_REC", "", "2019-06-07 20:00", "+10:00"),
    ("201906_7T200000+1000_REC", "", "2019-06-07 20:00", "+10:00"),
    ("8537_20210614T120000-0300_every1d [+44.72053-062.80072]", "8537", "2021-06-14 12:00", "-03:00"),
    ("-0000001_20220420T220000+1000_Rec_-27.61822+152.78111", "0000001", "2022-04-20 22:00", "+10:00"),
    ("20161108T075126.123456-0430_Sun", "", "2016-11-08 07:51:26", "-04:30"),
    ("WOO_20170611_100000+10:00", "WOO", "2017-06-11 10:00", "+10:00"),
    ("WOO_20170611_100000_-0500", "WOO", "2017-06-11 10:00", "-05:00"),
    ("WOO_20170611_100000+10", "WOO", "2017-06-11 10:00", "+10:00"),
    ("20170625T102105Z_Oxley", "", None, "+00:00"),
    ("S1_20230101_180000_Z+0000", "S1", None, "+00:00"),
    ("S1_20230101_180000+0000", "S1", None, "+00:00"),
    ("2022-08-30_12-08-00 (1)", "", "2022-08-30 12:08", None),
    ("Flood_2015-06-02_02.01.02_Z", "Flood", None, "+00:00"),
    ("671629352.181204100002", "671629352", "2018-12-04 10:00:02", None),
    ("P1_20230101_180000_UTC", "P1", None, "+00:00"),
    ("P1_20230101_180000_GMT+0", "P1", None, "+00:00"),
    ("P1_20230101_180000_UTC-3", "P1", "2023-01-01 18:00", None),
    ("moth_5B07C752", "moth", None, "+00:00"),
    ("5b07c752", "", None, "+00:00"),
    ("North (old), P.1_20230410_072000", "North_old_P_1", "2023-04-10 07:20", None),
    ("ग्राम_20230410_072000", "ग्राम", "2023-04-10 07:20", None),
    ("20230410_080000_20230411_060000", "20230410_080000", "2023-04-11 06:00", None),
])  # fmt: skip
def test_what_names_of_recorders_tell(name, site, when, offset):
    assert recording_time(name) == (site, pd.Timestamp(when), offset) or when is None
    assert recording_time(name)[::2] == (site, offset)
    assert (recording_time(name).datetime is pd.NaT) == (when is None)
    if offset is None:
        assert recording_time(name, SAO_PAULO) == recording_time(name)


@pytest.mark.parametrize(("name", "when", "offset"), [
    ("5B07C752", "2018-05-25 05:20:34", "-03:00"),
    ("P_20190217_020000Z", "2019-02-16 23:00", "-03:00"),  # the hour that came twice: summer time ended
    ("P_20190217_010000Z", "2019-02-16 23:00", "-02:00"),
    ("P_20181104T030000+0000", "2018-11-04 01:00", "-02:00"),  # the hour that did not come
    ("P_20181104_003000", "2018-11-04 00:30", None),
    ("P_20230101T180000-0300", "2023-01-01 18:00", "-03:00"),
    ("P_20230101T180000-0500", "2023-01-01 20:00", "-03:00"),
])  # fmt: skip
def test_universal_time_becomes_local_in_a_time_zone(name, when, offset):
    assert recording_time(name, SAO_PAULO)[1:] == (pd.Timestamp(when), offset)
    with pytest.raises(ValueError, match="America/Sao_Paulo"):
        recording_time(name, "Brasil")
    assert list(recording_times([name], SAO_PAULO)["datetime"]) == [pd.Timestamp(when)]


def test_every_example_of_the_table_is_read_and_recorders_stay_known():
    for form in names.RECORDER_NAMES:
        assert recording_time(form.example, SAO_PAULO).datetime is not pd.NaT, form


WRITTEN = {
    "{site}_{t:%Y%m%d}_{t:%H%M%S}": None, "{site}_{t:%Y%m%d}_{t:%H%M%S}_000": None, "{site}_{t:%Y%m%d$%H%M%S}": None,
    "{site}_0+1_{t:%Y%m%d}_{t:%H%M%S}": None, "{site}__0__{t:%Y%m%d}_{t:%H%M%S}_ma": None,
    "{site}_{t:%Y%m%d}_{t:%H%M%S}T": None, "{site}-{t:%Y%m%d}-{t:%H%M%S}": None, "{site}_{t:%Y%m%dT%H%M%S}_REC": None,
    "{site}_{t:%Y%m%dT%H%M%S}+1000_REC": "+10:00", "{site}_{t:%Y%m%d_%H%M%S}-0330": "-03:30",
    "{site}_{t:%Y-%m-%d_%H-%M-%S}": None, "{site}_{t:%Y-%m-%d_%H.%M.%S}": None,
}  # fmt: skip


@given(SITES, TIMES, st.sampled_from(sorted(WRITTEN)))
def test_what_a_recorder_writes_comes_back(site, when, form):
    name = form.format(site=site, t=when)
    assert recording_time(name) == (unicodedata.normalize("NFC", site), pd.Timestamp(when), WRITTEN[form])
    assert parse_recording_name(name) == recording_time(name)[:2]


@given(SITES, st.datetimes(datetime(2015, 1, 1), datetime(2039, 12, 31)))
def test_universal_times_come_back(site, when):
    seconds = int((when.replace(microsecond=0) - datetime(1970, 1, 1)).total_seconds())
    there = pd.Timestamp(seconds, unit="s", tz="UTC").tz_convert(SAO_PAULO)
    for name in (f"{site}_{seconds:08X}", f"{site}_{when:%Y%m%d_%H%M%S}Z", f"{site}_{when:%Y%m%dT%H%M%S}+0000"):
        assert recording_time(name).datetime is pd.NaT and recording_time(name).site == site
        assert recording_time(name, SAO_PAULO).datetime == there.tz_localize(None)


OLD = re.compile(r"([^\W_]+(?:[-_][^\W_]+)*)_([0-9]{8})_([0-9]{6})")


@given(st.one_of(st.text(max_size=40), st.from_regex(OLD, fullmatch=True), st.from_regex(
    r"[A-F0-9_+$T.-]{0,9}_?20[12][0-9][01][0-9][0-3][0-9][_T$-][0-2][0-9]([0-5][0-9]){2}[T_0-9+Z.-]{0,9}")))
def test_any_text_tells_a_name_or_a_clear_error_and_what_was_read_before_is(text):
    match = OLD.fullmatch(unicodedata.normalize("NFC", text))
    try:
        site, when, _ = recording_time(text, SAO_PAULO)
    except ValueError as error:
        assert "expected site_yyyymmdd_hhmmss" in str(error)
        if match:
            with pytest.raises(ValueError):
                assume(1678 <= int(match[2][:4]) <= 2261)
                datetime.strptime(match[2] + match[3], "%Y%m%d%H%M%S")
        return
    assert isinstance(when, pd.Timestamp) and not set(site) & set("+$. ()/")
    if match:
        assert when == datetime.strptime(match[2] + match[3], "%Y%m%d%H%M%S")
        assert site == match[1] or not match[1].isascii()


def test_one_mapping_from_a_file_to_its_recording(tmp_path):
    for place, name in {
        "moth 1/20230101_180000.WAV": "moth_1_20230101_180000", "moth1/20230101_180000T.WAV": "moth1_20230101_180000T",
        "moth1/5D0B1F2C.WAV": "moth1_5D0B1F2C", "card/20191026T200000+1000_REC.flac": "card_20191026T200000+1000_REC",
        "card/201906 7T095935+1000_REC.flac": "card_201906_7T095935+1000_REC", "x/notes of mine.wav": "notes_of_mine",
        "x/P1_20230101_180000.wav": "P1_20230101_180000", "x/20230101.wav": "20230101", "x/P1_20230230_180000.wav":
        "P1_20230230_180000", "out/labels/moth1_20230101_180000.txt": "moth1_20230101_180000",
        "moth1/20230101/20230101_180000.WAV": "moth1_20230101_180000",
        "bar/20190607_AAO [19.2 152.8]/20190607T095935+1000_REC.flac": "bar_20190607T095935+1000_REC",
        "P.1, (old)/20230101_180000.WAV": "P.1,_(old)_20230101_180000",
        "***/20230101_180000.WAV": f"{tmp_path.name}_20230101_180000",
    }.items():  # fmt: skip
        assert recording_name(tmp_path / place) == name
        assert recording_name(tmp_path / f"elsewhere/{name}.txt") == name


@given(st.text(alphabet="Aé í.,()[]+-_$#~ñ0123TZ", min_size=1, max_size=15), TIMES, st.sampled_from(
    ["{t:%Y%m%d_%H%M%S}", "{t:%Y%m%d_%H%M%S}T", "{t:%Y%m%dT%H%M%S}+1000_REC", "{t:%Y-%m-%d_%H-%M-%S}"]))
def test_no_folder_hides_the_time_of_a_file(folder, when, form):
    assume(folder.strip(". ") and "/" not in folder)
    path = Path("/disk/season") / folder / f"{form.format(t=when)}.WAV"
    name = recording_name(path)
    assert site_and_time(path) == parse_recording_name(name)
    assert site_and_time(path)[1] == pd.Timestamp(when)
    assert recording_name(Path("/disk") / f"{name}.txt") == name


@given(SITES, TIMES)
def test_both_ways_of_writing_accents_are_one_name(site, when):
    name = f"{site}_{when:%Y%m%d_%H%M%S}"
    for place in (f"/a/{name}.wav", f"/{site}/{when:%Y%m%d_%H%M%S}.WAV", f"/a/{site}.wav"):
        forms = {unicodedata.normalize(form, place) for form in ("NFC", "NFD")}
        assert len({recording_name(form) for form in forms}) == 1
        assert len({site_and_time(form) for form in forms}) == 1


def test_equal_names_on_two_cards_are_told_apart_where_asked(tmp_path):
    paths = [tmp_path / f"{card}/X_20230101_{hour}0000.wav" for card in ("moth1", "moth2") for hour in (18, 19)]
    alone, third = tmp_path / "moth1/X_20230105_180000.wav", tmp_path / "moth3/Y_20230101_180000.wav"
    with pytest.raises(ValueError, match=r"moth2.*moth1.*same name"):
        recordings_by_name([*paths, alone, third])
    clashes = []
    named = recordings_by_name([*paths, alone, third], clashes)
    assert not clashes and set(named.values()) == {*paths, alone, third}
    assert named["moth1_X_20230105_180000"] == alone and named["Y_20230101_180000"] == third
    assert named == recordings_by_name([third, alone, *reversed(paths)], [])
    assert {name: site_and_time(path, name=name)[0] for name, path in named.items()} == {
        name: parse_recording_name(name)[0] for name in named}
    assert all(name in possible_names(path) for name, path in named.items())


def test_cards_that_need_a_second_folder_and_files_that_nothing_tells_apart(tmp_path):
    deep = [tmp_path / a / "april" / f"{b}.WAV" for a in ("moth1", "moth2") for b in ("20230101_180000", "5D0B1F2C")]
    named = recordings_by_name(deep, [])
    assert named["moth2_april_20230101_180000"] == deep[2] and len(named) == 4
    assert site_and_time(deep[2], name="moth2_april_20230101_180000")[0] == "moth2_april"
    same, clashes = [tmp_path / "P_20230101_180000.wav", tmp_path / "P_20230101_180000.flac"], []
    assert recordings_by_name(same, clashes) == {"P_20230101_180000": same[0]}
    assert clashes == [(same[1], same[0], "P_20230101_180000")]


def test_times_of_names_in_a_table():
    table = recording_times(["P_20230102_013000_000", "P_20230101_200000", "frog", "20230101_200000", "P_5D0B1F2C"])
    assert table["night"].tolist() == ["P 2023-01-01", "P 2023-01-01", "frog", "2023-01-01", "P_5D0B1F2C"]
    assert table["site"].tolist() == ["P", "P", "", "", "P"]
    assert table["datetime"].isna().tolist() == [False, False, True, False, True]
    assert recording_times([]).empty and recording_times(["frog", "P_5D0B1F2C"])["datetime"].isna().all()


def test_a_file_without_a_time_belongs_to_its_folder(tmp_path):
    for name in ("frog.wav", "P_20230230_180000.wav", "P_20230101_180000_0_3.wav"):
        assert site_and_time(tmp_path / "north bank (old)" / name) == ("north_bank_old", pd.NaT)
    with pytest.raises(ValueError, match="time_zone"):
        site_and_time(tmp_path / "frog.wav", "Nowhere")


def test_clocks_that_nobody_set():
    for text, never in {"1970-01-01 00:00:12": True, "1980-01-06": True, "1999-12-31 23:59": True, "2000-01-02": True,
                        "2000-02-01": False, "2019-06-20": False}.items():  # fmt: skip
        assert clock_never_set(pd.Timestamp(text)) is never
    assert clock_never_set(pd.NaT) is False


def test_thousands_of_names_take_no_time():
    start = pd.Timestamp.now()
    recording_times([f"INCT{n}_20190830_231500_{n:03d}" for n in range(5000)])
    assert pd.Timestamp.now() - start < timedelta(seconds=3)
