"""One short-lived Dask cluster per heavy rule, or none.

Floor 2. Stages hand over functions and items; results come back in the order of the items
whatever the number of workers.
"""

from quakeloom.cluster._executor import Executor, open_executor
from quakeloom.cluster._memory import clamp_workers, find_workers, peak_memory_mb, spread_memory_mb
from quakeloom.cluster._schedulers import SchedulerState, describe_scheduler
from quakeloom.cluster._threads import one_thread

__all__ = [
    "Executor",
    "SchedulerState",
    "clamp_workers",
    "describe_scheduler",
    "find_workers",
    "one_thread",
    "open_executor",
    "peak_memory_mb",
    "spread_memory_mb",
]
