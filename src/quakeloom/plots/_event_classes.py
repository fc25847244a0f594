"""Classes of events: where they lie, and at what hour of the local day they come."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from quakeloom.core import Coastline
from quakeloom.plots._map_frame import draw_map_frame, frame_points
from quakeloom.plots._style import (
    ALERT,
    MUTED,
    PAGE_WIDTH_IN,
    QUALITY_COLORS,
    new_panels,
    styled,
)

CLASS_COLORS = {
    "earthquake": QUALITY_COLORS["A"],
    "low_frequency": QUALITY_COLORS["B"],
    "blast": ALERT,
    "teleseism": QUALITY_COLORS["C"],
    "noise": MUTED,
}
"""One color per class of events."""

_HOURS = 24
"""Hours of a day."""


def local_hours(time: ArrayLike, longitude_deg: ArrayLike) -> NDArray[np.float64]:
    """Return the hour of the local solar day, 0 to 24, of times in UTC."""
    moments = np.asarray(time, "datetime64[ms]")
    hour = (moments - moments.astype("datetime64[D]")) / np.timedelta64(1, "h")
    return np.asarray(np.mod(hour + np.asarray(longitude_deg, float) / 15.0, 24.0))


@styled
def plot_event_classes(
    longitude_deg: ArrayLike,
    latitude_deg: ArrayLike,
    hour: ArrayLike,
    classes: Sequence[str],
    coast: Coastline | None = None,
    width_in: float = PAGE_WIDTH_IN,
) -> Figure:
    """Draw a map of events by class, and how many of each come in every hour of the day.

    Parameters
    ----------
    longitude_deg, latitude_deg, hour : array_like, shape (events,)
        Hours of the local solar day.
    classes : sequence of str
        Class of each event.
    coast : Coastline, optional
    width_in : float
    """
    lon, lat, hours = (np.asarray(v, float) for v in (longitude_deg, latitude_deg, hour))
    names = np.asarray(classes, object)
    figure, (left, right) = new_panels(2, width_in, 2.9)
    present = [c for c in CLASS_COLORS if (names == c).any()]
    frame = frame_points(lon, lat)
    if frame is not None:
        draw_map_frame(left, frame, coast)
        for name in present:
            own = names == name
            x, y = frame.project(lon[own], lat[own])
            left.plot(
                x, y, "s" if name == "blast" else "o", ms=3.2, mew=0.0, alpha=0.75,
                color=CLASS_COLORS[name], label=name.replace("_", " "),
            )  # fmt: skip
    edges = np.arange(_HOURS + 1)
    bottom = np.zeros(_HOURS)
    for name in present:
        count = np.histogram(hours[names == name], edges)[0].astype(float)
        right.bar(
            edges[:-1] + 0.5, count, 0.92, bottom=bottom, color=CLASS_COLORS[name],
            label=name.replace("_", " "),
        )  # fmt: skip
        bottom += count
    right.set_xlim(0, _HOURS)
    right.set_xticks([0, 6, 12, 18, 24])
    right.set_xlabel("Hour of the day (local solar time)")
    right.set_ylabel("Events")
    right.legend(frameon=False, fontsize=7)
    return figure
