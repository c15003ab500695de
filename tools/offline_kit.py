"""Pack the course for a class without internet: one archive for students, one for the teacher.

    python tools/offline_kit.py        after `make notebooks`; `make kit` does both

The students' archive has no solutions: they are cut out of the pages, with the pictures and sounds that only they
show. The same files in give the same bytes out.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from html.parser import HTMLParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OUTPUTS = ("/_images/", "/_static/inline/")  # where the book keeps what cells have shown
IN_PLACE = "<p><em>This copy has no solutions.</em></p>"
README = """\
The Anura course, without internet{whose}
{line}

To read: open site/index.html in a browser. Pages, pictures and sounds all lie in this folder.

To run the notebooks you need Python 3.11 or newer and the packages that the course builds on.

  With internet, once:
      python -m venv anura
      anura/bin/pip install "./{wheel}[learn]" jupyterlab distributed
      anura/bin/jupyter lab {notebooks}

  For computers that have none: on one computer with internet, with the same system and the same Python as theirs,
      pip download --dest packages "./{wheel}[learn]" jupyterlab distributed
  carry the folder packages and this one over, and there
      python -m venv anura
      anura/bin/pip install --no-index --find-links packages "anuralib[learn]" jupyterlab distributed
  On Linux, PyTorch comes with libraries for graphics cards and takes several GB; its own pages say how to get the
  small one.

  The first chapter makes the simulated pond, 0.65 GB in your cache folder; that takes minutes, and no internet.

What needs internet: the first installation, the real AnuraSet (al.download_anuraset), BirdNET's weights, Google Colab,
and the links to papers. Nothing else; no page asks another server.

What is here:
  site/        the book{site}
  {folders}
  projects/    the baselines of the six projects: python projects/phenology.py
  {wheel}    the package
  LICENSE, LICENSE-TEXT, CITATION.cff    code MIT, texts and figures CC BY 4.0; how to cite
"""


class _Solutions(HTMLParser):
    """Where the boxes with solutions begin and end, as positions in the page's text."""

    def __init__(self, text):
        super().__init__()
        self.spans, self._depth, self._start = [], 0, None
        self._lines = [0]
        for line in text.split("\n"):
            self._lines.append(self._lines[-1] + len(line) + 1)
        self._text = text
        self.feed(text)
        self.close()
        if self._start is not None:
            raise ValueError("a solution without an end")

    def _position(self):
        line, column = self.getpos()
        return self._lines[line - 1] + column

    def handle_starttag(self, tag, attrs):
        if tag != "div":
            return
        if self._start is None and "solution" in (dict(attrs).get("class") or "").split():
            self._start, self._depth = self._position(), 0
        self._depth += self._start is not None

    def handle_endtag(self, tag):
        if tag != "div" or self._start is None:
            return
        self._depth -= 1
        if not self._depth:
            self.spans.append((self._start, self._text.index(">", self._position()) + 1))
            self._start = None


def without_solutions(page):
    """A page's HTML without the boxes of solutions, and what was in them."""
    kept, cut, at = [], [], 0
    for start, stop in _Solutions(page).spans:
        kept += [page[at:start], IN_PLACE]
        cut.append(page[start:stop])
        at = stop
    return "".join([*kept, page[at:]]), "".join(cut)


def folder_files(folder, place):
    """{name in the archive: bytes} of all files of a folder but hidden ones."""
    found = {}
    for path in sorted(Path(folder).rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in inside.parts):
            found[f"{place}/{inside.as_posix()}"] = path.read_bytes()
    return found


def student_site(files):
    """The files of the site without solutions, and without pictures and sounds that stood in solutions only."""
    kept, cut = {}, ""
    for name, data in files.items():
        if name.endswith(".html"):
            text, gone = without_solutions(data.decode("utf-8"))
            data, cut = text.encode("utf-8"), cut + gone
        kept[name] = data
    said = b"".join(data for name, data in kept.items() if name.endswith((".html", ".css", ".js")))
    shown_there = {name for name in kept if any(folder in name for folder in OUTPUTS) and Path(name).name in cut}
    return {name: data for name, data in kept.items() if name not in shown_there or Path(name).name.encode() in said}


def write_archive(path, files, top):
    """A zip of {name: bytes} below the folder `top`, always with the same bytes for the same files."""
    part = path.with_suffix(".part")
    with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(f"{top}/{name}", date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.create_system, entry.compress_type = 0o644 << 16, 3, zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name])
    os.replace(part, path)
    return path


def write_kits(site, notebooks, projects, wheel, out):
    """Write both archives; returns their paths, the students' first.

    `notebooks` has the folders learner and teacher, as `notebook_export.py` writes them.
    """
    for needed, what in ((site / "index.html", "make book"), (notebooks / "learner", "make notebooks"),
                         (notebooks / "teacher", "make notebooks")):  # fmt: skip
        if not needed.exists():
            raise FileNotFoundError(f"{needed} is missing: run `{what}` first")
    pages, programs = folder_files(site, "site"), folder_files(projects, "projects")
    common = programs | {wheel.name: wheel.read_bytes()}
    common |= {name: (ROOT / name).read_bytes() for name in ("LICENSE", "LICENSE-TEXT", "CITATION.cff")}
    learner = folder_files(notebooks / "learner", "notebooks")
    teacher = folder_files(notebooks / "teacher", "notebooks-with-solutions")
    says = {"wheel": wheel.name, "notebooks": "notebooks"}
    readme = README.format(whose="", line="=" * 34, site=", without solutions", **says,
                           folders="notebooks/   one for each chapter; in es/ and pt_BR/ translated")  # fmt: skip
    readme_teacher = README.format(
        whose=": for the teacher", line="=" * 51, site=" with all solutions", **says,
        folders="notebooks/   a notebook for each chapter, as students get it; in es/ and pt_BR/ translated\n"
                "  notebooks-with-solutions/   the same with the solution after each stub; not for students",
    )  # fmt: skip
    for_students = student_site(pages) | learner | common | {"README.txt": readme.encode()}
    for_teacher = pages | learner | teacher | common | {"README.txt": readme_teacher.encode()}
    out.mkdir(parents=True, exist_ok=True)
    return (write_archive(out / "anura-offline-kit.zip", for_students, "anura-offline-kit"),
            write_archive(out / "anura-offline-kit-teacher.zip", for_teacher, "anura-offline-kit-teacher"))  # fmt: skip


def build_wheel(out):
    """The package's wheel, from a clean copy (a folder build/ left by an older one would get into it)."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "source"
        shutil.copytree(ROOT / "anuralib", source / "anuralib", ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("pyproject.toml", "README.md", "LICENSE"):
            shutil.copy(ROOT / name, source)
        command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "-w", folder]
        subprocess.run([*command, source], check=True, env=os.environ | {"SOURCE_DATE_EPOCH": "315532800"})
        built = next(Path(folder).glob("*.whl"))
        out.mkdir(parents=True, exist_ok=True)
        return Path(shutil.copy(built, out / built.name))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--site", type=Path, default=ROOT / "book" / "_build" / "html")
    parser.add_argument("--notebooks", type=Path, default=ROOT / "build" / "notebooks")
    parser.add_argument("--out", type=Path, default=ROOT / "build")
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory() as folder:
            wheel = build_wheel(Path(folder))
            kits = write_kits(options.site, options.notebooks, ROOT / "teach" / "projects", wheel, options.out)
    except FileNotFoundError as error:
        sys.exit(str(error))
    for path in kits:
        print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
