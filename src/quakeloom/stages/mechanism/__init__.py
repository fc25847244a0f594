"""Stage ``mechanism``: polarities and amplitudes become focal mechanisms."""

from quakeloom.stages.frame.stage import Reads, Stage

_PARTS = ("events", "polarities", "mechanisms", "solutions", "rejects")
"""Tables of every partition."""

MECHANISM = Stage(
    name="mechanism",
    summary="Polarities and amplitudes become focal mechanisms.",
    module="quakeloom.stages.mechanism.verbs",
    chains=("events",),
    settings=("selection", "takeoff", "mechanism", "waveforms", "threshold", "storage"),
    ways_only=("cluster",),
    reads=(
        Reads("takeoff", whole=True),
        Reads("polarity"),
        Reads("locate", when=lambda s: s.takeoff.angles == "ensemble"),
        Reads("threshold", whole=True),
        Reads("classify"),
        Reads("magnitude", whole=True, when=lambda s: s.selection.selects_magnitudes),
    ),
    opens=True,
    gathers=True,
    part_tables=_PARTS,
    gathered=_PARTS,
    tables=(*_PARTS, "stations", "truth"),
    arrays=("accepted.zarr",),
)
"""The record of stage ``mechanism``."""
