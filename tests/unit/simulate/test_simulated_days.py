"""Simulated continuous days: what is on them is where the truth says, whatever is cut from them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest

from quakeloom.core import LayeredModel, SettingsError, distance_azimuth
from quakeloom.schema import NOISE_KINDS
from quakeloom.simulate import (
    DayEarth,
    DayOptions,
    StationDay,
    TeleseismTimes,
    noise_level,
    simulate_day_stations,
    simulate_station_day,
    sources_near,
)
from quakeloom.travel import stack_tables, table_grid, trace_table

DATE = "2019-07-05"
START = np.datetime64(f"{DATE}T00:00:00", "s")
MIDNIGHT_S = float(START.astype(np.int64))
NONE: dict[str, Any] = {
    "background": 0.0, "swarms": 0.0, "sequences": 0.0, "tremor": 0.0, "blasts": 0.0,
    "teleseisms": 0.0,
}  # fmt: skip
"""No sources."""

P_KM_S = np.array([5.0, 5.7, 6.1, 6.5, 6.9, 7.9])
MODEL = LayeredModel("test", np.array([0.0, 2.0, 10.0, 20.0, 32.0, 34.0]), P_KM_S, P_KM_S / 1.73)


def make_earth(seed: int = 3, **options: Any) -> DayEarth:
    """All that days are made from, with few stations."""
    made = DayOptions(**{"stations": 2, "start": START, "hours": 1.0, **options})
    stations, region = simulate_day_stations(made, seed)
    grid = table_grid(45.0, 2.0 * region.radius_km + 10.0, models=[MODEL])
    p, s = (
        tuple(
            stack_tables(
                [trace_table(MODEL, *grid, phase=phase, receiver_depth_km=-float(up) / 1e3)]
            )
            for up in stations.table["elevation_m"]
        )
        for phase in ("P", "S")
    )
    degrees = np.arange(28.0, 93.0)
    far = TeleseismTimes(degrees, np.stack([8.0, 10.0, 14.0] * degrees[:, None], axis=1)[0:3])
    return DayEarth(made, seed, stations, region, p, s, far)


def test_waves_arrive_at_their_travel_times() -> None:
    """On a day without noise nothing moves before the rays arrive, and then it does."""
    earth = make_earth(**{**NONE, "background": 300.0}, hours=2.0)
    day = simulate_station_day(earth, 0, DATE, quiet=True)
    rate = earth.options.rate
    sources = sources_near(earth, MIDNIGHT_S, MIDNIGHT_S + 7200.0)
    rows = {str(e): k for k, e in enumerate(sources.event_id)}
    place = [earth.stations.table[n][0] for n in ("longitude", "latitude", "elevation_m")]
    checked = 0
    for arrival in (a for a in day.arrivals if a.phase == "P" and a.amplitude_mm > 0.003):
        k = rows[arrival.event_id]
        distance, _ = distance_azimuth(
            sources.longitude[k], sources.latitude[k], place[0], place[1]
        )
        ray = trace_table(
            MODEL, [float(sources.depth_km[k]), 50.0], [0.0, float(distance)],
            receiver_depth_km=-float(place[2]) / 1e3,
        ).travel_time_s[0, 1]  # fmt: skip
        assert arrival.time_ns / 1e9 - sources.origin_ns[k] / 1e9 == pytest.approx(ray, abs=0.01)
        at = (arrival.time_ns * rate) // 1_000_000_000 - day.first
        z = np.abs(day.counts[0, at - 3 * rate : at + rate].astype(float))
        if at < 3 * rate or z[: 2 * rate].max() > 1.0:
            continue  # in the coda of another one
        # filters without delay ring for some samples before
        peak = z[3 * rate :].max()
        assert z[: 3 * rate - 5].max() < 0.05 * peak
        assert z[3 * rate : 3 * rate + 40].max() > 0.05 * peak
        checked += 1
    assert checked > 5


def test_a_day_is_the_same_alone_and_with_the_day_before() -> None:
    """What began before midnight spills over, and other days change nothing."""
    busy = {**NONE, "sequences": 1.0, "sequence_hour": 23.95, "background": 100.0}
    alone = make_earth(**busy, hours=0.25)
    both = make_earth(**busy, start=START - np.timedelta64(900, "s"), hours=0.5)
    for station in range(2):
        a, b = (simulate_station_day(e, station, DATE) for e in (alone, both))
        assert a.first == b.first
        assert np.array_equal(a.counts, b.counts)
        assert a.arrivals == b.arrivals
        assert a.spans == b.spans
    assert any(x.event_id.startswith("sim20190704a") for x in a.arrivals)
    before = simulate_station_day(both, 0, "2019-07-04")
    assert before.first + before.counts.shape[1] == b.first
    assert before.clock_error_s != 0.0 or before.first == b.first - 900 * both.options.rate


def test_background_has_the_level_of_the_noise_model() -> None:
    """The power of the ground at 4 to 8 Hz lies where the station's share puts it."""
    earth = make_earth(**NONE, noise=(), hours=1.0)
    day = simulate_station_day(earth, 0, DATE)
    ground = day.counts[0] / earth.stations.counts_per_m_s[0]
    rate = earth.options.rate
    spectrum = np.abs(np.fft.rfft(ground)) ** 2 * 2.0 / (rate * ground.size)
    f = np.fft.rfftfreq(ground.size, 1.0 / rate)
    band = (f > 4.0) & (f < 8.0)
    expected = noise_level(f[band], earth.stations.noise_share[0])
    # the digitizer adds its own
    expected += (1.5**2 + 1.0 / 12.0) / earth.stations.counts_per_m_s[0] ** 2 * 2.0 / rate
    assert 10.0 * np.log10(spectrum[band].mean() / expected.mean()) == pytest.approx(0.0, abs=0.3)


@pytest.fixture(scope="module")
def sound() -> StationDay:
    """A day with nothing but background noise."""
    return simulate_station_day(_noisy(), 0, DATE)


def _noisy(*kinds: str) -> DayEarth:
    return make_earth(
        **NONE, noise=kinds, stations=1, sampling_rate_hz=20.0, hours=24.0, flawed_share=1.0
    )


@pytest.mark.parametrize("kind", NOISE_KINDS)
def test_every_kind_of_noise_is_where_its_mark_is(kind: str, sound: StationDay) -> None:
    """Records with and without a kind of noise differ within its marks, and there alone."""
    earth = _noisy(kind)
    day = simulate_station_day(earth, 0, DATE)
    spans = [s for s in day.spans if s.kind == kind]
    assert spans
    assert {s.kind for s in day.spans} == {kind}
    if kind == "clock":
        shift = round(spans[0].value * earth.options.rate)
        assert shift != 0
        assert day.clock_error_s == spans[0].value
        moved = np.roll(sound.counts, shift, axis=1)
        inner = slice(abs(shift), -abs(shift))
        assert np.array_equal(day.counts[:, inner], moved[:, inner])
        return
    marked = np.zeros(day.counts.shape, bool)
    # levels of weather are given every 5 s
    more = 5.0 if kind in ("storm", "wind") else 0.0
    for s in spans:
        low, high = (
            round((t - MIDNIGHT_S) * earth.options.rate) for t in (s.start_s - more, s.end_s + more)
        )
        rows = ["ZNE".index(c) for c in s.components]
        marked[rows, max(low - 1, 0) : high + 1] = True
    changed = day.counts != sound.counts
    if kind == "gap":
        changed |= ~day.is_recorded
    assert changed.any()
    assert not (changed & ~marked).any()
    # most of what is marked is changed; a spike is one sample
    share = changed[marked].mean()
    assert share > (0.2 if kind in ("spike", "step", "calibration", "culture") else 0.5)


def test_culture_is_louder_by_day() -> None:
    """Between 2 and 20 Hz, noon in Japan (3 UTC) is louder than midnight there (15 UTC)."""
    level = []
    for hour in (3, 15):
        start = START + np.timedelta64(hour, "h")
        earth = make_earth(**NONE, noise=("culture",), start=start, hours=0.5)
        level.append(np.median(np.abs(np.diff(simulate_station_day(earth, 0, DATE).counts[0]))))
    assert level[0] > 1.05 * level[1]


def test_a_machine_hums_at_its_frequency() -> None:
    """In the span of a machine the spectrum has its peak where the truth says."""
    earth = _noisy("machine")
    day = simulate_station_day(earth, 0, DATE)
    rate = earth.options.rate
    span = max((s for s in day.spans if s.value < 0.4 * rate), key=lambda s: s.end_s - s.start_s)
    low, high = (round((t - MIDNIGHT_S) * rate) for t in (span.start_s, span.end_s))
    z = day.counts[0, low:high].astype(float)
    f = np.fft.rfftfreq(z.size, 1.0 / rate)
    near = np.abs(f - span.value) < 0.3
    peak = np.argmax(np.where(near, np.abs(np.fft.rfft(z)), 0.0))
    assert f[peak] == pytest.approx(span.value, abs=2.0 / (z.size / rate))


def test_blasts_push_in_the_hours_of_work() -> None:
    """First motions of a blast are up at all stations, and it is fired from 8 to 17 h."""
    earth = make_earth(**{**NONE, "blasts": 20.0}, hours=24.0, sampling_rate_hz=50.0)
    sources = sources_near(earth, MIDNIGHT_S, MIDNIGHT_S + 86_400.0)
    assert set(sources.source_class) == {"blast"}
    local = np.mod(sources.origin_ns / 3.6e12 + earth.region.longitude / 15.0, 24.0)
    assert local.min() >= 8.0
    assert local.max() <= 17.0
    day = simulate_station_day(earth, 0, DATE, quiet=True)
    p = [a for a in day.arrivals if a.phase == "P"]
    assert len(p) > 10
    rate = earth.options.rate
    for a in p:
        assert a.polarity == 1
        at = a.time_ns * rate // 1_000_000_000 - day.first
        first = day.counts[0, at : at + rate // 4]
        assert first[np.flatnonzero(np.abs(first) > 0.3 * np.abs(first).max())[0]] > 0


def test_tremor_lacks_high_frequencies() -> None:
    """From 8 to 16 Hz tremor is weaker against 2 to 4 Hz than earthquakes are."""
    ratios = {}
    for name in ("tremor", "background"):
        earth = make_earth(**{**NONE, name: 60.0}, hours=6.0)
        day = simulate_station_day(earth, 0, DATE, quiet=True)
        power = np.abs(np.fft.rfft(day.counts[1].astype(float))) ** 2
        f = np.fft.rfftfreq(day.counts.shape[1], 1.0 / earth.options.rate)
        high, low = ((f >= a) & (f < b) for a, b in ((8.0, 16.0), (2.0, 4.0)))
        ratios[name] = power[high].sum() / power[low].sum()
    assert ratios["tremor"] < 0.25 * ratios["background"]


def test_aftershocks_come_once_a_minute_and_then_seldom() -> None:
    """The rate just after the mainshock is the one asked for, and falls as 1 / (1 + t / 1 h)."""
    counts = Counter()
    for seed in range(8):
        options = {**NONE, "sequences": 1.0, "sequence_hour": 6.0}
        earth = make_earth(seed, **options, hours=24.0, stations=1)
        sources = sources_near(earth, MIDNIGHT_S, MIDNIGHT_S + 86_400.0)
        own = sources.take(sources.origin_ns / 1e9 >= MIDNIGHT_S)
        assert own.magnitude[0] == earth.options.mainshock_magnitude
        after = (own.origin_ns[1:] / 1e9 - MIDNIGHT_S) / 3600.0 - 6.0
        counts["first"] += int((after < 0.25).sum())
        counts["third"] += int(((after >= 2.0) & (after < 3.0)).sum())
    # 60 ln 1.25 and 60 ln (4 / 3) of each sequence, within three standard deviations
    assert counts["first"] / 8 == pytest.approx(60.0 * np.log(1.25), abs=3.9)
    assert counts["third"] / 8 == pytest.approx(60.0 * np.log(4.0 / 3.0), abs=4.4)


def test_a_teleseism_is_slow_and_seen_everywhere() -> None:
    """A far earthquake has long periods, and P of it stands out where the truth says."""
    earth = make_earth(**{**NONE, "teleseisms": 1.0}, hours=24.0, sampling_rate_hz=20.0)
    day = simulate_station_day(earth, 0, DATE, quiet=True)
    assert [a.phase for a in day.arrivals] == ["P", "PP", "S"]
    power = np.abs(np.fft.rfft(day.counts[0].astype(float))) ** 2
    f = np.fft.rfftfreq(day.counts.shape[1], 1.0 / earth.options.rate)
    assert power[(f > 0.01) & (f < 1.0)].sum() > 1e3 * power[f > 3.0].sum()
    p = min(a.time_ns for a in day.arrivals)
    at = p * earth.options.rate // 1_000_000_000 - day.first
    before = np.abs(day.counts[0, : at - 20]).max()
    assert np.abs(day.counts[0, at : at + 600]).max() > 20.0 * max(before, 1.0)


def test_unknown_noise_is_refused() -> None:
    """A kind of noise that there is not is named, with those that there are."""
    with pytest.raises(SettingsError, match="no noise 'hail'"):
        DayOptions(noise=("hail",))
