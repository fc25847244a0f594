"""Every table and array of quakeloom, as lists of registered variables."""

from __future__ import annotations

from collections.abc import Sequence

from quakeloom.core import SchemaError
from quakeloom.schema._association_variables import TABLE_LIST as ASSOCIATION_TABLES
from quakeloom.schema._class_variables import TABLE_LIST as CLASS_TABLES
from quakeloom.schema._detection_variables import TABLE_LIST as DETECTION_TABLES
from quakeloom.schema._discriminate_variables import TABLE_LIST as DISCRIMINATE_TABLES
from quakeloom.schema._fault_variables import TABLE_LIST as FAULT_TABLES
from quakeloom.schema._fluid_variables import TABLE_LIST as FLUID_TABLES
from quakeloom.schema._isocon_variables import TABLE_LIST as ISOCON_TABLES
from quakeloom.schema._location_variables import ARRAY_LIST, TABLE_LIST
from quakeloom.schema._magnitude_variables import TABLE_LIST as MAGNITUDE_TABLES
from quakeloom.schema._melting_variables import TABLE_LIST as MELTING_TABLES
from quakeloom.schema._merge_variables import TABLE_LIST as MERGE_TABLES
from quakeloom.schema._reading_checks import TABLE_LIST as READING_CHECK_TABLES
from quakeloom.schema._registry import ArraySpec, TableSpec, Variable
from quakeloom.schema._restore_variables import TABLE_LIST as RESTORE_TABLES
from quakeloom.schema._seafloor_variables import ARRAY_LIST as SEAFLOOR_ARRAYS
from quakeloom.schema._seafloor_variables import TABLE_LIST as SEAFLOOR_TABLES
from quakeloom.schema._simulated_days import TABLE_LIST as SIMULATED_DAY_TABLES
from quakeloom.schema._slip_variables import TABLE_LIST as SLIP_TABLES
from quakeloom.schema._spectra_variables import TABLE_LIST as SPECTRA_TABLES
from quakeloom.schema._structure_variables import ARRAY_LIST as STRUCTURE_ARRAYS
from quakeloom.schema._structure_variables import TABLE_LIST as STRUCTURE_TABLES
from quakeloom.schema._variables import VARIABLES

_SOURCE = ("source_file", "source_line")
"""Columns that say where a row was read."""

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
            "event_type",
            "magnitude_type",
            *_SOURCE,
        ),
        ("event_id",),
    ),
    TableSpec(
        "origins",
        "All origins that a source gives for its events, one row each; `is_chosen` marks the one "
        "that the table of events has.",
        (
            "event_id",
            "origin_id",
            "is_chosen",
            "agency",
            "evaluation_mode",
            "evaluation_status",
            "origin_time",
            "longitude",
            "latitude",
            "depth_km",
            "origin_error_s",
            "horizontal_error_km",
            "vertical_error_km",
            "arrival_count",
            *_SOURCE,
        ),
    ),
    TableSpec(
        "stations",
        "Stations, their channels and their epochs.",
        (
            "network",
            "station",
            "location_code",
            "channel",
            "longitude",
            "latitude",
            "elevation_m",
            "sensor_azimuth_deg",
            "sensor_dip_deg",
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
            "orientation",
            "reversed",
            "clipped",
            "choice",
            "use",
            "predicted_up",
            *_SOURCE,
        ),
    ),
    TableSpec(
        "picks",
        "Picked P and S arrivals, one row per pick; event_id is empty where no event is known.",
        (
            "event_id",
            "network",
            "station",
            "location_code",
            "channel",
            "phase",
            "time",
            "uncertainty_s",
            "probability",
            "snr",
            "onset",
            "pick_weight",
            "picker",
            "clipped",
            "choice",
            *_SOURCE,
        ),
    ),
    TableSpec(
        "archive_files",
        "Waveform files of an archive, as they were when their headers were read.",
        (
            "source_file",
            "file_size_bytes",
            "file_modified_ns",
            "file_entry_ns",
            "file_content",
        ),
        ("source_file",),
    ),
    TableSpec(
        "archive_channels",
        "Channels of an archive, and when their instruments recorded.",
        (
            "network",
            "station",
            "location_code",
            "channel",
            "recorded_from",
            "recorded_until",
            "is_triggered",
        ),
        ("network", "station", "location_code", "channel"),
    ),
    TableSpec(
        "archive_traces",
        "Traces of an archive: who recorded, from when to when, in which file.",
        ("file_number", "channel_number", "trace_start", "trace_end", "sampling_rate_hz"),
    ),
    TableSpec(
        "windows",
        "Windows of waveforms, one row per event and instrument, cut or not; event_id is empty "
        "where a row stands for events that did not trigger a station.",
        (
            "event_id",
            "network",
            "station",
            "location_code",
            "channel",
            "window",
            "window_status",
            "reason",
            "window_start",
            "sampling_rate_hz",
            "expected_p_time",
            "expected_s_time",
            "distance_km",
            "flags",
            "orientation",
            "choice",
            "source_file",
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
    TableSpec(
        "stress",
        "The stress map: one row per node that has a stress.",
        (
            "longitude",
            "latitude",
            "depth_km",
            "time_year",
            "shmax_deg",
            "shmax_std_deg",
            "shmax_low_deg",
            "shmax_high_deg",
            "shape_ratio",
            "shape_ratio_std",
            "shape_ratio_low",
            "shape_ratio_high",
            "a_phi",
            "a_phi_std",
            "a_phi_low",
            "a_phi_high",
            "regime",
            *(f"s{n}_{q}_deg" for n in (1, 2, 3) for q in ("azimuth", "plunge", "std", "95")),
            *(f"probability_{r}" for r in ("nf", "ns", "ss", "ts", "tf", "u")),
            "mechanism_count",
            "data_weight",
            "resolution",
            "stress_quality",
        ),
    ),
    TableSpec(
        "stress_truth",
        "True stress of the synthetic Earth at the nodes of the stress map.",
        ("longitude", "latitude", "shmax_deg", "shape_ratio", "a_phi", "regime"),
    ),
    TableSpec(
        "tendency",
        "Slip tendency of fault segments in the stress map.",
        (
            "fault",
            "longitude",
            "latitude",
            "strike_deg",
            "dip_deg",
            "rake_deg",
            "dip_std_deg",
            "slip_tendency",
            "slip_tendency_std",
            "slip_tendency_low",
            "slip_tendency_high",
            "slip_tendency_friction_minimum",
            "slip_tendency_friction_maximum",
            "predicted_rake_deg",
            "predicted_rake_std_deg",
            "rake_misfit_deg",
            "rake_misfit_std_deg",
        ),
    ),
    TableSpec(
        "travel_time_picks",
        "Picked travel times of a refraction line.",
        (
            "shot_distance_km",
            "shot_depth_km",
            "receiver_distance_km",
            "receiver_depth_km",
            "travel_time_s",
            "time_error_s",
            "phase",
            *_SOURCE,
        ),
    ),
    TableSpec(
        "travel_time_fits",
        "Picks used by the tomography, with what the ensemble predicts.",
        (
            "shot_distance_km",
            "shot_depth_km",
            "receiver_distance_km",
            "receiver_depth_km",
            "travel_time_s",
            "time_error_s",
            "predicted_time_s",
            "predicted_spread_s",
            "phase",
            *_SOURCE,
        ),
    ),
    *FAULT_TABLES,
    *TABLE_LIST,
    *READING_CHECK_TABLES,
    *ASSOCIATION_TABLES,
    *CLASS_TABLES,
    *MERGE_TABLES,
    *RESTORE_TABLES,
    *FLUID_TABLES,
    *DETECTION_TABLES,
    *MAGNITUDE_TABLES,
    *SIMULATED_DAY_TABLES,
    *ISOCON_TABLES,
    *MELTING_TABLES,
    *DISCRIMINATE_TABLES,
    *SEAFLOOR_TABLES,
    *STRUCTURE_TABLES,
    *SLIP_TABLES,
    *SPECTRA_TABLES,
)
"""All tables."""

TABLES: dict[str, TableSpec] = {t.name: t for t in _LIST}
"""All tables by name."""

ARRAYS: dict[str, ArraySpec] = {
    a.variable: a
    for a in (
        ArraySpec("acceptance", ("event", "mechanism")),
        ArraySpec("waveform", ("window", "component", "sample")),
        ArraySpec("log_displacement", ("spectrum", "frequency")),
        ArraySpec("log_noise", ("spectrum", "frequency")),
        ArraySpec("log_error", ("spectrum", "frequency")),
        ArraySpec("strike_deg", ("mechanism",)),
        ArraySpec("dip_deg", ("mechanism",)),
        ArraySpec("rake_deg", ("mechanism",)),
        ArraySpec("takeoff_deg", ("depth", "distance")),
        ArraySpec("travel_time_s", ("depth", "distance")),
        ArraySpec("direct_arrival", ("depth", "distance")),
        ArraySpec("source_slowness_s_km", ("depth",)),
        ArraySpec("p_velocity", ("member", "depth", "distance")),
        ArraySpec("log_likelihood", ("member",)),
        ArraySpec("chi_square", ("member",)),
        ArraySpec("noise_factor", ("member",)),
        ArraySpec("white_coordinates", ("member", "mode")),
        ArraySpec("white_score", ("member", "mode")),
        ArraySpec("member_time_s", ("member", "pick")),
        ArraySpec("regional_p_velocity", ("member", "depth", "north", "east")),
        ArraySpec("station_time_s", ("depth", "north", "east")),
        ArraySpec("line_time_s", ("depth", "distance")),
        ArraySpec("ray_coverage", ("depth", "distance")),
        ArraySpec("ground_depth_km", ("distance",)),
        ArraySpec("depth_km", ("depth",)),
        ArraySpec("distance_km", ("distance",)),
        ArraySpec("north_km", ("north",)),
        ArraySpec("east_km", ("east",)),
        *ARRAY_LIST,
        *SEAFLOOR_ARRAYS,
        *STRUCTURE_ARRAYS,
    )
}
"""All arrays by the name of their variable."""


def register_table(table: TableSpec, variables: Sequence[Variable] = ()) -> None:
    """Register a table, with its new variables, that a package outside quakeloom brings.

    Registering the same again changes nothing.

    Raises
    ------
    SchemaError
        If a name stands for something else already, or a column is no variable.
    """
    known = {v.name: VARIABLES.get(v.name, v) for v in variables}
    doubled = [v.name for v in variables if known[v.name] != v]
    if doubled or TABLES.get(table.name, table) != table:
        raise SchemaError(
            f"Table '{table.name}' cannot be registered: "
            f"{', '.join(doubled) or table.name} has another meaning already. Give it another "
            "name."
        )
    missing = [c for c in table.columns if c not in VARIABLES and c not in known]
    if missing:
        raise SchemaError(
            f"Table '{table.name}' has columns that are no registered variables: "
            f"{', '.join(missing)}. Register them with it."
        )
    VARIABLES.update(known)
    TABLES[table.name] = table
