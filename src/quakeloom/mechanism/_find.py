"""Find the mechanisms of a block of events."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray
from scipy.special import gammaln

from quakeloom.core import SettingsError, fault_vectors, plane_angles
from quakeloom.mechanism._amplitudes import ratio_table, run_length
from quakeloom.mechanism._blocks import STATUSES, MechanismBlock, ObservationBlock
from quakeloom.mechanism._codes import DirectionCodes, direction_codes
from quakeloom.mechanism._counters import MAXIMUM_PLANES, STRIDE
from quakeloom.mechanism._grid import MechanismGrid
from quakeloom.mechanism._hash_average import hash_solutions
from quakeloom.mechanism._keyed import stream_start, uniform
from quakeloom.mechanism._options import MechanismOptions
from quakeloom.mechanism._preferred import MAXIMUM_SOLUTIONS, weighted_solutions
from quakeloom.mechanism._quality import gaps_of, misfits_of, rate_quality, weight_vectors
from quakeloom.mechanism._search import search_acceptable, search_posterior

SOLVED, TOO_FEW, AZIMUTHAL_GAP, TAKEOFF_GAP, NO_SOLUTION = (
    STATUSES.index(name)
    for name in ("solved", "too_few_polarities", "azimuthal_gap", "takeoff_gap", "no_solution")
)
_SUBSET = 4
_PLANES_OF_WORK = 5


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
    codes = direction_codes(
        grid.step_deg, options.direction_step_deg if block.n_trials > 1 else 0.0
    )
    count = len(block.event_keys)
    order = canonical_order(block)
    most = int(np.max(np.diff(block.offsets), initial=0))
    _refuse_crowd(most, block.n_trials)
    ratio = block.sp_log_ratio
    if not options.use_amplitudes:
        ratio = np.full_like(ratio, np.nan)
    table, shape, scales = ratio_table(grid, options.vp_vs_ratio)
    status = np.zeros(count, np.int8)
    counts = np.zeros((count, 5), np.int32)
    gaps = np.full((count, 2), np.nan)
    acceptance = np.zeros((count, grid.count), np.uint8)
    normals = np.zeros((count, MAXIMUM_SOLUTIONS, 3))
    slips = np.zeros((count, MAXIMUM_SOLUTIONS, 3))
    shares = np.zeros((count, MAXIMUM_SOLUTIONS))
    spreads = np.zeros((count, MAXIMUM_SOLUTIONS, 2))
    _find_block(
        block.event_keys, block.offsets, order, block.azimuth_deg, block.takeoff_deg,
        block.polarity, block.impulsive, block.probability_up, ratio, most,
        options.minimum_polarities, options.maximum_azimuthal_gap_deg,
        options.maximum_takeoff_gap_deg, options.use_onset, options.use_emergent,
        options.use_probabilities, options.polarity_error_rate, options.probability_floor,
        options.amplitude_error, options.maxout, options.average == "hash",
        options.probability_angle_deg, options.multiple_probability,
        acceptance_weights(block.n_trials, options.weighting_trials).astype(np.float32),
        _levels(block.n_trials), codes.direction_step_deg, codes.rings, codes.table, codes.width,
        codes.frames32,
        codes.frames, codes.cosines, codes.sines, codes.step, codes.bits, word_mask(codes),
        table, shape, scales, grid.normals, grid.slips, grid.quaternions.astype(np.float32),
        grid.weights,
        status, counts, gaps, acceptance, normals, slips, shares, spreads,
    )  # fmt: skip
    return _gather(
        block, ratio, order, options, status, counts, gaps, acceptance, normals, slips, shares,
        spreads,
    )  # fmt: skip


def canonical_order(block: ObservationBlock) -> NDArray[np.int64]:
    """Return the order of observations by event and station key.

    Sums of floats depend on the order of their terms; with this order the result does not
    depend on the order of input. Observations that share a key are ordered by their values.
    """
    event = np.repeat(np.arange(len(block.event_keys)), np.diff(block.offsets))
    order = np.lexsort((block.station_keys, event))
    keys, events = block.station_keys[order], event[order]
    if np.any((keys[1:] == keys[:-1]) & (events[1:] == events[:-1])):
        order = np.lexsort((
            block.probability_up, block.sp_log_ratio, block.impulsive, block.polarity,
            block.takeoff_deg[0], block.azimuth_deg[0], block.station_keys, event,
        ))  # fmt: skip
    return order.astype(np.int64)


def acceptance_weights(n_trials: int, weighting_trials: int) -> NDArray[np.float64]:
    """Return the weight of a mechanism accepted in 0, 1, ..., ``n_trials`` trials.

    ``1 - C(N - c, m) / C(N, m)``: the chance that ``m`` of the ``N`` trials, drawn without
    replacement, include at least one of the ``c`` that accept. HASH's own set is the union
    over its trials; this is the mean of all such sets of size ``m``, and it does not grow
    with ``N``.
    """
    m = min(weighting_trials, n_trials)
    c = np.arange(n_trials + 1)
    enough = n_trials - c >= m
    left = np.where(enough, n_trials - c, m)
    log_ratio = (
        gammaln(left + 1) - gammaln(left - m + 1) - gammaln(n_trials + 1)
        + gammaln(n_trials - m + 1)
    )  # fmt: skip
    weights = 1.0 - np.where(enough, np.exp(log_ratio), 0.0)
    weights[0] = 0.0
    return np.clip(weights, 0.0, 1.0)


def _levels(n_trials: int) -> NDArray[np.uint8]:
    """Return the stored weight, 1 to 255, of a mechanism accepted in so many trials."""
    share = np.arange(n_trials + 1) / n_trials
    return np.maximum(np.floor(255.0 * share + 0.5), 1).astype(np.uint8)


def word_mask(codes: DirectionCodes) -> NDArray[np.int64]:
    """Return the word of valid bits, once per word of a row."""
    return np.full(codes.chunks, (1 << codes.bits) - 1, np.int64)


def _refuse_crowd(most: int, trials: int) -> None:
    limit = (1 << (MAXIMUM_PLANES - 1)) - 1
    if most > limit or trials > limit:
        raise SettingsError(
            f"An event has {most} observations in {trials} trials; counters hold {limit} of "
            "either. Lower the number of trials, or split such an event."
        )


@njit(cache=True, nogil=True)
def _find_block(
    event_keys, offsets, order, azimuth, takeoff, polarity, impulsive, probability_up, ratio,
    most, minimum, widest_azimuth, widest_takeoff, use_onset, use_emergent, use_probabilities,
    rate, floor, amplitude_error, maxout, average_hash, angle_deg, least, presence_of_count,
    level_of_count, direction_step, rings, table, table_width, frames32, frames, cosines, sines,
    step, bits,
    mask, ratio_values, ratio_shape, ratio_scales, grid_normals, grid_slips, grid_quaternions,
    prior, status, counts, gaps, acceptance, normals, slips, shares, spreads,
):  # fmt: skip
    """Search and average every event of a block (see :func:`find_mechanisms`)."""
    planes = frames32.shape[2]
    words = mask.shape[0]
    size = grid_normals.shape[0]
    exact = np.zeros((most + 1) * words, np.int8)
    doubt = np.zeros(planes, np.int8)
    starts = np.zeros((2, most + 1), np.int64)
    runs = np.zeros((4, planes), np.int32)
    work = np.zeros((_PLANES_OF_WORK, MAXIMUM_PLANES * STRIDE), np.int64)
    with_ratios = False
    for i in range(ratio.shape[0]):
        with_ratios = with_ratios or np.isfinite(ratio[i])
    length = run_length(cosines.shape[0])
    misfit = np.zeros(planes * length if with_ratios else 1, np.float32)
    posterior = np.zeros(size if use_probabilities else 1)
    indices = np.zeros(size, np.int64)
    accepting = np.zeros(size, np.int64)
    used = np.empty(most, np.int64)
    paired = np.empty(most, np.int64)
    flips = np.empty(most, np.int64)
    log_odds = np.empty(most)
    scratch_azimuth, scratch_takeoff = np.empty(most), np.empty(most)
    weights, presence = np.empty(size, np.float32), np.empty(size, np.float32)
    presence_left = np.empty(size, np.float32)
    q, q_left = np.empty((4, size), np.float32), np.empty((4, size), np.float32)
    q_some, weights_some = np.empty((4, size), np.float32), np.empty(size, np.float32)
    weights_left, half = np.empty(size, np.float32), np.empty(size, np.float32)
    for event in range(event_keys.shape[0]):
        # Which observations count.
        count = pairs = ignored = sharp = 0
        for wanted in range(2):
            for k in range(offsets[event], offsets[event + 1]):
                i = order[k]
                known = np.isfinite(azimuth[0, i]) and np.isfinite(takeoff[0, i])
                signed = polarity[i] != 0
                if use_probabilities:
                    signed = signed or np.isfinite(probability_up[i])
                signed = signed and (use_emergent or impulsive[i])
                if wanted == 0:
                    if not known:
                        ignored += 1
                    elif np.isfinite(ratio[i]):
                        paired[pairs] = i
                        pairs += 1
                if known and signed and impulsive[i] == (wanted == 0):
                    used[count] = i
                    count += 1
            if wanted == 0:
                sharp = count
        counts[event, 0], counts[event, 1], counts[event, 2] = count, pairs, ignored
        if count > 0:
            for k in range(count):
                angle = np.float64(azimuth[0, used[k]])
                scratch_azimuth[k] = angle - 360.0 * np.floor(angle / 360.0)
                scratch_takeoff[k] = takeoff[0, used[k]]
            gaps[event, 0], gaps[event, 1] = gaps_of(scratch_azimuth, scratch_takeoff, count)
        if count < minimum or count + pairs == 0:
            status[event] = TOO_FEW
            continue
        if gaps[event, 0] > widest_azimuth:
            status[event] = AZIMUTHAL_GAP
            continue
        if gaps[event, 1] > widest_takeoff:
            status[event] = TAKEOFF_GAP
            continue
        # The acceptable set and its weights.
        if use_probabilities:
            for k in range(count):
                i = used[k]
                p = np.float64(probability_up[i])
                if not np.isfinite(p):
                    p = 1.0 - rate if polarity[i] > 0 else rate
                p = min(max(p, 0.0), 1.0)
                p = floor + (1.0 - 2.0 * floor) * p
                log_odds[k] = np.log(p / (1.0 - p))
            found = search_posterior(
                used[:count], log_odds[:count], paired[:pairs], ratio, azimuth, takeoff,
                amplitude_error, direction_step, rings, table, table_width, frames32, frames,
                cosines, sines, step, bits, exact, doubt, starts, mask, ratio_values,
                ratio_shape, ratio_scales, runs, misfit, work, indices, accepting, posterior,
            )  # fmt: skip
        else:
            for k in range(count):
                flips[k] = -1 if polarity[used[k]] > 0 else 0
            split = use_onset and pairs == 0
            found = search_acceptable(
                used[:count], flips, sharp, paired[:pairs], ratio, azimuth, takeoff,
                split, rate, amplitude_error, direction_step, rings, table,
                table_width, frames32, frames, cosines, sines, step, bits, exact, doubt, starts,
                mask, ratio_values, ratio_shape, ratio_scales, runs, misfit, work, indices,
                accepting,
            )  # fmt: skip
        counts[event, 3] = found
        if found == 0:
            status[event] = NO_SOLUTION
            continue
        if use_probabilities:
            greatest = 0.0
            for k in range(found):
                weights[k] = posterior[indices[k]] * prior[indices[k]]
                presence[k] = weights[k]
                greatest = max(greatest, posterior[indices[k]])
            for k in range(found):
                level = 255.0 * posterior[indices[k]] / greatest
                acceptance[event, indices[k]] = max(np.int64(level + 0.5), 1)
        else:
            for k in range(found):
                weights[k] = accepting[k] * prior[indices[k]]
                presence[k] = presence_of_count[accepting[k]]
                acceptance[event, indices[k]] = level_of_count[accepting[k]]
        if 0 < maxout < found:
            found = _draw_subset(event_keys[event], indices, weights, presence, found, maxout)
        # The preferred mechanism.
        if average_hash:
            vectors = np.empty((6, found))
            for k in range(found):
                for j in range(3):
                    vectors[j, k] = grid_normals[indices[k], j]
                    vectors[j + 3, k] = grid_slips[indices[k], j]
            counts[event, 4] = hash_solutions(
                vectors, found, angle_deg, least, normals[event], slips[event], shares[event],
                spreads[event],
            )  # fmt: skip
        else:
            for k in range(found):
                for j in range(4):
                    q[j, k] = grid_quaternions[indices[k], j]
            counts[event, 4] = weighted_solutions(
                q, weights, presence, found, angle_deg, least, q_left, weights_left,
                presence_left, q_some, weights_some, half, normals[event], slips[event],
                shares[event], spreads[event],
            )  # fmt: skip


@njit(cache=True, nogil=True)
def _draw_subset(event_key, indices, weights, presence, found, maxout):
    """Move a random subset to the front, in the order drawn."""
    start = stream_start(event_key, np.uint64(0), _SUBSET)
    for k in range(maxout):
        other = min(k + np.int64(uniform(start, k) * (found - k)), found - 1)
        indices[k], indices[other] = indices[other], indices[k]
        weights[k], weights[other] = weights[other], weights[k]
        presence[k], presence[other] = presence[other], presence[k]
    return maxout


@njit(cache=True, nogil=True)
def _rate_all(
    event, offsets, order, azimuth, takeoff, polarity, impulsive, probability_up, ratio,
    use_emergent, use_probabilities, factor, use_onset, normals, slips, weight_normals,
    weight_slips, out,
):  # fmt: skip
    """Misfit, station distribution ratio and S/P misfit of solutions."""
    signs = polarity.copy()
    for i in range(signs.shape[0]):
        if use_probabilities and np.isfinite(probability_up[i]):
            p = probability_up[i]
            signs[i] = 1 if p > 0.5 else (-1 if p < 0.5 else 0)
        if not use_emergent and not impulsive[i]:
            signs[i] = 0
    for k in range(event.shape[0]):
        first, last = offsets[event[k]], offsets[event[k] + 1]
        members = np.empty(last - first, np.int64)
        count = pairs = 0
        for j in range(first, last):
            i = order[j]
            if np.isfinite(azimuth[i]) and np.isfinite(takeoff[i]):
                members[count] = i
                count += 1
                if np.isfinite(ratio[i]):
                    pairs += 1
        weigh_onset = use_onset and pairs == 0
        out[0, k], out[1, k], out[2, k] = misfits_of(
            members[:count], azimuth, takeoff, signs, impulsive, ratio, factor,
            weigh_onset, normals[k], slips[k], weight_normals[k], weight_slips[k],
        )  # fmt: skip


def _gather(
    block: ObservationBlock,
    ratio: NDArray[np.float32],
    order: NDArray[np.int64],
    options: MechanismOptions,
    status: NDArray[np.int8],
    counts: NDArray[np.int32],
    gaps: NDArray[np.float64],
    acceptance: NDArray[np.uint8],
    normals: NDArray[np.float64],
    slips: NDArray[np.float64],
    shares: NDArray[np.float64],
    spreads: NDArray[np.float64],
) -> MechanismBlock:
    """Turn what the search wrote into columns."""
    solution_count = counts[:, 4]
    offsets = np.concatenate([[0], np.cumsum(solution_count)]).astype(np.int64)
    event = np.repeat(np.arange(len(status)), solution_count)
    number = np.arange(len(event)) - offsets[event]
    strike, dip, rake = plane_angles(normals[event, number], slips[event, number])
    normal, slip = fault_vectors(strike, dip, rake)
    measures = np.zeros((3, len(event)))
    _rate_all(
        event, block.offsets, order, block.azimuth_deg[0], block.takeoff_deg[0], block.polarity,
        block.impulsive, block.probability_up, ratio, options.use_emergent,
        options.use_probabilities, options.vp_vs_ratio**3, options.use_onset, normal, slip,
        *weight_vectors(strike, dip, rake, options.stdr_mode), measures,
    )  # fmt: skip
    spread = spreads[event, number]
    share = shares[event, number]
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
        acceptance=acceptance,
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
