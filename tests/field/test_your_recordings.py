"""A reader's own folder to the end: tables of claims, the one-page report, and real recordings all the way through."""

import re
import shutil

import matplotlib
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

import anuralib as al

RATE = 22050


def table(rows, species=("AAAAAA", "BBBBBB")):
    """Windows of 3 s, one after the other in each recording: (name, probabilities of each window)."""
    out = []
    for name, windows in rows:
        out += [(name, 3 * i, 3 * i + 3, *values) for i, values in enumerate(windows)]
    return pd.DataFrame(out, columns=["fname", "min_t", "max_t", *species])


NIGHTS = table([
    ("P_20240101_200000", [(0.9, 0.1), (0.6, 0.0)]),
    ("P_20240101_203000", [(0.2, 0.1), (0.1, 0.0)]),
    ("P_20240102_010000", [(0.8, 0.45), (0.1, 0.7)]),  # the same night as the two before
    ("P_20240102_200000", [(0.1, 0.52), (0.7, 0.0)]),
])  # fmt: skip


def test_shares_of_recordings_by_hour_by_hand():
    shares, recordings = al.species_by_hour(NIGHTS)
    assert list(shares.columns) == [20, 1]  # the evening first
    assert recordings.to_dict() == {20: 3, 1: 1}
    assert shares.loc["AAAAAA"].tolist() == pytest.approx([2 / 3, 1])
    assert shares.loc["BBBBBB"].tolist() == pytest.approx([1 / 3, 1])
    assert list(shares.index) == ["AAAAAA", "BBBBBB"]
    assert al.species_by_hour(NIGHTS, {"AAAAAA": 0.95, "BBBBBB": 0.5})[0].loc["AAAAAA"].sum() == 0


def test_a_recording_over_the_full_hour_counts_in_both():
    long = pd.DataFrame({"fname": "P_20240101_235957", "min_t": [0.0, 3.0], "max_t": [3.0, 6.0], "A": [0.9, 0.1]})
    shares, recordings = al.species_by_hour(long)
    assert shares.loc["A"].to_dict() == {23: 1.0, 0: 0.0} and recordings.to_dict() == {23: 1, 0: 1}


def test_what_to_verify_by_hand():
    rows = al.to_verify(NIGHTS)
    first = rows[rows["why"] == "first of the night"]
    assert first[["species", "recording", "start_s"]].to_numpy().tolist() == [
        ["AAAAAA", "P_20240101_200000", 0], ["BBBBBB", "P_20240102_010000", 3],
        ["AAAAAA", "P_20240102_200000", 3], ["BBBBBB", "P_20240102_200000", 0]]  # fmt: skip
    assert first["night"].tolist() == ["P 2024-01-01", "P 2024-01-01", "P 2024-01-02", "P 2024-01-02"]
    # 0.8 is certain enough at a threshold of 0.5, and 0.2, 0.1 are certain enough not to be there.
    assert rows[rows["why"] == "uncertain"].empty
    unsure = al.to_verify(NIGHTS, threshold=0.73, n_uncertain=2).query("why == 'uncertain'")
    assert unsure[["species", "probability"]].to_numpy().tolist() == [["BBBBBB", 0.7], ["AAAAAA", 0.7]]
    few = al.to_verify(NIGHTS, n_first=2, n_uncertain=0)
    assert few["species"].tolist() == ["AAAAAA", "BBBBBB"]  # the first night of each before the second of any
    shuffled = al.to_verify(NIGHTS.sample(frac=1, random_state=0))
    pd.testing.assert_frame_equal(rows, shuffled)


def test_the_threshold_of_the_run_is_taken(tmp_path):
    NIGHTS.to_csv(tmp_path / "predictions.csv", index=False)
    (tmp_path / "run.json").write_text('{"species": ["AAAAAA", "BBBBBB"], "threshold": [0.5, 0.99]}')
    shares, _ = al.species_by_hour(tmp_path / "predictions.csv")
    assert shares.loc["AAAAAA"].sum() > 0 and shares.loc["BBBBBB"].sum() == 0
    page = BeautifulSoup(al.report_page(tmp_path / "predictions.csv", tmp_path / "a.html").read_text(), "html5lib")
    assert "Never found: BBBBBB." in page.get_text() and "0.5 to 0.99, by species" in page.get_text()


def test_the_page_is_whole_readable_and_asks_nobody(tmp_path):
    rng = np.random.default_rng(0)
    for name in NIGHTS["fname"].unique():
        al.write_audio(tmp_path / "sound" / f"{name}.wav", rng.uniform(-0.1, 0.1, 6 * RATE), RATE)
    path = al.report_page(NIGHTS, tmp_path / "new" / "page.html", folder=tmp_path / "sound", title="A & B <pond>")
    assert [p.name for p in path.parent.iterdir()] == ["page.html"]
    text = path.read_text(encoding="utf-8")
    page = BeautifulSoup(text, "html5lib")
    assert page.title.string == page.h1.string == "A & B <pond>"
    heat, verify = page.find_all("table")
    head = [cell.get_text() for cell in heat.find_all("th", scope="col")]
    assert head == ["hour", "20", "01", "found in (recordings)"]
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in heat.find_all("tr")[1:]]
    assert rows == [["AAAAAA", "67", "100", "3"], ["BBBBBB", "33", "100", "2"], ["recordings made", "3", "1", "4"]]
    assert len(verify.find_all("tr")) == 1 + 2 * len(al.to_verify(NIGHTS))
    assert len(verify.find_all("audio")) == len(al.to_verify(NIGHTS))
    assert all((image.get("alt") or "").strip() for image in page.find_all("img"))
    assert not re.search(r"(src|href)=[\"']?(https?:|//)", text)
    assert len(text) < 400_000
    with pytest.raises(ValueError, match="no recording P_2024"):
        (tmp_path / "sound" / "P_20240101_200000.wav").unlink()
        al.report_page(NIGHTS, path, folder=tmp_path / "sound")
    assert path.read_text(encoding="utf-8") == text  # what stood there is untouched


@pytest.mark.browser
def test_the_page_runs_the_player_and_no_other_script(browser, tmp_path):
    """As if a name had got past all care: its script, its handler and its picture from elsewhere."""
    for name in NIGHTS["fname"].unique():
        al.write_audio(tmp_path / "sound" / f"{name}.wav", np.full(RATE, 0.1), RATE)
    path = al.report_page(NIGHTS.assign(min_t=0, max_t=1)[::2], tmp_path / "a.html", folder=tmp_path / "sound")
    tab, said, asked = browser.new_page(), [], []
    tab.on("console", lambda message: said.append(message.text))
    tab.route("https://**/*", lambda route: (asked.append(route.request.url), route.abort()))
    tab.goto(path.as_uri())
    assert tab.locator("[data-ready]").count() == tab.locator("audio").count() > 0 and said == []
    bad = "<script>window.ran = 1</script><img src='https://a.example/x.png' onerror='window.ran = 1'>"
    path.write_text(path.read_text(encoding="utf-8").replace("</h1>", f"</h1>{bad}"), encoding="utf-8")
    tab.goto(path.as_uri())
    assert tab.locator("[data-ready]").count() > 0 and tab.evaluate("window.ran") is None and len(said) >= 2
    assert asked == []
    tab.close()


def test_ink_can_be_read_on_every_colour():
    from anuralib.field.report import _heat_map

    values = np.linspace(0, 1, 201)
    shares = pd.DataFrame([values], index=["A"])
    cells = BeautifulSoup(_heat_map(shares, [1] * 201, {"A": 1}, 1), "html5lib").find_all("td", style=True)
    assert len(cells) == 201
    for value, cell in zip(values, cells, strict=True):
        rgb = np.array(matplotlib.colormaps["cividis"](value)[:3])
        light = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]
        ink = 0 if "color:#000" in cell["style"] else 1
        assert (max(light, ink) + 0.05) / (min(light, ink) + 0.05) >= 4.5, value


def test_without_dates_there_are_no_hours(tmp_path):
    undated = NIGHTS.assign(fname=NIGHTS["fname"].str.replace("P_2024", "tape "))
    with pytest.raises(ValueError, match="site_yyyymmdd_hhmmss"):
        al.species_by_hour(undated)
    page = BeautifulSoup(al.report_page(undated, tmp_path / "a.html").read_text(), "html5lib")
    assert "4 recordings have no date" in page.get_text()
    assert [th.get_text() for th in page.table.find_all("th", scope="col")] == ["hour", "found in (recordings)"]
    assert (al.to_verify(undated)["why"] == "first of the night").sum() == 5  # each recording a night of its own
    mixed = pd.concat([NIGHTS, undated.iloc[:2].assign(fname="tape 1")])
    assert al.species_by_hour(mixed)[1].sum() == 4
    assert "1 recordings have no date" in al.report_page(mixed, tmp_path / "b.html").read_text()


def test_nothing_found_is_said(tmp_path):
    text = al.report_page(NIGHTS, tmp_path / "a.html", threshold=1.0, n_uncertain=0).read_text()
    assert "Never found: AAAAAA, BBBBBB." in text and "Nothing was found." in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns="max_t"), "fname, min_t, max_t"),
        (lambda t: t[["fname", "min_t", "max_t"]], "a column for each species"),
        (lambda t: t.iloc[:0], "0 rows"),
        (lambda t: t.assign(AAAAAA=2.0), "column AAAAAA.*between 0 and 1"),
        (lambda t: t.assign(BBBBBB="x"), "column BBBBBB"),
        (lambda t: t.assign(BBBBBB=np.nan), "column BBBBBB"),
    ],
)
def test_tables_that_are_none_are_refused(change, message, tmp_path):
    for function in (al.species_by_hour, al.to_verify, lambda t: al.report_page(t, tmp_path / "a.html")):
        with pytest.raises(ValueError, match=message):
            function(change(NIGHTS))
    assert not list(tmp_path.iterdir())
    change(NIGHTS).to_csv(tmp_path / "predictions.csv", index=False)
    with pytest.raises(ValueError, match=r"predictions\.csv.*|fname"):
        al.to_verify(tmp_path / "predictions.csv")


def test_no_table_and_no_threshold(tmp_path):
    with pytest.raises(FileNotFoundError, match="predict_folder"):
        al.to_verify(tmp_path / "predictions.csv")
    with pytest.raises(ValueError, match="no entry for .'BBBBBB'"):
        al.to_verify(NIGHTS, {"AAAAAA": 0.5})


def test_real_recordings_from_the_folder_to_the_report(shared_data, tmp_path):
    pytest.importorskip("torch")
    folder = tmp_path / "my tapes"
    folder.mkdir()
    for name in ("great_plains_toad.wav", "spinetail.wav", "spinetail.txt", "soundshape_cuvieri.wav",
                 "soundshape_cuvieri.Table.1.selections.txt"):  # fmt: skip
        shutil.copy(shared_data / name, folder)
    (folder / "cut.wav").write_bytes((folder / "spinetail.wav").read_bytes()[:20])
    with pytest.warns(UserWarning, match=r"cut\.wav"):  # and Raven's table, which names no species
        data = al.load_dataset(folder, on_error="skip")
    found = data.check().set_index("problem")
    assert found.loc["recording can't be read and is left out", "n"] == 1
    assert found.loc["label file can't be read", "n"] == 1
    assert found.loc["no date and time known from the name", "n"] == 3
    # What the check asks for: the species of the Raven table, in a label file that says it.
    (folder / "soundshape_cuvieri.Table.1.selections.txt").rename(tmp_path / "raven.txt")
    calls = al.read_raven_table(tmp_path / "raven.txt").assign(label="PHYCUV")
    al.write_audacity_labels(calls, folder / "soundshape_cuvieri.txt")
    (folder / "cut.wav").unlink()
    data = al.load_dataset(folder)
    assert data.strong_labels["species"].value_counts().to_dict() == {"SP": 14, "CRER": 4, "PHYCUV": 3}
    with pytest.warns(UserWarning) as told:
        windows = al.window_labels(data.strong_labels, data.recordings, data.species)
    said = " ".join(str(one.message) for one in told)
    assert "great_plains_toad" in said and "shorter than a window" in said
    assert windows["fname"].unique().tolist() == ["spinetail"] and windows["SP"].sum() > 5
    model = al.build_model("small_cnn", data.species)
    features = al.window_features(windows, data, progress=False)
    al.fit(model, (features, windows[data.species]), epochs=1, device="cpu", progress=False)
    with pytest.warns(UserWarning, match="soundshape_cuvieri: shorter than a window"):
        path = al.predict_folder(model, folder, tmp_path / "out", threshold=0.2, device="cpu", progress=False)
    assert set(pd.read_csv(path)["fname"]) == {"great_plains_toad", "spinetail"}
    for name in ("great_plains_toad", "spinetail"):
        al.read_audacity_labels(tmp_path / "out" / "labels" / f"{name}.txt")
    with pytest.raises(ValueError, match="great_plains_toad"):
        al.species_by_hour(path)
    page = BeautifulSoup(al.report_page(path, tmp_path / "report.html", folder=folder).read_text(), "html5lib")
    assert "2 recordings have no date" in page.get_text() and "simulated" not in page.get_text()
