"""Stress of catalogs of mechanisms and of first motions: any faults, and faults near failure."""

from __future__ import annotations

import logging
import time

import numpy as np
import pandas as pd

from calibration_rows._faults import draw_catalog, draw_sequences, draw_varying, plane_angles
from calibration_rows._ideal_stress import Ideal, ideal_widths
from calibration_rows._row import Row, share_and_error

TRUTHS = {40: 200, 150: 200, 600: 24}
"""Catalogs of each size (mechanisms)."""

IDEAL = {40: 24, 150: 8}
"""Catalogs of each size whose ideal answer is computed."""

LEAST = (0.0, 0.5, 0.8, 0.9)
"""Least instability of the faults that move, in turn: any fault, to those near failure only."""

QUICK_TRUTHS = 8

OLDER = (
    "**Rows older than the method.** Rows of 40 mechanisms, of first motions and of a stress that "
    "turns were measured\nbefore field and normals moved together and 100 iterations were kept "
    "(November 2026); see [stress](stress.md).\nRows of 150 mechanisms are new, with fewer "
    "catalogs; what they held before and the ideal are those of 200 and of 8."
)
"""Said on the page above the rows, until they are measured again."""

NAMES = ("SHmax", "shape ratio", "A_phi")
UNITS = ("degrees", "", "")

VARYING = (200, 200)
"""Maps of a stress that turns by 40 degrees, and mechanisms of each."""

CHAINS = ((200, 40), (200, 150))
"""Maps from first motions, uniform stress: how many, and events of each."""

SEQUENCES = ((100, 40, 1), (100, 40, 3))
"""Catalogs of aftershocks: how many, mechanisms of each, and faults that nine of ten lie on."""

READINGS = 20
"""First motions of an event of a chain."""


def tabulate(normal, slip, longitude, latitude):
    """Return a catalog of mechanisms."""
    strike, dip, rake = plane_angles(normal, slip)
    return pd.DataFrame(
        {
            "event_id": [f"e{i}" for i in range(len(strike))],
            "longitude": longitude,
            "latitude": latitude,
            "depth_km": 10.0,
            "strike_deg": strike,
            "dip_deg": dip,
            "rake_deg": rake,
        }
    )


def compare(rows, truth):
    """Return whether truths (nodes, 3) are in the 95 % ranges of rows of a map, and widths."""
    off = (truth[:, 0] - rows.shmax_deg + 90.0) % 180.0 - 90.0 + rows.shmax_deg
    values = [off, truth[:, 1], truth[:, 2]]
    names = ("shmax", "shape_ratio", "a_phi")
    ends = ("_low_deg", "_high_deg"), ("_low", "_high"), ("_low", "_high")
    spans = [
        (rows[n + a].to_numpy(), rows[n + b].to_numpy())
        for n, (a, b) in zip(names, ends, strict=True)
    ]
    inside = [np.mean((a <= v) & (v <= b)) for v, (a, b) in zip(values, spans, strict=True)]
    return inside, [np.mean(b - a) for a, b in spans]


def draw(number, size):
    """Return one truth and its mechanisms, and the stream that drew them."""
    rng = np.random.default_rng([1, size, number])
    return draw_catalog(rng, size, LEAST[number % len(LEAST)]), rng


def look(number, size, planes):
    """Return whether each truth is in its 95 % range, and the widths, of one catalog."""
    import quakeloom as ql

    truth, rng = draw(number, size)
    places = rng.uniform(10.0, 10.1, size), rng.uniform(45.0, 45.1, size)
    table = tabulate(truth["normal"], truth["slip"], *places)
    rows = ql.map_stress(table, 0.0, planes=planes).table
    return compare(rows, np.array([[truth["azimuth_deg"], truth["ratio"], truth["a_phi"]]]))


def measure_few(quick: bool) -> list[Row]:
    """Measure the ranges of a single stress of few mechanisms."""
    return measure_size(40, quick)


def measure_many(quick: bool) -> list[Row]:
    """Measure the ranges of a single stress of many mechanisms."""
    return [] if quick else measure_size(150, quick)


def measure_most(quick: bool) -> list[Row]:
    """Measure the ranges of a single stress of very many mechanisms."""
    return [] if quick else measure_size(600, quick)


def look_ideal(number, size):
    """Return the widths of the ranges of who knows all of a catalog but its stress."""
    truth, _ = draw(number, size)
    known = truth["friction"], truth["rms_deg"]
    ideal = Ideal(truth["normal"], truth["slip"], LEAST[number % len(LEAST)], *known, number)
    return ideal_widths(ideal.sample(truth["axes"], truth["ratio"]))


def make_rows(words, found, old, seconds, ideal=None, note=""):
    """Return the rows of three quantities; ``found`` and ``old`` as :func:`compare` has them."""
    rows = []
    for q, name in enumerate(NAMES):
        holds, error = share_and_error([f[0][q] for f in found])
        before = float(np.mean([f[0][q] for f in old])) if old else None
        wide = f"with `planes: both` {np.mean([f[1][q] for f in old]):.3g} wide" if old else ""
        rows.append(
            Row(
                f"{name} {words}", 0.95, holds, error, len(found), seconds,
                float(np.mean([f[1][q] for f in found])),
                None if ideal is None else float(ideal[q]), unit=UNITS[q], before=before,
                note="; ".join(n for n in (wide, note) if n),
            )
        )  # fmt: skip
    return rows


def measure_size(size, quick):
    """Return the rows of catalogs of a size, as set by default; before: with both planes."""
    logging.disable(logging.WARNING)
    truths = QUICK_TRUTHS if quick else TRUTHS[size]
    begin = time.process_time()
    found = [look(k, size, "auto") for k in range(truths)]
    seconds = time.process_time() - begin
    old = [look(k, size, "both") for k in range(truths)]
    ideal, note = None, ""
    if not quick and size in IDEAL:
        ideal = np.mean([look_ideal(k, size) for k in range(IDEAL[size])], axis=0)
        same = np.mean([f[1] for f in found[: IDEAL[size]]], axis=0)
        note = f"ideal of {IDEAL[size]} catalogs; there the widths are " + ", ".join(
            f"{w:.3g}" for w in same
        )
    rows = make_rows(f"of {size} mechanisms", found, old, seconds, ideal, note)
    if truths < 40:
        return rows
    for k, least in enumerate(LEAST):
        part = slice(k, None, len(LEAST))
        words = f"of {size}, instability above {least:g}"
        rows += make_rows(words, found[part], old[part], seconds / len(LEAST))
    return rows


def measure_varying(quick: bool) -> list[Row]:
    """Measure maps of a stress that turns: five by five nodes, those with mechanisms."""
    import quakeloom as ql

    logging.disable(logging.WARNING)
    maps, size = (2, 60) if quick else VARYING
    found = []
    begin = time.process_time()
    for number in range(maps):
        rng = np.random.default_rng([2, number])
        drawn = draw_varying(rng, size, LEAST[number % len(LEAST)])
        table = tabulate(drawn["normal"], drawn["slip"], *(10.0 + drawn["place"]).T)
        rows = ql.map_stress(table, 0.25, reach_km=1.0).table
        places = rows[["longitude", "latitude"]].to_numpy() - 10.0
        found.append(compare(rows, drawn["truth"](places)))
    seconds = time.process_time() - begin
    return make_rows(f"of {size} mechanisms, turning by 40 degrees", found, [], seconds)


def look_sequences(number, size, share, faults):
    """Return what :func:`compare` does of a stress whose mechanisms lie on a few faults."""
    import quakeloom as ql

    drawn = draw_sequences(np.random.default_rng([7, faults, number]), size, share, faults)
    north, east, down = drawn["place"].T
    table = tabulate(drawn["normal"], drawn["slip"], 10.0 + east / 78.6, 45.0 + north / 111.2)
    table["depth_km"] = down
    values = np.array([[drawn["azimuth_deg"], drawn["ratio"], drawn["a_phi"]]])
    return compare(ql.map_stress(table, 0.0).table, values)


def measure_sequences(quick: bool) -> list[Row]:
    """Measure ranges where nine of ten mechanisms are aftershocks of one fault, or of three."""
    logging.disable(logging.WARNING)
    rows = []
    for truths, size, faults in ((2, 20, 1),) if quick else SEQUENCES:
        begin = time.process_time()
        found = [look_sequences(k, size, 0.9, faults) for k in range(truths)]
        words = f"of {size} mechanisms, 90 % on {faults} fault{'s' if faults > 1 else ''}"
        rows += make_rows(words, found, [], time.process_time() - begin)
    return rows


def look_chain(number, size, readings):
    """Return what :func:`compare` does of the maps that first motions of a uniform stress give.

    By default, and with both planes.
    """
    from calibration_rows.mechanisms import simulate_readings, tensor
    from quakeloom.config import Stress
    from quakeloom.library._frames import take_rows
    from quakeloom.mechanism import MechanismOptions, find_mechanisms, mechanism_grid
    from quakeloom.stages.without_a_run.map_catalog import map_mechanisms

    rng = np.random.default_rng([3, size, number])
    truth = draw_catalog(rng, size, LEAST[number % len(LEAST)])
    block = simulate_readings(tensor(truth["normal"], truth["slip"]), readings, rng, number)
    grid = mechanism_grid(5.0)
    solved = find_mechanisms(block, grid, MechanismOptions(trials=50))
    places = rng.uniform(10.0, 10.1, size), rng.uniform(45.0, 45.1, size)
    table = tabulate(truth["normal"], truth["slip"], *places)
    for name in ("strike_deg", "dip_deg", "rake_deg"):
        table[name] = getattr(solved, name)
    known = np.isfinite(solved.strike_deg)
    rows, _ = take_rows(table[known], "mechanisms")
    angles = (grid.strike_deg, grid.dip_deg, grid.rake_deg, grid.weights)
    values = np.array([[truth["azimuth_deg"], truth["ratio"], truth["a_phi"]]])
    made = (
        map_mechanisms(
            Stress(grid_step_deg=0.0, planes=planes), rows, solved.acceptance[known], angles
        )[0]
        for planes in ("auto", "both")
    )
    return [compare(m.table.to_pandas(), values) for m in made]


def measure_chain(quick: bool) -> list[Row]:
    """Measure stresses from first motions: errors of readings and rays go all the way."""
    logging.disable(logging.WARNING)
    rows = []
    for truths, size in ((2, 20),) if quick else CHAINS:
        begin = time.process_time()
        pairs = [look_chain(k, size, READINGS) for k in range(truths)]
        found, old = zip(*pairs, strict=True)
        words = f"from first motions of {size} events"
        rows += make_rows(words, found, old, time.process_time() - begin)
    return rows
