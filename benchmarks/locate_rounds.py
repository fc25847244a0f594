"""What a coarser grid of the rounds for station terms changes: terms, hypocenters, time.

Simulated Earths with delays of stations of 0.15 s (those of the calibration), located with
default settings and 100 members in two rounds, the first as it is now, and on the full grid as
before. The last round is the same. Times are CPU seconds of one process, in turn.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from _harness import Stopwatch, figure, print_result
from calibration_rows.locations import DEFAULT, locate, simulate
from quakeloom.stages.locate import term_rounds


def located(catalog: Any, folder: Path, coarser: float) -> tuple[Any, float]:
    """Locate with rounds on a grid so much coarser; return the result and CPU seconds."""
    term_rounds._COARSER = coarser
    started = time.process_time()
    found = locate(catalog, folder, **DEFAULT)
    return found, time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--earths", type=int, default=6)
    parser.add_argument("--events", type=int, default=40)
    arguments = parser.parse_args()
    watch, now = Stopwatch(), term_rounds._COARSER
    seconds, terms, places, held = np.zeros(2), [], [], []
    with tempfile.TemporaryDirectory() as name:
        for earth in range(arguments.earths):
            catalog = simulate(3000 + earth, arguments.events, delay_s=0.15)
            if earth == 0:
                located(catalog, Path(name), 1.0)  # tables, machine code
            (quick, a), (full, b) = (located(catalog, Path(name), c) for c in (now, 1.0))
            seconds += a, b
            new, old = quick.station_terms.to_pandas(), full.station_terms.to_pandas()
            off = new.station_term_s - old.station_term_s
            true = np.array(
                [catalog.delay_s[s, p] for s, p in zip(new.station, new.phase, strict=True)]
            )
            terms.append(np.stack([off / old.station_term_error_s, off]))
            for table in (new, old):
                error = table.station_term_s - true
                inside = np.abs(error) <= 1.96 * table.station_term_error_s
                held.append([np.sqrt(np.mean(error**2)), np.mean(inside)])
            h, g = (f.hypocenters.to_pandas() for f in (quick, full))
            places.append((h.depth_km - g.depth_km) / g.cov_dd**0.5)
    (share, off), place = np.concatenate(terms, axis=1), np.concatenate(places)
    rms, kept = np.mean(np.reshape(held, (-1, 2, 2)), axis=0).T
    figures = [
        figure("catalog_seconds", seconds[0], "s", "rounds on the full grid", seconds[1]),
        figure("term_change_rms", float(np.sqrt(np.mean(off**2))), "s"),
        figure("term_change_over_error_rms", float(np.sqrt(np.mean(share**2))), "1"),
        figure("term_change_over_error_largest", float(np.abs(share).max()), "1"),
        figure("term_error_rms", float(rms[0]), "s", "full grid", float(rms[1])),
        figure("terms_held", float(kept[0]), "1", "full grid", float(kept[1])),
        figure("depth_change_over_error_rms", float(np.sqrt(np.mean(place**2))), "1"),
    ]
    for f in figures:
        print(f["name"], round(f["value"], 4), f["unit"], f["peer"] or "", f["peer_value"] or "")
    print_result(
        "locate_rounds",
        figures,
        {"earths": arguments.earths, "events": arguments.events, "coarser": now},
        watch.seconds(),
    )


if __name__ == "__main__":
    main()
