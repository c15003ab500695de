# The flat names of the package, and where each is: lazy_loader reads this file at run time, editors while you type.

import anuralib.data.load as datasets
import anuralib.data.species as species
import anuralib.learn.augment as augment
import anuralib.learn.longtail as longtail
import anuralib.learn.losses as losses
import anuralib.pond.calls as calls
import anuralib.pond.scenes as scenes
import anuralib.pond.simulate as simulate
import anuralib.pond.timetable as timetable
import anuralib.score.metrics as metrics
import anuralib.show.widgets as widgets

from ._language import use_language
from .challenges.active import choose_recordings, uncertainty
from .challenges.birdnet import birdnet_embeddings, birdnet_scores
from .challenges.embeddings import embed, linear_probe, probe_probabilities, prototype_scores, prototypes
from .challenges.encoders import Encoder, embed_recordings, join_labels
from .challenges.heads import DiscriminantHead, LogisticHead, NeighbourHead, PrototypeHead
from .challenges.multiple_instance import fit_weak, pool, weak_table
from .challenges.ordinal import (
    cut_points,
    fit_ordinal,
    index_scores,
    likely_index,
    ordinal_probabilities,
    summarise_windows,
)
from .challenges.search import choose_clips, similarity
from .challenges.separation import learn_dictionary, separate, si_sdr
from .course.classroom import collect_answers, record_answers
from .course.exercises import check
from .data.dataset import Dataset
from .data.download import download_anuraset
from .data.load import load_dataset, simulate_focal, simulate_pond
from .data.reading import read_annotator
from .field.activity import activity
from .field.claims import species_by_hour, to_verify
from .field.detections import labels_from_windows, predict_folder
from .field.export import export_darwin_core, read_darwin_core
from .field.occupancy import occupancy
from .field.report import report_page
from .field.survey import draw_sample, sun_times
from .labels.agreement import agreement, match_bouts
from .labels.answers import join_answers, read_answers, write_answers
from .labels.bouts import merge_calls, split_label
from .labels.formats import (
    read_audacity_labels,
    read_label_csv,
    read_labels,
    read_raven_table,
    write_audacity_labels,
    write_labels,
)
from .labels.weak import strong_to_weak, weak_from_strong, weak_from_truth
from .learn.augment import spec_augment
from .learn.batches import picture_rows
from .learn.features import log_mel, mel_frequencies, pcen, spectral_gate
from .learn.longtail import repeat_factors
from .learn.models import build_model, load_model, save_model
from .learn.pictures import noisy_features, window_features
from .learn.prediction import predict
from .learn.templates import match_template, pulse_scores
from .learn.training import fit
from .pond.calls import call_examples, call_parts, call_types, draw_individual, synthesise_call
from .pond.scenes import nuisance
from .pond.seasons import borrow_windows
from .score.bootstrap import bootstrap_ci, paired_bootstrap
from .score.calibration import calibration_error, reliability
from .score.conditions import (
    pair_overlap,
    pair_quality,
    pair_snr,
    scores_by,
    scores_by_polyphony,
    threshold_for_alarms,
)
from .score.errors import confusions, worst
from .score.metrics import (
    average_precision,
    evaluate,
    f1_per_species,
    frequency_groups,
    no_skill,
    tune_thresholds,
)
from .score.review import call_density, draw_clips, precision_at, score_curve
from .show.annotator import annotator
from .show.colours import species_colour
from .show.ear import ear_training
from .show.player import player
from .show.plotting import (
    plot_history,
    plot_intervals,
    plot_species_scores,
    plot_spectrogram,
    plot_windows,
)
from .show.review import review
from .sound.audio import audio_info, dominant_frequency, read_audio, resample, write_audio
from .sound.bandpass import preprocess
from .sound.names import parse_recording_name
from .split.reports import leak_report, leaked_recordings, split_report
from .split.splitting import add_validation, holdout_split, kfold_split, nights, stratified_split
from .windows.build import build_windows
from .windows.grid import window_labels, window_starts
from .windows.table import read_metadata

__version__: str
__all__ = [
    "Dataset",
    "DiscriminantHead",
    "Encoder",
    "LogisticHead",
    "NeighbourHead",
    "PrototypeHead",
    "__version__",
    "activity",
    "add_validation",
    "agreement",
    "annotator",
    "audio_info",
    "augment",
    "average_precision",
    "birdnet_embeddings",
    "birdnet_scores",
    "bootstrap_ci",
    "borrow_windows",
    "build_model",
    "build_windows",
    "calibration_error",
    "call_density",
    "call_examples",
    "call_parts",
    "call_types",
    "calls",
    "check",
    "choose_clips",
    "choose_recordings",
    "collect_answers",
    "confusions",
    "cut_points",
    "datasets",
    "dominant_frequency",
    "download_anuraset",
    "draw_clips",
    "draw_individual",
    "draw_sample",
    "ear_training",
    "embed",
    "embed_recordings",
    "evaluate",
    "export_darwin_core",
    "f1_per_species",
    "fit",
    "fit_ordinal",
    "fit_weak",
    "frequency_groups",
    "holdout_split",
    "index_scores",
    "join_answers",
    "join_labels",
    "kfold_split",
    "labels_from_windows",
    "leak_report",
    "leaked_recordings",
    "learn_dictionary",
    "likely_index",
    "linear_probe",
    "load_dataset",
    "load_model",
    "log_mel",
    "longtail",
    "losses",
    "match_bouts",
    "match_template",
    "mel_frequencies",
    "merge_calls",
    "metrics",
    "nights",
    "no_skill",
    "noisy_features",
    "nuisance",
    "occupancy",
    "ordinal_probabilities",
    "pair_overlap",
    "pair_quality",
    "pair_snr",
    "paired_bootstrap",
    "parse_recording_name",
    "pcen",
    "picture_rows",
    "player",
    "plot_history",
    "plot_intervals",
    "plot_species_scores",
    "plot_spectrogram",
    "plot_windows",
    "pool",
    "precision_at",
    "predict",
    "predict_folder",
    "preprocess",
    "probe_probabilities",
    "prototype_scores",
    "prototypes",
    "pulse_scores",
    "read_annotator",
    "read_answers",
    "read_audacity_labels",
    "read_audio",
    "read_darwin_core",
    "read_label_csv",
    "read_labels",
    "read_metadata",
    "read_raven_table",
    "record_answers",
    "reliability",
    "repeat_factors",
    "report_page",
    "resample",
    "review",
    "save_model",
    "scenes",
    "score_curve",
    "scores_by",
    "scores_by_polyphony",
    "separate",
    "si_sdr",
    "similarity",
    "simulate",
    "simulate_focal",
    "simulate_pond",
    "spec_augment",
    "species",
    "species_by_hour",
    "species_colour",
    "spectral_gate",
    "split_label",
    "split_report",
    "stratified_split",
    "strong_to_weak",
    "summarise_windows",
    "sun_times",
    "synthesise_call",
    "threshold_for_alarms",
    "timetable",
    "to_verify",
    "tune_thresholds",
    "uncertainty",
    "use_language",
    "weak_from_strong",
    "weak_from_truth",
    "weak_table",
    "widgets",
    "window_features",
    "window_labels",
    "window_starts",
    "worst",
    "write_answers",
    "write_audacity_labels",
    "write_audio",
    "write_labels",
]
