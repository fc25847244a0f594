"""Only the store knows how things lie: science and the upper floors touch no file."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import quakeloom

SOURCE = Path(quakeloom.__file__).parent
ROOMS = (
    "stages", "report", "atlas", "cli", "library",
    "picking", "polarity", "location", "mechanism", "stress", "faults", "tomography", "simulate",
    "association", "detection", "magnitude", "classification", "spectra", "slip", "structure",
    "restoration", "fluids", "geochem", "magnetics", "seafloor",
    "travel", "signal", "inference", "networks", "plots", "cluster", "schema",
)  # fmt: skip
"""All rooms but those of files: formats and store, and core and config, which read what is
shipped with the program and the configuration."""

METHODS = {
    "chmod", "glob", "hardlink_to", "is_dir", "is_file", "is_symlink", "iterdir", "lstat",
    "mkdir", "open", "read_bytes", "read_text", "resolve", "rglob", "rmdir", "stat",
    "symlink_to", "touch", "unlink", "walk", "write_bytes", "write_text",
}  # fmt: skip
"""Methods of paths that look at a file system or change it."""

FUNCTIONS = {
    "open", "np.load", "np.loadtxt", "np.fromfile", "np.save", "np.savez",
    "np.savez_compressed", "numpy.load", "numpy.savez", "xr.open_dataset", "xr.open_zarr",
    "xarray.open_dataset", "xarray.open_zarr", "pq.read_table", "pq.write_table",
}  # fmt: skip
"""Functions that take a path."""

MODULES = {"fcntl", "glob", "h5py", "netCDF4", "shutil", "tempfile", "zarr"}
"""Modules that work on paths alone."""

OS_ALLOWED = {
    "os.environ", "os.environ.get", "os.cpu_count", "os.pathsep", "os.pathsep.join", "os.strerror",
}  # fmt: skip
"""What the module ``os`` has beside files."""

EXCEPTIONS = {
    "association/_octree.py": "PyOcto takes travel times through a file of its own",
    "cluster/_calls.py": "a worker computes in the folder of who asked",
    "cluster/_schedulers.py": "waits for the file that a starting scheduler writes",
    "stages/frame/code_digests.py": "reads the program's own source files",
    "cli/_snakemake.py": "Snakemake's words go to a log, line by line, on this machine",
    "cli/_snakemake_lock.py": "the lock of Snakemake, in its own folder on this machine",
    "cli/_doctor.py": "says what this machine has: programs, disk, permissions",
    "cli/_job_server.py": "forks processes, which hear a socket in a folder of their own",
    "cli/_main.py": "closes the standard output of this process",
    "cli/_profiles.py": "reads the profiles of Snakemake, which users write",
    "cli/_run.py": "finds the program's own workflow files",
    "library/_catalogs.py": "takes files and patterns that notebooks name",
    "library/_from_obspy.py": "ObsPy hands on what it holds through a file of its own",
    "library/_to_obspy.py": "ObsPy takes mechanisms through a file of its own",
    "library/_locations.py": "the ensemble lies in a folder for the length of a call",
    "library/_simulations.py": "a simulation lies in a folder for the length of a call",
    "library/_runs.py": "asks whether the folder that a notebook names is there",
}
"""Modules that touch files which are neither results nor inputs, and why."""

NAMED_BY_USERS = {
    "stages/archive/instrument_responses.py", "stages/detect/station_day.py",
    "stages/archive/file_states.py",
    "stages/archive/index.py", "stages/archive/record_sets.py", "stages/archive/stored_index.py",
    "stages/frame/run_settings.py", "stages/frame/stage.py", "stages/ingest/source_files.py",
    "stages/locate/catalog.py", "stages/locate/ensembles.py", "stages/locate/grids.py",
    "stages/locate/simul_grids.py",
    "stages/bathymetry/comparing.py", "stages/bathymetry/making.py",
    "stages/bathymetry/methods.py", "stages/bathymetry/strips.py", "stages/bathymetry/verbs.py",
    "stages/structure/inputs.py", "stages/training/seafloor.py",
    "stages/planning.py", "stages/regional/inputs.py", "stages/restore/inputs.py",
    "stages/takeoff/reading.py",
    "stages/tomography/inputs.py", "stages/training/fine_tuning.py",
    "stages/training/simulated.py", "stages/weights/pickers.py",
    "stages/classify/class_weights.py", "stages/training/class_sessions.py",
    "stages/training/event_classes.py",
    "stages/weights/polarity_readers.py", "stages/without_a_run/folder_contents.py",
    "stages/without_a_run/folder_settings.py", "stages/without_a_run/folder_words.py",
    "stages/without_a_run/input_checks.py", "stages/without_a_run/associate_picks.py",
    "stages/without_a_run/detect_folder.py", "stages/without_a_run/detected_events.py",
    "stages/without_a_run/find_faults.py", "stages/without_a_run/measure_magnitudes.py",
    "stages/without_a_run/map_catalog.py",
    "stages/without_a_run/pick_folder.py", "stages/without_a_run/polarity_folder.py",
    "stages/without_a_run/shifted_picks.py", "report/_coastline.py", "report/_collecting.py",
}  # fmt: skip
"""Modules that hand on paths which users name: sources, models, archives, weights, folders of
commands without a run. The store finds and reads them; commands take paths as arguments."""


def modules() -> list[str]:
    return sorted(
        str(f.relative_to(SOURCE)) for room in ROOMS for f in (SOURCE / room).rglob("*.py")
    )


def touches(tree: ast.AST) -> list[str]:
    """Return what a module does with files, line by line."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else [node.module]
            found += [f"{node.lineno}: import {n}" for n in names if (n or "") in MODULES]
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func)
            method = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            if name in FUNCTIONS or (method in METHODS and not name.startswith("ast.")):
                found.append(f"{node.lineno}: {name}()")
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "os":
            name = ast.unparse(node)
            if name not in OS_ALLOWED:
                found.append(f"{node.lineno}: {name}")
    return found


def test_every_room_is_looked_at_or_one_of_files():
    rooms = {p.name for p in SOURCE.iterdir() if (p / "__init__.py").is_file()}
    assert rooms == {*ROOMS, "formats", "store", "core", "config"}


@pytest.mark.parametrize("module", modules())
def test_no_module_above_the_store_touches_a_file(module):
    found = touches(ast.parse((SOURCE / module).read_text()))
    if module in EXCEPTIONS:
        assert found, f"{module} touches no file any more: take it off the list"
    else:
        assert not found, f"{module} touches files, which the store should do: {found}"


@pytest.mark.parametrize("module", [m for m in modules() if m.startswith(("stages/", "report/"))])
def test_paths_are_only_where_users_name_files(module):
    text = (SOURCE / module).read_text()
    has_paths = any(
        isinstance(n, ast.ImportFrom) and n.module == "pathlib" for n in ast.walk(ast.parse(text))
    )
    assert has_paths == (module in NAMED_BY_USERS or module in EXCEPTIONS), module


@pytest.mark.parametrize(
    "line",
    ["path.unlink()", "(folder / 'x').open('w')", "open(name)", "import shutil", "os.remove(x)",
     "from zarr import open_group", "np.load(x)", "folder.glob('*')", "os.path.join(a, b)"],
)  # fmt: skip
def test_the_rule_sees_what_touches_files(line):
    assert touches(ast.parse(line))


def test_the_rule_lets_items_pass():
    assert not touches(ast.parse("item.exists(); item.children(); item.remove(); item.digest()"))
