"""The folder that keeps a session's versions: one file each."""

import secrets
import string
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import torch

from neuhmr.body.motion import Motion
from neuhmr.errors import NeuhmrError, OutputError, PoseFileError
from workbench.core.pose_store import read_poses, write_poses
from workbench.core.version import Version, read_version

SUFFIX = ".safetensors"
MOST_VERSIONS = 1000
_POSES = "poses"
_ID_LETTERS = frozenset(string.ascii_lowercase + string.digits + "-")


@dataclass(frozen=True)
class VersionFolder:
    """Reads and writes; used on the compute thread."""

    folder: Path

    def read_all(self, frames: torch.Tensor) -> tuple[tuple[Version, ...], tuple[str, ...]]:
        """List the versions of a clip, oldest first, and the names of files that are none.

        Args:
            frames: the clip's; versions of others are none of this clip's.
        """
        found: list[Version] = []
        damaged: list[str] = []
        paths = sorted(self.folder.glob(f"*{SUFFIX}")) if self.folder.is_dir() else []
        for path in paths[:MOST_VERSIONS]:
            if path.name.startswith("."):  # Left over by a program that was killed while writing.
                continue
            try:
                found.append(self._read(path.stem, frames)[0])
            except (NeuhmrError, ValueError, TypeError, OverflowError):
                damaged.append(path.name)
        return tuple(sorted(found, key=lambda version: version.id)), tuple(damaged)

    def load(self, version: str, frames: torch.Tensor) -> tuple[Version, Motion]:
        """Read one version whole.

        Raises:
            PoseFileError: it is missing, damaged, or of another clip.
        """
        try:
            return self._read(version, frames)
        except (ValueError, TypeError, OverflowError) as error:
            raise PoseFileError(
                f"{self._path(version)} describes no version ({error}), one was expected; delete "
                "it."
            ) from error

    def save(self, version: Version, motion: Motion) -> None:
        """Write a version, or write it anew.

        Raises:
            OutputError: it cannot be written.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{self.folder} cannot be made ({error.strerror}), a folder for versions was "
                "expected; choose another session folder."
            ) from error
        write_poses(self._path(version.id), {_POSES: motion}, version.plain())

    def delete(self, version: str) -> None:
        """Remove a version; one that is gone already is no mistake."""
        self._path(version).unlink(missing_ok=True)

    def _read(self, version: str, frames: torch.Tensor) -> tuple[Version, Motion]:
        about, motions = read_poses(self._path(version))
        made, motion = read_version(about), motions.get(_POSES)
        if made.id != version or motion is None:
            raise ValueError("file and description disagree")
        if not torch.equal(motion.frame_index, frames):
            raise ValueError("it has other frames")
        return made, motion

    def _path(self, version: str) -> Path:
        if not version or not set(version) <= _ID_LETTERS:
            raise ValueError("no version is called so")
        return self.folder / f"{version}{SUFFIX}"


def new_id() -> str:
    """Name a version so that later ones come later, also where two are made at once."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S-%f}-{secrets.token_hex(2)}"


def time_now() -> str:
    """Tell the time for a version."""
    return datetime.now(UTC).isoformat(timespec="seconds")
