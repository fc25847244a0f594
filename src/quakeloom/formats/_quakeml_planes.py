"""Nodal planes of the focal mechanisms of a block of QuakeML, with their errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quakeloom.core import auxiliary_plane, fault_vectors, plane_angles, rotation_angle
from quakeloom.formats._mechanism_angles import wrap_rake, wrap_strike
from quakeloom.formats._quakeml_columns import BlockEvents, OneKind
from quakeloom.formats._source_tables import Rejects
from quakeloom.formats._text_columns import Floats, Mask
from quakeloom.schema import out_of_bounds

ANGLES = ("strike", "dip", "rake")
"""Angles of a plane, in their order."""

_FIGURES = {
    "polarity_misfit": "misfit",
    "station_distribution_ratio": "ratio",
    "azimuthal_gap_deg": "gap",
    "polarity_count": "count",
}
"""Columns of mechanisms and the fields that they come from."""

_LARGEST_DISAGREEMENT_DEG = 20.0
"""Rotation between the double couples of two nodal planes, or lack of a right angle between
them, from which on they are not those of one source; whole degrees explain a few degrees."""

_LARGEST = {"polarity_count": 2.0**31 - 1, "station_distribution_ratio": 1.0}
"""Bounds of figures that the registry does not have: the range of the column, and that of the
standard."""

_TENSOR = ("Mrr", "Mtt", "Mpp", "Mrt", "Mrp", "Mtp")
"""Elements of a moment tensor: up, south and east (r, t, p)."""

Plane = list[Floats]
"""Strike, dip and rake of many planes in degrees."""


@dataclass
class PlaneReader:
    """The mechanisms of a block, and where to tell what is wrong with them.

    Attributes
    ----------
    events : BlockEvents
    records : OneKind
        The mechanisms.
    rejects : Rejects
    """

    events: BlockEvents
    records: OneKind
    rejects: Rejects

    def read(self) -> dict[str, Floats]:
        """Return both planes, their errors and the figures of all mechanisms.

        The fault plane is the preferred one, else the first; a missing plane is computed from
        the other. NaN where a mechanism is refused or absent.
        """
        first, second, impossible = self._given()
        plane = self._words("preferred_plane")
        unknown = np.array([w not in ("", "1", "2") for w in plane], dtype=bool)
        self._tell(unknown, "the preferred plane is neither 1 nor 2", "preferred_plane")
        swap = np.isnan(sum(first)) | (plane == "2")
        swap &= ~np.isnan(sum(second))
        first, second = _exchange(first, second, swap)
        with np.errstate(invalid="ignore"):
            apart = _disagreement(first, second) > _LARGEST_DISAGREEMENT_DEG
        apart &= ~impossible
        self._tell(apart, "its two nodal planes are not those of one double couple")
        rejected = self._words("status") == "rejected"
        self._tell(rejected, "the source has rejected the mechanism")
        broken = impossible | apart | rejected | np.isnan(sum(first))
        computed = auxiliary_plane(*first)
        found: dict[str, Floats] = {}
        for name, a, b, c in zip(ANGLES, first, second, computed, strict=True):
            found[f"{name}_deg"] = np.where(broken, np.nan, a)
            other = np.where(np.isnan(sum(second)), c, b)
            found[f"auxiliary_{name}_deg"] = np.where(broken, np.nan, other)
        return found | self._errors(swap, broken) | self._figures()

    def _given(self) -> tuple[Plane, Plane, Mask]:
        """Both planes as given, wrapped, else those of the moment tensor; where impossible."""
        impossible = np.zeros(len(self.records.rows), dtype=bool)
        planes: list[Plane] = []
        for n in (1, 2):
            plane = []
            for angle in ANGLES:
                values, bad = self.records.numbers(f"{angle}_{n}")
                values = _wrap(angle, values)
                bad = bad | out_of_bounds(f"{angle}_deg", values)
                self._tell(bad, f"{angle}_deg of plane {n} is impossible", f"{angle}_{n}")
                impossible |= bad
                plane.append(np.where(bad, np.nan, values))
            planes.append(plane)
        first, second = planes
        if self.records.has(_TENSOR[0]):
            without = np.isnan(sum(first)) & np.isnan(sum(second)) & ~impossible
            inferred = self._planes_of_tensors()
            first = [np.where(without, b, a) for a, b in zip(first, inferred, strict=True)]
        return first, second, impossible

    def _planes_of_tensors(self) -> Plane:
        """The double couple closest to each moment tensor; NaN where it is incomplete.

        Axes of tensors are up, south, east (r, t, p); the double couple has its T and P axes
        (Jost and Herrmann, 1989, Seismol. Res. Lett., 60, 37-57).
        """
        rr, tt, pp, rt, rp, tp = (self.records.numbers(name)[0] for name in _TENSOR)
        rows = [[tt, -tp, rt], [-tp, pp, -rp], [rt, -rp, rr]]
        tensor = np.moveaxis(np.array(rows), -1, 0)
        known = np.isfinite(tensor).all(axis=(1, 2)) & np.abs(tensor).any(axis=(1, 2))
        _, axes = np.linalg.eigh(np.where(known[:, None, None], tensor, np.eye(3)))
        p, t = axes[:, :, 0], axes[:, :, 2]
        angles = plane_angles((t + p) * np.sqrt(0.5), (t - p) * np.sqrt(0.5))
        return [np.where(known, values, np.nan) for values in angles]

    def _errors(self, swap: Mask, broken: Mask) -> dict[str, Floats]:
        """RMS angles of the normals, from the errors of strike and dip.

        A normal turns by ``sin(dip)`` times the error of the strike about the vertical, and by
        the error of the dip.
        """
        angles = []
        for n in (1, 2):
            strike, bad_strike = self.records.numbers(f"strike_{n}_error")
            dip_error, bad_dip = self.records.numbers(f"dip_{n}_error")
            dip = self.records.numbers(f"dip_{n}")[0]
            with np.errstate(invalid="ignore"):
                turned = np.hypot(
                    np.nan_to_num(strike * np.sin(np.radians(dip))), np.nan_to_num(dip_error)
                )
                bad = bad_strike | bad_dip | (strike < 0) | (dip_error < 0)
            bad = bad | out_of_bounds("fault_plane_uncertainty_deg", turned)
            self._tell(bad, f"the errors of plane {n} are impossible and left out")
            unknown = np.isnan(strike) & np.isnan(dip_error)
            angles.append(np.where(bad | unknown | broken, np.nan, turned))
        fault, auxiliary = np.where(swap, angles[1], angles[0]), np.where(swap, *angles)
        return {
            "fault_plane_uncertainty_deg": fault,
            "auxiliary_plane_uncertainty_deg": auxiliary,
        }

    def _figures(self) -> dict[str, Floats]:
        found = {}
        for name, field in _FIGURES.items():
            values, bad = self.records.numbers(field)
            bad = bad | out_of_bounds(name, values)
            with np.errstate(invalid="ignore"):
                bad = bad | (values > _LARGEST.get(name, np.inf))
            if name == "polarity_count":
                bad = bad | (~np.isnan(values) & (values != np.round(values)))
            self._tell(bad, f"the {field} is impossible and left out", field)
            found[name] = np.where(bad, np.nan, values)
        return found

    def _words(self, field: str) -> np.ndarray:
        return np.array([w.lower() for w in self.records.words(field).to_pylist()], dtype=object)

    def _tell(self, mask: Mask, reason: str, field: str = "") -> None:
        owner = self.events.of(self.records.rows)
        for i in np.flatnonzero(mask).tolist():
            text = self.records.text(i, field) if field else self.records.text(i, "id")
            event_id = self.events.ids[owner[i]]
            self.rejects.add(self.records.line(i), "mechanism", reason, text, event_id)


def _wrap(angle: str, values: Floats) -> Floats:
    """Bring strikes into [0, 360) and rakes into [-180, 180]; others and dips stay."""
    if angle == "strike":
        return wrap_strike(values)
    return wrap_rake(values) if angle == "rake" else values


def _exchange(first: Plane, second: Plane, swap: Mask) -> tuple[Plane, Plane]:
    pairs = list(zip(first, second, strict=True))
    return [np.where(swap, b, a) for a, b in pairs], [np.where(swap, a, b) for a, b in pairs]


def _disagreement(first: Plane, second: Plane) -> Floats:
    """How far two planes are from those of one double couple, in degrees; NaN without both.

    The rotation between their double couples, or what lacks to a right angle between them.
    """
    known = ~np.isnan(sum(first)) & ~np.isnan(sum(second))
    a, b = (np.stack([np.where(known, v, 0.0) for v in p], axis=-1) for p in (first, second))
    normals = [fault_vectors(*np.moveaxis(p, -1, 0))[0] for p in (a, b)]
    cosine = np.clip(np.abs(np.sum(normals[0] * normals[1], axis=-1)), 0.0, 1.0)
    apart = np.maximum(rotation_angle(a, b), np.degrees(np.arcsin(cosine)))
    return np.where(known, apart, np.nan)
