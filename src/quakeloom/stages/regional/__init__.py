"""Stage ``regional``: an ensemble of 3-D velocity models, and travel times to every station."""

from quakeloom.stages.frame.stage import Stage

REGIONAL = Stage(
    name="regional",
    summary="An ensemble of 3-D velocity models, and travel times to stations.",
    module="quakeloom.stages.regional.verbs",
    chains=("region",),
    group="regional",
    shown_only=("members", "stations", "stations_format", "table_every", "order"),
    ways_only=("cluster",),
    partitions="members",
    opens=True,
    gathers=True,
    tables=("rejects",),
    arrays=("ensemble.zarr", "tables"),
    files=("regional.json", "regional.nc"),
)
"""The record of stage ``regional``."""
