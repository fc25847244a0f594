"""What is measured of every product: one module per stage, found by ``benchmarks/calibration.py``.

A module has functions ``measure_NAME(quick: bool) -> list[Row]``. Their truths come from
simulators that share no code with the estimator. A module whose name begins with an underscore
has no rows; simulators and what several modules share stand in such ones.
"""
