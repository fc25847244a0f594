"""Small QuakeML files, written for the tests."""

from __future__ import annotations

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" '
    'xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">\n'
    '<eventParameters publicID="smi:local/all">\n'
)
TAIL = "</eventParameters>\n</q:quakeml>\n"


def pick(name: str, **values: str) -> str:
    """Return a pick; ``polarity=""`` leaves the element out."""
    v = {
        "time": "2020-01-01T00:00:05.5Z",
        "network": "XX",
        "station": name.upper(),
        "channel": "HHZ",
        "onset": "impulsive",
        "polarity": "positive",
        "phaseHint": "P",
    } | values
    words = "".join(
        f"<{tag}>{v[tag]}</{tag}>\n" for tag in ("onset", "phaseHint", "polarity") if v[tag]
    )
    return (
        f'<pick publicID="smi:local/pick/{name}">\n<time><value>{v["time"]}</value></time>\n'
        f'<waveformID networkCode="{v["network"]}" stationCode="{v["station"]}" '
        f'channelCode="{v["channel"]}"/>\n{words}{v.get("more", "")}</pick>\n'
    )


def arrival(name: str, phase: str = "P", azimuth: str = "10.5", takeoff: str = "95.25") -> str:
    return (
        f'<arrival publicID="smi:local/arrival/{name}"><pickID>smi:local/pick/{name}</pickID>'
        f"<phase>{phase}</phase><azimuth>{azimuth}</azimuth><distance>0.5</distance>"
        f"<takeoffAngle><value>{takeoff}</value></takeoffAngle></arrival>\n"
    )


def origin(name: str, arrivals: str = "", **values: str) -> str:
    v = {
        "time": "2020-01-01T00:00:01Z",
        "latitude": "35.25",
        "longitude": "139.5",
        "depth": "12500",
    } | values
    words = "".join(
        f"<{tag}><value>{v[tag]}</value></{tag}>\n"
        for tag in ("time", "latitude", "longitude", "depth")
        if v[tag]
    )
    return f'<origin publicID="smi:local/origin/{name}">\n{words}{arrivals}</origin>\n'


def magnitude(name: str, value: str = "2.5") -> str:
    return (
        f'<magnitude publicID="smi:local/magnitude/{name}"><mag><value>{value}</value></mag>'
        "</magnitude>\n"
    )


def event(name: str, content: str | None = None) -> str:
    """Return an event; by default with an origin, a magnitude and two first motions."""
    if content is None:
        content = (
            pick(f"{name}a")
            + pick(f"{name}b", polarity="negative", onset="emergent")
            + origin(name, arrival(f"{name}a") + arrival(f"{name}b", azimuth="200"))
            + magnitude(name)
        )
    return f'<event publicID="smi:local/event/{name}">\n{content}</event>\n'


def document(*events: str) -> str:
    return HEAD + "".join(events) + TAIL
