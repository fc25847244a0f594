"""What is exported comes back: QuakeML, NonLinLoc, hypoDD and Hypoinverse, here and in ObsPy."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
import written_catalog
from written_catalog import IDS, START, catalog

from quakeloom.formats import (
    CatalogTables,
    Creation,
    Rejects,
    detect_format,
    read_mechanisms,
    read_quakeml_solutions,
    read_source,
    write_hypodd_phase,
    write_hypoinverse_archive,
    write_nonlinloc_locations,
    write_nonlinloc_observations,
    write_quakeml,
)
from quakeloom.schema import make_table, time_values

KM_PER_DEGREE = np.pi / 180.0 * 6371.0


def rows(table, *names: str) -> list[dict]:
    return table.select(list(names)).to_pylist()


@pytest.fixture
def quakeml(tmp_path):
    path = tmp_path / "events.xml"
    write_quakeml(
        catalog(), path, Creation("tester 1.0", "AG", np.datetime64("2026-01-02T03:04:05"))
    )
    return path


def test_picks_come_back_from_quakeml(quakeml):
    found = read_source(quakeml).picks
    wanted = written_catalog.picks()
    names = ("station", "location_code", "channel", "phase", "onset", "picker")
    # by time; the polarity without a pick is one more
    assert rows(found, *names)[:2] == [rows(wanted, *names)[0], rows(wanted, *names)[2]]
    times = np.sort(time_values(wanted.column("time")))
    assert set(times) < set(time_values(found.column("time")))
    errors = dict(zip(found.column("phase").to_pylist(), found.column("uncertainty_s").to_pylist(),
                      strict=False))  # fmt: skip
    assert errors["S"] == 0.1
    assert errors["Sg"] == 0.2
    weights = {r["phase"]: r["pick_weight"] for r in rows(found, "phase", "pick_weight")}
    # codes 0, 1 and none of used picks; the one that was not used has weight 0, which is code 4
    assert (weights["S"], weights["Pg"], weights["Sg"]) == (1, 0, 4)


def test_first_motions_and_amplitudes_come_back_from_quakeml(quakeml):
    found = read_source(quakeml)
    names = ("station", "channel", "polarity", "onset")
    assert rows(found.polarities, *names) == rows(written_catalog.polarities(), *names)
    # angles at the located hypocenter, take-off angles as they were read
    assert found.polarities.column("takeoff_deg").to_pylist()[:2] == [95.25, 120.5]
    assert found.polarities.column("azimuth_deg").to_pylist()[:2] == [11.0, 201.0]
    names = ("station", "channel", "p_amplitude", "s_amplitude")
    assert rows(found.amplitudes, *names) == rows(written_catalog.amplitudes(), *names)


def test_the_located_hypocenter_is_preferred_and_the_given_one_kept(quakeml):
    found = read_source(quakeml)
    first, second = found.events.to_pylist()
    assert (first["longitude"], first["latitude"], first["depth_km"]) == (138.51, 36.21, 8.5)
    assert first["magnitude_type"] == "ML"
    assert [e["event_type"] for e in (first, second)] == ["earthquake", "quarry blast"]
    c = written_catalog.covariance()
    # the longest axis on the map, and the depth
    assert first["horizontal_error_km"] == pytest.approx(
        math.sqrt(np.linalg.eigvalsh(c[:2, :2])[1]), rel=1e-12
    )
    assert first["vertical_error_km"] == pytest.approx(math.sqrt(c[2, 2]), rel=1e-12)
    given = [o for o in found.origins.to_pylist() if not o["is_chosen"]]
    assert [(o["longitude"], o["horizontal_error_km"]) for o in given] == [(138.5, 0.5)]
    assert second["longitude"] == -70.25
    reasons = found.rejects.column("reason").to_pylist()
    assert reasons == []


def test_mechanisms_and_all_solutions_come_back_from_quakeml(quakeml):
    rejects = Rejects(quakeml)
    found = read_mechanisms(quakeml, rejects)
    # the quarry blast is no earthquake, so its row is put aside
    assert rejects.table().column("reason").to_pylist() == ["its type is 'quarry blast'"]
    names = [n for n in found.column_names if n not in ("longitude", "latitude", "depth_km",
                                                        "origin_time")]  # fmt: skip
    assert repr(rows(found, *names)) == repr(rows(written_catalog.mechanisms(), *names)[:1])
    again = read_quakeml_solutions(quakeml, Rejects(quakeml))
    assert repr(again.to_pylist()) == repr(written_catalog.solutions().to_pylist())


def test_quakeml_without_a_location_has_the_given_hypocenter(tmp_path):
    path = tmp_path / "a.xml"
    write_quakeml(catalog(located=False), path)
    found = read_source(path)
    names = ("event_id", "longitude", "latitude", "depth_km", "magnitude", "magnitude_type",
             "event_type", "horizontal_error_km", "vertical_error_km")  # fmt: skip
    assert repr(rows(found.events, *names)) == repr(rows(written_catalog.events(), *names))
    names = ("azimuth_deg", "takeoff_deg")
    assert repr(rows(found.polarities, *names)) == repr(rows(written_catalog.polarities(), *names))
    np.testing.assert_allclose(
        found.polarities.column("distance_km").to_numpy(), [12.5, 17.25, np.nan], rtol=1e-12
    )


def test_a_first_motion_without_time_is_left_out_and_counted(tmp_path):
    table = make_table(
        "polarities",
        {"event_id": [IDS[0]], "network": ["XX"], "station": ["DDD"], "polarity": [1]},
    )
    tables = CatalogTables(events=written_catalog.events(), polarities=table)
    counts = write_quakeml(tables, tmp_path / "a.xml")
    assert counts.left_out == {"first motions have no time": 1}
    assert (counts.events, counts.picks) == (2, 0)


def test_the_ellipsoid_of_quakeml_is_that_of_the_covariance(quakeml):
    obspy = pytest.importorskip("obspy")
    origin = obspy.read_events(str(quakeml))[0].preferred_origin()
    e = origin.origin_uncertainty.confidence_ellipsoid
    psi, phi, theta = (
        math.radians(v) for v in (e.major_axis_azimuth, e.major_axis_plunge, e.major_axis_rotation)
    )
    # forward, right and below after turns about the vertical and the right axis (north, east, down)
    forward = np.array(
        [math.cos(phi) * math.cos(psi), math.cos(phi) * math.sin(psi), math.sin(phi)]
    )
    right = np.array([-math.sin(psi), math.cos(psi), 0.0])
    below = np.cross(forward, right)
    minor = math.cos(theta) * below - math.sin(theta) * right
    middle = np.cross(minor, forward)
    lengths = [e.semi_major_axis_length, e.semi_intermediate_axis_length, e.semi_minor_axis_length]
    axes = np.stack([forward, middle, minor], axis=1)
    found = (axes * np.square(np.array(lengths) / 1000.0)) @ axes.T / written_catalog.CHI_SQUARE_3
    order = [1, 0, 2]  # from east, north, down
    wanted = written_catalog.covariance()[np.ix_(order, order)]
    np.testing.assert_allclose(found, wanted, atol=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_obspy_reads_what_is_written_as_quakeml(quakeml):
    obspy = pytest.importorskip("obspy")
    from obspy.io.quakeml.core import _validate

    assert _validate(str(quakeml))
    first, second = obspy.read_events(str(quakeml))
    assert first.event_type == "earthquake"
    assert second.event_type == "quarry blast"
    assert first.creation_info.author == "tester 1.0"
    assert first.creation_info.agency_id == "AG"
    assert first.preferred_magnitude().magnitude_type == "ML"
    assert first.preferred_magnitude().mag == 2.25
    signs = {"positive": 1, "negative": -1, "undecidable": 0, None: 0}
    kinds = {"impulsive": "I", "emergent": "E", None: ""}
    wanted = {(r["station"], r["phase"]): r for r in written_catalog.picks().to_pylist()}
    motions = {r["station"]: r["polarity"] for r in written_catalog.polarities().to_pylist()}
    for pick in first.picks:
        code = pick.waveform_id
        row = wanted.pop((code.station_code, pick.phase_hint), None)
        if pick.phase_hint.startswith("P"):
            assert signs[pick.polarity] == motions.pop(code.station_code)
        if row is None:
            continue
        assert code.channel_code == row["channel"]
        assert (code.location_code or "") == row["location_code"]
        assert kinds[pick.onset] == row["onset"]
        assert pick.time._ns == row["time"].value
        np.testing.assert_equal(pick.time_errors.uncertainty or math.nan, row["uncertainty_s"])
    assert not wanted
    assert not motions
    origin = first.preferred_origin()
    c = written_catalog.covariance()
    assert origin.time_errors.uncertainty == 0.125
    assert origin.depth_errors.uncertainty == pytest.approx(1000 * math.sqrt(c[2, 2]), rel=1e-12)
    north = origin.latitude_errors.uncertainty * KM_PER_DEGREE
    assert north == pytest.approx(math.sqrt(c[1, 1]), rel=1e-12)
    assert len(origin.arrivals) == len(first.picks)
    residuals = {str(a.pick_id): a.time_residual for a in origin.arrivals}
    assert residuals[str(first.picks[0].resource_id)] == 0.01
    assert len(first.origins) == 2


@pytest.mark.filterwarnings("ignore")
def test_obspy_reads_mechanisms_with_errors_of_planes(quakeml):
    obspy = pytest.importorskip("obspy")
    first = obspy.read_events(str(quakeml))[0]
    assert len(first.focal_mechanisms) == 2
    planes = first.preferred_focal_mechanism().nodal_planes
    assert planes.preferred_plane is None
    row = written_catalog.mechanisms().to_pylist()[0]
    for plane, prefix, error in (
        (planes.nodal_plane_1, "", row["fault_plane_uncertainty_deg"]),
        (planes.nodal_plane_2, "auxiliary_", row["auxiliary_plane_uncertainty_deg"]),
    ):
        assert [plane.strike, plane.dip, plane.rake] == [
            row[f"{prefix}{n}_deg"] for n in ("strike", "dip", "rake")
        ]
        # the errors turn the normal by its RMS angle
        turned = math.hypot(
            plane.strike_errors.uncertainty * math.sin(math.radians(plane.dip)),
            plane.dip_errors.uncertainty,
        )
        assert turned == pytest.approx(error, rel=1e-12)
    assert first.preferred_focal_mechanism().station_polarity_count == 12


def test_nonlinloc_locations_come_back(tmp_path):
    path = tmp_path / "a.hyp"
    counts = write_nonlinloc_locations(catalog(), path)
    assert counts.events == 2
    assert detect_format(path) == "nonlinloc_locations"
    found = read_source(path)
    first, second = found.events.to_pylist()
    assert [first["event_id"], second["event_id"]] == list(IDS)
    # six decimals of degrees and seconds
    assert first["longitude"] == pytest.approx(138.51, abs=1e-8)
    assert first["depth_km"] == pytest.approx(8.5, abs=1e-6)
    assert time_values(found.events.column("origin_time"))[0] == START + np.timedelta64(30, "ms")
    c = written_catalog.covariance()
    assert first["horizontal_error_km"] == pytest.approx(
        math.sqrt(np.linalg.eigvalsh(c[:2, :2])[1]), rel=1e-6
    )
    assert math.isnan(second["horizontal_error_km"])
    assert first["magnitude"] == 2.25
    check_phases(found, "network")
    assert found.polarities.column("takeoff_deg").to_pylist()[:2] == [95.25, 120.5]
    assert found.polarities.column("distance_km").to_pylist()[:2] == [12.0, 17.0]
    assert found.rejects.num_rows == 0


def check_phases(found, *more: str) -> None:
    """The picks that a text format can hold are those that were written."""
    wanted = {
        (r["station"], r["phase"][0]): (r, t)
        for r, t in zip(written_catalog.picks().to_pylist(),
                        time_values(written_catalog.picks().column("time")), strict=True)
    }  # fmt: skip
    times = time_values(found.picks.column("time"))
    for row, time in zip(found.picks.to_pylist(), times, strict=True):
        if row["station"] == "CCC":
            continue
        original, at = wanted.pop((row["station"], row["phase"]))
        assert abs(time - at) <= np.timedelta64(1, "us")
        for name in more:
            assert row[name] == original[name]
    assert not wanted
    signs = {r["station"]: r["polarity"] for r in found.polarities.to_pylist()}
    assert signs == {"AAA": 1, "BBB": -1, "CCC": 0}


def test_nonlinloc_observations_come_back(tmp_path):
    path = tmp_path / "a.obs"
    counts = write_nonlinloc_observations(catalog(), path)
    assert counts.left_out == {"picks without an error got 0.1 s": 1, "events have no pick": 1}
    assert detect_format(path) == "nonlinloc_observations"
    found = read_source(path)
    assert found.events.column("event_id").to_pylist() == [IDS[0]]
    check_phases(found, "network", "channel", "onset")
    errors = {r["station"] + r["phase"]: r["uncertainty_s"] for r in found.picks.to_pylist()}
    assert errors["AAAP"] == 0.05


@pytest.mark.filterwarnings("ignore")
def test_obspy_reads_nonlinloc_and_hypodd_files(tmp_path):
    obspy = pytest.importorskip("obspy")
    path = tmp_path / "a.hyp"
    write_nonlinloc_locations(catalog(), path)
    first, _ = obspy.read_events(str(path), format="NLLOC_HYP")
    origin = first.preferred_origin()
    assert (origin.longitude, origin.latitude, origin.depth) == (138.51, 36.21, 8500.0)
    c = written_catalog.covariance()
    assert origin.depth_errors.uncertainty == pytest.approx(1000 * math.sqrt(c[2, 2]), rel=1e-6)
    times = sorted(p.time._ns for p in first.picks)
    wanted = time_values(written_catalog.picks().column("time")).astype(np.int64)
    assert set(wanted.tolist()) < set(times)
    path = tmp_path / "a.pha"
    write_hypodd_phase(catalog(), path)
    first, _ = obspy.read_events(str(path), format="HYPODDPHA")
    assert first.origins[0].depth == 8500.0
    assert {p.phase_hint for p in first.picks} == {"P", "S"}


def test_hypodd_phases_come_back_without_what_was_not_used(tmp_path):
    path = tmp_path / "a.pha"
    counts = write_hypodd_phase(catalog(), path)
    assert counts.left_out == {
        "picks were not used to locate": 1,
        "events without a magnitude have 0.0": 1,
    }
    assert detect_format(path) == "hypodd_phase"
    found = read_source(path)
    assert found.events.column("event_id").to_pylist() == ["1", "2"]
    with (tmp_path / "a.pha.ids.csv").open() as stream:
        assert [r["event_id"] for r in csv.DictReader(stream)] == list(IDS)
    assert found.events.column("longitude").to_pylist() == [138.51, -70.25]
    kinds = [(r["station"], r["phase"]) for r in found.picks.to_pylist()]
    assert kinds == [("AAA", "P"), ("BBB", "P"), ("AAA", "S"), ("CCC", "P")]
    wanted = written_catalog.seconds(2.5, 3.125, 4.25, 5.5)
    apart = np.abs(time_values(found.picks.column("time")) - wanted)
    assert (apart <= np.timedelta64(1, "us")).all()


def test_hypodd_labels_have_networks_where_two_share_a_code(tmp_path):
    table = written_catalog.picks()
    column = table.schema.get_field_index("network")
    table = table.set_column(column, table.schema.field(column), [["XX", "XX", "YY", "YY"]])
    stations = table.schema.get_field_index("station")
    table = table.set_column(stations, table.schema.field(stations), [["AAA"] * 4])
    path = tmp_path / "a.pha"
    write_hypodd_phase(CatalogTables(events=written_catalog.events(), picks=table), path)
    found = read_source(path, network_letters=2)
    assert set(found.picks.column("network").to_pylist()) == {"XX", "YY"}


def test_a_hypoinverse_archive_comes_back_to_its_hundredths(tmp_path):
    path = tmp_path / "a.arc"
    counts = write_hypoinverse_archive(catalog(), path)
    assert counts.left_out == {}
    assert detect_format(path) == "hypoinverse_archive"
    found = read_source(path)
    first, second = found.events.to_pylist()
    # hundredths of minutes, of kilometers and of seconds
    assert first["longitude"] == pytest.approx(138.51, abs=0.5e-2 / 60)
    assert second["longitude"] == pytest.approx(-70.25, abs=0.5e-2 / 60)
    assert second["latitude"] == pytest.approx(-33.125, abs=0.5e-2 / 60)
    assert first["depth_km"] == 8.5
    assert first["magnitude"] == 2.25
    wanted = {(r["station"], r["phase"][0]): t
              for r, t in zip(written_catalog.picks().to_pylist(),
                              time_values(written_catalog.picks().column("time")),
                              strict=True)}  # fmt: skip
    times = time_values(found.picks.column("time"))
    rows_found = found.picks.to_pylist()
    for row, time in zip(rows_found, times, strict=True):
        if row["station"] != "CCC":
            at = wanted.pop((row["station"], row["phase"]))
            assert abs(time - at) <= np.timedelta64(5, "ms")
            assert row["network"] == "XX"
    assert not wanted
    signs = {r["station"]: r["polarity"] for r in found.polarities.to_pylist()}
    assert signs == {"AAA": 1, "BBB": -1, "CCC": 0}
    assert found.polarities.column("takeoff_deg").to_pylist()[0] == 95.0
    assert found.rejects.num_rows == 0


@pytest.mark.parametrize(
    "write", [write_nonlinloc_locations, write_nonlinloc_observations, write_hypodd_phase,
              write_hypoinverse_archive, write_quakeml]
)  # fmt: skip
def test_an_empty_catalog_is_written(write, tmp_path):
    assert write(CatalogTables(), tmp_path / "a").events == 0


def test_events_without_a_hypocenter_are_counted(tmp_path):
    tables = CatalogTables(picks=written_catalog.picks())
    for write in (write_nonlinloc_locations, write_hypodd_phase, write_hypoinverse_archive):
        counts = write(tables, tmp_path / "a")
        assert counts.events == 0
        assert sum(counts.left_out.values()) == 1
