"""Helpers of the Anura course: recordings and labels in, windows, splits, models and scores out.

``import anuralib as al`` gives one flat namespace. Each name is loaded with its module when it is first used, so
that the import itself is quick and needs neither torch nor librosa nor matplotlib.
"""

from importlib import import_module as _import_module

__version__ = "0.1.0"

_NAMES = {
    "agreement": "annotation", "merge_calls": "annotation", "split_label": "annotation",
    "read_audacity_labels": "label_files", "write_audacity_labels": "label_files",
    "read_raven_table": "label_tables", "read_label_csv": "label_tables", "read_labels": "label_tables",
    "match_bouts": "annotators", "read_annotator": "annotators",
    "strong_to_weak": "weak_labels", "weak_from_strong": "weak_labels", "weak_from_truth": "weak_labels",
    "audio_info": "audio", "dominant_frequency": "audio", "parse_recording_name": "audio", "read_audio": "audio",
    "resample": "audio", "write_audio": "audio",
    "call_types": "calls", "synthesise_call": "calls", "draw_individual": "calls",
    "call_examples": "reference_calls", "call_parts": "reference_calls",
    "download_anuraset": "download",
    "nuisance": "weather", "noisy_features": "weather",
    "Dataset": "layouts", "load_dataset": "datasets", "simulate_pond": "simulate",
    "read_metadata": "metadata", "build_windows": "windows", "preprocess": "windows",
    "window_labels": "window_table", "window_starts": "window_table",
    "add_validation": "splitting", "holdout_split": "splitting", "split_report": "splitting",
    "stratified_split": "splitting", "kfold_split": "splitting", "nights": "splitting",
    "leaked_recordings": "splitting", "leak_report": "leakage",
    "log_mel": "features", "mel_frequencies": "features", "pcen": "features", "spectral_gate": "features",
    "repeat_factors": "longtail", "spec_augment": "augment", "window_features": "window_pictures",
    "build_model": "models", "load_model": "models", "save_model": "models",
    "report_page": "report", "species_by_hour": "claims", "to_verify": "claims",
    "fit": "training", "predict": "prediction", "predict_folder": "detections", "labels_from_windows": "detections",
    "average_precision": "metrics", "bootstrap_ci": "resampling", "paired_bootstrap": "resampling",
    "pair_quality": "quality", "pair_snr": "quality", "scores_by": "quality",
    "calibration_error": "calibration", "reliability": "calibration", "evaluate": "metrics",
    "f1_per_species": "metrics", "frequency_groups": "metrics", "no_skill": "metrics",
    "tune_thresholds": "metrics",
    "scores_by_polyphony": "polyphony", "threshold_for_alarms": "polyphony",
    "embed": "embeddings", "linear_probe": "embeddings", "probe_probabilities": "embeddings",
    "prototypes": "embeddings", "prototype_scores": "embeddings", "birdnet_embeddings": "birdnet",
    "choose_recordings": "active", "uncertainty": "active",
    "fit_weak": "mil", "pool": "mil", "weak_table": "mil",
    "learn_dictionary": "separation", "separate": "separation", "si_sdr": "separation",
    "fit_ordinal": "ordinal", "ordinal_probabilities": "ordinal", "likely_index": "ordinal",
    "index_scores": "ordinal", "cut_points": "ordinal", "summarise_windows": "ordinal",
    "plot_history": "plotting", "plot_label_counts": "plotting", "plot_spectrogram": "plotting",
    "plot_species_scores": "plotting", "plot_split_report": "plotting", "plot_windows": "plotting",
    "player": "sound_player", "annotator": "sound_annotator", "check": "exercises", "use_language": "_language",
    "record_answers": "classroom", "collect_answers": "classroom",
}  # fmt: skip
_MODULES = {
    "augment", "longtail", "losses", "datasets", "calls", "scenes", "timetable", "simulate", "species", "metrics",
    "widgets",
}  # fmt: skip

__all__ = sorted([*_NAMES, *_MODULES, "__version__"])


def __getattr__(name):
    if name in _NAMES:
        value = getattr(_import_module(f"anuralib.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    if name in _MODULES:
        return _import_module(f"anuralib.{name}")
    raise AttributeError(f"module 'anuralib' has no attribute {name!r}")


def __dir__():
    return sorted({*globals(), *__all__})
