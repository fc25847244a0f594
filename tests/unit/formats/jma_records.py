"""JMA records of 96 columns, written for the tests."""

from __future__ import annotations


def _place(fields: dict[int, str]) -> str:
    line = [" "] * 96
    for column, text in fields.items():
        line[column - 1 : column - 1 + len(text)] = text
    return "".join(line)


def hypocenter(
    kind: str = "J",
    year: str = "2020",
    month: str = "01",
    day: str = "01",
    hour: str = "00",
    minute: str = "00",
    second: str = "0525",
    latitude: str = " 35",
    lat_minutes: str = "3000",
    longitude: str = " 139",
    depth: str = " 1250",
    magnitude: str = "21",
) -> str:
    """Return a hypocenter record (times in JST)."""
    return _place(
        {
            1: kind,
            2: year,
            6: month,
            8: day,
            10: hour,
            12: minute,
            14: second,
            18: " 010",
            22: latitude,
            25: lat_minutes,
            29: " 020",
            33: longitude,
            37: "3000",
            41: " 030",
            45: depth,
            50: "050",
            53: magnitude,
            55: "V",
            69: "SOMEWHERE",
            96: "K",
        }
    )


def arrival(
    station: str = "ABUYAM",
    phase: str = "IP  ",
    motion: str = "U",
    day: str = "01",
    hour: str = "00",
    minute: str = "00",
    second: str = "1025",
    year: str = "20",
    month: str = "01",
) -> str:
    """Return an arrival record with a P, an S and first motions."""
    return _place(
        {
            1: "_",
            2: station,
            8: "1234",
            13: "h",
            14: day,
            16: phase,
            20: hour,
            22: minute,
            24: second,
            28: "ES  ",
            32: minute,
            34: "1400",
            72: "N",
            76: "W",
            80: motion,
            88: year,
            90: month,
            96: "1",
        }
    )


def end() -> str:
    """Return an end record."""
    return "E".ljust(96)
