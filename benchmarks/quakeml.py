"""How fast QuakeML is read: milliseconds an event, beside ObsPy on the same file.

The file is made here: events with 20 picks and 20 arrivals as a picker and a locator write
them. Both readers start warm (compiled, imported); ObsPy reads fewer events, since it is
slow, from a file of its own. The readers are compared reading by reading before any time
is taken.

Run ``python benchmarks/quakeml.py [--quick] [--events N]``; the last line is JSON.
"""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from quakeloom.formats import iterate_quakeml, read_source

PICKS = 20
ROUNDS = 3


def event_text(number: int, random: np.random.Generator, picks: int = PICKS) -> str:
    """Return one event with as many picks as arrivals, half of them P."""
    origin = f"smi:local/origin/{number}"
    start = 1.4e9 + 60.0 * number
    lines = [
        f'    <event publicID="smi:local/event/{number}">',
        f"      <preferredOriginID>{origin}</preferredOriginID>",
        f"      <preferredMagnitudeID>smi:local/magnitude/{number}</preferredMagnitudeID>",
        "      <type>earthquake</type>",
        "      <description><text>here &amp; there</text><type>region name</type></description>",
    ]
    arrivals = []
    for j in range(picks):
        pick = f"smi:local/pick/{number}/{j}"
        phase = "PS"[j % 2]
        onset = random.choice(["impulsive", "emergent", "questionable"])
        polarity = random.choice(["positive", "negative", "undecidable"])
        lines += [
            f'      <pick publicID="{pick}">',
            "        <time>",
            f"          <value>{iso_time(start + j + 1.25)}</value>",
            "          <uncertainty>0.05</uncertainty>",
            "        </time>",
            f'        <waveformID networkCode="XX" stationCode="S{j:03d}" locationCode="00" '
            'channelCode="HHZ"/>',
            f"        <phaseHint>{phase}</phaseHint>",
            f"        <onset>{onset}</onset>",
            f"        <polarity>{polarity}</polarity>",
            "        <evaluationMode>manual</evaluationMode>",
            "        <evaluationStatus>reviewed</evaluationStatus>",
            "        <creationInfo>",
            "          <agencyID>XX</agencyID>",
            "          <author>someone</author>",
            f"          <creationTime>{iso_time(start + 1000)}</creationTime>",
            "        </creationInfo>",
            "      </pick>",
        ]
        arrivals += [
            f'        <arrival publicID="{pick}/arrival">',
            f"          <pickID>{pick}</pickID>",
            f"          <phase>{phase}</phase>",
            f"          <azimuth>{random.uniform(0, 360):.4f}</azimuth>",
            f"          <distance>{random.uniform(0.01, 2):.6f}</distance>",
            "          <takeoffAngle>",
            f"            <value>{random.uniform(0, 180):.3f}</value>",
            "          </takeoffAngle>",
            f"          <timeResidual>{random.normal(0, 0.1):.4f}</timeResidual>",
            "          <timeWeight>1.0</timeWeight>",
            "          <earthModelID>smi:local/earthmodel/iasp91</earthModelID>",
            "        </arrival>",
        ]
    lines += [
        f'      <origin publicID="{origin}">',
        f"        <time><value>{iso_time(start)}</value><uncertainty>0.1</uncertainty></time>",
        f"        <latitude><value>{35 + random.normal():.5f}</value></latitude>",
        f"        <longitude><value>{135 + random.normal():.5f}</value></longitude>",
        f"        <depth><value>{random.uniform(0, 30000):.1f}</value></depth>",
        *arrivals,
        "      </origin>",
        f'      <magnitude publicID="smi:local/magnitude/{number}">',
        f"        <mag><value>{random.uniform(0, 5):.2f}</value></mag>",
        f"        <originID>{origin}</originID>",
        "      </magnitude>",
        "    </event>",
    ]
    return "\n".join(lines) + "\n"


def iso_time(seconds: float) -> str:
    """Return seconds since 1970 as QuakeML writes times."""
    return f"{np.datetime64(round(seconds * 1e6), 'us')}Z"


def write_catalog(path: Path, events: int, compress: bool = False) -> int:
    """Write a catalog; return its size in bytes, uncompressed."""
    random = np.random.default_rng(1)
    size = 0
    with gzip.open(path, "wb", 1) if compress else path.open("wb") as file:
        head = (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<q:quakeml xmlns="http://quakeml.org/xmlns/bed/1.2" '
            'xmlns:q="http://quakeml.org/xmlns/quakeml/1.2">\n'
            '  <eventParameters publicID="smi:local/catalog">\n'
        )
        size += file.write(head.encode())
        for number in range(events):
            size += file.write(event_text(number, random).encode())
        size += file.write(b"  </eventParameters>\n</q:quakeml>\n")
    return size


def best_seconds(
    read: object, rounds: int = ROUNDS, clock: Callable[[], float] = time.perf_counter
) -> float:
    """Return the shortest of several runs of ``read()``."""
    times = []
    for _ in range(rounds):
        start = clock()
        read()  # type: ignore[operator]
        times.append(clock() - start)
    return min(times)


def count_differences(path: Path) -> int:
    """Return how many values of events and first motions differ from ObsPy's."""
    from obspy import read_events

    ours = read_source(path, "quakeml")
    rows = iter(ours.polarities.to_pylist())
    differences = 0
    signs = {"positive": 1, "negative": -1, "undecidable": 0}
    for event, mine in zip(read_events(str(path)), ours.events.to_pylist(), strict=True):
        origin = event.preferred_origin()
        differences += (
            mine["event_id"] != str(event.resource_id)
            or mine["origin_time"].value != origin.time._ns
            or mine["latitude"] != origin.latitude
            or mine["longitude"] != origin.longitude
            or mine["depth_km"] != origin.depth / 1000.0
            or mine["magnitude"] != event.preferred_magnitude().mag
        )
        arrivals = {a.pick_id: a for a in origin.arrivals}
        for pick in event.picks:
            arrival = arrivals[pick.resource_id]
            if arrival.phase != "P":
                continue
            row = next(rows)
            differences += (
                row["station"] != pick.waveform_id.station_code
                or row["polarity"] != signs[pick.polarity]
                or row["arrival_time"].value != pick.time._ns
                or row["azimuth_deg"] != arrival.azimuth
                or row["takeoff_deg"] != arrival.takeoff_angle
            )
    return differences + sum(1 for _ in rows)


def main(arguments: list[str]) -> None:
    """Run the benchmark and print its JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="under a minute")
    parser.add_argument("--events", type=int, help="events in the large file")
    options = parser.parse_args(arguments)
    events = options.events or (1000 if options.quick else 10_000)
    peer_events = 50 if options.quick else 300
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        large, small = Path(folder, "large.xml"), Path(folder, "small.xml")
        packed = Path(folder, "large.xml.gz")
        size = write_catalog(large, events)
        write_catalog(small, peer_events)
        write_catalog(packed, events, compress=True)
        read_source(small)
        seconds = best_seconds(lambda: read_source(large, "quakeml"))
        busy = best_seconds(lambda: read_source(large, "quakeml"), clock=time.process_time)
        packed_seconds = best_seconds(lambda: read_source(packed, "quakeml"))
        streamed = best_seconds(lambda: [part.events.num_rows for part in iterate_quakeml(large)])
        try:
            from obspy import read_events

            differences: float | None = count_differences(small)
            peer = 1000.0 * best_seconds(lambda: read_events(str(small)), 2) / peer_events
        except ImportError:
            print("ObsPy is not installed: no peer is measured")
            differences, peer = None, None
    each = 1000.0 * seconds / events

    def figure(name: str, value: float | None, unit: str) -> dict[str, object]:
        return {
            "name": name,
            "value": value,
            "unit": unit,
            "peer": None,
            "peer_value": None,
            "ratio": None,
        }

    result = {
        "benchmark": "quakeml",
        "figures": [
            figure("milliseconds_per_event", each, "ms")
            | {
                "peer": "ObsPy read_events" if peer else None,
                "peer_value": peer,
                "ratio": peer / each if peer else None,
            },
            figure("processor_milliseconds_per_event", 1000.0 * busy / events, "ms"),
            figure("milliseconds_per_event_gzip", 1000.0 * packed_seconds / events, "ms"),
            figure("milliseconds_per_event_streamed", 1000.0 * streamed / events, "ms"),
            figure("megabytes_per_second", size / seconds / 1e6, "MB/s"),
            figure("values_that_differ_from_obspy", differences, "1"),
        ],
        "settings": {
            "events": events,
            "picks": PICKS,
            "arrivals": PICKS,
            "peer_events": peer_events,
            "bytes": size,
            "quick": options.quick,
        },
        "seconds": time.perf_counter() - begun,
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }
    for item in result["figures"]:  # type: ignore[attr-defined]
        print(f"{item['name']:40s} {item['value']} {item['unit']}")
    print(json.dumps(result))


if __name__ == "__main__":
    main(sys.argv[1:])
