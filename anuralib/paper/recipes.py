"""What is done, and on whose word: the paper's recipe as far as it is known, and the course's own."""

import dataclasses
from dataclasses import dataclass, field

SOURCES = {
    "paper": "Cañas et al. 2023, doi 10.1038/s41597-023-02666-2",
    "code": "github.com/soundclim/anuraset, commit 0f8ec81, folder baseline",
    "older code": "github.com/soundclim/chorus_experiments, commit 2a3e264, utils/utils.py",
}
RESNETS = ("resnet18", "resnet50", "resnet152")
# Macro F1 in per cent, Table 2 of the paper.
PUBLISHED = {
    "resnet18": {"frequent": 61.6, "common": 52.0, "rare": 14.8, "all": 34.9},
    "resnet50": {"frequent": 62.3, "common": 53.9, "rare": 9.9, "all": 33.2},
    "resnet152": {"frequent": 68.4, "common": 56.8, "rare": 15.7, "all": 37.8},
}


@dataclass(frozen=True)
class Recipe:
    """All settings of an experiment that decide about its numbers.

    Attributes
    ----------
    name : str
    networks : tuple of str
        See `build_model`.
    sound : "windows" or "recordings"
        Whether each window is filtered and normalised by itself (AnuraSet's files, or files cut in that way), or each
        recording as a whole.
    pictures : dict
        Settings of `window_features`.
    resize : (int, int) or None
        Rows and columns that the network sees.
    epochs, lr, weight_decay, schedule, clip_norm, patience
        See `fit`.
    batch_sizes : dict
        Windows a batch, by network; the key ``""`` is for those not named.
    time_mask, freq_mask : int
        Of `spec_augment`.
    mix : bool
        Whether windows also sound together (`mix_sounds`).
    tau : float
        Of the loss `logit_adjusted`; 0 is plain cross-entropy.
    valid_size : float
        Share of the train recordings that judges epochs and thresholds; 0: none, all epochs are run.
    test_size : float
        Share of the recordings, where no subset is published.
    """

    name: str
    networks: tuple = RESNETS
    sound: str = "windows"
    pictures: dict = field(default_factory=dict)
    resize: tuple | None = None
    epochs: int = 10
    batch_sizes: dict = field(default_factory=lambda: {"": 32})
    lr: float = 0.01
    weight_decay: float = 0.0
    schedule: str = "constant"
    clip_norm: float = 5.0
    patience: int | None = None
    time_mask: int = 60
    freq_mask: int = 8
    mix: bool = False
    tau: float = 0.0
    valid_size: float = 0.0
    test_size: float = 0.3

    def batch_size(self, network):
        return self.batch_sizes.get(network, self.batch_sizes[""])

    def settings(self):
        """All of it as a dictionary of plain values."""
        return dataclasses.asdict(self)


RECIPES = {
    "paper": Recipe(
        "paper",
        pictures={"n_fft": 512, "hop": 128, "n_mels": 128, "band_hz": (0.0, 11025.0)},
        resize=(224, 448),
        batch_sizes={"resnet50": 16, "resnet152": 25, "": 32},
        clip_norm=1e9,
    ),
    "course": Recipe(
        "course",
        networks=("small_cnn", *RESNETS),
        sound="recordings",
        epochs=20,
        batch_sizes={"": 64},
        lr=3e-3,
        weight_decay=0.01,
        schedule="one_cycle",
        patience=8,
        time_mask=21,
        mix=True,
        tau=0.5,
        valid_size=0.2,
    ),
}

# What the paper's recipe takes: choice, as published, where (keys of SOURCES), what is taken here.
CHOICES = (
    ("windows", "3 s, one each second; positive where any part of a call lies in it, whatever its quality", "paper",
     "the same"),
    ("channel", "not published (recordings have two)", "", "the first"),
    ("filter", "Butterworth band-pass of order 5, 1 Hz to 10 kHz, after the windows are cut; the data's README says "
     "that no filtering was applied", "paper", "published windows as they are; else each window filtered by itself"),
    ("peak", "normalised to 'a maximum amplitude of 0.7 decibel full-scale value'", "paper; older code",
     "published windows as they are; else an amplitude of 0.7, scikit-maad's default in the predecessor's code"),
    ("split", "whole recordings, 70 % train, 30 % test, iterative stratification on summed occurrences", "paper",
     "the published column `subset` where it is; else ours, by the number of windows of each species"),
    ("spectrogram", "window 512, hop 28, 128 mel bands (the code: hop 128)", "paper; code, train.py",
     "512, 128, 128"),
    ("sample rate of the mel scale", "the code leaves it at 16,000 Hz for sound at 22,050 Hz", "code, train.py",
     "22,050 Hz: another warp of the bands"),
    ("decibels", "limits not published (the code: a floor of -100 dB, on its own scale, and no ceiling)",
     "code, train.py", "floor at -100 dB"),
    ("normalisation of the input", "not published (the code: none)", "code, train.py",
     "level and spread of each band, from the train subset"),
    ("SpecAugment", "in time and frequency, widths not published (the code: up to 60 frames and 8 bands, filled with "
     "0 dB)", "paper; code, train.py", "the same widths, filled with the mean of the picture"),
    ("size of the picture", "'resize', size not published (the code: 224 x 448)", "paper; code, configs",
     "224 x 448, bilinear"),
    ("networks", "ResNet18, ResNet50, ResNet152", "paper", "the same"),
    ("first weights", "transfer learning, of what is not published (the code: torchvision's ImageNet weights)",
     "paper; code, models.py", "see 'First weights' below"),
    ("input and last layer", "not published (the code: the picture three times as colours; a linear layer on the 1000 "
     "ImageNet outputs)", "code, models.py", "one channel with the summed weights of the colours; a linear layer in "
     "place of the 1000 outputs"),
    ("loss", "not published (the code: binary cross-entropy)", "code, train.py", "binary cross-entropy"),
    ("optimiser", "not published (the code: Adam, 0.01, constant; a weight decay in the settings is not used)",
     "code, train.py, configs", "the same, without weight decay"),
    ("batches", "not published (the code: 32, 16 and 25 windows for ResNet18, 50 and 152)", "code, configs",
     "the same"),
    ("epochs", "not published (the code: 10)", "code, configs", "10"),
    ("which epoch", "not published (the code: the last; it looks at the test subset after each)", "code, train.py",
     "the last; the test subset is looked at once"),
    ("threshold", "0.5", "paper", "0.5"),
    ("seed", "not published (the code: one number in its settings; what the table used is not said)", "code, configs",
     "see the settings"),
    ("species without windows in test", "not published whether they count in 'All'", "paper",
     "left out of a mean; species_sets.csv has the other ways"),
    ("groups of species", "the text has the largest (over 10,000 windows) as common, the table has frequent ahead",
     "paper", "both readings, see table2.csv"),
)  # fmt: skip
