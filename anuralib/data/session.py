"""Manners towards a server: it learns who asks, is waited for while it is busy, and given up when it only trickles."""

import sys
import time

MOST_QUOTED = 200  # characters of a server's words that a message repeats
ATTEMPTS = 5  # in a row without a single new byte
_BUSY = (429, 500, 502, 503, 504)
_MOST_WAIT_S = 120  # for a busy server, all waits for one answer together
_SLOW_BYTES, _SLOW_S = 300_000, 300  # less in so many seconds is given up: a minute of sound would take over an hour
clock = time.monotonic


def told(words) -> str:
    """What a server says, for a message: on one line, without control characters, and cut where it is long."""
    text = "".join(c if c.isprintable() else " " for c in str(words))
    return text if len(text) <= MOST_QUOTED else f"{text[:MOST_QUOTED]}..."


class Pace:
    """How fast a file comes, over all of its requests.

    `note` is called with the number of bytes that came; it raises OSError when they are too few over some minutes.
    """

    def __init__(self, url: str):
        self.url, self._begun, self._bytes = url, clock(), 0

    def note(self, n_bytes: int) -> None:
        self._bytes += n_bytes
        seconds = clock() - self._begun
        if seconds < _SLOW_S:
            return
        if self._bytes < _SLOW_BYTES:
            raise OSError(f"{self.url}: only {self._bytes} bytes came in {seconds / 60:.0f} minutes; try again later, "
                          "or on a faster connection")  # fmt: skip
        self._begun, self._bytes = clock(), 0


def _asked_wait(answer) -> float | None:
    """Seconds after which a server wants to be asked again, if it says so."""
    from urllib3.exceptions import InvalidHeader
    from urllib3.util import Retry

    try:
        return float(Retry().parse_retry_after(answer.headers["Retry-After"]))
    except (KeyError, InvalidHeader, ValueError, OverflowError):
        return None


def _wait_for(answer, attempt: int, waited: float) -> float | None:
    """Wait as long as a busy server asks, within limits, and say so; seconds waited, or None to wait no more."""
    asked = _asked_wait(answer)
    wait_s = min(2.0**attempt if asked is None else asked, _MOST_WAIT_S - waited)
    if waited >= _MOST_WAIT_S:
        return None
    if wait_s >= 1:
        more = f" (it asks for {asked:.0f} s)" if asked is not None and asked > wait_s else ""
        print(f"{told(answer.url)}: the server is busy ({answer.status_code}); asking again in {wait_s:.0f} s{more}",
              file=sys.stderr)  # fmt: skip
    time.sleep(wait_s)
    return wait_s


def open_session():
    """Waits and asks again when the server is busy, as long as the server says if it says so, up to a limit."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    from anuralib import __version__

    class Patient(HTTPAdapter):
        """Of an answer that is not wanted no byte is read: it may have no end."""

        def send(self, request, **options):
            waited = 0.0
            for attempt in range(ATTEMPTS + 1):
                answer = super().send(request, **options)
                if answer.is_redirect:
                    answer.raw.close()
                    answer._content, answer._content_consumed = b"", True
                wait_s = None
                if answer.status_code in _BUSY and attempt < ATTEMPTS:
                    answer.raw.close()
                    wait_s = _wait_for(answer, attempt, waited)
                if wait_s is None:
                    return answer
                waited += wait_s

    retry = Retry(total=5, status=0, backoff_factor=1, respect_retry_after_header=False, raise_on_status=False)
    session = requests.Session()
    session.headers["User-Agent"] = f"anuralib/{__version__} (an open course on AnuraSet; python-requests)"
    session.headers["Accept-Encoding"] = "identity"  # sizes and ranges are those of the file itself
    for scheme in ("http://", "https://"):
        session.mount(scheme, Patient(max_retries=retry))
    return session
