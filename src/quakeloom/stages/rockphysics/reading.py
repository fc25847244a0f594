"""Candidates and forward tables of a run, for the stages that read them."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from quakeloom.config import RockPhysics, Settings
from quakeloom.core import InputError, PlanError
from quakeloom.fluids import (
    Candidate,
    ForwardTables,
    PoreFluid,
    PoreGrid,
    WaterTable,
    aqueous_fluid,
    make_candidates,
    read_lithologies,
    silicate_melt,
    tabulate_candidates,
)
from quakeloom.store import find_input, find_resource, input_place, near_names, read_input_text

_GRAVITY = 9.81
"""m/s2."""

_ZERO_C = 273.15
"""0 degrees Celsius in K."""

LITHOLOGIES = "fluids/lithologies.csv"
"""The table of lithologies that comes with quakeloom."""


@dataclass(frozen=True)
class Condition:
    """Pressure and temperature of a depth."""

    depth_km: float
    temperature_k: float
    pressure_gpa: float


@dataclass(frozen=True)
class CandidateSet:
    """Candidates of a depth, and fluids that cannot be there with the reason."""

    condition: Condition
    candidates: list[Candidate]
    left_out: dict[str, str]


def rock_settings(settings: Settings) -> RockPhysics:
    """Return the group ``rockphysics``, which a run of these stages has."""
    if settings.rockphysics is None:
        raise PlanError(
            f"Run '{settings.name}' has no `rockphysics` group, which says what rocks and fluids "
            "there may be. Nothing was planned; add `rockphysics: {}`."
        )
    return settings.rockphysics


def read_columns(text: str) -> dict[str, list[Any]]:
    """Return the columns of CSV text with names in its first line; lines with # are passed over."""
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    return {k: [r[k] for r in rows] for k in (rows[0] if rows else {})}


def lithology_file(settings: Settings) -> Any:
    """Return the file with lithologies.

    Raises
    ------
    InputError
        If the settings name one that does not exist.
    """
    name = rock_settings(settings).lithologies
    if not name:
        return find_resource(LITHOLOGIES)
    found = find_input(settings.data, name)
    if found is None:
        raise InputError(
            f"'{name}' of '{settings.name}' does not exist (looked for "
            f"{input_place(settings.data, name)}).{near_names(settings.data, name)} Nothing was "
            "planned; correct `rockphysics.lithologies`."
        )
    return found


def find_conditions(rock: RockPhysics) -> list[Condition]:
    """Return pressure and temperature at the depths of the settings."""
    points = np.array(sorted(rock.geotherm_c), dtype=float)
    made = []
    for depth in sorted(set(rock.depths_km)):
        celsius = float(np.interp(depth, points[:, 0], points[:, 1]))
        # 1e-6: kg/m3 x m/s2 x km is 1e3 Pa, and a GPa 1e9 of them
        pressure = rock.pressure_gpa or 1e-6 * rock.density_kg_m3 * _GRAVITY * max(depth, 0.0)
        made.append(Condition(depth, celsius + _ZERO_C, pressure))
    return made


def read_candidates(settings: Settings) -> list[CandidateSet]:
    """Return the candidates at every depth of a run.

    Raises
    ------
    InputError
        If no fluid is known at a depth, with the reasons.
    """
    rock = rock_settings(settings)
    file = lithology_file(settings)
    lithologies = read_lithologies(read_columns(read_input_text(file)), str(rock.lithologies))
    water = WaterTable.from_rows(read_columns(read_input_text(find_resource("fluids/water.csv"))))
    sets = []
    for c in find_conditions(rock):
        fluids: list[PoreFluid] = []
        left_out: dict[str, str] = {}
        for name in rock.fluids:
            try:
                if name == "aqueous":
                    made = aqueous_fluid(
                        water, c.temperature_k, c.pressure_gpa, rock.salinity_percent
                    )
                else:
                    made = silicate_melt(
                        rock.melt, c.temperature_k, c.pressure_gpa, rock.melt_water_percent
                    )
            except InputError as error:
                left_out[name] = str(error)
                continue
            fluids.append(made)
        if not fluids:
            raise InputError(
                f"No fluid of '{settings.name}' is known at {c.depth_km:g} km: "
                f"{' '.join(left_out.values())} Nothing was computed; change `depths_km`, the "
                "geotherm or the fluids of `rockphysics`."
            )
        made_of = make_candidates(lithologies, fluids, c.temperature_k, c.pressure_gpa)
        sets.append(CandidateSet(c, made_of, left_out))
    return sets


def pore_grid(rock: RockPhysics) -> PoreGrid:
    """Return the nodes of porosity and shapes."""
    return PoreGrid.make(rock.porosity_range, rock.ratio_range, rock.path_ratio_range, rock.nodes)


def forward_tables(rock: RockPhysics, candidates: list[Candidate]) -> ForwardTables:
    """Return what candidates predict over porosity and shapes."""
    return tabulate_candidates(candidates, pore_grid(rock), rock.model, rock.mixing)


def thermal_spread(settings: Settings, condition: Condition) -> tuple[float, float]:
    """Return how far one standard deviation of temperature moves Vp and Vs, in km/s.

    The mean over the lithologies, without their fluids, whose stiffness changes little with it.
    """
    rock = rock_settings(settings)
    if not rock.temperature_deviation_c:
        return 0.0, 0.0
    columns = read_columns(read_input_text(lithology_file(settings)))
    moved = []
    for lithology in read_lithologies(columns, "again"):
        low, high = (
            lithology.at(condition.temperature_k + s * rock.temperature_deviation_c,
                         condition.pressure_gpa).velocities
            for s in (-0.5, 0.5)
        )  # fmt: skip
        moved.append((high[0] - low[0], high[1] - low[1]))
    found = np.mean(moved, axis=0)
    return float(found[0]), float(found[1])
