"""Published outputs that papers are held against: tensors of SATSI, statistics of NonLinLoc."""

from __future__ import annotations

import numpy as np
import pytest

from quakeloom.core import FormatError
from quakeloom.formats import (
    read_nonlinloc_statistics,
    read_satsi_mechanisms,
    read_satsi_nodes,
    read_satsi_solution,
    read_satsi_summary,
)

SOLUTION = """
COORDINATES ARE EAST,NORTH,UP.
stress tensors are:
X Y See Sen Seu Snn Snu Suu
  0   4  0.98 -0.43 -0.08 -0.23 -0.06 -0.75
  1   2  0.90 -0.40 -0.09 -0.36 -0.04 -0.54

dip direction, dip, rake, fit angle, mag tau, X, Y
  125.0     70.0    -10.0     17.6    0.46    0    4

fit angle mean= 42.5 standard deviation= 37.25
avg tau= 0.586 , std. dev.= 0.224
"""

LOCATION = """NLLOC "loc" "LOCATED" "Location completed."
GEOGRAPHIC  OT 2018 11 30  17 29 29.1   Lat 61.335856 Long -149.94892 Depth 44.936523
STATISTICS  ExpectX 2.7 Y 37.3 Z 44.3  CovXX 0.99 XY -0.25 XZ 0.2 YY 1.3 YZ 0.1 ZZ 10.5 EllAz1 2
STAT_GEOG  ExpectLat 61.335016 Long -149.948683 Depth 44.346834
"""


def write(folder, text):
    path = folder / "file.txt"
    path.write_text(text)
    return path


def test_tensors_and_misfit_of_satsi(tmp_path):
    found = read_satsi_solution(write(tmp_path, SOLUTION))
    assert found.points.tolist() == [[0, 4], [1, 2]]
    assert found.components[1].tolist() == [0.90, -0.40, -0.09, -0.36, -0.04, -0.54]
    assert found.fit_angle_deg == (42.5, 37.25)
    assert found.shear == (0.586, 0.224)


def test_mechanisms_of_satsi_may_have_fortran_exponents_of_three_digits(tmp_path):
    path = write(tmp_path, "5 2 125 70 -10\n 0.0e+000 1.0e+000 3.56e+002 8.5e+001 -1.75e+002\n")
    assert read_satsi_mechanisms(path)[1].tolist() == [0.0, 1.0, 356.0, 85.0, -175.0]


def test_rows_of_a_summary_are_the_nodes_that_were_resampled(tmp_path):
    rows = "1 4 0 0 0.8 1 2 3 4 5 6\n" * 3 + "2 4 0 0 0.7 1 2 3 4 5 6\n" * 2
    assert read_satsi_nodes(write(tmp_path, rows)).tolist() == [[1, 4], [2, 4]]
    summary = read_satsi_summary(write(tmp_path, "PhiBest PhiMin PhiMax\n0.7 0.6 0.9\n"))
    assert summary == [{"PhiBest": 0.7, "PhiMin": 0.6, "PhiMax": 0.9}]


def test_maximum_mean_and_covariance_of_nonlinloc(tmp_path):
    found = read_nonlinloc_statistics(write(tmp_path, LOCATION))
    assert found.maximum == (-149.94892, 61.335856, 44.936523)
    assert found.expected == (-149.948683, 61.335016, 44.346834)
    assert np.array_equal(found.covariance, found.covariance.T)
    assert found.covariance[2, 2] == 10.5
    assert found.covariance[0, 1] == -0.25


@pytest.mark.parametrize(
    ("read", "text", "words"),
    [
        (read_satsi_solution, SOLUTION.replace("X Y See", "tensors"), "X Y See"),
        (read_satsi_solution, SOLUTION.replace("avg tau", "tau"), "misfit at its end is missing"),
        (read_satsi_solution, SOLUTION.replace("-0.75\n", "\n"), "does not have 8 numbers"),
        (read_satsi_mechanisms, "1 2 3 4\n", "does not have 5 numbers"),
        (read_satsi_mechanisms, "x y dd dip rake\n", "does not have 5 numbers"),
        (read_satsi_summary, "0.7 0.6 0.9\n", "no PhiBest"),
        (read_satsi_summary, "PhiBest PhiMin\n", "has no row"),
        (read_nonlinloc_statistics, LOCATION.replace("CovXX", "Cov"), "is missing"),
        (read_nonlinloc_statistics, LOCATION.replace("ExpectLat", "Lat"), "is missing"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path, read, text, words):
    with pytest.raises(FormatError, match=words):
        read(write(tmp_path, text))


def test_an_empty_file_is_refused(tmp_path):
    with pytest.raises(FormatError):
        read_satsi_summary(write(tmp_path, "\n"))
