"""What a training run was told, on what code, data and machine: kept beside its weights."""

import hashlib
import json
import logging
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePath
from typing import Any

import torch

from neuhmr.export.run_report import write_report
from neuhmr.lab.moments.moments import CAPTURE_FILES
from neuhmr.lab.provenance import code_revision, device_name
from neuhmr.versions import versions
from neuhmr.weights_file import file_digest

logger = logging.getLogger(__name__)

RECORD_NAME = "run.json"
NO_CHOICE = ("out", "resume")
"""Options that do not change what is learnt."""


def run_record(
    training: str, options: Mapping[str, object], folders: Mapping[str, Path], device: str
) -> dict[str, Any]:
    """Gather what is needed to understand and repeat a run.

    Args:
        training: what is trained.
        options: all there are, seeds among them; anything that JSON or `str` can write.
        folders: of people or captures, by what they are for.
        device: where it runs.
    """
    files = {name: path for name, path in options.items() if isinstance(path, Path)}
    return {
        "training": training,
        "options": json.loads(json.dumps(options, default=str)),
        "code": code_revision(),
        "data": {name: describe_data(folder) for name, folder in folders.items()},
        "weights": {name: file_digest(path) for name, path in files.items() if path.is_file()},
        "versions": versions(),
        "device": device_name(device),
        "threads": torch.get_num_threads(),
    }


def write_record(path: Path, record: Mapping[str, object]) -> None:
    """Write a record whole or not at all.

    Raises:
        OutputError: the file cannot be written.
    """
    write_report(path, dict(record))


def resumed_record(record: dict[str, Any], path: Path, step: int) -> dict[str, Any]:
    """Add to a run's record what was different before it went on, and warn of it.

    Args:
        record: of the run as it goes on.
        path: of its record until now; runs of earlier versions have none.
        step: at which it goes on.
    """
    try:
        before = json.loads(path.read_text(encoding="utf-8"))
        changes = changed_options(before, record)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return record | {"resumed": [{"step": step}]}
    if changes:
        said = "; ".join(f"{name} was {old}, is {new}" for name, (old, new) in changes.items())
        logger.warning("resumed at step %d with other options than before: %s", step, said)
    was = {name: old for name, (old, _) in changes.items()}
    entry = {"step": step, "was": was, "code_was": before.get("code")}
    return record | {"resumed": [*before.get("resumed", []), entry]}


def changed_options(
    before: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, tuple[object, object]]:
    """Compare options, data and given weights of two records: (old, new) by dotted name."""
    compared = ("options", "data", "weights")
    old, new = ({part: record[part] for part in compared} for record in (before, after))
    olds, news = dict(_flat(old)), dict(_flat(new))
    names = [*olds, *(name for name in news if name not in olds)]
    found = {name: (olds.get(name), news.get(name)) for name in names}
    named = {name.removeprefix("options."): pair for name, pair in found.items()}
    return {
        name: (old, new) for name, (old, new) in named.items()
        if old != new and name not in NO_CHOICE
    }  # fmt: skip


def header_notes(record: Mapping[str, Any]) -> dict[str, str]:
    """Shorten a record for the header of weights: options and the code's revision.

    Weights go to others, so of paths only the last part stays.
    """
    code = record["code"]
    return {
        "training": record["training"],
        "options": json.dumps(_without_folders(record["options"])),
        "revision": f"{code['revision']}{'-dirty' if code['dirty'] else ''}",
    }


def describe_data(folder: Path) -> dict[str, object]:
    """Identify people, whose files are named after their seeds, or captures.

    The digest is of names and sizes, and of the checksums that `.npz` files carry: pictures are
    too many to read once more.
    """
    paths = sorted(folder.glob("person_*.npz")) or sorted(_capture_files(folder))
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.relative_to(folder).as_posix()}:{path.stat().st_size}".encode())
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                digest.update(repr([member.CRC for member in archive.infolist()]).encode())
    names = [path.name for path in paths]
    return {
        "files": len(paths),
        "first": names[0] if names else None,
        "last": names[-1] if names else None,
        "digest": digest.hexdigest()[:16],
    }


def _capture_files(folder: Path) -> Iterator[Path]:
    for place in (folder, *folder.glob("*/")):
        if any((place / name).is_file() for name in CAPTURE_FILES):
            yield from (path for path in place.rglob("*") if path.is_file())


def _without_folders(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_folders(part) for name, part in value.items()}
    return PurePath(value).name if isinstance(value, str) else value


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value
