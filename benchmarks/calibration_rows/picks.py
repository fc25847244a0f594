"""Picks of P and S within two standard errors, on simulated seismograms and analysts' records."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from calibration_rows._row import Row, share_and_error
from quakeloom.formats import read_source
from quakeloom.picking import PHASES, Picker, pick_records
from quakeloom.signal import Record
from quakeloom.stages.training.simulated import local_records
from quakeloom.stages.weights.pickers import open_picker
from quakeloom.stages.without_a_run.pick_folder import pick_folder

START_NS = 1_577_836_800_000_000_000
RATE_HZ = 100.0

FOUND_WITHIN_S = 0.5
"""A pick farther from the arrival is another arrival: a false pick, not an error of time."""

FEWEST = 30
"""Arrivals of a class that is shown."""

BEFORE = {
    "S picks, own, recorded": 0.81,
    "S picks, classical, recorded": 0.48,
    "S picks, published weights, recorded": 0.88,
    "P picks, published weights, simulated": 0.874,
    "S picks, published weights, simulated": 0.925,
}
"""What held before the errors of that picker were fitted; of own and classical the mean of 74 to
88 % and 39 to 57 %."""

SNR_EDGES = (0.0, 5.0, 20.0, np.inf)
SNR_NAMES = ("below 5", "5 to 20", "above 20")


def shared() -> Path:
    """Folder of the recorded seismograms."""
    root = Path(__file__).resolve().parents[2]
    return Path(os.environ.get("QUAKELOOM_SHARED_DATA", root.parent / "shared" / "data"))


def pickers() -> Iterator[tuple[str, Picker]]:
    """The pickers that are at hand; published weights lie beside the recorded seismograms."""
    yield "own", open_picker("own")
    yield "classical", open_picker("classical")
    published = shared().parent / "weights" / "phasenet-original"
    files = sorted(published.rglob("original.pt*"))
    if files:
        yield "published weights", open_picker(str(files[0]))


def simulated_errors(picker: Picker, count: int) -> dict[str, NDArray[np.float64]]:
    """Errors, stated errors and signal-to-noise ratios of picks of arrivals that can be seen.

    Returns
    -------
    dict
        By phase, rows of error (pick minus arrival, s), standard error (s), ratio.
    """
    truth = local_records(11, "calibration", count)
    order = ["ZNE".index(c) for c in picker.components]
    names = [f"HH{c}" for c in picker.components]
    records = [
        Record(START_NS + i * 600 * 10**9, RATE_HZ, d[order].astype(np.float32), [0] * 3, names)
        for i, d in enumerate(truth.data)
    ]
    found = pick_records(picker, records)
    rows: dict[str, list[tuple[float, float, float]]] = {phase: [] for phase in PHASES}
    for i, (record, picks) in enumerate(zip(records, found, strict=True)):
        for phase, sample, clear in (
            ("P", truth.p_sample[i], truth.is_p_clear[i]),
            ("S", truth.s_sample[i], truth.is_s_clear[i]),
        ):
            mine = np.flatnonzero(np.array(picks.phase) == phase)
            if not len(mine) or not clear or not np.isfinite(sample):
                continue
            error = (picks.time[mine] - record.start) / 1e9 - sample / RATE_HZ
            k = int(np.argmin(np.abs(error)))
            if abs(error[k]) <= FOUND_WITHIN_S:
                pick = mine[k]
                rows[phase].append((error[k], picks.uncertainty_s[pick], picks.snr[pick]))
    return {phase: np.array(values).reshape(-1, 3) for phase, values in rows.items()}


def recorded_errors(picker: Picker) -> dict[str, NDArray[np.float64]]:
    """The same of the records of Northern California, against the analysts' picks."""
    folder = shared() / "ncedc"
    if not folder.is_dir():
        return {}
    found = pick_folder(folder / "waveforms", picker, span_s=(20.0, 50.0)).picks.to_pandas()
    truth = read_source(folder / "waveforms.csv").picks.to_pandas()
    errors = {}
    for phase in PHASES:
        mine = found[found.phase == phase]
        theirs = truth[truth.phase == phase].reset_index(names="record")
        both = mine.merge(theirs, on="station", suffixes=("", "_analyst"))
        both["error"] = (both.time - both.time_analyst).dt.total_seconds()
        both = both[both.error.abs() <= FOUND_WITHIN_S]
        best = both.loc[both.error.abs().groupby(both.record).idxmin()]
        errors[phase] = best[["error", "uncertainty_s", "snr"]].to_numpy(float)
    return errors


def _row(product: str, found: NDArray[np.float64], seconds: float) -> Row:
    error, stated = np.abs(found[:, 0]), found[:, 1]
    held, spread = share_and_error(error <= 2.0 * stated)
    return Row(
        product=product,
        stated=0.95,
        holds=held,
        standard_error=spread,
        truths=len(found),
        seconds=seconds,
        # both sides of the pick
        width=4000.0 * float(stated.mean()),
        unit="ms",
        before=BEFORE.get(product),
    )


def measure_picks(quick: bool) -> list[Row]:
    """Share of arrivals within two stated standard errors of the pick, by what they depend on."""
    rows = []
    for name, picker in pickers():
        begin = time.process_time()
        kinds = {"simulated": simulated_errors(picker, 100 if quick else 1400)}
        kinds["recorded"] = recorded_errors(picker)
        seconds = time.process_time() - begin
        for kind, found in kinds.items():
            for phase, values in found.items():
                product = f"{phase} picks, {name}, {kind}"
                rows.append(_row(product, values, seconds))
                if kind == "recorded":
                    continue
                for low, high, words in zip(SNR_EDGES[:-1], SNR_EDGES[1:], SNR_NAMES, strict=True):
                    part = values[(values[:, 2] >= low) & (values[:, 2] < high)]
                    if len(part) >= FEWEST:
                        rows.append(_row(f"{product}, SNR {words}", part, seconds))
    return rows
