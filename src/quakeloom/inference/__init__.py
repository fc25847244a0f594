"""Inference shared by the science rooms: ABIC, sparse precisions, Krylov methods.

Floor 3. Arrays in, arrays out. Unknowns stand on the nodes of a graph, in small blocks.
"""

from quakeloom.inference._abic import AbicPoint, AbicScan, SmoothInversion, minimize_abic
from quakeloom.inference._cholesky import (
    BlockCholesky,
    NotPositiveDefiniteError,
    grounded_log_determinant,
)
from quakeloom.inference._dissection import Dissection, dissect_graph
from quakeloom.inference._lanczos import (
    ConvergenceError,
    ScaledPrecision,
    conjugate_gradients,
    lanczos_inverse_root,
    lanczos_log_determinant,
)
from quakeloom.inference._threads import one_blas_thread, with_one_blas_thread

__all__ = [
    "AbicPoint",
    "AbicScan",
    "BlockCholesky",
    "ConvergenceError",
    "Dissection",
    "NotPositiveDefiniteError",
    "ScaledPrecision",
    "SmoothInversion",
    "conjugate_gradients",
    "dissect_graph",
    "grounded_log_determinant",
    "lanczos_inverse_root",
    "lanczos_log_determinant",
    "minimize_abic",
    "one_blas_thread",
    "with_one_blas_thread",
]
