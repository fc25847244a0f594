"""From rows of a partition to the block of observations that the mechanism room takes.

Here it is decided which readings are used, whether they are turned, and from where their
rays leave the source. Every reading keeps its row and says what became of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.mechanism import ObservationBlock
from quakeloom.stages.readings.amplitude_ratios import amplitude_ratios
from quakeloom.stages.readings.angle_draws import AngleDraws, draw_angles
from quakeloom.stages.readings.block_readings import (
    USE_CODES,
    BlockEvents,
    HypocenterDraws,
    Readings,
    Shared,
    Unusable,
    gather_readings,
)
from quakeloom.stages.readings.joined_observations import (
    JoinedObservations,
    event_offsets,
    join_observations,
)
from quakeloom.stages.readings.reversals import turn_readings
from quakeloom.stages.readings.sites import place_rows
from quakeloom.stages.readings.usable_events import check_events
from quakeloom.stages.readings.use import choose_readings


@dataclass(frozen=True)
class PreparedBlock:
    """A block of events, ready for the search.

    Attributes
    ----------
    observations : ObservationBlock
        Usable observations of all events, polarities first, then amplitude ratios.
    reading_rows : ndarray of int64
        Row in ``readings`` of each observation, -1 for amplitude ratios.
    readings : dict of ndarray
        Columns of table ``polarities`` that are filled here, one value per reading.
    unusable : dict of int to Unusable
        Events that cannot be used, with status and reason.
    """

    observations: ObservationBlock
    reading_rows: NDArray[np.int64]
    readings: dict[str, Any]
    unusable: dict[int, Unusable]


def prepare_block(
    settings: Settings,
    events: pa.Table,
    polarities: pa.Table,
    amplitudes: pa.Table,
    shared: Shared,
    draws: HypocenterDraws | None = None,
    left_out: Mapping[str, Unusable] | None = None,
) -> PreparedBlock:
    """Choose readings, turn reversed ones, and draw the angles of every trial.

    Parameters
    ----------
    settings : Settings
    events : pyarrow.Table
        Table ``events``, the events of the block.
    polarities, amplitudes : pyarrow.Table
        Registered tables of these events, sorted by event.
    shared : Shared
    draws : HypocenterDraws, optional
        Needed where angles are those of the ensemble.
    left_out : mapping of str to Unusable, optional
        Events that are not wanted, by name, with the reason.
    """
    block = check_events(settings, events, shared.tables, left_out)
    readings = gather_readings(block, polarities)
    readings = turn_readings(settings, readings, shared)
    readings = place_rows(settings, block, readings, shared.stations)
    readings = choose_readings(settings, block, readings)
    ratios = amplitude_ratios(settings, block, amplitudes, readings, shared)
    observations = join_observations(settings, block, readings, ratios)
    angles = draw_angles(settings, block, observations, shared, draws)
    readings = _note_angles(settings, readings, observations, angles)
    return PreparedBlock(
        _make_block(block, observations, angles),
        observations.row[angles.has_ray],
        readings.columns(),
        block.unusable,
    )


def _note_angles(
    settings: Settings, readings: Readings, observations: JoinedObservations, angles: AngleDraws
) -> Readings:
    """Return readings with the angles of the reference trial; those without a ray are not used."""
    is_reading = observations.row >= 0
    row = observations.row[is_reading]
    use = readings.use.copy()
    use[observations.row[~angles.has_ray & is_reading]] = USE_CODES["no_angles"]
    if settings.takeoff.angles == "given":
        return replace(readings, use=use)
    azimuth, takeoff = readings.azimuth_deg.copy(), np.full(readings.count, np.nan)
    reference = angles.azimuth_deg[0, is_reading]
    azimuth[row] = np.where(np.isnan(reference), azimuth[row], reference)
    takeoff[row] = angles.takeoff_deg[0, is_reading]
    return replace(readings, azimuth_deg=azimuth, takeoff_deg=takeoff, use=use)


def _make_block(
    events: BlockEvents, observations: JoinedObservations, angles: AngleDraws
) -> ObservationBlock:
    """Return what the search takes; observations without a ray are left out."""
    keep = angles.has_ray
    return ObservationBlock(
        event_keys=events.keys,
        offsets=event_offsets(observations.event[keep], events.count),
        azimuth_deg=np.ascontiguousarray(angles.azimuth_deg[:, keep], dtype=np.float32),
        takeoff_deg=np.ascontiguousarray(angles.takeoff_deg[:, keep], dtype=np.float32),
        polarity=observations.polarity[keep].astype(np.int8),
        impulsive=observations.is_impulsive[keep].astype(bool),
        probability_up=observations.probability_up[keep].astype(np.float32),
        sp_log_ratio=observations.sp_log_ratio[keep].astype(np.float32),
        station_keys=observations.station_keys[keep],
    )
