"""Any one field of QuakeML or SeisComP ML absent, impossible or doubled: right, or told."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from quakeloom.formats import Rejects, read_mechanisms, read_source

QUAKEML = """
<quakeml><eventParameters publicID="smi:x/all"><event publicID="smi:x/event/1">
<preferredOriginID>smi:x/origin/1</preferredOriginID>
<preferredMagnitudeID>smi:x/magnitude/1</preferredMagnitudeID>
<preferredFocalMechanismID>smi:x/fm/1</preferredFocalMechanismID>
<type>earthquake</type>
<pick publicID="smi:x/pick/p"><time><value>2020-01-01T00:00:05.5Z</value>
<uncertainty>0.05</uncertainty></time>
<waveformID networkCode="XX" stationCode="AAA" locationCode="00" channelCode="HHZ"/>
<onset>impulsive</onset><phaseHint>P</phaseHint><polarity>positive</polarity>
<evaluationMode>manual</evaluationMode></pick>
<pick publicID="smi:x/pick/s"><time><value>2020-01-01T00:00:09Z</value>
<lowerUncertainty>0.08</lowerUncertainty><upperUncertainty>0.12</upperUncertainty>
<confidenceLevel>68</confidenceLevel></time>
<waveformID networkCode="XX" stationCode="AAA" channelCode="HHN"/>
<phaseHint>S</phaseHint><evaluationMode>automatic</evaluationMode></pick>
<amplitude publicID="smi:x/amplitude/p"><genericAmplitude><value>2.5</value></genericAmplitude>
<type>A</type><category>point</category><unit>m/s</unit><pickID>smi:x/pick/p</pickID>
<waveformID networkCode="XX" stationCode="AAA" channelCode="HHZ"/></amplitude>
<origin publicID="smi:x/origin/1"><time><value>2020-01-01T00:00:01Z</value>
<uncertainty>0.2</uncertainty></time>
<latitude><value>35.25</value><uncertainty>0.01</uncertainty></latitude>
<longitude><value>139.5</value><uncertainty>0.02</uncertainty></longitude>
<depth><value>12500</value><uncertainty>900</uncertainty></depth>
<originUncertainty><horizontalUncertainty>800</horizontalUncertainty>
<maxHorizontalUncertainty>900</maxHorizontalUncertainty>
<preferredDescription>horizontal uncertainty</preferredDescription></originUncertainty>
<evaluationMode>manual</evaluationMode><evaluationStatus>reviewed</evaluationStatus>
<arrival publicID="smi:x/arrival/p"><pickID>smi:x/pick/p</pickID><phase>Pg</phase>
<azimuth>10.5</azimuth><distance>0.5</distance>
<takeoffAngle><value>95.25</value><uncertainty>4</uncertainty></takeoffAngle>
<timeWeight>0.75</timeWeight></arrival>
<arrival publicID="smi:x/arrival/s"><pickID>smi:x/pick/s</pickID><phase>Sg</phase></arrival>
</origin>
<magnitude publicID="smi:x/magnitude/1"><mag><value>2.5</value></mag><type>ML</type>
</magnitude>
<focalMechanism publicID="smi:x/fm/1"><nodalPlanes preferredPlane="1">
<nodalPlane1><strike><value>20</value><uncertainty>5</uncertainty></strike>
<dip><value>50</value><uncertainty>4</uncertainty></dip><rake><value>90</value></rake>
</nodalPlane1><nodalPlane2><strike><value>200</value></strike><dip><value>40</value></dip>
<rake><value>90</value></rake></nodalPlane2></nodalPlanes>
<azimuthalGap>80</azimuthalGap><stationPolarityCount>25</stationPolarityCount>
<misfit>0.1</misfit><stationDistributionRatio>0.5</stationDistributionRatio>
<evaluationStatus>reviewed</evaluationStatus></focalMechanism>
</event></eventParameters></quakeml>
"""

SCML = """
<seiscomp><EventParameters>
<pick publicID="p"><time><value>2020-01-01T00:00:05.5Z</value><uncertainty>0.05</uncertainty>
</time><waveformID networkCode="XX" stationCode="AAA" locationCode="" channelCode="HHZ"/>
<phaseHint>P</phaseHint><polarity>positive</polarity><evaluationMode>manual</evaluationMode>
</pick>
<origin publicID="o"><time><value>2020-01-01T00:00:01Z</value></time>
<latitude><value>35.25</value><uncertainty>1</uncertainty></latitude>
<longitude><value>139.5</value><uncertainty>1</uncertainty></longitude>
<depth><value>12.5</value><uncertainty>0.9</uncertainty></depth>
<uncertainty><horizontalUncertainty>0.8</horizontalUncertainty></uncertainty>
<arrival><pickID>p</pickID><phase>P</phase><azimuth>10.5</azimuth><distance>0.5</distance>
<takeOffAngle>95.25</takeOffAngle><timeUsed>true</timeUsed><weight>1</weight></arrival>
<magnitude publicID="m"><magnitude><value>2.5</value></magnitude><type>MLv</type></magnitude>
</origin>
<event publicID="e"><preferredOriginID>o</preferredOriginID>
<preferredMagnitudeID>m</preferredMagnitudeID><type>earthquake</type>
<originReference>o</originReference></event>
</EventParameters></seiscomp>
"""

DOCUMENTS = {"quakeml": QUAKEML, "scml": SCML}
TABLES = ("events", "picks", "polarities", "amplitudes")

FREE = {
    # any text is a value of these, so none is impossible
    *("networkCode", "stationCode", "locationCode", "channelCode", "publicID", "agencyID"),
    *("type", "phase", "phaseHint", "unit", "category", "evaluationStatus"),
    *("preferredDescription", "timeUsed"),
}
IMPOSSIBLE = ("?!", "1e300", "-1e300", "INF", "3 4")


def leaves(root: ElementTree.Element) -> Iterator[tuple[str, str]]:
    """Give the place of every field: the path of its element by numbers, and its attribute."""

    def walk(element: ElementTree.Element, path: str) -> Iterator[tuple[str, str]]:
        for name in element.attrib:
            yield path, name
        children = list(element)
        if not children and (element.text or "").strip():
            yield path, ""
        for i, child in enumerate(children):
            yield from walk(child, f"{path}/{i}")

    yield from walk(root, "")


def elements(root: ElementTree.Element) -> Iterator[str]:
    """Give the path of every element below the events that has children."""
    for path in sorted({p.rsplit("/", k)[0] for p, _ in leaves(root) for k in (1, 2, 3)}):
        if path.count("/") >= 3:
            yield path


def find(root: ElementTree.Element, path: str) -> ElementTree.Element:
    for number in path.split("/")[1:]:
        root = root[int(number)]
    return root


def parent_of(root: ElementTree.Element, path: str) -> ElementTree.Element:
    return find(root, path.rsplit("/", 1)[0])


def read(folder: Path, root: ElementTree.Element) -> tuple[dict[str, list[dict]], int]:
    """Read a document; return the rows of every table, and how many rejects there are."""
    path = folder / "a.xml"
    path.write_bytes(ElementTree.tostring(root))
    found = read_source(path)
    rows = {
        n: getattr(found, n).drop_columns(["source_file", "source_line"]).to_pylist()
        for n in TABLES
    }
    rejects = Rejects(path)
    mechanisms = read_mechanisms(path, rejects).to_pylist()
    rows["mechanisms"] = mechanisms
    return rows, found.rejects.num_rows + len(rejects)


def is_missing(value: object) -> bool:
    return value in (None, "", 0, -1) or (isinstance(value, float) and math.isnan(value))


def differences(rows: dict[str, list[dict]], wanted: dict[str, list[dict]]) -> list[str]:
    """Return the cells that differ: new values, not those that are missing now."""
    found = []
    for table, lines in rows.items():
        if len(lines) > len(wanted[table]):
            found.append(f"{table} has more rows")
        for line in lines:
            same = [w for w in wanted[table] if w.get("phase") in (line.get("phase"), None)]
            same = [w for w in same if w.get("time") == line.get("time")] or wanted[table]
            for name, value in line.items():
                if not is_missing(value) and value not in [w[name] for w in same]:
                    found.append(f"{table}.{name} is {value!r}")
    return found


CASES = [
    (kind, path, name)
    for kind, text in DOCUMENTS.items()
    for path, name in leaves(ElementTree.fromstring(text))
    if path.count("/") >= 2
]


def title(case: tuple[str, str, str]) -> str:
    kind, path, name = case
    root = ElementTree.fromstring(DOCUMENTS[kind])
    tags = [
        find(root, "/".join(path.split("/")[: k + 1])).tag for k in range(2, path.count("/") + 1)
    ]
    return f"{kind}:{'.'.join(tags)}{'@' + name if name else ''}"


@pytest.fixture(scope="module")
def wanted(tmp_path_factory) -> dict[str, dict[str, list[dict]]]:
    found = {}
    for kind, text in DOCUMENTS.items():
        rows, rejects = read(tmp_path_factory.mktemp(kind), ElementTree.fromstring(text))
        assert rejects == 0
        assert all(rows[n] for n in TABLES if (kind, n) != ("scml", "amplitudes"))
        found[kind] = rows
    return found


@pytest.mark.parametrize("case", CASES, ids=title)
def test_an_absent_field_is_missing_or_told(case, wanted, tmp_path):
    kind, path, name = case
    root = ElementTree.fromstring(DOCUMENTS[kind])
    if name:
        del find(root, path).attrib[name]
    else:
        parent_of(root, path).remove(find(root, path))
    check_absent(*read(tmp_path, root), wanted[kind])


@pytest.mark.parametrize(
    ("kind", "path"),
    [(k, p) for k, t in DOCUMENTS.items() for p in elements(ElementTree.fromstring(t))],
)
def test_an_absent_element_is_missing_or_told(kind, path, wanted, tmp_path):
    root = ElementTree.fromstring(DOCUMENTS[kind])
    parent_of(root, path).remove(find(root, path))
    check_absent(*read(tmp_path, root), wanted[kind])


def check_absent(rows: dict[str, list[dict]], rejects: int, wanted: dict[str, list[dict]]) -> None:
    new = [d for d in differences(rows, wanted) if not is_derived(d)]
    assert not new
    lost = {n: len(wanted[n]) - len(rows[n]) for n in ("events", "picks")}
    assert rejects > 0 or not any(lost.values())


DERIVED = (
    # what stands in for a field that is absent: another error, phase or plane that is given
    *("events.horizontal_error_km", "picks.phase is 'P'", "picks.phase is 'S'"),
    *("picks.uncertainty_s is 0.08", "picks.uncertainty_s is 0.12", "events.event_id is 'a.xml:"),
    *("picks.event_id", "polarities.event_id", "amplitudes.event_id", "mechanisms.event_id"),
    *("mechanisms.strike_deg", "mechanisms.dip_deg", "mechanisms.rake_deg", "mechanisms.aux"),
    *("mechanisms.fault_plane_uncertainty", "mechanisms.status", "amplitudes.channel"),
)


def is_derived(difference: str) -> bool:
    return difference.startswith(DERIVED)


@pytest.mark.parametrize("text", IMPOSSIBLE)
@pytest.mark.parametrize("case", CASES, ids=title)
def test_an_impossible_field_is_told(case, text, wanted, tmp_path):
    kind, path, name = case
    root = ElementTree.fromstring(DOCUMENTS[kind])
    element = find(root, path)
    if (name or element.tag) in FREE:
        return
    if name:
        element.attrib[name] = text
    else:
        element.text = text
    rows, rejects = read(tmp_path, root)
    assert rejects > 0
    assert not [d for d in differences(rows, wanted[kind]) if not is_derived(d)]


@pytest.mark.parametrize("case", [c for c in CASES if not c[2]], ids=title)
def test_a_doubled_field_with_another_text_is_told_and_the_first_counts(case, wanted, tmp_path):
    kind, path, _ = case
    root = ElementTree.fromstring(DOCUMENTS[kind])
    element = find(root, path)
    again = copy.deepcopy(element)
    again.text = {"timeUsed": "false"}.get(element.tag, f"{element.text}1")
    parent_of(root, path).append(again)
    rows, rejects = read(tmp_path, root)
    is_reference = element.tag == "originReference"
    assert rejects > 0 or is_reference
    assert differences(rows, wanted[kind]) == []
    assert [len(r) for r in rows.values()] == [len(r) for r in wanted[kind].values()]
