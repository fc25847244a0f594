"""Displacements of a run: read from files or simulated, with their covariance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.config import DisplacementFile, Settings, Slip
from quakeloom.core import InputError, geographic_position, local_position
from quakeloom.formats import read_covariance, read_displacements
from quakeloom.schema import make_table
from quakeloom.slip import Observed, simulate_sites
from quakeloom.store import input_place

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RunDisplacements:
    """Displacements of a run, used and not.

    Attributes
    ----------
    table : pyarrow.Table
        Registered table ``displacements``.
    used : ndarray of bool, shape (rows,)
    observed : Observed
        Of those used.
    values : ndarray, shape (used,)
        Meters; NaN where they are still to be simulated.
    covariance : ndarray, shape (used, used)
        Square meters.
    """

    table: pa.Table
    used: NDArray[np.bool_]
    observed: Observed
    values: Floats
    covariance: Floats


def read_run_displacements(settings: Settings, slip: Slip) -> RunDisplacements:
    """Read all displacements of a run, or place the sites of a simulated one.

    Raises
    ------
    InputError
        If errors are missing, or fewer than three displacements can be used.
    """
    if slip.simulation is not None:
        table = _simulated_sites(settings, slip)
        return _gather(slip, [table], [np.diag(_column(table, "displacement_error_m") ** 2)])
    tables, covariances = [], []
    for file in slip.files:
        table = _with_errors(file, _asked(file, _read(settings, file)))
        tables.append(table)
        covariances.append(_covariance(settings, slip, file, table))
    found = _gather(slip, tables, covariances)
    if found.values.size < 3:
        raise InputError(
            f"Of {found.table.num_rows} displacements of run '{settings.name}' "
            f"{found.values.size} can be used, and no slip follows from fewer than three. The "
            "table `displacements` has the reason of each; correct the files."
        )
    return found


def _read(settings: Settings, file: DisplacementFile) -> pa.Table:
    return read_displacements(input_place(settings.data, file.path), file.format, file.unit)


def _column(table: pa.Table, name: str) -> Floats:
    return np.asarray(table.column(name).to_numpy(), dtype=float)


def _set(table: pa.Table, **columns: object) -> pa.Table:
    values = {n: table.column(n) for n in table.column_names}
    return make_table("displacements", {**values, **columns}, rows=table.num_rows)


def _status(table: pa.Table) -> NDArray[np.object_]:
    return np.array(table.column("displacement_status").to_pylist(), dtype=object)


def _asked(file: DisplacementFile, table: pa.Table) -> pa.Table:
    """Leave out components that are not asked for, with that reason."""
    component = np.array(table.column("component").to_pylist(), dtype=object)
    status = _status(table)
    reason = np.array(table.column("reason").to_pylist(), dtype=object)
    left = ~np.isin(component, [*file.components, "line_of_sight"]) & (status == "used")
    status[left], reason[left] = "not_asked", "the component is not among `components`"
    return _set(table, displacement_status=status.tolist(), reason=reason.tolist())


def _with_errors(file: DisplacementFile, table: pa.Table) -> pa.Table:
    """Give displacements without an error that of the settings; refuse them without one."""
    error, status = _column(table, "displacement_error_m"), _status(table)
    component = np.array(table.column("component").to_pylist(), dtype=object)
    missing = np.isnan(error) & (status == "used")
    if missing.any() and file.error_m is None and not file.covariance:
        raise InputError(
            f"{int(missing.sum())} of {table.num_rows} displacements of '{file.path}' have no "
            "error, so nothing says how well slip must explain them. Give a column such as "
            "`sigma_east_mm`, or `error_m` with the file in the settings."
        )
    flat = np.nan if file.error_m is None else file.error_m
    up = flat if file.error_up_m is None else file.error_up_m
    error = np.where(missing, np.where(component == "up", up, flat), error)
    return _set(table, displacement_error_m=error)


def _covariance(settings: Settings, slip: Slip, file: DisplacementFile, table: pa.Table) -> Floats:
    """Return the covariance of the rows of one file; rows that are not used are set aside."""
    if file.covariance:
        place = input_place(settings.data, file.covariance)
        return read_covariance(place, table.num_rows)
    error = np.nan_to_num(_column(table, "displacement_error_m"))
    share = np.eye(table.num_rows)
    if file.common_share:
        points = _local(slip, table)
        distance = np.linalg.norm(points[:, None] - points[None], axis=2)
        component = np.array(table.column("component").to_pylist(), dtype=object)
        alike = component[:, None] == component[None, :]
        common = np.exp(-np.nan_to_num(distance, nan=np.inf) / file.common_length_km) * alike
        share = (1.0 - file.common_share) * share + file.common_share * common
    return np.asarray(share * np.outer(error, error))


def _local(slip: Slip, table: pa.Table) -> Floats:
    """East and north in km around the fault, shape (rows, 2)."""
    north, east = local_position(
        slip.fault.longitude, slip.fault.latitude, _column(table, "longitude"),
        _column(table, "latitude"),
    )  # fmt: skip
    return np.column_stack([east, north])


def _gather(slip: Slip, tables: list[pa.Table], covariances: list[Floats]) -> RunDisplacements:
    table = pa.concat_tables(tables).combine_chunks()
    total = np.zeros((table.num_rows, table.num_rows))
    first = 0
    for part in covariances:
        total[first : first + len(part), first : first + len(part)] = part
        first += len(part)
    used = _status(table) == "used"
    directions = np.column_stack([
        _column(table, f"direction_{n}") for n in ("east", "north", "up")
    ])  # fmt: skip
    observed = Observed(_local(slip, table)[used], directions[used])
    return RunDisplacements(
        table, used, observed, _column(table, "displacement_m")[used], total[np.ix_(used, used)]
    )


def _simulated_sites(settings: Settings, slip: Slip) -> pa.Table:
    assert slip.simulation is not None
    asked = slip.simulation
    points = simulate_sites(asked.sites, asked.reach_km, (0.0, 0.0), settings.seed)
    lon, lat = geographic_position(
        slip.fault.longitude, slip.fault.latitude, points[:, 1], points[:, 0]
    )
    axes = {"east": (1.0, 0.0, 0.0), "north": (0.0, 1.0, 0.0), "up": (0.0, 0.0, 1.0)}
    rows = [
        {"site": f"S{k:04d}", "component": c, "longitude": lon[k], "latitude": lat[k],
         "direction_east": v[0], "direction_north": v[1], "direction_up": v[2],
         "displacement_error_m": asked.error_up_m if c == "up" else asked.error_m,
         "displacement_status": "used"}
        for k in range(asked.sites) for c, v in axes.items()
    ]  # fmt: skip
    return make_table("displacements", {n: [r[n] for r in rows] for n in rows[0]}, rows=len(rows))
