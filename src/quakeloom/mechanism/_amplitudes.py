"""S/P amplitude ratios: predicted values and their misfit for all mechanisms.

In the frame of a plane the ratio depends on the angle of the ray to the normal and on the
ray's azimuth about the normal, counted from the slip. The slips of a plane are equal turns,
so the predictions of one plane are a run of values in a table over these two angles.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import compiled
from quakeloom.mechanism._codes import HALF_PI, Rows, arctan_unit, ray_vector
from quakeloom.mechanism._counters import Words, trailing_zeros
from quakeloom.mechanism._grid import MechanismGrid
from quakeloom.mechanism._readings import Readings

SMALLEST_LOG_RATIO = -2.0
LARGEST_LOG_RATIO = 4.0
"""log10 S/P that stand for no S and for no P, as in HASH v1.2."""

_CELL_DEG = 0.5
"""Cells of the tables of predicted S/P. Chosen here: as fine as tabulated rays, whose rounding
changes a mechanism less than another seed of the draws does (``benchmarks/mechanism.py``)."""

_USUAL_SLIPS = 36
_USUAL_RUN = 40
"""Slips of a plane on the grid of 5 degrees, and that number rounded up to whole vector
registers of eight."""

_F = np.float32
"""Single precision: twice as many numbers in a vector register."""
_PI = _F(np.pi)
"""Half a turn in radians, single precision."""


def sp_log_ratios(
    normals: NDArray[np.float64],
    slips: NDArray[np.float64],
    rays: NDArray[np.float64],
    vp_vs_ratio: float = 1.7,
) -> NDArray[np.float64]:
    """Return log10 of the far-field S/P amplitude ratio of double couples.

    ``log10((vp/vs)^3 S / P)`` with ``P = |sin 2t cos f|`` and
    ``S = sqrt(cos^2 2t cos^2 f + cos^2 t sin^2 f)``, ``t`` the angle of the ray to the normal
    and ``f`` its azimuth about the normal from the slip; from -2 (no S) to 4 (no P).

    Parameters
    ----------
    normals, slips, rays : float64, shape ``S + (3,)``, broadcast
        Unit vectors, north, east, down.
    vp_vs_ratio : float

    References
    ----------
    Hardebeck, J. L. and P. M. Shearer (2003), BSSA 93, 2434-2444.
    """
    an = np.sum(rays * normals, axis=-1)
    along = np.sum(rays * slips, axis=-1)
    p = 2.0 * np.abs(an * along)
    s = np.sqrt(np.maximum(an**2 + along**2 - 4.0 * (an * along) ** 2, 0.0))
    return _bounded_log_ratio(p, s, vp_vs_ratio)


def _bounded_log_ratio(
    p: NDArray[np.float64], s: NDArray[np.float64], vp_vs_ratio: float
) -> NDArray[np.float64]:
    # Where both vanish the ray lies along the null axis; as in HASH the missing P decides.
    floor = 1e-12
    ratio = np.log10(vp_vs_ratio**3 * np.maximum(s, floor) / np.maximum(p, floor))
    ratio = np.where(p <= floor, LARGEST_LOG_RATIO, ratio)
    return np.clip(ratio, SMALLEST_LOG_RATIO, LARGEST_LOG_RATIO)


class RatioTable(NamedTuple):
    """Predicted log10 S/P over the ray's angles in the frame of a plane.

    Attributes
    ----------
    values : float32
        Over tilt from the normal, residue of the azimuth, and run of slips; then zeros.
    shape : int64
        Tilts, residues, multiples of the step in half a turn, length of a run.
    scales : float32
        Cells per radian of tilt and of azimuth, ``(vp/vs)^3``, steps per radian.
    """

    values: NDArray[np.float32]
    shape: NDArray[np.int64]
    scales: NDArray[np.float32]


@compiled(nogil=True)
def run_length(slips: int) -> int:
    """Length of a plane's run of misfits: the slips, rounded up to whole vector registers.

    Only for 36 slips of 5 degrees, where the four beyond repeat the first four.
    """
    return _USUAL_RUN if slips == _USUAL_SLIPS else slips


@lru_cache(maxsize=2)
def _ratio_table(step_deg: float, slips: int, vp_vs_ratio: float) -> RatioTable:
    per_step = max(round(step_deg / _CELL_DEG), 1)
    step = np.radians(step_deg)
    cell = step / per_step
    tilts = round(90.0 / _CELL_DEG)
    # Cells are evaluated at their centers, off the nodal lines where the ratio is singular.
    tilt = ((np.arange(tilts) + 0.5) * np.pi / 2 / tilts)[:, None, None]
    # The ray's azimuth is residue + a multiple of the step, both not negative; the run of
    # a plane starts at that multiple, counted down so that slips run upward.
    multiples = int(np.ceil(np.pi / step)) + 1
    residue = ((np.arange(per_step) + 0.5) * cell)[None, :, None]
    length = run_length(slips)
    place = (np.arange(multiples + length) - multiples) * step
    turn = residue - place[None, None, :]
    p = np.abs(np.sin(2 * tilt) * np.cos(turn))
    s = np.hypot(np.cos(2 * tilt) * np.cos(turn), np.cos(tilt) * np.sin(turn))
    table = _bounded_log_ratio(p, s, vp_vs_ratio).astype(np.float32)
    # After the table a run of zeros, for observations that are not there.
    return RatioTable(
        np.concatenate([table.ravel(), np.zeros(length, np.float32)]),
        np.array([tilts, per_step, multiples, multiples + length], np.int64),
        np.array([tilts * 2 / np.pi, 1.0 / cell, vp_vs_ratio**3, 1.0 / step], np.float32),
    )


def ratio_table(grid: MechanismGrid, vp_vs_ratio: float) -> RatioTable:
    """Return the (kept) predictions of log10 S/P for a grid."""
    return _ratio_table(grid.step_deg, grid.slips_per_plane, float(vp_vs_ratio))


@compiled(nogil=True)
def _arctan2_positive(y: np.float32, x: np.float32) -> np.float32:
    """atan2 for float32 ``y >= 0``, from 0 to pi, error 2e-6."""
    ax = abs(x)
    big = max(ax, y)
    low = min(ax, y)
    r = low / max(big, _F(1e-30))
    angle: np.float32 = arctan_unit(r)
    angle = angle if ax >= y else HALF_PI - angle
    return angle if x >= _F(0.0) else _PI - angle


@compiled(nogil=True)
def _find_runs(
    fx: np.float32,
    fy: np.float32,
    fz: np.float32,
    frames32: NDArray[np.float32],
    shape: NDArray[np.int64],
    scales: NDArray[np.float32],
    runs: NDArray[np.int32],
) -> None:
    """Start of every plane's run of predictions for one ray."""
    last_tilt = np.int32(shape[0] - 1)
    per_step, multiples, width = np.int32(shape[1]), np.int32(shape[2]), np.int32(shape[3])
    last_multiple, last_residue = multiples - np.int32(1), per_step - np.int32(1)
    per_tilt, per_turn, per_multiple = scales[0], scales[1], scales[3]
    n0, n1, n2 = frames32[0, 0], frames32[0, 1], frames32[0, 2]
    p0, p1, p2 = frames32[1, 0], frames32[1, 1], frames32[1, 2]
    q0, q1 = frames32[2, 0], frames32[2, 1]
    zero = _F(0.0)
    none = np.int32(0)
    for w in range(frames32.shape[2]):
        an = abs(fx * n0[w] + fy * n1[w] + fz * n2[w])
        x = fx * p0[w] + fy * p1[w] + fz * p2[w]
        y = fx * q0[w] + fy * q1[w]
        angle = _arctan2_positive(np.sqrt(x * x + y * y), an)
        tilt = min(np.int32(angle * per_tilt), last_tilt)
        x = x if y >= zero else -x
        angle = _arctan2_positive(abs(y), x)
        multiple = min(np.int32(angle * per_multiple), last_multiple)
        residue = np.int32(angle * per_turn) - multiple * per_step
        residue = min(max(residue, none), last_residue)
        runs[w] = (tilt * per_step + residue) * width + multiples - multiple


@compiled(nogil=True)
def _add_four(
    runs: NDArray[np.int32],
    table: NDArray[np.float32],
    values: NDArray[np.float32],
    planes: int,
    length: int,
    out: NDArray[np.float32],
) -> None:
    """Add the misfits of four observations, run by run."""
    v0, v1, v2, v3 = values[0], values[1], values[2], values[3]
    for w in range(planes):
        a = table[runs[0, w] : runs[0, w] + length]
        b = table[runs[1, w] : runs[1, w] + length]
        c = table[runs[2, w] : runs[2, w] + length]
        d = table[runs[3, w] : runs[3, w] + length]
        target = out[w * length : (w + 1) * length]
        if length == _USUAL_RUN:
            # A length that the compiler knows is unrolled into vector registers.
            for j in range(_USUAL_RUN):
                target[j] += abs(v0 - a[j]) + abs(v1 - b[j]) + (abs(v2 - c[j]) + abs(v3 - d[j]))
        else:
            for j in range(length):
                target[j] += abs(v0 - a[j]) + abs(v1 - b[j]) + (abs(v2 - c[j]) + abs(v3 - d[j]))


@compiled(nogil=True)
def predicted_log_ratio(an: float, along: float, factor: float) -> float:
    """Bounded log10 S/P from the ray's components along normal and slip."""
    floor = 1e-12
    p = 2.0 * abs(an * along)
    if p <= floor:
        return LARGEST_LOG_RATIO
    s = np.sqrt(max(an * an + along * along - p * p, 0.0))
    ratio: float = np.log10(factor * max(s, floor) / p)
    return min(max(ratio, SMALLEST_LOG_RATIO), LARGEST_LOG_RATIO)


@compiled(nogil=True)
def _add_exact(
    x: float,
    y: float,
    z: float,
    rows: Rows,
    factor: float,
    observed: float,
    length: int,
    out: NDArray[np.float32],
) -> None:
    """Add the misfits of one observation, evaluated for every mechanism."""
    frames, cosines, sines = rows.frames, rows.cosines, rows.sines
    slips = cosines.shape[0]
    for w in range(frames.shape[2]):
        an = x * frames[0, 0, w] + y * frames[0, 1, w] + z * frames[0, 2, w]
        first = x * frames[1, 0, w] + y * frames[1, 1, w] + z * frames[1, 2, w]
        second = x * frames[2, 0, w] + y * frames[2, 1, w] + z * frames[2, 2, w]
        for j in range(length):
            # Beyond the last slip the first ones come again.
            along = first * cosines[j % slips] + second * sines[j % slips]
            ratio = predicted_log_ratio(an, along, factor)
            out[w * length + j] += np.float32(abs(observed - ratio))


@compiled(nogil=True)
def add_amplitude_misfits(
    trial: int,
    paired: NDArray[np.int64],
    readings: Readings,
    rows: Rows,
    predictions: RatioTable,
    runs: NDArray[np.int32],
    out: NDArray[np.float32],
) -> None:
    """Write the sum of ``|observed - predicted|`` log ratios of every mechanism to ``out``.

    ``paired`` are the observations with S/P. A plane's values begin at multiples of
    :func:`run_length`.

    ``runs`` is scratch of four rows. Without a table of directions the formula is evaluated
    for every mechanism.
    """
    table, shape, scales = predictions.values, predictions.shape, predictions.scales
    exactly = rows.direction_step <= 0.0
    planes = rows.frames32.shape[2]
    length = run_length(rows.cosines.shape[0])
    out[:] = _F(0.0)
    values = np.zeros(4, np.float32)
    held = 0
    observed = readings.ratio
    for i in range(len(paired)):
        obs = paired[i]
        azimuth = np.float64(readings.rays.azimuth[trial, obs])
        takeoff = np.float64(readings.rays.takeoff[trial, obs])
        x, y, z = ray_vector(azimuth, takeoff)
        if exactly:
            _add_exact(x, y, z, rows, np.float64(scales[2]), observed[obs], length, out)
            continue
        _find_runs(_F(x), _F(y), _F(z), rows.frames32, shape, scales, runs[held])
        values[held] = observed[obs]
        held += 1
        if held == 4:
            _add_four(runs, table, values, planes, length, out)
            held = 0
    if held > 0:
        for i in range(held, 4):
            runs[i] = len(table) - length
            values[i] = _F(0.0)
        _add_four(runs, table, values, planes, length, out)


@compiled(nogil=True, fastmath={"nnan", "nsz"})
def _least_of_all(misfits: NDArray[np.float32]) -> np.float32:
    """Least misfit; all are numbers, as observations without ratio were left out."""
    least: np.float32 = misfits[0]
    for m in range(misfits.shape[0]):
        least = min(least, misfits[m])
    return least


@compiled(nogil=True)
def _least_misfit(
    misfits: NDArray[np.float32], accepted: Words, planes: int, parts: int, bits: int, length: int
) -> np.float32:
    """Least misfit among accepted mechanisms."""
    least = _F(1e30)
    for plane in range(planes):
        for part in range(parts):
            word = accepted[part * planes + plane]
            base = plane * length + part * bits
            while word != 0:
                least = min(least, misfits[base + trailing_zeros(word)])
                word &= word - 1
    return least


@compiled(nogil=True)
def limit_by_amplitudes(
    misfits: NDArray[np.float32], count: int, error: float, accepted: Words, rows: Rows
) -> None:
    """Narrow ``accepted`` to mechanisms whose amplitude misfit HASH would accept.

    The limit is ``max(total, least + extra)`` with ``total = max(count error, 2)`` and
    ``extra = max(count error / 2, 2)`` and the least misfit of all mechanisms; when none of
    those with acceptable polarities passes, of these.
    """
    planes, bits = rows.frames32.shape[2], rows.bits
    parts = rows.cosines.shape[0] // bits
    total = max(_F(count * error), _F(2.0))
    extra = max(_F(count * error * 0.5), _F(2.0))
    length = run_length(parts * bits)
    least = _least_of_all(misfits)
    limit = max(total, least + extra)
    inside = _least_misfit(misfits, accepted, planes, parts, bits, length)
    if inside > limit:
        limit = max(total, inside + extra)
    for plane in range(planes):
        for part in range(parts):
            w = part * planes + plane
            word = accepted[w]
            base = plane * length + part * bits
            passed = np.int64(0)
            while word != 0:
                j = trailing_zeros(word)
                passed |= np.int64(misfits[base + j] <= limit) << j
                word &= word - 1
            accepted[w] = passed
