"""Events from picks over all time, with an account of every pick.

Floor 4. Candidates come from :class:`StackProposer` (back-projection, which needs nothing else) or
:class:`OctreeProposer` (PyOcto), behind one protocol, :class:`Proposer`. :func:`associate_picks`
weighs each candidate against chance, assigns all picks jointly, locates, merges fragments, fits
what is assumed of the network (:class:`NetworkModel`), and keeps as many events as a promised
number of false ones a day allows; :func:`associate_days` does so day by day, and
:func:`associate_day` for one day of many that are solved apart. Travel times are those
of layered models or ensembles, :func:`trace_times`, whose scatter is the error of a time.
:func:`match_events` says which events of two catalogs are the same.
"""

from quakeloom.association._associate import (
    Association,
    PickArrays,
    Proposer,
    StackProposer,
    arrange_picks,
    associate_picks,
    choose_events,
    make_world,
    search_box,
    station_spacing,
)
from quakeloom.association._days import associate_day, associate_days
from quakeloom.association._joint import Events, settle_jointly
from quakeloom.association._network import (
    Detection,
    NetworkModel,
    PickRows,
    Rates,
    count_rates,
    log_residual_density,
)
from quakeloom.association._octree import OctreeProposer, open_pyocto
from quakeloom.association._options import AssociationOptions
from quakeloom.association._same_events import Origins, SameEvents, match_events
from quakeloom.association._score import World
from quakeloom.association._stack import Found
from quakeloom.association._times import (
    Stations,
    TimeTables,
    look_up,
    place_levels,
    trace_times,
)

__all__ = [
    "Association",
    "AssociationOptions",
    "Detection",
    "Events",
    "Found",
    "NetworkModel",
    "OctreeProposer",
    "Origins",
    "PickArrays",
    "PickRows",
    "Proposer",
    "Rates",
    "SameEvents",
    "StackProposer",
    "Stations",
    "TimeTables",
    "World",
    "arrange_picks",
    "associate_day",
    "associate_days",
    "associate_picks",
    "choose_events",
    "count_rates",
    "log_residual_density",
    "look_up",
    "make_world",
    "match_events",
    "open_pyocto",
    "place_levels",
    "search_box",
    "settle_jointly",
    "station_spacing",
    "trace_times",
]
