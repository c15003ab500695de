"""Typical wrong answers of this chapter: (exercise, answer, a part of the hint, with "|" between alternatives)."""

import numpy as np

import anuralib as al


def rms(x):
    return np.sqrt(np.mean(np.square(x)))


SNR_DB = al.load_dataset("pond").truth["snr_db"]
LOST = (SNR_DB >= 2) & (SNR_DB < 12)

WRONG = [
    ("noise.1", 6.02, "amplitudes"),
    ("noise.1", -12.04, "louder one"),
    ("noise.1", 4, "in dB"),
    ("noise.2", 18, "mean"),
    ("noise.2", 12, "curve of L ends"),
    ("noise.2", "H", "number"),
    ("noise.3", ("a third", (SNR_DB < 12).mean()), "leave them out|too high"),
    ("noise.3", ("a third", 1 - LOST.sum() / (SNR_DB >= 2).sum()), "still seen"),
    ("noise.3", ("a third", 100 * LOST.sum() / (SNR_DB >= 2).sum()), "between 0 and 1"),
    ("noise.3", ("half", LOST.sum() / (SNR_DB >= 2).sum()), "the guess"),
    ("noise.3", 0.3, "in this order"),
    ("noise.4", 0.25, "no false alarms"),
    ("noise.4", 1 / 3, "recall"),
    ("noise.4", 8 / 11, "all letters"),
    ("noise.5", lambda call, noise, snr_db: call + noise, "as loud as it was"),
    ("noise.5", lambda call, noise, snr_db: call + noise * 10 ** (-snr_db / 20), "a level already|as loud"),
    ("noise.5", lambda call, noise, snr_db: call + noise * rms(call) / rms(noise) * 10 ** (snr_db / 20), "sign"),
    ("noise.5", lambda call, noise, snr_db: call + noise * (rms(call) / rms(noise)) ** 2 * 10 ** (-snr_db / 10),
     "for powers"),
    ("noise.5", lambda call, noise, snr_db: noise + call * rms(noise) / rms(call) * 10 ** (snr_db / 20), "as it is"),
    ("noise.5", lambda call, noise, snr_db: noise * rms(call) / rms(noise) * 10 ** (-snr_db / 20), "is missing"),
    ("noise.5", 12.0, "a function is asked for"),
]  # fmt: skip
