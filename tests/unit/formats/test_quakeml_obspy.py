"""QuakeML as ObsPy reads and writes it: an independent reader says the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from quakeml_files import arrival, document, event, magnitude, origin, pick

from quakeloom.core import auxiliary_plane
from quakeloom.formats import CatalogTables, read_mechanisms, read_source, write_quakeml
from quakeloom.schema import make_table

obspy = pytest.importorskip("obspy")

SIGNS = {"positive": 1, "negative": -1, "undecidable": 0, None: 0}
ONSETS = {"impulsive": "I", "emergent": "E", "questionable": "", None: ""}
DROPPED_BY_OBSPY = {
    # its event type "quarry" is no word of the standard; ObsPy drops the event with a warning
    "usgs_event.xml": {
        "quakeml:comcat.cr.usgs.gov/fdsnws/event/1/query?eventid=uw60916552&amp;format=quakeml"
    }
}
TOO_FAR_IN_TIME = {
    # a pick of 2016 in an event of 2011
    "invalid_id.xml": {("MQ", "CPM", "EHZ")}
}


def own_files() -> list[Path]:
    folder = Path(obspy.__file__).parent / "io" / "quakeml" / "tests" / "data"
    return sorted(folder.glob("*.xml"))


def compare(path: Path) -> int:
    """Compare every value that quakeloom reads with ObsPy's; return how many there are."""
    ours = read_source(path, "quakeml")
    events = {e["event_id"]: e for e in ours.events.to_pylist()}
    polarities = {
        (p["event_id"], p["network"], p["station"], p["channel"]): p
        for p in ours.polarities.to_pylist()
    }
    compared = 0
    for theirs in obspy.read_events(str(path)):
        place = theirs.preferred_origin() or (theirs.origins or [None])[0]
        key = str(theirs.resource_id)
        if place is None or place.time is None or place.latitude is None:
            assert key not in events
            continue
        row = events.pop(key)
        assert row["origin_time"].value == place.time._ns
        assert row["latitude"] == place.latitude
        assert row["longitude"] == place.longitude
        np.testing.assert_equal(
            row["depth_km"], np.nan if place.depth is None else place.depth / 1000.0
        )
        size = theirs.preferred_magnitude() or (theirs.magnitudes or [None])[0]
        np.testing.assert_equal(row["magnitude"], np.nan if size is None else size.mag)
        compared += 5
        arrivals = {str(a.pick_id): a for a in place.arrivals}
        for reading in theirs.picks:
            linked = arrivals.get(str(reading.resource_id))
            phase = linked.phase if linked else reading.phase_hint
            if phase not in ("P", "Pn", "Pg"):
                continue
            code = reading.waveform_id
            codes = (code.network_code, code.station_code, code.channel_code)
            if codes in TOO_FAR_IN_TIME.get(path.name, ()):
                assert "too far" in "".join(ours.rejects.column("reason").to_pylist())
                continue
            mine = polarities.pop(
                (key, code.network_code or "", code.station_code, code.channel_code or "")
            )
            assert mine["polarity"] == SIGNS[reading.polarity]
            assert mine["onset"] == ONSETS[reading.onset]
            assert mine["arrival_time"].value == reading.time._ns
            np.testing.assert_equal(mine["azimuth_deg"], linked.azimuth if linked else np.nan)
            np.testing.assert_equal(mine["takeoff_deg"], linked.takeoff_angle if linked else np.nan)
            compared += 5
    assert set(events) == DROPPED_BY_OBSPY.get(path.name, set())
    assert not polarities
    return compared


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", own_files(), ids=lambda p: p.name)
def test_obspys_own_files_are_read_as_obspy_reads_them(path):
    compare(path)


def test_a_catalog_with_everything_is_read_as_obspy_reads_it(tmp_path):
    random = np.random.default_rng(0)
    events = []
    for i in range(20):
        names = [f"e{i}p{j}" for j in range(10)]
        picks = "".join(
            pick(
                n,
                phaseHint=str(random.choice(["P", "S", "Pg"])),
                polarity=str(random.choice(["positive", "negative", "undecidable", ""])),
                time=f"2020-01-01T00:00:{random.uniform(10, 59):.6f}Z",
            )
            for n in names
        )
        lines = "".join(
            arrival(n, str(random.choice(["P", "S", "Pn"])), f"{random.uniform(0, 360):.3f}")
            for n in names[:7]
        )
        chosen = f"<preferredOriginID>smi:local/origin/o{i}</preferredOriginID>"
        other = origin(f"x{i}", arrival(names[0], "S"))
        events.append(
            event(f"e{i}", chosen + picks + other + origin(f"o{i}", lines) + magnitude(f"m{i}"))
        )
    path = tmp_path / "all.xml"
    path.write_text(document(*events))
    assert compare(path) > 400


def test_a_catalog_that_obspy_writes_is_read(tmp_path):
    path, again = tmp_path / "a.xml", tmp_path / "b.xml"
    path.write_text(document(event("a"), event("b")))
    obspy.read_events(str(path)).write(str(again), format="QUAKEML")
    assert compare(again) == 2 * 5 + 4 * 5


def test_mechanisms_that_we_write_are_valid_and_the_same_in_obspy(tmp_path):
    from obspy.io.quakeml.core import _validate

    random = np.random.default_rng(2)
    count = 50
    angles = [random.uniform(a, b, count) for a, b in ((0, 360), (0, 90), (-180, 180))]
    for values in angles:
        values[40:] = np.nan
    other = auxiliary_plane(*angles)
    solved = ["solved"] * 40 + ["too_few_polarities"] * 10
    table = make_table(
        "mechanisms",
        {
            "event_id": [f"20200101 {i}/&<é" for i in range(count)],
            "status": solved,
            "reason": ["", "a; b = 'c' & <d>"] * (count // 2),
            "origin_time": np.datetime64("2020-01-01T00:00:00.123456", "ns")
            + np.arange(count) * np.timedelta64(1, "h"),
            "longitude": random.uniform(-180, 180, count),
            "latitude": random.uniform(-90, 90, count),
            "depth_km": random.uniform(0, 600, count),
            "magnitude": random.uniform(-1, 7, count),
            "strike_deg": angles[0],
            "dip_deg": angles[1],
            "rake_deg": angles[2],
            "auxiliary_strike_deg": other[0],
            "auxiliary_dip_deg": other[1],
            "auxiliary_rake_deg": other[2],
            "polarity_count": random.integers(0, 99, count),
            "polarity_misfit": random.random(count),
            "station_distribution_ratio": random.random(count),
            "azimuthal_gap_deg": random.uniform(0, 360, count),
            "quality": random.choice(list("ABCDEF"), count).tolist(),
        },
    )
    path = tmp_path / "mechanisms.xml"
    write_quakeml(CatalogTables(mechanisms=table), path)
    assert _validate(str(path))
    rows = table.to_pylist()
    theirs = obspy.read_events(str(path))
    assert len(theirs) == count
    for row, item in zip(rows, theirs, strict=True):
        assert item.preferred_origin().latitude == row["latitude"]
        # kilometers to meters and back
        assert item.preferred_origin().depth / 1000 == pytest.approx(row["depth_km"], rel=1e-14)
        assert item.preferred_magnitude().mag == row["magnitude"]
        if row["status"] != "solved":
            assert not item.focal_mechanisms
            assert "too_few_polarities" in item.comments[0].text
            continue
        found = item.preferred_focal_mechanism()
        planes = found.nodal_planes
        first, second = planes.nodal_plane_1, planes.nodal_plane_2
        assert planes.preferred_plane is None
        assert (first.strike, first.dip, first.rake) == tuple(
            row[f"{n}_deg"] for n in ("strike", "dip", "rake")
        )
        assert (second.strike, second.dip, second.rake) == tuple(
            row[f"auxiliary_{n}_deg"] for n in ("strike", "dip", "rake")
        )
        assert found.station_polarity_count == row["polarity_count"]
        assert found.misfit == row["polarity_misfit"]
        assert found.station_distribution_ratio == row["station_distribution_ratio"]
        assert found.azimuthal_gap == row["azimuthal_gap_deg"]
        assert f"quality={row['quality']}" in found.comments[0].text


def test_mechanisms_of_others_are_read(tmp_path):
    plane = "".join(f"<{n}><value>{{}}</value></{n}>" for n in ("strike", "dip", "rake"))
    planes = (
        '<focalMechanism publicID="smi:local/fm/{0}"><nodalPlanes><nodalPlane1>'
        + plane.format("{1}", 45, 90)
        + "</nodalPlane1></nodalPlanes><misfit>0.1</misfit></focalMechanism>"
    )
    chosen = "<preferredFocalMechanismID>smi:local/fm/two</preferredFocalMechanismID>"
    text = document(
        event("a", planes.format("one", 10) + origin("o") + planes.format("two", 20) + chosen),
        event("b", origin("o")),
        event("c", planes.format("three", 730) + planes.format("four", 40)),
        event("d", planes.format("five", "north")),
    )
    path = tmp_path / "others.xml"
    path.write_text(text)
    table = read_mechanisms(path)
    rows = table.to_pylist()
    assert [r["status"] for r in rows] == ["solved", "no_solution", "no_solution", "no_solution"]
    assert rows[0]["strike_deg"] == 20.0
    # the other plane of a reverse fault that dips at 45 degrees dips the other way
    assert rows[0]["auxiliary_strike_deg"] == pytest.approx(200.0)
    assert rows[0]["polarity_misfit"] == 0.1
