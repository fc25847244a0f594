"""Writers of fixed-column phase files for the tests: the inverse of the readers, apart from them.

An event is a dictionary with ``id, time`` (year, month, day, hour, minute, hundredths of a
second), ``lat`` and ``lon`` (hundredths of a minute, signed), ``depth`` (hundredths of km),
``mag`` (hundredths) and ``picks``; a pick has ``station, network, channel, onset, motion,
weight, azimuth, takeoff, distance`` (tenths of km) and ``second`` (hundredths).
"""

from __future__ import annotations


def _angle(value: int, degrees: int) -> tuple[str, str]:
    whole, minutes = divmod(abs(value), 6000)
    return f"{whole:{degrees}d}", f"{minutes:4d}"


def _put(columns: dict[int, str], length: int) -> str:
    line = [" "] * length
    for first, text in columns.items():
        line[first - 1 : first - 1 + len(text)] = text
    return "".join(line)


def write_fpfit(events: list[dict]) -> str:
    lines = []
    for e in events:
        y, mo, d, h, mi, s = e["time"]
        lat, latm = _angle(e["lat"], 2)
        lon, lonm = _angle(e["lon"], 3)
        head = f"{y % 100:02d}{mo:2d}{d:2d}{h:2d}{mi:2d}{s:4d}"
        head += (
            f"{lat}{'S' if e['lat'] < 0 else ' '}{latm}{lon}{'E' if e['lon'] > 0 else ' '}{lonm}"
        )
        head += f"{e['depth']:5d}{e['mag'] // 10:2d}"
        lines.append(_put({1: head, 81: f"{12:4d}{34:4d}", 123: f"{e['id']:>16}"}, 142))
        for p in e["picks"]:
            lines.append(
                _put(
                    {
                        1: p["station"],
                        5: f"{p['onset'] or ' '}P{p['motion']}{p['weight']}",
                        59: f"{p['distance']:4d}{p['takeoff']:3d}",
                        76: f"{p['azimuth']:3d} {7:3d} {2:3d}",
                        96: p["channel"],
                    },
                    98,
                )
            )
        lines.append(_put({66: f"{e['id']}"}, 72))
    return "\n".join(lines) + "\n"


def write_scedc(events: list[dict]) -> str:
    lines = []
    for e in events:
        y, mo, d, h, mi, s = e["time"]
        (lat, latm), (lon, lonm) = _angle(e["lat"], 2), _angle(e["lon"], 3)
        head = f"{y:4d}{mo:2d}{d:2d}{h:2d}{mi:2d}{s / 100:5.2f}"
        head += f"{lat}{'S' if e['lat'] < 0 else '.'}".replace(".", "N") + f"{int(latm) / 100:5.2f}"
        head += f"{lon}{'E' if e['lon'] > 0 else 'W'}{int(lonm) / 100:5.2f}{e['depth'] / 100:5.1f}"
        columns = {1: head, 89: " 0.12  0.34", 140: f"{e['mag'] / 100:4.2f}"}
        lines.append(_put({**columns, 150: f"{e['id']:>16}"}, 165))
        for p in e["picks"]:
            columns = {1: p["station"], 6: p["network"], 10: p["channel"]}
            lines.append(_put({**columns, 14: p["onset"] or " ", 16: p["motion"]}, 16))
        lines.append(_put({66: f"{e['id']}"}, 72))
    return "\n".join(lines) + "\n"


def write_archive(events: list[dict], terminators: bool = True, shadows: bool = False) -> str:
    lines = []
    for e in events:
        y, mo, d, h, mi, s = e["time"]
        (lat, latm), (lon, lonm) = _angle(e["lat"], 2), _angle(e["lon"], 3)
        head = f"{y:4d}{mo:2d}{d:2d}{h:2d}{mi:2d}{s:4d}{lat}{'S' if e['lat'] < 0 else ' '}{latm}"
        head += f"{lon}{'E' if e['lon'] > 0 else ' '}{lonm}{e['depth']:5d}"
        columns = {1: head, 86: f"{12:4d}{34:4d}", 137: f"{e['id']:>10}", 147: "D"}
        lines.append(_put({**columns, 148: f"{e['mag']:3d}"}, 164))
        lines += ["$1"] * shadows
        for p in e["picks"]:
            columns = {
                1: p["station"],
                6: p["network"],
                9: "V" + p["channel"],
                14: f"{p['onset'] or ' '}P{p['motion']}{p['weight']}",
                18: f"{y:4d}{mo:2d}{d:2d}{h:2d}{mi:2d}{p['second']:5d}",
                75: f"{p['distance']:4d}{p['takeoff']:3d}",
                92: f"{p['azimuth']:3d}",
            }
            lines.append(_put(columns, 113))
            lines += ["$   6 5.49"] * shadows
        if terminators:
            lines.append(_put({63: f"{e['id']:>10}"}, 72))
            lines += ["$"] * shadows
    return "\n".join(lines) + "\n"


def write_scedc5(events: list[dict]) -> str:
    text = write_archive(events, terminators=False)
    lines = []
    for line in text.splitlines():
        lines.append(line if line[14:15] != "P" else line[:74].ljust(113))
    return "\n".join(lines) + "\n"


def write_simul(events: list[dict]) -> str:
    lines = ["", " AZIM and TOA calculated", ""]
    for e in events:
        y, mo, d, h, mi, s = e["time"]
        (lat, latm), (lon, lonm) = _angle(e["lat"], 2), _angle(e["lon"], 3)
        head = f" {y % 100:02d}{mo:2d}{d:2d} {h:2d}{mi:2d} {s / 100:5.2f}"
        head += f" {lat}{'S' if e['lat'] < 0 else 'N'}{int(latm) / 100:5.2f}"
        head += (
            f" {lon}{'E' if e['lon'] > 0 else 'W'}{int(lonm) / 100:5.2f} {e['depth'] / 100:6.2f}"
        )
        head += f"   {e['mag'] / 100:4.2f}{len(e['picks']):3d} {e['id']:>8} 0.22"
        lines += ["  DATE    ORIGIN   LATITUDE LONGITUDE  DEPTH    MAG NO           RMS", head, ""]
        lines.append("  STN  DIST  AZ TOA PRMK HRMN  PSEC TPOBS              PRES  PWT")
        for p in e["picks"]:
            ray = f" {p['station']:4s} {p['distance'] / 10:5.1f}{p['azimuth']:4d}{p['takeoff']:4d}"
            lines.append(_put({1: ray + f" P{p['weight']}", 66: f"{2:4d}{7:4d}"}, 73))
        lines += ["", ""]
    return "\n".join(lines) + "\n"
