"""The package keeps its plan: folders import leftwards, nothing private crosses a folder, no circles."""

import ast
import re
from graphlib import TopologicalSorter
from pathlib import Path

import anuralib as al

PACKAGE = Path(al.__file__).parent
# From left to right: a folder imports from itself and from what stands left of it.
FOLDERS = ("", "sound", "labels", "windows", "pond", "data", "split", "score", "learn", "challenges", "show", "field",
           "course", "paper")  # fmt: skip
MOST_FLOORS = 8
MODULES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): ast.parse(path.read_text(encoding="utf-8"))
    for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"
}  # fmt: skip


def folder(module):
    return module.rpartition(".")[0].split(".")[0]


def imports(module):
    """(module of the package, name taken from it or None) for each import of a module, those in functions too."""
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("anuralib"):
            source = node.module.removeprefix("anuralib").lstrip(".")
            for name in (alias.name for alias in node.names):
                inner = f"{source}.{name}".lstrip(".")
                yield (inner, None) if inner in MODULES else (source, name)


def test_folders_import_leftwards_and_nothing_private_crosses_a_folder():
    assert {folder(module) for module in MODULES} == set(FOLDERS)
    for module in MODULES:
        for source, name in imports(module):
            assert FOLDERS.index(folder(source)) <= FOLDERS.index(folder(module)), f"{module} imports {source}"
            private = name is not None and name.startswith("_") and name != "__version__"
            assert not private or folder(source) == folder(module), f"{module} imports {source}.{name}"


def test_no_circle_and_few_floors():
    """A module stands one floor above the highest that it imports."""
    graph = {m: {source for source, _ in imports(m) if source in MODULES} for m in MODULES}
    floor = {}
    for module in TopologicalSorter(graph).static_order():  # a circle is an error
        floor[module] = 1 + max((floor[source] for source in graph[module]), default=0)
    checks = {module for module in MODULES if module.startswith("course.checks.")}  # they stand on all of it
    assert max(floor[module] for module in MODULES if module not in checks) <= MOST_FLOORS


def test_the_stub_and_the_package_name_the_same_modules_and_everything_once():
    stub = (PACKAGE / "__init__.pyi").read_text(encoding="utf-8")
    assert dict(re.findall(r"^import anuralib\.(\S+) as (\S+)$", stub, re.MULTILINE)) == {
        place: name for name, place in al._MODULES.items()
    }
    listed = ast.literal_eval(stub.partition("__all__ = ")[2])
    assert listed == al.__all__
    taken = re.findall(r"\w+", " ".join(re.findall(r"^from \.\S+ import ([^(]*?|\([^)]*\))$", stub, re.MULTILINE)))
    assert sorted(taken) == sorted(set(listed) - set(al._MODULES) - {"__version__"})
