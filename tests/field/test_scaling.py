"""The package's functions on a Dask cluster, one of whose workers is killed; and what the chapter says of cost."""

import logging
import multiprocessing
import os
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from _results import read_results

import anuralib as al
from anuralib._workers import in_workers

pytest.importorskip("distributed")

import dask  # noqa: E402
from dask.distributed import Client, LocalCluster  # noqa: E402
from distributed.utils import get_mp_context  # noqa: E402
from joblib import parallel_config  # noqa: E402

# By the process from which all workers are forked: else each loads them by itself, and so does who replaces a dead one.
LOADED = ["anuralib.field.detections", "anuralib.windows.build", "scipy.signal", "torch", "torchvision"]


@pytest.fixture
def client():
    """A client of two new worker processes of one thread each, on this machine only: restarting old ones may hang."""
    settings = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "host": "127.0.0.1",
                "dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL}  # fmt: skip
    with dask.config.set({"distributed.worker.multiprocessing-method": "forkserver"}):
        get_mp_context()  # sets a list of its own to preload, once
        multiprocessing.get_context("forkserver").set_forkserver_preload(["distributed", *LOADED])
        with LocalCluster(**settings) as cluster, Client(cluster) as client:
            yield client


@pytest.fixture(scope="module")
def pond():
    return al.load_dataset("pond", size="tiny")


@pytest.fixture(scope="module")
def model(pond):
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    features = al.window_features(windows, pond, progress=False)
    model = al.build_model("small_cnn", pond.species, seed=0)
    al.fit(model, (features, windows[pond.species]), epochs=2, seed=0, progress=False)
    return model


def tree(folder):
    """Every file under a folder, hidden ones too, with its bytes."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


def times(folder):
    return {p: p.stat().st_mtime_ns for p in folder.rglob("*") if p.is_file()}


def arm(folder, pattern, n, note):
    """In a worker: the first that has n files done dies, by SIGKILL, between writing one and giving it its name."""
    move = os.replace

    def replace(source, target):
        if len([p for p in Path(folder).rglob(pattern) if not p.name.startswith(".")]) >= n:
            try:
                with open(note, "x", encoding="utf-8") as file:
                    file.write(str(os.getpid()))
            except FileExistsError:  # the other was first
                pass
            else:
                os.kill(os.getpid(), signal.SIGKILL)
        return move(source, target)

    os.replace = replace


def ready(client):
    """Both workers are there: the process ids."""
    client.wait_for_workers(2, timeout=120)
    return set(client.run(os.getpid).values())


def test_windows_survive_the_death_of_a_worker(client, pond, tmp_path):
    al.build_windows(pond, tmp_path / "one", n_jobs=1, progress=False)
    wanted = tree(tmp_path / "one")
    half = len([name for name in wanted if name.endswith(".wav")]) // 2
    before = ready(client)
    client.run(arm, str(tmp_path / "two"), "*.wav", half, str(tmp_path / "died"))
    with parallel_config(backend="dask"):
        al.build_windows(pond, tmp_path / "two", progress=False)
    assert int((tmp_path / "died").read_text()) in before
    assert tree(tmp_path / "two") == wanted


def worker_threads():
    import torch
    from threadpoolctl import threadpool_info

    return [torch.get_num_threads(), *(pool["num_threads"] for pool in threadpool_info())]


def a_broken_recording_is_named_and_workers_don_t_fight_for_the_cores(client, pond, model, folder):
    for row in pond.recordings.head(3).itertuples():
        (folder / "field" / f"{row.recording}.wav").parent.mkdir(exist_ok=True)
        (folder / "field" / f"{row.recording}.wav").write_bytes(Path(row.path).read_bytes())
    field = al.load_dataset(folder / "field")
    broken = field.recordings["recording"][1]
    (folder / "field" / f"{broken}.wav").write_bytes(b"no sound")
    with parallel_config(backend="dask"):
        with pytest.warns(UserWarning, match=broken):
            al.predict_folder(model, field, folder / "out", workers=-1, on_error="skip", progress=False)
        assert len(list((folder / "out" / "windows").glob("*.csv"))) == 2
        with pytest.raises(ValueError, match=broken):
            al.predict_folder(model, field, folder / "out", workers=-1, progress=False)
    assert set(sum(client.run(worker_threads).values(), [])) == {1}


def test_predictions_name_what_is_broken_survive_the_death_of_a_worker_and_are_not_made_again(
    client, pond, model, tmp_path
):  # fmt: skip
    # In one test, for two workers that load torch take as long as all else here.
    a_broken_recording_is_named_and_workers_don_t_fight_for_the_cores(client, pond, model, tmp_path)
    al.predict_folder(model, pond, tmp_path / "one", progress=False)
    wanted = tree(tmp_path / "one")
    before = ready(client)
    client.run(arm, str(tmp_path / "two" / "windows"), "*.csv", len(pond.recordings) // 2, str(tmp_path / "died"))
    with parallel_config(backend="dask"):
        al.predict_folder(model, pond, tmp_path / "two", workers=-1, progress=False)
    assert int((tmp_path / "died").read_text()) in before
    found = tree(tmp_path / "two")
    assert found.pop("model.pt")
    assert found == wanted

    done = times(tmp_path / "two" / "windows")
    lost = pond.recordings["recording"][3]
    (tmp_path / "two" / "windows" / f"{lost}.csv").unlink()
    with parallel_config(backend="dask"):
        al.predict_folder(model, pond, tmp_path / "two", workers=-1, progress=False)
    again = times(tmp_path / "two" / "windows")
    assert [p.stem for p in again if again[p] != done[p]] == [lost]
    assert tree(tmp_path / "two").items() >= wanted.items()


def test_joblibs_own_workers_write_the_same_also_after_light_work(processes, pond, model, tmp_path):
    """A worker that loads torch after light work would be stopped as leaking memory, with a warning."""
    al.build_windows(pond, tmp_path / "windows", n_jobs=2, progress=False)
    al.predict_folder(model, pond, tmp_path / "one", progress=False)
    al.predict_folder(model, pond, tmp_path / "two", workers=2, progress=False)
    assert tree(tmp_path / "two").items() >= tree(tmp_path / "one").items()


def add(table, number):
    return float(table["a"].sum()) + number


def test_jobs_come_back_in_order_with_tables_and_numbers():
    tables = [pd.DataFrame({"a": np.full(1000, k)}) for k in range(5)]
    assert list(in_workers(add, ((t, 1) for t in tables), 1)) == [1000 * k + 1 for k in range(5)]
    assert list(in_workers(add, [], None)) == []


CHAPTER = Path(__file__).resolve().parents[2] / "book" / "practice" / "scaling.md"


def test_the_chapter_shows_lines_of_the_example_for_gpus():
    shown = CHAPTER.read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    example = (CHAPTER.parents[2] / "examples" / "several_gpus.py").read_text(encoding="utf-8")
    lines = {line.strip() for line in example.splitlines()}
    assert {line.strip() for line in shown.splitlines()} - lines == {"..."}


def test_the_long_run_says_what_the_chapter_says():
    table = read_results("bench_scaling").set_index("step")
    assert (table["one_process_s_per_h"] < 900).all()  # faster than the sound by far
    assert table.loc["prediction", "one_process_s_per_h"] > table.loc["features", "one_process_s_per_h"]
    assert (table["cluster_s_per_h"] > table["one_process_s_per_h"]).all()  # a cluster costs something itself
    assert table.loc["windows", "mb_60_min"] > 2 * table.loc["windows", "mb_1_min"]
    assert table.loc["prediction", "mb_60_min"] < 1.5 * table.loc["prediction", "mb_1_min"]
