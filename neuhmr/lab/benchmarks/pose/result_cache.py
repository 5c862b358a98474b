"""Results on disk, found again by everything they depend on.

A result's name is a hash of the settings, the weights, the clip and the program's own files that
make it. Change any of them and the old result is not found; change nothing and a whole benchmark
comes from the folder at once.
"""

import hashlib
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from neuhmr.body.motion import Motion
from neuhmr.clip.atomic import atomic_path, check_writable
from neuhmr.errors import OutputError
from neuhmr.lab.benchmarks.pose.clip_result import ClipResult


class ResultCache:
    """A folder of small JSON files."""

    def __init__(self, folder: Path, fresh: bool = False) -> None:
        """Open the folder; make it if it is missing.

        Args:
            folder: where results are kept.
            fresh: find nothing that an earlier benchmark left, but keep what this one makes.

        Raises:
            OutputError: the folder cannot be made or written.
        """
        self.folder = folder
        self._fresh = fresh
        self._written: set[str] = set()
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"The folder {folder} for results cannot be made ({error.strerror or error}); "
                "choose another one with --cache."
            ) from error
        check_writable(folder / "results.json")

    def find(self, key: str) -> dict[str, Any] | None:
        """Read a result, or None where it is not there or damaged."""
        if self._fresh and key not in self._written:
            return None
        try:
            content = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None  # Whatever is wrong with the file, it is made again.
        return content if isinstance(content, dict) else None

    def keep(self, key: str, content: Mapping[str, object]) -> None:
        """Write a result whole or not at all.

        Raises:
            OutputError: the file cannot be written.
        """
        with atomic_path(self._path(key)) as partial:
            partial.write_text(json.dumps(content), encoding="utf-8")
        self._written.add(key)

    def find_results(self, key: str) -> dict[str, ClipResult] | None:
        """Read what one run of a method gave, by name."""
        content = self.find(key)
        try:
            return content and {name: ClipResult(**fields) for name, fields in content.items()}
        except TypeError:
            return None

    def keep_results(self, key: str, results: Mapping[str, ClipResult]) -> None:
        """Write what one run of a method gave.

        Raises:
            OutputError: the file cannot be written.
        """
        self.keep(key, {name: result.as_dict() for name, result in results.items()})

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.json"


def result_key(*parts: object) -> str:
    """Hash settings and digests (anything JSON can hold) into a file name."""
    text = json.dumps(parts, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def files_digest(paths: Collection[Path]) -> str:
    """Hash the contents of files, such as a clip's video, masks, camera and truth."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(f"{path.name}:".encode())
        digest.update(path.read_bytes() if path.is_file() else b"missing")
    return digest.hexdigest()[:16]


def motion_digest(motion: Motion) -> str:
    """Hash poses to a hundredth of a millimeter and of a milliradian.

    Rounded, because the last digits of the same poses differ from machine to machine.
    """
    digest = hashlib.sha256()
    for tensor in (motion.global_orient, motion.body_pose, motion.transl, motion.betas):
        digest.update((tensor.detach().cpu() * 1e5).round().long().numpy().tobytes())
    for flags in (motion.frame_index, motion.valid):
        digest.update(flags.long().cpu().numpy().tobytes())
    return digest.hexdigest()[:16]
