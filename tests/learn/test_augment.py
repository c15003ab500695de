"""augment: pictures do what signals would, labels follow what can be heard, the same seed gives the same batch."""

from functools import partial

import numpy as np
import pytest

torch = pytest.importorskip("torch")

import anuralib as al  # noqa: E402
from anuralib.learn import augment
from anuralib.learn.features import FEATURES

RATE = 22050


def noise(n=6, seconds=1, seed=0, level=0.05):
    return (level * np.random.default_rng(seed).standard_normal((n, seconds * RATE))).astype(np.float32)


def pictures(signals):
    return al.log_mel(signals, **FEATURES)


LABELS = np.eye(6, 4, dtype=np.float32)
BACKGROUND = noise(3, seed=9)
EVERY = {
    "gain": augment.gain,
    "time_shift": augment.time_shift,
    "mix_sounds": partial(augment.mix_sounds, share=1.0),
    "mix_background": partial(augment.mix_background, background=BACKGROUND, share=1.0),
}


@pytest.mark.parametrize("name", EVERY)
def test_pictures_do_what_signals_would(name):
    """The same draws on sounds and on pictures: bands differ by what the two sounds' phases do, on average nothing."""
    done, seen = EVERY[name], noise()
    seen[0, :8000] *= 8
    options = {"labels": LABELS} if augment.takes_labels(done) else {}
    heard = done(seen, **options, generator=3)
    if name == "mix_background":
        done = partial(done, background=pictures(BACKGROUND))
    drawn = done(pictures(seen), **options, generator=3)
    if options:
        np.testing.assert_array_equal(heard[1], drawn[1])
        heard, drawn = heard[0], drawn[0]
    apart = pictures(heard) - drawn
    if name == "time_shift":  # frames are 23 ms apart, shifts are rounded to them; the seam differs
        assert np.median(np.abs(apart)) < 6
    else:
        assert abs(apart.mean()) < 0.6
    assert np.abs(pictures(seen) - drawn).max() > 1  # and something was done


def test_a_louder_sound_is_a_brighter_picture():
    batch = pictures(noise(64))
    gains = (augment.gain(batch, (-6, 6), generator=1) - batch).reshape(64, -1)
    np.testing.assert_allclose(gains, gains[:, :1].repeat(gains.shape[1], axis=1), atol=1e-4)
    assert -6 <= gains.min() < -4 and 4 < gains.max() <= 6


def test_a_shift_only_turns():
    batch = torch.arange(12.0).repeat(200, 1, 2, 1)
    out = augment.time_shift(batch, generator=0)
    assert torch.equal(out.sort(-1).values, batch)
    starts = out[:, 0, 0, 0].unique()
    assert len(starts) == 12
    assert torch.equal(augment.time_shift(batch, 0.0, generator=0), batch)
    small = augment.time_shift(batch, 0.34, generator=0)[:, 0, 0, 0].unique()
    assert set(small.tolist()) == {0, 1, 2, 10, 11}


def test_mixed_sounds_have_both_callers():
    batch, labels = augment.mix_sounds(noise(), LABELS, share=1.0, generator=0)
    again = augment.mix_sounds(noise(), LABELS, share=1.0, generator=0)
    np.testing.assert_array_equal(batch, again[0])
    assert (labels >= LABELS).all() and set(np.unique(labels)) == {0, 1}
    assert labels.sum(axis=1).max() == 2
    same, kept = augment.mix_sounds(noise(), LABELS, share=0.0, generator=0)
    np.testing.assert_array_equal(same, noise())
    np.testing.assert_array_equal(kept, LABELS)
    loud = pictures(noise())
    mixed, _ = augment.mix_sounds(loud, LABELS, share=1.0, generator=0)
    assert (mixed >= loud - 1e-4).all()  # a second sound takes nothing away


def test_mixup_blends_sound_and_labels_alike():
    batch = torch.arange(6.0).repeat_interleave(5).reshape(6, 5)
    out, labels = augment.mixup(batch, torch.eye(6), alpha=0.5, generator=4)
    share = torch.arange(6.0) @ labels.T  # the example's number is in its sound and in its label
    torch.testing.assert_close(out, share[:, None].expand(6, 5))
    torch.testing.assert_close(labels.sum(1), torch.ones(6))
    draws = [augment.mixup(batch, torch.eye(6), alpha=0.2, generator=k)[1].max().item() for k in range(60)]
    assert np.mean([x > 0.9 for x in draws]) > 0.4  # Beta(0.2, 0.2) is near its ends


def test_background_may_be_a_file_mapped_into_memory(tmp_path):
    np.save(tmp_path / "b.npy", pictures(BACKGROUND).astype(np.float16))
    mapped = np.load(tmp_path / "b.npy", mmap_mode="r")
    batch = torch.from_numpy(pictures(noise()))
    out = augment.mix_background(batch, mapped, share=1.0, generator=0)
    assert out.dtype == batch.dtype and (out >= batch - 0.01).all()


def test_a_chain_hands_labels_on_and_leaves_the_callers_random_state_alone():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    chain = augment.chain(augment.gain, augment.mix_sounds, partial(augment.spec_augment, time_mask=5, freq_mask=2))
    batch = torch.from_numpy(pictures(noise()))
    one, first = chain(batch, torch.from_numpy(LABELS), 7)
    two, second = chain(batch, torch.from_numpy(LABELS), torch.Generator().manual_seed(7))
    assert torch.equal(one, two) and torch.equal(first, second)
    assert torch.equal(before, torch.random.get_rng_state())
    assert not torch.equal(one, chain(batch, torch.from_numpy(LABELS), 8)[0])


@pytest.mark.parametrize(("call", "message"), [
    (lambda b, y: augment.gain(b[0]), "batch must be"),
    (lambda b, y: augment.time_shift(b, 2), "max_share"),
    (lambda b, y: augment.mixup(b, y, alpha=0), "alpha"),
    (lambda b, y: augment.mixup(b, y[:3]), "labels must be"),
    (lambda b, y: augment.mix_sounds(b, y, share=2), "share"),
    (lambda b, y: augment.mix_background(b, b[:, :9]), "background"),
    (lambda b, y: augment.mix_background(b, b[:0]), "background"),
    (lambda b, y: augment.spec_augment(b), "n_mels, frames"),
])  # fmt: skip
def test_what_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call(noise(), LABELS)
