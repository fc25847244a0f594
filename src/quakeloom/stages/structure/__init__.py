"""Stage ``structure``: the arrivals of a catalog become velocities in three dimensions."""

from quakeloom.stages.frame.stage import Reads, Stage

STRUCTURE = Stage(
    name="structure",
    summary="Velocities in three dimensions from arrivals, as an ensemble with travel times.",
    module="quakeloom.stages.structure.verbs",
    chains=("events",),
    group="structure",
    settings=("selection.station_epochs",),
    shown_only=("rounds", "length_factors", "members", "table_every"),
    ways_only=("cluster",),
    reads=(Reads("pick", when=lambda s: s.picks_windows),),
    opens=True,
    gathers=True,
    part_tables=("structure_events", "structure_arrivals"),
    tables=("structure_events", "structure_arrivals", "structure_terms"),
    arrays=("structure.zarr", "structure_tables"),
    files=("structure.json",),
    report="quakeloom.report:structure_section",
)
"""The record of stage ``structure``."""
