"""Stage ``spectra``: displacement spectra, moment magnitudes, corners and stress drops."""

from quakeloom.stages.frame.stage import Reads, Stage

SPECTRA = Stage(
    name="spectra",
    summary="Spectra of P and S become moment magnitudes, corner frequencies and stress drops.",
    module="quakeloom.stages.spectra.verbs",
    chains=("events",),
    group="spectra",
    on=lambda s: s.cuts_windows,
    settings=(
        "waveforms.picks",
        "waveforms.picker",
        "waveforms.station_aliases",
        "selection.station_epochs",
        "selection.station_match",
    ),
    ways_only=("cluster",),
    reads=(Reads("window"), Reads("pick"), Reads("locate")),
    gathers=True,
    part_tables=("measured_spectra",),
    tables=("station_spectra", "source_spectra"),
    files=("spectra.json",),
    report="quakeloom.report:spectra_section",
)
"""The record of stage ``spectra``."""
