"""Files that users name: sources, velocity models, archives, faults, weights, configurations.

They are no results: they lie where their owner keeps them, here or in an object storage, are read
and never written. All of them are found here.
"""

from __future__ import annotations

import difflib
import glob
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import Any

from quakeloom.config import expand_variables
from quakeloom.core import InputError, digest_file, digest_json
from quakeloom.store._object_inputs import (
    bring,
    folder_of_copies,
    is_in_storage,
    join_address,
    list_storage,
    match_storage,
    on_disk,
    storage_address,
    storage_stamp,
)
from quakeloom.store._resources import find_resource

_WILDCARDS = "*?["
"""Characters that make a name a pattern."""


def input_place(data: str, name: str) -> Path:
    """Return where a name of the settings points to: below ``data``, or as written if absolute.

    Variables of the environment are replaced in both. Of a file in an object storage it is the
    copy on disk, which is brought where it is not there or has changed.
    """
    stored = join_address(expand_variables(data), expand_variables(name))
    if stored is not None:
        return bring(stored) or folder_of_copies(stored)
    return Path(expand_variables(data)) / expand_variables(name)


def input_name(path: Path) -> str:
    """Return how tables call an input: its path, or its address in an object storage."""
    address = storage_address(path)
    return str(path) if address is None else f"{address.scheme}://{address.bucket}/{address.key}"


def near_names(data: str, name: str) -> str:
    """Return `` Did you mean ...?`` for a name that is nothing, or nothing where none is near.

    Parameters
    ----------
    data, name : str
        As for :func:`input_place`; files and folders beside the wrong name are compared, and
        where its folder is missing, those beside that.
    """
    path = input_place(data, name)
    while not path.parent.is_dir() and path.parent != path:
        path = path.parent
    try:
        beside = {f.name: f for f in path.parent.iterdir() if not f.name.startswith(".")}
    except OSError:
        return ""
    if path.name in beside:
        return ""
    lower = {n.lower(): n for n in beside}
    near = difflib.get_close_matches(path.name.lower(), lower, n=1, cutoff=0.75)
    return f" Did you mean '{beside[lower[near[0]]]}'?" if near else ""


def is_input(path: Path) -> bool:
    """Say whether there is a file, on this machine or in an object storage."""
    return path.is_file() if storage_address(path) is None else is_in_storage(path)


def find_input(data: str, name: str) -> Path | None:
    """Return the file of a name of the settings, None if there is none."""
    path = input_place(data, name)
    return path if path.is_file() else None


def list_inputs(data: str, pattern: str) -> list[Path]:
    """Return what a name, a folder or a pattern of the settings stands for, sorted.

    A file that is called as the name says is taken even if it looks like a pattern. Of folders
    and patterns, hidden files (``._NAME`` of macOS) are passed over, unless they are named.
    """
    stored = join_address(expand_variables(data), expand_variables(pattern))
    if stored is not None:
        return [copy for f in match_storage(stored) if (copy := bring(f)) is not None]
    path, written = input_place(data, pattern), expand_variables(pattern)
    if path.is_dir():
        files = [f for f in sorted(path.iterdir()) if f.is_file()]
        return [f for f in files if not f.name.startswith(".")]
    if path.exists() or not any(c in written for c in _WILDCARDS):
        return [path] if path.exists() else []
    absolute = Path(written).is_absolute()
    root = Path(path.anchor) if absolute else input_place(data, "")
    wanted = str(path.relative_to(root)) if absolute else written
    hidden = Path(written).name.startswith(".")
    files = sorted(f for f in root.glob(wanted) if f.is_file())
    return [f for f in files if hidden or not f.name.startswith(".")]


@dataclass(frozen=True)
class StoredArchive:
    """Files of an archive in an object storage, which are not brought to disk.

    Attributes
    ----------
    files : list of Path
        As :func:`archive_file` takes them.
    below : Path
        The folder that was asked for.
    """

    files: list[Path]
    below: Path


def list_archive(data: str, name: str) -> StoredArchive | None:
    """Return the files that an archive in an object storage has; None for one of this machine.

    Parameters
    ----------
    data, name : str
        As for :func:`input_place`; a file, a folder with all below it, or a pattern.
    """
    stored = join_address(expand_variables(data), expand_variables(name))
    if stored is None:
        return None
    fixed = takewhile(lambda part: not any(c in part for c in _WILDCARDS), stored.parts)
    below = Path(*fixed)
    return StoredArchive(list_storage(stored) if below == stored else match_storage(stored), below)


def archive_file(path: Path) -> AbstractContextManager[Path]:
    """Give a waveform file to read: itself, or of an object storage a copy that does not stay."""
    return on_disk(path)


def walk_inputs(path: Path) -> Iterator[Path]:
    """Yield the files below a folder, or the file itself; nothing where there is neither."""
    if storage_address(path) is not None:
        yield from list_storage(path)
    elif path.is_file():
        yield path
    else:
        yield from (f for f in path.rglob("*") if f.is_file())


def full_path(path: Path) -> Path:
    """Return the full path of a file or folder that a user names, links followed."""
    return path.resolve()


def list_tree(path: Path) -> tuple[list[Path], int, list[str]]:
    """Return what lies in a folder and its folders.

    Links to folders are followed, each folder once.

    Parameters
    ----------
    path : Path

    Returns
    -------
    files : list of Path
        Files by name, without hidden ones and those in hidden folders.
    hidden : int
        Hidden files and folders that were passed over.
    unreadable : list of str
        Folders that cannot be read, and links that lead nowhere, with the reason.

    Raises
    ------
    InputError
        If there is no such folder, or it cannot be read.
    """
    if not path.is_dir():
        what = "is a file" if path.exists() else "does not exist"
        raise InputError(f"'{path}' {what}. Nothing was looked at; give a folder with files.")
    files: list[Path] = []
    unreadable: list[str] = []
    hidden = 0
    seen: set[tuple[int, int]] = set()
    waiting = [path]
    while waiting:
        folder = waiting.pop()
        try:
            stat = folder.stat()
            if (stat.st_dev, stat.st_ino) in seen:
                continue
            seen.add((stat.st_dev, stat.st_ino))
            here = sorted(folder.iterdir())
        except OSError as error:
            if folder == path:
                raise InputError(
                    f"The folder '{path}' cannot be read ({error.strerror}). Nothing was looked "
                    "at; get the right to read it."
                ) from None
            unreadable.append(f"{folder.relative_to(path)}: {error.strerror}")
            continue
        for found in here:
            if found.name.startswith("."):
                hidden += 1
            elif found.is_dir():
                waiting.append(found)
            elif found.is_file():
                files.append(found)
            else:
                unreadable.append(f"{found.relative_to(path)}: a link that leads nowhere")
    return sorted(files), hidden, sorted(unreadable)


def pattern_of(folder: str, suffix: str) -> str:
    """Return a pattern for all files of a folder that end alike, names taken as they are."""
    return f"{glob.escape(folder)}/*{glob.escape(suffix)}" if folder else f"*{glob.escape(suffix)}"


def find_velocity_model(data: str, name: str) -> Path | None:
    """Return the file of a velocity model: below ``data``, as written, or one that is shipped."""
    own = find_resource("velocity_models") / f"{expand_variables(name)}.txt"
    for path in (input_place(data, name), input_place("", name), own):
        if path.is_file():
            return path
    return None


def own_velocity_models() -> list[str]:
    """Return the names of the velocity models that come with quakeloom."""
    return sorted(p.stem for p in find_resource("velocity_models").glob("*.txt"))


def read_input_text(path: Path) -> str:
    """Read a file of text in UTF-8.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}. Give another file.") from None


def input_stamp(path: Path) -> tuple[int, int]:
    """Return the size of a file in bytes and when it was changed, in nanoseconds since 1970."""
    if storage_address(path) is not None:
        return storage_stamp(path)
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns


def entry_stamp(path: Path) -> tuple[int, int, int]:
    """Return size and time of a file, and when its entry was changed, in nanoseconds since 1970.

    Programs that write a file anew can give it back the time of its content, but not that of its
    entry. Rights, owners and names change the latter as well. In an object storage, which has no
    other time than that of the content, it is 0.
    """
    if storage_address(path) is not None:
        return (*storage_stamp(path), 0)
    stat = path.stat()
    return stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns


def digest_small_input(path: Path, most_bytes: int) -> str:
    """Return the digest of a file of at most so many bytes; empty for one that is larger.

    So it is for one in an object storage as well, where no content changes without its time.
    """
    if storage_address(path) is not None or path.stat().st_size > most_bytes:
        return ""
    return digest_file(path)


def digest_input(path: Path) -> str:
    """Return the digest of a file's content."""
    return digest_file(path)


def find_grid(data: str, name: str) -> Path | None:
    """Return a file with a grid, or the folder of a Zarr group; None if there is neither."""
    path = input_place(data, name)
    return path if path.is_file() or path.is_dir() else None


def digest_grid(path: Path) -> str:
    """Return the digest of a file, or of all files of a folder with their names."""
    if not path.is_dir():
        return digest_file(path)
    files = sorted(f for f in path.rglob("*") if f.is_file())
    return digest_json([[str(f.relative_to(path)), digest_file(f)] for f in files])


class InputDigests:
    """Digests of files, read again only where size or a time has changed.

    The time of the last change of the file's entry counts as well: programs that write a file anew
    can give it back the time of its content, but not that one.

    Attributes
    ----------
    known : dict of str to list
        Size, both times and digest of every file that was asked for, by its full path: JSON
        values, to be kept from one plan to the next.
    """

    def __init__(self, known: dict[str, list[Any]]) -> None:
        self.known = known

    def of(self, path: Path) -> str:
        """Return the digest of a file's content."""
        stamp = list(entry_stamp(path))
        name = str(path.resolve())
        kept = self.known.get(name)
        if kept and kept[:-1] == stamp:
            return str(kept[-1])
        digest = digest_file(path)
        self.known[name] = [*stamp, digest]
        return digest
