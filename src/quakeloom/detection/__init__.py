"""Detection: what continuous records need beside picking, so that picks over all time are arrivals.

Floor 4. :func:`repair_spikes` takes single samples out that stand alone; :func:`find_regular` tells
picks that come like clockwork; :func:`find_clipped` says where a channel stood at its limit;
:func:`ground_motion` turns counts into velocity and into what a :class:`WoodAnderson` seismometer
shows.
"""

from quakeloom.detection._clipping import find_clipped
from quakeloom.detection._ground_motion import (
    VelocityResponse,
    WoodAnderson,
    ground_motion,
    peak,
)
from quakeloom.detection._regular import find_regular
from quakeloom.detection._spikes import find_spikes, repair_spikes

__all__ = [
    "VelocityResponse",
    "WoodAnderson",
    "find_clipped",
    "find_regular",
    "find_spikes",
    "ground_motion",
    "peak",
    "repair_spikes",
]
