"""Build the book with the newest Sphinx, MyST-NB and theme, without Jupyter Book, and say what breaks.

    python .github/scripts/newest_build.py [--report FILE.md] [--pinned PYTHON] [--folder FOLDER]

Jupyter Book 1 gets mends only, and holds Sphinx below 8. The course stays on it as long as it works. This is the look
ahead: would the pages still be made by Sphinx alone, from the conf.py that Jupyter Book writes?

The pages are built twice, with the pinned versions and with the newest. No cell runs, and so references to figures and
numbers that cells make are missing in both; what counts is the difference. Exit 1 tells of one.

PIP_ARGS is handed to pip, as in the Makefile. The pinned versions have hashes, the newest can have none.
"""

import argparse
import ast
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# What makes pages. Jupyter Book brings most of them, so they are named here: it is not there in the newest environment.
PAGE_TOOLS = (
    "sphinx", "myst-nb", "myst-parser", "sphinx-book-theme", "pydata-sphinx-theme", "sphinx-exercise",
    "sphinx-external-toc", "sphinxcontrib-bibtex", "sphinx-design", "sphinx-copybutton", "sphinx-togglebutton",
    "sphinx-comments", "sphinx-thebe", "sphinx-multitoc-numbering", "sphinx-mathjax-offline", "linkify-it-py",
    "docutils", "jupytext",
)  # fmt: skip
ONLY_JUPYTER_BOOK = ("jupyter_book", "sphinx_jupyterbook_latex")  # extensions: its settings, and PDF by LaTeX
# To name functions and their docstrings, their modules are imported. Torch is 5 GB, and nothing about pages.
STAND_INS = "torch,torchaudio,torchvision"
HEAD = """\
import os
import sys

sys.path.insert(0, os.path.abspath("_ext"))
try:  # annotations write "torch.nn.Module | None", which autodoc's stand-ins can't
    from sphinx.ext.autodoc.mock import _MockObject

    _MockObject.__or__ = _MockObject.__ror__ = lambda self, other: self
except ImportError:
    pass
"""
NOT_COPIED = (".git", ".venv", "_build", "build", "shared", "__pycache__", "*.egg-info", ".*_cache")
WARNING = re.compile(r"^(.*\b(?:WARNING|ERROR|CRITICAL): .*)$", flags=re.MULTILINE)
KIND = re.compile(r"( \[[\w.-]+\])+$")  # newer versions write it behind a warning
FETCHED = re.compile(r"""<(?:script|img|iframe|source|audio|link)\b[^>]*?\b(?:src|href)=["']([^"'#]+)""")
NOT_FETCHED = re.compile(r"""\brel=["']?(?:canonical|license|alternate|next|prev)""")
REPORTED_LINES, REPORTED_WARNINGS = 40, 40


# ---------------------------------------------------------------- pure parts


def requirements(project, learn=False):
    """What the package and the book need, as pyproject.toml says it."""
    extras = project["optional-dependencies"]
    return [*project["dependencies"], *extras["book"], *(extras["learn"] if learn else [])]


def without_limits(wanted):
    """The same for the newest environment: no Jupyter Book, the page tools, and no limit on them."""
    names = [re.match(r"[\w.-]+", requirement)[0].lower() for requirement in wanted]
    kept = [r for r, name in zip(wanted, names, strict=True) if name not in (*PAGE_TOOLS, "jupyter-book")]
    return [*kept, *PAGE_TOOLS]


def plain_conf(conf):
    """Jupyter Book's conf.py for Sphinx alone: without its own extensions, each other one once, and `_ext` found."""
    found = re.search(r"^extensions = (\[.*\])$", conf, flags=re.MULTILINE)
    if found is None:
        raise ValueError("conf.py names no extensions in one line; has `jupyter-book config sphinx` changed?")
    kept = [name for name in dict.fromkeys(ast.literal_eval(found[1])) if name not in ONLY_JUPYTER_BOOK]
    return f"{HEAD}{conf[: found.start()]}extensions = {kept!r}{conf[found.end() :]}"


def warnings_of(text, folder):
    """The warnings in Sphinx's file of them, with how often each is there, and without the folder of the build."""
    _, *parts = WARNING.split(text)
    lines = []
    for line, more in zip(parts[::2], parts[1::2], strict=True):
        # The last line of a traceback says which error it was. What else may follow is Sphinx's own end.
        last = more.strip().splitlines()[-1:] if "Traceback (most recent" in more else []
        lines.append(" ".join([KIND.sub("", line), *last]).replace(f"{folder}/", ""))
    return Counter(lines)


def addresses(site):
    """What the pages fetch in vain, or from another server: {address: a page}."""
    found = {}
    for page in sorted(site.rglob("*.html")):
        for tag in FETCHED.finditer(page.read_text(encoding="utf-8")):
            address = tag[1].split("?")[0]
            known = address.startswith("data:") or (page.parent / address).is_file()
            if not known and not NOT_FETCHED.search(tag[0]):
                found.setdefault(address, page.relative_to(site).as_posix())
    return found


def pages_of(site):
    return {page.relative_to(site).as_posix() for page in site.rglob("*.html")}


def faults(pinned, newest):
    """What is worse with the newest versions, as lines; each is {"rc", "warnings", "pages", "addresses"} of a build."""
    found = []
    if newest["rc"]:
        found.append(f"sphinx-build ended with {newest['rc']}; the end of its log is below")
    if lost := sorted(pinned["pages"] - newest["pages"]):
        found.append(f"{len(lost)} pages are missing: {', '.join(lost[:10])}")
    for address in sorted(set(newest["addresses"]) - set(pinned["addresses"])):
        found.append(f"{newest['addresses'][address]} asks for what is not there, or elsewhere: {address}")
    if more := newest["warnings"] - pinned["warnings"]:
        found.append(f"{more.total()} warnings are new; they are below")
    return found


def report(pinned, newest, versions, held):
    """The report in Markdown; `versions` is {package: (pinned, newest here)}, `held` {package: newest anywhere}."""
    found, more = faults(pinned, newest), newest["warnings"] - pinned["warnings"]
    lines = [f"## The book with the newest Sphinx: {'what breaks' if found else 'nothing breaks'}\n"]
    lines += [f"- {line}" for line in found] + [""]
    if pinned["rc"]:
        lines += [f"With the pinned versions sphinx-build ended with {pinned['rc']}, so doubt all of this.\n"]
    lines += ["| package | pinned | newest here | held below |", "| --- | --- | --- | --- |"]
    lines += [f"| {name} | {old} | {new} | {held.get(name, '')} |" for name, (old, new) in sorted(versions.items())]
    if more:
        shown = [f"{line} ({n} times)" if n > 1 else line for line, n in more.most_common(REPORTED_WARNINGS)]
        lines += [f"\n### New warnings: {len(more)}, the first of them\n", "~~~text", *shown, "~~~"]
    if newest["rc"]:
        lines += ["\n### The end of the log\n", "~~~text", *newest["log"].splitlines()[-REPORTED_LINES:], "~~~"]
    return "\n".join(lines) + "\n"


# ---------------------------------------------------------------- what takes time


def say(text):
    print(text, flush=True)


def pinned_files(course, learn=False):
    """What pip is told to install the pinned versions, each wheel checked by its hash."""
    names = ["packages", "torch"] if learn else ["packages"]
    files = [part for name in names for part in ("--requirement", course / "requirements" / f"{name}.txt")]
    return ["--require-hashes", "--no-deps", "--only-binary", ":all:", *files]


def environment(folder, wanted):
    """The Python of a new environment that has what is wanted, by pip's arguments."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / "bin" / "python"
    arguments = shlex.split(os.environ.get("PIP_ARGS", ""))
    subprocess.run([python, "-m", "pip", "install", "--quiet", *arguments, *wanted], check=True)
    return python


def versions_of(python):
    """{package: version} of an environment, the page tools only."""
    code = "import json, importlib.metadata as m; print(json.dumps({d.name: d.version for d in m.distributions()}))"
    shown = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True)
    plain = {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in json.loads(shown.stdout).items()}
    return {name: plain[name] for name in PAGE_TOOLS if name in plain}


def held_back(python):
    """{package: newest release} of the page tools that something keeps from it: another package, or Python's age."""
    command = [python, "-m", "pip", "list", "--outdated", "--format", "json"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)
    if shown.returncode:
        return {}
    newer = {re.sub(r"[-_.]+", "-", p["name"]).lower(): p["latest_version"] for p in json.loads(shown.stdout)}
    return {name: newer[name] for name in PAGE_TOOLS if name in newer}


def build(python, course, out, execution="off", learn=False):
    """Build the pages of the copied course; what `faults` asks for, and the log."""
    out.mkdir(parents=True)
    settings = ["-D", f"nb_execution_mode={execution}"]
    settings += [] if learn else ["-D", f"autodoc_mock_imports={STAND_INS}"]
    command = [python, "-m", "sphinx", "-b", "html", "-n", "--keep-going", "--no-color", *settings,
               "-d", out / "doctrees", "-w", out / "warnings.txt", course / "book", out / "html"]  # fmt: skip
    with (out / "log.txt").open("w", encoding="utf-8") as log:
        # The course's own package, as it stands in the copy, which is no clone: its notebooks can name no commit.
        place = os.environ | {"PYTHONPATH": str(course), "ANURA_COURSE_REPOSITORY": ""}
        run = subprocess.run(command, cwd=course, env=place, stdout=log, stderr=subprocess.STDOUT, check=False)
    said = (out / "warnings.txt").read_text(encoding="utf-8") if (out / "warnings.txt").is_file() else ""
    return {"rc": run.returncode, "warnings": warnings_of(said, course), "pages": pages_of(out / "html"),
            "addresses": addresses(out / "html"), "log": (out / "log.txt").read_text(encoding="utf-8")}  # fmt: skip


def look(folder, pinned=None, execution="off", learn=False):
    """Make both environments and both builds below `folder`; (is something worse, the report)."""
    course = folder / "course"
    say("copy the course")
    shutil.copytree(ROOT, course, ignore=shutil.ignore_patterns(*NOT_COPIED))
    project = tomllib.loads((course / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = requirements(project, learn)
    if pinned is None:
        say("install the pinned versions")
        pinned = environment(folder / "pinned", pinned_files(course, learn))
    say("install the newest versions")
    newest = environment(folder / "newest", without_limits(wanted))
    say("let Jupyter Book write conf.py")
    subprocess.run([pinned.with_name("jupyter-book"), "config", "sphinx", course / "book"], check=True)
    conf = course / "book" / "conf.py"
    conf.write_text(plain_conf(conf.read_text(encoding="utf-8")), encoding="utf-8")
    builds = {}
    for name, python in (("pinned", pinned), ("newest", newest)):
        say(f"build with the {name} versions")
        builds[name] = build(python, course, folder / f"site-{name}", execution, learn)
        say(f"  ended with {builds[name]['rc']}, {builds[name]['warnings'].total()} warnings")
    old, new = versions_of(pinned), versions_of(newest)
    versions = {name: (old.get(name, "none"), version) for name, version in new.items()}
    text = report(builds["pinned"], builds["newest"], versions, held_back(newest))
    return bool(faults(builds["pinned"], builds["newest"])), text


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--report", type=Path)
    parser.add_argument("--pinned", type=Path, help="Python of an environment with the pinned versions, if any")
    parser.add_argument("--folder", type=Path, help="work in this folder, which must not exist, and keep it")
    parser.add_argument("--execution", default="off", choices=("off", "cache", "force"), help="of the cells")
    parser.add_argument("--learn", action="store_true", help="install torch too, instead of stand-ins")
    options = parser.parse_args(arguments)
    if options.execution != "off":
        options.learn = True  # cells need more than names
    with tempfile.TemporaryDirectory(prefix="newest-") as temporary:
        folder = options.folder or Path(temporary) / "work"
        folder.mkdir(parents=True)
        # A link to Python loses its environment when it is resolved.
        pinned = options.pinned and Path(os.path.abspath(options.pinned))
        worse, text = look(folder.resolve(), pinned, options.execution, options.learn)
    if options.report:
        options.report.parent.mkdir(parents=True, exist_ok=True)
        options.report.write_text(text, encoding="utf-8")
    if worse:
        sys.exit(text)
    print(text)


if __name__ == "__main__":
    main()
