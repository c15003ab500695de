"""Label files of any letters: each reader answers soon, and what it says is short."""

import time
import warnings

import pytest

from anuralib.labels.formats import parse_labels, read_audacity_labels, read_label_csv, read_labels, read_raven_table

BYTES = 500_000
MANY_LINES_BYTES = 50_000  # where each letter is a line: the work is that of any file with so many labels
MOST_S = 10  # of the processor: what takes quadratic time with so many bytes takes hours, on any machine
LETTERS = ["1", "1.", "1,", ",", ";", "\t", '"', '" ', "\\", "/", " ", "\u3000", "\xe9", "\r", "\n", "-", "_", "1e",
           "+", "1\t2\n", "1,\n", "\t\n", '"\n', "1\t2\t\x1b[2J\n\\\t"]  # fmt: skip
HEADS = ["", "start_s,end_s,label\n", "Begin Time (s)\tEnd Time (s)\tBegin File\tAnnotation\n", "1\t2\t", '"',
         "Selection\tBegin Time (s)\tDelta Time (s)\n1\t"]  # fmt: skip


def warn_of(path):
    return read_audacity_labels(path, on_error="warn")


READERS = [read_labels, parse_labels, read_audacity_labels, warn_of, read_raven_table, read_label_csv]


def said_of(read, path):
    """All that a reader says of a file."""
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        try:
            read(path)
        except ValueError as error:
            return [str(error)]
    return [str(one.message) for one in told]


@pytest.mark.parametrize("letters", LETTERS)
def test_half_a_megabyte_of_the_worst_letters(tmp_path, letters):
    """A head and a tail keep the readers from giving up at the first letter; each reader gets one head."""
    for number, head in enumerate(HEADS):
        size = MANY_LINES_BYTES if "\n" in letters or letters == "\r" else BYTES
        text = head + letters * (size // len(letters.encode())) + "x\t2\tA\n"
        path = tmp_path / ("a.csv" if number % 2 else "a.txt")
        path.write_bytes(text.encode("latin-1" if letters == "\xe9" else "utf-8"))
        read = READERS[(number + LETTERS.index(letters)) % len(READERS)]
        begun = time.process_time()
        said = said_of(read, path)
        assert time.process_time() - begun < MOST_S, (head, read)
        assert all(len(one) < len(str(path)) + 1500 for one in said), said


@pytest.mark.parametrize("suffix", [".txt", ".csv"])
@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize("text", ["1" * 2000 + "x\t2\tA\n", "1,2," + "\u3000" * 2000 + "x\n",
                                  "start_s,end_s,file\n1,x,A\n1,2,B" + "\x1b[2J" * 500 + ".wav",
                                  "a" * 5000 + ",b\n1,2\n", "Begin Time (s)\tEnd\t" + "\x1b" * 900 + "\n1\tx\ty\n"])
def test_a_message_is_short_and_holds_no_control_characters(tmp_path, text, read, suffix):
    path = tmp_path / f"a{suffix}"
    path.write_text(text, encoding="utf-8")
    for one in said_of(read, path):
        assert one.isprintable() and len(one.replace(str(path), "")) < 450, one


def test_a_long_first_line_costs_nothing_in_the_rows_below(tmp_path):
    """Rows are not filled up to the length of the longest: that would be 50,000 cells for each of 50,000 rows."""
    path = tmp_path / "a.csv"
    path.write_text("start_s,end_s,label" + ",a" * 50_000 + "\n" + "1,2\n" * 50_000, encoding="utf-8")
    begun = time.process_time()
    assert len(read_labels(path)) == 50_000
    assert time.process_time() - begun < MOST_S
