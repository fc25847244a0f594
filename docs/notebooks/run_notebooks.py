"""Run the notebooks of this folder without a kernel, and keep what they show.

    python docs/notebooks/run_notebooks.py            all of them
    python docs/notebooks/run_notebooks.py line       one

Cells run one after the other in one namespace. What a cell prints, the value of its last line
and the figures among them become its outputs, so that pages show them.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from PIL import Image

FOLDER = Path(__file__).resolve().parent
_DPI = 72
"""Of figures that are kept: enough to read, and a few tens of kB each."""


def list_notebooks() -> list[Path]:
    """Return the notebooks in the order of their names."""
    return sorted(FOLDER.glob("*.ipynb"))


def run_notebook(path: Path) -> Any:
    """Run a notebook in an empty folder and return it with its outputs.

    Raises
    ------
    Exception
        What a cell raises, with the name of the notebook and the number of the cell.
    """
    notebook = nbformat.read(path, as_version=4)
    names: dict[str, Any] = {"__name__": "__main__"}
    number = 0
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for cell in notebook.cells:
            if cell.cell_type != "code":
                continue
            number += 1
            try:
                cell.outputs = _run_cell(cell.source, names)
            except Exception as error:
                error.add_note(f"in cell {number} of {path.name}")
                raise
            cell.execution_count = number
    return notebook


def _run_cell(source: str, names: dict[str, Any]) -> list[Any]:
    """Run the source of a cell; return its outputs."""
    tree = ast.parse(source)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    printed = io.StringIO()
    value = None
    with contextlib.redirect_stdout(printed):
        exec(compile(tree, "<cell>", "exec"), names)
        if last is not None:
            value = eval(compile(ast.Expression(last.value), "<cell>", "eval"), names)
    outputs = []
    if printed.getvalue():
        outputs.append(nbformat.v4.new_output("stream", name="stdout", text=printed.getvalue()))
    if value is not None:
        outputs.append(nbformat.v4.new_output("display_data", data=_shown(value)))
    return outputs


def _shown(value: Any) -> dict[str, str]:
    """What a notebook shows of a value, by kind."""
    shown = {"text/plain": repr(value)}
    if hasattr(value, "_repr_png_"):
        from quakeloom.plots import figure_to_png

        shown["image/png"] = base64.b64encode(_small(figure_to_png(value, _DPI))).decode()
    elif hasattr(value, "_repr_html_"):
        shown["text/html"] = value._repr_html_()
    return shown


def _small(png: bytes) -> bytes:
    """The same picture in 128 colors."""
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(png)).convert("RGB")
    image.convert("P", palette=Image.Palette.ADAPTIVE, colors=128).save(
        buffer, "PNG", optimize=True
    )
    return buffer.getvalue()


def main() -> None:
    """Run the notebooks that are named, or all, and write them with their outputs."""
    os.environ.setdefault("COLUMNS", "100")
    for path in list_notebooks():
        if len(sys.argv) > 1 and path.stem not in sys.argv[1:]:
            continue
        nbformat.write(run_notebook(path), path)
        print(f"{path.name}: {path.stat().st_size / 1e3:.0f} kB")


if __name__ == "__main__":
    main()
