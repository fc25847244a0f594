"""Detection: what continuous records need beside picking, so that picks over all time are arrivals.

Floor 4. :func:`mend_spikes` takes single samples out that stand alone; :func:`find_regular` tells
picks that come like clockwork.
"""

from quakeloom.detection._regular import find_regular
from quakeloom.detection._spikes import find_spikes, mend_spikes

__all__ = ["find_regular", "find_spikes", "mend_spikes"]
