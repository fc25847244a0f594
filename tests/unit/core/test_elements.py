"""Elements and oxides convert into each other as atomic weights say."""

from __future__ import annotations

import pytest

from quakeloom.core import (
    ATOMIC_WEIGHTS,
    OXIDES,
    element_of,
    element_ppm,
    isotope_name,
    oxide_share,
)


@pytest.mark.parametrize(
    ("oxide", "share"),
    # element in its oxide, by tables of conversion factors (reciprocals of, e.g., 2.1393 for SiO2)
    [
        ("SiO2", 1 / 2.1393), ("TiO2", 1 / 1.6685), ("Al2O3", 1 / 1.8895), ("Fe2O3", 1 / 1.4297),
        ("FeO", 1 / 1.2865), ("MnO", 1 / 1.2912), ("MgO", 1 / 1.6582), ("CaO", 1 / 1.3992),
        ("Na2O", 1 / 1.3480), ("K2O", 1 / 1.2046), ("P2O5", 1 / 2.2916), ("Cr2O3", 1 / 1.4616),
    ],
)  # fmt: skip
def test_factors_of_oxides_are_those_of_published_tables(oxide, share):
    assert oxide_share(oxide) == pytest.approx(share, rel=1.5e-4)


def test_ferric_iron_weighs_1_1113_times_as_much_as_ferrous():
    assert oxide_share("FeO") / oxide_share("Fe2O3") == pytest.approx(1.1113, abs=1e-4)


def test_one_percent_of_potash_is_8302_ppm_of_potassium():
    assert element_ppm("K2O", 1.0, "wt%") == pytest.approx(8302, abs=1)
    assert element_ppm("Zr", 250.0, "ppb") == pytest.approx(0.25)


def test_every_oxide_has_an_element_with_a_weight():
    assert all(element_of(o) in ATOMIC_WEIGHTS for o in OXIDES)
    assert element_of("LOI") == ""


def test_isotopes_have_one_name():
    assert isotope_name("87Sr") == isotope_name("Sr87") == "Sr87"
    assert isotope_name("Sr") == ""
    with pytest.raises(KeyError):
        element_ppm("Xx", 1.0, "ppm")
