"""AnuraSet from its record, tried on a server of our own on this machine; nothing reaches the network."""

import contextlib
import hashlib
import io
import json
import re
import subprocess
import sys
import threading
import zipfile
import zlib
from collections import Counter
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

import anuralib as al
from anuralib.data import download
from anuralib.sound import audio

CHUNK = 4096


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


class Handler(BaseHTTPRequestHandler):
    """The record's API and its files, with the faults that the server was told to have."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", headers=()):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for header in headers:
            self.send_header(*header)
        self.end_headers()
        self.wfile.write(body)

    def endless(self, status="200", *headers):
        """An answer without end; of a client that goes away nothing is said."""
        self.send_response(int(status))
        for header in headers:
            self.send_header(*header.replace("_", " ").split(":", 1))
        self.end_headers()
        self.close_connection = True
        packer = zlib.compressobj(wbits=31)
        with contextlib.suppress(OSError):
            while self.server.sent["endless"] < 10**9:
                data = packer.compress(bytes(10**7)) if "Content-Encoding:gzip" in headers else bytes(10**5)
                self.wfile.write(data)
                self.server.sent["endless"] += len(data)

    def do_GET(self):
        server, name = self.server, self.path.rsplit("/", 1)[-1]
        server.agents.add(self.headers["User-Agent"])
        server.asked[name] += 1
        fault = server.faults.get(name, "")
        if fault == "busy" and server.asked[name] <= 2:
            return self.answer(429, headers=[("Retry-After", "0")])
        if fault == "waits":
            return self.answer(429, headers=[("Retry-After", "9" * 30)])
        if fault.startswith("endless"):
            return self.endless(*fault.split()[1:])
        if name == "record":
            rows = [{"key": key, "size": len(data) + 7 * (server.faults.get(key) == "wrong size"),
                     "checksum": "md5:" + hashlib.md5(data).hexdigest(),
                     "links": {"self": f"{server.url}/files/{key}"}} for key, data in server.files.items()]  # fmt: skip
            return self.answer(200, json.dumps({"files": rows}).encode() if fault != "garbled" else b"<html>")
        if name not in server.files:
            return self.answer(404)
        data = server.files[name]
        if fault == "corrupt" or (fault == "corrupt once" and server.asked[name] == 1):
            data = bytes(len(data))
        found = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        headers, status, first, last = [], 200, 0, len(data) - 1
        if found and fault != "no ranges":
            start, end = found.groups()
            first, last = (max(0, len(data) - int(end)), last) if not start else (int(start), int(end or last))
            if first > last:
                return self.answer(416)
            last, status = min(last, len(data) - 1), 206
            headers = [("Content-Range", f"bytes {first}-{last}/{len(data)}")]
        body = data[first : last + 1]
        if fault == "cut" and len(body) > CHUNK:
            self.send_response(status)
            for header in (("Content-Length", str(len(body))), *headers):
                self.send_header(*header)
            self.end_headers()
            self.wfile.write(body[: max(CHUNK, len(body) // 2)])
            self.close_connection = True
            return None
        server.sent[name] += len(body)
        return self.answer(status, body, headers)


@pytest.fixture
def server(record):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        httpd.daemon_threads = True
        httpd.handle_error = lambda *of: None  # a client that hangs up early, as it should
        httpd.url = f"http://127.0.0.1:{httpd.server_port}"
        httpd.files, httpd.faults = dict(record[1]), {}
        httpd.asked, httpd.sent, httpd.agents = Counter(), Counter(), set()
        thread = threading.Thread(target=httpd.serve_forever, args=(0.01,))
        thread.start()
        yield httpd
        httpd.shutdown()
        thread.join()


def fetch(server, folder, **options):
    return al.download_anuraset(folder, progress=False, record_url=f"{server.url}/record", **options)


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
    monkeypatch.setattr(download.time, "sleep", lambda seconds: None)
    server.faults = {"record": fault}
    with pytest.raises(OSError, match=re.escape(f"{server.url}/record: ")) as told:
        fetch(server, tmp_path)
    assert len(str(told.value)) < 400
    assert server.sent["endless"] < 2 * 10**8 and not contents(tmp_path)


def test_an_index_without_end_is_read_to_a_limit(server, tmp_path):
    server.faults = {"raw_data.zip": f"endless 206 Content-Range:bytes_0-{10**12}/{10**12 + 1}"}
    with pytest.raises(OSError, match=r"raw_data\.zip: the server gives other parts"):
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
    with HTTPServer(("127.0.0.1", 0), Handler) as httpd, pytest.raises(ValueError, match="no list of files"):
        httpd.asked, httpd.agents, httpd.faults, httpd.files, httpd.url = Counter(), set(), {}, {}, ""
        thread = threading.Thread(target=httpd.handle_request)
        thread.start()
        try:
            al.download_anuraset(tmp_path, progress=False, record_url=f"http://127.0.0.1:{httpd.server_port}/record")
        finally:
            thread.join()


def test_a_wait_is_told_and_has_an_end(server, tmp_path, monkeypatch, capsys):
    waits = []
    monkeypatch.setattr(download.time, "sleep", waits.append)
    server.faults = {"record": "waits"}
    with pytest.raises(OSError, match="record.*429"):
        fetch(server, tmp_path)
    assert sum(waits) == 120
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(f"{server.url}/record") and "120 s" in said


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
    with pytest.raises(error, match=re.escape(f"{server.url}/files/raw_data.zip")) as told:
        fetch(server, tmp_path, parts=["raw"], recordings=recordings)
    assert type(told.value) is error and "\n" not in str(told.value)
    assert not list(tmp_path.rglob("*.wav")) and not list(tmp_path.rglob(".*.part*"))


def test_an_archive_that_is_none_is_told_with_its_address(server, tmp_path):
    server.files["strong_labels.zip"] = b"PK no archive"
    with pytest.raises(OSError, match=r"files/strong_labels\.zip: "):
        fetch(server, tmp_path)


def test_a_full_disk_is_told_before(server, tmp_path, monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr(download.shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    with pytest.raises(OSError, match="make room"):
        fetch(server, tmp_path)


def test_killed_at_any_moment_it_goes_on(server, record, tmp_path):
    """Four real kills, after so many requests; at last the same files as undisturbed."""
    expected_at = tmp_path / "whole"
    fetch(server, expected_at, parts=["raw", "windows"])
    code = ("import sys, anuralib as al; al.download_anuraset(sys.argv[1], parts=['raw', 'windows'], progress=False, "
            "record_url=sys.argv[2])")  # fmt: skip
    command = [sys.executable, "-c", code, str(tmp_path / "killed"), f"{server.url}/record"]
    server.faults = {"raw_data.zip": "cut", "anuraset.zip": "cut"}
    killed = 0
    for turn in range(4):
        before = sum(server.asked.values())
        process = subprocess.Popen(command)
        while process.poll() is None and sum(server.asked.values()) < before + 1 + 2 * turn:
            pass
        killed += process.poll() is None
        process.kill()
        process.wait()
    assert killed
    subprocess.run(command, check=True)
    assert contents(tmp_path / "killed") == contents(expected_at)
