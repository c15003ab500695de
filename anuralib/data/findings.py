"""What is wrong with a data set, said so that a person can act on it."""

import filecmp
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from anuralib.labels.bouts import reached_before
from anuralib.labels.weak import strong_to_weak
from anuralib.sound.audio import dead_channels, sound_digest
from anuralib.sound.names import clock_never_set
from anuralib.windows.table import window_sound, window_table

FINDING_COLUMNS = ("level", "problem", "where", "advice")
"""Of what is wrong with a data set: error, warning or note; what; in which file, line or recording; what to do."""

OTHER_ANNOTATIONS = "annotations in a form that is not read"
_LEVELS = ("error", "warning", "note")


def as_findings(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    """A table with `FINDING_COLUMNS`, also of no rows."""
    return pd.DataFrame(rows, columns=list(FINDING_COLUMNS), dtype="str")


def tell(findings: list[tuple]) -> None:
    """One warning for all that was left out while reading."""
    left = [where for level, _, where, _ in findings if level == "error"]
    if left:
        what = "label line(s) left out" if all("line" in f[1] for f in findings if f[0] == "error") else "faults"
        more = f"; and {len(left) - 20} more, see dataset.check()" if len(left) > 20 else ""
        warnings.warn(f"{len(left)} {what}, correct them in the files: {'; '.join(left[:20])}{more}", stacklevel=3)


def _recordings(data) -> list[tuple]:
    """Lengths, sample rates, times and label files."""
    table = data.recordings
    name, length, rate = table["recording"], table["duration_s"], table["sample_rate_hz"]
    usual = rate[rate > 0].mode()
    foreign = data.findings.loc[data.findings["problem"] == OTHER_ANNOTATIONS, "where"]
    elsewhere = {Path(where).stem for where in foreign}
    other_form = table["path"].map(lambda path: path is not None and Path(path).stem in elsewhere)
    unread = table["unread_s"].map(len) > 0 if "unread_s" in table else table["annotated"] & False
    found = [
        ("warning", "recording without a label file: not annotated", name[~table["annotated"] & ~other_form],
         "annotate it, or add an empty label file if nothing calls; no windows are made of it"),
        ("warning", "recording shorter than a window of 3 s", name[length < 3], "leave it out"),
        ("note", "recording shorter than most", name[(length >= 3) & (length < length.median() - 0.5)],
         "nothing: it gives fewer windows"),
        ("note", "sample rate is not the usual one", name[(rate > 0) & ~rate.isin(usual)],
         "nothing: sound is resampled; what a low rate cut off stays lost"),
        ("note", "sample rate under 20 kHz: nothing above half of it was recorded", name[(rate > 0) & (rate < 20_000)],
         "record at 22,050 Hz or more for calls up to 10 kHz"),
        ("warning", "labels that could not be read: no windows are made of their time", name[unread],
         "mend the lines named above, or say keep_unread=True to al.window_labels"),
        ("warning", "no date and time known from the name", name[table["datetime"].isna()],
         "name it site_yyyymmdd_hhmmss, or say time_zone= if it tells universal time; nights and hours are unknown"),
        ("warning", "the recorder's clock was never set", name[table["datetime"].map(clock_never_set)],
         "give the true time in the name, or leave hours and nights out"),
    ]  # fmt: skip
    begins = table.dropna(subset="datetime").sort_values(["site", "datetime"])
    end = begins["datetime"] + pd.to_timedelta(begins["duration_s"].fillna(0) - 1, unit="s")
    early = (begins["site"] == begins["site"].shift()) & (begins["datetime"] < end.shift())
    found.append(("warning", "begins before the one before it at its site ends", begins.loc[early, "recording"],
                  "is it a copy? the same sound in train and test spoils every score"))  # fmt: skip
    return found


def _sounds(data) -> list[tuple]:
    """Channels without any sound, and the same sound in two files; asks each file for a few pieces."""
    silent, digests, failed = [], {}, []
    table = data.recordings.dropna(subset="path")
    for row in table.itertuples():
        path = Path(data.root) / row.path
        try:
            if 0 in dead_channels(path):
                silent.append(row.recording)
            digests.setdefault(sound_digest(path), []).append((row.recording, path))
        except (OSError, ValueError) as error:
            failed.append(str(error))
    # A digest is of pieces; before two files are called the same, all of both is compared.
    copies = [f"{first} = {other}" for (first, path), *rest in digests.values()
              for other, second in rest if filecmp.cmp(path, second, shallow=False)]  # fmt: skip
    return [
        ("error", "recording can't be read to its end", pd.Series(failed, dtype="str"), "copy it again"),
        ("warning", "the first channel is silent from beginning to end", pd.Series(silent, dtype="str"),
         "is a microphone dead? choose the other channel (channel=1), or leave it out"),
        ("warning", "the same sound in several files", pd.Series(copies, dtype="str"),
         "keep one; the same sound in train and test spoils every score"),
    ]  # fmt: skip


def _strong(data) -> list[tuple]:
    """Impossible, doubled and doubtful labels."""
    labels = data.strong_labels.merge(data.recordings[["recording", "duration_s", "sample_rate_hz"]], on="recording")
    where = labels["recording"] + " at " + labels["start_s"].round(3).astype(str) + " s, " + labels["species"]
    keys = ["recording", "species"]
    order = labels.sort_values([*keys, "start_s"], kind="stable")
    gap = (order["start_s"] - reached_before(order, keys)).reindex(labels.index)
    same = labels.duplicated([*keys, "start_s", "end_s"])
    top = labels["sample_rate_hz"].replace(0, np.nan) / 2
    return [
        ("error", "label begins after the end of the recording", where[labels["start_s"] > labels["duration_s"]],
         "correct its time; or was the recording cut off, or is it the label file of another?"),
        ("note", "label hangs over the end of the recording",
         where[(labels["end_s"] > labels["duration_s"] + 1e-3) & (labels["start_s"] <= labels["duration_s"])],
         "nothing: what hangs over is cut off"),
        ("warning", "label stands twice", where[same], "remove one"),
        ("note", "labels of one species overlap", where[(gap < 0) & ~same],
         "nothing, or join them with al.merge_calls"),
        ("note", "labels of one species are less than 1 s apart", where[(gap >= 0) & (gap < 1)],
         "nothing, or join them with al.merge_calls, as AnuraSet's protocol asks"),
        ("note", "label without a quality letter", where[labels["quality"].isna()],
         "write it as CODE_H, CODE_M or CODE_L if scores by quality are wanted"),
        ("warning", "label reaches above half the sample rate", where[labels["high_hz"] > top],
         "correct its upper edge; a recording holds nothing above"),
    ]  # fmt: skip


def _bare(name: str) -> str:
    """A name without what hands vary: capitals, blanks, signs between words, accents."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(sign for sign in plain if sign.isalnum())


def _species(data) -> list[tuple]:
    """Species that can't be learnt, or not be tested."""
    n = data.strong_labels.groupby("species")["recording"].nunique().reindex(data.species).fillna(0)
    if not len(data.strong_labels):
        n = n[:0]
    alike = pd.Series(data.species, dtype="str").groupby(lambda i: _bare(data.species[i])).agg(list)
    alike = alike[alike.map(len) > 1].map(" = ".join)
    return [
        ("warning", "species that look like one in several spellings", alike, "write all of them alike"),
        ("note", "species without any strong label", n.index[n == 0], "leave it out of `species`, or annotate more"),
        ("warning", "species in one recording only", n.index[n == 1],
         "it can't be in train and in test: find another recording, or don't score it"),
    ]  # fmt: skip


def _weak(data) -> list[tuple]:
    """Where weak and strong labels contradict each other."""
    if data.weak_labels.empty:
        return []
    recordings = data.recordings
    rated = set(data.weak_labels["recording"])
    differ = strong_to_weak(data.strong_labels, data.weak_labels, recordings)
    differ = differ[differ["recording"].isin(rated)]
    boxed = set(data.strong_labels["recording"])
    where = differ["recording"] + ": " + differ["species"]
    empty = differ["verdict"].eq("weak only") & ~differ["recording"].isin(boxed)
    annotated = recordings.loc[recordings["annotated"], "recording"]
    return [
        ("warning", "weak label without any strong one: the label file is empty", where[empty],
         "listen again: its windows count as silence"),
        ("note", "weak label without a strong one of that species",
         where[differ["verdict"].eq("weak only") & ~empty], "listen again, or take it as too faint for a box"),
        ("warning", "strong label of a species whose calling index is 0", where[differ["verdict"].eq("strong only")],
         "correct the one or the other"),
        ("note", "recording without weak labels", annotated[~annotated.isin(rated)], "rate it if indices are wanted"),
    ]  # fmt: skip


def _windows(data) -> list[tuple]:
    """The published table of windows, and whether their sound is there."""
    if data.window_root is None:
        return []
    windows = data.windows
    cells = pd.read_csv(window_table(data.window_root))
    number = cells.get("species_number", windows["species_number"])
    told = windows["fname"] + " at " + windows["min_t"].astype(str) + " s"
    paths = [window_sound(row, data.window_root) for row in windows.itertuples(index=False)]
    twice = windows.drop_duplicates(["fname", "subset"])["fname"]
    return [
        ("note", "species_number is not the number of species in the row",
         told[number != windows["species_number"]], "nothing: it is computed anew"),
        ("note", "sample_name is not the name of the window's file",
         told[windows["sample_name"] != [path.name for path in paths]],
         "nothing: the path is made of site, fname, min_t and max_t"),
        ("error", "window without its sound", told[[not path.is_file() for path in paths]],
         "download or build the windows again"),
        ("error", "recording in two subsets", twice[twice.duplicated()], "split by recording: al.stratified_split"),
    ]  # fmt: skip


def check_dataset(data) -> pd.DataFrame:
    """See `anuralib.data.dataset.Dataset.check`."""
    found = [(level, problem, group["where"], group["advice"].iloc[0])
             for (level, problem), group in data.findings.groupby(["level", "problem"], sort=False)]  # fmt: skip
    for part in (_recordings, _sounds, _strong, _species, _weak):
        found += part(data)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*species_number differs.*")  # it has a row of its own here
        found += _windows(data)
    rows = [(level, problem, len(where), [str(x) for x in where], advice)
            for level, problem, where, advice in found if len(where)]  # fmt: skip
    rows.sort(key=lambda row: (_LEVELS.index(row[0]), -row[2]))
    return pd.DataFrame(rows, columns=["level", "problem", "n", "where", "advice"])
