"""Station-days an hour from files to detections, beside SeisBench with the same weights.

Both read the same miniSEED files of synthetic station-days, one thread, CPU seconds of this
process, in turn. SeisBench reads them with ObsPy and calls ``classify``, which gives times and
probabilities; ``quakeloom detect`` gives picks with uncertainty and signal-to-noise, first
motions, vetting and the rows of station-days.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import warnings
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

from _harness import Stopwatch, figure, print_result
from picking import cpu_seconds, simulate_day
from quakeloom.cluster import peak_memory_mb
from quakeloom.config import Cluster, Detect, Waveforms
from quakeloom.core import InputError
from quakeloom.formats import Trace, write_miniseed
from quakeloom.stages.archive.directions import SensorDirections
from quakeloom.stages.detect.archive_days import ArchiveDays, day_start
from quakeloom.stages.detect.verbs import DetectAsked, Instruments, detect_index
from quakeloom.stages.weights.pickers import find_picker_weights
from quakeloom.stages.without_a_run.detect_folder import index_folder

_DAY = "2020-01-01"


def write_day(folder: Path, hours: float) -> None:
    """Write a station-day as three miniSEED files."""
    data = simulate_day(hours, int(hours * 6))
    for code, row in zip("ENZ", data.astype("int32"), strict=True):
        trace = Trace("XX", "ABC", "", f"HH{code}", day_start(_DAY), 100.0, row, row.size, "")
        write_miniseed(folder / f"ABC.HH{code}.mseed", [trace])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="Three hours instead of a day.")
    parser.add_argument("--weights", default="phasenet/original")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    import torch

    torch.set_num_threads(1)
    watch = Stopwatch()
    hours, repeat = (3.0, 2) if options.quick else (24.0, 3)
    published = True
    try:
        find_picker_weights(options.weights)
    except InputError:
        options.weights, published = "own", False
    with tempfile.TemporaryDirectory() as written:
        folder = Path(written)
        write_day(folder, hours)
        asked = DetectAsked(Detect(), Waveforms(picker=options.weights), Cluster())
        index = ArchiveDays(index_folder(folder)[0], 0).of_day(_DAY)

        def ours() -> int:
            found = detect_index(index, _DAY, asked, Instruments(SensorDirections()))
            return found.detections.num_rows

        turns = {"ours": ours}
        if published:
            turns["classify"] = seisbench_turn(options.weights, folder)
        picks = {name: call() for name, call in turns.items()}
        least = dict.fromkeys(turns, float("inf"))
        for _ in range(repeat):
            for name, call in turns.items():
                least[name] = min(least[name], cpu_seconds(call, 1))
    per_day = {name: seconds * 24.0 / hours for name, seconds in least.items()}
    figures = [figure("station_days_per_hour", 3600.0 / per_day["ours"], "1/h")]
    if published:
        figures.append(
            figure("ratio_to_seisbench_classify", least["classify"] / least["ours"], "1")
        )
    settings = {
        "hours": hours, "weights": options.weights, "picks": picks,
        "cpu_seconds_per_station_day": per_day, "peak_mb": peak_memory_mb(),
    }  # fmt: skip
    print_result("detect", figures, settings, watch.seconds())


def seisbench_turn(weights: str, folder: Path):
    """Return what SeisBench does: read the files and classify."""
    import obspy
    import seisbench.models as models

    model, name = weights.split("/")
    names = {n.lower(): n for n in dir(models) if isinstance(getattr(models, n), type)}
    network = getattr(models, names[model]).from_pretrained(name)
    network.eval()

    def classify() -> int:
        stream = obspy.Stream()
        for file in sorted(folder.iterdir()):
            stream += obspy.read(str(file))
        return len(network.classify(stream, batch_size=32, P_threshold=0.5, S_threshold=0.5).picks)

    return classify


if __name__ == "__main__":
    main()
