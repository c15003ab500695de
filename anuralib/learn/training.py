"""Training in plain PyTorch, to be read in one sitting.

The features of a whole subset lie in memory, so an epoch is a walk over rows of an array. All
randomness of an epoch comes from the seed and the number of the epoch: a run that was stopped and
resumed gives, on a CPU, the same bits as one that was not.
"""

import copy
import functools
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from tqdm.auto import tqdm

from anuralib._files import atomic_path
from anuralib.learn import augment as augmentations
from anuralib.learn.batches import all_logits, autocast, check_pair, pick_device, take_batch
from anuralib.learn.checkpoints import digest, name_of, read_checkpoint, save_atomic
from anuralib.learn.longtail import check_sampling, get_mix
from anuralib.learn.losses import get_loss
from anuralib.learn.models import save_model, set_normalisation
from anuralib.score.metrics import average_precision


class History(NamedTuple):
    """What `fit` gives back.

    `frame` has a row an epoch: epoch (from 1), lr (at its end), train_loss, valid_loss, valid_map
    (macro average precision) and seconds. `best_epoch` is the one whose weights the model has.
    """

    frame: pd.DataFrame
    best_epoch: int


def _train_epoch(
    model, optimizer, schedule, loss, data, batch_size, augment, mix, sampling, seed, device, precision, clip_norm
):
    """One walk over the train subset in random order, or over as many draws from it; gives the mean loss."""
    features, labels = data
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)  # dropout draws from the global state, which `fit` restores
    model.train()
    order = torch.randperm(len(features), generator=generator)
    if sampling is not None:
        order = torch.multinomial(sampling, len(features), replacement=True, generator=generator)
    total = 0.0
    # Nearly equal batches: a last batch of one window would upset batch normalisation.
    for rows in order.tensor_split(-(-len(order) // batch_size)):
        batch = take_batch(features, rows.numpy(), device)
        target = torch.from_numpy(labels[rows.numpy()]).to(device)
        if augment is not None:
            batch, target = augment(batch, target, generator)
        with autocast(device, precision):
            logits, target = (model(batch), target) if mix is None else mix(model, batch, target, generator)
        value = loss(logits.float(), target)
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip_norm)
        optimizer.step()
        schedule.step()
        total += value.item() * len(rows)
    return total / len(features)


def _validate(model, loss, data, batch_size, device):
    """Loss and macro average precision over the species that have positives in `data`."""
    logits = all_logits(model, data[0], batch_size, device)
    with torch.inference_mode():
        value = float(loss(logits.to(device), torch.from_numpy(data[1]).to(device)))
    if not torch.isfinite(logits).all():
        return value, np.nan
    return value, float(average_precision(data[1] >= 0.5, torch.sigmoid(logits).numpy()).mean())


def fit(
    model,
    train,
    valid=None,
    loss="bce",
    epochs=20,
    seed=0,
    device="auto",
    out_dir=None,
    resume=True,
    batch_size=64,
    lr=3e-3,
    weight_decay=0.01,
    patience=8,
    augment=None,
    mix=None,
    sampling=None,
    clip_norm=5.0,
    precision="float32",
    on_epoch=None,
    progress=True,
):
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
        Arrays (N, 1, n_mels, frames) and (N, n_species), labels 0 or 1. `valid` must come from
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

    Returns
    -------
    History

    Raises
    ------
    ValueError
        Features or labels of the wrong shape, NaN, no rows, columns that are not the model's
        species; a checkpoint of another run (species, data or settings differ).
    FloatingPointError
        The loss is no longer a number: the learning rate is too high.
    """
    train = check_pair(model, train, "train")
    valid = None if valid is None else check_pair(model, valid, "valid")
    if valid is not None and valid[0].shape[2:] != train[0].shape[2:]:
        raise ValueError(
            f"train features are {train[0].shape[2:]} (bands, frames), valid {valid[0].shape[2:]}"
        )
    if epochs < 1 or batch_size < 1 or not (lr > 0 and clip_norm > 0):
        raise ValueError(
            f"need epochs >= 1, batch_size >= 1, lr > 0, clip_norm > 0; got {epochs, batch_size, lr, clip_norm}"
        )
    if augment is True:
        n_mels, frames = train[0].shape[2:]
        masks = functools.partial(augmentations.spec_augment, time_mask=frames // 6, freq_mask=n_mels // 8)
        augment = augmentations.chain(augmentations.mix_sounds, masks)
    elif augment is not None:
        augment = augmentations.chain(augment)
    mix = get_mix(mix)
    sampling = None if sampling is None else check_sampling(sampling, len(train[0]))
    device = pick_device(device)
    autocast(device, precision)  # an unknown precision is refused before the work
    settings = {
        "model": model.name,
        "species": model.species,
        "epochs": epochs,
        "seed": seed,
        "batch_size": batch_size,
        "lr": lr,
        "weight_decay": weight_decay,
        "patience": patience,
        "clip_norm": clip_norm,
        "precision": precision,
        "loss": loss if isinstance(loss, str) else name_of(loss),
        "augment": None if augment is None else name_of(augment),
        "mix": None if mix is None else name_of(mix),
        "sampling": None if sampling is None else name_of(sampling),
    }
    loss = get_loss(loss, counts=train[1].sum(0), n_windows=len(train[1]))
    if model.input_shape is None:
        set_normalisation(model, train[0])
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    n_steps = epochs * -(-len(train[0]) // batch_size) + 1
    # The way up takes a quarter; of fewer than six steps more, since it must be longer than one.
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, lr, total_steps=n_steps, pct_start=max(0.25, 1.5 / n_steps)
    )
    rows, best, best_weights = [], None, None
    checkpoint = None if out_dir is None else Path(out_dir) / "checkpoint.pt"
    if checkpoint is not None:
        settings["train data"] = digest(*train)
        settings["valid data"] = None if valid is None else digest(*valid)
        if resume and checkpoint.exists():
            state = read_checkpoint(checkpoint, settings)
            model.load_state_dict(state["weights"])
            optimizer.load_state_dict(state["optimizer"])
            schedule.load_state_dict(state["schedule"])
            rows, best, best_weights = state["rows"], state["best"], state["best_weights"]

    def stale():
        return valid is not None and patience is not None and len(rows) - best[0] >= patience

    done = len(rows)
    complete = bool(rows) and (done >= epochs or stale())
    if done and progress:
        tqdm.write(
            f"{checkpoint}: {'complete, nothing to train' if complete else 'resumed'} "
            f"after epoch {done} of {epochs}"
        )
    cuda = [device] if device.type == "cuda" else []
    bar = tqdm(total=epochs, initial=done, desc="fit", unit="epoch", disable=not progress)
    with bar, torch.random.fork_rng(devices=cuda):
        while not complete:
            started, epoch = time.perf_counter(), len(rows) + 1
            train_loss = _train_epoch(
                model, optimizer, schedule, loss, train, batch_size, augment, mix, sampling,
                seed * 100_003 + epoch, device, precision, clip_norm,
            )  # fmt: skip
            if not np.isfinite(train_loss):
                raise FloatingPointError(f"train loss is {train_loss} in epoch {epoch}: lower lr")
            valid_loss = valid_map = np.nan
            if valid is not None:
                valid_loss, valid_map = _validate(model, loss, valid, batch_size, device)
            if valid is None:
                score = float(epoch)
            else:  # no species with positives: only the loss is left to go by
                score = -valid_loss if np.isnan(valid_map) else valid_map
            rows.append(
                {
                    "epoch": epoch,
                    "lr": schedule.get_last_lr()[0],
                    "train_loss": train_loss,
                    "valid_loss": valid_loss,
                    "valid_map": valid_map,
                    "seconds": time.perf_counter() - started,
                }
            )
            if best is None or score > best[1]:
                best, best_weights = (epoch, score), copy.deepcopy(model.state_dict())
            complete = epoch >= epochs or stale()
            if checkpoint is not None:
                save_atomic(
                    {
                        "settings": settings,
                        "weights": model.state_dict(),
                        "optimizer": optimizer.state_dict(),
                        "schedule": schedule.state_dict(),
                        "rows": rows,
                        "best": best,
                        "best_weights": best_weights,
                    },
                    checkpoint,
                )
            if on_epoch is not None:
                on_epoch(model, rows[-1])
            bar.update()
            bar.set_postfix(train_loss=f"{train_loss:.4f}", valid_map=f"{valid_map:.3f}")
    model.load_state_dict(best_weights)
    model.eval()
    frame = pd.DataFrame(rows)
    if checkpoint is not None:
        save_model(model, checkpoint.with_name("model.pt"))
        with atomic_path(checkpoint.with_name("history.csv")) as temporary:
            frame.to_csv(temporary, index=False)
    return History(frame, best[0])
