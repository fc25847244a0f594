"""Events that are left out of the search for mechanisms by their class or magnitude."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import Settings
from quakeloom.stages.classify.reading import EventClass, read_classes
from quakeloom.stages.magnitude.reading import known_magnitudes
from quakeloom.stages.readings.block_readings import Unusable
from quakeloom.store import RunLayout

Floats = NDArray[np.float64]


def left_out_events(
    settings: Settings, layout: RunLayout, partition: str, events: pa.Table
) -> dict[str, Unusable]:
    """Return the events of a partition that the settings leave out, by name, with the reason.

    Parameters
    ----------
    settings : Settings
    layout : RunLayout
    partition : str
    events : pyarrow.Table
        Registered table ``events``.
    """
    left: dict[str, Unusable] = {}
    ids = events.column("event_id").to_pylist()
    if settings.selection.selects_magnitudes:
        left |= _by_magnitude(settings, ids, *known_magnitudes(settings, layout, events))
    if settings.classify is not None:
        left |= _by_class(settings, read_classes(layout, partition))
    return left


def _by_class(settings: Settings, classes: dict[str, EventClass]) -> dict[str, Unusable]:
    """Return the events of other classes; those without a class stay."""
    wanted, least = settings.selection.classes, settings.selection.class_probability
    left = {}
    for event, found in classes.items():
        sure = sum(found.probability[c] for c in wanted)
        if sure < least:
            words = found.name.replace("_", " ")
            left[event] = Unusable(
                "other_class",
                f"its class is {words} (probability {found.probability[found.name]:.3f}); it is of "
                f"`selection.classes` ({', '.join(wanted)}) with a probability of {sure:.3f}, and "
                f"`selection.class_probability` is {least:g}",
            )
    return left


def _by_magnitude(
    settings: Settings, ids: list[str], magnitude: Floats, bound: NDArray[np.bool_]
) -> dict[str, Unusable]:
    low, high = settings.selection.minimum_magnitude, settings.selection.maximum_magnitude
    allowed = f"`selection` allows {low:g} to {high:g}"
    left = {}
    for event, own, more in zip(ids, magnitude.tolist(), bound.tolist(), strict=True):
        if not np.isfinite(own):
            left[event] = Unusable("other_magnitude", f"its magnitude is not known; {allowed}")
        elif more and own < low:
            left[event] = Unusable(
                "other_magnitude",
                f"its magnitude is at least {own:.2f}, no more is known; {allowed}",
            )
        elif not low <= own <= high:
            left[event] = Unusable("other_magnitude", f"its magnitude is {own:.2f}; {allowed}")
    return left
