"""The layout of AnuraSet's record, which the simulated pond has too."""

import os
import warnings
from pathlib import Path

import pandas as pd

from anuralib._arguments import check_on_error
from anuralib.data.dataset import Dataset, no_weak_labels, window_folder
from anuralib.data.files import SOUND_SUFFIXES, walk, with_suffix
from anuralib.data.findings import as_findings, tell
from anuralib.data.reading import Ignored, existing_folder, read_csv, read_species, read_strong, recording_rows
from anuralib.labels.bouts import split_label
from anuralib.sound.names import parse_recording_name, recordings_by_name


def _other_sites(path: Path, table: pd.DataFrame, names: pd.Series) -> list[tuple]:
    """AnuraSet writes INCT04 where its files say INCT4: the name of the recording is believed."""
    if "MONITORING_SITE" not in table:
        return []
    told = table["MONITORING_SITE"].astype(str)
    differs = [not name.startswith(f"{site}_") for name, site in zip(names, told, strict=True)]
    pairs = sorted(set(zip(told[differs], names[differs].str.split("_").str[0], strict=True)))
    return [("note", "the site in weak_labels.csv is not that of the recording's name", f"{path}: {a} for {b}",
             "nothing: the name of the recording is believed") for a, b in pairs]


def _read_weak(root: Path, species: list[str]) -> tuple[pd.DataFrame, list[tuple]]:
    """The wide table as long, and findings."""
    path = root / "weak_labels.csv"
    if not path.is_file():
        return no_weak_labels(), []
    table = read_csv(path)
    wanted = [f"SPECIES_{code}" for code in species]
    others = [c for c in table if c.startswith("SPECIES_") and c not in wanted]
    missing = [c for c in ["AUDIO_FILE_ID", *wanted] if c not in table]
    if missing:
        raise ValueError(f"{path}, line 1: no column {', '.join(missing[:5])}")
    if table["AUDIO_FILE_ID"].isna().any():
        line = int(table["AUDIO_FILE_ID"].isna().to_numpy().argmax()) + 2
        raise ValueError(f"{path}, line {line}, column AUDIO_FILE_ID: empty; write the recording's name")
    names = table["AUDIO_FILE_ID"].astype(str).str.removesuffix(".wav")
    for column in wanted:
        odd = ~table[column].isin([0, 1, 2, 3])
        if odd.any():
            line = int(odd.to_numpy().argmax()) + 2
            raise ValueError(
                f"{path}, line {line}, column {column}: {table[column].iloc[line - 2]!r} is not a "
                "calling index 0, 1, 2 or 3"
            )
    if names.duplicated().any():
        line = int(names.duplicated().to_numpy().argmax()) + 2
        raise ValueError(f"{path}, line {line}: {names.iloc[line - 2]} stands in the table twice")
    wide = table[wanted].set_axis(species, axis=1).astype("int64")
    wide.insert(0, "recording", names.astype("str"))
    long = wide.melt("recording", var_name="species", value_name="calling_index")
    order = long["species"].map({code: i for i, code in enumerate(species)})
    long = long.assign(order=order).sort_values(["recording", "order"], ignore_index=True)
    long = long.drop(columns="order").astype({"species": "str"})
    strangers = [("warning", "weak labels of a species that species.csv does not name", f"{path}, column {column}",
                  "add it to species.csv; until then its column is passed over") for column in others]  # fmt: skip
    return long, [*strangers, *_other_sites(path, table, names)]


def _parse_names(names: list[str], sound: dict[str, Path], on_error: str) -> tuple[dict[str, tuple], list[tuple]]:
    named, findings = {}, []
    for name in names:
        try:
            named[name] = parse_recording_name(name)
        except ValueError as error:
            if on_error == "raise":
                raise ValueError(f"{sound.get(name, name)}: {error}") from error
            where = f"{sound.get(name, name)}: {error}"
            findings.append(("error", "recording can't be read and is left out", where, "rename it"))
    return named, findings


def read_anuraset_layout(root: str | os.PathLike, name: str | None = None, on_error: str = "raise") -> Dataset:
    """Read a folder laid out like AnuraSet's record (Zenodo 8342596) or the simulated pond.

    Used are `species.csv`, `weak_labels.csv`, `raw_data/<site>/*.wav` and
    `strong_labels/<site>/*.txt`, which may lie a folder of the same name deeper, as the record's
    archive unpacks. Sites come from the names of recordings. A data set of windows in `anuraset/`
    becomes `window_root`.

    Parameters
    ----------
    root : str or path-like
    name : str or None
        Name of the data set; None takes the folder's.
    on_error : {"raise", "skip"}
        What to do with a recording that can't be read or whose name has another form: stop, or
        leave it out with a warning.

    Returns
    -------
    Dataset
        If there is any sound, its recordings are those with sound, and a warning counts the
        labelled ones left out. Without any sound, all labelled recordings are listed, `path` empty
        and `duration_s` NaN.

    Warns
    -----
    UserWarning
        Once, naming file and line of every label line that could not be used; the rest is kept.

    Raises
    ------
    FileNotFoundError
        If the folder, its species table, or all recordings and labels are missing.
    ValueError
        Names the file and what to do.
    """
    check_on_error(on_error)
    root = existing_folder(root)
    species = read_species(root)
    sound_files, findings = walk(_sound_folder(root))
    label_files, more = walk(root / "strong_labels")
    sound = recordings_by_name(with_suffix(sound_files, SOUND_SUFFIXES))
    files = recordings_by_name(with_suffix(label_files, (".txt",)))
    weak, weak_findings = _read_weak(root, species)
    findings += more + weak_findings
    labelled = set(files) | set(weak["recording"])
    if not sound and not labelled:
        raise FileNotFoundError(
            f"{root}: neither recordings (raw_data/<site>/*.wav) nor labels "
            "(strong_labels/<site>/*.txt, weak_labels.csv) are here"
        )
    if sound and labelled - set(sound):
        left = sorted(labelled - set(sound))
        warnings.warn(
            f"{root}: {len(left)} labelled recordings have no sound in raw_data and are left out "
            f"({', '.join(left[:3])}{', ...' if len(left) > 3 else ''})",
            stacklevel=2,
        )
        findings += [("warning", "labelled recording without sound is left out", x, "fetch its sound") for x in left]
    names, unnamed = _parse_names(sorted(sound) if sound else sorted(labelled), sound, on_error)
    files = {name: path for name, path in files.items() if name in names}
    strong, problems, unread = read_strong(files, species, _split, on_error, {name: sound.get(name) for name in names})
    recordings, unreadable = recording_rows(names, sound, {*files, *strong["recording"]}, unread, on_error)
    here = recordings["recording"]
    strong, weak = (table[table["recording"].isin(here)].reset_index(drop=True) for table in (strong, weak))
    found = [*unnamed, *unreadable, *problems, *findings]
    tell(found)
    return Dataset(name or root.name, root, species, recordings, strong, weak, as_findings(found), window_folder(root))


def _sound_folder(root: Path) -> Path:
    """`raw_data`, or what mirrors call it: AnuraSet_v2.0.0_raw."""
    mirrors = (path for path in sorted(root.iterdir()) if path.is_dir() and path.name.lower().endswith("raw"))
    return root / "raw_data" if (root / "raw_data").is_dir() else next(mirrors, root / "raw_data")


def _split(label: str) -> tuple[str, str]:
    """Of AnuraSet's labels; CODE_LALSE is to be ignored, as its authors say (in google-research/perch)."""
    if label.strip().endswith("_LALSE"):
        raise Ignored(f"{label.strip()!r} is not a label like BOALUN_M: its authors say that it is to be ignored")
    return split_label(label)
