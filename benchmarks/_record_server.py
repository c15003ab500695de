"""AnuraSet's record on a server of this machine: its list of files, and the files, whole or in parts."""

import contextlib
import hashlib
import io
import json
import re
import threading
import time
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHUNK = 16_384
PAUSE_S = 0.002  # after each chunk: a download is to last long enough to be killed in its middle


def zipped(members):
    """An archive of (name or ZipInfo, bytes)."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members:
            archive.writestr(name, data)
    return out.getvalue()


def files_of(pond, windows):
    """The files of the record, as they would be if AnuraSet were this pond.

    Parameters
    ----------
    pond : Dataset
    windows : Path
        From `build_windows`.
    """
    files = {name: (pond.root / name).read_bytes() for name in ("species.csv", "weak_labels.csv")}
    for name, folder in (("raw_data", pond.root / "raw_data"), ("strong_labels", pond.root / "strong_labels"),
                         ("anuraset", windows)):  # fmt: skip
        paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        files[f"{name}.zip"] = zipped((f"{name}/{p.relative_to(folder).as_posix()}", p.read_bytes()) for p in paths)
    return files


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def _answer(self, status, body=b"", headers=()):
        self.send_response(status)
        for header in (("Content-Length", str(len(body))), *headers):
            self.send_header(*header)
        self.end_headers()
        with contextlib.suppress(OSError):  # who asked was killed
            for start in range(0, len(body), CHUNK):
                self.wfile.write(body[start : start + CHUNK])
                time.sleep(PAUSE_S)

    def do_GET(self):
        files, name = self.server.files, self.path.rsplit("/", 1)[-1]
        if name == "record":
            rows = [{"key": key, "size": len(data), "checksum": f"md5:{hashlib.md5(data).hexdigest()}",
                     "links": {"self": f"{self.server.url}/{key}"}} for key, data in files.items()]  # fmt: skip
            return self._answer(200, json.dumps({"files": rows}).encode())
        if name not in files:
            return self._answer(404)
        size, asked = len(files[name]), re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
        if not asked:
            return self._answer(200, files[name])
        first, last = asked.groups()
        first, last = (int(first), min(int(last or size), size - 1)) if first else (max(size - int(last), 0), size - 1)
        if first > last:
            return self._answer(416)
        told = ("Content-Range", f"bytes {first}-{last}/{size}")
        return self._answer(206, files[name][first : last + 1], [told])


@contextlib.contextmanager
def serving(files):
    """Serve the files (name to bytes; may be changed meanwhile); gives the address of the record."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        server.daemon_threads, server.files = True, files
        server.handle_error = lambda *of: None  # of connections that killed processes left
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"{server.url}/record"
        finally:
            server.shutdown()
            thread.join()
