"""The files of AnuraSet's record, made of a pond; tests/zenodo.py serves them."""

import io
import zipfile


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
