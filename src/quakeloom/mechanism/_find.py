"""Find the mechanisms of a block of events."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import SettingsError, compiled, fault_vectors, plane_angles
from quakeloom.mechanism._amplitudes import ratio_table
from quakeloom.mechanism._blocks import MechanismBlock, ObservationBlock
from quakeloom.mechanism._codes import direction_rows
from quakeloom.mechanism._grid import MechanismGrid
from quakeloom.mechanism._options import MechanismOptions
from quakeloom.mechanism._quality import PlaneVectors, misfits_of, rate_quality, weight_vectors
from quakeloom.mechanism._readings import Limits, Readings, has_ray, read_block
from quakeloom.mechanism._solve import (
    MAXIMUM_READINGS,
    SOLVED,
    TOO_FEW,
    Found,
    GridArrays,
    empty_found,
    solve_block,
)


def find_mechanisms(
    block: ObservationBlock, grid: MechanismGrid, options: MechanismOptions | None = None
) -> MechanismBlock:
    """Find the focal mechanisms of a block of events by grid search.

    Per event: ``E`` or ``F`` without a search when polarities are too few or the gaps of the
    reference rays too large (in this order); else all mechanisms that the polarities (and
    S/P ratios) allow are found in every trial, weighted by how many trials accept them,
    averaged, and rated. With ``options.use_probabilities`` a posterior over the grid takes
    the place of acceptance.

    Acceptance follows Hardebeck & Shearer (2002, 2003): with ``n`` polarities, up to
    ``max(nint(n r), 2)`` misfits, or the least possible number plus ``max(nint(n r / 2), 2)``.

    Parameters
    ----------
    block : ObservationBlock
    grid : MechanismGrid
        From :func:`mechanism_grid`.
    options : MechanismOptions, optional

    Returns
    -------
    MechanismBlock
        One row per event, whatever became of it. Does not depend on the order of events or
        of observations, nor on how events are spread over blocks.

    References
    ----------
    Hardebeck, J. L. and P. M. Shearer (2002), BSSA 92, 2264-2276; (2003), BSSA 93, 2434-2444.
    """
    options = options or MechanismOptions()
    if grid.step_deg != options.grid_step_deg:
        raise SettingsError(
            f"The grid of mechanisms has a step of {grid.step_deg:g} degrees, but the settings "
            f"say grid_step_deg = {options.grid_step_deg:g}; results would be labeled wrongly. "
            "Make the grid with mechanism_grid(options.grid_step_deg)."
        )
    if block.n_trials > MAXIMUM_READINGS:
        raise SettingsError(
            f"The block has {block.n_trials} trials; counters hold {MAXIMUM_READINGS}. "
            "Lower the number of trials; some hundreds are more than enough."
        )
    block = block.in_order()
    readings = read_block(block, options.use_amplitudes)
    found = empty_found(len(block.event_keys), grid.count)
    solve_block(
        readings,
        _limits(options, block.n_trials),
        direction_rows(grid.step_deg, options.direction_step_deg if block.n_trials > 1 else 0.0),
        ratio_table(grid, options.vp_vs_ratio),
        GridArrays(grid.normals, grid.slips, grid.quaternions.astype(np.float32), grid.weights),
        found,
    )
    return _gather(readings, options, found)


def _limits(options: MechanismOptions, n_trials: int) -> Limits:
    return Limits(
        minimum=int(options.minimum_polarities),
        widest_azimuth=float(options.maximum_azimuthal_gap_deg),
        widest_takeoff=float(options.maximum_takeoff_gap_deg),
        use_onset=bool(options.use_onset),
        use_emergent=bool(options.use_emergent),
        use_probabilities=options.probability_mode,
        rate=float(options.polarity_error_rate),
        floor=float(options.probability_floor),
        amplitude_error=float(options.amplitude_error),
        maxout=int(options.maxout),
        average_hash=options.average == "hash",
        angle_deg=float(options.probability_angle_deg),
        least=float(options.multiple_probability),
        presence_of_count=acceptance_weights(n_trials, options.weighting_trials).astype(np.float32),
        level_of_count=_levels(n_trials),
    )


def acceptance_weights(n_trials: int, weighting_trials: int) -> NDArray[np.float64]:
    """Return the weight of a mechanism accepted in 0, 1, ..., ``n_trials`` trials.

    ``1 - C(N - c, m) / C(N, m)``: the chance that ``m`` of the ``N`` trials, drawn without
    replacement, include at least one of the ``c`` that accept. HASH's own set is the union
    over its trials; this is the mean of all such sets of size ``m``, and it does not grow
    with ``N``.
    """
    m = min(weighting_trials, n_trials)
    rejecting = n_trials - np.arange(n_trials + 1.0)
    none_accepts = np.ones(n_trials + 1)
    for k in range(m):
        none_accepts *= np.maximum(rejecting - k, 0.0) / (n_trials - k)
    weights = 1.0 - none_accepts
    weights[0] = 0.0
    return np.clip(weights, 0.0, 1.0)


def _levels(n_trials: int) -> NDArray[np.uint8]:
    """Return the stored weight, 1 to 255, of a mechanism accepted in so many trials."""
    share = np.arange(n_trials + 1) / n_trials
    return np.maximum(np.floor(255.0 * share + 0.5), 1).astype(np.uint8)


def _counted_signs(readings: Readings, options: MechanismOptions) -> NDArray[np.int8]:
    """Polarities as the search takes them: by probability where it does, emergent ones or not."""
    signs = readings.polarity.copy()
    if options.probability_mode:
        p = readings.probability_up
        sign = np.where(p > 0.5, 1, np.where(p < 0.5, -1, 0)).astype(np.int8)
        signs = np.where(np.isfinite(p), sign, signs)
    if not options.use_emergent:
        signs[~readings.impulsive] = 0
    return signs


@compiled(nogil=True)
def _rate_all(
    event: NDArray[np.int64],
    readings: Readings,
    factor: float,
    use_onset: bool,
    mechanisms: PlaneVectors,
    weighing: PlaneVectors,
    out: NDArray[np.float64],
) -> None:
    """Misfit, station distribution ratio and S/P misfit of solutions of events."""
    for k in range(event.shape[0]):
        first, last = readings.offsets[event[k]], readings.offsets[event[k] + 1]
        members = np.empty(last - first, np.int64)
        count = pairs = 0
        for j in range(first, last):
            i = readings.order[j]
            if has_ray(i, readings.rays):
                members[count] = i
                count += 1
                if np.isfinite(readings.ratio[i]):
                    pairs += 1
        out[0, k], out[1, k], out[2, k] = misfits_of(
            members[:count],
            readings,
            factor,
            use_onset and pairs == 0,
            PlaneVectors(mechanisms.normal[k], mechanisms.slip[k]),
            PlaneVectors(weighing.normal[k], weighing.slip[k]),
        )


def _gather(readings: Readings, options: MechanismOptions, found: Found) -> MechanismBlock:
    """Turn what the search wrote into columns."""
    status, counts, gaps = found.status, found.counts, found.gaps
    solution_count = counts[:, 4]
    offsets = np.concatenate([[0], np.cumsum(solution_count)]).astype(np.int64)
    event = np.repeat(np.arange(len(status)), solution_count)
    number = np.arange(len(event)) - offsets[event]
    strike, dip, rake = plane_angles(found.normals[event, number], found.slips[event, number])
    normal, slip = fault_vectors(strike, dip, rake)
    measures = np.zeros((3, len(event)))
    _rate_all(
        event,
        readings._replace(polarity=_counted_signs(readings, options)),
        options.vp_vs_ratio**3,
        options.use_onset,
        PlaneVectors(normal, slip),
        weight_vectors(strike, dip, rake, options.stdr_mode),
        measures,
    )
    spread = found.spreads[event, number]
    share = found.shares[event, number]
    letters = rate_quality(share, spread.mean(axis=1), measures[0], measures[1], options)
    first = offsets[:-1][status == SOLVED]
    solved = status == SOLVED

    def column(values: NDArray[np.float64]) -> NDArray[np.float64]:
        out = np.full(len(status), np.nan)
        out[solved] = values[first]
        return out

    auxiliary = plane_angles(slip, normal)
    quality = np.where(status == TOO_FEW, "F", "E")
    quality[solved] = letters[first]
    return MechanismBlock(
        status=status,
        strike_deg=column(strike),
        dip_deg=column(dip),
        rake_deg=column(rake),
        auxiliary_strike_deg=column(auxiliary[0]),
        auxiliary_dip_deg=column(auxiliary[1]),
        auxiliary_rake_deg=column(auxiliary[2]),
        fault_plane_uncertainty_deg=column(spread[:, 0]),
        auxiliary_plane_uncertainty_deg=column(spread[:, 1]),
        mechanism_probability=column(share),
        polarity_count=counts[:, 0].copy(),
        ignored_count=counts[:, 2].copy(),
        polarity_misfit=column(measures[0]),
        station_distribution_ratio=column(measures[1]),
        azimuthal_gap_deg=gaps[:, 0].copy(),
        takeoff_gap_deg=gaps[:, 1].copy(),
        amplitude_ratio_count=counts[:, 1].copy(),
        amplitude_ratio_misfit=column(measures[2]),
        solution_count=solution_count.copy(),
        acceptable_count=counts[:, 3].copy(),
        quality=quality,
        multiple=solution_count > 1,
        acceptance=found.acceptance,
        solution_offsets=offsets,
        solutions={
            "event": event,
            "solution": number.astype(np.int8),
            "strike_deg": strike,
            "dip_deg": dip,
            "rake_deg": rake,
            "fault_plane_uncertainty_deg": spread[:, 0],
            "auxiliary_plane_uncertainty_deg": spread[:, 1],
            "mechanism_probability": share,
            "polarity_misfit": measures[0],
            "station_distribution_ratio": measures[1],
            "amplitude_ratio_misfit": measures[2],
            "quality": letters,
        },
    )
