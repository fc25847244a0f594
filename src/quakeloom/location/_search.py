"""From a coarse grid to a fine one, only around the mass of the posterior.

Every level halves the cells that hold nearly all of the mass and drops the others. What is
looked at on a coarse level is a blurred posterior: the variance of every pick grows by that of its
residual over a cell, so that a narrow peak between nodes is not overlooked. (A tempered likelihood
would do for Gaussian errors; the tails of robust ones would have no end.) The last level is a
regular grid with the true likelihood; sums over it are as good as integrals (for a Gaussian the
error of nodes one standard deviation apart is below 1e-8).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quakeloom.location._density import EventDensity
from quakeloom.location._interpolation import Floats, Ints

_SLOWNESS_S_KM = 0.2
"""Slowness that turns a cell of the first search into a spread of residuals, s/km: P at 5 km/s.
Chosen here; a little slow, so that blurring is rather too much than too little."""

_BLUR = 3.0
"""How much more than by the spread of its residual over a cell the variance of a pick grows on
coarse levels. Chosen here: wide enough for slopes that differ between members."""

_LOST = 5e-4
"""Share of the mass that a level may drop. Chosen here: it moves no moment by a hundredth of a
standard deviation."""

_LOST_COARSELY = 0.01
"""The same for levels of the first search, which only has to find where the mass is."""

_FEW_CELLS, _MOST_CELLS = 32, 4000
"""Most cells that a level of the first search keeps, and its last one."""

_COARSEST = (5, 10, 10)
"""Cells of the first level of the first search, in depth, north and east."""

_ATTEMPTS = 4
"""How often a grid is started over, twice as wide, where the mass reaches its faces."""

_THIN_KM = 1e-3
"""Width of a section, across which nothing depends on."""


@dataclass(frozen=True)
class Grid:
    """The nodes of a level: a regular grid in the frame ``center + basis @ (cell + 1/2) size``.

    ``basis`` is lower triangular in depth, north, east, so that depth is constant on planes of
    the first number of cells and the limits of depth are faces of cells.
    """

    center: Floats
    basis: Floats
    size: Floats
    cells: Ints
    nodes: Floats
    share: Floats


def place_cells(
    center: Floats, basis: Floats, size: Floats, cells: Ints, top: float, bottom: float
) -> Grid:
    """Return the nodes of cells; a cell cut by the limits of depth keeps its part inside."""
    u = (cells + 0.5) * size
    half = 0.5 * abs(basis[0, 0]) * size[0]
    z = center[0] + basis[0, 0] * u[:, 0]
    low = np.maximum(z - half, top)
    high = np.minimum(z + half, bottom)
    share = (high - low) / (2.0 * half)
    inside = share > 1e-9
    cells, u, share = cells[inside], u[inside], share[inside]
    u[:, 0] = (0.5 * (low + high)[inside] - center[0]) / basis[0, 0]
    return Grid(center, basis, size, cells, center + u @ basis.T, share)


def children(cells: Ints) -> Ints:
    """Return the eight halves of cells."""
    corner = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)], dtype=np.int64)
    return (2 * cells[:, None, :] + corner).reshape(-1, 3)


def heaviest(log_mass: Floats, lost: float, most: int) -> Ints:
    """Return the numbers of the cells that hold all mass but ``lost``, at most ``most``."""
    if not log_mass.size:
        return np.empty(0, np.int64)
    peak = log_mass.max()
    if peak == -np.inf:
        return np.empty(0, np.int64)
    mass = np.exp(log_mass - peak)
    order = np.argsort(-mass, kind="stable")
    total = np.cumsum(mass[order])
    count = int(np.searchsorted(total, (1.0 - lost) * total[-1])) + 1
    return np.sort(order[: min(count, most)])


def find_region(
    density: EventDensity, center: Floats, radius_km: float, finest_km: float = 0.6
) -> tuple[Floats, Floats]:
    """Find where the mass is, in the whole volume.

    Parameters
    ----------
    density : EventDensity
    center : ndarray, shape (3,)
        Middle of the volume; its depth is not used.
    radius_km : float
        Half the width of the volume.
    finest_km : float

    Returns
    -------
    nodes : ndarray, shape (n, 3)
    log_mass : ndarray, shape (n,)
        Of cells a little larger than ``finest_km``; empty if the tables reach no node.
    """
    counts = np.array(_COARSEST)
    extent = np.array([density.bottom_km - density.top_km, 2 * radius_km, 2 * radius_km])
    origin = np.array([density.top_km, center[1] - radius_km, center[2] - radius_km])
    if density.is_section:
        # a section has one east, and tables that do not know of it
        counts[2], extent[2], origin[2] = 1, _THIN_KM, -0.5 * _THIN_KM
    size = extent / counts
    cells = np.stack(np.meshgrid(*(np.arange(c) for c in counts), indexing="ij"), -1).reshape(-1, 3)
    cells = cells.astype(np.int64)
    basis = np.eye(3)
    while True:
        # Cells that are much longer one way are halved that way only.
        grid = place_cells(origin, basis, size, cells, density.top_km, density.bottom_km)
        blur = (_SLOWNESS_S_KM**2) * float(np.sum(size**2)) / 12.0
        log_mass = density.log_masses(grid.nodes, grid.share, density.picks.variance + blur)
        last = size.max() <= 2.0 * finest_km
        lost, most = (_LOST, _MOST_CELLS) if last else (_LOST_COARSELY, _FEW_CELLS)
        keep = heaviest(log_mass, lost, most)
        if last or not keep.size:
            return grid.nodes[keep], log_mass[keep]
        split = size > 0.5 * size.max()
        cells = grid.cells[keep]
        corners = np.stack(
            np.meshgrid(*(np.arange(2 if s else 1) for s in split), indexing="ij"), -1
        ).reshape(-1, 3)
        cells = (np.where(split, 2 * cells, cells)[:, None, :] + corners).reshape(-1, 3)
        size = np.where(split, size / 2.0, size)


@dataclass(frozen=True)
class Frame:
    """Where a regular grid is laid: around a point, along axes that fit the posterior.

    Attributes
    ----------
    center : ndarray, shape (3,)
    basis : ndarray, shape (3, 3)
        Lower triangular; its columns are about one standard deviation of one model's posterior.
    spacing : ndarray, shape (3,)
        Of nodes of the last level along the columns.
    slope : ndarray, shape (picks, 3)
        Change of every pick's residual along the columns; coarse levels are blurred by its
        variance over a cell.
    """

    center: Floats
    basis: Floats
    spacing: Floats
    slope: Floats


def resolve(
    density: EventDensity, frame: Frame, reach: float, maximum_nodes: int
) -> tuple[Grid, Floats, Floats, int]:
    """Evaluate the posterior on a regular grid around its mass.

    Parameters
    ----------
    density : EventDensity
    frame : Frame
    reach : float
        How far, in columns, the first level reaches at least.
    maximum_nodes : int

    Returns
    -------
    grid : Grid
        The last level.
    log_likelihood, origin : ndarray, shape (nodes, members)
    coarser : int
        How many levels short of the spacing the grid is; 0 unless nodes ran out.
    """
    levels = max(2, int(np.ceil(np.log2(max(reach, 4.0) / 3.0))))
    section = density.is_section
    children_of_one = 4 if section else 8
    for attempt in range(_ATTEMPTS):
        around = np.ceil(np.maximum(reach / (2**levels * frame.spacing), 3.0)).astype(np.int64)
        axes = [np.arange(-a, a) for a in around]
        if section:
            axes[2] = np.zeros(1, dtype=np.int64)
        cells = np.stack(np.meshgrid(*axes, indexing="ij"), -1).reshape(-1, 3).astype(np.int64)
        for level in range(levels, -1, -1):
            size = 2.0**level * frame.spacing
            grid = place_cells(
                frame.center, frame.basis, size, cells, density.top_km, density.bottom_km
            )
            if level == 0:
                return grid, *density.with_origins(grid.nodes), 0
            blur = _BLUR * ((frame.slope * size) ** 2).sum(axis=1) / 12.0
            log_mass = density.log_masses(grid.nodes, grid.share, density.picks.variance + blur)
            for lost in (_LOST, 5 * _LOST, 20 * _LOST):
                keep = heaviest(log_mass, lost, grid.cells.shape[0])
                if children_of_one * keep.size <= maximum_nodes:
                    break
            widest = level == levels and attempt < _ATTEMPTS - 1
            if widest and _is_cut(grid, keep, log_mass, around, section):
                break
            if children_of_one * keep.size > maximum_nodes:
                return grid, *density.with_origins(grid.nodes), level
            cells = children(grid.cells[keep])
            if section:
                cells = cells[cells[:, 2] % 2 == 0]
        levels += 1
        reach *= 2.0
    raise RuntimeError("the search never ends without a grid")


def _is_cut(grid: Grid, keep: Ints, log_mass: Floats, around: Ints, section: bool) -> bool:
    """Say whether the mass reaches the faces of the first level, other than the limits of depth."""
    if not keep.size:
        return False
    heavy = keep[log_mass[keep] > log_mass[keep].max() - 5.0]
    cells = grid.cells[heavy]
    outer = (cells == -around) | (cells == around - 1)
    # Beyond a cell that the limits of depth cut there is nothing.
    outer[:, 0] &= grid.share[heavy] > 0.999
    return bool(outer[:, : 2 if section else 3].any())
