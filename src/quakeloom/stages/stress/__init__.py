"""Stage ``stress``: mechanisms become a map of the stress in the crust."""

from quakeloom.stages.frame.stage import Reads, Stage

STRESS = Stage(
    name="stress",
    summary="Mechanisms become a map of the stress in the crust.",
    module="quakeloom.stages.stress.verbs",
    chains=("events", "mechanisms"),
    group="stress",
    shown_only=(
        "mask",
        "reach_km",
        "order",
        "metric",
        "basis",
        "alpha2",
        "draws",
        "fields",
        "catalogs",
    ),
    reads=(Reads("mechanism"),),
    gathers=True,
    tables=("stress", "stress_truth"),
    arrays=("stress.zarr",),
    files=(
        "stress.csv",
        "stress_wsm.csv",
        "stress_gmt.txt",
        "stress.geojson",
        "stress.nc",
        "shmax.tif",
        "a_phi.tif",
        "stress.json",
    ),
)
"""The record of stage ``stress``."""
