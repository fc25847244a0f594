"""Every table and array of quakeloom, as lists of registered variables."""

from __future__ import annotations

from quakeloom.schema._registry import ArraySpec, TableSpec

_SOURCE = ("source_file", "source_line")

_LIST = (
    TableSpec(
        "events",
        "Earthquakes, one row each, by time.",
        (
            "event_id",
            "origin_time",
            "longitude",
            "latitude",
            "depth_km",
            "magnitude",
            "horizontal_error_km",
            "vertical_error_km",
            *_SOURCE,
        ),
        ("event_id",),
    ),
    TableSpec(
        "stations",
        "Stations and their epochs.",
        (
            "network",
            "station",
            "channel",
            "longitude",
            "latitude",
            "elevation_m",
            "start_time",
            "end_time",
            *_SOURCE,
        ),
    ),
    TableSpec(
        "polarities",
        "First motions of P, one row per reading; several pickers may have read one channel.",
        (
            "event_id",
            "network",
            "station",
            "channel",
            "polarity",
            "probability_up",
            "onset",
            "pick_weight",
            "arrival_time",
            "azimuth_deg",
            "takeoff_deg",
            "azimuth_error_deg",
            "takeoff_error_deg",
            "distance_km",
            *_SOURCE,
        ),
    ),
    TableSpec(
        "amplitudes",
        "P and S amplitudes, one row per event, station and channel.",
        (
            "event_id",
            "network",
            "station",
            "channel",
            "p_noise",
            "p_amplitude",
            "s_noise",
            "s_amplitude",
            *_SOURCE,
        ),
        ("event_id", "network", "station", "channel"),
    ),
    TableSpec(
        "rejects",
        "What was put aside while reading, one row each.",
        ("source_file", "source_line", "record", "event_id", "station", "reason", "text"),
    ),
    TableSpec(
        "reversals",
        "Time spans in which a station's polarity is reversed.",
        ("network", "station", "start_time", "end_time", *_SOURCE),
    ),
    TableSpec(
        "sp_corrections",
        "Station corrections of log10 S/P.",
        ("network", "station", "channel", "sp_log_correction", *_SOURCE),
    ),
    TableSpec(
        "mechanisms",
        "Preferred focal mechanisms, one row per event, solved or not.",
        (
            "event_id",
            "status",
            "reason",
            "origin_time",
            "longitude",
            "latitude",
            "depth_km",
            "magnitude",
            "strike_deg",
            "dip_deg",
            "rake_deg",
            "auxiliary_strike_deg",
            "auxiliary_dip_deg",
            "auxiliary_rake_deg",
            "fault_plane_uncertainty_deg",
            "auxiliary_plane_uncertainty_deg",
            "mechanism_probability",
            "polarity_count",
            "polarity_misfit",
            "station_distribution_ratio",
            "azimuthal_gap_deg",
            "takeoff_gap_deg",
            "amplitude_ratio_count",
            "amplitude_ratio_misfit",
            "solution_count",
            "acceptable_count",
            "quality",
            "multiple",
        ),
        ("event_id",),
    ),
    TableSpec(
        "solutions",
        "All solutions of every event, the preferred one first.",
        (
            "event_id",
            "solution",
            "strike_deg",
            "dip_deg",
            "rake_deg",
            "fault_plane_uncertainty_deg",
            "auxiliary_plane_uncertainty_deg",
            "mechanism_probability",
            "polarity_misfit",
            "station_distribution_ratio",
            "amplitude_ratio_misfit",
            "quality",
        ),
        ("event_id", "solution"),
    ),
    TableSpec(
        "truth",
        "True mechanisms of simulated events.",
        ("event_id", "strike_deg", "dip_deg", "rake_deg"),
        ("event_id",),
    ),
    TableSpec(
        "station_report",
        "How often the readings of a station contradict the mechanisms without it.",
        (
            "network",
            "station",
            "start_time",
            "end_time",
            "pick_kind",
            "polarity_count",
            "contradiction_count",
            "contradiction_rate",
            "log_odds",
            "verdict",
            "reason",
        ),
    ),
)

TABLES: dict[str, TableSpec] = {t.name: t for t in _LIST}

ARRAYS: dict[str, ArraySpec] = {
    a.variable: a
    for a in (
        ArraySpec("acceptance", ("event", "mechanism")),
        ArraySpec("strike_deg", ("mechanism",)),
        ArraySpec("dip_deg", ("mechanism",)),
        ArraySpec("rake_deg", ("mechanism",)),
    )
}
