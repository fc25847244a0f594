"""Measured magnitudes, as other stages read them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.store import RunLayout, read_table


def known_magnitudes(
    settings: Settings, layout: RunLayout, events: pa.Table
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the magnitudes of events, and whether each is a lower bound.

    Those of their source, unless the run measures them. Of events whose amplitudes are all clipped
    a lower bound is known.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    events : pyarrow.Table
        With ``event_id`` and ``magnitude``.
    """
    magnitude = np.array(events.column("magnitude").to_numpy(), float)
    bound = np.zeros(magnitude.size, bool)
    if settings.magnitude is None:
        return magnitude, bound
    names = ["event_id", "magnitude", "magnitude_at_least"]
    table = read_table(layout.table("magnitudes"), "magnitudes", names)
    measured, least = (
        dict(zip(table.column("event_id").to_pylist(), table.column(n).to_pylist(), strict=True))
        for n in names[1:]
    )
    for i, event in enumerate(events.column("event_id").to_pylist()):
        for values, is_bound in ((measured, False), (least, True)):
            own = values.get(event)
            if own is not None and np.isfinite(own):
                magnitude[i], bound[i] = own, is_bound
                break
    return magnitude, bound
