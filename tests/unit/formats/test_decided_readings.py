"""Of two readings of one channel at one time, the one with a sign counts, in every format."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jma_records import arrival, end, hypocenter
from phase_writers import write_archive, write_fpfit, write_scedc, write_scedc5
from small_files import EVENTS, PICKS

from quakeloom.formats import read_source

ORDERS = {"the sign first": ("U", ""), "the sign last": ("", "U")}


def phase_file(writer):
    def write(path, motions):
        picks = [{**PICKS[0], "motion": motion or " "} for motion in motions]
        path.write_text(writer([{**EVENTS[0], "picks": picks}]))

    return write


def write_observations(path, motions):
    lines = [f"STA ? BHZ ? P {m or '?'} 20181130 1729 35.1 GAU 1e-2 -1 -1 -1\n" for m in motions]
    path.write_text("".join(lines))


def write_jma(path, motions):
    path.write_text("\n".join([hypocenter(), *(arrival(motion=m or " ") for m in motions), end()]))


def write_cards(path, motions):
    lines = [f"LAKKIP{m or ' '}1 100120081045.08\n" for m in motions]
    path.write_text("".join([*lines, "                 10\n"]))


def write_table(path, motions):
    lines = [f"e1,XX,ABC,HHZ,{m},2020-01-01T00:00:05Z\n" for m in motions]
    path.write_text("event_id,network,station,channel,polarity,arrival_time\n" + "".join(lines))


def write_parquet(path, motions):
    columns = {
        "event_id": ["a", "a"],
        "station": ["A", "A"],
        "polarity": [int(m == "U") for m in motions],
    }
    pq.write_table(pa.table(columns), path)


def write_skhash(path, motions):
    lines = [f"1,ABC,XX,--,EHZ,{1.0 if m else 0.0},115,10\n" for m in motions]
    path.write_text(
        "event_id,station,network,location,channel,p_polarity,takeoff,azimuth\n" + "".join(lines)
    )


WRITERS = {
    "hash_fpfit": phase_file(write_fpfit),
    "hash_scedc": phase_file(write_scedc),
    "hash_scedc5": phase_file(write_scedc5),
    "hypoinverse_archive": phase_file(write_archive),
    "nonlinloc_observations": write_observations,
    "jma": write_jma,
    "hypo71_phases": write_cards,
    "csv": write_table,
    "parquet": write_parquet,
    "skhash_polarities": write_skhash,
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", sorted(set(WRITERS) - {"hash_fpfit", "hash_scedc"}))
def test_the_reading_with_a_sign_counts(tmp_path, name, order):
    path = tmp_path / "file"
    WRITERS[name](path, ORDERS[order])
    tables = read_source(path, name)
    assert tables.polarities.column("polarity").to_pylist() == [1]
    doubled = [r for r in tables.rejects.to_pylist() if r["record"] == "polarity"]
    assert len(doubled) == 1
    assert "doubled pick" in doubled[0]["reason"] or "doubled polarity" in doubled[0]["reason"]


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("name", ["hash_fpfit", "hash_scedc"])
def test_without_times_a_reading_without_a_sign_says_nothing(tmp_path, name, order):
    path = tmp_path / "file"
    WRITERS[name](path, ORDERS[order])
    assert sum(read_source(path, name).polarities.column("polarity").to_pylist()) == 1


@pytest.mark.parametrize("name", ["hash_fpfit", "nonlinloc_observations", "jma"])
def test_two_signs_that_contradict_are_said_to(tmp_path, name):
    path = tmp_path / "file"
    WRITERS[name](path, ("U", "D"))
    tables = read_source(path, name)
    assert tables.polarities.column("polarity").to_pylist() == [1]
    assert "other sign" in tables.rejects.column("reason")[0].as_py()
