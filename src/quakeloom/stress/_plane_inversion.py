"""Inversion of mechanisms whose planes, errors and acceptable alternatives are all left open."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array, csr_array

from quakeloom.core import fault_vectors, random_stream
from quakeloom.inference import AbicScan, BlockCholesky, with_one_blas_thread
from quakeloom.stress._families import family_planes
from quakeloom.stress._fault_moves import FaultStart
from quakeloom.stress._fault_population import FRICTION_RANGE
from quakeloom.stress._field import StressField
from quakeloom.stress._grid import Method, StressGrid
from quakeloom.stress._interpolation import find_neighbors
from quakeloom.stress._inversion import StressInversion
from quakeloom.stress._plane_posterior import FieldDraws, FieldPrior, Sampling, sample_field
from quakeloom.stress._plane_prior import LENGTH_STD
from quakeloom.stress._planes import length_ratio
from quakeloom.stress._slip_likelihood import Placed
from quakeloom.stress._statistics import StressStatistics
from quakeloom.stress._strengths import likely_strengths
from quakeloom.stress._stress_search import StressSearch

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_EDGE_PART, _EDGE_SHARE = 0.1, 0.4
"""Friction is at an end where more than this share of its draws lies in this outermost part of the
range, in which a tenth lies beforehand. Chosen here."""

_HANDFUL = 30
"""Events of one node up to which many chains are cheap, and needed. Chosen here."""

_NEARBY = 300
"""Events around the node of most events, from which chains of a map take what faults and errors are
like to begin with. Chosen here: these numbers are then known to a tenth."""

_SHEAR = 0.4
"""Mean square of the shear traction on planes of any direction in a unit tensor: 2/5."""

_SURE = 1e-6
"""Least strength of the prior, relative to the information of one mechanism, so that nodes which
nothing but smoothness holds have a metric."""


@dataclass(frozen=True, eq=False)
class MechanismSets:
    """Events with their acceptable mechanisms.

    Attributes
    ----------
    points : ndarray, shape (events, dimensions)
        Coordinates in the order of the axes of a grid.
    weights : ndarray, shape (events,)
        How much each counts; 0 leaves it out.
    first : ndarray of int64, shape (events + 1,)
        Mechanisms of event ``e`` are ``first[e]:first[e + 1]``.
    angles : ndarray, shape (members, 3)
        Strike, dip, rake of one plane, whichever.
    shares : ndarray, shape (members,)
        Probability of each among those of its event.
    family : ndarray of int64, shape (events,), optional
        Fault that each event may lie on with others, -1 for none; none does if not given.
    """

    points: Floats
    weights: Floats
    first: Integers
    angles: Floats
    shares: Floats
    family: Integers | None = None

    @property
    def families(self) -> Integers:
        """Fault of each event, -1 for none."""
        return np.full(len(self.points), -1, np.int64) if self.family is None else self.family

    @classmethod
    def single(cls, points: ArrayLike, angles: ArrayLike, weights: ArrayLike) -> MechanismSets:
        """Return events of one mechanism each."""
        a = np.asarray(angles, dtype=float)
        first = np.arange(len(a) + 1, dtype=np.int64)
        places, w = np.asarray(points, dtype=float), np.asarray(weights, dtype=float)
        return cls(places, w, first, a, np.ones(len(a)))

    @classmethod
    def equal(cls, points: Floats, angles: Floats, weights: Floats) -> MechanismSets:
        """Return events of as many mechanisms each, shape (events, mechanisms, 3), all alike."""
        events, each = angles.shape[:2]
        first = np.arange(events + 1, dtype=np.int64) * each
        shares = np.full(events * each, 1.0 / each)
        return cls(points, weights, first, angles.reshape(-1, 3), shares)

    def select(self, rows: Integers) -> MechanismSets:
        """Return some events, in the order of ``rows``."""
        counts = np.diff(self.first)[rows]
        first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        within = np.arange(first[-1]) - np.repeat(first[:-1], counts)
        members = np.repeat(self.first[:-1][rows], counts) + within
        return MechanismSets(
            self.points[rows], self.weights[rows], first, self.angles[members],
            self.shares[members], self.families[rows],
        )  # fmt: skip


def join_sets(parts: Sequence[MechanismSets]) -> MechanismSets:
    """Return the events of all parts; families are to be found anew."""
    points, weights, angles, shares = (
        np.concatenate([getattr(p, name) for p in parts])
        for name in ("points", "weights", "angles", "shares")
    )
    counts = np.concatenate([np.diff(p.first) for p in parts])
    first = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return MechanismSets(points, weights, first, angles, shares)


@dataclass(frozen=True)
class PlaneModel:
    """What is found of faults and errors, median and 95 % range (low, median, high) of each.

    Attributes
    ----------
    friction : ndarray, shape (3,)
    level, width : ndarray, shape (3,)
        Instability from which faults are many, and over which they become so.
    error_deg : ndarray, shape (3,)
        Error of a mechanism about one axis.
    astray : ndarray, shape (3,)
        Share of mechanisms that have nothing to do with the stress.
    families, family_events : int
        Families of events that may lie on one fault, and their events.
    friction_at_edge : bool
        The mechanisms push friction to an end of its range.
    accepted : float
        Share of accepted moves of the sampler.
    """

    friction: Floats
    level: Floats
    width: Floats
    error_deg: Floats
    astray: Floats
    families: int
    family_events: int
    friction_at_edge: bool
    accepted: float


@dataclass(frozen=True)
class ProbableStress:
    """A stress field with all that is not known about planes in its draws.

    Attributes
    ----------
    field : StressField
        Mean and covariance of the draws; the other numbers are those of the linear inversion of
        both planes, which chose the strength of smoothing.
    draws : ndarray, shape (draws, nodes, 5)
        NaN at nodes that no data reach.
    model : PlaneModel
    inversion : StressInversion
        Of both planes.
    """

    field: StressField
    draws: Floats
    model: PlaneModel
    inversion: StressInversion


@with_one_blas_thread
def invert_probable_planes(
    grid: StressGrid,
    statistics: StressStatistics,
    sets: MechanismSets,
    alpha2: Sequence[float] | None = None,
    sampling: Sampling | None = None,
    seed: int = 0,
    **options: object,
) -> ProbableStress:
    """Draw the stress field from its posterior, with the choice of planes in the likelihood.

    Both planes of every mechanism count with the probability that the stress gives them: how near
    to failure they are, with friction and the preference for such planes unknown, and how well slip
    follows the shear traction, with the error of mechanisms unknown. Where an event has several
    acceptable mechanisms, its true one is among them. See
    :mod:`quakeloom.stress._slip_likelihood` for the likelihood and
    :mod:`quakeloom.stress._plane_posterior` for the sampler.

    Parameters
    ----------
    grid : StressGrid
    statistics : StressStatistics
        Of both planes of the same events, for the strength of smoothing.
    sets : MechanismSets
        In any order: the result does not depend on it.
    alpha2 : sequence of float, optional
        Fixed smoothing strength instead of ABIC's.
    sampling : Sampling, optional
        By the number of events if not given.
    seed : int
    **options
        Of :class:`StressInversion`.

    Returns
    -------
    ProbableStress
    """
    inversion = StressInversion(grid, statistics, **options)  # type: ignore[arg-type]
    scan: AbicScan | None = None
    if alpha2 is None:
        scan = inversion.scan()
        field = inversion.solve(scan.best.alpha2, scan)
    else:
        field = inversion.solve(alpha2)
    placed, first, shares = _place(inversion, sets, "bilinear")
    known = FaultStart(family_planes(placed.family, placed.frames[first[:-1]]))
    alone = inversion.kept.size == 1
    plan = sampling or plan_sampling(placed.weights.size, alone, len(known.planes))
    pick = np.linspace(0, plan.particles - 1, plan.chains).astype(np.int64)
    if alone:
        found, shared, faults = StressSearch(placed, first, known, seed).find(plan.particles)
        start = found[pick], shared[pick], faults[pick]
    else:
        drawn = inversion.draw_fields(field.point.alpha2, plan.chains, seed, scan)
        drawn = drawn[:, inversion.kept]
        drawn /= np.linalg.norm(drawn, axis=2, keepdims=True)
        near = _take(placed, first, _events_nearby(inversion, placed), known)
        _, shared, _ = StressSearch(*near, seed).find(plan.particles)
        start = drawn, shared[pick], known.begin(plan.chains, random_stream(seed, "faults"))
    prior = _prior(inversion, field, scan, plan.chains)
    draws = sample_field(placed, first, shares, prior, start, known, plan, seed)
    found_families = len(known.planes), int(np.sum(placed.family >= 0))
    return _summarize(inversion, field, draws, found_families)


def _events_nearby(inversion: StressInversion, placed: Placed) -> Integers:
    """Return the events around the node that most events are nearest to, in their order.

    One stress of theirs says what faults and errors are like, which all events share: chains that
    begin anywhere take hundreds of iterations to find that.
    """
    nearest = placed.nodes[np.arange(placed.weights.size), np.argmax(placed.corners, axis=1)]
    places = inversion.grid.places[inversion.kept]
    densest = np.argmax(np.bincount(nearest, weights=placed.weights, minlength=len(places)))
    away = np.sum((places - places[densest]) ** 2, axis=1)[nearest]
    return np.sort(np.argsort(away, kind="stable")[:_NEARBY])


def _take(
    placed: Placed, first: Integers, rows: Integers, known: FaultStart
) -> tuple[Placed, Integers, FaultStart]:
    """Return some events with their acceptable mechanisms, and the families that they have."""
    counts = np.diff(first)[rows]
    begin = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    members = np.arange(begin[-1]) - np.repeat(begin[:-1], counts) + np.repeat(first[rows], counts)
    frames = np.ascontiguousarray(placed.frames[members])
    family = placed.family[rows]
    names = np.unique(family[family >= 0])
    number = np.full(len(known.planes) + 1, -1, dtype=np.int64)
    number[names] = np.arange(len(names))
    taken = placed._replace(
        frames=frames, weights=placed.weights[rows], nodes=placed.nodes[rows],
        corners=placed.corners[rows], family=number[family],
        fault_nodes=placed.fault_nodes[names], fault_corners=placed.fault_corners[names],
    )  # fmt: skip
    return taken, begin, FaultStart(known.planes[names])


def plan_sampling(events: int, on_one_node: bool = False, families: int = 0) -> Sampling:
    """Return how long the posterior of so many events is sampled.

    Faults of families may be either of two planes each, and chains do not pass from one to the
    other once the stress fits; of a handful of events as well, stresses far apart are likely. As
    many chains begin as it takes to see each as often as it is likely: 16 that never mix would
    hold 15 of 17 truths in what is to be their 95 % range.
    """
    if on_one_node and events <= _HANDFUL:
        return Sampling(chains=128, warming=40, kept=25, particles=2048)
    if on_one_node and families and events <= 1000:
        particles = 512 if events <= 300 else 192
        return Sampling(chains=64, warming=40, kept=25, particles=particles)
    if events <= 1000:
        return Sampling()
    many = Sampling(chains=4, warming=50, kept=60)
    return Sampling(chains=8, kept=60) if events <= 10_000 else many


def _place(
    inversion: StressInversion, sets: MechanismSets, method: Method
) -> tuple[Placed, Integers, Floats]:
    """Return the events that load solved nodes, in an order that does not depend on theirs."""
    nodes, corners = inversion.grid.locate(sets.points, method)
    new = np.full(inversion.grid.node_count + 1, -1, dtype=np.int64)
    new[inversion.kept] = np.arange(inversion.kept.size)
    nodes = new[nodes]
    used = (
        (sets.weights > 0)
        & corners.any(axis=1)
        & np.isfinite(sets.angles[sets.first[:-1]]).all(axis=1)
    )
    rows = np.flatnonzero(used)
    keys = (*sets.angles[sets.first[:-1]][rows].T, sets.weights[rows], *sets.points[rows].T)
    rows = rows[np.lexsort(keys)]
    chosen = sets.select(rows)
    normal, slip = fault_vectors(*chosen.angles.T)
    nodes, corners = nodes[rows], corners[rows]
    # copies of one mechanism count as one, as in the linear inversion
    nearest = nodes[np.arange(rows.size), np.argmax(corners, axis=1)]
    weights = chosen.weights * inversion.share[nearest]
    frames = np.ascontiguousarray(np.stack([normal, slip], axis=1))
    family, middles = _number_families(chosen)
    fault_nodes, fault_corners = inversion.grid.locate(middles, method)
    placed = Placed(
        frames, weights, np.ascontiguousarray(nodes), np.ascontiguousarray(corners), family,
        np.ascontiguousarray(new[fault_nodes]), np.ascontiguousarray(fault_corners),
    )  # fmt: skip
    return placed, chosen.first, chosen.shares


def _number_families(chosen: MechanismSets) -> tuple[Integers, Floats]:
    """Return families numbered by their first event, and the middle of each.

    One that is left with a single event is none.
    """
    family = chosen.families
    size = np.bincount(family[family >= 0], minlength=1)
    kept = np.where((family >= 0) & (size[family] > 1), family, -1)
    names, first_row, number = np.unique(kept, return_index=True, return_inverse=True)
    order = np.argsort(first_row, kind="stable")
    order = order[names[order] >= 0]
    rank = np.full(len(names), -1, dtype=np.int64)
    rank[order] = np.arange(len(order))
    numbered = rank[number.reshape(-1)]
    middles = [chosen.points[numbered == k].mean(axis=0) for k in range(len(order))]
    return numbered, np.array(middles).reshape(-1, chosen.points.shape[1])


def _prior(
    inversion: StressInversion,
    field: StressField,
    scan: AbicScan | None,
    chains: int,
) -> FieldPrior:
    """Return the smoothness of unit tensors at the likely strengths, and the metric."""
    length2 = float(np.nanmean(np.sum(field.components**2, axis=1)))
    best = field.point.alpha2
    others = likely_strengths(scan) if scan is not None and len(best) == 1 else ()
    chosen: list[tuple[float, ...]] = [(float(a),) for a in others] or [best]
    pairs = inversion.dissection.pairs
    weights = np.zeros(len(pairs))
    strength = np.ones(chains)
    if best and inversion.inversion.penalties:
        # all penalties in the ratio of the best strengths; chains differ in the first
        for a, r in zip(best, inversion.inversion.penalties, strict=True):
            weights = weights + a / best[0] * r
        scales = []
        for each in chosen:
            point, _ = inversion.inversion.evaluate(each)
            scales.append(length2 * each[0] / inversion.noise_variance(point))
        strength = np.array(scales)[np.arange(chains) % len(scales)]
    i, j = pairs.T

    def metric(middle: float, error: float) -> BlockCholesky:
        blocks = inversion._own / (2.0 * _SHEAR * error**2)
        blocks += np.multiply.outer(middle * weights, np.eye(5))
        blocks[i == j] += (1.0 / LENGTH_STD**2 + _SURE) * np.eye(5)
        return BlockCholesky(inversion.dissection, blocks)

    off = i != j
    count = inversion.kept.size
    penalty: csr_array | None = None
    if np.any(weights):
        rows, columns = np.concatenate([i, j[off]]), np.concatenate([j, i[off]])
        values = np.concatenate([weights, weights[off]])
        penalty = coo_array((values, (rows, columns)), (count, count)).tocsr()
    return FieldPrior(penalty, strength, scan is not None, inversion._components, metric)


def _summarize(
    inversion: StressInversion,
    linear: StressField,
    draws: FieldDraws,
    families: tuple[int, int],
) -> ProbableStress:
    """Return mean and covariance of draws, at the length of the linear field."""
    grid = inversion.grid
    fields = np.full((len(draws.fields), grid.node_count, 5), np.nan)
    fields[:, inversion.kept] = draws.fields
    mean = fields.mean(axis=0)
    ratio = length_ratio(linear.components, mean)
    fields *= ratio
    mean = mean * ratio
    off = fields - mean
    own = np.einsum("dni,dnj->nij", off, off) / len(fields)
    neighbors = find_neighbors(grid)
    between = np.stack(
        [np.einsum("dni,dnj->nij", off, off[:, k]) / len(fields) for k in neighbors.T], axis=1
    )
    between[neighbors < 0] = np.nan
    field = replace(linear, components=mean, covariance=own, neighbor_covariance=between)
    shared = draws.shared.copy()
    shared[:, 1] = np.exp(shared[:, 1])
    shared[:, 3] = np.degrees(np.exp(shared[:, 3]))
    level, width, friction, error, astray = np.quantile(shared, [0.025, 0.5, 0.975], axis=0).T
    part = (shared[:, 2] - FRICTION_RANGE[0]) / (FRICTION_RANGE[1] - FRICTION_RANGE[0])
    at_edge = max(np.mean(part < _EDGE_PART), np.mean(part > 1.0 - _EDGE_PART)) > _EDGE_SHARE
    model = PlaneModel(
        friction, level, width, error, astray, *families, bool(at_edge), draws.accepted
    )
    return ProbableStress(field, fields, model, inversion)
