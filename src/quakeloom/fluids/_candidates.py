"""Candidates: every lithology with every fluid, at a pressure and a temperature."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from quakeloom.core import InputError
from quakeloom.fluids._conductivity import MIXING, mix_spheroids, solid_conductivity
from quakeloom.fluids._moduli import Material, rock_velocities
from quakeloom.fluids._pore_fluids import PoreFluid

Floats = NDArray[np.float64]

LITHOLOGY_COLUMNS = (
    "rho", "K_GPa", "G_GPa", "dK_dP", "dG_dP", "dK_dT", "dG_dT", "log10_sigma0", "E_kJ",
)  # fmt: skip
"""Columns of a table of lithologies that must be numbers; ``name``, ``family``, ``SiO2_wt`` and
``source`` stand beside them, ``expansivity`` (1/K) may."""

_ROOM_K = 298.15
"""Temperature that tables of rocks are given at, K."""


@dataclass(frozen=True)
class Lithology:
    """A solid rock at 25 degrees and no pressure, with the derivatives of its moduli."""

    name: str
    family: str
    silica_percent: float
    density_kg_m3: float
    bulk_gpa: float
    shear_gpa: float
    by_pressure: tuple[float, float]
    by_temperature: tuple[float, float]
    expansivity: float
    conduction: tuple[float, float]
    source: str

    def at(self, temperature_k: float, pressure_gpa: float) -> Material:
        """Return the solid at depth: moduli linear in P and T, density by expansion and K."""
        k = self.bulk_gpa + self.by_pressure[0] * pressure_gpa
        k += self.by_temperature[0] * (temperature_k - _ROOM_K)
        g = self.shear_gpa + self.by_pressure[1] * pressure_gpa
        g += self.by_temperature[1] * (temperature_k - _ROOM_K)
        density = self.density_kg_m3 * (1.0 + pressure_gpa / self.bulk_gpa)
        density *= np.exp(-self.expansivity * (temperature_k - _ROOM_K))
        return Material(k, g, float(density))


@dataclass(frozen=True)
class Candidate:
    """A lithology with a fluid at depth.

    Attributes
    ----------
    lithology, fluid : str
    solid, pore : Material
    solid_s_m, pore_s_m : float
        Conductivities, NaN where not known.
    note : str
    """

    lithology: str
    fluid: str
    solid: Material
    pore: Material
    solid_s_m: float
    pore_s_m: float
    note: str


@dataclass(frozen=True)
class PoreGrid:
    """Nodes of porosity and shapes, evenly spaced in their logarithms: log-uniform priors.

    Attributes
    ----------
    porosity, ratio, path_ratio : ndarray
        Porosities, aspect ratios of pores for velocity, and of conducting paths.
    """

    porosity: Floats
    ratio: Floats
    path_ratio: Floats

    @classmethod
    def make(
        cls,
        porosity: tuple[float, float],
        ratio: tuple[float, float],
        path_ratio: tuple[float, float],
        nodes: tuple[int, int, int],
    ) -> PoreGrid:
        """Make a grid from ranges and numbers of nodes."""
        for (low, high), most, name in (
            (porosity, 0.6, "porosity"), (ratio, 1.0, "aspect ratio"),
            (path_ratio, 1.0, "aspect ratio of paths"),
        ):  # fmt: skip
            if not 0 < low < high <= most:
                raise InputError(
                    f"The {name} from {low:g} to {high:g} is no range within 0 and {most:g}. "
                    "Nothing was computed."
                )
        axes = [
            np.geomspace(*span, n)
            for span, n in zip((porosity, ratio, path_ratio), nodes, strict=True)
        ]
        return cls(*axes)


@dataclass(frozen=True)
class ForwardTables:
    """What every candidate predicts on a grid of porosity and shapes.

    Attributes
    ----------
    vp, vs : ndarray, (candidate, porosity, ratio)
        km/s, NaN where a model describes no rock.
    log_sigma : ndarray, (candidate, porosity, path ratio)
        log10 of S/m; NaN where not known.
    grid : PoreGrid
    """

    vp: Floats
    vs: Floats
    log_sigma: Floats
    grid: PoreGrid


def read_lithologies(columns: Mapping[str, Sequence[Any]], source: str) -> list[Lithology]:
    """Make lithologies of the columns of a table.

    Raises
    ------
    InputError
        If a column is missing, or a row is no rock: the message names it.
    """
    missing = [c for c in ("name", *LITHOLOGY_COLUMNS) if c not in columns]
    if missing:
        raise InputError(
            f"The table of lithologies {source} has no column {', '.join(missing)}. Nothing was "
            "computed; resources/fluids/lithologies.csv has all of them."
        )
    count = len(columns["name"])
    found = []
    for i in range(count):
        name = str(columns["name"][i])
        try:
            v = {c: float(columns[c][i]) for c in LITHOLOGY_COLUMNS}
        except (TypeError, ValueError):
            v = dict.fromkeys(LITHOLOGY_COLUMNS, float("nan"))
        sound = all(np.isfinite(list(v.values()))) and min(v["rho"], v["K_GPa"], v["G_GPa"]) > 0
        if not sound or not 1000.0 < v["rho"] < 8000.0 or v["K_GPa"] > 1000.0:
            raise InputError(
                f"Row {i + 1} ('{name}') of the table of lithologies {source} is no rock: "
                f"{', '.join(f'{c} {columns[c][i]}' for c in LITHOLOGY_COLUMNS)}. Densities are in "
                "kg/m3, moduli in GPa. Nothing was computed; correct the row."
            )
        found.append(
            Lithology(
                name, str(columns["family"][i]) if "family" in columns else "",
                float(columns["SiO2_wt"][i]) if "SiO2_wt" in columns else float("nan"),
                v["rho"], v["K_GPa"], v["G_GPa"], (v["dK_dP"], v["dG_dP"]),
                (v["dK_dT"], v["dG_dT"]),
                float(columns["expansivity"][i]) if "expansivity" in columns else 2.5e-5,
                (v["log10_sigma0"], v["E_kJ"]),
                str(columns["source"][i]) if "source" in columns else "",
            )
        )  # fmt: skip
    names = [r.name for r in found]
    if len(set(names)) < len(names):
        doubled = next(n for n in names if names.count(n) > 1)
        raise InputError(
            f"'{doubled}' stands more than once in the table of lithologies {source}; give every "
            "row a name of its own."
        )
    return found


def make_candidates(
    lithologies: Sequence[Lithology],
    fluids: Sequence[PoreFluid],
    temperature_k: float,
    pressure_gpa: float,
) -> list[Candidate]:
    """Return all pairs of lithology and fluid at a depth."""
    made = []
    for rock in lithologies:
        solid = rock.at(temperature_k, pressure_gpa)
        sigma = solid_conductivity(temperature_k, *rock.conduction)
        made += [
            Candidate(rock.name, f.name, solid, f.material, sigma, f.conductivity_s_m, f.note)
            for f in fluids
        ]
    return made


def tabulate_candidates(
    candidates: Sequence[Candidate], grid: PoreGrid, model: str, mixing: str
) -> ForwardTables:
    """Tabulate velocities and conductivities of candidates over porosity and shapes."""
    if mixing not in MIXING:
        raise InputError(f"There is no mixing law '{mixing}'; there are {', '.join(MIXING)}.")
    shape = (len(candidates), grid.porosity.size)
    vp, vs = np.empty((*shape, grid.ratio.size)), np.empty((*shape, grid.ratio.size))
    sigma = np.empty((*shape, grid.path_ratio.size))
    for i, c in enumerate(candidates):
        vp[i], vs[i] = rock_velocities(model, c.solid, c.pore, grid.porosity, grid.ratio)
        porosity, ratio = grid.porosity[:, None], grid.path_ratio[None, :]
        if not np.isfinite(c.pore_s_m):
            sigma[i] = np.nan
        elif mixing == "spheroids":
            sigma[i] = np.log10(mix_spheroids(porosity, c.solid_s_m, c.pore_s_m, ratio))
        else:
            sigma[i] = np.log10(MIXING[mixing](porosity, c.solid_s_m, c.pore_s_m))
    return ForwardTables(vp, vs, sigma, grid)
