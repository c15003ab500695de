"""Ask every address outside a built site that its pages link to, and say which are gone.

    python check_links.py SITE [--report FILE.md]

Needs Python alone. A server that turns robots away (401, 403, 429, 5xx after two tries) is named in the report, and
is no failure: a reader's browser may well get the page.
"""

import argparse
import http.client
import re
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import quote, urldefrag, urlsplit

HEADERS = {"User-Agent": "Mozilla/5.0 (compatible; weekly link check of an open course)", "Accept": "*/*"}
TURNED_AWAY = {401, 403, 406, 418, 429}
AT_ONCE = 8
LONGEST = 200  # characters of an answer or an address in the report
# Pages that only exist once the book is published, and buttons that lead to a program rather than to a page.
PASSED_OVER = ("colab.research.google.com", "127.0.0.1", "localhost")


class Links(HTMLParser):
    """Collects the addresses of links."""

    def __init__(self):
        super().__init__()
        self.found = set()

    def handle_starttag(self, tag, attributes):
        self.found.update(value for key, value in attributes if tag == "a" and key == "href" and value)


def outside_links(site, passed_over=PASSED_OVER):
    """{address: [pages that link to it]} of a folder of pages, without fragments."""
    links = {}
    for page in sorted(site.rglob("*.html")):
        if "_static" in page.relative_to(site).parts:
            continue
        parser = Links()
        parser.feed(page.read_text(encoding="utf-8"))
        for address in {urldefrag(a).url for a in parser.found}:
            parts = urlsplit(address)
            if parts.scheme in ("http", "https") and parts.hostname not in passed_over:
                links.setdefault(address, []).append(page.relative_to(site).as_posix())
    return links


def answer(address, timeout_s=30, wait_s=5):
    """("ok" | "gone" | "unclear", what was answered) of an address."""
    state, said = "unclear", ""
    for attempt, method in enumerate(("HEAD", "GET", "GET")):
        time.sleep(wait_s if attempt == 2 else 0)
        request = urllib.request.Request(address, headers=HEADERS, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as response:
                return "ok", str(response.status)
        except urllib.error.HTTPError as error:
            said = f"{error.code} {error.reason}"
            state = "unclear" if error.code in TURNED_AWAY or error.code >= 500 else "gone"
            error.close()
        except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reason = getattr(error, "reason", error)
            state, said = "gone", str(reason)
    return state, said


def plain_address(address):
    """An address as a report may show it: nothing in it is Markdown, what was is written with %."""
    text = quote(address, safe=":/?#&=+,;%.-~")
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}..."


def plain_words(said):
    """What a server answered: its number, and its words as code, from which no link, picture or name can come."""
    number, words = re.match(r"(\d{3}\b)?(.*)", said, re.DOTALL).groups()
    words = " ".join(re.sub(r"[^\w .,:;'/-]", " ", words).split())[:LONGEST]
    return " ".join([number] * bool(number) + [f"`{words}`"] * bool(words))


def main(arguments=None, ask=answer, passed_over=PASSED_OVER):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("site", type=Path)
    parser.add_argument("--report", type=Path)
    options = parser.parse_args(arguments)
    if not (options.site / "index.html").is_file():
        sys.exit(f"{options.site}: no built site")
    links = outside_links(options.site, passed_over)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = dict(zip(links, pool.map(ask, links), strict=True))
    report, gone = [f"## Links to other sites: {len(links)} asked\n"], 0
    for state, title in (("gone", "Gone"), ("unclear", "Turned away, or out of order: look yourself")):
        lines = [f"- {plain_address(a)} ({plain_words(answers[a][1])}), on "
                 f"{', '.join(map(plain_address, links[a]))}" for a in links if answers[a][0] == state]  # fmt: skip
        gone += len(lines) if state == "gone" else 0
        report += [f"### {title}: {len(lines)}\n", *lines, ""] if lines else []
    text = "\n".join(report)
    print(text)
    if options.report:
        options.report.parent.mkdir(parents=True, exist_ok=True)
        options.report.write_text(text, encoding="utf-8")
    if gone:
        sys.exit(f"{gone} links are gone")


if __name__ == "__main__":
    main()
