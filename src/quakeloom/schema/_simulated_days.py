"""Variables and tables of the truth of simulated continuous days."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

SOURCE_CLASSES = (
    "earthquake",
    "swarm",
    "aftershock",
    "blast",
    "tremor",
    "low_frequency",
    "teleseism",
)
"""Classes of what sends waves."""

NOISE_KINDS = (
    "storm",
    "culture",
    "wind",
    "machine",
    "spike",
    "step",
    "calibration",
    "fill",
    "gap",
    "dead",
    "clock",
)
"""What may come on top of the background noise: microseism storms, culture by day, wind, machines;
spikes, steps, calibration pulses; constant fill, gaps, a dead station, a wrong clock."""

LIST = (
    Variable(
        "source_class",
        "string",
        "",
        "What sent the waves.",
        values=SOURCE_CLASSES,
    ),
    Variable(
        "arrival_snr",
        "float64",
        "1",
        "Peak of the first second of P on the vertical, or of the first two of S on the larger "
        "horizontal, from 2 to 20 Hz without noise, over the root mean square of what is there "
        "before (of P: 5 s; of S: 1.5 s, which may be the coda of P). Not known of teleseisms.",
        "NaN",
        0,
    ),
    Variable(
        "wood_anderson_mm",
        "float64",
        "mm",
        "Amplitude of a Wood-Anderson seismometer of gain 2080, zero to peak, mean of the "
        "horizontals, without noise.",
        "NaN",
        0,
    ),
    Variable(
        "is_sound",
        "bool",
        "1",
        "The arrival is on the record: no gap, no constant fill, no clipping, station not dead.",
    ),
    Variable(
        "clock_error_s",
        "float64",
        "s",
        "The record is stamped so much later than it was; picks are later than the arrival by it.",
        "0",
    ),
    Variable(
        "noise_kind",
        "string",
        "",
        "What was added to the record, or went wrong with it.",
        values=NOISE_KINDS,
    ),
    Variable(
        "noise_value",
        "float64",
        "1",
        "Of storm, culture and wind the greatest level over that of the background; of a machine "
        "its frequency in Hz; of spike, step and calibration pulse the size in standard deviations "
        "of the background from 2 to 20 Hz; of a clock the error in s; else 0.",
    ),
    Variable(
        "amplitude_term",
        "float64",
        "1",
        "log10 of the factor on amplitudes of local sources at the station; the correction of a "
        "local magnitude is its negative.",
    ),
    Variable(
        "sensitivity",
        "float64",
        "s/m",
        "Counts for a ground velocity of 1 m/s where the response is flat.",
        minimum=0,
    ),
    Variable(
        "source_duration_s",
        "float64",
        "s",
        "Length of a burst of tremor, in which many small sources follow each other; 0 of others.",
        "NaN",
        0,
    ),
    Variable(
        "natural_frequency_hz",
        "float64",
        "Hz",
        "Natural frequency of the seismometer, whose damping is 0.7.",
        minimum=0,
    ),
    Variable(
        "noise_model_share",
        "float64",
        "1",
        "Background noise between the low (0) and the high (1) noise model of Peterson (1993).",
    ),
)
"""The variables."""

TABLE_LIST = (
    TableSpec(
        "true_events",
        "Sources of a simulated continuous record, by origin time; the magnitude is that of the "
        "amplitudes without noise (ML of Hutton & Boore 1987; of teleseisms a moment magnitude).",
        (
            "event_id",
            "source_class",
            "origin_time",
            "longitude",
            "latitude",
            "depth_km",
            "magnitude",
            "strike_deg",
            "dip_deg",
            "rake_deg",
            "source_duration_s",
        ),
        ("event_id",),
    ),
    TableSpec(
        "true_arrivals",
        "Arrivals of a simulated continuous record, by time (of a right clock); those far below "
        "the noise are left out.",
        (
            "event_id",
            "network",
            "station",
            "phase",
            "time",
            "polarity",
            "arrival_snr",
            "wood_anderson_mm",
            "distance_km",
            "is_sound",
            "clock_error_s",
        ),
        ("event_id", "network", "station", "phase"),
    ),
    TableSpec(
        "true_noise",
        "Noise and flaws of a simulated continuous record, one row per span; the channel is "
        "empty where all are meant.",
        (
            "network",
            "station",
            "channel",
            "noise_kind",
            "start_time",
            "end_time",
            "noise_value",
        ),
    ),
    TableSpec(
        "true_stations",
        "What only the simulation knows of the stations of a continuous record.",
        (
            "network",
            "station",
            "amplitude_term",
            "sensitivity",
            "natural_frequency_hz",
            "noise_model_share",
        ),
        ("network", "station"),
    ),
)
"""The tables."""
