"""The one place that says where the course lives (its repository, its site), its version, and how it is cited."""

import os
import re
import subprocess
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import yaml

REPOSITORY_VARIABLE = "ANURA_COURSE_REPOSITORY"  # owner/name on GitHub
COMMIT_VARIABLE = "ANURA_COURSE_COMMIT"  # of what is built, where that is no clone
SITE_VARIABLE = "ANURA_COURSE_SITE"  # where the built pages are served
NOTEBOOK_BRANCH = "notebooks"


def course_repository(folder):
    """ "owner/name" of the course on GitHub, or "" where that isn't known.

    The environment variable wins (the publishing workflow sets it to its own repository), else the remote called
    origin of the repository around `folder`, where that is on GitHub.
    """
    if REPOSITORY_VARIABLE in os.environ:
        return os.environ[REPOSITORY_VARIABLE].strip().strip("/")
    return github_name(_git(folder, "remote", "get-url", "origin"))


def _git(folder, *arguments):
    """What git answers about the repository around `folder`, or ""."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        shown = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:  # no git on this machine
        return ""
    return shown.stdout.strip() if shown.returncode == 0 else ""


def github_name(remote):
    """ "owner/name" of a GitHub remote (https, ssh or scp form), or ""."""
    if remote.startswith("git@github.com:"):
        path = remote.removeprefix("git@github.com:")
    else:
        parts = urlsplit(remote)
        if parts.hostname != "github.com":
            return ""
        path = parts.path
    pieces = path.strip("/").removesuffix(".git").split("/")
    return "/".join(pieces) if len(pieces) == 2 else ""


def package_source(repository, folder):
    """What pip installs the package from, for a notebook that is made now; "" where the repository isn't known.

    It names the commit of `folder`, not a branch: a commit is its own hash, so nobody can put other code in its place,
    and a notebook that a class has in hand installs the same package until the end of the term. A branch, or a wheel
    beside the newest pages, would be another one after the next push.
    """
    if not repository:
        return ""
    commit = os.environ.get(COMMIT_VARIABLE) or _git(folder, "rev-parse", "HEAD")
    if not re.fullmatch("[0-9a-f]{40}([0-9a-f]{24})?", commit):
        raise ValueError(
            f"the notebooks name the commit that they are made from, and it is not known ({commit!r}): build in a clone"
            f" of {repository}, or set {COMMIT_VARIABLE} to the commit's full id"
        )
    return f"anuralib @ git+https://github.com/{repository}@{commit}"


def course_site_url(repository):
    """Where the site is: the environment variable, else GitHub's pages of the repository, else ""."""
    if SITE_VARIABLE in os.environ:
        return os.environ[SITE_VARIABLE].rstrip("/")
    if not repository:
        return ""
    owner, name = repository.split("/")
    return f"https://{owner.lower()}.github.io/{name}"


def colab_url(repository, docname):
    """The address under which Colab opens a chapter's learner's notebook."""
    return (
        f"https://colab.research.google.com/github/{repository}"
        f"/blob/{NOTEBOOK_BRANCH}/{docname}.ipynb"
    )


def course_root(book):
    """The folder with the course's pyproject.toml: around the book, else (for a copy of the book) the package's."""
    import anuralib

    places = (Path(book).parent, Path(anuralib.__file__).resolve().parents[1])
    return next(place for place in places if (place / "pyproject.toml").is_file())


def course_version(root):
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]


def citation(root):
    """How to cite the course, in one line of plain text, from CITATION.cff."""
    cff = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    people = [a.get("name") or f"{a['family-names']}, {a['given-names']}" for a in cff["authors"]]
    year = f" ({str(cff['date-released'])[:4]})" if "date-released" in cff else ""
    place = cff.get("doi") and f"https://doi.org/{cff['doi']}"
    parts = [f"{'; '.join(people)}{year}", cff["title"], f"Version {cff['version']}"]
    return ". ".join(parts) + "." + (f" {place}" if place else "")
