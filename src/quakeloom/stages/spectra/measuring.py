"""Spectra of the readings of a block of windows, with responses; runs on a worker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from quakeloom.config import Spectra
from quakeloom.detection import VelocityResponse
from quakeloom.signal import is_clipped_before
from quakeloom.spectra import (
    MeasuredSpectra,
    MeasuringChoices,
    frequency_bins,
    measure_spectra,
)
from quakeloom.stages.archive.instrument_responses import StationResponses
from quakeloom.stages.archive.record_flags import has_flag
from quakeloom.stages.spectra.wanted_spectra import WantedSpectrum
from quakeloom.store import Item, open_array

Floats = NDArray[np.float64]

BLOCK = 256
"""Stored windows that are read at a time; chosen here: some 10 MB."""

KEPT = ("measured", "narrow_band")
"""Statuses of readings whose spectra are kept: those in their noise say what an event is not."""

_PASS = 0.8
"""Share of the Nyquist frequency up to which records are used: filters of recorders end there."""

_ALIKE = 0.05
"""Share by which responses of channels may differ that were turned into each other."""

_OTHER_NAMES = {"E": ("E", "2", "1", "3"), "N": ("N", "1", "3", "2"), "Z": ("Z", "3", "1", "2")}
"""Last letters of the channel that a component may have been, the likeliest first."""


@dataclass(frozen=True)
class MeasureTask:
    """Readings of a block of stored windows.

    Attributes
    ----------
    spectra : Spectra
    group : Item
        Where the windows lie.
    components : str
    rate_hz : float
    first : int
        Number of the first window of the block.
    wanted : tuple of WantedSpectrum
    responses : dict
        By network and station.
    """

    spectra: Spectra
    group: Item
    components: str
    rate_hz: float
    first: int
    wanted: tuple[WantedSpectrum, ...]
    responses: dict[tuple[str, str], StationResponses]


@dataclass
class MeasuredBlock:
    """Rows of readings with their places, and the spectra of those that have one, in one order."""

    orders: list[int]
    rows: list[dict[str, object]]
    log_displacement: NDArray[np.float32]
    log_noise: NDArray[np.float32]
    log_error: NDArray[np.float32]


@dataclass(frozen=True)
class _Ready:
    """A reading that can be measured."""

    wanted: WantedSpectrum
    response: Floats
    highest_hz: float


def measure_block(task: MeasureTask) -> MeasuredBlock:
    """Measure the spectra of a block of windows; each reading has its row, measured or not."""
    array = open_array(task.group, "waveform")
    data = np.asarray(array[task.first : min(task.first + BLOCK, array.shape[0])], np.float64)
    bins = frequency_bins().count
    spectra = np.full((3, len(task.wanted), bins), np.nan, np.float32)
    groups: dict[tuple[int, int], list[tuple[int, _Ready]]] = {}
    for k, wanted in enumerate(task.wanted):
        ready = _prepare(task, wanted, data)
        if ready is not None:
            size = wanted.end - wanted.start, wanted.quiet_end - wanted.quiet_start
            groups.setdefault(size, []).append((k, ready))
    choices = MeasuringChoices(task.spectra.minimum_snr, task.spectra.misfit)
    for size in sorted(groups):
        at, ready_ones = zip(*groups[size], strict=True)
        cut = [
            (
                data[r.wanted.window - task.first][:, r.wanted.start : r.wanted.end],
                data[r.wanted.window - task.first][:, r.wanted.quiet_start : r.wanted.quiet_end],
            )
            for r in ready_ones
        ]
        found = measure_spectra(
            np.stack([c[0] for c in cut]), np.stack([c[1] for c in cut]), task.rate_hz,
            np.stack([r.response for r in ready_ones]),
            np.array([r.highest_hz for r in ready_ones]), choices,
        )  # fmt: skip
        for i, k in enumerate(at):
            _keep(task.spectra, task.wanted[k], found, i)
            spectra[:, k] = found.log_displacement[i], found.log_noise[i], found.error[i]
    measured = [w.row["spectrum_status"] in KEPT for w in task.wanted]
    return MeasuredBlock(
        [w.order for w in task.wanted], [w.row for w in task.wanted], *spectra[:, measured]
    )


def _keep(spectra: Spectra, wanted: WantedSpectrum, found: MeasuredSpectra, i: int) -> None:
    """Put what was measured into the row of a reading."""
    f = frequency_bins().center_hz
    first, last = (int(b) for b in found.bounds[i])
    wanted.row["spectrum_snr"] = float(found.snr[i])
    if last - first < spectra.minimum_bins:
        band = f" from {f[first]:.2g} to {f[last - 1]:.2g} Hz" if last > first else ""
        wanted.refuse(
            "narrow_band",
            f"{last - first} of {spectra.minimum_bins} bins are above the noise{band}",
        )
        return
    wanted.row["band_low_hz"], wanted.row["band_high_hz"] = float(f[first]), float(f[last - 1])


def _prepare(task: MeasureTask, wanted: WantedSpectrum, data: Floats) -> _Ready | None:
    """Return what a reading is measured with; refuse it with a reason where that lacks."""
    if wanted.window < 0:
        return None
    record = data[wanted.window - task.first]
    vertical = task.components.index("Z")
    living = [k for k in range(len(task.components)) if record[k].any()]
    flat = [k for k in living if k != vertical]
    phase = wanted.row["spectrum_phase"]
    if phase == "S" and len(flat) < 2:
        wanted.refuse("no_component", "S needs two horizontals")
        return None
    if phase == "P" and vertical not in living:
        wanted.refuse("no_component", "P needs the vertical")
        return None
    names = [task.components[k] for k in living]
    wanted.row["spectrum_components"] = "".join(names)
    for k in living:
        if has_flag(wanted.flags, task.components[k], "clipped") and is_clipped_before(
            record[k], wanted.end
        ):
            wanted.refuse("clipped", f"component {task.components[k]} stood at its limit")
            return None
        if not record[k, wanted.end - 2 : wanted.end].any():
            wanted.refuse("gap", f"component {task.components[k]} ends within the window")
            return None
        if not record[k, wanted.quiet_start : wanted.quiet_start + 2].any():
            wanted.refuse("no_noise", f"component {task.components[k]} begins within the noise")
            return None
    return _with_responses(task, wanted, living)


def _with_responses(task: MeasureTask, wanted: WantedSpectrum, living: list[int]) -> _Ready | None:
    """Return a reading with the responses of its components at the bins."""
    f = frequency_bins().center_hz
    row = wanted.row
    known = task.responses.get((row["network"], row["station"]))
    if known is None or not known.any:
        wanted.refuse("no_response", "no response of the station is known")
        return None
    response = np.full((len(task.components), f.size), np.nan)
    highest = 0.5 * task.rate_hz
    for k in living:
        found = _find_response(task.spectra, known, wanted, task.components[k])
        if isinstance(found, str):
            wanted.refuse("no_response", found)
            return None
        if found[1]:
            wanted.refuse("no_response", "only a sensitivity is known, no response")
            return None
        response[k] = np.abs(found[0].at(f))
        highest = min(highest, 0.5 * found[0].rate_hz)
    if wanted.orientation == "rotated":
        own = response[living]
        if np.nanmax(np.abs(own / own[0] - 1.0)) > _ALIKE:
            wanted.refuse("no_response", "components of unlike responses were turned")
            return None
    return _Ready(wanted, response, _PASS * highest)


def _find_response(
    spectra: Spectra, known: StationResponses, wanted: WantedSpectrum, component: str
) -> tuple[VelocityResponse, bool] | str:
    """Return the response of a component, or why there is none.

    Records without a band code take that of the only band the metadata have at that time.
    """
    band = str(wanted.row["channel"]).rstrip("?")
    band = band or spectra.channel_bands.get(str(wanted.row["station"]), "")
    if not band:
        there = {r.channel[:2] for r in known.responses if r.start <= wanted.time < r.end}
        if len(there) != 1:
            return (
                f"the record names no band, and the metadata have {', '.join(sorted(there))}; "
                "name it in spectra.channel_bands"
                if there
                else "no response is known at that time"
            )
        band = there.pop()
        wanted.row["channel"] = f"{band}?"
    first: str = ""
    for letter in _OTHER_NAMES.get(component, (component,)):
        found = known.find(str(wanted.row["location_code"]), band + letter, wanted.time)
        if not isinstance(found, str):
            return found
        first = first or found
    return first
