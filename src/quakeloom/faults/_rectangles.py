"""Finite rectangular planes: their density of earthquakes, and one step towards the best fit.

Axes north, east, down. A plane is a row of numbers; see the names of the columns below.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from quakeloom.core.compiled import compiled

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

CENTER, NORMAL = slice(0, 3), slice(3, 6)
"""Columns with the center, km, and the unit normal, which points up."""

LENGTH, WIDTH, SCALE, SOFT, RAKE, COUNT = 6, 7, 8, 9, 10, 11
"""Columns with half the length along strike and half the width down dip, km; the scale of
Student's t across, km; softness of the edges as a part of half the side; rake of the common slip,
radians, NaN if not known; and the expected number of events."""

COLUMNS = 12
"""Numbers of a plane."""

FREE_NUMBERS = 9
"""Free numbers of a plane without its slip: center 3, normal 2, sides 2, thickness, count."""

_TRUNCATED = 4.5
"""Standard deviations beyond an edge at which the density is taken as nothing."""

_LEAST_SHARE = 1e-4
"""A plane that explains less of an event than this is not counted for it; chosen here."""

_ROOT2 = math.sqrt(2.0)
"""Root of 2, which the error function needs."""

_ROOT2PI = math.sqrt(2.0 * math.pi)
"""Root of 2 pi, of normal densities."""

_NODES = 14
"""Scales by which Student's t is put together from normal densities; chosen here: its density is
met within 8 % up to 10 scales (a test)."""


def scale_mixture(freedom: float) -> tuple[Floats, Floats]:
    """Return the variances and weights of normal densities that make up Student's t.

    With ``tau`` of the gamma distribution of shape and rate ``freedom / 2``, ``z = N(0, 1 / tau)``
    has Student's t; ``1 / tau`` is cut into classes even in its logarithm, each with its
    probability and its mean.

    Parameters
    ----------
    freedom : float
        Degrees of freedom; infinity gives one normal density.

    Returns
    -------
    variances, weights : ndarray, shape (nodes,)
    """
    from scipy.special import gammainc, gammaincinv

    if not np.isfinite(freedom):
        return np.ones(1), np.ones(1)
    half = freedom / 2.0
    low, high = half / gammaincinv(half, np.array([1.0 - 1e-4, 2e-5]))
    edges = np.geomspace(low, high, _NODES + 1)
    edges[0], edges[-1] = 0.0, np.inf
    with np.errstate(divide="ignore"):
        tau = half / edges
    # tau = half / m: the class of variances m from low to high is tau from high to low
    weights = -np.diff(gammainc(half, tau))
    # mean precision of the class keeps the peak right
    precision = -np.diff(gammainc(half + 1.0, tau)) / weights
    return 1.0 / precision, weights


@compiled(nogil=True)
def axes_of(normal: Floats) -> tuple[Floats, Floats]:
    """Return the unit vectors along strike and down dip of a normal that points up."""
    flat = math.hypot(normal[0], normal[1])
    along, down = np.zeros(3), np.zeros(3)
    if flat < 1e-9:
        along[0], down[1] = 1.0, 1.0
        return along, down
    # strike f, dip d: n = (-sin d sin f, sin d cos f, -cos d)
    sine, cosine = -normal[0] / flat, normal[1] / flat
    along[0], along[1] = cosine, sine
    dip_sine, dip_cosine = flat, -normal[2]
    down[0], down[1], down[2] = -sine * dip_cosine, cosine * dip_cosine, dip_sine
    return along, down


@compiled(nogil=True)
def _log_side(z: float, half: float, sigma: float) -> float:
    """Logarithm of a uniform density on [-half, half] that is smeared by a normal one."""
    near = (abs(z) - half) / (sigma * _ROOT2)
    far = (abs(z) + half) / (sigma * _ROOT2)
    if near > 6.0:
        return -1e9
    inside = 0.5 * (math.erfc(near) - math.erfc(far))
    return math.log(max(inside, 1e-300) / (2.0 * half))


@compiled(nogil=True)
def mechanism_factor(
    plane: Floats, along: Floats, down: Floats, normals: Floats, slips: Floats, weights: Floats,
    spread: Floats,
) -> tuple[float, float]:  # fmt: skip
    """Return how much likelier a set of mechanisms is on a plane than off it, and for plane 1.

    Parameters
    ----------
    plane : ndarray, shape (COLUMNS,)
    along, down : ndarray, shape (3,)
    normals, slips, weights : ndarray, shape (members, 3) and (members,)
    spread : ndarray, shape (4,)
        Concentration of normals (Watson) and of rakes (von Mises), the part of events on a plane
        that slip anyhow, and the logarithm of Watson's constant over that of a uniform density.

    Returns
    -------
    factor, first : float
        Density over that of mechanisms of any direction; its part due to plane 1.
    """
    normal_kappa, rake_kappa, other = spread[0], spread[1], spread[2]
    first, second = 0.0, 0.0
    known = not math.isnan(plane[RAKE])
    bessel = spread[3]
    for m in range(weights.size):
        for side in range(2):
            n = normals[m] if side == 0 else slips[m]
            s = slips[m] if side == 0 else normals[m]
            cosine = plane[3] * n[0] + plane[4] * n[1] + plane[5] * n[2]
            log_density = normal_kappa * (cosine * cosine - 1.0) + bessel
            if known:
                sign = 1.0 if cosine >= 0.0 else -1.0
                on = sign * (along[0] * s[0] + along[1] * s[1] + along[2] * s[2])
                up = -sign * (down[0] * s[0] + down[1] * s[1] + down[2] * s[2])
                size = max(math.hypot(on, up), 1e-12)
                agreement = (on * math.cos(plane[RAKE]) + up * math.sin(plane[RAKE])) / size
                log_density += rake_kappa * (agreement - 1.0) + spread[4]
            density = 0.5 * weights[m] * math.exp(log_density)
            if side == 0:
                first += density
            else:
                second += density
    factor = (1.0 - other) * (first + second) + other
    return factor, (1.0 - other) * first + 0.5 * other


@compiled(nogil=True)
def _across(z: float, scale2: float, error: float, nodes: Floats) -> tuple[float, float]:
    """Return the density across a plane, but for root 2 pi, and the mean precision there."""
    density, precision = 0.0, 0.0
    for j in range(nodes.shape[1]):
        v = scale2 * nodes[0, j] + error
        part = nodes[1, j] * math.exp(-0.5 * z * z / v) / math.sqrt(v)
        density += part
        precision += part / v
    return density, precision / max(density, 1e-300)


@compiled(nogil=True)
def _add_across(
    share: float, z: float, slopes: tuple[Floats, Floats], scale2: float, error: float,
    nodes: Floats, score: Floats, info: Floats,
) -> None:  # fmt: skip
    """Add an event's score of what moves it across the plane, the scales tau being latent."""
    dz, dv = slopes
    for j in range(nodes.shape[1]):
        v = scale2 * nodes[0, j] + error
        rho = share * nodes[1, j] * math.exp(-0.5 * z * z / v) / math.sqrt(v)
        if rho < 1e-9:
            continue
        dv[3] = 2.0 * scale2 * nodes[0, j]
        for p in range(4):
            score[p] += rho * (-z * dz[p] / v + 0.5 * (z * z / v - 1.0) * dv[p] / v)
            for q in range(4):
                info[p, q] += rho * (dz[p] * dz[q] / v + 0.5 * dv[p] * dv[q] / (v * v))


@compiled(nogil=True)
def explain_events(
    plane: Floats, positions: Floats, covariances: Floats, background: Floats,
    nodes: Floats, mechanisms: tuple[Integers, Floats, Floats, Floats], spread: Floats,
) -> tuple[Integers, Floats]:  # fmt: skip
    """Return the events that a plane explains in part, and its intensity at them.

    The intensity is the expected number of events times the density at the hypocenter, error of
    location included: along strike and down dip a uniform density with soft edges, across a
    Student's t, each smeared by the event's normal error along that axis; times the factor of
    the event's mechanisms.

    Parameters
    ----------
    plane : ndarray, shape (COLUMNS,)
    positions, covariances : ndarray, shape (n, 3) and (n, 3, 3)
    background : ndarray, shape (n,)
        Intensity of the background, against which the plane is nothing where it is much smaller.
    nodes : ndarray, shape (2, nodes)
        Of :func:`scale_mixture`.
    mechanisms : tuple of ndarray
        Starts, normals, slips, weights.
    spread : ndarray, shape (5,)
        Of :func:`mechanism_spread`.

    Returns
    -------
    rows : ndarray of int, shape (m,)
    intensity : ndarray, shape (m,)
    """
    n = len(positions)
    starts, normals, slips, weights = mechanisms
    along, down = axes_of(plane[3:6])
    rows, values = np.empty(n, np.int64), np.empty(n)
    found = 0
    half, deep, scale2, soft = plane[6], plane[7], plane[8] ** 2, plane[9]
    edge_a, edge_b = (soft * half) ** 2, (soft * deep) ** 2
    for i in range(n):
        dn, de = positions[i, 0] - plane[0], positions[i, 1] - plane[1]
        dd = positions[i, 2] - plane[2]
        z1 = along[0] * dn + along[1] * de + along[2] * dd
        s = covariances[i]
        v1 = edge_a
        for j in range(3):
            for k in range(3):
                v1 += along[j] * s[j, k] * along[k]
        if abs(z1) > half and (abs(z1) - half) ** 2 > _TRUNCATED**2 * v1:
            continue
        z2 = down[0] * dn + down[1] * de + down[2] * dd
        v2, error, cross1, cross2 = edge_b, 0.0, 0.0, 0.0
        for j in range(3):
            sn = s[j, 0] * plane[3] + s[j, 1] * plane[4] + s[j, 2] * plane[5]
            error += plane[3 + j] * sn
            cross1 += along[j] * sn
            cross2 += down[j] * sn
            for k in range(3):
                v2 += down[j] * s[j, k] * down[k]
        if abs(z2) > deep and (abs(z2) - deep) ** 2 > _TRUNCATED**2 * v2:
            continue
        z3 = plane[3] * dn + plane[4] * de + plane[5] * dd
        across, precision = _across(z3, scale2, error, nodes)
        if across < 1e-300:
            continue
        # the error across says part of the error along the sides
        z1 -= cross1 * precision * z3
        z2 -= cross2 * precision * z3
        v1 = max(v1 - cross1 * cross1 * precision, 1e-4 * v1)
        v2 = max(v2 - cross2 * cross2 * precision, 1e-4 * v2)
        log_sides = _log_side(z1, half, math.sqrt(v1)) + _log_side(z2, deep, math.sqrt(v2))
        value = plane[11] * across / _ROOT2PI * math.exp(log_sides)
        begin, end = starts[i], starts[i + 1]
        if end > begin:
            value *= mechanism_factor(
                plane, along, down, normals[begin:end], slips[begin:end], weights[begin:end], spread
            )[0]
        if value > _LEAST_SHARE * background[i]:
            rows[found], values[found] = i, value
            found += 1
    return rows[:found].copy(), values[:found].copy()


def mechanism_spread(normal_kappa: float, rake_kappa: float, other: float) -> Floats:
    """Return the constants of the mechanism part of the likelihood.

    Watson's density of normals on a half sphere is ``C exp(k ((n.m)^2 - 1))`` with ``1 / C`` its
    integral ``2 pi int_0^1 exp(k (t^2 - 1)) dt``; von Mises' density of rakes
    ``exp(k (cos d - 1)) / (2 pi i0e(k))``. Both are given over the uniform ones.

    Parameters
    ----------
    normal_kappa, rake_kappa : float
        Concentrations; 8 is a scatter of normals of 20 degrees.
    other : float
        Part of the events on a plane that slip on other planes.

    Returns
    -------
    ndarray, shape (5,)
    """
    from scipy.special import dawsn, i0e

    root = math.sqrt(normal_kappa)
    # int_0^1 exp(k (t^2 - 1)) dt is Dawson's function of sqrt k over sqrt k
    watson = -math.log(dawsn(root) / root) if root > 0 else 0.0
    return np.array([normal_kappa, rake_kappa, other, watson, -math.log(i0e(rake_kappa))])


@compiled(nogil=True)
def improve_plane(
    plane: Floats, rows: Integers, shares: Floats, positions: Floats, covariances: Floats,
    nodes: Floats, mechanisms: tuple[Integers, Floats, Floats, Floats],
    constants: tuple[Floats, Floats],
) -> tuple[Floats, Floats]:  # fmt: skip
    """Move a plane one step up the likelihood of the events, by the share that it explains.

    The place across, the two turns of the normal and the scale move together by Fisher scoring,
    the scales ``tau`` of Student's t being latent; center and half length of either side by the
    products of scores (Berndt and others 1974).

    Parameters
    ----------
    plane : ndarray, shape (COLUMNS,)
    rows : ndarray of int, shape (m,)
    shares : ndarray, shape (m,)
        Weight of the event times the share of it that the plane explains.
    positions, covariances, nodes, mechanisms
        As in :func:`explain_events`.
    constants : tuple of ndarray
        ``spread`` of :func:`explain_events`; and logarithms of the most likely scale and of its
        spread, and the greatest scale as a part of the smaller half side.

    Returns
    -------
    plane : ndarray, shape (COLUMNS,)
        With the number of events set to the sum of the shares.
    information : ndarray, shape (8, 8)
        Of the place across, turns about down dip and about strike (radians), logarithm of the
        scale; place along strike, logarithm of half length; place down dip, logarithm of half
        width.
    """
    starts, normals, slips, weights = mechanisms
    spread, prior = constants
    along, down = axes_of(plane[3:6])
    n0, n1, n2 = plane[3], plane[4], plane[5]
    scale2 = plane[8] ** 2
    score, info = np.zeros(4), np.zeros((4, 4))
    side_score, side_info = np.zeros((2, 2)), np.zeros((2, 2, 2))
    total, rake_on, rake_up = 0.0, 0.0, 0.0
    dz, dv = np.zeros(4), np.zeros(4)
    for r in range(rows.size):
        i, g = rows[r], shares[r]
        total += g
        if g < 1e-6:
            continue
        d = positions[i] - plane[:3]
        s = covariances[i]
        sn = s @ plane[3:6]
        z1 = along[0] * d[0] + along[1] * d[1] + along[2] * d[2]
        z2 = down[0] * d[0] + down[1] * d[1] + down[2] * d[2]
        z3 = n0 * d[0] + n1 * d[1] + n2 * d[2]
        error = n0 * sn[0] + n1 * sn[1] + n2 * sn[2]
        # n' = n - turn1 along - turn2 down
        dz[0], dz[1], dz[2] = -1.0, -z1, -z2
        dv[1] = -2.0 * (along[0] * sn[0] + along[1] * sn[1] + along[2] * sn[2])
        dv[2] = -2.0 * (down[0] * sn[0] + down[1] * sn[1] + down[2] * sn[2])
        norm, precision = _across(z3, scale2, error, nodes)
        if norm < 1e-300:
            continue
        _add_across(g / norm, z3, (dz, dv), scale2, error, nodes, score, info)
        for side in range(2):
            axis, half, z = (along, plane[6], z1) if side == 0 else (down, plane[7], z2)
            cross = axis @ sn
            v = axis @ (s @ axis) - cross * cross * precision
            place = _add_side(
                g, z - cross * precision * z3, half, plane[9], v, side_score[side], side_info[side]
            )
            for p in range(3):
                push = place * cross * precision * dz[p]
                score[p] += g * push
                info[p, p] += g * push * push
        begin, end = starts[i], starts[i + 1]
        if end > begin:
            sets = normals[begin:end], slips[begin:end], weights[begin:end]
            on, up = _add_mechanisms(g, plane, (along, down), sets, spread, score, info)
            rake_on += on
            rake_up += up
    sums, sides = (score, info), (side_score, side_info)
    return _step(plane, (along, down), total, (rake_on, rake_up), sums, sides, prior)


@compiled(nogil=True)
def _add_side(
    g: float, z: float, half: float, soft: float, error: float, score: Floats, info: Floats
) -> float:
    """Add an event's score of the place and the log half length of a side; return the first."""
    sigma2 = (soft * half) ** 2 + max(error, 1e-12)
    sigma = math.sqrt(sigma2)
    high, low = (z + half) / sigma, (z - half) / sigma
    inside = 0.5 * (math.erfc(low / _ROOT2) - math.erfc(high / _ROOT2))
    if inside < 1e-12:
        return 0.0
    f_high = math.exp(-0.5 * high * high) / _ROOT2PI
    f_low = math.exp(-0.5 * low * low) / _ROOT2PI
    spreading = soft * soft * half / sigma2
    d_place = -(f_high - f_low) / (sigma * inside)
    d_half = (
        f_high * (1.0 / sigma - high * spreading) - f_low * (-1.0 / sigma - low * spreading)
    ) / inside - 1.0 / half
    d_log = d_half * half
    score[0] += g * d_place
    score[1] += g * d_log
    info[0, 0] += g * d_place * d_place
    info[0, 1] += g * d_place * d_log
    info[1, 0] += g * d_place * d_log
    info[1, 1] += g * d_log * d_log
    return d_place


@compiled(nogil=True)
def _add_mechanisms(
    g: float, plane: Floats, axes: tuple[Floats, Floats], sets: tuple[Floats, Floats, Floats],
    spread: Floats, score: Floats, info: Floats,
) -> tuple[float, float]:  # fmt: skip
    """Add what an event's mechanisms say of the normal; return its mean slip on the plane."""
    along, down = axes
    normals, slips, weights = sets
    factor = mechanism_factor(plane, along, down, normals, slips, weights, spread)[0]
    kappa = spread[0]
    rake_on, rake_up = 0.0, 0.0
    one = plane.copy()
    for m in range(weights.size):
        for side in range(2):
            n = normals[m] if side == 0 else slips[m]
            s = slips[m] if side == 0 else normals[m]
            cosine = plane[3] * n[0] + plane[4] * n[1] + plane[5] * n[2]
            sign = 1.0 if cosine >= 0.0 else -1.0
            on = sign * (along[0] * s[0] + along[1] * s[1] + along[2] * s[2])
            up = -sign * (down[0] * s[0] + down[1] * s[1] + down[2] * s[2])
            size = max(math.hypot(on, up), 1e-12)
            log_density = kappa * (cosine * cosine - 1.0) + spread[3]
            if not math.isnan(one[10]):
                agreement = (on * math.cos(one[10]) + up * math.sin(one[10])) / size
                log_density += spread[1] * (agreement - 1.0) + spread[4]
            rho = g * (1.0 - spread[2]) * 0.5 * weights[m] * math.exp(log_density) / factor
            rake_on += rho * on / size
            rake_up += rho * up / size
            a = along[0] * n[0] + along[1] * n[1] + along[2] * n[2]
            b = down[0] * n[0] + down[1] * n[1] + down[2] * n[2]
            score[1] -= 2.0 * kappa * rho * cosine * a
            score[2] -= 2.0 * kappa * rho * cosine * b
            info[1, 1] += 2.0 * kappa * rho * max(cosine * cosine - a * a, 0.0)
            info[2, 2] += 2.0 * kappa * rho * max(cosine * cosine - b * b, 0.0)
    return rake_on, rake_up


@compiled(nogil=True)
def _step(
    plane: Floats, axes: tuple[Floats, Floats], total: float, rake: tuple[float, float],
    sums: tuple[Floats, Floats], sides: tuple[Floats, Floats], prior: Floats,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Return the plane after a bounded step along the scores, and the information."""
    along, down = axes
    score, info = sums
    side_score, side_info = sides
    new = plane.copy()
    log_scale = math.log(plane[8])
    score[3] -= (log_scale - prior[0]) / prior[1] ** 2
    info[3, 3] += 1.0 / prior[1] ** 2
    for p in range(4):
        info[p, p] *= 1.0 + 1e-9
        info[p, p] += 1e-12
    step = np.linalg.solve(info, score)
    # a turn may not move an end by more than a quarter of the side, nor the scale by half
    bound = max(abs(step[1]) / 0.3, abs(step[2]) / 0.3, abs(step[3]) / 0.6, 1.0)
    step /= bound
    normal = plane[3:6] - step[1] * along - step[2] * down
    normal /= math.sqrt(normal @ normal)
    new[:3] += step[0] * plane[3:6]
    whole = np.zeros((8, 8))
    whole[:4, :4] = info
    for side in range(2):
        axis = along if side == 0 else down
        half = plane[6 + side]
        m = side_info[side].copy()
        whole[4 + 2 * side : 6 + 2 * side, 4 + 2 * side : 6 + 2 * side] = m
        scaled = np.empty((2, 2))
        unit = np.array([half, 1.0])
        for p in range(2):
            for q in range(2):
                scaled[p, q] = m[p, q] * unit[p] * unit[q]
            scaled[p, p] = scaled[p, p] * 1.0001 + 1.0
        move = np.linalg.solve(scaled, side_score[side] * unit)
        move /= max(abs(move[0]) / 0.25, abs(move[1]) / 0.35, 1.0)
        new[:3] += move[0] * half * axis
        new[6 + side] = half * math.exp(move[1])
    if normal[2] > 0.0:
        normal = -normal
    new[3:6] = normal
    new[8] = min(plane[8] * math.exp(step[3]), prior[2] * min(new[6], new[7]))
    if rake[0] != 0.0 or rake[1] != 0.0:
        new[10] = math.atan2(rake[1], rake[0])
    new[11] = total
    return new, whole
