"""Do the intervals hold the truth? Precision, call density, occupancy and activity of 200 simulated seasons.

No season has sound. A detector (`linear_probe` on mean and maximum of 64 mel bands) scores the windows of the mini
pond, each by a model that never heard its night. A season is the pond's timetable (`plan_recordings`), in which each
minute borrows the windows of a minute of the mini pond, from the same site and with the same answer
(`borrow_windows`). Reviewed clips are answered by the truth. A region is 40 ponds of 4 nights with 2 minutes each, and
the frog lives at each with a chance of one half; where it does not, its minutes are those of other animals alone.

    python benchmarks/bench_ecology.py [--seasons 200] [--json FILE] [--save]
"""

import time

import numpy as np
import pandas as pd
from _results import save_results
from _table import arguments, row, show
from tqdm.auto import tqdm

import anuralib as al

SPECIES = "HIGPEE"
MINUTES, THRESHOLD, STRICT = 1000, 0.0, 2.0
PONDS, NIGHTS, MINUTES_A_NIGHT, PSI = 40, 4, 2, 0.5
HISS = 0.01  # of the new recorder, as a part of full scale


def spectra(path, hiss=0.0):
    """Mean and maximum of each mel band in windows of 3 s."""
    sound = al.read_audio(path)
    sound = al.preprocess(sound + hiss * np.random.default_rng(0).normal(size=len(sound)), 22050)
    windows = sound[: len(sound) // 66_150 * 66_150].reshape(-1, 66_150)
    bands = al.log_mel(windows, n_fft=1024, hop=512, n_mels=64, band_hz=(100, 10_000))  # as window_features
    return np.hstack([bands.mean(axis=(1, 3)), bands.max(axis=(1, 3))])


def known_scores(pond):
    """Windows of the pond with score and answer; `hissed`: their scores had they been recorded with hiss (SIM3)."""
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species, hop_s=3)
    labels, night = windows[[SPECIES]], al.nights(windows)
    paths = pond.recordings.set_index("recording")["path"]
    names = windows["fname"].drop_duplicates()
    x = np.vstack([spectra(paths[name]) for name in names])
    there = (windows["site"] == "SIM3").to_numpy()
    hissed = np.vstack([spectra(paths[name], HISS) for name in windows.loc[there, "fname"].drop_duplicates()])
    fold = pd.factorize(night)[0] % 3
    score, new = np.empty(len(x)), np.full(len(x), np.nan)
    for k in range(3):
        probe = al.linear_probe(x[fold != k], labels[fold != k])
        score[fold == k] = log_odds(probe, x[fold == k])
        if (fold[there] == k).any():
            new[there & (fold == k)] = log_odds(probe, hissed[fold[there] == k])
    return pd.DataFrame({"recording": windows["fname"], "site": windows["site"], "score": score, "hissed": new,
                         "present": labels[SPECIES] == 1})  # fmt: skip


def log_odds(probe, x):
    prob = al.probe_probabilities(probe, x)[:, 0].astype(float)
    return np.log((prob + 1e-9) / (1 - prob + 1e-9))


def timetable(seed):
    """Minutes of a season, and whether the frog calls in them."""
    minutes, singers = al.timetable.plan_recordings(MINUTES, seed)
    callers = singers.loc[(singers["species"] == SPECIES) & ~singers["faint"], "recording"]
    return minutes.assign(present=minutes["recording"].isin(callers))


def answered(scores, present, **draw):
    clips = al.draw_clips(scores, **draw)
    return clips.assign(present=present[clips.index])


def precision_or_none(scores, clips):
    """None where a bin ends just above the threshold, and none of its reviewed clips lies between the two."""
    try:
        return al.precision_at(scores, clips, THRESHOLD)
    except ValueError:
        return None


def review_rows(windows, site, seed):
    """Precision and density of one season by each method."""
    scores, present = windows["score"], windows["present"]
    above, truth = scores >= THRESHOLD, {"precision": present[scores >= THRESHOLD].mean(), "density": present.mean()}
    for per_bin in (12, 25, 50, 100):
        clips = answered(scores, present, per_bin=per_bin, seed=seed)
        told = precision_or_none(scores, clips)
        if told:
            yield "precision", f"4 bins, {4 * per_bin} clips", told, truth["precision"]
        yield "density", f"4 bins, {4 * per_bin} clips", al.call_density(scores, clips), truth["density"]
    clips = answered(scores, present, seed=seed)
    few = al.call_density(scores, clips, prior=0.1)
    yield "density", "4 bins, 100 clips, prior 0.1", few, truth["density"]
    chance = al.score_curve(clips, at=scores)["probability"].to_numpy()
    yield "precision", "curve, 100 clips", {"estimate": chance[above].mean()}, truth["precision"]
    yield "density", "curve, 100 clips", {"estimate": chance.mean()}, truth["density"]
    yield "density", "counted above 0", {"estimate": above.mean()}, truth["density"]
    plain = answered(scores, present, bins=1, per_bin=100, seed=seed)
    yield "density", "1 bin, 100 clips", al.call_density(scores, plain), truth["density"]
    best = scores[above]
    plain = answered(best, present, bins=1, per_bin=100, seed=seed)
    yield "precision", "100 detections", al.precision_at(best, plain, THRESHOLD), truth["precision"]
    share = clips.groupby("low")["present"].mean()
    place = np.searchsorted(share.index, scores, side="right") - 1
    for name in ("SIM1", "SIM3"):
        here = (site == name).to_numpy()
        lent = {"estimate": share.to_numpy()[place[here]].mean()}
        yield f"density {name}", "bins of all sites", lent, present[here].mean()
        own = answered(scores[here], present, seed=seed)
        yield f"density {name}", "its own 100 clips", al.call_density(scores[here], own), present[here].mean()


def ponds_of(minutes):
    """Ponds of some nights with some minutes each, from the sites where the frog can live."""
    ponds = []
    for _, rows in minutes[minutes["site"] != "SIM1"].groupby("site"):
        rows = rows[rows.groupby("night").cumcount() < MINUTES_A_NIGHT]
        order = rows["night"].drop_duplicates().sample(frac=1, random_state=0)  # spread over the season
        night = rows["night"].map(dict(zip(order, range(len(order)), strict=True)))
        ponds += [rows.assign(visit=night % NIGHTS)[night // NIGHTS == k] for k in range(len(order) // NIGHTS)]
    return ponds


def region(ponds, known, seed):
    """Windows of 40 ponds with `pond` and `visit`."""
    rng = np.random.default_rng([seed, 1])
    chosen = rng.choice(len(ponds), PONDS, replace=False)
    lives = rng.random(PONDS) < PSI
    minutes = pd.concat([ponds[k].assign(pond=n, present=ponds[k]["present"] & lives[n]) for n, k in enumerate(chosen)])
    minutes["recording"] = minutes["pond"].astype(str) + " " + minutes["recording"]
    windows = al.borrow_windows(minutes, known, seed=seed)
    return windows.merge(minutes[["recording", "pond", "visit"]], on="recording")


def visits(values):
    """(ponds, visits) of a Series by pond and visit."""
    return values.astype(float).rename("value").reset_index().pivot_table("value", "pond", "visit").to_numpy()


def occupancy_rows(windows, seed):
    """Occupancy of one region by each method; the truth is the chance that a pond is occupied."""
    rng = np.random.default_rng([seed, 2])
    best = windows.sort_values("score").groupby(["pond", "visit"]).last()
    heard = visits(best["present"])
    for name, threshold in (("0", THRESHOLD), ("2", STRICT)):
        said = visits(best["score"] >= threshold)
        yield "occupancy", f"machine above {name}", "naive", {"estimate": (said.max(axis=1)).mean()}
        yield "occupancy", f"machine above {name}", "ordinary", al.occupancy(said)
        yield "occupancy", f"machine above {name}", "Royle & Link", al.occupancy(said, false_positives=True)
        asked = rng.random(said.shape) < 0.25
        sure = np.where(asked & (said == 1), 2 * heard, said)  # a detection that is refuted is none
        told = al.occupancy(sure, false_positives=True) | {"clips": int((asked & (said == 1)).sum())}
        yield "occupancy", f"machine above {name}, 1 in 4 verified", "Miller", told
    listened = visits(best["score"]) >= THRESHOLD
    verified = heard * listened
    yield "occupancy", "best clip of a night", "naive", {"estimate": verified.max(axis=1).mean()}
    told = al.occupancy(verified) | {"clips": int(listened.sum())}
    yield "occupancy", "best clip of a night", "ordinary", told
    chance = visits(windows.sample(frac=1, random_state=seed).groupby(["pond", "visit"])["present"].first())
    if chance.any():
        yield "occupancy", "random clip of a night", "ordinary", al.occupancy(chance) | {"clips": chance.size}


def hours(minutes):
    return pd.cut((minutes["datetime"].dt.hour - 17) % 24, [-1, 2, 5, 8, 12], labels=["17-20", "20-23", "23-2", "2-6"])


def activity_rows(minutes, windows, known, seed):
    """Share of the minutes from 20 to 23 h; the truth is the mean over seasons, put in later."""
    frog = minutes["site"] != "SIM1"
    here, hour = minutes[frog], hours(minutes[frog])
    said = (windows.groupby("recording")["score"].max() >= THRESHOLD)[here["recording"]].to_numpy()
    heard = here["present"].to_numpy()
    for unit, night in (("nights", here["night"]), ("minutes", here["recording"])):
        told = al.activity(heard, hour, night, n_boot=400, seed=seed).loc["20-23"]
        yield "activity 20-23", f"truth, over {unit}", told.rename({"share": "estimate"})
    told = al.activity(said, hour, here["night"], n_boot=400, seed=seed).loc["20-23"]
    yield "activity 20-23", "counted above 0", told.rename({"share": "estimate"})


def recorder_rows(minutes, known, seed):
    """Density at SIM3 from January on, with the old recorder and with one that hisses."""
    late = minutes[(minutes["site"] == "SIM3") & (minutes["datetime"].dt.year == 2021)]
    for name, column in (("old", "score"), ("new", "hissed")):
        lent = known[known["hissed"].notna()].drop(columns="score").assign(score=known[column])
        windows = al.borrow_windows(late, lent, seed=seed)
        scores, present = windows["score"], windows["present"]
        yield "recorder", f"{name}, counted above 0", {"estimate": (scores >= THRESHOLD).mean()}, present.mean()
        if name == "old":
            curve = answered(scores, present, seed=seed)
        chance = al.score_curve(curve, at=scores)["probability"].mean()
        yield "recorder", f"{name}, curve of the old", {"estimate": chance}, present.mean()
        own = answered(scores, present, seed=seed)
        yield "recorder", f"{name}, its own 100 clips", al.call_density(scores, own), present.mean()


def run(known, seasons):
    """A row for each season, quantity and method."""
    rows, tables = [], [timetable(seed) for seed in tqdm(range(1, seasons + 1), desc="timetables")]
    ponds = [pond for minutes in tables for pond in ponds_of(minutes)]
    for seed, minutes in enumerate(tqdm(tables, desc="seasons"), 1):
        windows = al.borrow_windows(minutes, known, seed=seed)
        site = minutes.set_index("recording")["site"][windows["recording"]].reset_index(drop=True)
        told = [*review_rows(windows, site, seed)]
        told += [(what, f"{data}, {model}", answer, PSI)
                 for what, data, model, answer in occupancy_rows(region(ponds, known, seed), seed)]  # fmt: skip
        told += [(*line, np.nan) for line in activity_rows(minutes, windows, known, seed)]
        told += [*recorder_rows(minutes, known, seed)]
        rows += [{"seed": seed, "what": what, "method": method, "truth": truth,
                  **{key: answer.get(key, np.nan) for key in ("estimate", "low", "high", "clips")}}
                 for what, method, answer, truth in told]  # fmt: skip
    rows = pd.DataFrame(rows)
    exact = (rows["what"] == "activity 20-23") & rows["method"].str.startswith("truth")
    rows.loc[rows["what"] == "activity 20-23", "truth"] = rows.loc[exact, "estimate"].mean()
    return rows


def summarise(rows):
    """Of each quantity and method over seasons: truth, bias, width of the interval, and how many intervals hold."""
    rows = rows.assign(off=rows["estimate"] - rows["truth"], width=rows["high"] - rows["low"],
                       holds=(rows["low"] <= rows["truth"]) & (rows["truth"] <= rows["high"]))  # fmt: skip
    table = rows.groupby(["what", "method"], sort=False).agg(
        seasons=("seed", "size"), truth=("truth", "mean"), estimate=("estimate", "mean"), bias=("off", "mean"),
        bias_error=("off", lambda off: off.std() / len(off) ** 0.5), spread=("off", "std"), width=("width", "mean"),
        coverage=("holds", "mean"), clips=("clips", "mean"))  # fmt: skip
    table.loc[table["width"].isna(), "coverage"] = np.nan
    return table.reset_index()


GUIDED, MACHINE = "best clip of a night, ordinary", "machine above 0, ordinary"


def recommended(table):
    """The rows of methods whose intervals are meant to hold the truth, as the chapter recommends them."""
    review = table["what"].isin(["precision", "density", "density SIM3"]) & table["coverage"].notna()
    return table[
        (review & ~table["method"].str.contains("prior"))
        | table["method"].isin([GUIDED, "old, its own 100 clips", "new, its own 100 clips"])
    ]


def facts(table):
    """The numbers that the chapter on ecology gives of this table, by glue key."""
    at = table.set_index(["what", "method"])
    width, bias, coverage, estimate = (at[column] for column in ("width", "bias", "coverage", "estimate"))
    told = {f"width_{n}": 100 * width["precision", f"4 bins, {n} clips"] for n in (48, 100, 200, 400)}
    count_20, old = ("activity 20-23", "counted above 0"), estimate["recorder", "old, counted above 0"]
    cover = recommended(table)["coverage"]
    told |= {
        "seasons": int(table["seasons"].max()),
        "width_above": 100 * width["precision", "100 detections"],
        "count_bias": 100 * bias["density", "counted above 0"],
        "absent": 100 * estimate["density SIM1", "bins of all sites"],
        "guided_bias": bias["occupancy", GUIDED],
        "guided_coverage": 100 * coverage["occupancy", GUIDED],
        "guided_clips": at["clips"]["occupancy", GUIDED],
        "random_clips": at["clips"]["occupancy", "random clip of a night, ordinary"],
        "random_width": width["occupancy", "random clip of a night, ordinary"] / width["occupancy", GUIDED],
        "machine_coverage": 100 * coverage["occupancy", MACHINE],
        "strict_coverage": 100 * coverage["occupancy", "machine above 2, ordinary"],
        "activity_bias": -100 * bias[count_20],
        "activity_coverage": 100 * coverage[count_20],
        "activity_nights": 100 * coverage["activity 20-23", "truth, over nights"],
        "recorder_fall": 100 * (1 - estimate["recorder", "new, counted above 0"] / old),
        "recorder_curve": 100 * bias["recorder", "new, curve of the old"],
        "recorder_own": 100 * bias["recorder", "new, its own 100 clips"],
        "cover_low": 100 * cover.min(),
        "cover_high": 100 * cover.max(),
    }
    return {f"ecology_{key}": value if isinstance(value, int) else float(value) for key, value in told.items()}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--seasons", type=int, default=200)
    parser.add_argument("--save", action="store_true", help="write results/bench_ecology.csv")
    given = parser.parse_args()
    start = time.perf_counter()
    known = known_scores(al.load_dataset("pond", size=given.pond))
    print(f"scores: {time.perf_counter() - start:.0f} s")
    table = summarise(run(known, given.seasons))
    with pd.option_context("display.width", 200, "display.max_rows", None):
        print(table.round(3).to_string())
    seconds = time.perf_counter() - start
    if given.save:
        note = f"{SPECIES} in {given.seasons} simulated seasons of {MINUTES} minutes and regions of {PONDS} ponds"
        seeds = [1, "...", given.seasons]
        save_results("bench_ecology", table, seeds, seconds, ("numpy", "scipy", "scikit-learn"), note)
    lines = table.dropna(subset="coverage")
    show({f"{line.what}: {line.method}": row(line.coverage, 0.95, "share of seasons") for line in lines.itertuples()},
         f"{given.seasons} seasons, {seconds:.0f} s", ("numpy", "scipy"), given.json)  # fmt: skip


if __name__ == "__main__":
    main()
