"""Write water.csv: density and bulk modulus of pure water by IAPWS-95, with the package iapws.

Run once, apart from quakeloom (`pip install iapws==1.5.5`); what comes out is what is shipped.
"""

from __future__ import annotations

import sys

from iapws import IAPWS95

TEMPERATURES_K = [*range(275, 1301, 25)]
"""Temperatures, K; IAPWS-95 was fitted up to 1273 K."""

PRESSURES_MPA = [50, 75, 100, 150, 200, 250, 300, 400, 500, 600, 700, 800, 900, 1000, 1200, 1500,
                 2000]  # fmt: skip
"""Pressures, MPa; the formulation was fitted up to 1 GPa and extrapolates well (Wagner & Pruss)."""

sys.stdout.write("temperature_k,pressure_mpa,density_kg_m3,bulk_modulus_gpa\n")
for temperature in TEMPERATURES_K:
    for pressure in PRESSURES_MPA:
        water = IAPWS95(T=float(temperature), P=float(pressure))
        modulus = water.rho * water.w**2 / 1e9
        sys.stdout.write(f"{temperature},{pressure},{water.rho:.4f},{modulus:.6f}\n")
