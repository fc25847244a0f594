"""Stage ``stress``: mechanisms become a map of the stress in the crust."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quakeloom.stages.frame.stage import Reads, Stage

if TYPE_CHECKING:
    from quakeloom.config import Settings


def takes_magnitudes(settings: Settings) -> bool:
    """Say whether events are left out of the map by measured magnitudes."""
    stress = settings.stress
    return settings.magnitude is not None and stress is not None and stress.minimum_magnitude > -10


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
    reads=(
        Reads("mechanism"),
        # one more event changes all magnitudes a little: read where they decide alone
        Reads("magnitude", whole=True, when=takes_magnitudes),
    ),
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
