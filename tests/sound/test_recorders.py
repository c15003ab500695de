import io
import struct
import time

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from anuralib.sound import recorders
from anuralib.sound.recorders import recorder_notes


def chunk(name, content):
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def riff(*chunks, kind=b"RIFF"):
    body = b"WAVE" + chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, 22050, 44100, 2, 16)) + b"".join(chunks)
    return kind + struct.pack("<I", len(body)) + body


SOUND = chunk(b"data", b"\1\2" * 500)


def comment(text, artist=""):
    return chunk(b"LIST", b"INFO" + chunk(b"ICMT", text.encode().ljust(384, b"\0"))
                 + chunk(b"IART", artist.encode().ljust(32, b"\0")))


def wamd(entries):
    return chunk(b"wamd", b"".join(struct.pack("<HI", k, len(v)) + v for k, v in entries.items()))


@pytest.fixture
def notes(tmp_path):
    def read(*chunks, **options):
        path = tmp_path / "x.wav"
        path.write_bytes(riff(*chunks, **options))
        return recorder_notes(path)

    return read


# Texts as AudioMoth's firmware 1.0 to 1.12 writes them (OpenAcousticDevices; cases in QutEcoacoustics/emu).
@pytest.mark.parametrize(("text", "made", "wanted"), [
    ("Recorded at 19:17:30 10/05/2021 (UTC-3) by AudioMoth 24F3190160121A5B at medium gain while battery was 4.0V and "
     "temperature was 21.4C.", "2021-05-10 19:17:30",
     {"utc_offset": "-03:00", "device": "24F3190160121A5B", "gain": "medium", "battery_v": 4.0, "temperature_c": 21.4}),
    ("Recorded at 02:17:02 06/09/2018 by AudioMoth 00000000000039FC at gain setting 3 while battery state was 3.70V",
     "2018-09-06 02:17:02", {"device": "00000000000039FC", "gain": "medium-high", "battery_v": 3.7}),
    ("Recorded at 00:00:00 01/01/2019 (UTC) by AudioMoth 0000000000000000 at gain setting 0 while battery state was "
     "< 3.6V", "2019-01-01", {"utc_offset": "+00:00", "device": "0000000000000000", "gain": "low"}),
    ("Recorded at 18:30:00 03/01/2022 (UTC+10:30) by AudioMoth 243B1F075C7A37BE at medium-high gain setting while "
     "battery state was 3.9V and temperature was 25.3C.", "2022-01-03 18:30",
     {"utc_offset": "+10:30", "device": "243B1F075C7A37BE", "gain": "medium-high", "battery_v": 3.9,
      "temperature_c": 25.3}),
    ("Recorded at 03:00:50 08/03/2023 (UTC-0:26) during deployment 00000000A4168C14 using external microphone at high "
     "gain while battery was greater than 4.9V and temperature was -30.0C. Recording stopped due to low voltage.",
     "2023-03-08 03:00:50", {"utc_offset": "-00:26", "gain": "high", "temperature_c": -30.0}),
])  # fmt: skip
def test_comment_of_an_audiomoth(notes, text, made, wanted):
    wanted = {"made": pd.Timestamp(made), "model": "AudioMoth", "source": "AudioMoth", **wanted}
    assert notes(comment(text), SOUND) == wanted == notes(SOUND, comment(text))
    with_artist = notes(comment(text, "AudioMoth 24F3190160121A5B"), SOUND)
    assert with_artist["device"] == wanted.get("device", "24F3190160121A5B")


GUANO = ("GUANO|Version:1.0\nMake:Open Acoustic Devices\nModel:AudioMoth\nSerial:24F3190160121A5B\n"
         "Firmware Version:AudioMoth-Firmware-Basic (1.12.0)\nTimestamp:2024-01-05T19:30:00-03:00\n"
         "Loc Position:-23.500000 -46.250000\nOAD|Recording Settings:48000 GAIN 2 LGR\nOAD|Battery Voltage:4.1\n"
         "Temperature Int:21.4")  # fmt: skip


def test_guano(notes):
    wanted = {
        "made": pd.Timestamp("2024-01-05 19:30"), "utc_offset": "-03:00", "device": "24F3190160121A5B",
        "model": "AudioMoth", "gain": "medium", "battery_v": 4.1, "temperature_c": 21.4, "latitude": -23.5,
        "longitude": -46.25, "source": "GUANO",
    }  # fmt: skip
    assert notes(SOUND, chunk(b"guan", GUANO.encode())) == wanted
    assert notes(chunk(b"guan", GUANO.replace("\n", "\r\n").encode() + b"\0\0"), SOUND) == wanted
    short = chunk(b"guan", b"GUANO|Version: 1.0\nTimestamp: 2024-01-05 19:30:00")
    both = notes(comment("Recorded at 19:30:00 05/01/2024 (UTC-3) by AudioMoth 24F3190160121A5B at low gain while "
                         "battery was 4.1V"), SOUND, short)  # fmt: skip
    assert both["gain"] == "low" and both["source"] == "GUANO" and "utc_offset" not in both


@pytest.mark.parametrize(("line", "wanted"), [
    ("Timestamp: 2024-01-05T19:30:00Z", {"made": pd.Timestamp("2024-01-05 19:30"), "utc_offset": "+00:00"}),
    ("Timestamp: 2024-01-05 19:30:00.250+0530", {"made": pd.Timestamp("2024-01-05 19:30"), "utc_offset": "+05:30"}),
    ("Timestamp: 2024-01-05T19:30:00+10", {"made": pd.Timestamp("2024-01-05 19:30"), "utc_offset": "+10:00"}),
    ("Timestamp: 2024-13-05T19:30:00", {}), ("Timestamp:", {}), ("Loc Position: 0.0 0.0", {}),
    ("Loc Position: 95 10", {}), ("Loc Position: here", {}), ("Loc Position: nan inf", {}), ("Temperature Int:", {}),
    ("Temperature Ext: 19.0\nTemperature Int: 30", {"temperature_c": 19.0}), ("Note: Boa noite: rãs", {}),
    ("Make: Pettersson", {"model": "Pettersson"}),
    ("Loc Position:  -1.5   102.25", {"latitude": -1.5, "longitude": 102.25}),
])  # fmt: skip
def test_lines_of_guano(notes, line, wanted):
    said = notes(SOUND, chunk(b"guan", f"GUANO|Version: 1.0\n{line}\n".encode()))
    assert said == ({**wanted, "source": "GUANO"} if wanted else {})


SM4 = {0: b"\1\0", 1: b"SM4BAT-FS", 2: b"S4U09523", 3: b"2.2.1", 4: b"S4U09523", 5: b"2021-06-21 20:57:06-03:00",
       0x12: b"U2", 0x15: b"24.25C", 0x14: b",45.78350,N,64.23352,W"}  # fmt: skip


def test_wamd(notes):
    wanted = {
        "made": pd.Timestamp("2021-06-21 20:57:06"), "utc_offset": "-03:00", "device": "S4U09523", "model": "SM4BAT-FS",
        "temperature_c": 24.25, "latitude": 45.7835, "longitude": -64.23352, "source": "wamd",
    }  # fmt: skip
    assert notes(wamd(SM4), SOUND) == wanted == notes(SOUND, wamd(SM4))
    local = notes(wamd({**SM4, 5: b"2014-04-02 22:59:14.000", 6: b"WGS84, -12.5, 45.25, 310"}))
    assert (local["made"], local.get("utc_offset")) == (pd.Timestamp("2014-04-02 22:59:14"), None)
    assert (local["latitude"], local["longitude"]) == (-12.5, 45.25)
    assert notes(wamd({**SM4, 6: b"WGS84,12.5,S,45.25,W"}))["latitude"] == -12.5


def test_files_without_notes(tmp_path, notes):
    assert notes(SOUND) == notes(comment("made by Audacity"), SOUND) == notes(chunk(b"guan", b"x"), SOUND) == {}
    for content in (b"", b"RIFF", bytes(1000), b"fLaC" + bytes(50), riff(SOUND)[:60]):
        (tmp_path / "x.wav").write_bytes(content)
        assert recorder_notes(tmp_path / "x.wav") == {}
    for path in (tmp_path, tmp_path / "none.wav"):
        with pytest.raises(OSError):
            recorder_notes(path)


def test_sizes_that_lie(tmp_path, notes):
    guano, path = chunk(b"guan", GUANO.encode()), tmp_path / "x.wav"
    long = chunk(b"ds64", struct.pack("<QQQI", 0, 1000, 0, 0))
    data = b"data" + struct.pack("<I", 0xFFFFFFFF) + b"\1\2" * 500
    assert notes(long, data, guano, kind=b"RF64")["device"] == "24F3190160121A5B"
    assert notes(chunk(b"ds64", b"\xff" * 28), data, guano, kind=b"RF64") == {} == notes(data, guano)
    path.write_bytes(riff(guano, SOUND)[:-700])  # cut off while it was copied
    assert recorder_notes(path)["model"] == "AudioMoth"


def test_no_time_is_lost_on_files_without_notes(tmp_path):
    path = tmp_path / "x.wav"
    path.write_bytes(riff(chunk(b"data", bytes(10_000_000))))
    took = []
    for _ in range(200):
        start = time.perf_counter()
        recorder_notes(path)
        took.append(time.perf_counter() - start)
    assert sorted(took)[100] < 2e-4


PIECES = (
    comment("Recorded at 19:17:30 10/05/2021 (UTC-3:99) by AudioMoth 24F3190160121A5B at odd gain while battery was "),
    chunk(b"guan", GUANO.encode()), wamd(SM4), SOUND, wamd({0: b"", 6: b"WGS84,,N,,W", 5: b"\xff"}), b"LIST", b"guan",
    chunk(b"guan", b"GUANO|Version:\nTimestamp: 0000-00-00T00:00:00\nLoc Position: 1e400 -"), b"wamd", b"",
)  # fmt: skip


def check_any(content):
    notes = recorders._notes(io.BytesIO(content))
    assert bool(notes) == ("source" in notes) and None not in notes.values()


def test_bytes_changed_at_random_give_notes_or_none():
    rng = np.random.default_rng(0)
    for _ in range(4000):
        content = bytearray(riff(*(PIECES[k] for k in rng.integers(0, len(PIECES), rng.integers(0, 5)))))
        for place in rng.integers(0, len(content), rng.integers(0, 8)):
            content[place] = rng.integers(0, 256)
        check_any(content[: rng.integers(0, 2 * len(content))])


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_any_bytes_in_a_chunk(content):
    check_any(content)
    check_any(riff(chunk(b"guan", b"GUANO|Version: 1\n" + content), chunk(b"LIST", b"INFO" + content),
                   chunk(b"wamd", b"\0\0\2\0\0\0\1\0" + content)))  # fmt: skip
