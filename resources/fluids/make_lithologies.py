"""Write lithologies.csv from minerals.csv and the mineral modes below (Voigt-Reuss-Hill averages).

Between neighboring rocks of a series stand two mixtures of them, so that compositions have no gaps.
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

HERE = Path(__file__).parent

SERIES = {
    "plutonic": [
        ("granite", "quartz 30, orthoclase 30, albite 30, anorthite 4, biotite 6"),
        ("granodiorite", "quartz 23, orthoclase 15, albite 35, anorthite 13, "
         "biotite 9, hornblende 5"),
        ("tonalite", "quartz 20, orthoclase 3, albite 37, anorthite 20, biotite 10, hornblende 10"),
        ("quartz diorite", "quartz 9, albite 35, anorthite 25, biotite 8, hornblende 19, augite 4"),
        ("diorite", "quartz 3, albite 31, anorthite 28, biotite 4, "
         "hornblende 24, augite 9, magnetite 1"),
        ("gabbrodiorite", "albite 25, anorthite 32, hornblende 18, augite 18, "
         "enstatite 6, magnetite 1"),
        ("gabbro", "albite 20, anorthite 34, augite 32, enstatite 8, olivine 4, magnetite 2"),
        ("olivine gabbro", "albite 15, anorthite 35, augite 30, olivine 19, magnetite 1"),
    ],
    "ultramafic": [
        ("norite", "albite 14, anorthite 34, enstatite 42, augite 8, magnetite 2"),
        ("websterite", "augite 52, enstatite 45, anorthite 3"),
        ("olivine websterite", "augite 36, enstatite 34, olivine 30"),
        ("lherzolite", "olivine 62, enstatite 24, augite 13, magnetite 1"),
        ("harzburgite", "olivine 78, enstatite 20, augite 2"),
        ("dunite", "olivine 97, enstatite 2, magnetite 1"),
    ],
    "metamorphic": [
        ("quartz-mica schist", "quartz 45, muscovite 28, biotite 12, albite 15"),
        ("paragneiss", "quartz 35, albite 25, anorthite 8, biotite 20, muscovite 7, garnet 5"),
        ("granite gneiss", "quartz 30, orthoclase 26, albite 28, anorthite 6, biotite 10"),
        ("tonalite gneiss", "quartz 24, orthoclase 4, albite 40, anorthite 17, biotite 15"),
        ("felsic granulite", "quartz 25, orthoclase 12, albite 33, anorthite 16, "
         "enstatite 9, garnet 5"),
        ("intermediate granulite", "quartz 8, albite 30, anorthite 26, enstatite 18, "
         "augite 12, garnet 6"),
        ("amphibolite", "hornblende 62, albite 17, anorthite 18, quartz 3"),
        ("mafic garnet granulite", "albite 18, anorthite 24, augite 32, garnet 22, hornblende 4"),
        ("eclogite", "garnet 42, omphacite 53, quartz 5"),
    ],
    "hydrous": [
        ("phyllite", "quartz 35, muscovite 40, chlorite 18, albite 7"),
        ("greenschist", "chlorite 28, epidote 22, albite 30, actinolite 18, quartz 2"),
        ("epidote amphibolite", "hornblende 50, epidote 20, albite 26, quartz 4"),
        ("chlorite schist", "chlorite 68, actinolite 20, epidote 8, magnetite 4"),
        ("serpentinized harzburgite", "antigorite 45, olivine 42, enstatite 11, magnetite 2"),
        ("serpentinite", "antigorite 94, magnetite 4, chlorite 2"),
    ],
}  # fmt: skip
"""Volume percent of minerals: typical modes, chosen here."""

CONDUCTION = {"plutonic": (2.1, 112.0), "ultramafic": (3.0, 150.0), "metamorphic": (2.1, 112.0),
              "hydrous": (2.5, 105.0)}  # fmt: skip
"""log10 of sigma_0 in S/m and activation energy in kJ/mol of the dry rock. Chosen here, of the size
of laboratory values (3e-4 to 3e-3 S/m at 830 C, 1e-4 in olivine): replace them by measured ones."""

FIELDS = ("rho", "K_GPa", "G_GPa", "dK_dP", "dG_dP", "dK_dT", "dG_dT", "expansivity")
"""Columns that minerals and rocks share."""

SOURCE = "modes chosen here; minerals.csv by Voigt-Reuss-Hill"
"""What every row rests on."""


def read_minerals() -> dict[str, dict[str, float]]:
    """Return the columns of every mineral."""
    with (HERE / "minerals.csv").open() as file:
        rows = list(csv.DictReader(line for line in file if not line.startswith("#")))
    return {r["name"]: {k: float(v) for k, v in r.items() if k not in ("name", "source")}
            for r in rows}  # fmt: skip


def average(modes: dict[str, float], minerals: dict[str, dict[str, float]]) -> dict[str, float]:
    """Return the properties of an aggregate: moduli by Voigt-Reuss-Hill, the rest by volume."""
    total = sum(modes.values())
    share = {m: v / total for m, v in modes.items()}
    found = {f: sum(x * minerals[m][f] for m, x in share.items()) for f in FIELDS}
    for f in ("K_GPa", "G_GPa"):
        reuss = 1.0 / sum(x / minerals[m][f] for m, x in share.items())
        found[f] = 0.5 * (found[f] + reuss)
    weight = sum(x * minerals[m]["rho"] for m, x in share.items())
    found["SiO2_wt"] = sum(
        x * minerals[m]["rho"] * minerals[m]["SiO2_wt"] for m, x in share.items()
    ) / weight  # fmt: skip
    return found


def parse(words: str) -> dict[str, float]:
    """Return the modes that a line of the series says."""
    return {p.rsplit(" ", 1)[0].strip(): float(p.rsplit(" ", 1)[1]) for p in words.split(",")}


def main() -> None:
    """Write the table in the order of silica."""
    minerals = read_minerals()
    rows = []
    for family, rocks in SERIES.items():
        for k, (name, words) in enumerate(rocks):
            last = k + 1 == len(rocks)
            steps = [0] if last else [0, 1, 2]
            if last and family == "plutonic":
                continue  # the mixtures before it come close enough
            for step in steps:
                modes = dict.fromkeys(minerals, 0.0)
                for own, part in ((words, 3 - step), (rocks[min(k + 1, len(rocks) - 1)][1], step)):
                    for mineral, volume in parse(own).items():
                        modes[mineral] += volume * part / 3.0
                title = name if step == 0 else f"{name} to {rocks[k + 1][0]} {step}/3"
                rows.append(
                    (title, family, average({m: v for m, v in modes.items() if v}, minerals))
                )
    rows.sort(key=lambda r: -r[2]["SiO2_wt"])
    out = csv.writer(sys.stdout, lineterminator="\n")
    out.writerow(("name", "family", "SiO2_wt", *FIELDS, "log10_sigma0", "E_kJ", "source"))
    for title, family, r in rows:
        out.writerow((title, family, f"{r['SiO2_wt']:.2f}", *(f"{r[f]:.6g}" for f in FIELDS),
                      *CONDUCTION[family], SOURCE))  # fmt: skip


main()
