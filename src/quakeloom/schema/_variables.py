"""Every variable of quakeloom, registered once.

To add a quantity, add it here; Parquet schemas, Zarr attributes, validation, the
documentation table and the report's legends follow.
"""

from __future__ import annotations

from quakeloom.schema._association_variables import LIST as ASSOCIATION_LIST
from quakeloom.schema._class_variables import LIST as CLASS_LIST
from quakeloom.schema._detection_variables import LIST as DETECTION_LIST
from quakeloom.schema._discriminate_variables import LIST as DISCRIMINATE_LIST
from quakeloom.schema._fault_variables import LIST as FAULT_LIST
from quakeloom.schema._fluid_variables import LIST as FLUID_LIST
from quakeloom.schema._isocon_variables import LIST as ISOCON_LIST
from quakeloom.schema._location_variables import LIST as LOCATION_LIST
from quakeloom.schema._magnitude_variables import LIST as MAGNITUDE_LIST
from quakeloom.schema._mechanism_variables import LIST as MECHANISM_LIST
from quakeloom.schema._melting_variables import LIST as MELTING_LIST
from quakeloom.schema._merge_variables import LIST as MERGE_LIST
from quakeloom.schema._reading_checks import LIST as READING_CHECK_LIST
from quakeloom.schema._registry import Variable
from quakeloom.schema._restore_variables import LIST as RESTORE_LIST
from quakeloom.schema._rock_variables import LIST as ROCK_LIST
from quakeloom.schema._seafloor_variables import LIST as SEAFLOOR_LIST
from quakeloom.schema._simulated_days import LIST as SIMULATED_DAY_LIST
from quakeloom.schema._slip_variables import LIST as SLIP_LIST
from quakeloom.schema._spectra_variables import LIST as SPECTRA_LIST
from quakeloom.schema._stress_variables import LIST as STRESS_LIST
from quakeloom.schema._structure_variables import LIST as STRUCTURE_LIST
from quakeloom.schema._velocity_variables import LIST as VELOCITY_LIST

USES = (
    "used",
    "no_polarity",
    "low_probability",
    "pick_weight",
    "onset",
    "screened",
    "doubled",
    "no_station",
    "too_far",
    "no_angles",
    "event_not_used",
)
"""Whether a reading was used for the mechanism of its event, or why not."""

ORIENTATIONS = ("by_name", "assumed", "reversed", "rotated", "unrotated")
"""How components were made of channels: by their names or by the directions in the metadata."""

_LIST = (
    # identity
    Variable("event_id", "string", "", "Identifier of the event, unique in a run."),
    Variable("network", "string", "", "Network code of the station, empty if not known.", "empty"),
    Variable("station", "string", "", "Station code."),
    Variable("channel", "string", "", "Channel or component code, empty if not known.", "empty"),
    Variable("source_file", "string", "", "File that the row was read from.", "empty"),
    Variable("source_line", "int64", "1", "Line (from 1) or record in that file.", "-1", -1),
    # space and time
    Variable("origin_time", "time", "", "Origin time, UTC.", "null"),
    Variable("longitude", "float64", "deg", "Longitude, east positive, WGS84.", "NaN", -180, 360),
    Variable("latitude", "float64", "deg", "Latitude, north positive, WGS84.", "NaN", -90, 90),
    Variable("depth_km", "float64", "km", "Depth below sea level, positive down.", "NaN", -9, 800),
    Variable(
        "elevation_m",
        "float64",
        "m",
        "Height of the sensor above sea level; negative on the sea floor and in deep boreholes.",
        "NaN",
        -12000,
        9000,
    ),
    Variable(
        "sensor_azimuth_deg",
        "float64",
        "deg",
        "Azimuth of the motion that gives positive samples, clockwise from north.",
        "NaN",
        0,
        360,
    ),
    Variable(
        "sensor_dip_deg",
        "float64",
        "deg",
        "Dip of the motion that gives positive samples, down from the horizontal: -90 is up.",
        "NaN",
        -90,
        90,
    ),
    Variable("start_time", "time", "", "First moment of a time span, UTC.", "null: open"),
    Variable("end_time", "time", "", "Last moment of a time span, UTC.", "null: open"),
    Variable("magnitude", "float64", "1", "Magnitude as given by the source.", "NaN", -5, 10),
    Variable("magnitude_type", "string", "", "Type of the magnitude, such as Mw or ML.", "empty"),
    Variable(
        "event_type",
        "string",
        "",
        "What the event is, in words of QuakeML such as earthquake or quarry blast; empty if the "
        "source does not say.",
        "empty",
    ),
    Variable("origin_id", "string", "", "Identifier of the origin in its source.", "empty"),
    Variable("is_chosen", "bool", "1", "The origin is the hypocenter of the event."),
    Variable("agency", "string", "", "Agency that determined it.", "empty"),
    Variable(
        "evaluation_mode",
        "string",
        "",
        "Whether a person or a program determined it.",
        "empty",
        values=("manual", "automatic"),
    ),
    Variable(
        "evaluation_status",
        "string",
        "",
        "How far it has been checked: preliminary, confirmed, reviewed, final, rejected, reported.",
        "empty",
    ),
    Variable("arrival_count", "int32", "1", "Arrivals that the origin has.", minimum=0),
    Variable(
        "horizontal_error_km",
        "float64",
        "km",
        "Standard horizontal error of the epicenter.",
        "NaN",
        0,
        20040,
    ),
    Variable("vertical_error_km", "float64", "km", "Standard error of the depth.", "NaN", 0, 6400),
    Variable("distance_km", "float64", "km", "Epicentral distance.", "NaN", 0, 20040),
    # picks and polarities
    Variable("arrival_time", "time", "", "Picked arrival time, UTC.", "null"),
    Variable(
        "polarity",
        "int8",
        "1",
        "First motion of P on the vertical: +1 up, -1 down, 0 not known.",
        "0",
        -1,
        1,
    ),
    Variable(
        "probability_up",
        "float64",
        "1",
        "Probability that the first motion is up, as the picker states it.",
        "NaN",
        0,
        1,
    ),
    Variable(
        "onset",
        "string",
        "",
        "Pick kind, one letter: impulsive (I), emergent (E), others as the source has them "
        "(X, Y, Z of NCSN's real-time pickers).",
        "empty",
    ),
    Variable(
        "pick_weight",
        "int8",
        "1",
        "Weight code of the pick as in the source: 0 best to 4 not used; 9 no arrival time.",
        "-1",
        -1,
        9,
    ),
    Variable(
        "azimuth_deg",
        "float64",
        "deg",
        "Azimuth from the event to the station, clockwise from north.",
        "NaN",
        0,
        360,
    ),
    Variable(
        "takeoff_deg",
        "float64",
        "deg",
        "Take-off angle at the source: 0 straight down, 180 straight up.",
        "NaN",
        0,
        180,
    ),
    Variable(
        "azimuth_error_deg", "float64", "deg", "Standard error of the azimuth.", "NaN", 0, 360
    ),
    Variable(
        "takeoff_error_deg",
        "float64",
        "deg",
        "Standard error of the take-off angle.",
        "NaN",
        0,
        180,
    ),
    Variable(
        "orientation",
        "string",
        "",
        "How components were made of channels. by_name: as the names say; assumed: names promise "
        "no direction, and no metadata say it; reversed: the vertical points down by its metadata "
        "and was turned; rotated: by the directions in the metadata; unrotated: a direction or a "
        "component is missing for that. Empty for readings of the sources.",
        "empty",
        values=ORIENTATIONS,
    ),
    Variable(
        "choice",
        "string",
        "",
        "By which rule one of several epochs, places or instruments of the same name was taken; "
        "empty where there was only one.",
        "empty",
    ),
    Variable(
        "clipped",
        "bool",
        "1",
        "The channel was clipped, and at its limit by the time of the reading already; false "
        "for readings of the sources that do not say it.",
    ),
    Variable(
        "reversed",
        "bool",
        "1",
        "The polarity and its probability were turned, as the sensor's direction in the metadata, "
        "a reversal table or a report says.",
    ),
    Variable(
        "use",
        "string",
        "",
        "Whether the reading entered the mechanism, or why it did not; empty before that.",
        "empty",
        values=USES,
    ),
    Variable(
        "predicted_up",
        "float64",
        "1",
        "Share of the mechanisms acceptable without this reading that predict up.",
        "NaN",
        0,
        1,
    ),
    Variable("travel_time_s", "float64", "s", "Travel time of the first arrival.", "NaN", 0),
    Variable(
        "direct_arrival",
        "bool",
        "1",
        "The first arrival is on the branch of the direct ray.",
    ),
    Variable("source_slowness_s_km", "float64", "s/km", "Slowness at the source.", "never", 0),
    # amplitudes
    Variable(
        "p_amplitude", "float64", "source unit", "Peak amplitude in the P window.", "NaN", None
    ),
    Variable(
        "s_amplitude", "float64", "source unit", "Peak amplitude in the S window.", "NaN", None
    ),
    Variable(
        "p_noise", "float64", "source unit", "Noise amplitude before P, same unit.", "NaN", None
    ),
    Variable(
        "s_noise", "float64", "source unit", "Noise amplitude before S, same unit.", "NaN", None
    ),
    Variable(
        "sp_log_ratio",
        "float64",
        "1",
        "log10 of the S/P amplitude ratio, before station corrections.",
        "NaN",
    ),
    Variable(
        "sp_log_correction",
        "float64",
        "1",
        "Station correction: mean log10 S/P residual, subtracted from the observation.",
        minimum=-10,
        maximum=10,
    ),
    # picks
    Variable("location_code", "string", "", "SEED location code, empty if none.", "empty"),
    Variable("time", "time", "", "Picked time of the phase, UTC.", "null"),
    Variable(
        "uncertainty_s",
        "float64",
        "s",
        "Standard error of the picked time, as the picker states it.",
        "NaN",
        0,
        3600,
    ),
    Variable(
        "probability",
        "float64",
        "1",
        "How sure the picker is of the phase; not calibrated for all pickers.",
        "NaN",
        0,
        1,
    ),
    Variable(
        "snr",
        "float64",
        "1",
        "Signal-to-noise ratio: root mean square after the pick over that before it.",
        "NaN",
        0,
    ),
    Variable("picker", "string", "", "Who or what picked: analyst, or the name of the weights."),
    # archives
    Variable("file_number", "int64", "1", "Row of the file in the table of files.", minimum=0),
    Variable("file_size_bytes", "int64", "byte", "Size of the file when it was read.", minimum=0),
    Variable(
        "file_modified_ns", "int64", "ns", "When the file was last changed, since 1970.", minimum=0
    ),
    Variable(
        "file_entry_ns",
        "int64",
        "ns",
        "When the entry of the file in its folder was last changed, since 1970; 0 in an object "
        "storage.",
        minimum=0,
    ),
    Variable(
        "file_content",
        "string",
        "",
        "Digest of what the file holds; empty where files are told apart by size and time.",
    ),
    Variable(
        "channel_number", "int64", "1", "Row of the channel in the table of channels.", minimum=0
    ),
    Variable("trace_start", "time", "", "Time of the first sample of the trace, UTC.", "null"),
    Variable("trace_end", "time", "", "Time just after the last sample of the trace, UTC.", "null"),
    Variable(
        "recorded_from",
        "time",
        "",
        "First sample of the instrument in the archive, UTC; for a partition not before its first "
        "event.",
        "null",
    ),
    Variable(
        "recorded_until",
        "time",
        "",
        "End of the instrument's last trace, UTC; for a partition not after its last event.",
        "null",
    ),
    Variable(
        "is_triggered",
        "bool",
        "",
        "Whether the instrument records events only: less than half of its time is on record.",
    ),
    # windows
    Variable(
        "window",
        "int64",
        "1",
        "Number of the window in the array of its partition.",
        "-1: none was cut",
        -1,
    ),
    Variable("window_start", "time", "", "Time of the first sample of the window, UTC.", "null"),
    Variable("sampling_rate_hz", "float64", "Hz", "Sampling rate.", "NaN", 0),
    Variable("expected_p_time", "time", "", "Time at which P is expected, UTC.", "null"),
    Variable("expected_s_time", "time", "", "Time at which S is expected, UTC.", "null"),
    Variable(
        "flags",
        "string",
        "",
        "What is wrong with the components, such as `E:dead Z:clipped,gap`.",
        "empty",
    ),
    Variable(
        "window_status",
        "string",
        "",
        "What became of a window.",
        values=(
            *("cut", "no_waveform", "not_triggered", "second_choice", "too_short", "useless"),
            "error",
        ),
    ),
    Variable(
        "waveform",
        "float32",
        "source unit",
        "Ground motion in a window, mean removed; a missing component is zero.",
        "0",
    ),
    # rejects
    Variable("record", "string", "", "What was being read: event, station, polarity, ..."),
    Variable("reason", "string", "", "Why it was put aside, in words.", "empty"),
    Variable("text", "string", "", "The offending text, at most 200 characters.", "empty"),
    *MECHANISM_LIST,
    *STRESS_LIST,
    *STRUCTURE_LIST,
    *FAULT_LIST,
    *LOCATION_LIST,
    *READING_CHECK_LIST,
    *ASSOCIATION_LIST,
    *CLASS_LIST,
    *MERGE_LIST,
    *RESTORE_LIST,
    *FLUID_LIST,
    *DETECTION_LIST,
    *MAGNITUDE_LIST,
    *SIMULATED_DAY_LIST,
    *SPECTRA_LIST,
    *VELOCITY_LIST,
    *ROCK_LIST,
    *DISCRIMINATE_LIST,
    *ISOCON_LIST,
    *MELTING_LIST,
    *SEAFLOOR_LIST,
    *SLIP_LIST,
)
"""All variables, with those of other files."""

VARIABLES: dict[str, Variable] = {v.name: v for v in _LIST}
"""All variables by name."""

if len(VARIABLES) != len(_LIST):
    raise ValueError("A variable is registered twice in quakeloom.schema._variables.")
