"""Sound files as cards and disks leave them: headers that lie, files that are cut off, bytes that are wrong."""

import errno
import io
import os
import re
import struct
import tracemalloc
import warnings

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anuralib.sound import audio

RATE = 22050
SECONDS = 4
SOUND = 0.3 * np.sin(0.3 * np.arange(SECONDS * RATE)) + 0.05 * np.random.default_rng(0).standard_normal(SECONDS * RATE)


def encoded(signal=SOUND, **kind):
    whole = io.BytesIO()
    soundfile.write(whole, signal, RATE, **kind)
    return whole.getvalue()


def put(data, at, new):
    return data[:at] + new + data[at + len(new) :]


def flac_of(data, frames):
    packed = int.from_bytes(data[18:26], "big")
    return put(data, 18, (packed >> 36 << 36 | frames).to_bytes(8, "big"))


def read(path, **options):
    """The signal, and what was said."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        return audio.read_audio(path, **options), " ".join(str(w.message) for w in caught)


WAV, AIFF, RF64 = (encoded(format=kind, subtype="PCM_16") for kind in ("WAV", "AIFF", "RF64"))
FLAC, OGG, MP3 = (encoded(format=kind) for kind in ("FLAC", "OGG", "MP3"))
N = 2 * len(SOUND)
DS64 = struct.pack("<QQ", N, 0)
NOTES = b"LIST" + struct.pack("<I", 6000) + bytes(range(100)) * 60


def test_the_files_of_these_tests_are_what_they_should_be(tmp_path):
    assert WAV[36:44] == b"data" + struct.pack("<I", N)
    assert AIFF[38:46] == b"SSND" + struct.pack(">I", N + 8)
    assert RF64[28:36] == struct.pack("<Q", N)
    for name, data in {"x.wav": WAV, "x.aiff": AIFF, "r.wav": RF64, "x.flac": FLAC, "x.ogg": OGG, "x.mp3": MP3}.items():
        (tmp_path / name).write_bytes(data)
        info = audio.audio_info(tmp_path / name)
        signal, said = read(tmp_path / name)
        assert (info["frames"], info["problem"], said) == (len(SOUND), "", "")
        assert np.abs(signal - SOUND).max() < (0.2 if name in ("x.ogg", "x.mp3") else 1e-4)


LOST_POWER = "probably lost power"
LIES = {
    "size 0": (put(WAV, 40, struct.pack("<I", 0)), 1, "no sound, but 4 s.*" + LOST_POWER),
    "sizes as of an empty file": (put(put(WAV, 4, struct.pack("<I", 36)), 40, bytes(4)), 1, LOST_POWER),
    "size of a second": (put(WAV, 40, struct.pack("<I", 2 * RATE)), 1, "holds 1 s, but 4 s.*" + LOST_POWER),
    "tiny size": (put(WAV, 40, struct.pack("<I", 2)), 1, LOST_POWER),
    "unknown": (put(WAV, 40, b"\xff" * 4), 1, "does not tell"),
    "unknown to another program": (put(WAV, 40, struct.pack("<I", 2**31)), 1, "does not tell"),
    "header counted too": (put(WAV, 40, struct.pack("<I", N + 44)), 1, ""),
    "doubled": (put(WAV, 40, struct.pack("<I", 2 * N)), 1, "promises 8 s and the file holds 4 s"),
    "cut off": (WAV[: 44 + N // 2], 0.5, "promises 4 s and the file holds 2 s: it is cut off"),
    "chunk behind the sound": (WAV + NOTES, 1, ""),
    "chunk behind no sound": (put(WAV[:44], 40, bytes(4)) + NOTES, 0, ""),
    "tag behind the sound": (WAV + b"ID3\4" + bytes(range(256)) * 30, 1, ""),
    "zeros behind the sound": (WAV + bytes(100_000), 1, ""),
    "few bytes behind the sound": (WAV + b"\1\2\3" * 100, 1, ""),
    "AIFF of size 0": (put(AIFF, 42, struct.pack(">I", 8)), 1, LOST_POWER),
    "AIFF cut off": (AIFF[: 54 + N // 4], 0.25, "promises 4 s and the file holds 1 s"),
    "AIFF unknown": (put(AIFF, 42, b"\xff" * 4), 1, "does not tell"),
    "RF64 of size 0": (put(RF64, 28, bytes(8)), 1, LOST_POWER),
    "RF64 unknown": (put(RF64, 28, b"\xff" * 8), 1, "does not tell"),
    "RF64 cut off": (RF64[: -N // 2], 0.5, "promises 4 s and the file holds 2 s"),
    "FLAC unknown": (flac_of(FLAC, 0), 1, "does not tell"),
    "FLAC absurd": (flac_of(FLAC, 2**36 - 1), 1, "does not tell"),
    "FLAC of a second": (flac_of(FLAC, RATE), 1, "holds 1 s, but 4 s"),
    "FLAC too long": (flac_of(FLAC, 2 * len(SOUND)), 1, "promises 8 s and the file holds 4 s"),
}


@pytest.mark.parametrize("name", LIES)
def test_the_sound_that_is_there_is_used_and_what_is_wrong_is_said(tmp_path, name):
    data, part, problem = LIES[name]
    path = tmp_path / "x.dat"
    path.write_bytes(data)
    info = audio.audio_info(path)
    n = round(part * len(SOUND))
    assert (info["frames"], info["duration_s"]) == (n, n / RATE)
    assert bool(info["problem"]) == bool(problem)
    assert re.search(problem, info["problem"])
    if n == 0:
        with pytest.raises(ValueError, match=r"x\.dat: the file holds no sound"):
            audio.read_audio(path)
        return
    signal, said = read(path)
    np.testing.assert_allclose(signal, SOUND[:n], atol=1e-4)
    assert said == (f"{path}: {info['problem']}" if problem else "")
    last = read(path, start_s=(n - 100) / RATE, duration_s=1e300)[0]
    np.testing.assert_allclose(last, SOUND[n - 100 : n], atol=1e-4)


@pytest.mark.parametrize("kind", ["PCM_24", "FLOAT", "PCM_U8", "IMA_ADPCM"])
def test_other_kinds_of_samples_without_a_size(tmp_path, kind):
    data = encoded(format="WAV", subtype=kind)
    (tmp_path / "good.wav").write_bytes(data)
    at = data.index(b"data") + 4
    (tmp_path / "lies.wav").write_bytes(put(data, at, bytes(4)))
    np.testing.assert_array_equal(read(tmp_path / "lies.wav")[0], audio.read_audio(tmp_path / "good.wav"))


@pytest.mark.parametrize(("suffix", "data"), [("flac", FLAC), ("ogg", OGG), ("mp3", MP3)], ids=["flac", "ogg", "mp3"])
def test_compressed_files_that_are_cut_off(tmp_path, suffix, data):
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(data[: len(data) // 2])
    info = audio.audio_info(path)
    assert 1 < info["duration_s"] < 3
    assert "it is cut off" in info["problem"]
    signal, said = read(path)
    assert len(signal) == info["frames"]
    assert np.abs(signal[:RATE] - SOUND[:RATE]).max() < 0.2
    assert path.name in said
    late, said = read(path, start_s=info["duration_s"] - 0.1)
    np.testing.assert_allclose(late, signal[-len(late) :], atol=0.1)
    with pytest.raises(ValueError, match=rf"x\.{suffix}: start_s=3\.5 lies outside.*cut off"):
        audio.read_audio(path, start_s=3.5)


def test_a_flac_file_damaged_in_its_middle(tmp_path):
    path = tmp_path / "x.flac"
    middle = len(FLAC) // 2
    path.write_bytes(put(FLAC, middle, bytes(2000)))
    assert audio.audio_info(path)["duration_s"] == SECONDS
    with pytest.raises(ValueError, match=r"x\.flac: damaged at [\d.]+ s; copy it again") as caught:
        audio.read_audio(path)
    second = float(re.search(r"at ([\d.]+) s", str(caught.value))[1])
    assert 1.5 < second <= 2.1
    np.testing.assert_allclose(audio.read_audio(path, duration_s=second), SOUND[: round(second * RATE)], atol=1e-4)
    np.testing.assert_allclose(audio.read_audio(path, start_s=3), SOUND[3 * RATE :], atol=1e-4)


@pytest.mark.parametrize("data", [b"", bytes(4096), b"RIFF", WAV[:30], FLAC[:50], FLAC[:500], OGG[:60], MP3[:20],
                                  put(WAV, 24, struct.pack("<I", 3)), put(WAV, 22, bytes(2))],
                         ids=range(10))  # fmt: skip
def test_no_sound_is_an_error_that_names_the_file(tmp_path, data):
    path = tmp_path / "x.raw"
    path.write_bytes(data)
    for function in (audio.audio_info, audio.read_audio, audio.dead_channels):
        with pytest.raises(ValueError, match=r"x\.raw: .*(copy it again|leave it out)"):
            function(path)


@pytest.mark.skipif(os.name == "nt", reason="Windows' names are text")
@pytest.mark.parametrize("data", [WAV, FLAC, WAV[:5000], b"no sound"], ids=["wav", "flac", "cut", "none"])
def test_names_that_are_no_text(tmp_path, data):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/C\xe2m_20240102_000000.wav")
    with open(path, "wb") as file:
        file.write(data)
    for wrong in (path, path + "gone", path + "\ud800", path + "\0"):
        try:
            assert audio.audio_info(wrong)["frames"] > 1000
            assert len(read(wrong)[0]) > 1000
            said = read(wrong)[1]
        except (ValueError, OSError) as error:
            said = str(error)
            assert "_20240102" in said
        said.encode("utf-8")


def test_faults_of_the_disk_are_no_bad_recordings(tmp_path, monkeypatch):
    path = tmp_path / "x.flac"
    path.write_bytes(put(FLAC, len(FLAC) // 2, bytes(2000)))
    for number in (errno.EIO, errno.ENOSPC, errno.EROFS):

        class Bad(io.FileIO):
            def read(self, n=-1, number=number):
                if self.tell():
                    raise OSError(number, os.strerror(number))
                return super().read(n)

        with monkeypatch.context() as patch:
            patch.setattr(audio, "open", lambda path, *_, **__: Bad(path), raising=False)  # noqa: B023
            with pytest.raises(OSError, match=r"x\.flac") as caught:
                audio.read_audio(path)
        assert caught.value.errno == number


def test_more_than_the_memory_holds(tmp_path, monkeypatch):
    path = tmp_path / "x.wav"
    path.write_bytes(WAV)

    def full(*_, **__):
        raise MemoryError

    monkeypatch.setattr(audio.np, "full", full)
    with pytest.raises(ValueError, match=r"x\.wav: 4 s at once, .*read it in parts"):
        audio.read_audio(path)


def test_files_that_may_not_be_read(tmp_path, monkeypatch):
    path = tmp_path / "x.wav"
    path.write_bytes(WAV)

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(audio, "open", refuse, raising=False)  # root may read everything
    with pytest.raises(PermissionError, match=r"ask for the right to it.*x\.wav"):
        audio.audio_info(path)
    with pytest.raises(FileNotFoundError, match="no such sound file"):
        audio.audio_info(tmp_path)


def test_dead_channels(tmp_path):
    quiet, late = np.zeros(len(SOUND)), SOUND * (np.arange(len(SOUND)) > 3.9 * RATE)
    for signal, dead in [
        ((SOUND,), []), ((quiet,), [0]), ((quiet, SOUND), [0]), ((SOUND, quiet + 0.25), [1]), ((late, quiet), [1]),
        ((SOUND[:5],), []), ((SOUND[:0],), []),
    ]:  # fmt: skip
        for kind in ("WAV", "FLAC") if len(signal[0]) else ("WAV",):
            (tmp_path / "x").write_bytes(encoded(np.stack(signal, axis=1), format=kind))
            assert audio.dead_channels(tmp_path / "x") == dead


def test_digest_is_that_of_the_bytes(tmp_path):
    digests = set()
    for k, at in enumerate((0, 100, len(WAV) // 2, len(WAV) - 1)):
        (tmp_path / f"{k}").write_bytes(put(WAV, at, bytes([WAV[at] ^ (at > 0)])))
        digests.add(audio.sound_digest(tmp_path / f"{k}"))
    for k, data in enumerate((WAV + b"\0", WAV[:-1], b"", b"a")):
        (tmp_path / f"other{k}").write_bytes(data)
        digests.add(audio.sound_digest(tmp_path / f"other{k}"))
    assert len(digests) == 8
    (tmp_path / "copy.wav").write_bytes(WAV)
    assert audio.sound_digest(tmp_path / "copy.wav") == audio.sound_digest(tmp_path / "0")
    with pytest.raises(FileNotFoundError, match="gone"):
        audio.sound_digest(tmp_path / "gone")


SMALL = np.stack([SOUND[:6000], 0.5 * SOUND[:6000]], axis=1)
KINDS = {"WAV": "PCM_16", "RF64": "PCM_16", "AIFF": "PCM_16", "FLAC": "PCM_16", "OGG": "VORBIS", "MP3": None}
GOOD = [encoded(SMALL[:, : 1 + (kind in ("WAV", "FLAC"))], format=kind, subtype=sub) for kind, sub in KINDS.items()]


EXACT = (b"RIFF", b"RIFX", b"RF64", b"FORM", b"fLaC")


@st.composite
def damaged(draw):
    data = draw(st.sampled_from(GOOD))
    places = st.integers(0, 60) | st.integers(0, len(data) - 1)
    flips = st.tuples(places, st.sampled_from([b"\0", b"\xff"]) | st.binary(min_size=1, max_size=8))
    for at, new in draw(st.lists(flips, max_size=5)):
        data = put(data, at, new)[: len(data)]
    if draw(st.booleans()):
        data = data[: draw(st.integers(0, len(data)))]
    return data + draw(st.just(b"") | st.binary(max_size=200) | st.sampled_from([bytes(9000), b"ab\xf1" * 3000]))


@settings(max_examples=500, suppress_health_check=list(HealthCheck))
@given(damaged() | st.binary(max_size=300))
def test_any_bytes_give_sound_or_an_error_that_names_the_file(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / f"any-{os.urandom(6).hex()}.wav"
    path.write_bytes(data)
    tracemalloc.start()
    try:
        info = audio.audio_info(path)
        signal, said = read(path, sample_rate_hz=None)
    except (ValueError, OSError) as error:
        assert path.name in str(error)
        return
    finally:
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        path.unlink()
        # A block, and what these bytes can hold at the most, a FLAC file of nearly nothing apart.
        assert most < 30e6
    assert abs(info["frames"] - len(signal)) <= 2 * 1152 * (data[:4] not in EXACT)
    assert not info["problem"] or info["problem"] in said
