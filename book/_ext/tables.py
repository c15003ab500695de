"""Tables of pandas, easier to read: one row of heads, words at the left, no number broken over two lines.

pandas writes the name of an index into a second row of heads that is empty otherwise, and sets every cell at the right.
"""

import re

_TABLE = re.compile(r'<table border="1" class="dataframe">.*?</table>', re.DOTALL)
_ROW = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
_CELL = re.compile(r"<(t[hd])([^>]*)>(.*?)</t[hd]>", re.DOTALL)
_WORDS = re.compile(r"[^\W\d_]{2}|[–—]?$")  # how a cell of words begins; an empty one may stand among them
_NUMBERS = re.compile(r"[-+\u2212\d.,;%()[\] \u00a0]|to|and")
_BREAKS = re.compile(r"(?<=\d) (?=[^\d([])|(?<=to) (?=[-+\u2212\d])|(?<=,) (?=[-+\u2212\d])")
SHORT = 28  # letters
_MINUS_NOUGHT = re.compile(r"(?<![\w.])-(0(?:\.0+)?)(?![\d.])")


def readable_tables(text):
    """The text of a page with its tables of pandas made readable."""
    return _TABLE.sub(lambda match: _readable(match[0]), text)


def _readable(table):
    head, end, body = table.partition("</thead>")
    if not end:
        return table
    body = _CELL.sub(_number_whole, body)
    columns = [[cell[2] for cell in _CELL.findall(row) if cell[0] == "td"] for row in _ROW.findall(body)]
    columns = list(zip(*columns, strict=False))
    words = [_kind(column) for column in columns]
    if "colspan" not in head and "rowspan" not in head:
        head = _one_row(head)
    head, body = (_ROW.sub(lambda row: _aligned(row[0], words), part) for part in (head, body))
    return head + end + body


def _kind(column):
    """The class of a column of words; one of short words breaks none of them."""
    if not any(column) or not all(_WORDS.match(cell) for cell in column):
        return ""
    return "words short" if max(map(len, column)) <= SHORT else "words"


def _number_whole(cell):
    """A cell whose number, interval or unit stays on one line; minus nought is nought."""
    kind, options, text = cell.groups()
    text = _MINUS_NOUGHT.sub(r"\1", text) if kind == "td" else text
    if not _NUMBERS.sub("", text):
        text = _BREAKS.sub("\u00a0", text)
    return f"<{kind}{options}>{text}</{kind}>"


def _one_row(head):
    """The names of the index in the row of the columns, where the places for them are empty."""
    rows = _ROW.findall(head)
    if len(rows) != 2:
        return head
    above, below = ([cell[2] for cell in _CELL.findall(row)] for row in rows)
    n = next((i for i, name in enumerate(below) if not name), len(below))
    if any(above[:n]) or any(below[n:]) or n == len(below):
        return head
    names = iter(below[:n] + above[n:])
    merged = _CELL.sub(lambda cell: f"<th{cell[2]}>{next(names)}</th>", rows[0])
    return head.replace(rows[0], merged).replace(rows[1], "")


def _aligned(row, words):
    """A row whose cells of words carry a class; they are counted from the right, where the columns are."""
    cells = _CELL.findall(row)
    first = len(cells) - len(words)
    count = iter(range(len(cells)))

    def marked(cell):
        i = next(count) - first
        is_words = 0 <= i < len(words) and words[i] and "class" not in cell[2]
        kind = f' class="{words[i]}"' if is_words else ""
        return f"<{cell[1]}{cell[2]}{kind}>{cell[3]}</{cell[1]}>"

    return _CELL.sub(marked, row)
