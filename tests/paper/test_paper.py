"""The paper's experiment on a small stand-in of AnuraSet: killed at three stages, it ends with the same files."""

import os
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("torch")

from anuralib.data.species import ANURASET_CODES
from anuralib.paper import experiment, material, networks, results, stages, tables
from anuralib.paper.__main__ import main
from anuralib.paper.recipes import CHOICES, PUBLISHED, RECIPES, SOURCES
from anuralib.sound.audio import write_audio

CALLS_HZ = {"SPHSUR": 900, "BOABIS": 1800, "DENMIN": 3600, "LEPFUS": 600}  # the last at one site only
SITES = ("INCT4", "INCT17", "INCT20955", "INCT41")


def write_stand_in(root, n=30, seed=0):
    """Recordings of six seconds in AnuraSet's layout: noise, and tones for calls."""
    rng, rate = np.random.default_rng(seed), 22050
    for k in range(n):
        site = SITES[k % 4]
        name = f"{site}_202001{k // 4 + 1:02d}_2{k % 4}0000"
        time = np.arange((4 if k == 5 else 6) * rate) / rate
        signal, lines = 0.01 * rng.normal(size=len(time)), []
        for code, hz in CALLS_HZ.items():
            if rng.random() < 0.5 and (code != "LEPFUS" or site == "INCT4"):
                start = rng.uniform(0, 3)
                here = (time >= start) & (time < start + 0.8)
                signal[here] += 0.2 * np.sin(2 * np.pi * hz * time[here])
                lines.append(f"{start:.6f}\t{start + 0.8:.6f}\t{code}_M\n")
        for folder, end in (("raw_data", "wav"), ("strong_labels", "txt")):
            (root / folder / site).mkdir(parents=True, exist_ok=True)
            path = root / folder / site / f"{name}.{end}"
            if end == "wav":
                write_audio(path, signal, rate)
            else:
                path.write_text("".join(lines), encoding="utf-8")
    rows = "".join(f"Hylidae,Species {code},{code}\n" for code in ANURASET_CODES)
    (root / "species.csv").write_text(f"FAMILY,SPECIES,CODE\n{rows}", encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    return write_stand_in(tmp_path_factory.mktemp("anuraset"))


def arguments(root, out, *more):
    return ["--root", str(root), "--out", str(out), "--networks", "resnet18", "--epochs", "2", "--steps", "2",
            "--resize", "32", "64", "--weights", "none", "--device", "cpu", "--draws", "20", "--jobs", "1", "--quiet",
            *more]  # fmt: skip


def contents(out):
    """Every file but the notes, with its bytes; of histories all but the time."""
    found = {}
    for path in sorted(out.rglob("*")):
        name = str(path.relative_to(out))
        if path.name == "history.csv":
            found[name] = pd.read_csv(path).drop(columns="seconds").to_csv()
        elif path.is_file() and stages.NOTES not in path.parts and name not in ("times.csv", "windows/build.json"):
            found[name] = path.read_bytes()
    return found


class Killed(BaseException):
    pass


def killed_at(patch, module, name, call=1):
    """Let a function of a module end the run at its n-th call, when it is done."""
    real, calls = getattr(module, name), []

    def wrapped(*given, **more):
        made = real(*given, **more)
        calls.append(name)
        if len(calls) == call:
            raise Killed
        return made

    patch.setattr(module, name, wrapped)


KILL_IN_EPOCH_2 = """
import os, runpy
from anuralib.learn import training
real, calls = training._train_epoch, []
def wrapped(*given):
    calls.append(1)
    return os._exit(9) if len(calls) == 2 else real(*given)
training._train_epoch = wrapped
runpy.run_module("anuralib.paper", run_name="__main__", alter_sys=True)  # as python -m anuralib.paper does
"""


@pytest.fixture(scope="module")
def straight(root, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "straight"
    main(arguments(root, out))
    return out


def test_killed_at_three_stages_it_ends_with_the_same_files(root, straight, tmp_path, monkeypatch, capsys):
    out = tmp_path / "killed"
    for module, name, call in ((material, "window_features", 1), (experiment, "predict", 1)):
        if name == "predict":  # between the two: a real kill in the middle of the training, by the command itself
            done = subprocess.run([sys.executable, "-c", KILL_IN_EPOCH_2, *arguments(root, out)], capture_output=True,
                                  env=os.environ, text=True, check=False)  # fmt: skip
            assert done.returncode == 9, done.stderr
            assert (out / "networks/resnet18/checkpoint.pt").is_file()
        with monkeypatch.context() as patch, pytest.raises(Killed):
            killed_at(patch, module, name, call)
            main(arguments(root, out))
    capsys.readouterr()
    main(arguments(root, out))
    told = capsys.readouterr().out
    assert "train-resnet18: kept" in told and "tables ..." in told
    ours, theirs = contents(out), contents(straight)
    assert list(ours) == list(theirs)
    assert [name for name in ours if ours[name] != theirs[name]] == []


def test_a_second_run_does_nothing_and_other_settings_redo_what_depends_on_them(root, straight, capsys):
    main(arguments(root, straight))
    told = capsys.readouterr().out
    assert "..." not in told
    main(arguments(root, straight, "--draws", "10"))
    told = capsys.readouterr().out
    assert [line for line in told.splitlines() if line.endswith("...")] == ["tables ..."]


def test_the_results_are_what_the_card_says(straight):
    card = (straight / "README.md").read_text(encoding="utf-8")
    assert "by chance, no ImageNet weights" in card and "a trial, not the experiment" in card
    for choice, published, _, taken in CHOICES:
        assert f"| {choice} | {published} |" in card and taken in card
    assert all((straight / name).is_file() for name in ("figure5.png", "figure6.png", "settings.json", "times.csv"))
    windows = pd.read_csv(straight / "split.csv")
    assert len(windows) == 29 * 4 + 2 and set(windows["subset"]) == {"train", "test"}
    assert not windows.groupby("fname")["subset"].nunique().gt(1).any()
    row, prob = results.read_predictions(straight / "predictions/resnet18.npz")
    assert (windows["subset"][row] == "test").all() and prob.shape == ((windows["subset"] == "test").sum(), 42)
    both = pd.read_csv(straight / "table2.csv").set_index(["names", "group"])
    assert both.loc[("of the text", "common"), "windows_of_a_species"] == "over 10,000 windows"
    assert both.loc[("of the table", "frequent"), "windows_of_a_species"] == "over 10,000 windows"
    assert both.loc[("of the table", "frequent"), "resnet152_published"] == PUBLISHED["resnet152"]["frequent"]
    one, other = both.xs("all", level="group")["resnet18_f1"]
    assert one == other
    scores = pd.read_csv(straight / "scores.csv").set_index("species")
    sets = pd.read_csv(straight / "species_sets.csv").set_index("species")
    n = sets.loc["in test", "n_species"]
    assert sets.loc["in test", "macro_f1"] == pytest.approx(100 * scores.loc["macro (all)", "f1"], abs=1e-3)
    low = sets.loc["all, undefined as 0", "macro_f1"]
    assert low == pytest.approx(sets.loc["in test", "macro_f1"] * n / 42, abs=1e-3)


def test_published_windows_and_split_are_used_and_the_course_adds_thresholds_and_sites_left_out(straight, tmp_path):
    windows = pd.read_csv(straight / "split.csv")
    with_subset = tmp_path / "with_subset"
    with_subset.mkdir()
    (with_subset / "audio").symlink_to(straight / "windows" / "audio")
    night = windows["fname"].str.contains("_20200101_|_20200102_|_20200103_")
    windows.assign(subset=np.where(night, "test", "train")).to_csv(with_subset / "metadata.csv", index=False)
    out = tmp_path / "course"
    main(arguments(with_subset, out, "--recipe", "course", "--epochs", "1", "--networks", "small_cnn", "--loso",
                   "--recordings", "24"))  # fmt: skip
    split = pd.read_csv(out / "split.csv")
    assert split["fname"].nunique() == 24 and set(split["subset"]) == {"train", "valid", "test"}
    test = split.loc[split["subset"] == "test", "fname"]
    assert test.str.contains("_20200101_|_20200102_|_20200103_").all() and test.nunique() > 4
    card = (out / "README.md").read_text(encoding="utf-8")
    assert "published, their files as they are" in card and "Split: published" in card and "recipe course" in card
    assert set(pd.read_csv(out / "thresholds.csv")["network"]) == {"small_cnn"}
    left = pd.read_csv(out / "left_out_sites.csv").set_index("site")
    assert set(left.index) == set(SITES)
    assert left.loc["INCT4", "n_species"] == left.loc["INCT4", "n_species_elsewhere"] + 1  # LEPFUS lives only there


def test_weights_are_those_given_and_never_fetched_unasked(tmp_path, monkeypatch):
    import torch

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))
    assert networks.first_weights("resnet18", "auto") is None
    assert networks.first_weights("small_cnn", "imagenet") is None
    for path in (tmp_path / "hub/checkpoints/resnet18-f37072fd.pth", tmp_path / "mine/resnet50-abc.pth"):
        path.parent.mkdir(parents=True)
        path.touch()
    assert networks.first_weights("resnet18", "auto").name == "resnet18-f37072fd.pth"
    assert networks.first_weights("resnet50", str(tmp_path / "mine")).name == "resnet50-abc.pth"
    with pytest.raises(FileNotFoundError, match="no weights of resnet152"):
        networks.first_weights("resnet152", str(tmp_path / "mine"))


def test_what_is_not_there_is_said_before_the_work(root, tmp_path, capsys):
    out = tmp_path / "out"
    for more, told in ((["--root", str(tmp_path / "gone")], "gone: there is no such folder"),
                       (["--networks", "resnet17"], "invalid choice: 'resnet17'")):  # fmt: skip
        with pytest.raises(SystemExit):
            main([*arguments(root, out), *more])
        assert told in capsys.readouterr().err
    (tmp_path / "weights").mkdir()
    with pytest.raises(FileNotFoundError, match="no weights of resnet18"):
        main(arguments(root, out, "--weights", str(tmp_path / "weights")))
    assert not out.exists()


def test_some_recordings_are_from_all_sites_alike(root):
    from anuralib.data.load import load_dataset

    dataset = load_dataset("anuraset", root)
    some = material.some_recordings(dataset, 9, seed=1)
    assert sorted(some.recordings["site"].value_counts()) == [2, 2, 2, 3]
    assert set(some.strong_labels["recording"]) <= set(some.recordings["recording"])
    assert material.some_recordings(dataset, 100) is dataset


def test_undefined_species_count_nothing_in_one_set_and_0_in_another():
    truth = np.array([[1, 0, 0], [1, 1, 0]])
    prob = np.array([[0.9, 0.1, 0.9], [0.9, 0.1, 0.1]])
    assert tables._quick_macro_f1(truth, prob) == pytest.approx(0.5)  # 1, 0, undefined
    assert tables._quick_macro_f1(truth, prob, n=3) == pytest.approx(1 / 3)


def test_the_recipe_of_the_paper_has_the_sizes_of_its_code():
    paper = RECIPES["paper"]
    assert [paper.batch_size(name) for name in paper.networks] == [32, 16, 25]
    assert all(set(where.replace(", ", "; ").split("; ")) & {*SOURCES, ""} for _, _, where, _ in CHOICES)
