"""AnuraSet from its record, tried on a server of our own on this machine; nothing reaches the network."""

import io
import json
import re
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import anuraset_stand_in
import numpy as np
import pytest
import zenodo

import anuralib as al
from anuralib.data import download, ranges, session
from anuralib.data.choice import choose_recordings
from anuralib.sound import audio


def zipped(members):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


@pytest.fixture(scope="module")
def record(tmp_path_factory):
    """The files of a record like AnuraSet's, made of a tiny pond."""
    root = tmp_path_factory.mktemp("record")
    pond = al.simulate_pond(root / "pond", n_recordings=6, duration_s=5, n_jobs=1)
    windows = al.build_windows(pond, root / "windows", n_jobs=1, progress=False).parent
    below = {"raw_data.zip": (pond.root / "raw_data", "raw_data"), "anuraset.zip": (windows, "anuraset"),
             "strong_labels.zip": (pond.root / "strong_labels", "strong_labels/strong_labels")}  # fmt: skip
    files = {name: (pond.root / name).read_bytes() for name in ("species.csv", "weak_labels.csv")}
    for name, (folder, prefix) in below.items():
        inside = {f"{prefix}/{p.relative_to(folder).as_posix()}": p.read_bytes()
                  for p in sorted(folder.rglob("*")) if p.is_file()}  # fmt: skip
        files[name] = zipped({**inside, "__MACOSX/._junk": b"x"})
    return pond, files


@pytest.fixture
def server(record):
    with zenodo.serving(record[1]) as served:
        yield served


def fetch(server, folder, **options):
    return al.download_anuraset(folder, progress=False, record_url=server.record_url, **options)


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in Path(folder).rglob("*") if p.is_file()}


def test_labels_alone_come_whole(server, record, tmp_path):
    dataset = fetch(server, tmp_path)
    pond = record[0]
    assert dataset.species == pond.species
    assert set(dataset.recordings["recording"]) == set(pond.recordings["recording"])
    columns = ["recording", "start_s", "end_s", "species", "quality"]
    assert dataset.strong_labels[columns].equals(pond.strong_labels[columns])
    assert server.asked["raw_data.zip"] == 0
    assert all("anuralib/" in agent for agent in server.agents)
    assert not [name for name in contents(tmp_path) if "MACOSX" in name or ".part" in name]


def test_single_recordings_without_the_rest(server, record, tmp_path):
    pond = record[0]
    names = pond.recordings["recording"].tolist()[1:3]
    dataset = fetch(server, tmp_path, recordings=names)
    assert dataset.recordings["recording"].tolist() == names
    for mine, theirs in zip(dataset.recordings["path"], pond.recordings["path"].iloc[1:3], strict=True):
        assert Path(mine).read_bytes() == Path(theirs).read_bytes()
    assert server.sent["raw_data.zip"] < 0.8 * len(server.files["raw_data.zip"])
    asked = server.sent["raw_data.zip"]
    assert len(fetch(server, tmp_path, recordings=3).recordings) >= 3
    assert server.sent["raw_data.zip"] > asked


def test_windows_of_single_recordings(server, record, tmp_path):
    name = record[0].recordings["recording"].iloc[0]
    fetch(server, tmp_path, recordings=[name], parts=["windows"])
    table = al.read_metadata(tmp_path / "anuraset" / "metadata.csv")
    sounds = {p.name for p in (tmp_path / "anuraset").rglob("*.wav")}
    assert sounds == set(table.loc[table["fname"] == name, "sample_name"])


def test_whole_archives_and_a_second_call_that_fetches_nothing(server, record, tmp_path):
    dataset = fetch(server, tmp_path, parts=["raw", "windows"])
    assert np.array_equal(audio.read_audio(dataset.recordings["path"][0]),
                          audio.read_audio(record[0].recordings["path"][0]))  # fmt: skip
    first, sent = contents(tmp_path), server.sent.copy()
    fetch(server, tmp_path, parts=["raw", "windows"])
    assert contents(tmp_path) == first
    assert server.sent["raw_data.zip"] == sent["raw_data.zip"]


@pytest.mark.parametrize("fault", ["busy", "cut", "corrupt once", "no ranges"])
def test_faults_that_are_overcome(server, tmp_path, fault):
    server.faults = {"raw_data.zip": fault, "record": "busy"}
    dataset = fetch(server, tmp_path, parts=["raw"])
    assert len(dataset.recordings) == 6
    assert (tmp_path / "raw_data.zip").read_bytes() == server.files["raw_data.zip"]


@pytest.mark.parametrize(
    ("faults", "options", "error", "text"),
    [
        ({"raw_data.zip": "corrupt"}, {"parts": ["raw"]}, OSError, "md5"),
        ({"raw_data.zip": "wrong size"}, {"parts": ["raw"]}, OSError, "bytes came short"),
        ({"raw_data.zip": "no ranges"}, {"recordings": 1}, OSError, "no parts of a file"),
        ({"raw_data.zip": "corrupt"}, {"recordings": 1}, OSError, "raw_data.zip"),
        ({"record": "garbled"}, {}, OSError, "record"),
        ({}, {"recordings": ["INCT4_20200101_000000"]}, ValueError, "INCT4_20200101_000000"),
        ({}, {"recordings": 0}, ValueError, "from 1"),
        ({}, {"parts": ["music"]}, ValueError, "music"),
    ],
)
def test_faults_that_are_told(server, tmp_path, faults, options, error, text):
    server.faults = faults
    with pytest.raises(error, match=text):
        fetch(server, tmp_path, **options)
    assert not (tmp_path / "raw_data.zip").exists()
    assert not [name for name in contents(tmp_path) if ".part" in name or name.endswith(".wav")]


@pytest.mark.parametrize("name", ["../escaped.wav", "/escaped.wav", "raw_data/../../escaped.wav", "C:\\escaped.wav"])
@pytest.mark.parametrize("recordings", [None, ["escaped"]])
def test_members_cannot_leave_the_folder(server, tmp_path, name, recordings):
    server.files["raw_data.zip"] = zipped({"raw_data/SIM1/a.wav": b"x", name: b"x"})
    with pytest.raises(ValueError, match="points out of its folder"):
        fetch(server, tmp_path / "in", parts=["raw"], recordings=recordings)
    assert not list(tmp_path.rglob("*escaped*")) and not list(tmp_path.rglob("a.wav"))


@pytest.mark.parametrize(
    "fault",
    ["endless 200", "endless 200 Content-Encoding:gzip", "endless 503", "endless 404",
     "endless 302 Location:/elsewhere"],
)  # fmt: skip
def test_a_record_without_end_is_read_to_a_limit(server, tmp_path, monkeypatch, fault):
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    server.faults = {"record": fault}
    with pytest.raises(OSError, match=re.escape(f"{server.record_url}: ")) as told:
        fetch(server, tmp_path)
    assert len(str(told.value)) < 400
    assert server.sent["endless"] < 2 * 10**8 and not contents(tmp_path)


def test_an_index_without_end_is_read_to_a_limit(server, tmp_path):
    server.faults = {"raw_data.zip": f"endless 206 Content-Range:bytes_0-{10**12}/{10**12 + 1}"}
    with pytest.raises(OSError, match=r"raw_data\.zip/content: the server gives other parts"):
        fetch(server, tmp_path, recordings=1)
    assert server.sent["endless"] < 2 * 10**8


@pytest.mark.parametrize(
    "entry",
    [{"size": "many"}, {"size": -1}, {"size": float("inf")}, {"checksum": 3}, {"checksum": "md5:../x"},
     {"links": {"self": "file:///etc/passwd"}}, {"links": []}, {"key": ["a"]}],
)  # fmt: skip
def test_an_entry_of_other_parts_is_no_list_of_files(tmp_path, monkeypatch, entry):
    right = {"key": "a", "size": 1, "checksum": "md5:" + "0" * 32, "links": {"self": "http://127.0.0.1/a"}}
    monkeypatch.setattr(download, "_read_record", lambda answer: json.dumps({"files": [right | entry]}))
    with zenodo.serving({}) as server, pytest.raises(ValueError, match="no list of files"):
        fetch(server, tmp_path)


def test_a_wait_is_told_and_has_an_end(server, tmp_path, monkeypatch, capsys):
    waits = []
    monkeypatch.setattr(time, "sleep", waits.append)
    server.faults = {"record": "waits"}
    with pytest.raises(OSError, match="record.*429"):
        fetch(server, tmp_path)
    assert sum(waits) == 120
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(server.record_url) and "120 s" in said


def linked(name):
    info = zipfile.ZipInfo(name)
    info.external_attr = 0o120777 << 16
    return info


def test_only_files_of_the_record_in_its_places_are_written(server, record, tmp_path):
    label = "1\t2\tA\n"
    others = ["pandas.py", ".git/hooks/post-checkout", "species.csv", "weak_labels.csv", "raw_data/X/x.wav",
              "strong_labels", "strong_labels/x.py", "strong_labels/.hidden/x.txt", "strong_labels/X/.x.txt",
              "strong_labels/X/x.csv", "strong_labels/X/x\x1b.txt", "__MACOSX/strong_labels/._x.txt"]  # fmt: skip
    data = io.BytesIO(server.files["strong_labels.zip"])
    with zipfile.ZipFile(data, "a") as archive:
        for name in [*others, linked("strong_labels/X/link.txt")]:
            archive.writestr(name, label)
    server.files["strong_labels.zip"] = data.getvalue()
    fetch(server, tmp_path)
    found = set(contents(tmp_path))
    with zipfile.ZipFile(io.BytesIO(record[1]["strong_labels.zip"])) as archive:
        own = {name for name in archive.namelist() if "MACOSX" not in name}
    assert found == own | {"species.csv", "weak_labels.csv", "strong_labels.zip"}
    for name in ("species.csv", "weak_labels.csv"):
        assert (tmp_path / name).read_bytes() == record[1][name]


def rezipped(change):
    """An archive with a recording of 10 MB of zeros, in whose index something was changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("raw_data/X/X_20200101_000000.wav", bytes(10**7))
        change(archive)
    return out.getvalue()


def _claims(**values):
    def change(archive):
        for name, value in values.items():
            setattr(archive.filelist[0], name, value)

    return change


@pytest.mark.parametrize("recordings", [None, 1])
@pytest.mark.parametrize(
    ("change", "error"),
    [(_claims(file_size=10**11), ValueError), (_claims(compress_size=10**8, file_size=10**8), ValueError),
     (_claims(file_size=100), OSError), (_claims(CRC=1), OSError), (_claims(compress_type=12), ValueError)],
)  # fmt: skip
def test_sizes_that_the_archive_can_not_have_are_refused(server, tmp_path, recordings, change, error):
    server.files["raw_data.zip"] = rezipped(change)
    with pytest.raises(error, match=re.escape(server.file_url("raw_data.zip"))) as told:
        fetch(server, tmp_path, parts=["raw"], recordings=recordings)
    assert type(told.value) is error and "\n" not in str(told.value)
    assert not list(tmp_path.rglob("*.wav")) and not list(tmp_path.rglob(".*.part*"))


def test_an_archive_that_is_none_is_told_with_its_address(server, tmp_path):
    server.files["strong_labels.zip"] = b"PK no archive"
    with pytest.raises(OSError, match=r"files/strong_labels\.zip/content: "):
        fetch(server, tmp_path)


def test_a_full_disk_is_told_before(server, tmp_path, monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    with pytest.raises(OSError, match="make room"):
        fetch(server, tmp_path)


def test_killed_at_any_moment_it_goes_on(server, record, tmp_path):
    """Two real kills, after so many requests; at last the same files as undisturbed."""
    expected_at = tmp_path / "whole"
    fetch(server, expected_at, parts=["raw", "windows"])
    code = ("import sys, anuralib as al; al.download_anuraset(sys.argv[1], parts=['raw', 'windows'], progress=False, "
            "record_url=sys.argv[2])")  # fmt: skip
    command = [sys.executable, "-c", code, str(tmp_path / "killed"), server.record_url]
    server.faults = {"raw_data.zip": "cut", "anuraset.zip": "cut"}
    killed = 0
    for requests in (1, 4):
        before = sum(server.asked.values())
        process = subprocess.Popen(command)
        while process.poll() is None and sum(server.asked.values()) < before + requests:
            time.sleep(0.002)
        killed += process.poll() is None
        process.kill()
        process.wait()
    assert killed
    fetch(server, tmp_path / "killed", parts=["raw", "windows"])
    assert contents(tmp_path / "killed") == contents(expected_at)


# ---------------------------------------------------------------- few requests, and none twice


def tiny_record(folder, plan, windows_of=()):
    """A record with all of AnuraSet's names, each sound a hundredth of a second; windows of some recordings."""
    recordings, bouts, _ = plan
    anuraset_stand_in._write_tables(folder, recordings, bouts)
    al.write_audio(folder / "one.wav", np.zeros(220), 22050)
    sound = (folder / "one.wav").read_bytes()
    rows = list(zip(recordings["recording"], recordings["site"], strict=True))
    raw = {f"raw_data/{site}/{name}.wav": sound for name, site in sorted(rows)}
    windows = {f"anuraset/audio/{site}/{name}_{t}_{t + 3}.wav": sound
               for name, site in rows if name in windows_of for t in range(58)}  # fmt: skip
    labels = {f"strong_labels/{site}/{name}.txt": b"" for name, site in rows[:9]}
    archives = {"raw_data.zip": raw, "strong_labels.zip": labels, "anuraset.zip": windows}
    files = {name: (folder / name).read_bytes() for name in ("species.csv", "weak_labels.csv")}
    return files | {name: zipped(members) for name, members in archives.items()}


@pytest.fixture(scope="module")
def plan():
    return anuraset_stand_in.plan(1612, seed=3)


@pytest.fixture
def small_gap(monkeypatch):
    """Sounds are 4.4 MB in the record and 485 bytes here; a gap of two of them is worth reading through."""
    monkeypatch.setattr(ranges, "GAP", 2 * 500)
    monkeypatch.setattr(ranges, "TAIL", 160_000)  # the index, and hardly a sound


def test_forty_recordings_by_number_take_few_requests_and_hold_all_sites_and_species(
    tmp_path, plan, small_gap, capsys
):  # fmt: skip
    species = plan[1].groupby("recording")["species"].agg(set)
    with zenodo.serving(tiny_record(tmp_path, plan), per_minute=15) as server:
        dataset = fetch(server, tmp_path / "a", recordings=40)
        assert sum(server.asked.values()) <= 15 and not server.refused
        chosen = dataset.recordings
        assert len(chosen) == 40 and set(chosen["site"]) == {"INCT4", "INCT17", "INCT20955", "INCT41"}
        found = set().union(*species.reindex(chosen["recording"]).dropna())
        assert len(found) >= 41
        (line,) = capsys.readouterr().out.splitlines()
        assert "40 of 1612 recordings" in line and "4 sites" in line and f"{len(found)} of 42 species" in line
        server.per_minute, server.asked = None, server.asked.__class__()
        again = fetch(server, tmp_path / "a", recordings=40)
        assert again.recordings.equals(chosen)
        assert server.asked == {"record": 1}
        more = fetch(server, tmp_path / "a", recordings=plan[0]["recording"].iloc[:3].tolist())
        assert len(more.recordings) >= 40 and server.asked["raw_data.zip"] == 1  # neighbours, and no index


def test_all_windows_of_forty_recordings_take_a_request_for_each_recording(tmp_path, plan, small_gap):
    names = plan[0]["recording"].sort_values().iloc[::13].tolist()[:120]
    wanted = names[::3]
    with zenodo.serving(tiny_record(tmp_path, plan, names), per_minute=60) as server:
        fetch(server, tmp_path / "a", recordings=wanted, parts=["windows"])
        assert sum(server.asked.values()) <= 60 and not server.refused
    assert len(list((tmp_path / "a").rglob("*.wav"))) == 40 * 58


def test_raw_and_windows_by_number_are_of_the_same_recordings(server, tmp_path):
    dataset = fetch(server, tmp_path, recordings=2, parts=["raw", "windows"])
    windows = {p.stem.rsplit("_", 2)[0] for p in (tmp_path / "anuraset").rglob("*.wav")}
    assert windows == set(dataset.recordings["recording"]) and len(windows) == 2


@pytest.mark.parametrize("n", [1, 4, 13, 40, 100, 1000, 1611, 1612, 2000])
def test_the_choice_has_as_many_as_wanted_and_every_site(plan, n):
    names = sorted(plan[0]["recording"])
    heard = plan[1].groupby("recording")["species"].agg(set).to_dict()
    chosen = choose_recordings(n, names, heard)
    assert len(set(chosen)) == min(n, 1612) and chosen == sorted(chosen)
    assert len({name.split("_")[0] for name in chosen}) == min(n, 4)
    best = max(len(codes) for codes in heard.values())
    assert len(set().union(*(heard.get(name, set()) for name in chosen))) >= (42 if n >= 100 else best)


def test_of_few_recordings_the_choice_has_every_site_too():
    heard = {"A_2": {"BOALUN"}, "B_3": {"BOALUN"}, "A_1": set()}
    names = ["A_1", "A_2", "A_3", "B_1", "B_3", "C_1"]
    assert choose_recordings(3, names, heard) == ["A_2", "B_3", "C_1"]
    assert {"A_2", "B_3", "C_1"} < set(choose_recordings(4, names, heard))
    assert choose_recordings(1, names, heard) == ["A_2"] == choose_recordings(1, names[:2], heard)


def test_a_server_with_a_limit_is_waited_for_and_the_wait_is_told(tmp_path, plan, small_gap, monkeypatch, capsys):
    clock = zenodo.Clock()
    monkeypatch.setattr(time, "sleep", clock.sleep)
    names = plan[0]["recording"].sort_values().iloc[::80].tolist()
    with zenodo.serving(tiny_record(tmp_path, plan), per_minute=10, clock=clock) as server:
        fetch(server, tmp_path / "a", recordings=names)
    waits = [slept for slept in clock.slept if slept >= 1]
    assert waits and set(waits) == {60} and server.refused == len(waits)
    told = capsys.readouterr().err.splitlines()
    assert len(told) == len(waits) and all("busy (429)" in line and "60 s" in line for line in told)
    assert len(list((tmp_path / "a").rglob("*.wav"))) == len(names)


@pytest.mark.parametrize("options", [{"parts": ["raw"]}, {"recordings": 1}])
def test_a_server_that_only_trickles_is_given_up_with_a_sentence(server, tmp_path, monkeypatch, options):
    ticks = iter(range(0, 10**9, 59))
    monkeypatch.setattr(session, "clock", lambda: next(ticks))
    server.faults = {"raw_data.zip": "slow"}
    with pytest.raises(OSError, match=r"raw_data\.zip/content: only \d+ bytes came in \d minutes; try again"):
        fetch(server, tmp_path, **options)
    assert not list(tmp_path.rglob("*.wav"))


def test_a_kept_index_that_does_not_fit_is_fetched_again(server, record, tmp_path):
    names = record[0].recordings["recording"].tolist()
    fetch(server, tmp_path, recordings=names[:1])
    (kept,) = tmp_path.glob(".*.index")
    whole = kept.read_bytes()
    for harm in (whole[:-30], b"", b"{}\n", whole.replace(b'"md5": "', b'"md5": "0')):
        kept.write_bytes(harm)
        server.ranges.clear()
        fetch(server, tmp_path, recordings=names[:1])
        assert [name for name, *_ in server.ranges if name == "raw_data.zip"] == ["raw_data.zip"]
        assert kept.read_bytes() == whole
    # Another archive under the same entry: what came is refused, and the index goes.
    data = bytearray(server.files["raw_data.zip"])
    data[:30] = bytes(30)
    listing, server.files["raw_data.zip"] = server.listing(), bytes(data)
    monkeyed = server.listing
    server.listing = lambda: listing
    (tmp_path / "raw_data").rename(tmp_path / "aside")
    with pytest.raises(OSError, match="is damaged"):
        fetch(server, tmp_path, recordings=names[:1])
    assert not kept.exists()
    server.listing = monkeyed


def test_a_part_goes_on_where_the_connection_broke(server, record, tmp_path):
    server.faults = {"raw_data.zip": "cut"}
    dataset = fetch(server, tmp_path, recordings=3)
    theirs = dict(zip(record[0].recordings["recording"], record[0].recordings["path"], strict=True))
    assert len(dataset.recordings) == 3
    for row in dataset.recordings.itertuples():
        assert Path(row.path).read_bytes() == Path(theirs[row.recording]).read_bytes()


def test_another_server_by_the_environment(server, tmp_path, monkeypatch):
    monkeypatch.setenv("ANURALIB_RECORD", server.record_url)
    assert len(al.download_anuraset(tmp_path, recordings=1, progress=False).recordings) == 1
