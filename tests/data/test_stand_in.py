"""The stand-in for AnuraSet has what is known of the published record, and in its sound what its labels say."""

import hashlib

import anuraset_stand_in as stand_in
import numpy as np
import pandas as pd
import pytest

import anuralib as al
from anuralib.data.species import ANURASET_CODES


def test_the_tables_have_the_published_margins():
    recordings, bouts, labels = stand_in.plan()
    table = stand_in.published_table(recordings, labels, bouts)
    assert table.shape == (93_378, 50) and list(table.columns[8:]) == list(ANURASET_CODES)
    assert table.groupby("site").size().to_dict() == {"INCT4": 24_360, "INCT17": 20_532, "INCT20955": 27_258,
                                                      "INCT41": 21_228}  # fmt: skip
    assert recordings["recording"].nunique() == 1612 and (labels["end_s"] > labels["start_s"]).all()
    train = table[table["subset"] == "train"]
    assert (len(train), train["fname"].nunique()) == (62_191, 1074)
    assert sorted(train.groupby("fname").size())[:6] == [26, 28, 42, 42, 51, 58]
    found = train[list(ANURASET_CODES)].sum()
    published = pd.Series({code: row[0] for code, row in stand_in.SPECIES.items()})
    common = published[published >= 1000].index
    assert (found[common] / published[common]).between(0.8, 1.25).all()
    assert (found[stand_in.SPECIES.keys()].rank() - published.rank()).abs().max() <= 4
    assert found[list(stand_in.TEST_ONLY)].sum() == 0 and table[list(stand_in.TEST_ONLY)].sum().min() > 0
    number = table[list(ANURASET_CODES)].sum(axis=1)
    assert (table["species_number"] == 2 * number - table["SCIALT"]).all()
    silent = ~recordings["recording"].isin(bouts["recording"])
    assert 0.2 < silent.mean() < 0.3


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return stand_in.write_stand_in(tmp_path_factory.mktemp("stand-in") / "anuraset", n_recordings=30)


def test_a_small_one_has_every_oddity_and_is_read(small):
    with pytest.warns(UserWarning, match="2 label line.*LALSE") as told:
        data = al.load_dataset("anuraset", root=small)
    assert "1 field" in str(told[0].message)
    assert tuple(data.species) == ANURASET_CODES and data.recordings["annotated"].all()
    assert stand_in.ODD_NAME in set(data.recordings["recording"])
    lengths = data.recordings["duration_s"]
    assert len(lengths) == 30 and lengths.max() == 60 and lengths.min() == 28
    found = data.check().set_index("problem")["n"]
    assert found["weak label without any strong one: the label file is empty"] >= 1
    assert found["the site in weak_labels.csv is not that of the recording's name"] == 1
    assert found["species that weak_labels.csv rates and species.csv does not name"] == 1
    with pytest.warns(UserWarning, match="labels there could not be read"):
        windows = al.window_labels(data.strong_labels, data.recordings, data.species)
    assert windows["fname"].nunique() == 29


def test_calls_are_where_the_labels_are_and_nowhere_else():
    recordings, _, labels = stand_in.plan(30, seed=2)
    sounds = stand_in._Sounds(seed=2, n_backgrounds=1)
    row = recordings.set_index("recording").loc[labels["recording"].value_counts().index[0]]
    own = labels[labels["recording"] == row.name]
    with_calls, without = (sounds.recording(row, some, np.random.default_rng(5)) for some in (own, own[:0]))
    calls = with_calls - without
    inside = np.zeros(len(calls), dtype=bool)
    for label in own.itertuples():
        span = slice(round(label.start_s * 22050), round(label.end_s * 22050))
        inside[span] = True
        assert np.sqrt(np.mean(calls[span] ** 2)) > 1e-4
    assert not calls[~inside].any()


def test_same_seed_same_bytes_two_channels_and_windows(tmp_path):
    digests = []
    for name in ("a", "b"):
        root = stand_in.write_stand_in(tmp_path / name, n_recordings=4, seed=7, stereo=True, windows=name == "a")
        digests.append({path.relative_to(root).as_posix(): hashlib.md5(path.read_bytes()).hexdigest()
                        for path in root.rglob("*") if path.is_file()})  # fmt: skip
    windows = [path for path in digests[0] if path.startswith("anuraset/audio")]
    assert {path: md5 for path, md5 in digests[0].items() if not path.startswith("anuraset/")} == digests[1]
    sound = next((tmp_path / "a" / "raw_data").rglob("*.wav"))
    both = [al.read_audio(sound, channel=channel) for channel in (0, 1)]
    quiet = np.abs(both[1]) < 0.9
    assert 20 * np.log10(np.std(both[1][quiet]) / np.std(both[0][quiet])) == pytest.approx(6, abs=0.1)
    assert len(windows) == len(pd.read_csv(tmp_path / "a" / "anuraset" / "metadata.csv")) > 0
    files = stand_in.pack(tmp_path / "a", tmp_path / "record")
    assert sorted(files) == ["anuraset.zip", "raw_data.zip", "species.csv", "strong_labels.zip", "weak_labels.csv"]
