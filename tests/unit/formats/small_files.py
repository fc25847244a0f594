"""Small files of every HASH-like format, written for the tests."""

from __future__ import annotations

from phase_writers import write_archive, write_fpfit, write_scedc, write_scedc5, write_simul

PICKS = [
    {
        "station": "ABC",
        "network": "XX",
        "channel": "EHZ",
        "onset": "I",
        "motion": "U",
        "weight": 0,
        "azimuth": 51,
        "takeoff": 121,
        "distance": 258,
        "second": 2050,
    },
    {
        "station": "DEFG",
        "network": "YY",
        "channel": "VHZ",
        "onset": "E",
        "motion": "D",
        "weight": 1,
        "azimuth": 303,
        "takeoff": 63,
        "distance": 1378,
        "second": 2447,
    },
    {
        "station": "H",
        "network": "XX",
        "channel": "HHZ",
        "onset": "",
        "motion": "-",
        "weight": 2,
        "azimuth": 0,
        "takeoff": 0,
        "distance": 0,
        "second": 1,
    },
]
EVENTS = [
    {
        "id": "101",
        "time": (1994, 1, 21, 11, 4, 1503),
        "lat": 34 * 6000 + 1455,
        "lon": -(118 * 6000 + 3706),
        "depth": 1810,
        "mag": 230,
        "picks": PICKS,
    },
    {
        "id": "102",
        "time": (2008, 12, 31, 23, 59, 5999),
        "lat": -(6000 + 5),
        "lon": 7 * 6000,
        "depth": 50,
        "mag": 410,
        "picks": PICKS[:2],
    },
]

STATIONS = (
    "ABC  EHZ FIRST PLACE                      34.84845 -119.22497  1975 1976/07/31 3000/01/01 XX\n"
    "DEFG VHZ SECOND PLACE                    -34.55581  117.41804    -5 1900/01/01 1996/11/12 YY\n"
)
STATIONS_5CHAR = (
    "XX  ABC   EHZ  -- First place                      34.84845 -119.22497  1975 "
    "1976/07/31 3000/01/01\n"
    "YY  DEFGH VHZ  -- Second place                    -34.55581  117.41804    -5 "
    "1900/01/01 1996/11/12\n"
)
REVERSALS = "ABC  19920101 19921231\nABC  19950624 0\nDEFG 0        19850808\nH    0        0 \n"
AMPLITUDES = (
    "101     2    \n"
    "ABC  EHZ XX   36.53   28.30      0.715     35.705    -16.989    124.245\n"
    "DEFG VLZ YY    6.16   45.41      0.265      1.731      1.234     31.955\n"
    "102     1    \n"
    "ABC  EHZ XX   51.13   50.76      0.111      0.159      0.757     61.141\n"
)
CORRECTIONS = "ABC   EHZ XX -0.0550\nDEFG  VH  YY  0.1338\n"
HYPODD_PHASE = (
    "# 1984  4 24 21 20 23.48  37.2853 -121.6628    6.30 3.57  0.12  0.24  0.04      16484\n"
    "NCCCO       1.730  -1.000   P\n"
    "NCCSC       3.070   0.200   P\n"
    "NCCSC       5.070   0.200   S\n"
    "# 1984  4 24 21 23 39.96  37.2857 -121.6645    6.01 3.54  0.09  0.18  0.04      16527\n"
    "NCCCO       1.730   1.000   P\n"
)
HYPODD_EVENTS = (
    "19840424  21202348   37.2853  -121.6628      6.300  3.6    0.12    0.24   0.04      16484\n"
    "19840425     44944   37.2922  -121.6662      6.610  1.2    0.28    0.80   0.02      17496\n"
)
HYPODD_RELOC = (
    "    16484  37.286145 -121.663306     5.799      325.5     -286.8      899.1      2.3      1.5"
    "      4.5 1984  4 24 21 20 23.480  3.6   182   137   612    11  0.007  0.043   1\n"
)
HYPODD_STATIONS = "NCJNA    37.176998 -121.844666\nNCMTC 37.631550 -118.966064 120\n"
SKHASH_POLARITIES = (
    "event_id, station, network, location, channel, p_polarity, takeoff, azimuth,"
    " origin_latitude, origin_longitude, origin_depth_km\n"
    "# a comment\n"
    "123456,   ST000,   XX,      --,       EHZ,      1.0,       115.0,   105.0, 39.1, -123.2, 7.1\n"
    "123456,   ST001,   XX,      --,       EHZ,     -0.5,        20.0,   -10.0, 39.1, -123.2, 7.1\n"
)
SKHASH_AMPLITUDES = (
    "event_id,station,network,location,channel,noise_p,noise_s,amp_p,amp_s\n"
    "1,ABC,XX,--,EHZ,0.5,0.25,-2.0,8.0\n"
)
SKHASH_STATIONS = (
    "station,network,location,channel,latitude,longitude,elevation\n"
    "AL1,XX,--,DPZ,38.83822,-122.88345,704\n"
)
SKHASH_REVERSALS = (
    "station,location,channel,start_time,end_time\n"
    "AL1,  --, DPZ, 1900-01-01, 2200-01-01\n"
    "AL2,  --, DPZ, 1990-04-01, 1991-11-01\n"
)
SKHASH_CATALOG = (
    "event_id,time,latitude,longitude,depth,horz_uncert_km,vert_uncert_km\n"
    "7,2020-05-06T07:08:09.5,38.8,-122.9,7.5,0.3,-1\n"
)
SKHASH_CORRECTIONS = "station,network,location,channel,sta_correction\nAL1,XX,--,DPZ,-0.25\n"

SMALL_FILES: dict[str, str] = {
    "hash_fpfit": write_fpfit(EVENTS),
    "hash_scedc": write_scedc(EVENTS),
    "hash_scedc5": write_scedc5(EVENTS),
    "hash_simul": write_simul(EVENTS),
    "hypoinverse_archive": write_archive(EVENTS, shadows=True),
    "hash_stations": STATIONS,
    "hash_stations_5char": STATIONS_5CHAR,
    "hash_reversals": REVERSALS,
    "hash_amplitudes": AMPLITUDES,
    "hash_station_corrections": CORRECTIONS,
    "hypodd_phase": HYPODD_PHASE,
    "hypodd_events": HYPODD_EVENTS,
    "hypodd_reloc": HYPODD_RELOC,
    "hypodd_stations": HYPODD_STATIONS,
    "skhash_polarities": SKHASH_POLARITIES,
    "skhash_amplitudes": SKHASH_AMPLITUDES,
    "skhash_stations": SKHASH_STATIONS,
    "skhash_reversals": SKHASH_REVERSALS,
    "skhash_catalog": SKHASH_CATALOG,
    "skhash_corrections": SKHASH_CORRECTIONS,
}
"""Text of a good small file by format."""

_HEADINGS = ("$", "  DATE", "  STN", " AZIM", "event_id", "station,")


def unaccounted_lines(text: str, tables) -> list[int]:
    """Return the lines of a file that gave no row, no reject, and are no heading either.

    Blank lines, terminators, shadow lines, column headings, comments, and lines that hold
    only S or an event's count of amplitudes are not expected to give rows.
    """
    found: set[int] = set()
    for name in tables.counts():
        found.update(getattr(tables, name).column("source_line").to_pylist())
    missing = []
    for number, line in enumerate(text.split("\n"), 1):
        words = line.split()
        bare = not line[:30].strip() or not line.partition("#")[0].strip()
        only_s = len(words) == 4 and words[3] == "S"
        count = len(words) == 2 and words[1].isdigit()
        hypodd_event = line.startswith("#") and len(words) == 15
        if number in found or line.startswith(_HEADINGS) or only_s or count:
            continue
        if bare and not hypodd_event:
            continue
        missing.append(number)
    return missing
