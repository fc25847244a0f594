"""Variables and tables of spectra: what they were measured on, and what they say of events."""

from __future__ import annotations

from quakeloom.schema._registry import TableSpec, Variable

SPECTRUM_STATUSES = (
    "measured",
    "no_window",
    "no_pick",
    "no_response",
    "clipped",
    "gap",
    "no_component",
    "too_short",
    "no_noise",
    "no_place",
    "narrow_band",
    "error",
)
"""What became of the spectrum of a reading."""

SOURCE_STATUSES = ("measured", "few_stations", "no_spectrum", "no_hypocenter")
"""What became of an event."""

CORNER_STATUSES = ("resolved", "above_band", "below_band", "unresolved", "none")
"""Whether the corner is a value or a bound."""


LIST = (
    Variable(
        "spectrum_phase", "string", "", "Phase whose spectrum it is.", "empty",
        values=("", "P", "S"),
    ),
    Variable(
        "spectrum_status", "string", "",
        "What became of the spectrum of a reading: measured, or why there is none.",
        values=SPECTRUM_STATUSES,
    ),
    Variable(
        "spectrum", "int64", "1", "Row of the spectrum in the array of the partition.", "-1", -1
    ),
    Variable(
        "timed_by", "string", "", "Whether the window lies at a pick or at the expected time.",
        "empty", values=("", "pick", "expected"),
    ),
    Variable("spectrum_components", "string", "", "Components put together as power.", "empty"),
    Variable("spectrum_window_s", "float64", "s", "Length of the window.", "NaN", 0),
    Variable(
        "phase_travel_s", "float64", "s", "Travel time of the phase, from the origin time.", "NaN"
    ),
    Variable("band_low_hz", "float64", "Hz", "Lowest frequency above the noise.", "NaN", 0),
    Variable("band_high_hz", "float64", "Hz", "Highest frequency above the noise.", "NaN", 0),
    Variable(
        "spectrum_snr", "float64", "1", "Largest amplitude over that of the noise.", "NaN", 0
    ),
    Variable(
        "spectrum_level", "float64", "1",
        "Moment magnitude that this spectrum alone gives at the corner of its event; the term of "
        "its site is taken off.", "NaN",
    ),
    Variable(
        "spectrum_t_star", "float64", "s", "t* of the reading at the corner of its event.", "NaN"
    ),
    Variable(
        "spectrum_misfit", "float64", "1",
        "Root mean square of ln amplitude less that of the model, in its band.", "NaN", 0,
    ),
    Variable(
        "source_status", "string", "",
        "What became of the event: measured, on few spectra, or why there is nothing.",
        values=SOURCE_STATUSES,
    ),
    Variable("moment_magnitude", "float64", "1", "Moment magnitude Mw.", "NaN", -5, 11),
    Variable(
        "moment_magnitude_error", "float64", "1",
        "Standard deviation of Mw from its spectra; the medium, alike for all events, is in the "
        "range alone.", "NaN", 0,
    ),
    Variable(
        "moment_magnitude_low", "float64", "1",
        "Lower end of the 95 % range of Mw, with the medium.", "NaN",
    ),
    Variable(
        "moment_magnitude_high", "float64", "1",
        "Upper end of the 95 % range of Mw, with the medium.", "NaN",
    ),
    Variable("seismic_moment_nm", "float64", "N m", "Seismic moment.", "NaN", 0),
    Variable(
        "corner_status", "string", "",
        "Whether the corner is resolved, or only bounded since its range leaves the band.",
        values=CORNER_STATUSES,
    ),
    Variable(
        "corner_hz", "float64", "Hz", "Corner frequency, median; NaN where it is a bound.", "NaN", 0
    ),
    Variable(
        "corner_low_hz", "float64", "Hz",
        "Lower end of the 95 % range of the corner; where the corner is above the band what it "
        "exceeds with 95 %.", "NaN", 0,
    ),
    Variable(
        "corner_high_hz", "float64", "Hz",
        "Upper end of the 95 % range; NaN where there is none; where the corner is below the band "
        "what it stays under with 95 %.", "NaN", 0,
    ),
    Variable(
        "stress_drop_mpa", "float64", "MPa",
        "Stress drop of a circular rupture in the model that the settings name; NaN where the "
        "corner is a bound.", "NaN", 0,
    ),
    Variable(
        "stress_drop_low_mpa", "float64", "MPa",
        "Lower end of its 95 % range in that model, or its bound.", "NaN", 0,
    ),
    Variable(
        "stress_drop_high_mpa", "float64", "MPa",
        "Upper end of its 95 % range in that model, or its bound; NaN where there is none.", "NaN",
        0,
    ),
    Variable(
        "stress_drop_least_mpa", "float64", "MPa",
        "Lower end of its 95 % range over all models of the rupture.", "NaN", 0,
    ),
    Variable(
        "stress_drop_most_mpa", "float64", "MPa",
        "Upper end of its 95 % range over all models of the rupture.", "NaN", 0,
    ),
    Variable("rupture", "string", "", "Model that makes a stress drop of a corner.", "empty"),
    Variable("source_radius_m", "float64", "m", "Radius of the rupture in that model.", "NaN", 0),
    Variable(
        "brune_share", "float64", "1", "Posterior probability of the first shape of the settings.",
        "NaN", 0, 1,
    ),
    Variable(
        "attenuation_factor", "float64", "1", "Mean factor of t* over what was expected.", "NaN", 0
    ),
    Variable(
        "level_scatter", "float64", "1", "Standard deviation of ln levels of readings.", "NaN", 0
    ),
    Variable(
        "error_scale", "float64", "1",
        "By how much the errors of the spectra grew, since models miss them by more.", "NaN", 1,
    ),
    Variable("spectrum_count", "int32", "1", "Spectra that were used.", minimum=0),
    Variable(
        "log_displacement", "float32", "1",
        "ln of the amplitude spectrum of displacement in m s, noise taken off.", "NaN",
    ),
    Variable(
        "log_noise", "float32", "1", "ln of the amplitude spectrum of the noise in m s.", "NaN"
    ),
    Variable(
        "log_error", "float32", "1",
        "Standard error of ln amplitude: tapers, noise, and what models miss.", "NaN", 0,
    ),
)  # fmt: skip
"""The variables."""

_READING = (
    "event_id",
    "network",
    "station",
    "location_code",
    "channel",
    "spectrum_phase",
    "spectrum_status",
    "reason",
    "spectrum",
    "timed_by",
    "spectrum_components",
    "spectrum_window_s",
    "hypocentral_km",
    "phase_travel_s",
    "band_low_hz",
    "band_high_hz",
    "spectrum_snr",
)
"""Columns of readings."""

TABLE_LIST = (
    TableSpec(
        "measured_spectra",
        "Spectra of the readings of a partition, measured or not.",
        _READING,
    ),
    TableSpec(
        "station_spectra",
        "Spectra of readings, measured or not, and what each says at the corner of its event.",
        (*_READING, "spectrum_level", "spectrum_t_star", "spectrum_misfit"),
    ),
    TableSpec(
        "source_spectra",
        "What spectra say of events: moment, corner, stress drop, with ranges and bounds.",
        (
            "event_id",
            "origin_time",
            "longitude",
            "latitude",
            "depth_km",
            "magnitude",
            "source_status",
            "reason",
            "spectrum_phase",
            "spectrum_count",
            "band_low_hz",
            "band_high_hz",
            "moment_magnitude",
            "moment_magnitude_error",
            "moment_magnitude_low",
            "moment_magnitude_high",
            "seismic_moment_nm",
            "corner_status",
            "corner_hz",
            "corner_low_hz",
            "corner_high_hz",
            "stress_drop_mpa",
            "stress_drop_low_mpa",
            "stress_drop_high_mpa",
            "stress_drop_least_mpa",
            "stress_drop_most_mpa",
            "rupture",
            "source_radius_m",
            "brune_share",
            "attenuation_factor",
            "level_scatter",
            "error_scale",
        ),
        ("event_id",),
    ),
)
"""The tables."""
