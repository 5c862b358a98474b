"""Which camera filmed a clip: as the user says, a file says, or the clip's own metadata says."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch

from neuhmr.clip.calibration.found import FoundCamera
from neuhmr.clip.calibration.read import REMEDY, choose_camera, read_calibration
from neuhmr.clip.camera_file import fit_camera, read_camera
from neuhmr.clip.intrinsics import FOCAL_LENGTHS
from neuhmr.errors import ClipError
from neuhmr.geometry.cameras import Camera, camera_from_focal

_MOST_BENDING = 0.01
"""Distortion that moves a point by more than this share of the longer side is too much."""
_LEAST_BENDING = 1.0
"""Less than that (px) is not worth a word."""


@dataclass(frozen=True, kw_only=True)
class CameraChoice:
    """What the user says about the camera; at most one of path, focal length and field of view."""

    path: Path | None = None
    name: str | None = None
    """Of the camera, in a file of several."""
    focal: float | None = None
    """Focal length (px of the clip)."""
    fov: float | None = None
    """Field of view from the left to the right edge (degrees)."""

    def check(self) -> None:
        """Refuse what contradicts itself or is no camera's.

        Raises:
            ClipError: naming the options.
        """
        given = [name for name in ("path", "focal", "fov") if getattr(self, name) is not None]
        if len(given) > 1:
            raise ClipError("--camera, --focal and --fov exclude each other; give one of them.")
        if self.focal is not None and not FOCAL_LENGTHS[0] <= self.focal <= FOCAL_LENGTHS[1]:
            raise ClipError(
                f"--focal is {self.focal:g}, pixels from {FOCAL_LENGTHS[0]:g} to "
                f"{FOCAL_LENGTHS[1]:g} were expected; change it."
            )
        if self.fov is not None and not 1.0 <= self.fov <= 170.0:
            raise ClipError(
                f"--fov is {self.fov:g}, degrees from 1 to 170 from the left to the right edge "
                "were expected; change it."
            )
        if self.name is not None and self.path is None:
            raise ClipError("--camera-name names a camera of a file; give it with --camera.")


def chosen_camera(
    choice: CameraChoice, sidecar: Path | None, num_frames: int, height: int, width: int
) -> tuple[Camera, tuple[str, ...]] | None:
    """Find the camera that was given or lies beside the clip, and what to say; None without.

    Raises:
        ClipError: it cannot be used for this clip.
    """
    choice.check()
    if choice.focal is not None:
        return camera_from_focal(choice.focal, height, width), ()
    if choice.fov is not None:
        focal = width / 2.0 / math.tan(math.radians(choice.fov) / 2.0)
        return camera_from_focal(focal, height, width), ()
    path = choice.path or sidecar
    if path is None:
        return None
    if _is_our_own(path):
        return read_camera(path, num_frames, height, width), ()
    found = choose_camera(path, read_calibration(path), choice.name)
    return _for_clip(path, found, height, width)


def _is_our_own(path: Path) -> bool:
    """Tell JSON, in which our camera files are; `read_camera` says what is wrong with others."""
    if not path.is_file():
        return not path.is_dir()
    with path.open("rb") as file:
        start = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    return not start or start.startswith((b"{", b"["))


def _for_clip(
    path: Path, found: FoundCamera, height: int, width: int
) -> tuple[Camera, tuple[str, ...]]:
    """Take a camera for a clip, which has no distortion in our eyes."""
    size = found.size or (height, width)
    bending = found.bends_by()
    share = bending / max(size)
    if not share <= _MOST_BENDING:
        raise ClipError(
            f"{path} has a camera whose lens bends the picture by up to {bending:.0f} px of "
            f"{max(size)}, at most {_MOST_BENDING:.0%} was expected; take the distortion out of "
            "the clip first and give the camera without it."
        )
    remarks = []
    if found.size is None:
        remarks.append(f"{path.name} does not say the picture's size, this clip's is assumed")
    if bending >= _LEAST_BENDING:
        remarks.append(f"the lens' distortion in {path.name} is left out, up to {bending:.1f} px")
    camera = Camera(torch.from_numpy(found.K).float(), *size)
    return fit_camera(camera, path, height, width, ClipError, REMEDY), tuple(remarks)
