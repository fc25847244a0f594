"""Velocity models of NonLinLoc and travel-time tables of JMA."""

from __future__ import annotations

import pytest

from quakeloom.core import FormatError
from quakeloom.formats import (
    has_layers,
    is_travel_time_table,
    read_layer_model,
    read_travel_time_table,
)


def test_layers_are_nodes_with_jumps_and_gradients(tmp_path):
    path = tmp_path / "run.in"
    path.write_text(
        "CONTROL 1 2\nLAYER 0.0 5.0 0.1 3.0 0 2.5 0\nLAYER 10 6.5 0 3.7 0 2.7 0  # lower crust\n"
    )
    assert has_layers(path)
    model = read_layer_model(path)
    assert model.depth_km.tolist() == [0.0, 10.0, 10.0]
    assert model.p_velocity_km_s.tolist() == [5.0, 6.0, 6.5]
    assert model.s_velocity_km_s.tolist() == [3.0, 3.0, 3.7]


def test_broken_layers_are_refused(tmp_path):
    path = tmp_path / "run.in"
    path.write_text("LAYER 0.0 5.0 x 3.0 0 2.5 0\n")
    with pytest.raises(FormatError, match="Line 1"):
        read_layer_model(path)
    path.write_text("CONTROL 1 2\n")
    assert not has_layers(path)
    with pytest.raises(FormatError, match="no LAYER lines"):
        read_layer_model(path)


def test_tables_are_grids_in_any_order_of_lines(tmp_path):
    path = tmp_path / "table"
    lines = [
        f"P {d + z / 10:6.3f} S {2 * d + z / 10:6.3f} {z} {d}" for z in (0, 5) for d in (0, 2, 4)
    ]
    path.write_text("\n".join([*lines[::-1], "\x1a"]))
    table = read_travel_time_table(path)
    assert table.depth_km.tolist() == [0, 5]
    assert table.distance_km.tolist() == [0, 2, 4]
    assert table.p_time_s[1].tolist() == pytest.approx([0.5, 2.5, 4.5])
    assert table.s_time_s[0].tolist() == pytest.approx([0.0, 4.0, 8.0])
    path.write_text("\n".join(lines))
    assert is_travel_time_table(path)


@pytest.mark.parametrize("change", ["hole", "doubled", "word"])
def test_tables_with_a_fault_are_refused(tmp_path, change):
    lines = [f"{d:.3f} {2 * d:.3f} {z} {d}" for z in (0, 5) for d in (0, 2)]
    lines = {
        "hole": lines[:-1],
        "doubled": [*lines, lines[0]],
        "word": [*lines, "1 2 three 4"],
    }[change]
    path = tmp_path / "table"
    path.write_text("\n".join(lines))
    with pytest.raises(FormatError, match="not used"):
        read_travel_time_table(path)
