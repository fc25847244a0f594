"""Hypocenters that know that the velocity model is uncertain.

Floor 4. The posterior of an event is the mixture over an ensemble of velocity models:
:class:`EnsembleTimes` holds the travel times of all members, :func:`locate_picks` locates one
event in them, from picks to moments, ranges, members and draws. :func:`draw_layered_models`
makes ensembles around a reference; grids and tables of others come in by :func:`grid_times` and
:func:`stack_members`. :class:`EnsembleTakeoffs` offers the same draws to the focal mechanisms.
"""

from quakeloom.location._approximations import locate_gaussian
from quakeloom.location._boundaries import find_boundary
from quakeloom.location._density import EventPicks
from quakeloom.location._ensemble import Ensemble, make_ensemble
from quakeloom.location._ensembles import (
    draw_layered_members,
    draw_layered_models,
    with_s_velocities,
)
from quakeloom.location._events import LocatedEvent, WantedDraws, locate_picks
from quakeloom.location._interpolation import Receivers, member_times
from quakeloom.location._lateral import ResidualStructure, measure_residual_structure
from quakeloom.location._locate import (
    Location,
    draw_hypocenters,
    find_start,
    locate_event,
)
from quakeloom.location._options import LocationOptions
from quakeloom.location._pick_noise import PickNoise, estimate_pick_noise
from quakeloom.location._picks import PickSet, Plane
from quakeloom.location._posterior import Posterior
from quakeloom.location._screening import PICK_USES, screen_picks
from quakeloom.location._shared_paths import SharedDelays, no_shared_delays, share_delays
from quakeloom.location._smoothing import LATERAL_LEVELS, SMOOTHED_FROM, lateral_scatter
from quakeloom.location._station_terms import StationTerms, fit_station_terms
from quakeloom.location._tables import (
    EnsembleTimes,
    grid_times,
    receiver_levels,
    scale_times,
    stack_members,
    station_times,
    trace_member,
)
from quakeloom.location._takeoffs import EnsembleTakeoffs
from quakeloom.location._term_residuals import TermEvent

__all__ = [
    "LATERAL_LEVELS",
    "PICK_USES",
    "SMOOTHED_FROM",
    "Ensemble",
    "EnsembleTakeoffs",
    "EnsembleTimes",
    "EventPicks",
    "LocatedEvent",
    "Location",
    "LocationOptions",
    "PickNoise",
    "PickSet",
    "Plane",
    "Posterior",
    "Receivers",
    "ResidualStructure",
    "SharedDelays",
    "StationTerms",
    "TermEvent",
    "WantedDraws",
    "draw_hypocenters",
    "draw_layered_members",
    "draw_layered_models",
    "estimate_pick_noise",
    "find_boundary",
    "find_start",
    "fit_station_terms",
    "grid_times",
    "lateral_scatter",
    "locate_event",
    "locate_gaussian",
    "locate_picks",
    "make_ensemble",
    "measure_residual_structure",
    "member_times",
    "no_shared_delays",
    "receiver_levels",
    "scale_times",
    "screen_picks",
    "share_delays",
    "stack_members",
    "station_times",
    "trace_member",
    "with_s_velocities",
]
