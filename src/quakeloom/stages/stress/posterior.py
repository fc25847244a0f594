"""The posterior of the nodes of a finished stress map, in the order of its table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from quakeloom.store import RunLayout, open_dataset, read_json


@dataclass(frozen=True)
class NodePosterior:
    """The tensors of the nodes of a stress map, one row for each row of table ``stress``.

    Attributes
    ----------
    components : ndarray, shape (nodes, 5)
        Best tensors, orthonormal basis, tension positive.
    covariance : ndarray, shape (nodes, 5, 5)
    freedom : float
        Degrees of freedom of Student's t.
    """

    components: NDArray[np.float64]
    covariance: NDArray[np.float64]
    freedom: float = float("inf")


def read_node_posterior(layout: RunLayout, stress: pa.Table | None) -> NodePosterior | None:
    """Read the tensors of the nodes that the table of the stress map has, in its order.

    Parameters
    ----------
    layout : RunLayout
    stress : pyarrow.Table, optional
        Table ``stress`` of the run.

    Returns
    -------
    NodePosterior, or None where there is no map, or its arrays are not those of the table
    """
    place = layout.root / "stress.zarr"
    if stress is None or not stress.num_rows or not place.exists():
        return None
    with open_dataset(place) as data:
        if "components" not in data or "covariance" not in data:
            return None
        shmax = data["shmax_deg"].to_numpy().reshape(-1)
        shown = (data["data_weight"].to_numpy().reshape(-1) > 0) & np.isfinite(shmax)
        told = stress.column("shmax_deg").to_numpy()
        if int(shown.sum()) != len(told) or not np.allclose(shmax[shown], told):
            return None
        components = data["components"].to_numpy().reshape(-1, 5)[shown]
        covariance = data["covariance"].to_numpy().reshape(-1, 5, 5)[shown]
    facts = read_json(layout.root / "stress.json")
    return NodePosterior(components, covariance, float(facts.get("freedom") or np.inf))
