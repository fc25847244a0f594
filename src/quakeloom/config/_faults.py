"""Settings of the search for faults in a catalog of hypocenters."""

from __future__ import annotations

from pydantic import model_validator

from quakeloom.config._fields import Section, setting


class Faults(Section):
    """Faults found in the hypocenters of a run. Runs where this group is given, even empty.

    Hypocenters are those of `locate` where events are located, else those of the sources.
    """

    starts: int = setting(
        3, "Searches, each from other starts; what most of them find is stable.", "searches",
        ge=1, le=20,
    )  # fmt: skip
    nulls: int = setting(
        20,
        "Catalogs with the same clusters and no planes that are searched, for the chance of each "
        "plane; 0 computes none, and every plane is doubtful.",
        "catalogs", ge=0, le=1000,
    )  # fmt: skip
    draws: int = setting(
        100, "Draws of every plane, for its standard errors.", "draws", ge=10, le=10000
    )
    mechanisms: bool = setting(
        True, "Whether nodal planes help to find faults, where there are mechanisms."
    )
    clusters: bool = setting(
        False,
        "Whether events off all planes may gather in clusters of any shape; else they are even. "
        "With clusters new events are predicted better, and dense planes may be lost to them.",
    )
    freedom: float = setting(
        3.0, "Degrees of freedom of Student's t across a plane; 1000 is a normal density.", "1",
        ge=1, le=1000,
    )  # fmt: skip
    thickness_km: float = setting(
        0.1, "Most likely scale of the distances from a plane, to a factor of 3.", "km",
        gt=0, le=10,
    )  # fmt: skip
    least_events: int = setting(
        8, "Planes with fewer expected events are given up.", "events", ge=8
    )
    normal_concentration: float = setting(
        8.0, "Watson's concentration of nodal planes about a fault; 8 is 20 degrees.", "1", gt=0,
        le=500,
    )  # fmt: skip
    tile_km: float = setting(
        33.0, "Side of the tiles that a region wider than two of them is searched in.", "km", ge=5
    )
    halo_km: float = setting(
        15.0, "How far a tile sees beyond its sides: half the longest fault.", "km", ge=0
    )
    horizontal_error_km: float = setting(
        1.0, "Standard error north and east of hypocenters that come without.", "km", ge=0
    )
    vertical_error_km: float = setting(
        2.0, "Standard error of the depth of hypocenters that come without.", "km", ge=0
    )
    least_probability: float = setting(
        0.01, "Memberships below this are not written.", "1", ge=0, lt=1
    )
    known: list[str] = setting(
        list,
        "Known faults from GeoJSON or CSV files with strike and dip, to compare with; relative to "
        "`data`.",
    )
    known_near_km: float = setting(
        2.0, "A plane is matched by a known fault no farther across, and", "km", gt=0
    )
    known_far_km: float = setting(10.0, "offset from one no farther than this.", "km", gt=0)

    @model_validator(mode="after")
    def _near_is_nearer(self) -> Faults:
        if self.known_far_km < self.known_near_km:
            raise ValueError(
                f"known_far_km ({self.known_far_km:g}) is less than known_near_km "
                f"({self.known_near_km:g}); give a greater one"
            )
        return self
