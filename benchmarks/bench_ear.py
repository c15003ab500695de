"""What a network and the second annotator of the pond say to the clips of the page "Train your ear".

The network is that of the chapters on training and evaluation: the small network, from the windows of the train subset
that begin at an even second. It has met none of the clips' individuals. The second annotator labels each clip by the
rule that made the second set of labels of the pond (`annotate_carelessly`): of a clear call he misses few, of a faint
one many, and he takes some for their look-alike. The page compares both with its reader, question by question.

    python benchmarks/bench_ear.py [--pond mini] [--epochs 12] [--save]
"""

import string
import time

import numpy as np
import pandas as pd
from _results import save_results
from _table import arguments, row, show

import anuralib as al
from anuralib.pond.simulate import HIGH_DB, MEDIUM_DB, annotate_carelessly
from anuralib.show import ear
from anuralib.sound.audio import SAMPLE_RATE_HZ

NAMED = ("six", "others", "noise")  # the steps that ask for one name
COLUMNS = ["clip", "step", "answer", "annotator", "network"]


def trained(pond_size, epochs):
    """The network of the chapter on training."""
    pond = al.load_dataset("pond", size=pond_size)
    windows = al.window_labels(pond.strong_labels, pond.recordings, pond.species)
    windows = al.add_validation(al.stratified_split(windows, seed=0), seed=0)
    features = al.window_features(windows, pond, cache_dir=True)
    learn = (windows["subset"] == "train") & (windows["min_t"] % 2 == 0)
    train, valid = ((features[rows], windows.loc[rows, pond.species])
                    for rows in (learn.to_numpy(), (windows["subset"] == "valid").to_numpy()))  # fmt: skip
    model = al.build_model("small_cnn", pond.species, seed=0)
    al.fit(model, train, valid, epochs=epochs, seed=0, progress=False)
    return model


def letters(codes):
    """Code to a letter, in the order of the call types, so that an order of all of them is a short word."""
    return dict(zip(codes, string.ascii_lowercase, strict=False))


def annotator_says(answer, above_db, rng):
    """The code that the second annotator gives to a clip with one call, or an empty string where he misses it."""
    letter = "LMH"[np.digitize(above_db, [MEDIUM_DB, HIGH_DB])]
    call = pd.DataFrame({"start_s": [0.5], "end_s": [2.5], "label": [f"{answer}_{letter}"]})
    given = annotate_carelessly(call, ear.SECONDS, rng)
    return given["label"].iloc[0].split("_")[0] if len(given) else ""


def answers(model, codes, seed=0):
    """A row per clip that asks for one name: `COLUMNS`; ``network`` are the letters of all types, likeliest first."""
    letter = letters(al.call_types()["code"])
    heard = [clip for clip in ear.pond_clips(seed, codes) if clip["step"] in NAMED]
    plan = ear.clip_plan(seed, codes)
    sounds = np.stack([al.preprocess(clip["sound"], SAMPLE_RATE_HZ) for clip in heard])
    probabilities = pd.DataFrame(al.predict(model, sounds), columns=model.species)
    probabilities = probabilities.reindex(columns=list(letter), fill_value=-1.0)  # what it has not learnt comes last
    rows = []
    for clip, given in zip(heard, probabilities.to_numpy(), strict=True):
        above_db = -plan[clip["clip"]][2].get("noise_db", -35.0)
        said = annotator_says(clip["answer"], above_db, np.random.default_rng([seed, clip["clip"]]))
        order = "".join(letter[code] for code in probabilities.columns[np.argsort(-given, kind="stable")])
        rows.append((clip["clip"], clip["step"], clip["answer"], said, order))
    return pd.DataFrame(rows, columns=COLUMNS)


def facts(table):
    """Shares of the clips that the network and the annotator named, in per cent, by step."""
    letter = letters(al.call_types()["code"])
    said = {"network": table["network"].str[0] == table["answer"].map(letter),
            "annotator": table["annotator"] == table["answer"]}  # fmt: skip
    return {f"ear_{who}_{step}": float(100 * right[table["step"] == step].mean())
            for who, right in said.items() for step in NAMED}  # fmt: skip


def main():
    parser = arguments(__doc__)
    parser.add_argument("--pond", default="mini", help="size of the pond")
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--types", type=int, help="only so many call types")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/bench_ear.csv")
    chosen = parser.parse_args()
    started = time.perf_counter()
    table = answers(trained(chosen.pond, chosen.epochs), list(al.call_types()["code"][: chosen.types]))
    found = facts(table)
    rows = {step: row(found[f"ear_network_{step}"], found[f"ear_annotator_{step}"], "% of clips named")
            for step in NAMED}  # fmt: skip
    show(rows, f"{len(table)} clips; ours: the network, peer: the second annotator", ["torch"], chosen.json)
    if chosen.save:
        note = (f"clips of the page Train your ear; small_cnn of the chapter on training (pond {chosen.pond}, "
                f"{chosen.epochs} epochs); network: call types as letters in their order, likeliest first")  # fmt: skip
        save_results("bench_ear", table, [0], time.perf_counter() - started, note=note)


if __name__ == "__main__":
    main()
