"""The layout of AnuraSet's record, which the simulated pond has too."""

import os
import re
import warnings
from pathlib import Path

import pandas as pd

from anuralib._arguments import check_on_error
from anuralib.data.dataset import Dataset, no_weak_labels, window_folder
from anuralib.data.files import SOUND_SUFFIXES, walk, with_suffix
from anuralib.data.findings import as_findings, tell
from anuralib.data.reading import Ignored, existing_folder, read_csv, read_species, read_strong, recording_rows
from anuralib.data.species import ANURASET_CODES, in_anurasets_order, is_species_code
from anuralib.labels.bouts import split_label
from anuralib.sound.names import parse_recording_name, recordings_by_name

_SITE = re.compile("INCT[0-9]+")


def _other_sites(path: Path, table: pd.DataFrame, names: pd.Series) -> list[tuple]:
    """AnuraSet writes INCT04 where its files say INCT4: the name of the recording is believed."""
    if "MONITORING_SITE" not in table:
        return []
    told = table["MONITORING_SITE"].astype(str)
    differs = [not name.startswith(f"{site}_") for name, site in zip(names, told, strict=True)]
    pairs = sorted(set(zip(told[differs], names[differs].str.split("_").str[0], strict=True)))
    return [("note", "the site in weak_labels.csv is not that of the recording's name", f"{path}: {a} for {b}",
             "nothing: the name of the recording is believed") for a, b in pairs]


def _weak_table(root: Path) -> tuple[pd.DataFrame, pd.Series] | None:
    """`weak_labels.csv` as it is, and the names of its recordings; None where there is none."""
    path = root / "weak_labels.csv"
    if not path.is_file():
        return None
    table = read_csv(path)
    if "AUDIO_FILE_ID" not in table:
        raise ValueError(f"{path}, line 1: no column AUDIO_FILE_ID")
    if table["AUDIO_FILE_ID"].isna().any():
        line = int(table["AUDIO_FILE_ID"].isna().to_numpy().argmax()) + 2
        raise ValueError(f"{path}, line {line}, column AUDIO_FILE_ID: empty; write the recording's name")
    names = table["AUDIO_FILE_ID"].astype(str).str.removesuffix(".wav")
    if names.duplicated().any():
        line = int(names.duplicated().to_numpy().argmax()) + 2
        raise ValueError(f"{path}, line {line}: {names.iloc[line - 2]} stands in the table twice")
    return table, names


def _read_species(root: Path, name: str | None) -> tuple[list[str], list[tuple]]:
    """Codes, and findings: species.csv may lack one that the weak labels rate, and a mirror may have no species.csv."""
    path = root / "species.csv"
    if name == "anuraset" and not path.is_file():
        return list(ANURASET_CODES), [("note", "no species.csv", str(path), "nothing: AnuraSet's 42 species are taken")]
    codes, weak = read_species(root), _weak_table(root)
    columns = [] if weak is None else [c for c in weak[0] if c.startswith("SPECIES_")]
    rated = [column.removeprefix("SPECIES_") for column in columns]
    strangers = [code for code in rated if is_species_code(code) and code not in codes]
    found = ("warning", "species that weak_labels.csv rates and species.csv does not name",
             f"{path}: {', '.join(strangers)}", "add them to species.csv; they are taken in all the same")  # fmt: skip
    return in_anurasets_order(codes + strangers), [found] if strangers else []


def _read_weak(root: Path, species: list[str]) -> tuple[pd.DataFrame, list[tuple]]:
    """The wide table as long, and findings."""
    path, read = root / "weak_labels.csv", _weak_table(root)
    if read is None:
        return no_weak_labels(), []
    table, names = read
    wanted = [f"SPECIES_{code}" for code in species]
    missing = [c for c in wanted if c not in table]
    if missing:
        raise ValueError(f"{path}, line 1: no column {', '.join(missing[:5])}")
    for column in wanted:
        odd = ~table[column].isin([0, 1, 2, 3])
        if odd.any():
            line = int(odd.to_numpy().argmax()) + 2
            raise ValueError(
                f"{path}, line {line}, column {column}: {table[column].iloc[line - 2]!r} is not a "
                "calling index 0, 1, 2 or 3"
            )
    wide = table[wanted].set_axis(species, axis=1).astype("int64")
    wide.insert(0, "recording", names.astype("str"))
    long = wide.melt("recording", var_name="species", value_name="calling_index")
    order = long["species"].map({code: i for i, code in enumerate(species)})
    long = long.assign(order=order).sort_values(["recording", "order"], ignore_index=True)
    long = long.drop(columns="order").astype({"species": "str"})
    return long, _other_sites(path, table, names)


def species_by_recording(root: Path) -> dict[str, set[str]]:
    """The species that the weak labels name in each recording, silent ones with none."""
    weak, _ = _read_weak(root, _read_species(root, None)[0])
    heard = weak[weak["calling_index"] > 0].groupby("recording")["species"].agg(set).to_dict()
    return dict.fromkeys(weak["recording"], set()) | heard


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
    archive unpacks. Mirrors have the sound in `AnuraSet_v2.0.0_raw`, or in folders of sites, and deeper in some of
    days. Sites come from the names of recordings. A data set of windows in `anuraset/` becomes `window_root`.

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
    species, findings = _read_species(root, name)
    sound_files, more = _find_sounds(root)
    label_files, unopened = walk(root / "strong_labels")
    sound = recordings_by_name(with_suffix(sound_files, SOUND_SUFFIXES))
    files = recordings_by_name(with_suffix(label_files, (".txt",)))
    weak, weak_findings = _read_weak(root, species)
    findings += [*more, *unopened, *weak_findings, *_packed(root)]
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


def _packed(root: Path) -> list[tuple]:
    """Findings on archives of the record that nobody unpacked."""
    packed = [root / f"{name}.zip" for name in ("raw_data", "strong_labels") if not (root / name).is_dir()]
    return [("error", "archive is not unpacked", f"{path}: it has to be unpacked to be read",
             "unpack it beside itself; al.download_anuraset does it, too") for path in packed if path.is_file()]


def _find_sounds(root: Path) -> tuple[list[Path], list[tuple]]:
    """All files of `raw_data`, or of what mirrors have: AnuraSet_v2.0.0_raw, or its folders of sites alone."""
    if (root / "raw_data").is_dir():
        return walk(root / "raw_data")
    inside = [path for path in sorted(root.iterdir()) if path.is_dir()]
    mirror = next((path for path in inside if path.name.lower().endswith("raw")), None)
    sites = [path for path in inside if _SITE.fullmatch(path.name)]
    found = [walk(path) for path in ([mirror] if mirror else sites)]
    return [path for files, _ in found for path in files], [row for _, rows in found for row in rows]


def _split(label: str) -> tuple[str, str]:
    """Of AnuraSet's labels; CODE_LALSE is to be ignored, as its authors say (in google-research/perch)."""
    if label.strip().endswith("_LALSE"):
        raise Ignored(f"{label.strip()!r} is not a label like BOALUN_M: its authors say that it is to be ignored")
    return split_label(label)
