"""Settings of displacement spectra, moment magnitudes, corner frequencies and stress drops."""

from __future__ import annotations

from typing import Literal

from quakeloom.config._fields import Section, setting


class Spectra(Section):
    """Spectra of P and S, and what they say of earthquakes, paths and sites.

    The stage runs where this group is given, even empty (`spectra: {}`), beside `waveforms`.
    """

    responses: list[str] = setting(
        list,
        "Responses of instruments, relative to `data`: StationXML, dataless SEED, RESP, SAC poles "
        "and zeros; empty: the StationXML and dataless files of `sources`.",
    )
    channel_bands: dict[str, str] = setting(
        dict,
        "First letters of the channels of stations whose records do not name them, such as "
        "`{AGE: EH}`, to find their responses.",
    )
    phases: list[Literal["S", "P"]] = setting(
        lambda: ["S", "P"],
        "Phases whose spectra are measured; events are fitted with the first of them that has "
        "`minimum_readings`.",
    )
    window_s: float = setting(
        5.0, "A window ends so long after its phase, at least; P ends before S.", "s", ge=1, le=60
    )
    window_share: float = setting(
        0.8, "That of S ends this share of S-P after it, if that is more.", "1", ge=0, le=5
    )
    use_expected: bool = setting(True, "Where an S was not picked, take its expected time.")
    minimum_snr: float = setting(
        3.0, "Frequencies of a smaller amplitude over noise do not count.", "1", ge=1.2, le=100
    )
    minimum_bins: int = setting(
        8, "Spectra of a narrower band are not used; 20 bins are a decade.", "bins", ge=3, le=60
    )
    minimum_readings: int = setting(
        2, "Events with fewer spectra say so in their status.", "spectra", ge=1, le=100
    )
    models: list[Literal["brune", "boatwright"]] = setting(
        lambda: ["brune", "boatwright"],
        "Shapes of source spectra; of several the evidence says how much each counts.",
    )
    rupture: Literal["brune", "madariaga", "kaneko_shearer"] = setting(
        "brune", "Model that makes a stress drop of a corner; the other two widen a second range."
    )
    vp_m_s: float = setting(6050.0, "P velocity at the sources.", "m/s", ge=1000, le=12000)
    vs_m_s: float = setting(3360.0, "S velocity at the sources.", "m/s", ge=500, le=7000)
    density_kg_m3: float = setting(2700.0, "Density at the sources.", "kg/m^3", ge=1000, le=6000)
    medium_error: float = setting(
        0.05, "Standard error of ln velocity at the sources, of all events alike.", "1", ge=0, le=1
    )
    q: float = setting(300.0, "Quality factor of S between source and station.", "1", ge=10, le=1e5)
    kappa_s: float = setting(0.02, "t* of a site, where it is not estimated.", "s", ge=0, le=0.5)
    attenuation_factor: float = setting(
        0.5, "Standard deviation of ln t* that all readings of an event share.", "1", ge=0, le=2
    )
    attenuation_scatter: float = setting(
        0.3, "Standard deviation of t* of single readings, as a share.", "1", ge=0.01, le=2
    )
    level_scatter: float = setting(
        0.4,
        "Median, before spectra are seen, of the standard deviation of ln amplitude of readings: "
        "radiation, focusing, site. It is estimated for every event.",
        "1", ge=0.01, le=3,
    )  # fmt: skip
    misfit: float = setting(
        0.2,
        "Standard deviation of ln amplitude by which a model misses a spectrum, at least; where "
        "the spectra of an event are missed by more, all their errors grow.",
        "1", ge=0.01, le=2,
    )  # fmt: skip
