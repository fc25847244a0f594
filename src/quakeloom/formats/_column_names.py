"""Names that other programs give to the columns of registered tables.

FDSN's text format, ComCat, PhaseNet, GaMMA, PyOcto, QuakeFlow, SeisBench, SKHASH and catalogs of
focal mechanisms name their columns differently for the same things. A name is compared in lower
case without signs and blanks: ``Depth/km`` is ``depthkm``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from quakeloom.schema import TABLES

_SIGNS = re.compile(r"[^a-z0-9]+")
"""What does not tell column names apart."""


@dataclass(frozen=True)
class Alias:
    """What a column of another name is.

    Attributes
    ----------
    name : str
        The registered column.
    factor : float
        From the column's unit to the registered one.
    kind : str
        ``value``; ``percent`` (a share if none in the file exceeds 1); ``codes``, joined SEED
        codes such as ``NC.MCV..EH``, of which the column of this name is taken;
        ``maybe_codes``, where all cells have points; ``time_part``, one of several columns of
        a time; ``index``, a
        number where -1 is none;
        ``dip_direction``, from which a right angle is subtracted.
    """

    name: str
    factor: float = 1.0
    kind: str = "value"


def _same(name: str, *words: str, factor: float = 1.0, kind: str = "value") -> dict[str, Alias]:
    return {word: Alias(name, factor, kind) for word in words}


_PLACE = {
    **_same("longitude", "lon", "long", "lng", "longitudedeg", "originlon", "originlongitude"),
    **_same("latitude", "lat", "latitudedeg", "originlat", "originlatitude"),
}
"""Coordinates in degrees."""

_EVENT = {
    **_same("event_id", "eventid", "evid", "publicid", "eventindex", "eventidx", "idx", "id"),
    **_same("origin_time", "origintime", "eventtime", "datetime", "timeutc", "time"),
    **_PLACE,
    **_same("depth_km", "depthkm", "origindepthkm", "depth", "dep", "zkm"),
    **_same("depth_km", "depthm", factor=1e-3),
    **_same("magnitude", "mag", "ml", "mw"),
}
"""Columns of events and of mechanisms."""

_STATION = {
    **_same("network", "net", "networkcode"),
    **_same("station", "sta", "stationcode", "stacode"),
    **_same("channel", "chan", "cha", "channelcode"),
    **_same("location_code", "location", "loc", "locationcode"),
}
"""Codes of stations."""

_JOINED = {
    **_same("station", "stationid", "traceid", "stationname", kind="codes"),
}
"""Codes joined by points."""

FIRST_MOTIONS = ("polarity", "firstmotion", "phasepolarity", "pol")
"""Names without signs of columns with first motions."""

ALIASES: dict[str, dict[str, Alias]] = {
    "events": {
        **_EVENT,
        **_same("horizontal_error_km", "horizontalerror", "horzuncertkm", "erh", "eh"),
        **_same("vertical_error_km", "deptherror", "vertuncertkm", "erz", "ez"),
        **_same("event_type", "eventtype", "type", "evtype", "etype"),
        **_same("magnitude_type", "magtype", "magnitudetype"),
    },
    "stations": {
        **_STATION,
        **_JOINED,
        **_same("station", "id", kind="codes"),
        **_PLACE,
        **_same("elevation_m", "elevationm", "elevation", "elev", "elevm"),
        **_same("elevation_m", "elevationkm", "elevkm", factor=1000.0),
        **_same("elevation_m", "elevationft", "elevft", factor=0.3048),
        **_same("start_time", "starttime", "start"),
        **_same("end_time", "endtime", "end"),
        **_same("sensor_azimuth_deg", "azimuth"),
        **_same("sensor_dip_deg", "dip"),
    },
    "picks": {
        **_STATION,
        **_JOINED,
        **_same("event_id", "eventid", "evid"),
        **_same("event_id", "eventindex", "eventidx", kind="index"),
        **_same("station", "id", kind="codes"),
        **_same("phase", "phasetype", "phasehint", "type"),
        **_same("time", "phasetime", "picktime", "arrivaltime", "peaktime", "timestamp"),
        **_same("probability", "phasescore", "prob", "score", "peakvalue"),
    },
    "polarities": {
        **_STATION,
        **_JOINED,
        **_same("event_id", "eventid", "evid"),
        **_same("polarity", *FIRST_MOTIONS),
        **_same("arrival_time", "arrivaltime", "picktime"),
        **_same("azimuth_deg", "azimuth", "az"),
        **_same("takeoff_deg", "takeoffdeg", "takeoffangle"),
    },
    "mechanisms": {
        **_EVENT,
        **_same("strike_deg", "strikedeg", "strike1", "strikea", "np1strike", "strike"),
        **_same("strike_deg", "dipdirection", "dipdir", "dipazimuth", kind="dip_direction"),
        **_same("dip_deg", "dipdeg", "dip1", "dipa", "np1dip", "dip"),
        **_same("rake_deg", "rakedeg", "rake1", "rakea", "np1rake", "slip1", "rake"),
        **_same("auxiliary_strike_deg", "strike2", "strikeb", "np2strike"),
        **_same("auxiliary_dip_deg", "dip2", "dipb", "np2dip"),
        **_same("auxiliary_rake_deg", "rake2", "rakeb", "np2rake", "slip2"),
        **_same("fault_plane_uncertainty_deg", "faultplaneuncertainty"),
        **_same("auxiliary_plane_uncertainty_deg", "auxplaneuncertainty"),
        **_same("polarity_count", "numppol"),
        **_same("amplitude_ratio_count", "numspratios"),
        **_same("azimuthal_gap_deg", "azimuthalgap"),
        **_same("takeoff_gap_deg", "takeoffgap"),
        **_same("multiple", "multsolutionflag"),
        **_same("polarity_misfit", "polaritymisfit", kind="percent"),
        **_same("mechanism_probability", "probmech", kind="percent"),
        **_same("station_distribution_ratio", "stadistributionratio", kind="percent"),
    },
}
"""By table: what a column is, by its name without signs. The first name of a column counts."""

_MISFIT = "polarity_misfit"
"""A share in the registry, a percentage in SKHASH's output."""

CODES = ("network", "station", "location_code", "channel")
"""What joined SEED codes hold, in their order."""


def plain_name(name: str) -> str:
    """Return a column name in lower case without signs and blanks."""
    return _SIGNS.sub("", name.lower())


def find_columns(names: Sequence[str], table: str) -> dict[str, Alias]:
    """Say which registered column every column of a file is.

    A registered name counts before any other name for it, in upper case as well; of two
    others, the one that :data:`ALIASES` has first.

    Parameters
    ----------
    names : sequence of str
        Columns of a file.
    table : str
        The registered table that it holds.

    Returns
    -------
    dict
        By column of the file: what it is. Columns that are no part of the table are absent.
    """
    known = TABLES[table].columns
    found = {name: Alias(name) for name in names if name in known}
    if {"prob_mech", _MISFIT} <= set(names):
        found[_MISFIT] = Alias(_MISFIT, kind="percent")  # SKHASH's, beside a registered name
    if "station" in found and "network" not in found:
        found["station"] = Alias("station", kind="maybe_codes")
    taken = {alias.name for alias in found.values()}
    plain = {plain_name(name): name for name in reversed(names) if name not in found}
    spelled = {plain_name(name): Alias(name) for name in known}
    for word, alias in (*spelled.items(), *ALIASES.get(table, {}).items()):
        if word in plain and alias.name in known and alias.name not in taken:
            found[plain[word]] = alias
            taken.add(alias.name)
    if table in ("events", "mechanisms") and "origin_time" not in names:
        for name in find_time_parts(names):
            found[name] = Alias("origin_time", kind="time_part")
    return found


TIME_PARTS = (
    ("year", "yr", "yyyy"),
    ("month", "mon", "mo", "mm"),
    ("day", "dy", "dd"),
    ("hour", "hr", "hh"),
    ("minute", "min", "mi"),
    ("second", "seconds", "sec", "ss"),
)
"""Names without signs of columns with the parts of a time, from the coarsest on."""


def find_time_parts(names: Sequence[str]) -> list[str]:
    """Return the columns that make up a time together, or nothing.

    Year, month, day, hour, minute and second; or a date and a time of day.
    """
    plain = {plain_name(name): name for name in reversed(names)}
    parts = [next((plain[w] for w in words if w in plain), "") for words in TIME_PARTS]
    if all(parts):
        return parts
    day = next((plain[w] for w in ("date", "origindate", "eventdate") if w in plain), "")
    clock = next((plain[w] for w in ("time", "origintime", "eventtime") if w in plain), "")
    return [day, clock] if day and clock else []


def recognizes(names: Sequence[str]) -> bool:
    """Say whether a header looks like a table: three or more of its names have a meaning."""
    return any(len(find_columns(names, table)) >= 3 for table in ALIASES)
