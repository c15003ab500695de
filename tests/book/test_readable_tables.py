"""Tables of pandas are made readable on the pages."""

import pandas as pd
from bs4 import BeautifulSoup
from tables import readable_tables


def shown(frame):
    return BeautifulSoup(readable_tables(frame.to_html()), "html5lib")


def heads(table):
    return [[cell.get_text() for cell in row.find_all("th")] for row in table.thead.find_all("tr")]


def test_the_name_of_an_index_stands_in_the_row_of_the_columns():
    one = pd.DataFrame({"F1": [0.5]}, index=pd.Index(["gate"], name="method"))
    assert heads(shown(one)) == [["method", "F1"]]
    two = pd.DataFrame({"F1": [0.5]}, index=pd.MultiIndex.from_tuples([("gate", 1)], names=["method", "site"]))
    assert heads(shown(two)) == [["method", "site", "F1"]]
    both = one.rename_axis("measure", axis=1)
    assert heads(shown(both)) == [["measure", "F1"], ["method", ""]]  # there is no room for a second name


def test_words_stand_at_the_left_with_their_head_and_numbers_at_the_right():
    table = shown(pd.DataFrame({"advice": ["rename it", ""], "n": [3, 12], "where": ["0.5 s", "1 s"]}))
    assert [cell.get_text() for cell in table.select(".words")] == ["advice", "rename it", ""]


def test_an_interval_is_never_broken_and_minus_nought_is_nought():
    cells = ["0.57 (0.52 to 0.61)", "-0.10 [-0.14, -0.05]", "-0.00", "-0.000 (-0.005 to +0.001)", "see page (3)",
             "-0.001"]  # fmt: skip
    said = [cell.get_text() for cell in shown(pd.DataFrame({"x": cells})).find_all("td")]
    assert said == ["0.57 (0.52\u00a0to\u00a00.61)", "-0.10 [-0.14,\u00a0-0.05]", "0.00",
                    "0.000 (-0.005\u00a0to\u00a0+0.001)", "see page (3)", "-0.001"]  # fmt: skip
