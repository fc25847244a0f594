"""One earthquake in the QuakeML of six agencies, each in its own shape.

The shapes follow what the agencies' event services document and deliver: how ids are formed,
which prefixes and extra attributes there are, where the arrivals stand, which origin is
preferred, how errors and mechanisms are given. The earthquake is made up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from quakeloom.core import (
    distance_azimuth,
    fault_vectors,
    geographic_position,
    p_radiation,
    ray_vectors,
)

LONGITUDE, LATITUDE, DEPTH_KM = 138.5, 36.2, 9.0
ORIGIN_TIME = np.datetime64("2021-03-04T05:06:07", "ns")
MECHANISM = (30.0, 60.0, 100.0)
AUXILIARY = (190.53, 31.47, 73.25)
SPEED_KM_S, RATIO = 6.0, 1.73
KM_PER_DEGREE = np.pi / 180.0 * 6371.0
BED = "http://quakeml.org/xmlns/bed/1.2"
ROOT = "http://quakeml.org/xmlns/quakeml/1.2"


@dataclass(frozen=True)
class Reading:
    """One arrival: codes, phase, time with error, first motion, and the ray to it."""

    station: str
    phase: str
    time: np.datetime64
    error_s: float
    sign: int
    azimuth_deg: float
    takeoff_deg: float
    distance_deg: float

    @property
    def iso(self) -> str:
        return f"{self.time.astype('datetime64[us]')}"

    @property
    def polarity(self) -> str:
        return {1: "positive", -1: "negative", 0: "undecidable"}[self.sign]


def stations() -> dict[str, tuple[float, float]]:
    """Return longitude and latitude of thirty stations around the epicenter."""
    azimuth = np.radians(np.arange(0, 360, 12) + 11.0)
    distance = np.tile([3.0, 8.0, 15.0, 25.0, 40.0], 6)
    places = geographic_position(
        LONGITUDE, LATITUDE, distance * np.cos(azimuth), distance * np.sin(azimuth)
    )
    return {
        f"ST{i:02d}": (float(x), float(y)) for i, (x, y) in enumerate(zip(*places, strict=True))
    }


def readings() -> list[Reading]:
    """Return P and S at all stations, straight rays of 6 km/s, first motions of the mechanism."""
    normal, slip = fault_vectors(*MECHANISM)
    found = []
    for name, (longitude, latitude) in stations().items():
        distance, azimuth = distance_azimuth(LONGITUDE, LATITUDE, longitude, latitude)
        takeoff = 180.0 - np.degrees(np.arctan2(distance, DEPTH_KM))
        amplitude = float(p_radiation(normal, slip, ray_vectors(azimuth, takeoff)))
        sign = 0 if abs(amplitude) < 0.05 else int(np.sign(amplitude))
        way = float(np.hypot(distance, DEPTH_KM))
        for phase, factor, error in (("P", 1.0, 0.05), ("S", RATIO, 0.1)):
            seconds = way / SPEED_KM_S * factor
            time = ORIGIN_TIME + np.timedelta64(round(seconds * 1e6), "us")
            found.append(
                Reading(
                    name,
                    phase,
                    time,
                    error,
                    sign if phase == "P" else 0,
                    round(float(azimuth), 3),
                    round(float(takeoff), 3),
                    round(float(distance) / KM_PER_DEGREE, 6),
                )
            )
    return found


def _tag(name: str, value: object, **attributes: str) -> str:
    words = "".join(f' {k}="{v}"' for k, v in attributes.items())
    return f"<{name}{words}>{value}</{name}>"


def _value(name: str, value: object, error: object = None, level: object = None) -> str:
    more = "" if error is None else _tag("uncertainty", error)
    more += "" if level is None else _tag("confidenceLevel", level)
    return _tag(name, _tag("value", value) + more)


def _place(error: tuple[str, str, str] | None = None, depth: float = 1000.0) -> str:
    parts = (("latitude", LATITUDE), ("longitude", LONGITUDE), ("depth", depth * DEPTH_KM))
    errors = error or (None, None, None)
    return "".join(_value(n, v, e) for (n, v), e in zip(parts, errors, strict=True))


def _planes(preferred: str = "") -> str:
    words = ""
    for number, plane in ((1, MECHANISM), (2, AUXILIARY)):
        angles = zip(("strike", "dip", "rake"), plane, strict=True)
        words += _tag(f"nodalPlane{number}", "".join(_value(n, v) for n, v in angles))
    return f"<nodalPlanes{preferred}>{words}</nodalPlanes>"


def comcat() -> str:
    """USGS: the preferred origin is that of another network and has no arrivals."""
    event = "quakeml:us.anss.org/fdsnws/event/1/query?eventid=us7000abcd&amp;format=quakeml"
    picks, arrivals = "", ""
    for i, r in enumerate(readings()):
        name = f"quakeml:us.anss.org/arrival/us7000abcd/us/{i}#pick"
        picks += (
            f'<pick publicID="{name}">{_value("time", r.iso + "Z", r.error_s)}'
            f'<waveformID networkCode="XX" stationCode="{r.station}" channelCode="HHZ" '
            f'locationCode="--"/><phaseHint>{r.phase}</phaseHint>'
            f"{_tag('polarity', r.polarity) if r.phase == 'P' else ''}"
            "<evaluationMode>manual</evaluationMode>"
            "<creationInfo><agencyID>us</agencyID></creationInfo></pick>"
        )
        arrivals += (
            f'<arrival publicID="quakeml:us.anss.org/arrival/us7000abcd/us/{i}">'
            f"<pickID>{name}</pickID><phase>{r.phase}g</phase><azimuth>{r.azimuth_deg}</azimuth>"
            f"<distance>{r.distance_deg}</distance><timeResidual>0.01</timeResidual>"
            f"<timeWeight>1.12</timeWeight></arrival>"
        )
    other = "quakeml:us.anss.org/origin/us7000abcd"
    chosen = "quakeml:us.anss.org/product/origin/ci39000000/ci"
    return (
        f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<q:quakeml xmlns="{BED}" '
        f'xmlns:catalog="http://anss.org/xmlns/catalog/0.1" xmlns:q="{ROOT}">'
        '<eventParameters publicID="quakeml:us.anss.org/catalog">'
        f'<event catalog:datasource="us" catalog:eventsource="us" catalog:eventid="7000abcd" '
        f'publicID="{event}"><description><type>earthquake name</type><text>Nowhere</text>'
        f"</description>{picks}"
        f'<origin catalog:datasource="us" publicID="{other}">'
        f"{_value('time', '2021-03-04T05:06:07.400Z')}{_place()}{arrivals}</origin>"
        f'<origin catalog:datasource="ci" publicID="{chosen}">'
        f"{_value('time', '2021-03-04T05:06:07.000Z')}{_place(('0.01', '0.01', '1200'))}"
        "<originUncertainty><horizontalUncertainty>700</horizontalUncertainty>"
        "<preferredDescription>horizontal uncertainty</preferredDescription></originUncertainty>"
        "<quality><usedPhaseCount>24</usedPhaseCount></quality></origin>"
        f'<magnitude publicID="{event}#mw"><mag><value>4.1</value></mag><type>mw</type>'
        f"<originID>{chosen}</originID></magnitude>"
        f'<focalMechanism publicID="{event}#fm">{_planes()}'
        "<evaluationStatus>reviewed</evaluationStatus></focalMechanism>"
        f"<preferredOriginID>{chosen}</preferredOriginID>"
        f"<preferredMagnitudeID>{event}#mw</preferredMagnitudeID><type>earthquake</type>"
        "<creationInfo><agencyID>us</agencyID></creationInfo></event>"
        "</eventParameters></q:quakeml>"
    )


def isc() -> str:
    """ISC: origins of several agencies, errors at 90 %, phases by arrival only."""
    picks, arrivals = "", ""
    for i, r in enumerate(readings()):
        pick = f"smi:ISC/pickid={i}"
        picks += (
            f'<pick publicID="{pick}">\n<preferredPhase>x</preferredPhase>'
            f"{_value('time', r.iso + 'Z', r.error_s)}"
            f'<waveformID networkCode="XX" stationCode="{r.station}" channelCode="??Z"/>'
            f"{_tag('polarity', r.polarity) if r.phase == 'P' else ''}</pick>\n"
        )
        arrivals += (
            f'<arrival publicID="smi:ISC/arid={i}"><pickID>{pick}</pickID>'
            f"<phase>{r.phase}g</phase><azimuth>{r.azimuth_deg}</azimuth>"
            f"<distance>{r.distance_deg}</distance></arrival>\n"
        )
    ellipse = (
        "<originUncertainty><preferredDescription>uncertainty ellipse</preferredDescription>"
        "<minHorizontalUncertainty>1000</minHorizontalUncertainty>"
        "<maxHorizontalUncertainty>2145.97</maxHorizontalUncertainty>"
        "<azimuthMaxHorizontalUncertainty>30</azimuthMaxHorizontalUncertainty>"
        "<confidenceLevel>90</confidenceLevel></originUncertainty>"
    )
    prime = (
        f"{_value('time', '2021-03-04T05:06:07.00Z')}{_value('latitude', LATITUDE)}"
        f"{_value('longitude', LONGITUDE)}{_value('depth', 1000 * DEPTH_KM, 1644.85, 90)}"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<q:quakeml xmlns:q="{ROOT}" xmlns="{BED}">\n'
        '<eventParameters publicID="smi:ISC/bulletin">\n<event publicID="smi:ISC/evid=1">\n'
        "<type>earthquake</type><typeCertainty>known</typeCertainty>"
        "<preferredOriginID>smi:ISC/origid=2</preferredOriginID>"
        "<preferredMagnitudeID>smi:ISC/magid=2</preferredMagnitudeID>\n"
        f"{picks}"
        '<origin publicID="smi:ISC/origid=1"><time><value>2021-03-04T05:06:09.1Z</value></time>'
        "<latitude><value>36.5</value></latitude><longitude><value>138.9</value></longitude>"
        "<creationInfo><agencyID>OTH</agencyID></creationInfo></origin>\n"
        f'<origin publicID="smi:ISC/origid=2">{prime}{ellipse}'
        "<creationInfo><agencyID>ISC</agencyID></creationInfo>"
        f"{arrivals}</origin>\n"
        '<magnitude publicID="smi:ISC/magid=1"><mag><value>3.2</value></mag><type>MD</type>'
        "</magnitude>"
        '<magnitude publicID="smi:ISC/magid=2"><mag><value>4.1</value></mag><type>mb</type>'
        "</magnitude>\n"
        f'<focalMechanism publicID="smi:ISC/fmid=1">{_planes(" preferredPlane=&quot;1&quot;")}'
        "</focalMechanism>\n</event></eventParameters></q:quakeml>"
    ).replace("&quot;", '"')


def seiscomp() -> str:
    """A SeisComP agency by way of QuakeML: automatic picks beside those of the analyst."""
    head = "smi:org.example/"
    picks, arrivals, amplitudes = "", "", ""
    for i, r in enumerate(readings()):
        channel = "HHZ" if r.phase == "P" else "HHN"
        code = (
            f'<ns0:waveformID networkCode="XX" stationCode="{r.station}" locationCode="" '
            f'channelCode="{channel}">smi:x/stream</ns0:waveformID>'
        )
        early = (r.time - np.timedelta64(300, "ms")).astype("datetime64[us]")
        picks += (
            f'<ns0:pick publicID="{head}Pick/auto/{i}"><ns0:time><ns0:value>{early}Z</ns0:value>'
            f"<ns0:uncertainty>0.01</ns0:uncertainty></ns0:time>{code}"
            f"<ns0:phaseHint>{r.phase}</ns0:phaseHint>"
            "<ns0:evaluationMode>automatic</ns0:evaluationMode></ns0:pick>"
            f'<ns0:pick publicID="{head}Pick/{i}"><ns0:time><ns0:value>{r.iso}Z</ns0:value>'
            f"<ns0:lowerUncertainty>{0.8 * r.error_s}</ns0:lowerUncertainty>"
            f"<ns0:upperUncertainty>{1.2 * r.error_s}</ns0:upperUncertainty></ns0:time>{code}"
            "<ns0:onset>impulsive</ns0:onset>"
            f"<ns0:phaseHint>{r.phase}</ns0:phaseHint>"
            + (f"<ns0:polarity>{r.polarity}</ns0:polarity>" if r.phase == "P" else "")
            + "<ns0:evaluationMode>manual</ns0:evaluationMode></ns0:pick>"
        )
        arrivals += (
            f'<ns0:arrival publicID="{head}Arrival/{i}"><ns0:pickID>{head}Pick/{i}</ns0:pickID>'
            f"<ns0:phase>{r.phase}g</ns0:phase><ns0:azimuth>{r.azimuth_deg}</ns0:azimuth>"
            f"<ns0:distance>{r.distance_deg}</ns0:distance><ns0:takeoffAngle>"
            f"<ns0:value>{r.takeoff_deg}</ns0:value></ns0:takeoffAngle>"
            "<ns0:timeWeight>1</ns0:timeWeight></ns0:arrival>"
        )
        amplitudes += (
            f'<ns0:amplitude publicID="{head}Amplitude/{i}"><ns0:genericAmplitude><ns0:value>'
            f"{0.001 * (i + 1)}</ns0:value></ns0:genericAmplitude><ns0:type>MLv</ns0:type>"
            f"<ns0:pickID>{head}Pick/{i}</ns0:pickID></ns0:amplitude>"
        )
    place = _place(("0.4", "0.5", "1200")).replace("<", "<ns0:").replace("<ns0:/", "</ns0:")
    planes = _planes().replace("<", "<ns0:").replace("<ns0:/", "</ns0:")
    return (
        f'<?xml version="1.0"?><q:quakeml xmlns:q="{ROOT}" xmlns:ns0="{BED}">'
        f'<ns0:eventParameters publicID="{head}EP"><ns0:event publicID="{head}Event/2021abcd">'
        f"<ns0:preferredOriginID>{head}Origin/2</ns0:preferredOriginID>"
        f"<ns0:preferredMagnitudeID>{head}Magnitude/1</ns0:preferredMagnitudeID>"
        f"<ns0:preferredFocalMechanismID>{head}FM/1</ns0:preferredFocalMechanismID>"
        f"<ns0:type>earthquake</ns0:type>{picks}{amplitudes}"
        f'<ns0:origin publicID="{head}Origin/1"><ns0:time><ns0:value>2021-03-04T05:06:06Z'
        f"</ns0:value></ns0:time>{place}<ns0:evaluationMode>automatic</ns0:evaluationMode>"
        "</ns0:origin>"
        f'<ns0:origin publicID="{head}Origin/2"><ns0:time><ns0:value>2021-03-04T05:06:07.000000Z'
        f"</ns0:value></ns0:time>{place}<ns0:evaluationMode>manual</ns0:evaluationMode>"
        f"<ns0:evaluationStatus>confirmed</ns0:evaluationStatus>{arrivals}</ns0:origin>"
        f'<ns0:magnitude publicID="{head}Magnitude/1"><ns0:mag><ns0:value>4.1</ns0:value>'
        "</ns0:mag><ns0:type>MLhc</ns0:type></ns0:magnitude>"
        f'<ns0:focalMechanism publicID="{head}FM/0"><ns0:nodalPlanes/></ns0:focalMechanism>'
        f'<ns0:focalMechanism publicID="{head}FM/1">{planes}</ns0:focalMechanism>'
        "</ns0:event></ns0:eventParameters></q:quakeml>"
    )


def geonet() -> str:
    """GeoNet: no arrival at the preferred origin says azimuths, phases by hint, S by lower case."""
    picks, arrivals = "", ""
    for i, r in enumerate(readings()):
        name = f"smi:nz.org.geonet/Pick#20210304.{i}"
        picks += (
            f'<pick publicID="{name}">{_value("time", r.iso + "Z", r.error_s)}'
            f'<waveformID networkCode="XX" stationCode="{r.station}" locationCode="10" '
            f'channelCode="EHZ"/><phaseHint>{r.phase}</phaseHint>'
            f"{_tag('polarity', r.polarity) if r.sign else ''}"
            "<evaluationMode>manual</evaluationMode></pick>"
        )
        arrivals += (
            f'<arrival publicID="smi:nz.org.geonet/Arrival#{i}"><pickID>{name}</pickID>'
            f"<phase>{r.phase}</phase><timeWeight>0.9</timeWeight></arrival>"
        )
    origin = "smi:nz.org.geonet/Origin#20210304"
    return (
        f'<q:quakeml xmlns:q="{ROOT}" xmlns="{BED}"><eventParameters publicID="smi:x/y">'
        '<event publicID="smi:nz.org.geonet/2021p166666">'
        f"<preferredOriginID>{origin}</preferredOriginID><type>earthquake</type>"
        "<creationInfo><agencyID>WEL(GNS_Primary)</agencyID></creationInfo>"
        f'<origin publicID="{origin}">{_value("time", "2021-03-04T05:06:07Z", 0.3)}{_place()}'
        "<originUncertainty><horizontalUncertainty>600</horizontalUncertainty>"
        "<confidenceEllipsoid><semiMajorAxisLength>5832650.484</semiMajorAxisLength>"
        "</confidenceEllipsoid><preferredDescription>horizontal uncertainty"
        f"</preferredDescription></originUncertainty>{arrivals}</origin>"
        f'<magnitude publicID="{origin}#M"><mag><value>4.1</value></mag><type>M</type>'
        f"</magnitude>{picks}"
        f'<focalMechanism publicID="{origin}#fm">{_planes()}</focalMechanism>'
        "</event></eventParameters></q:quakeml>"
    )


def ingv() -> str:
    """INGV: ids that are queries, times without a zone, onsets, mechanism by moment tensor."""
    base = "smi:webservices.ingv.it/fdsnws/event/1/query?"
    picks, arrivals = "", ""
    for i, r in enumerate(readings()):
        picks += (
            f'<pick publicID="{base}pickId={i}&amp;format=xml">{_value("time", r.iso, r.error_s)}'
            f'<waveformID networkCode="XX" stationCode="{r.station}" locationCode="" '
            f'channelCode="HHZ"/><onset>{"impulsive" if r.phase == "P" else "emergent"}</onset>'
            f"<phaseHint>{r.phase}</phaseHint>"
            f"{_tag('polarity', r.polarity)}<evaluationMode>manual</evaluationMode></pick>"
        )
        arrivals += (
            f'<arrival publicID="{base}arrivalId={i}"><pickID>{base}pickId={i}&amp;format=xml'
            f"</pickID><phase>{r.phase}</phase><azimuth>{r.azimuth_deg - 360:.3f}</azimuth>"
            f"<distance>{r.distance_deg}</distance><takeoffAngle><value>{r.takeoff_deg}</value>"
            "</takeoffAngle><timeWeight>0.5</timeWeight></arrival>"
        )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><q:quakeml xmlns:q="{ROOT}" xmlns="{BED}" '
        'xmlns:ingv="http://webservices.ingv.it/fdsnws/event/1">'
        f'<eventParameters publicID="{base}eventId=1"><event publicID="{base}eventId=1">'
        f"<type>Earthquake</type><preferredMagnitudeID>{base}magnitudeId=1</preferredMagnitudeID>"
        f"<preferredOriginID>{base}originId=1</preferredOriginID>"
        f'<origin publicID="{base}originId=1"><evaluationMode>manual</evaluationMode>'
        f"<type>hypocenter</type>{_value('time', '2021-03-04T05:06:07.000000', 0.2)}"
        f"{_place(('0.0045', '0.0056', '400'))}{arrivals}</origin>"
        f'<magnitude publicID="{base}magnitudeId=1"><mag><value>4.1</value></mag>'
        f"<type>ML</type></magnitude>{picks}"
        f'<focalMechanism publicID="{base}fm=1"><momentTensor publicID="{base}mt=1">'
        f"<tensor>{_tensor()}</tensor></momentTensor></focalMechanism>"
        "</event></eventParameters></q:quakeml>"
    )


def scml() -> str:
    """SeisComP ML: kilometers, and everything beside the event."""
    picks, arrivals = "", ""
    for i, r in enumerate(readings()):
        channel = "HHZ" if r.phase == "P" else "HHE"
        picks += (
            f'<pick publicID="Pick/{i}">{_value("time", r.iso + "Z", r.error_s)}'
            f'<waveformID networkCode="XX" stationCode="{r.station}" locationCode="" '
            f'channelCode="{channel}"/><phaseHint>{r.phase}</phaseHint>'
            f"{_tag('polarity', r.polarity) if r.phase == 'P' else ''}"
            "<evaluationMode>manual</evaluationMode></pick>"
        )
        arrivals += (
            f"<arrival><pickID>Pick/{i}</pickID><phase>{r.phase}</phase>"
            f"<azimuth>{r.azimuth_deg}</azimuth><distance>{r.distance_deg}</distance>"
            f"<takeOffAngle>{r.takeoff_deg}</takeOffAngle><timeUsed>true</timeUsed>"
            "<weight>1</weight></arrival>"
        )
    place = _place(("0.8", "0.9", "1.1"), depth=1.0)
    return (
        '<?xml version="1.0" encoding="UTF-8"?><seiscomp '
        'xmlns="http://geofon.gfz-potsdam.de/ns/seiscomp3-schema/VERSION" version="VERSION">'
        f"<EventParameters>{picks}"
        f'<origin publicID="Origin/1">{_value("time", "2021-03-04T05:06:07Z")}{place}{arrivals}'
        '<magnitude publicID="Magnitude/1"><magnitude><value>4.1</value></magnitude>'
        "<type>MLv</type></magnitude></origin>"
        f'<focalMechanism publicID="FM/1">{_planes()}</focalMechanism>'
        '<event publicID="gfz2021abcd"><preferredOriginID>Origin/1</preferredOriginID>'
        "<preferredMagnitudeID>Magnitude/1</preferredMagnitudeID>"
        "<preferredFocalMechanismID>FM/1</preferredFocalMechanismID><type>earthquake</type>"
        "<originReference>Origin/1</originReference>"
        "<focalMechanismReference>FM/1</focalMechanismReference></event>"
        "</EventParameters></seiscomp>"
    )


def _tensor() -> str:
    """The moment tensor of the mechanism in up, south, east."""
    from quakeloom.core import moment_tensors

    m = 1e15 * moment_tensors(*MECHANISM)
    parts = {
        "Mrr": m[2, 2],
        "Mtt": m[0, 0],
        "Mpp": m[1, 1],
        "Mrt": m[0, 2],
        "Mrp": -m[1, 2],
        "Mtp": -m[0, 1],
    }
    return "".join(_value(name, float(value)) for name, value in parts.items())


AGENCIES = {
    "comcat": comcat,
    "isc": isc,
    "seiscomp": seiscomp,
    "geonet": geonet,
    "ingv": ingv,
    **{
        f"scml {version}": (lambda v=version: scml().replace("VERSION", v))
        for version in ("0.9", "0.10", "0.11", "0.12", "0.13")
    },
}
"""Builders of the event, by agency."""
