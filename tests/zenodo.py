"""A record at Zenodo, on this machine: its list of files, ranges, and a limit of requests a minute. No network.

In a test:

    with zenodo.serving(files) as server:  # name to bytes, or to a path
        al.download_anuraset(folder, record_url=server.record_url)

From a shell, for benchmarks: `python tests/zenodo.py FOLDER --per-minute 60` serves the files of a folder, and prints
the address of the record.
"""

import argparse
import contextlib
import hashlib
import json
import math
import re
import threading
import time
import zlib
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RECORD = "/api/records/8342596"
PER_MINUTE = 60  # of Zenodo: zenodo/zenodo-rdm issue 1206
CUT_AT = 4096  # bytes of an answer that a server with the fault "cut" sends at least
_CHUNK = 1 << 20


def _size(data):
    return data.stat().st_size if isinstance(data, Path) else len(data)


def _md5(data):
    if isinstance(data, Path):
        with data.open("rb") as file:
            return hashlib.file_digest(file, "md5").hexdigest()
    return hashlib.md5(data).hexdigest()


def _pieces(data, first, last):
    """The bytes `first` to `last` of a file, in pieces that fit into memory."""
    if not isinstance(data, Path):
        yield data[first : last + 1]
        return
    with data.open("rb") as file:
        file.seek(first)
        while (left := last + 1 - file.tell()) > 0 and (piece := file.read(min(left, _CHUNK))):
            yield piece


def _slowly(pieces, pause_s):
    """The same bytes, with a pause after each few: a download that lasts long enough to be killed in its middle."""
    for piece in pieces:
        for start in range(0, len(piece), 1 << 14):
            yield piece[start : start + (1 << 14)]
            time.sleep(pause_s)


def _trickle():
    """Single bytes, as long as the client has patience."""
    for _ in range(2000):
        time.sleep(0.001)
        yield b"x"


class Server(ThreadingHTTPServer):
    """Its attributes may be changed while it runs.

    files : dict
        Name to bytes or path.
    faults : dict
        Name of a file, or "record", to what goes wrong with it: "busy" (twice 429), "waits" (429 for ever),
        "endless STATUS HEADER:VALUE...", "garbled", "wrong size", "corrupt", "corrupt once", "no ranges", "cut", "slow"
        (single bytes, one after the other), or a function of the handler that answers.
    asked, sent : Counter
        Requests that were answered and bytes sent, by name.
    ranges : list of (name, first, last)
        The parts that were sent, in their order.
    refused : int
        Requests over the limit.
    agents : set of str
    per_minute : int or None
        Requests that are answered in a minute; the next gets 429 with `Retry-After`. None: no limit.
    pause_s : float
        After each 16 kB of a file.
    clock : callable
        Seconds that go by for the limit. A test gives one of its own, and never waits.
    """

    daemon_threads = True

    def __init__(self, files, faults=(), per_minute=None, clock=time.monotonic, pause_s=0.0):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.record_url = self.url + RECORD
        self.files, self.faults = dict(files), dict(faults)
        self.asked, self.sent, self.ranges, self.agents = Counter(), Counter(), [], set()
        self.per_minute, self.clock, self.pause_s, self.refused = per_minute, clock, pause_s, 0
        self._begun, self._in_minute, self._sums, self._lock = -math.inf, 0, {}, threading.Lock()

    def handle_error(self, *of):
        """A client that hangs up early, as it should, is no news."""

    def file_url(self, name):
        return f"{self.record_url}/files/{name}/content"

    def wait_s(self):
        """Count a request; seconds that it has to wait for the next minute, 0 if it is welcome."""
        with self._lock:
            now = self.clock()
            if now - self._begun >= 60:
                self._begun, self._in_minute = now, 0
            self._in_minute += 1
            if self.per_minute is None or self._in_minute <= self.per_minute:
                return 0
            self.refused += 1
            return math.ceil(self._begun + 60 - now)

    def listing(self):
        """What the record's API says, as far as anyone needs it."""
        rows = []
        for name, data in self.files.items():
            if not isinstance(data, Path):
                md5 = _md5(data)
            elif (md5 := self._sums.get(data)) is None:
                md5 = self._sums[data] = _md5(data)
            rows.append({"key": name, "size": _size(data) + 7 * (self.faults.get(name) == "wrong size"),
                         "checksum": f"md5:{md5}", "links": {"self": self.file_url(name)}})  # fmt: skip
        return json.dumps({"id": 8342596, "files": rows}).encode()


class Handler(BaseHTTPRequestHandler):
    """The record's API and its files, with the faults that the server was told to have."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "nginx", ""

    def log_message(self, *args):
        pass

    def head(self, status, size=None, headers=()):
        self.send_response(status)
        if size is not None:
            self.send_header("Content-Length", str(size))
        for header in headers:
            self.send_header(*header)
        self.end_headers()

    def answer(self, status, body=b"", headers=()):
        self.head(status, len(body), headers)
        self.wfile.write(body)

    def endless(self, status="200", *headers):
        """An answer without end; of a client that goes away nothing is said."""
        self.head(int(status), headers=[header.replace("_", " ").split(":", 1) for header in headers])
        self.close_connection = True
        packer = zlib.compressobj(wbits=31)
        with contextlib.suppress(OSError):
            while self.server.sent["endless"] < 10**9:
                data = packer.compress(bytes(10**7)) if "Content-Encoding:gzip" in headers else bytes(10**5)
                self.wfile.write(data)
                self.server.sent["endless"] += len(data)

    def do_GET(self):
        server = self.server
        found = re.fullmatch(rf"{RECORD}(?:/files/([^/]+)/content)?", self.path)
        name = (found[1] or "record") if found else self.path
        server.agents.add(self.headers["User-Agent"])
        if wait_s := server.wait_s():
            return self.answer(429, headers=[("Retry-After", str(wait_s)), ("X-RateLimit-Limit", server.per_minute)])
        server.asked[name] += 1
        fault = server.faults.get(name, "")
        if callable(fault):
            return fault(self)
        if fault == "busy" and server.asked[name] <= 2:
            return self.answer(429, headers=[("Retry-After", "0")])
        if fault == "waits":
            return self.answer(429, headers=[("Retry-After", "9" * 30)])
        if fault.startswith("endless"):
            return self.endless(*fault.split()[1:])
        if name == "record":
            return self.answer(200, b"<html>" if fault == "garbled" else server.listing())
        if name not in server.files:
            return self.answer(404)
        return self.send_file(name, fault)

    def send_file(self, name, fault):
        """The file, or the part of it that is asked for."""
        server, data = self.server, self.server.files[name]
        size = _size(data)
        if fault == "corrupt" or (fault == "corrupt once" and server.asked[name] == 1):
            data = bytes(size)
        headers, status, first, last = [("Accept-Ranges", "bytes")], 200, 0, size - 1
        asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if asked and fault != "no ranges":
            start, end = asked.groups()
            first, last = (max(0, size - int(end)), last) if not start else (int(start), int(end or last))
            if first > last or first >= size:
                return self.answer(416)
            last, status = min(last, size - 1), 206
            headers.append(("Content-Range", f"bytes {first}-{last}/{size}"))
        self.head(status, last + 1 - first, headers)
        if fault == "cut" and last + 1 - first > CUT_AT:
            last, self.close_connection = first + max(CUT_AT, (last + 1 - first) // 2) - 1, True
        server.ranges.append((name, first, last))
        with contextlib.suppress(OSError):  # who has enough hangs up
            pieces = _trickle() if fault == "slow" else _pieces(data, first, last)
            for piece in _slowly(pieces, server.pause_s) if server.pause_s else pieces:
                self.wfile.write(piece)
                server.sent[name] += len(piece)
        return None


@contextlib.contextmanager
def serving(files, **options):
    """Serve a record's files while the block runs; options are those of `Server`."""
    with Server(files, **options) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


class Clock:
    """Time that goes by when somebody sleeps: `sleep` for the client, the clock itself for the server."""

    def __init__(self):
        self.now_s, self.slept = 0.0, []

    def __call__(self):
        return self.now_s

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now_s += seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--per-minute", type=int)
    chosen = parser.parse_args()
    files = {path.name: path for path in sorted(chosen.folder.iterdir()) if path.is_file()}
    with Server(files, per_minute=chosen.per_minute) as server:
        print(server.record_url, flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
