"""Candidates at Naruko, from the tables that come with quakeloom."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

from quakeloom.fluids import (
    PoreGrid,
    WaterTable,
    aqueous_fluid,
    make_candidates,
    read_lithologies,
    silicate_melt,
    tabulate_candidates,
)

RESOURCES = Path(__file__).parents[3] / "resources" / "fluids"
NARUKO = (1101.668, 0.545)


def read_rows(name):
    rows = list(csv.DictReader((RESOURCES / name).read_text().splitlines()))
    return {k: [r[k] for r in rows] for k in rows[0]}


@cache
def water():
    return WaterTable.from_rows(read_rows("water.csv"))


@cache
def naruko_candidates(every: int = 1):
    rocks = read_lithologies(read_rows("lithologies.csv"), "own")[::every]
    fluids = [aqueous_fluid(water(), *NARUKO, 5.0), silicate_melt("rhyolite", *NARUKO, 5.0)]
    return make_candidates(rocks, fluids, *NARUKO)


@cache
def naruko_tables(every: int = 1, nodes=(40, 24, 24)):
    grid = PoreGrid.make((1e-4, 0.3), (1e-3, 1.0), (1e-4, 1.0), nodes)
    return tabulate_candidates(naruko_candidates(every), grid, "self_consistent", "spheroids")
