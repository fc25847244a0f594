"""Stage ``locate``: picks become hypocenters in an ensemble of velocity models."""

from quakeloom.stages.frame.stage import Reads, Stage

LOCATE = Stage(
    name="locate",
    summary="Picks become hypocenters in an ensemble of velocity models.",
    module="quakeloom.stages.locate.verbs",
    chains=("events",),
    group="locate",
    settings=("selection.station_epochs", "storage"),
    ways_only=("cluster",),
    reads=(
        Reads(
            "pick",
            when=lambda s: s.picks_windows,
        ),
        Reads(
            "structure",
            whole=True,
            when=lambda s: s.locate is not None and "structure" in s.locate.models,
        ),
    ),
    opens=True,
    gathers=True,
    part_tables=("hypocenters", "arrivals"),
    gathered=("hypocenters", "arrivals"),
    tables=("hypocenters", "arrivals", "station_terms", "station_term_draws", "pick_noise"),
    arrays=("parts/locate_tables.zarr", "locations.zarr", "tables"),
)
"""The record of stage ``locate``."""
