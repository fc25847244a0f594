"""Variables and tables of picks over all time, and of the station-days they were looked for in."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

DETECTION_STATUSES = (
    "detected",
    "no_data",
    "dead",
    "constant",
    "too_short",
    "spikes",
    "flood",
    "clock",
    "refused_instrument",
    "second_choice",
    "unreadable",
)
"""What became of one instrument on one day."""

LIST = (
    Variable(
        "day", "string", "", "Day of the records, UTC, such as `2019-07-04`; it ends at midnight."
    ),
    Variable(
        "detection_status",
        "string",
        "",
        "What became of the instrument on that day: picks were looked for (`detected`); no data; "
        "all samples zero, or all the same; too short records; more spikes than samples allow; "
        "too many picks to be earthquakes; times that contradict each other; an instrument that "
        "shows no local earthquake; another instrument of the station was picked; not readable.",
        values=DETECTION_STATUSES,
    ),
    Variable(
        "recorded_s",
        "float64",
        "s",
        "Seconds of the day on record, gaps and fill left out.",
        minimum=0,
        maximum=86_401,
    ),
    Variable(
        "picked_s",
        "float64",
        "s",
        "Seconds of the day in which this instrument was picked.",
        minimum=0,
        maximum=86_401,
    ),
    Variable("gap_count", "int32", "1", "Gaps within the records of the day.", minimum=0),
    Variable(
        "spike_count",
        "int32",
        "1",
        "Single samples off their neighbors that were repaired.",
        minimum=0,
    ),
    Variable("p_count", "int32", "1", "Picks of P that were kept.", minimum=0),
    Variable("s_count", "int32", "1", "Picks of S that were kept.", minimum=0),
    Variable("refused_count", "int32", "1", "Peaks of probability that are no picks.", minimum=0),
    Variable(
        "amplitude_wa_mm",
        "float64",
        "mm",
        "Largest displacement on a Wood-Anderson seismometer, zero to peak: of S the mean of both "
        "horizontals from P to after S, of P on the vertical before S.",
        "NaN",
        0,
    ),
    Variable(
        "amplitude_wa_snr",
        "float64",
        "1",
        "That over the largest in the noise before P, on the same components.",
        "NaN",
        0,
    ),
    Variable(
        "amplitude_corner_hz",
        "float64",
        "Hz",
        "Corner of the high-pass with which the amplitudes were measured.",
        "NaN",
        0,
    ),
    Variable(
        "peak_velocity_m_s",
        "float64",
        "m/s",
        "Largest velocity of the vertical in the same window, zero to peak.",
        "NaN",
        0,
    ),
    Variable(
        "amplitude_clipped",
        "bool",
        "1",
        "A component stood at its limit in the window of the amplitudes, which are too small then.",
    ),
    Variable(
        "amplitude_reason",
        "string",
        "",
        "Why there is no Wood-Anderson amplitude, or what it lacks, in words.",
        "empty",
    ),
)
"""The variables."""

_SOURCE = ("source_file",)
"""Column that says where a row was read."""

TABLE_LIST = (
    TableSpec(
        "detections",
        "Picks over all time, one row each, by time: P with its first motion, P and S with "
        "amplitudes.",
        (
            "network",
            "station",
            "location_code",
            "channel",
            "phase",
            "time",
            "uncertainty_s",
            "probability",
            "snr",
            "polarity",
            "probability_up",
            "amplitude_wa_mm",
            "amplitude_wa_snr",
            "amplitude_corner_hz",
            "peak_velocity_m_s",
            "amplitude_clipped",
            "amplitude_reason",
            "clipped",
            "orientation",
            "reversed",
            "choice",
            "picker",
            *_SOURCE,
        ),
    ),
    TableSpec(
        "local_amplitudes",
        "Amplitudes of the picks of events, for local magnitudes, one row per pick.",
        (
            "event_id",
            "network",
            "station",
            "location_code",
            "channel",
            "phase",
            "time",
            "amplitude_wa_mm",
            "amplitude_wa_snr",
            "amplitude_corner_hz",
            "peak_velocity_m_s",
            "amplitude_clipped",
            "amplitude_reason",
        ),
    ),
    TableSpec(
        "detection_days",
        "Instruments on the days of an archive, one row each: how much was recorded, what was "
        "picked, and why nothing was.",
        (
            "day",
            "network",
            "station",
            "location_code",
            "channel",
            "detection_status",
            "reason",
            "recorded_s",
            "picked_s",
            "gap_count",
            "spike_count",
            "p_count",
            "s_count",
            "refused_count",
            *_SOURCE,
        ),
        ("day", "network", "station", "location_code", "channel"),
    ),
)
"""The tables."""
