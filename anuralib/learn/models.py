"""Networks that look at a log-mel picture and answer yes or no for every species.

All of them take ``(N, 1, n_mels, frames)`` in dB and give ``(N, n_species)`` logits. The
normalisation of the input is part of the network, so that nobody can forget it.
"""

import math
import os
import pickle
import zipfile
from numbers import Integral, Real

import numpy as np
import torch
from torch import nn

from anuralib.learn.batches import check_weights
from anuralib.learn.checkpoints import read_saved, save_atomic
from anuralib.learn.features import FEATURES

RESNETS = ("resnet18", "resnet34", "resnet50", "resnet101", "resnet152")
MOBILENETS = ("mobilenet_v3_small", "mobilenet_v3_large")
MODELS = ("small_cnn", "templates", *RESNETS, *MOBILENETS)
# What a file of a stranger may ask for; all of it is far above what the course and AnuraSet need.
_MOST_SPECIES, _LONGEST_NAME, _MOST_FRAMES = 20_000, 200, 1_000_000
_FLOATS = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
_MOST_HZ = 1_000_000
_LARGEST = {"n_fft": 65_536, "hop": 1_000_000, "n_mels": 2048}


class CallClassifier(nn.Module):
    """A body that makes logits, with the normalisation of the input in front of it.

    Attributes
    ----------
    name : str
        Which body, see `build_model`.
    species : list of str
        Names of the outputs, in order.
    features : dict
        Settings of `window_features` that the network expects; `predict` uses them.
    input_shape : (int, int) or None
        Mel bands and frames of the windows that the network was trained on; None before `fit`.
    resize : (int, int) or None
        Rows and columns to which the network stretches each picture.
    mean, std : buffers, shape (1, 1, n_mels, 1)
        Level and spread of each band in the train subset, in dB. Until `fit` (or
        `set_normalisation`) has seen data: -60 and 20 for all bands, a rough guess.
    """

    def __init__(self, name, body, species, features, resize=None):
        super().__init__()
        self.name, self.body, self.resize = name, body, resize and tuple(resize)
        self.species, self.features, self.input_shape = list(species), dict(features), None
        self.register_buffer("mean", torch.full((1, 1, 1, 1), -60.0))
        self.register_buffer("std", torch.full((1, 1, 1, 1), 20.0))

    def forward(self, batch):
        """Logits, shape (N, n_species), of a batch (N, 1, n_mels, frames) in dB."""
        batch = (batch - self.mean) / self.std
        if self.resize is not None:
            batch = nn.functional.interpolate(batch, size=self.resize, mode="bilinear")
        return self.body(batch)


class _SmallCNN(nn.Module):
    """Four convolutions, one that reads the bands, then the mean and the maximum over time."""

    def __init__(self, n_species, widths=(24, 48, 96, 128), rows=4, dropout=0.2):
        super().__init__()
        layers, previous = [], 1
        for i, width in enumerate(widths):
            # The last stage keeps its frames: notes of a tenth of a second must stay apart.
            stride = 2 if i < len(widths) - 1 else (2, 1)
            size = 5 if i == 0 else 3
            layers += [
                nn.Conv2d(previous, width, size, stride, size // 2, bias=False),
                nn.BatchNorm2d(width),
                nn.ReLU(inplace=True),
            ]
            previous = width
        # A plain mean over frequency would forget in which band a call lies, which is what tells
        # many frogs apart. So a convolution as tall as the picture mixes the last few rows.
        layers += [
            nn.AdaptiveAvgPool2d((rows, None)),
            nn.Conv2d(previous, previous, (rows, 1), bias=False),
            nn.BatchNorm2d(previous),
            nn.ReLU(inplace=True),
        ]
        self.layers = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * previous, n_species))

    def forward(self, batch):
        steps = self.layers(batch).squeeze(2)  # (N, channels, time)
        # The maximum finds a short call in a long window, the mean a chorus (the two are also
        # combined in PANNs, Kong et al. 2020).
        return self.head(torch.cat([steps.mean(-1), steps.amax(-1)], dim=1))


class _Templates(nn.Module):
    """Templates as high as the picture and three frames long, blends of them, then mean and maximum over time."""

    def __init__(self, n_species, n_mels, width=96, dropout=0.2):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, width, (n_mels, 3), padding=(0, 1), bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
            nn.Conv2d(width, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(inplace=True),
        )
        self.head = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * width, n_species))

    def forward(self, batch):
        steps = self.layers(batch).squeeze(2)
        return self.head(torch.cat([steps.mean(-1), steps.amax(-1)], dim=1))


def _from_torchvision(name, n_species, pretrained):
    from torchvision import models as zoo

    if isinstance(pretrained, str | os.PathLike):
        body = zoo.get_model(name, weights=None)
        try:
            body.load_state_dict(torch.load(pretrained, map_location="cpu", weights_only=True))
        except (RuntimeError, TypeError, AttributeError, pickle.UnpicklingError, EOFError) as error:
            raise ValueError(f"{os.fspath(pretrained)} holds no weights of {name} as torchvision publishes them "
                             f"({type(error).__name__})") from error  # fmt: skip
    elif pretrained:
        try:
            body = zoo.get_model(name, weights="DEFAULT")
        except (OSError, RuntimeError) as error:  # URLError is an OSError
            raise RuntimeError(
                f"the pretrained weights of {name} could not be fetched ({error}). They come from "
                "download.pytorch.org: try again with a connection (they are kept in "
                f"{torch.hub.get_dir()}/checkpoints), or use pretrained=False"
            ) from error
    else:
        body = zoo.get_model(name, weights=None)
    colour = body.features[0][0] if name in MOBILENETS else body.conv1
    grey = nn.Conv2d(1, colour.out_channels, colour.kernel_size, colour.stride, colour.padding, bias=False)
    if pretrained:
        # Summed over the colours, a grey picture gives what it gave as three equal channels.
        with torch.no_grad():
            grey.weight.copy_(colour.weight.sum(dim=1, keepdim=True))
    if name in MOBILENETS:
        body.features[0][0] = grey
        body.classifier[-1] = nn.Linear(body.classifier[-1].in_features, n_species)
    else:
        body.conv1 = grey
        body.fc = nn.Linear(body.fc.in_features, n_species)
    return body


def last_layer(model):
    """The linear layer that makes the logits; what goes into it is the network's embedding of a window."""
    return [layer for layer in model.body.modules() if isinstance(layer, nn.Linear)][-1]


def build_model(name="small_cnn", n_species=None, pretrained=False, seed=0, features=None, resize=None):
    """A new network.

    Parameters
    ----------
    name : str
        "small_cnn" (about 0.24 million weights, made for 64 x 130 pictures and two CPU cores),
        "templates" (two layers, for coarse pictures of a few frames; an epoch in a tenth of the time) or
        "resnet18", "resnet50", "resnet152" (He et al. 2016) as in the AnuraSet paper, or
        "mobilenet_v3_small", "mobilenet_v3_large" (Howard et al. 2019, arXiv:1905.02244), from torchvision, with one
        input channel and an output for each species.
    n_species : int or sequence of str
        Number of outputs, or better the species themselves: then predictions, tables and saved
        files carry the names.
    pretrained : bool or path
        Start a network of torchvision from ImageNet weights (fetched once, about 10 to 240 MB), or from a file of such
        weights.
    seed : int
        Of the first weights; the caller's random state is left alone.
    features : dict, optional
        Settings of `window_features` in which the data differ from `features.FEATURES`.
    resize : (int, int), optional
        Rows and columns to which the network stretches each picture (bilinear), as AnuraSet's reference code does.

    Returns
    -------
    CallClassifier

    Raises
    ------
    ValueError
        Unknown name, no species, a name twice, unknown feature settings, a size that is none, a file of other weights.
    RuntimeError
        Pretrained weights that can't be reached; the message says what to do.
    """
    if name not in MODELS:
        raise ValueError(f"unknown model {name!r}: one of {list(MODELS)}")
    if n_species is None or isinstance(n_species, (str, float)):
        raise ValueError("n_species must be a whole number or the list of species")
    if hasattr(n_species, "__len__"):
        species = [str(code) for code in n_species]
    else:
        species = [f"species_{i}" for i in range(n_species)]
    if not species or len(set(species)) < len(species):
        raise ValueError("n_species must name at least one species, and none twice")
    unknown = set(features or {}) - {*FEATURES, "compression"}
    if unknown:
        raise ValueError(f"unknown feature settings {sorted(unknown)}: use {[*FEATURES, 'compression']}")
    if pretrained and name in ("small_cnn", "templates"):
        raise ValueError(f"{name} has no pretrained weights; use another model or pretrained=False")
    if resize is not None and not _is_size(resize):
        raise ValueError(f"resize must be two whole numbers from 1 to {_LARGEST['n_mels']}, got {resize!r}")
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        if name == "small_cnn":
            body = _SmallCNN(len(species))
        elif name == "templates":
            body = _Templates(len(species), {**FEATURES, **(features or {})}["n_mels"])
        else:
            body = _from_torchvision(name, len(species), pretrained)
        # Channels-last makes convolutions about twice as fast on a CPU and changes no result's shape.
        body = body.to(memory_format=torch.channels_last)
        model = CallClassifier(name, body, species, {**FEATURES, **(features or {})}, resize)
        # Most answers are no: starting at p = 0.05 saves the first epoch from learning just that.
        nn.init.constant_(last_layer(model).bias, math.log(0.05 / 0.95))
    return model


def set_normalisation(model, train_features):
    """Take level and spread of every mel band from the train subset (and from nothing else).

    Parameters
    ----------
    model : CallClassifier
    train_features : ndarray, shape (N, 1, n_mels, frames)
        A band that never changes gets the spread 1.
    """
    total, squares, n = 0.0, 0.0, 0
    for first in range(0, len(train_features), 512):
        part = torch.from_numpy(np.array(train_features[first : first + 512], dtype=np.float64))
        total = total + part.sum(dim=(0, 1, 3))
        squares = squares + part.square().sum(dim=(0, 1, 3))
        n += part.shape[0] * part.shape[3]
    mean = total / n
    std = (squares / n - mean.square()).clamp_min(0).sqrt()
    std[std < 1e-3] = 1.0
    device = model.mean.device
    model.mean = mean.float().view(1, 1, -1, 1).to(device)
    model.std = std.float().view(1, 1, -1, 1).to(device)
    model.input_shape = tuple(int(size) for size in train_features.shape[2:])


def save_model(model, path):
    """Write weights, normalisation, species and feature settings of a network to one file.

    Raises
    ------
    FloatingPointError
        Weights that are NaN or infinite: no file is written.
    """
    check_weights(model)
    save_atomic(
        {
            "name": model.name,
            "species": model.species,
            "features": model.features,
            "input_shape": model.input_shape,
            "resize": model.resize,
            "weights": model.state_dict(),
        },
        path,
    )


def load_model(path):
    """Read a network written by `save_model`; it is on the CPU and ready for `predict`.

    The file may be a stranger's: its parts are checked before memory is taken for them.

    Returns
    -------
    CallClassifier

    Raises
    ------
    FileNotFoundError, ValueError
        See `read_saved`; also for a file that is not a model, has parts that don't fit together, or weights that are
        NaN or infinite.
    """
    _check_packing(path)
    saved = read_saved(path)
    if not isinstance(saved, dict) or not {"name", "species", "weights"} <= set(saved):
        raise ValueError(f"{path} holds no model: give a file written by save_model")
    try:
        _check_parts(saved)
        _check_shapes(saved)
        model = build_model(saved["name"], saved["species"], features=saved["features"], resize=saved.get("resize"))
        for key in ("mean", "std"):  # their length is that of the data they were taken from
            setattr(model, key, saved["weights"][key].float().clone())
        model.load_state_dict(saved["weights"])
        check_weights(model)
    except ValueError as error:
        raise ValueError(f"{path} holds no model that can be used: {error}") from None
    model.input_shape = saved["input_shape"] and tuple(saved["input_shape"])
    return model.eval()


def _check_packing(path):
    """Refuse a file whose parts take more memory than they say; save_model writes them as they are."""
    if not os.path.isfile(path):
        return  # `read_saved` says so
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(part.file_size for part in archive.infolist())
        with open(path, "rb") as file:
            if file.read(4) != b"PK\3\4":  # torch would read what stands before the archive
                raise zipfile.BadZipFile("File is not a zip file")
    except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
        raise ValueError(f"{path} is not a file saved by anuralib, or is damaged ({error}): train again") from None
    if size > os.path.getsize(path):
        raise ValueError(f"{path} is not a file saved by anuralib: it unpacks to {size} bytes, more than it has")


def _is_whole(value, most):
    return isinstance(value, Integral) and not isinstance(value, bool) and 1 <= value <= most


def _is_pair(value):
    return isinstance(value, list | tuple) and len(value) == 2


def _is_size(value):
    return _is_pair(value) and all(_is_whole(part, _LARGEST["n_mels"]) for part in value)


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def _check_parts(saved):
    """ValueError for a name, species, settings, shape or weights of another kind than `save_model` writes."""
    species, features, shape = saved["species"], saved.get("features"), saved.get("input_shape")
    if not isinstance(saved["name"], str) or saved["name"] not in MODELS:
        raise ValueError(f"name must be one of {', '.join(MODELS)}")
    if not isinstance(species, list) or not 1 <= len(species) <= _MOST_SPECIES:
        raise ValueError(f"species must be a list of 1 to {_MOST_SPECIES} names")
    if not all(isinstance(name, str) and 0 < len(name) <= _LONGEST_NAME for name in species):
        raise ValueError(f"each of species must be a text of 1 to {_LONGEST_NAME} characters")
    if len(set(species)) < len(species):
        raise ValueError("species names one twice")
    if not isinstance(features, dict) or not set(FEATURES) <= set(features) <= {*FEATURES, "compression"}:
        raise ValueError(f"features must be a dictionary of {', '.join(FEATURES)}")
    for name, most in _LARGEST.items():
        if not _is_whole(features[name], most):
            raise ValueError(f"features: {name} must be a whole number from 1 to {most}")
    if not _is_number(features["sample_rate_hz"]) or not 0 < features["sample_rate_hz"] <= _MOST_HZ:
        raise ValueError(f"features: sample_rate_hz must be a number above 0 and at most {_MOST_HZ}")
    band = features["band_hz"]
    if not _is_pair(band) or not all(map(_is_number, band)) or not 0 <= band[0] < band[1]:
        raise ValueError("features: band_hz must be two numbers, the lower first")
    if not _is_number(features["floor_db"]) or features.get("compression", "db") not in ("db", "pcen"):
        raise ValueError("features: floor_db must be a number, and compression db or pcen")
    if shape is not None and not (_is_pair(shape) and all(map(_is_whole, shape, (_LARGEST["n_mels"], _MOST_FRAMES)))):
        raise ValueError("input_shape must be None or two whole numbers, bands and frames")
    if saved.get("resize") is not None and not _is_size(saved["resize"]):
        raise ValueError(f"resize must be None or two whole numbers from 1 to {_LARGEST['n_mels']}")
    saved["input_shape"] = shape


def _check_shapes(saved):
    """ValueError for weights that are not those of the network that the file names; none of it is built in memory."""
    weights = saved["weights"]
    if not isinstance(weights, dict) or not all(_is_plain(values) for values in weights.values()):
        raise ValueError("weights must be a dictionary of tensors")
    with torch.device("meta"):
        expected = build_model(saved["name"], saved["species"], features=saved["features"]).state_dict()
    missing = [name for name in expected if name not in weights]
    if missing or len(weights) > len(expected):
        raise ValueError(f"weights don't fit {saved['name']}: "
                         + (f"{missing[0]} is missing" if missing else f"{len(weights)} are too many"))  # fmt: skip
    bands = 1 if saved["input_shape"] is None else saved["input_shape"][0]
    for name, values in expected.items():
        shapes = {tuple(values.shape)} | ({(1, 1, bands, 1)} if name in ("mean", "std") else set())
        if tuple(weights[name].shape) not in shapes:
            raise ValueError(f"{name} has the shape {tuple(weights[name].shape)}, not {max(shapes)}")
        if weights[name].dtype != values.dtype and {weights[name].dtype, values.dtype} - set(_FLOATS):
            raise ValueError(f"{name} is of the type {weights[name].dtype}, not {values.dtype}")
    if not (weights["std"] > 0).all():
        raise ValueError("std must be above 0")


def _is_plain(values):
    return isinstance(values, torch.Tensor) and values.layout == torch.strided and values.device.type == "cpu"
