"""Which origin, arrival, pick and first motion of QuakeML counts, and that it is told."""

from __future__ import annotations

import math

import numpy as np
import pytest
from quakeml_files import arrival, document, event, magnitude, origin, pick

from quakeloom.formats import read_source
from quakeloom.schema import time_values


def read(tmp_path, text: str, **options):
    path = tmp_path / "file.xml"
    path.write_text(text, encoding="utf-8")
    return read_source(path, "quakeml", **options)


def reasons(tables) -> list[str]:
    return tables.rejects.column("reason").to_pylist()


def status(word: str) -> str:
    return f"<evaluationStatus>{word}</evaluationStatus>"


PREFERRED = "<preferredOriginID>smi:local/origin/{}</preferredOriginID>"


def test_a_preferred_origin_that_is_not_there_is_told(tmp_path):
    for content in (origin("one") + origin("two"), origin("one")):
        tables = read(tmp_path, document(event("e", PREFERRED.format("gone") + content)))
        assert tables.events.num_rows == 1
        (row,) = tables.rejects.to_pylist()
        assert (row["record"], row["text"]) == ("origin", "smi:local/origin/gone")
        assert "preferred origin is not in the event" in row["reason"]


def test_several_origins_without_a_preferred_one_are_told(tmp_path):
    tables = read(tmp_path, document(event("e", origin("one") + origin("two", latitude="1"))))
    assert tables.events.column("latitude").to_pylist() == [35.25]
    assert "not named; the first of its 2 origins" in reasons(tables)[0]
    assert reasons(read(tmp_path, document(event("e", origin("one"))))) == []


def test_a_rejected_origin_is_not_chosen_and_an_event_that_prefers_one_is_put_aside(tmp_path):
    bad = origin("bad", status("rejected"), latitude="1")
    tables = read(tmp_path, document(event("e", bad + origin("good"))))
    assert tables.events.column("latitude").to_pylist() == [35.25]
    chosen = PREFERRED.format("bad") + pick("p") + bad + origin("good")
    tables = read(tmp_path, document(event("e", chosen), event("f")))
    assert tables.events.column("event_id").to_pylist() == ["smi:local/event/f"]
    assert any("the source has rejected its origin" in r for r in reasons(tables))
    assert sum("its event on line" in r for r in reasons(tables)) == 1


@pytest.mark.parametrize("word", ["not existing", "not_existing", "Not Existing", "duplicate"])
def test_an_event_that_is_none_is_put_aside_with_its_picks(tmp_path, word):
    content = f"<type>{word}</type>" + pick("p") + pick("s", phaseHint="S") + origin("o")
    tables = read(tmp_path, document(event("a"), event("b", content)))
    assert tables.events.num_rows == 1
    assert [r["record"] for r in tables.rejects.to_pylist()] == ["event", "polarity", "pick"]
    assert tables.picks.num_rows == 2


def test_types_of_events_are_kept(tmp_path):
    types = ["quarry_blast", "Earthquake", "meteor shower"]
    events = [event(f"e{i}", f"<type>{t}</type>" + origin("o")) for i, t in enumerate(types)]
    found = read(tmp_path, document(*events)).events.column("event_type").to_pylist()
    assert found == ["quarry blast", "earthquake", "meteor shower"]


def test_phases_come_from_another_origin_where_the_chosen_one_has_no_arrivals(tmp_path):
    content = (
        PREFERRED.format("relocated")
        + pick("a", phaseHint="")
        + pick("b", phaseHint="S")
        + origin("first", arrival("a", "Pg") + arrival("b", "Sg"))
        + origin("relocated", latitude="35.3")
    )
    tables = read(tmp_path, document(event("e", content)))
    assert tables.picks.column("phase").to_pylist() == ["Pg", "Sg"]
    (row,) = tables.polarities.to_pylist()
    assert math.isnan(row["azimuth_deg"])
    assert math.isnan(row["takeoff_deg"])
    told = [r for r in tables.rejects.to_pylist() if r["record"] == "arrival"]
    assert [r["text"] for r in told] == ["smi:local/origin/first"]
    assert "2 picks take their phase" in told[0]["reason"]


def test_an_origin_with_its_own_arrivals_leaves_other_picks_to_their_hints(tmp_path):
    content = (
        PREFERRED.format("last")
        + pick("a")
        + pick("b", phaseHint="S")
        + origin("first", arrival("b", "P"))
        + origin("last", arrival("a", "Pn"))
    )
    tables = read(tmp_path, document(event("e", content)))
    assert tables.picks.column("phase").to_pylist() == ["Pn", "S"]


def test_a_pick_without_any_phase_is_told(tmp_path):
    tables = read(tmp_path, document(event("e", pick("a", phaseHint="") + origin("o"))))
    assert tables.picks.num_rows == 0
    assert "it has no phase" in reasons(tables)[0]


def test_the_pick_of_the_origin_goes_before_others_of_its_phase_and_station(tmp_path):
    content = (
        pick("auto", station="S", time="2020-01-01T00:00:05.1Z", channel="HNZ")
        + pick("manual", station="S", time="2020-01-01T00:00:05.4Z")
        + pick("other", station="T", time="2020-01-01T00:00:06Z")
        + origin("o", arrival("manual", "Pg"))
    )
    tables = read(tmp_path, document(event("e", content)))
    assert tables.picks.column("station").to_pylist() == ["S", "T"]
    assert tables.picks.column("channel").to_pylist()[0] == "HHZ"
    assert "the origin uses another pick" in reasons(tables)[0]
    # the first motion on the other channel is a reading of its own
    assert tables.polarities.num_rows == 3


@pytest.mark.parametrize("swap", [False, True])
def test_of_equal_picks_the_decided_one_counts(tmp_path, swap):
    two = [pick("a", station="S", polarity="undecidable"), pick("b", station="S")]
    content = "".join(reversed(two) if swap else two) + origin("o", arrival("a"))
    tables = read(tmp_path, document(event("e", content)))
    assert tables.polarities.column("polarity").to_pylist() == [1]
    # it takes over the arrival of the other
    assert tables.polarities.column("azimuth_deg").to_pylist() == [10.5]
    assert tables.picks.num_rows == 1
    assert [r for r in reasons(tables) if "doubled pick" in r] == reasons(tables)


def test_contradicting_first_motions_of_a_channel_are_told(tmp_path):
    content = (
        pick("a", station="S")
        + pick("b", station="S", polarity="negative", time="2020-01-01T00:00:05.6Z")
        + origin("o")
    )
    tables = read(tmp_path, document(event("e", content)))
    assert tables.polarities.column("polarity").to_pylist() == [1]
    assert "with the opposite first motion" in reasons(tables)[0]


def test_a_first_motion_of_another_phase_is_told(tmp_path):
    tables = read(tmp_path, document(event("e", pick("a", phaseHint="S") + origin("o"))))
    assert tables.picks.num_rows == 1
    assert tables.polarities.num_rows == 0
    assert "1 first motions belong to other phases" in reasons(tables)[0]


def test_an_onset_before_the_phase_is_one(tmp_path):
    content = pick("a", phaseHint="iPg", onset="") + pick("b", phaseHint="eS", polarity="")
    tables = read(tmp_path, document(event("e", content + origin("o"))))
    assert tables.picks.column("phase").to_pylist() == ["Pg", "S"]
    assert tables.picks.column("onset").to_pylist() == ["I", "I"]  # that of the element first
    assert tables.polarities.column("onset").to_pylist() == ["I"]


TIME_ERRORS = {
    "<uncertainty>0.1</uncertainty>": 0.1,
    "<lowerUncertainty>0.1</lowerUncertainty><upperUncertainty>0.3</upperUncertainty>": 0.2,
    "<upperUncertainty>0.3</upperUncertainty>": 0.3,
    "<uncertainty>0.1</uncertainty><lowerUncertainty>9</lowerUncertainty>": 0.1,
    # 1.96 standard errors
    "<uncertainty>0.196</uncertainty><confidenceLevel>95</confidenceLevel>": 0.1,
    "<uncertainty>0.196</uncertainty><confidenceLevel>0.95</confidenceLevel>": 0.1,
    "<uncertainty>0.1</uncertainty><confidenceLevel>68.3</confidenceLevel>": 0.1,
    "": math.nan,
}


@pytest.mark.parametrize("words", TIME_ERRORS)
def test_errors_of_picks_are_standard_errors(tmp_path, words):
    text = pick("a").replace("</value></time>", f"</value>{words}</time>")
    tables = read(tmp_path, document(event("e", text + origin("o"))))
    found = tables.picks.column("uncertainty_s").to_numpy()
    np.testing.assert_allclose(found, [TIME_ERRORS[words]], rtol=1e-4)
    assert reasons(tables) == []


@pytest.mark.parametrize(
    ("weight", "code"), [("1", 0), ("1.7", 0), ("0.75", 1), ("0.5", 2), ("0.25", 3), ("0", 4)]
)
def test_weights_become_weight_codes_of_picks(tmp_path, weight, code):
    line = arrival("a").replace("</arrival>", f"<timeWeight>{weight}</timeWeight></arrival>")
    tables = read(tmp_path, document(event("e", pick("a") + origin("o", line))))
    assert tables.picks.column("pick_weight").to_pylist() == [code]
    # a weight of a location says nothing of the polarity
    assert tables.polarities.column("pick_weight").to_pylist() == [-1]


def test_who_picked_is_kept(tmp_path):
    def mode(word: str, method: str = "") -> str:
        more = f"<methodID>smi:x/picker/{method}</methodID>" if method else ""
        return f"{more}<evaluationMode>{word}</evaluationMode>"

    content = (
        pick("a", more=mode("manual"))
        + pick("b", more=mode("automatic"))
        + pick("c", more=mode("automatic", "phasenet"))
        + pick("d")
    )
    tables = read(tmp_path, document(event("e", content + origin("o"))))
    found = tables.picks.column("picker").to_pylist()
    assert found == ["analyst", "automatic", "phasenet", ""]


@pytest.mark.parametrize("code", ["--", "", "__"])
def test_a_blank_location_code_is_empty(tmp_path, code):
    text = pick("a").replace('channelCode="HHZ"', f'channelCode="HHZ" locationCode="{code}"')
    tables = read(tmp_path, document(event("e", text + origin("o"))))
    assert tables.picks.column("location_code").to_pylist() == [""]


@pytest.mark.parametrize(
    "time", ["2020-01-02T00:00:05Z", "2019-12-31T23:00:00Z", "2120-01-01T00:00:05Z"]
)
def test_a_pick_that_is_far_from_its_event_is_told(tmp_path, time):
    content = pick("good") + pick("far", time=time) + origin("o")
    tables = read(tmp_path, document(event("e", content)))
    assert tables.picks.column("station").to_pylist() == ["GOOD"]
    assert tables.polarities.column("station").to_pylist() == ["GOOD"]
    assert "too far to be of its event" in reasons(tables)[0]


@pytest.mark.parametrize("time", ["2020-01-01", "2020-01-01T00", "2020-01-01T00:00", "20200101"])
def test_a_time_without_seconds_is_refused_and_told(tmp_path, time):
    tables = read(tmp_path, document(event("e", origin("o", time=time)), event("f")))
    assert tables.events.column("event_id").to_pylist() == ["smi:local/event/f"]
    assert "no time with hours, minutes and seconds" in reasons(tables)[0]
    content = pick("a", time=time) + origin("o")
    tables = read(tmp_path, document(event("e", content)))
    assert tables.picks.num_rows == 0
    assert "no time with hours, minutes and seconds" in reasons(tables)[0]


@pytest.mark.parametrize(
    ("time", "utc"),
    [
        ("2016-12-31T23:59:60.5Z", "2017-01-01T00:00:00.5"),
        ("2021-03-04T14:06:07.25+09:00", "2021-03-04T05:06:07.25"),
        ("2021-03-04T05:06:60Z", "2021-03-04T05:07:00"),
        ("20210304T050607Z", "2021-03-04T05:06:07"),
        ("2021-03-04T05:06:07,25", "2021-03-04T05:06:07.25"),
    ],
)
def test_times_carry_over_and_become_utc(tmp_path, time, utc):
    tables = read(tmp_path, document(event("e", origin("o", time=time))))
    found = time_values(tables.events.column("origin_time"))
    assert found[0] == np.datetime64(utc, "ns")


def test_depths_that_are_kilometers_are_told(tmp_path):
    shallow = [event(f"e{i}", origin("o", depth=str(i))) for i in range(1, 12)]
    tables = read(tmp_path, document(*shallow))
    assert "the deepest event is 11 m deep" in reasons(tables)[0]
    assert reasons(read(tmp_path, document(*shallow, event("deep")))) == []


def test_the_first_magnitude_that_is_not_rejected_counts_with_its_type(tmp_path):
    bad = magnitude("a", "9").replace("</magnitude>", status("rejected") + "</magnitude>")
    good = magnitude("b", "3").replace("</magnitude>", "<type>Mw</type></magnitude>")
    (row,) = read(tmp_path, document(event("e", origin("o") + bad + good))).events.to_pylist()
    assert (row["magnitude"], row["magnitude_type"]) == (3.0, "Mw")


def test_amplitudes_of_p_and_s_are_read_and_those_of_magnitudes_counted(tmp_path):
    def amplitude(name: str, of: str, value: str, kind: str = "A", unit: str = "m") -> str:
        return (
            f'<amplitude publicID="smi:local/amplitude/{name}"><genericAmplitude>'
            f"<value>{value}</value></genericAmplitude><type>{kind}</type><unit>{unit}</unit>"
            f"<pickID>smi:local/pick/{of}</pickID></amplitude>"
        )

    picks = pick("p", station="S") + pick("s", station="S", phaseHint="S", polarity="")
    content = picks + origin("o") + amplitude("1", "p", "2.5") + amplitude("2", "s", "4.5")
    tables = read(tmp_path, document(event("e", content + amplitude("3", "p", "9", "ML"))))
    (row,) = tables.amplitudes.to_pylist()
    assert (row["station"], row["channel"]) == ("S", "HHZ")
    assert (row["p_amplitude"], row["s_amplitude"]) == (2.5, 4.5)
    assert "1 amplitudes belong to magnitudes" in reasons(tables)[0]
    mixed = content.replace("<value>4.5", "<value>4.6").replace(
        "<unit>m</unit><pickID>smi:local/pick/s", "<unit>m/s</unit><pickID>smi:local/pick/s"
    )
    tables = read(tmp_path, document(event("e", mixed)))
    assert "its unit 'm/s' is not that" in reasons(tables)[0]
    assert math.isnan(tables.amplitudes.column("s_amplitude")[0].as_py())


def test_fixed_coordinates_have_no_error(tmp_path):
    text = origin("o").replace(
        "<value>12500</value>", "<value>12500</value><uncertainty>0</uncertainty>"
    )
    (row,) = read(tmp_path, document(event("e", text))).events.to_pylist()
    assert math.isnan(row["vertical_error_km"])
