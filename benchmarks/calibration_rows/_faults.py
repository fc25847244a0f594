"""Mechanisms of faults in a known stress, in plain NumPy: Mohr-Coulomb selection, slip, errors."""

from __future__ import annotations

import numpy as np


def rotations(quaternions):
    """Return rotation matrices of unit quaternions, (n, 4) to (n, 3, 3)."""
    w, x, y, z = quaternions.T
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return np.moveaxis(np.array(rows), -1, 0)


def random_rotations(rng, count):
    q = rng.standard_normal((count, 4))
    return rotations(q / np.linalg.norm(q, axis=1)[:, None])


def small_rotations(rng, count, rms_deg):
    """Rotations about any axis by angles of a root mean square."""
    vector = rng.standard_normal((count, 3)) * np.radians(rms_deg) / np.sqrt(3.0)
    angle = np.maximum(np.linalg.norm(vector, axis=1), 1e-12)
    half = 0.5 * angle[:, None]
    return rotations(np.concatenate([np.cos(half), np.sin(half) * vector / angle[:, None]], axis=1))


def small_turn(vector):
    """Return the rotation matrix of a rotation vector."""
    angle = max(float(np.linalg.norm(vector)), 1e-12)
    half = 0.5 * angle
    return rotations(np.concatenate([[np.cos(half)], np.sin(half) * vector / angle])[None])[0]


def draw_varying(rng, count, least_instability, error=True, turn_deg=40.0):
    """Return mechanisms in a stress whose axes turn steadily over a unit square, and its truth.

    The axes turn by ``turn_deg`` about a direction drawn at random from side to side of the square
    in an azimuth drawn at random; shape ratio and friction are the same everywhere.

    Returns
    -------
    dict
        ``place`` (count, 2), ``normal``, ``slip``, and the function ``truth`` of places, which
        gives azimuth of SHmax, shape ratio and A_phi.
    """
    middle = random_rotations(rng, 1)[0]
    spin = random_rotations(rng, 1)[0][0] * np.radians(turn_deg)
    along = rng.uniform(0.0, 2.0 * np.pi)
    ratio, friction = rng.uniform(0.1, 0.9), rng.uniform(0.3, 0.8)
    rms = rng.uniform(5.0, 20.0) if error else 0.0

    def axes_at(place):
        far = (place[0] - 0.5) * np.cos(along) + (place[1] - 0.5) * np.sin(along)
        return middle @ small_turn(spin * far).T

    def truth(places):
        out = []
        for place in places:
            axes = axes_at(place)
            stress = np.einsum("k,ki,kj->ij", (1.0, 2.0 * ratio - 1.0, -1.0), axes, axes)
            azimuth = 0.5 * np.degrees(np.arctan2(2 * stress[0, 1], stress[0, 0] - stress[1, 1]))
            steepest = int(np.argmax(np.abs(axes[:, 2])))
            sign = -1.0 if steepest == 1 else 1.0
            out.append((azimuth, ratio, steepest + 0.5 + sign * (ratio - 0.5)))
        return np.array(out)

    place = rng.uniform(0.0, 1.0, (count, 2))
    pieces = [
        draw_faults(rng, 1, least_instability, axes_at(p), (ratio, friction, rms)) for p in place
    ]
    normal, slip = (np.concatenate([p[k] for p in pieces]) for k in ("normal", "slip"))
    return {"place": place, "normal": normal, "slip": slip, "truth": truth}


def draw_catalog(rng, count, least_instability, axes=None):
    """Return a stress and mechanisms of faults that it can move.

    Principal axes in any direction, a shape ratio of 0.1 to 0.9, friction of 0.3 to 0.8; fault
    normals in any direction, of which those stay whose instability (Mohr-Coulomb, reduced stress 1,
    R', -1) exceeds the least; slip along the shear traction; each mechanism turned by an error of 5
    to 20 degrees (one size per catalog); either nodal plane is named.

    Returns
    -------
    dict
        ``azimuth_deg`` of SHmax, ``ratio`` (S2 - S3)/(S1 - S3), ``a_phi``, ``normal`` and ``slip``
        (north, east, down) of the plane named; ``axes`` (S1, S2, S3 in rows), ``friction`` and
        ``rms_deg``, the root mean square of the errors.
    """
    axes = random_rotations(rng, 1)[0] if axes is None else axes
    return draw_faults(rng, count, least_instability, axes)


def draw_faults(rng, count, least_instability, axes, given=None):
    """Return what :func:`draw_catalog` does, of given axes.

    ``given``: shape ratio, friction and root mean square error; drawn as there if not given.
    """
    if given is None:
        ratio, friction = rng.uniform(0.1, 0.9), rng.uniform(0.3, 0.8)
        rms = rng.uniform(5.0, 20.0)
    else:
        ratio, friction, rms = given
    # compression positive: S1 = 1, S2 = 2 ratio - 1, S3 = -1
    values = np.array([1.0, 2.0 * ratio - 1.0, -1.0])
    stress = np.einsum("k,ki,kj->ij", values, axes, axes)
    kept = np.empty((0, 3))
    while len(kept) < count:
        n = rng.standard_normal((4000 if given is None else 300, 3))
        n /= np.linalg.norm(n, axis=1)[:, None]
        traction = n @ stress
        normal_stress = np.sum(traction * n, axis=1)
        shear = np.sqrt(np.maximum(np.sum(traction**2, axis=1) - normal_stress**2, 0.0))
        instability = (shear - friction * (normal_stress - 1.0)) / (
            friction + np.sqrt(1.0 + friction**2)
        )
        kept = np.concatenate([kept, n[instability > least_instability]])
    n = kept[:count]
    n = np.where(n[:, 2:] > 0, -n, n)
    # the hanging wall (n points up) is pulled by minus the compressive traction
    traction = -(n @ stress)
    slip = traction - n * np.sum(traction * n, axis=1)[:, None]
    slip /= np.linalg.norm(slip, axis=1)[:, None]
    turn = small_rotations(rng, count, rms)
    n, slip = np.einsum("nij,nj->ni", turn, n), np.einsum("nij,nj->ni", turn, slip)
    swap = (rng.random(count) < 0.5)[:, None]
    n, slip = np.where(swap, slip, n), np.where(swap, n, slip)
    flip = n[:, 2:] > 0
    steepest = int(np.argmax(np.abs(axes[:, 2])))
    sign = -1.0 if steepest == 1 else 1.0
    return {
        "azimuth_deg": 0.5 * np.degrees(
            np.arctan2(2.0 * stress[0, 1], stress[0, 0] - stress[1, 1])
        ),
        "ratio": ratio,
        "a_phi": steepest + 0.5 + sign * (ratio - 0.5),
        "normal": np.where(flip, -n, n),
        "slip": np.where(flip, -slip, slip),
        "axes": axes,
        "friction": friction,
        "rms_deg": rms,
    }  # fmt: skip


def draw_sequences(rng, count, share, faults):
    """Return a stress and mechanisms of which a share lies on a few faults, and their places.

    The faults are drawn as single events are (instability above 0.85); the planes of their events
    scatter about them by 4 to 12 degrees about each axis, and slip along the shear traction. Events
    of a fault lie in a disc of 4 km radius in its plane, the others anywhere in a box of 20 by 20
    by 12 km; places have errors of 0.35 km.

    Returns
    -------
    dict
        As :func:`draw_faults`, and ``place`` (count, 3): north, east, down in km.
    """
    axes = random_rotations(rng, 1)[0]
    ratio, friction, rms = rng.uniform(0.1, 0.9), rng.uniform(0.4, 0.7), rng.uniform(5.0, 15.0)
    drawn = draw_faults(rng, count + faults, 0.85, axes, (ratio, friction, 0.0))
    stress = np.einsum("k,ki,kj->ij", (1.0, 2.0 * ratio - 1.0, -1.0), axes, axes)

    def follows(normal, slip):
        """Return how well slip follows the shear traction on planes."""
        traction = -(normal @ stress)
        shear = traction - normal * np.sum(traction * normal, axis=1)[:, None]
        return np.abs(np.sum(slip * shear, axis=1)) / np.linalg.norm(shear, axis=1)

    # without errors one of both planes is the fault, which slips along the shear traction
    one, other = drawn["normal"], drawn["slip"]
    normal = np.where((follows(one, other) >= follows(other, one))[:, None], one, other)
    place = rng.uniform((-10.0, -10.0, 2.0), (10.0, 10.0, 14.0), (count, 3))
    on_faults = int(share * count)
    for fault in range(faults):
        rows = np.arange(fault, on_faults, faults)
        middle = normal[count + fault]
        tilt = small_rotations(rng, len(rows), rng.uniform(4.0, 12.0) * np.sqrt(3.0))
        normal[rows] = np.einsum("nij,j->ni", tilt, middle)
        across = np.cross(middle, (1.0, 0.0, 0.0))
        across /= np.linalg.norm(across)
        radius, angle = 4.0 * np.sqrt(rng.random(len(rows))), rng.uniform(0, 2 * np.pi, len(rows))
        flat = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        center = np.append(rng.uniform(-5.0, 5.0, 2), 8.0)
        place[rows] = center + flat @ np.stack([across, np.cross(middle, across)])
    place += 0.35 * rng.standard_normal(place.shape)
    normal = normal[:count]
    normal = np.where(normal[:, 2:] > 0, -normal, normal)
    traction = -(normal @ stress)
    slip = traction - normal * np.sum(traction * normal, axis=1)[:, None]
    slip /= np.linalg.norm(slip, axis=1)[:, None]
    turn = small_rotations(rng, count, rms)
    normal, slip = np.einsum("nij,nj->ni", turn, normal), np.einsum("nij,nj->ni", turn, slip)
    swap = (rng.random(count) < 0.5)[:, None]
    normal, slip = np.where(swap, slip, normal), np.where(swap, normal, slip)
    flip = normal[:, 2:] > 0
    return {
        **drawn,
        "normal": np.where(flip, -normal, normal),
        "slip": np.where(flip, -slip, slip),
        "rms_deg": rms,
        "place": place,
    }


def plane_angles(normal, slip):
    """Return strike, dip and rake in degrees of planes, by Aki & Richards; normals point up."""
    dip = np.degrees(np.arccos(np.clip(-normal[:, 2], -1.0, 1.0)))
    # the normal of the footwall's side points up and away from the dip direction's opposite
    down_dip = np.arctan2(normal[:, 1], normal[:, 0])
    strike = down_dip - np.pi / 2
    along = slip[:, 0] * np.cos(strike) + slip[:, 1] * np.sin(strike)
    up_dip = -slip[:, 2] / np.maximum(np.sin(np.radians(dip)), 1e-9)
    rake = np.degrees(np.arctan2(up_dip, along))
    return np.degrees(strike) % 360.0, dip, rake
