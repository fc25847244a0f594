"""Focal mechanisms of others in QuakeML: planes, conventions, tensors, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from quakeml_files import document, event, origin

from quakeloom.core import auxiliary_plane, moment_tensors, rotation_angle
from quakeloom.formats import Rejects, read_mechanisms, read_quakeml_solutions

PLANE = (30.0, 60.0, 100.0)
OTHER = tuple(float(v) for v in auxiliary_plane(*PLANE))


def plane(number: int, angles, errors=()) -> str:
    words = ""
    for i, name in enumerate(("strike", "dip", "rake")):
        error = f"<uncertainty>{errors[i]}</uncertainty>" if errors else ""
        words += f"<{name}><value>{angles[i]}</value>{error}</{name}>"
    return f"<nodalPlane{number}>{words}</nodalPlane{number}>"


def mechanism(*planes: str, name: str = "m", more: str = "", preferred: str = "") -> str:
    words = f' preferredPlane="{preferred}"' if preferred else ""
    return (
        f'<focalMechanism publicID="smi:local/fm/{name}"><nodalPlanes{words}>{"".join(planes)}'
        f"</nodalPlanes>{more}</focalMechanism>"
    )


def read(tmp_path, content: str, before: str = ""):
    path = tmp_path / "a.xml"
    path.write_text(document(event("e", before + origin("o") + content)))
    rejects = Rejects(path)
    rows = read_mechanisms(path, rejects).to_pylist()
    return rows, rejects.table().column("reason").to_pylist()


def angles(row, prefix: str = "") -> list[float]:
    return [row[f"{prefix}{n}_deg"] for n in ("strike", "dip", "rake")]


def test_both_planes_are_read_as_they_are_given(tmp_path):
    rounded = [round(v) for v in OTHER]
    (row,), reasons = read(tmp_path, mechanism(plane(1, PLANE), plane(2, rounded)))
    assert angles(row) == list(PLANE)
    assert angles(row, "auxiliary_") == rounded
    assert reasons == []


def test_the_preferred_plane_is_the_fault_plane(tmp_path):
    both = plane(1, PLANE, (5, 4, 3)), plane(2, OTHER, (9, 8, 7))
    (row,), _ = read(tmp_path, mechanism(*both, preferred="2"))
    assert angles(row) == list(OTHER)
    assert angles(row, "auxiliary_") == list(PLANE)
    # strike errors turn the normal less on a gently dipping plane
    turned = math.hypot(9 * math.sin(math.radians(OTHER[1])), 8)
    assert row["fault_plane_uncertainty_deg"] == pytest.approx(turned)
    (row,), _ = read(tmp_path, mechanism(*both, preferred="1"))
    assert angles(row) == list(PLANE)


@pytest.mark.parametrize("number", [1, 2])
def test_a_missing_plane_is_computed(tmp_path, number):
    (row,), _ = read(tmp_path, mechanism(plane(number, PLANE)))
    assert angles(row) == list(PLANE)
    assert rotation_angle(angles(row, "auxiliary_"), PLANE) < 1e-6


@pytest.mark.parametrize(
    "written", [(390, 60, 100), (-330, 60, 100), (30, 60, -260), (30, 60, 460)]
)
def test_angles_are_wrapped_once_as_in_every_format(tmp_path, written):
    rows, reasons = read(tmp_path, mechanism(plane(1, written)))
    assert angles(rows[0]) == list(PLANE)
    assert reasons == []


@pytest.mark.parametrize("written", [(721, 60, 100), (-361, 60, 100), (30, 60, 541), (30, 91, 1)])
def test_angles_beyond_a_turn_are_refused(tmp_path, written):
    rows, reasons = read(tmp_path, mechanism(plane(1, written)))
    assert rows[0]["status"] == "no_solution"
    assert "is impossible" in reasons[0]


def test_rakes_up_to_360_are_wrapped(tmp_path):
    (row,), _ = read(tmp_path, mechanism(plane(1, (30, 60, 260))))
    assert row["rake_deg"] == -100.0


@pytest.mark.parametrize(
    "second",
    [
        PLANE,  # the same plane again
        (OTHER[0], OTHER[1], -OTHER[2]),  # slip the other way
        ((OTHER[0] + 180) % 360, OTHER[1], OTHER[2]),  # left-handed
        ((OTHER[0] + 90) % 360, OTHER[1], OTHER[2]),  # dip direction
    ],
)
def test_planes_that_are_not_those_of_one_double_couple_are_refused(tmp_path, second):
    (row,), reasons = read(tmp_path, mechanism(plane(1, PLANE), plane(2, second)))
    assert row["status"] == "no_solution"
    assert math.isnan(row["strike_deg"])
    assert "not those of one double couple" in reasons[0]


def test_a_moment_tensor_without_planes_gives_its_double_couple(tmp_path):
    m = 3e14 * moment_tensors(*PLANE)
    # an explosion on top leaves the axes as they are
    m = m + 1e14 * np.eye(3)
    parts = {"Mrr": m[2, 2], "Mtt": m[0, 0], "Mpp": m[1, 1], "Mrt": m[0, 2], "Mrp": -m[1, 2],
             "Mtp": -m[0, 1]}  # fmt: skip
    words = "".join(f"<{n}><value>{float(v)}</value></{n}>" for n, v in parts.items())
    tensor = f"<momentTensor><tensor>{words}</tensor></momentTensor>"
    (row,), reasons = read(tmp_path, mechanism(more=tensor))
    assert rotation_angle(angles(row), PLANE) < 1e-5
    assert reasons == []
    incomplete = tensor.replace("<Mrp>", "<Mxx>").replace("</Mrp>", "</Mxx>")
    (row,), _ = read(tmp_path, mechanism(more=incomplete))
    assert row["status"] == "no_solution"


def test_a_rejected_mechanism_is_not_used(tmp_path):
    status = "<evaluationStatus>rejected</evaluationStatus>"
    bad = mechanism(plane(1, (1, 2, 3)), name="bad", more=status)
    good = mechanism(plane(1, PLANE), name="good")
    (row,), reasons = read(tmp_path, bad + good)
    assert angles(row) == list(PLANE)
    assert reasons == ["the source has rejected the mechanism"]
    chosen = "<preferredFocalMechanismID>smi:local/fm/bad</preferredFocalMechanismID>"
    (row,), _ = read(tmp_path, chosen + bad + good)
    assert row["status"] == "no_solution"


@pytest.mark.parametrize("kind", ["quarry blast", "not_existing", "explosion"])
def test_mechanisms_of_what_is_no_earthquake_are_put_aside(tmp_path, kind):
    rows, reasons = read(tmp_path, mechanism(plane(1, PLANE)), f"<type>{kind}</type>")
    assert rows == []
    assert reasons == [f"its type is '{kind.replace('_', ' ')}'"]


def test_a_preferred_mechanism_that_is_not_there_is_told(tmp_path):
    chosen = "<preferredFocalMechanismID>smi:local/fm/gone</preferredFocalMechanismID>"
    (row,), reasons = read(tmp_path, chosen + mechanism(plane(1, PLANE)))
    assert angles(row) == list(PLANE)
    assert "the preferred mechanism is not in the event" in reasons[0]


def test_all_mechanisms_are_solutions_the_preferred_one_first(tmp_path):
    path = tmp_path / "a.xml"
    chosen = "<preferredFocalMechanismID>smi:local/fm/b</preferredFocalMechanismID>"
    three = "".join(mechanism(plane(1, (10 * i, 50, 90)), name=n) for i, n in enumerate("abc"))
    path.write_text(document(event("e", chosen + three), event("f")))
    rows = read_quakeml_solutions(path, Rejects(path)).to_pylist()
    assert [(r["solution"], r["strike_deg"]) for r in rows] == [(0, 10.0), (1, 0.0), (2, 20.0)]


def test_a_comment_of_others_before_ours_does_not_hide_it(tmp_path):
    ours = "<comment><text>quakeloom: status=solved; quality=A; reason=</text></comment>"
    other = "<comment><text>seen by somebody</text></comment>"
    (row,), _ = read(tmp_path, mechanism(plane(1, PLANE), more=other + ours))
    assert row["quality"] == "A"
