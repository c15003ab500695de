"""Simulating the pond, against a plain program that makes the same scenes.

Ours and the peer run in one process on one core, round by round, after a warm-up; medians are compared. The peer
renders calls of the same callers over as many layers of noise, but as one would first write it: noise shaped by a
filter in the time domain, and every call carried to the microphone by a convolution of its own.

    python benchmarks/bench_simulate.py [--json FILE]
"""

import statistics
import tempfile

import numpy as np
from _table import arguments, row, seconds, show
from scipy import signal

from anuralib.pond import scenes, simulate, timetable
from anuralib.pond.calls import call_types, draw_individual, synthesise_call
from anuralib.sound.audio import SAMPLE_RATE_HZ


def plan(n_recordings):
    """Scenes and singers, as `simulate_pond` draws them."""
    recordings, singers = timetable.plan_recordings(n_recordings, seed=0)
    rows = recordings.assign(number=np.arange(len(recordings))).to_dict("records")
    return [(scene, singers[singers["recording"] == scene["recording"]]) for scene in rows]


def peer_recording(scene, singers, duration_s):
    """The plain way: filtered noise, then call by call an echo and a sum."""
    rng = np.random.default_rng(scene["number"])
    n = round(duration_s * SAMPLE_RATE_HZ)
    hz, kinds = np.array(scenes._KNOTS_HZ, float), call_types()
    taps = signal.firwin2(2049, hz, scenes.gain(np.array(scenes._STEADY_DB[scene["site"]]) + 40), fs=SAMPLE_RATE_HZ)
    sound = np.zeros(n)
    for _ in range(4):  # steady noise, stream or wind, rain, the recorder
        sound += signal.lfilter(taps, 1.0, rng.standard_normal(n)) / 100
    t = np.arange(round(0.4 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tail = 0.02 * rng.standard_normal(len(t)) * np.exp(-12 * t)
    tail[0] = 1.0
    for singer in singers.itertuples():
        kind = kinds.loc[singer.species]
        callers = [draw_individual(rng) for _ in range(singer.n_callers)]
        lengths, periods = [[kind["note_s"]]] * len(callers), [kind["period_s"]] * len(callers)
        times = timetable.call_times(len(callers), lengths, periods, duration_s, rng, scene["feast"])
        for start_s, caller, _ in times:
            heard = signal.fftconvolve(synthesise_call(kind, callers[caller], rng), tail) / 100
            first = max(round(start_s * SAMPLE_RATE_HZ), 0)
            sound[first : first + len(heard)] += heard[: max(n - first, 0)]
    return sound


def main():
    parser = arguments(__doc__, recordings=12)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each recording")
    chosen = parser.parse_args()
    planned = plan(chosen.recordings)
    audio_s = chosen.recordings * chosen.seconds

    def ours():
        for scene, singers in planned:
            simulate.render_recording(scene, singers, chosen.seconds, seed=0)

    def peer():
        for scene, singers in planned:
            peer_recording(scene, singers, chosen.seconds)

    def whole_pond():
        with tempfile.TemporaryDirectory() as folder:
            simulate.write_pond(folder, chosen.recordings, chosen.seconds)

    scene, singers = planned[0]
    simulate.render_recording(scene, singers, chosen.seconds, seed=0)
    peer_recording(scene, singers, chosen.seconds)
    whole_pond()  # starts the worker processes
    took = {"ours": [], "peer": [], "pond": []}
    for _ in range(chosen.rounds):
        for name, function in (("ours", ours), ("peer", peer), ("pond", whole_pond)):
            took[name].append(seconds(function))
    speed = {name: audio_s / statistics.median(times) for name, times in took.items()}
    unit = "seconds of audio per second"
    table = {
        "render, one core": row(speed["ours"], speed["peer"], unit),
        "whole pond with files, all cores": row(speed["pond"], speed["peer"], unit),
    }
    title = f"{chosen.recordings} recordings of {chosen.seconds:g} s, {chosen.rounds} rounds, medians"
    show(table, title, ["numpy", "scipy"], chosen.json)


if __name__ == "__main__":
    main()
