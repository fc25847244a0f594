"""One short-lived Dask cluster per heavy rule, or none.

Floor 2. Stages hand over functions and items; results come back in the order of the items
whatever the number of workers.
"""

from quakeloom.cluster._executor import Executor, open_executor
from quakeloom.cluster._memory import clamp_workers, peak_memory_mb

__all__ = ["Executor", "clamp_workers", "open_executor", "peak_memory_mb"]
