"""Answers of somebody who listened to short clips: does this species call here, yes, no, or don't know?"""

import os

import numpy as np
import pandas as pd

from anuralib._files import write_text
from anuralib.labels.tables import _rows, check_times, number, quoted, read_lines

ANSWER_COLUMNS = ["recording", "start_s", "end_s", "species", "answer"]
ANSWERS = ("yes", "no", "unsure")
_TEXTS = ("recording", "species", "answer")


def read_answers(path: str | os.PathLike) -> pd.DataFrame:
    """Read the answers that the page of `review` saved.

    Parameters
    ----------
    path : str or path-like
        CSV with the columns `recording`, `start_s`, `end_s`, `species`, `answer`, and `score` where the clips had one;
        others are passed over.

    Returns
    -------
    DataFrame
        Those columns, a row for each clip that was answered; `answer` is "yes", "no" or "unsure". `join_answers` puts
        them beside windows; `read_labels` reads of the same file what was answered with yes, as labels.

    Raises
    ------
    FileNotFoundError
    ValueError
        Names the file, the line, and what to do.
    """
    rows = list(_rows(path, read_lines(path)))
    line, header = rows[0] if rows else (1, [])
    names = [cell.strip() for cell in header]
    missing = [name for name in ANSWER_COLUMNS if name not in names]
    if missing:
        raise ValueError(f"{path}, line {line}: no column {', '.join(missing)}; give the file that the review saved")
    scored = "score" in names
    places, found = [names.index(name) for name in [*ANSWER_COLUMNS, *["score"] * scored]], []
    for line, cells in rows[1:]:
        try:
            found.append(_answer([cells[place].strip() if place < len(cells) else "" for place in places]))
        except ValueError as error:
            raise ValueError(f"{path}, line {line}: {error}") from error
    columns = [*ANSWER_COLUMNS, *["score"] * scored]
    return pd.DataFrame(found, columns=columns).astype({name: float for name in columns if name not in _TEXTS})


def _answer(cells):
    recording, *times, species, answer = cells[:5]
    start_s, end_s = (number(text, what) for text, what in zip(times, ("start", "end"), strict=True))
    check_times(start_s, end_s)
    if not recording or not species:
        raise ValueError("the recording or the species is empty; write both")
    if answer not in ANSWERS:
        raise ValueError(f"answer {quoted(answer)} is none of {', '.join(ANSWERS)}; correct it")
    score = [np.nan if text.lower() in ("", "nan") else number(text, "score") for text in cells[5:]]
    return recording, start_s, end_s, species, answer, *score


def join_answers(windows: pd.DataFrame, answers: pd.DataFrame, species=None) -> pd.DataFrame:
    """Answers beside the windows that were asked about, to train on.

    Parameters
    ----------
    windows : DataFrame
        `recording`, `start_s`, `end_s` (seconds), as from `embed_recordings`; or a windows frame.
    answers : DataFrame
        As from `read_answers`; of a clip that was answered twice the later row counts.
    species : sequence of str, optional
        Which columns; those that were asked about if not given.

    Returns
    -------
    DataFrame, shape (len(windows), n_species), float
        1 for yes, 0 for no, NaN where nobody was asked or was sure. The index is that of `windows`.

    Raises
    ------
    ValueError
        A missing column, an unknown answer, or a clip that is none of the windows: a yes for a clip of other times says
        nothing sure of a window.

    Examples
    --------
    >>> windows = pd.DataFrame({"recording": "A", "start_s": [0.0, 3.0], "end_s": [3.0, 6.0]})
    >>> answers = windows.assign(species="PHYCUV", answer=["no", "unsure"])
    >>> join_answers(windows, answers)["PHYCUV"].tolist()
    [0.0, nan]
    """
    if "fname" in windows:
        windows = windows.rename(columns={"fname": "recording", "min_t": "start_s", "max_t": "end_s"})
    for name, frame, needed in (("windows", windows, ANSWER_COLUMNS[:3]), ("answers", answers, ANSWER_COLUMNS)):
        missing = [column for column in needed if column not in frame]
        if missing:
            raise ValueError(f"{name} have no column {', '.join(missing)}")
    unknown = set(answers["answer"]) - set(ANSWERS)
    if unknown:
        raise ValueError(f"answers must be {', '.join(ANSWERS)}; there are {sorted(map(str, unknown))}")
    species = sorted(set(answers["species"])) if species is None else list(species)
    row_of = {key: row for row, key in enumerate(_keys(windows))}
    out = np.full((len(windows), len(species)), np.nan)
    for key, code, answer in zip(_keys(answers), answers["species"], answers["answer"], strict=True):
        if key not in row_of:
            raise ValueError(f"{key[0]}, {key[1] / 1000:g} to {key[2] / 1000:g} s: answered, but none of the windows")
        if code in species:
            out[row_of[key], species.index(code)] = {"yes": 1, "no": 0}.get(answer, np.nan)
    return pd.DataFrame(out, columns=species, index=windows.index)


def _keys(frame):
    """Recording, start and end of each row; times in whole milliseconds, since files round them."""
    start, end = ((1000 * frame[name].astype(float)).round().astype(int) for name in ("start_s", "end_s"))
    return list(zip(frame["recording"], start, end, strict=True))


def write_answers(answers: pd.DataFrame, path: str | os.PathLike) -> None:
    """Write answers as the review page does; `read_answers` gives the same rows again.

    Parameters
    ----------
    answers : DataFrame
        `recording`, `start_s`, `end_s`, `species`, `answer`, and perhaps `score`, as the `answers` of a live `review`.
    path : str or path-like
        Written whole or not at all; the folder is made if needed.

    Raises
    ------
    ValueError
        If a column is missing, or a row could not be read again.
    """
    missing = [name for name in ANSWER_COLUMNS if name not in answers]
    if missing:
        raise ValueError(f"{path}: the answers have no column {', '.join(missing)}")
    answers = answers[[*ANSWER_COLUMNS, *(["score"] if "score" in answers else [])]]
    for row, cells in enumerate(answers.astype(str).itertuples(index=False)):
        try:
            _answer([cell.strip() for cell in cells])
        except ValueError as error:
            raise ValueError(f"{path}, row {row}: {error}") from error
    write_text(answers.to_csv(index=False, lineterminator="\n"), path)
