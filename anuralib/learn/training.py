"""Training in plain PyTorch, to be read in one sitting.

The features of a whole subset lie in memory, so an epoch is a walk over rows of an array. All
randomness of an epoch comes from the seed and the number of the epoch: a run that was stopped and
resumed gives, on a CPU, the same bits as one that was not.
"""

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from anuralib._files import atomic_path
from anuralib._workers import ahead
from anuralib.learn import augment as augmentations
from anuralib.learn.batches import (
    all_logits,
    autocast,
    check_outputs,
    check_pair,
    check_weights,
    pick_device,
    take_batch,
)
from anuralib.learn.checkpoints import Run, alone_in_out_dir, digest, name_of
from anuralib.learn.longtail import check_sampling, get_mix
from anuralib.learn.losses import get_loss
from anuralib.learn.models import save_model, set_normalisation
from anuralib.learn.team import Team
from anuralib.score.metrics import average_precision


class History(NamedTuple):
    """What `fit` gives back.

    `frame` has a row an epoch: epoch (from 1), lr (at its end), train_loss, valid_loss, valid_map
    (macro average precision) and seconds. `best_epoch` is the one whose weights the model has.
    """

    frame: pd.DataFrame
    best_epoch: int


@dataclass(frozen=True)
class _Recipe:
    """How an epoch is trained: what `fit` was told, checked."""

    loss: Callable
    batch_size: int
    augment: Callable | None
    mix: Callable | None
    sampling: torch.Tensor | None
    clip_norm: float
    precision: str
    device: torch.device
    steps: int | None
    team: Team

    def rows_an_epoch(self, n):
        """How many of n windows an epoch takes."""
        return n if self.steps is None else min(n, self.steps * self.batch_size)

    def steps_an_epoch(self, n):
        return -(-self.rows_an_epoch(n) // self.batch_size)


def _train_epoch(model, optimizer, schedule, recipe, data, seed):
    """One walk over the train subset in random order, or over as many draws from it; gives the mean loss."""
    features, labels = data
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # dropout draws from the global state, which `fit` restores
    model.train()
    order = torch.randperm(len(features), generator=generator)
    if recipe.sampling is not None:
        order = torch.multinomial(recipe.sampling, len(features), replacement=True, generator=generator)
    order = order[: recipe.rows_an_epoch(len(order))]
    if not recipe.team.leads:  # the same windows, but masks and mixtures of its own
        generator.manual_seed(seed + 7919 * recipe.team.rank)
    total = 0.0
    # Nearly equal batches: a last batch of one window would upset batch normalisation.
    parts = [recipe.team.share(rows).numpy() for rows in order.tensor_split(recipe.steps_an_epoch(len(order)))]
    # One thread reads the next batch, from a disk maybe, while the network is at this one.
    batches = ahead(lambda rows: take_batch(features, rows, recipe.device), parts, n_jobs=1)
    for rows, batch in zip(parts, batches, strict=True):
        target = torch.from_numpy(labels[rows]).to(recipe.device)
        if recipe.augment is not None:
            batch, target = recipe.augment(batch, target, generator)
        with autocast(recipe.device, recipe.precision):
            if recipe.mix is None:
                logits = model(batch)
            else:
                logits, target = recipe.mix(model, batch, target, generator)
        value = recipe.loss(logits.float(), target)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        optimizer.step()
        schedule.step()
        total += value.item() * len(rows)
    return recipe.team.total(total) / len(order)


def _validate(model, recipe, data):
    """Loss, macro average precision over the species that have positives in `data`, and the score of the epoch."""
    logits = all_logits(model, data[0], recipe.batch_size, recipe.device)
    with torch.inference_mode():
        value = float(recipe.loss(logits.to(recipe.device), torch.from_numpy(data[1]).to(recipe.device)))
    if not torch.isfinite(logits).all():
        return value, np.nan, -value
    precision = float(average_precision(data[1] >= 0.5, torch.sigmoid(logits).numpy()).mean())
    # No species with positives: only the loss is left to go by.
    return value, precision, -value if np.isnan(precision) else precision


def _check_data(model, train, valid):
    """Both subsets as arrays that fit the model and each other."""
    train = check_pair(model, train, "train")
    valid = None if valid is None else check_pair(model, valid, "valid")
    if valid is not None and valid[0].shape[2:] != train[0].shape[2:]:
        raise ValueError(
            f"train features are {train[0].shape[2:]} (bands, frames), valid {valid[0].shape[2:]}"
        )
    return train, valid


def _augmentation(augment, shape):
    """`augment` of `fit` as one function of batch, labels and generator, or None."""
    if augment is True:
        n_mels, frames = shape
        masks = functools.partial(augmentations.spec_augment, time_mask=frames // 6, freq_mask=n_mels // 8)
        return augmentations.chain(augmentations.mix_sounds, masks)
    return None if augment is None else augmentations.chain(augment)


def _optimizer(model, lr, weight_decay, n_steps, schedule):
    if schedule not in ("one_cycle", "constant"):
        raise ValueError(f"schedule must be 'one_cycle' or 'constant', got {schedule!r}")
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    if schedule == "constant":
        return optimizer, torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)
    # The way up takes a quarter; of fewer than six steps more, since it must be longer than one.
    start = max(0.25, 1.5 / n_steps)
    return optimizer, torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=n_steps, pct_start=start)


def _check_numbers(epochs, batch_size, lr, clip_norm):
    if epochs < 1 or batch_size < 1 or not (lr > 0 and clip_norm > 0):
        raise ValueError(
            f"need epochs >= 1, batch_size >= 1, lr > 0, clip_norm > 0; got {epochs, batch_size, lr, clip_norm}"
        )


def _check_batches(team, batch_size, mix, steps):
    if batch_size < team.size or (mix is not None and team.size > 1) or (steps is not None and steps < 1):
        raise ValueError(f"need steps >= 1, a batch for each of {team.size} process(es), and no mix for several; got "
                         f"steps={steps}, batch_size={batch_size}, mix={mix}")  # fmt: skip


def _identity(model, plain, functions):
    """What makes a run this run and no other: a run with other settings is not resumed."""
    named = {key: None if value is None else name_of(value) for key, value in functions.items()}
    return {"model": model.name, "species": model.species, **plain, **named}


def _epoch(number, seed, model, trained, optimizer, schedule, recipe, train, valid):
    """One epoch: its row of the history, and the score by which the best epoch is found."""
    started = time.perf_counter()
    train_loss = _train_epoch(trained, optimizer, schedule, recipe, train, seed * 100_003 + number)
    if not np.isfinite(train_loss):
        raise FloatingPointError(f"train loss is {train_loss} in epoch {number}: lower lr")
    valid_loss, valid_map, score = np.nan, np.nan, float(number)  # without `valid` the last epoch is the best
    if valid is not None:
        valid_loss, valid_map, score = recipe.team.agree(functools.partial(_validate, model, recipe, valid))
    row = {
        "epoch": number, "lr": schedule.get_last_lr()[0], "train_loss": train_loss, "valid_loss": valid_loss,
        "valid_map": valid_map, "seconds": time.perf_counter() - started,
    }  # fmt: skip
    return row, score


def _check_trained(model, features, device):
    """Whether a trained network has numbers for weights and gives numbers; it is left ready to predict."""
    check_weights(model)
    check_outputs(model, all_logits(model, features, len(features), device))
    model.eval()


def _say_where_it_stands(run, epochs, patience):
    state = "complete, nothing to train" if run.is_complete(epochs, patience) else "resumed"
    tqdm.write(f"{run.path}: {state} after epoch {len(run.rows)} of {epochs}")


def _written(run, model):
    """The history of a run; with a folder, it and the network are written there."""
    frame = pd.DataFrame(run.rows)
    if run.path is not None:
        save_model(model, run.path.with_name("model.pt"))
        with atomic_path(run.path.with_name("history.csv")) as temporary:
            frame.to_csv(temporary, index=False)
    return frame


@alone_in_out_dir
def fit(
    model, train, valid=None, loss="bce", epochs=20, seed=0, device="auto", out_dir=None, resume=True,
    batch_size=64, lr=3e-3, weight_decay=0.01, patience=8, augment=None, mix=None, sampling=None,
    clip_norm=5.0, precision="float32", on_epoch=None, progress=True, schedule="one_cycle", steps=None,
    accelerator=None,
):  # fmt: skip
    """Train a network; afterwards it has the weights of its best epoch.

    AdamW (Loshchilov & Hutter 2019) with a one-cycle learning rate (Smith & Topin 2018): up to
    `lr` in the first quarter of the steps, then down to nearly zero. The epoch is judged by the
    macro average precision over the species that have positives in `valid`: it weighs every
    species the same and needs no threshold, while the validation loss is mostly about the many
    absences and rises with overconfidence long before the ranking suffers.

    Parameters
    ----------
    model : CallClassifier
        Trained in place, from its present weights. Its input normalisation is taken from `train`
        if it was never trained before.
    train, valid : (features, labels)
        Arrays (N, 1, n_mels, frames) and (N, n_species), labels 0 or 1; of a subset of pictures that are mapped
        into memory the features are best `picture_rows`, which copies nothing. `valid` must come from
        other recordings, and from the train subset (see `add_validation`). Without it all epochs
        are run and the last one is the best.
    loss : str or callable
        See `losses`.
    epochs : int
        At most; early stopping ends the run when `patience` epochs brought nothing better
        (None: never).
    seed : int
        Same seed, data and machine: same numbers. (`build_model` has the seed of the weights.)
    device : str
        "auto", "cpu", "cuda", "mps".
    out_dir : path, optional
        Folder for checkpoint.pt (written after every epoch) and, at the end, model.pt (for
        `load_model`) and history.csv. If it holds a checkpoint of the same run, that run is
        resumed, from the checkpoint's weights; if it was complete, nothing is trained and a line
        says so.
    resume : bool
        False: train afresh and overwrite.
    batch_size, lr, weight_decay : int, float, float
        Defaults suit some thousand windows and small_cnn.
    augment : callable, optional
        What is done to each training batch: a function of `augment`, a `chain` of them, or your own
        ``f(batch, generator=...) -> batch`` or ``f(batch, labels, generator=...) -> (batch, labels)``. True is
        `mix_sounds` and `spec_augment` with masks of up to a sixth of the frames and an eighth of the bands.
    mix : str or callable, optional
        Blends of windows to train on: a key of `longtail.MIXES`, or a function like those.
    sampling : array, shape (N,), optional
        Relative chance of each training window; an epoch then draws N of them with replacement, see `repeat_factors`.
    clip_norm : float
        Longer gradients are shortened to this length: one odd batch can't throw the weights off.
    precision : "float32" or "bfloat16"
        bfloat16 (autocast) halves the work where the processor has instructions for it, on GPUs as on newer CPUs, at
        the price of numbers that differ more from machine to machine.
    on_epoch : callable, optional
        ``on_epoch(model, row)`` after every epoch, with the new row of the history: to log elsewhere, or to look on.
    progress : bool
        Show a progress bar.
    schedule : "one_cycle" or "constant"
        Of the learning rate; constant, and with `weight_decay` 0, this is plain Adam.
    steps : int, optional
        At most so many batches an epoch, of other windows each time: to try something out, or to look at a network
        more often than once in a hundred thousand windows.
    accelerator : accelerate.Accelerator, optional
        Of a process that `accelerate launch` started: `device` is then the accelerator's, `batch_size` is that of all
        processes together, `out_dir` is used by the first, and `mix` can't be. See examples/several_gpus.py.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        Features or labels of the wrong shape, NaN, no rows, columns that are not the model's
        species; a checkpoint of another run (species, data or settings differ).
    BlockingIOError
        Another process trains in `out_dir`; it is named.
    FloatingPointError
        The loss is no longer a number: the learning rate is too high.
    """
    train, valid = _check_data(model, train, valid)
    _check_numbers(epochs, batch_size, lr, clip_norm)
    augment, mix = _augmentation(augment, train[0].shape[2:]), get_mix(mix)
    sampling = None if sampling is None else check_sampling(sampling, len(train[0]))
    team, device = Team(accelerator), pick_device(device) if accelerator is None else accelerator.device
    _check_batches(team, batch_size, mix, steps)
    autocast(device, precision)  # an unknown precision is refused before the work
    plain = {
        "epochs": epochs, "seed": seed, "batch_size": batch_size, "lr": lr, "weight_decay": weight_decay,
        "patience": patience, "clip_norm": clip_norm, "precision": precision, "schedule": schedule, "steps": steps,
        "processes": team.size, "loss": loss if isinstance(loss, str) else name_of(loss),
    }  # fmt: skip
    settings = _identity(model, plain, {"augment": augment, "mix": mix, "sampling": sampling})
    if out_dir is not None:
        settings |= {"train data": digest(*train), "valid data": None if valid is None else digest(*valid)}
    loss = get_loss(loss, counts=train[1].sum(0), n_windows=len(train[1]))
    recipe = _Recipe(loss, batch_size, augment, mix, sampling, clip_norm, precision, device, steps, team)
    if model.input_shape is None:
        set_normalisation(model, train[0])
    model.to(device)
    n_steps = epochs * recipe.steps_an_epoch(len(train[0])) + 1
    optimizer, schedule = _optimizer(model, lr, weight_decay, n_steps, schedule)
    run, patience = Run(out_dir, settings, model, optimizer, schedule), patience if valid is not None else None
    if resume:
        run.resume(team)
    trained = team.wrap(model)
    done = len(run.rows)
    if done and progress:
        _say_where_it_stands(run, epochs, patience)
    bar = tqdm(total=epochs, initial=done, desc="fit", unit="epoch", disable=not progress)
    with bar, torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        while not run.is_complete(epochs, patience):
            row, score = _epoch(len(run.rows) + 1, seed, model, trained, optimizer, schedule, recipe, train, valid)
            run.add(row, score)
            if on_epoch is not None:
                on_epoch(model, row)
            bar.update()
            bar.set_postfix(train_loss=f"{row['train_loss']:.4f}", valid_map=f"{row['valid_map']:.3f}")
    run.restore_best()
    _check_trained(model, train[0][:batch_size], device)
    return History(_written(run, model), run.best[0])
