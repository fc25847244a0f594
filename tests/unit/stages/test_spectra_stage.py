"""Spectra on stored windows: what cannot be measured has its reason, and nothing is lost."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from quakeloom.config import Spectra, parse_settings
from quakeloom.core import SettingsError
from quakeloom.formats import ChannelResponse
from quakeloom.spectra import frequency_bins
from quakeloom.stages.archive.instrument_responses import StationResponses
from quakeloom.stages.spectra.kept_spectra import table_of
from quakeloom.stages.spectra.measuring import MeasureTask, measure_block
from quakeloom.stages.spectra.verbs import _number_rows
from quakeloom.stages.spectra.wanted_spectra import NANO, WantedSpectrum
from quakeloom.store import open_folder, write_array

RATE, SAMPLES, S_AT = 100.0, 3000, 1500
FREQUENCY = np.geomspace(0.01, 50.0, 100)


def channel(code: str, **changes: object) -> ChannelResponse:
    flat = np.full(FREQUENCY.size, 4e8, complex)
    made = ChannelResponse("XX", "AAA", "", code, 0, 10**19, RATE, FREQUENCY, flat)
    return replace(made, **changes)


KNOWN = StationResponses(tuple(channel(f"HH{c}") for c in "ENZ"))


def records(count: int) -> np.ndarray:
    """Windows with noise, and S of one second in all components."""
    random = np.random.default_rng(1)
    data = random.standard_normal((count, 3, SAMPLES))
    wave = 3000.0 * random.standard_normal((count, 3, 100)) * np.hanning(100)
    data[:, :, S_AT : S_AT + 100] += wave
    return data.astype(np.float32)


def wanted(number: int, phase: str = "S", **row: object) -> WantedSpectrum:
    made = {
        "event_id": "e", "network": "XX", "station": "AAA", "location_code": "", "channel": "HH?",
        "spectrum_phase": phase, "spectrum_status": "measured", "reason": "", "spectrum": -1,
        "timed_by": "pick", "spectrum_components": "", "hypocentral_km": 20.0, **row,
    }  # fmt: skip
    return WantedSpectrum(
        made, number, 15 * NANO, S_AT - 60, S_AT + 540, 800, 1400, "", "by_name", number
    )


def measure(tmp_path, data, many, responses=KNOWN, **settings):
    group = open_folder(tmp_path) / "windows.zarr"
    write_array(group, "waveform", data)
    task = MeasureTask(
        Spectra(**settings), group, "ZNE", RATE, 0, tuple(many), {("XX", "AAA"): responses}
    )
    return measure_block(task)


def test_a_reading_is_measured_between_its_noise_and_the_filters_of_the_recorder(tmp_path):
    block = measure(tmp_path, records(1), [wanted(0)])
    row = block.rows[0]
    assert row["spectrum_status"] == "measured"
    assert row["spectrum_components"] == "ZNE"
    assert 0.6 < row["band_low_hz"] < 3.0
    assert 25.0 < row["band_high_hz"] <= 40.0
    assert block.log_displacement.shape == (1, frequency_bins().count)


def clipped(data, many):
    data[0, 1] = np.clip(data[0, 1], -200.0, 200.0)
    many[0].flags = "N:clipped"
    return KNOWN


def one_horizontal(data, many):
    data[0, 2] = 0.0
    return KNOWN


def ends_early(data, many):
    data[0, 0, 1900:] = 0.0
    return KNOWN


def no_noise(data, many):
    data[0, 0, :1000] = 0.0
    return KNOWN


def only_noise(data, many):
    data[0] = np.random.default_rng(5).standard_normal((3, SAMPLES))
    return KNOWN


def no_response(data, many):
    return StationResponses()


def other_channel(data, many):
    return StationResponses((channel("HNZ"),))


def sensitivity_alone(data, many):
    return StationResponses(tuple(channel(f"HH{c}", is_flat=True) for c in "ENZ"))


def turned_unlike(data, many):
    many[0].orientation = "rotated"
    louder = 2.0 * channel("HHE").velocity
    return StationResponses((channel("HHZ"), channel("HHN"), channel("HHE", velocity=louder)))


def no_band(data, many):
    many[0].row["channel"] = "?"
    return StationResponses((channel("HHZ"), channel("EHZ")))


@pytest.mark.parametrize(
    ("damage", "status", "word"),
    [
        (clipped, "clipped", "limit"),
        (one_horizontal, "no_component", "two horizontals"),
        (ends_early, "gap", "ends within"),
        (no_noise, "no_noise", "begins within"),
        (only_noise, "narrow_band", "above the noise"),
        (no_response, "no_response", "no response of the station"),
        (other_channel, "no_response", "no response of HH"),
        (sensitivity_alone, "no_response", "sensitivity"),
        (turned_unlike, "no_response", "unlike"),
        (no_band, "no_response", "channel_bands"),
    ],
)
def test_what_cannot_be_measured_has_a_row_with_its_reason(tmp_path, damage, status, word):
    data, many = records(2), [wanted(0), wanted(1)]
    responses = damage(data, many)
    block = measure(tmp_path, data, many, responses)
    assert block.orders == [0, 1]
    assert block.rows[0]["spectrum_status"] == status
    assert word in block.rows[0]["reason"]
    table = table_of([row for _, row in _number_rows([block])])
    assert table.num_rows == 2
    kept = [n for n in table.column("spectrum").to_pylist() if n >= 0]
    assert kept == list(range(len(block.log_displacement)))


def test_a_band_is_named_where_records_name_none(tmp_path):
    data, many = records(1), [wanted(0, channel="?")]
    both = StationResponses((*KNOWN.responses, channel("EHZ")))
    block = measure(tmp_path, data, many, both, channel_bands={"AAA": "HH"})
    assert block.rows[0]["spectrum_status"] == "measured"


def test_a_run_without_waveforms_has_no_spectra():
    settings = {"name": "a", "sources": [{"path": "x"}], "spectra": {"minimum_snr": 0.5}}
    with pytest.raises(SettingsError, match="minimum_snr"):
        parse_settings(settings, "a.yaml")
