import shutil

import pytest
from quick_ponds import render_once

from anuralib.data import load as datasets
from anuralib.pond import simulate


@pytest.fixture
def ponds(tmp_path, monkeypatch):
    """An empty cache, and ponds so small that they take no time."""
    monkeypatch.setenv("ANURALIB_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("ANURALIB_SMOKE", raising=False)
    render_once(monkeypatch)
    made = []
    real = simulate.write_pond

    def small(out_dir, n_recordings, duration_s, **options):
        made.append((n_recordings, duration_s))
        return real(out_dir, n_recordings=4, duration_s=4, n_jobs=1, **options)

    monkeypatch.setattr(simulate, "write_pond", small)
    return made


def test_pond_is_made_once(ponds, tmp_path):
    one = datasets.load_dataset(size="tiny")
    two = datasets.load_dataset("pond", size="tiny")
    assert len(ponds) == 1
    assert one.name == "pond"
    assert one.root == two.root
    assert one.root.parent == tmp_path / "cache"
    assert len(one.recordings) == 4
    assert len(one.truth) >= 0
    assert [p.name for p in (tmp_path / "cache").iterdir()] == [one.root.name]


def test_smoke_makes_mini_tiny(ponds, monkeypatch):
    monkeypatch.setenv("ANURALIB_SMOKE", "1")
    data = datasets.load_dataset()
    tiny = simulate.SIZES["tiny"]
    assert ponds == [(tiny["n_recordings"], tiny["duration_s"])]
    assert "tiny" in data.root.name


def test_another_version_makes_another_pond(ponds, monkeypatch):
    name = datasets._pond_name("tiny")
    monkeypatch.setattr(simulate, "POND_VERSION", simulate.POND_VERSION + 1)
    assert datasets._pond_name("tiny") != name


def test_a_pond_that_fails_leaves_nothing(ponds, monkeypatch, tmp_path):
    def broken(out_dir, **options):
        out_dir.mkdir(parents=True)
        (out_dir / "half").write_text("x")
        raise RuntimeError("no space left")

    monkeypatch.setattr(simulate, "write_pond", broken)
    with pytest.raises(RuntimeError, match="no space"):
        datasets.load_dataset(size="tiny")
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_pond_that_another_process_finished_first_is_used(ponds, monkeypatch):
    make = simulate.write_pond
    first = datasets.load_dataset(size="tiny")
    shutil.move(first.root, first.root.with_name("aside"))

    def race(out_dir, **options):
        make(out_dir, **options)
        shutil.move(first.root.with_name("aside"), first.root)

    monkeypatch.setattr(simulate, "write_pond", race)
    assert datasets.load_dataset(size="tiny").root == first.root
    assert [p.name for p in first.root.parent.iterdir()] == [first.root.name]


def test_folders_and_names(ponds, tmp_path):
    pond = datasets.load_dataset(root=tmp_path / "here", size="tiny")
    assert pond.root.parent == tmp_path / "here"
    for data in (datasets.load_dataset(pond.root), datasets.load_dataset(str(pond.root)),
                 datasets.load_dataset("anuraset", root=pond.root)):
        assert data.species == pond.species
    with pytest.raises(ValueError, match="tiny, mini"):
        datasets.load_dataset(size="huge")
    with pytest.raises(FileNotFoundError, match="pnod.*names of data sets"):
        datasets.load_dataset("pnod")


def test_a_damaged_pond_is_mended_where_it_is(ponds, tmp_path, monkeypatch):
    monkeypatch.setitem(simulate.SIZES, "tiny", {"n_recordings": 4, "duration_s": 4})
    root = datasets.load_dataset(size="tiny").root
    right = {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}
    (root / "mine").mkdir()
    (root / "mine" / "notes.txt").write_text("mine")
    sound, labels = (sorted(root.rglob(name))[1] for name in ("*.wav", "second_annotator/*/*.txt"))
    for k, harm in enumerate([lambda: sound.write_bytes(right[sound][:1000]), labels.unlink,
                              (root / "pond.json").unlink, lambda: (root / "pond.json").write_text("{")]):  # fmt: skip
        harm()
        assert len(datasets.load_dataset(size="tiny").recordings) == 4 and len(ponds) == k + 2
        assert {path: path.read_bytes() for path in right} == right
    assert (root / "mine" / "notes.txt").read_text() == "mine"
    assert [p.name for p in root.parent.iterdir()] == [root.name]


def test_what_killed_processes_left_of_ponds_is_cleared_and_nothing_else(ponds, tmp_path):
    cache = tmp_path / "cache"
    dead = f".pond-mini-1.{'a' * 32}.part/raw_data", f".pond-tiny-0.{'b' * 32}.part"
    for name in (*dead, ".pond-mine.part", "features"):
        (cache / name).mkdir(parents=True)
    root = datasets.load_dataset(size="tiny").root
    assert sorted(p.name for p in cache.iterdir()) == [".pond-mine.part", "features", root.name]


def test_without_a_root_anuraset_is_where_the_environment_says_or_a_sentence_tells_how_to_get_it(
    ponds, tmp_path, monkeypatch
):  # fmt: skip
    monkeypatch.delenv("ANURALIB_ANURASET", raising=False)
    with pytest.raises(ValueError) as told:
        datasets.load_dataset("anuraset")
    for part in ("al.download_anuraset(", "root=", "ANURALIB_ANURASET"):
        assert part in str(told.value)
    assert str(told.value).count(". ") == 0 and "\n" not in str(told.value)
    pond = datasets.load_dataset(root=tmp_path / "here", size="tiny")
    monkeypatch.setenv("ANURALIB_ANURASET", str(pond.root))
    data = datasets.load_dataset("anuraset")
    assert (data.name, data.root) == ("anuraset", pond.root)
    monkeypatch.setenv("ANURALIB_ANURASET", str(tmp_path / "gone"))
    with pytest.raises(FileNotFoundError, match="gone.*ANURALIB_ANURASET"):
        datasets.load_dataset("anuraset")
