"""The embedded open body: an SMPL-format body that needs no licensed file."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8

OPEN_BODY_PATH = Path(__file__).parent / "data" / "open_body.npz"


@dataclass(frozen=True)
class OpenBodySurface:
    """What texturing needs of the open body beside its SMPL-format part."""

    vt: Float[np.ndarray, "uv_points 2"]
    """Texture coordinates in [0, 1], v = 0 at the bottom of the image."""
    ft: Int[np.ndarray, "faces 3"]
    """Corners of each face in `vt`, in the order of the body's faces."""
    part_labels: UInt8[np.ndarray, " vertices"]
    part_names: tuple[str, ...]


def load_open_body_surface() -> OpenBodySurface:
    """Read texture coordinates and part labels of the open body."""
    with np.load(OPEN_BODY_PATH, allow_pickle=False) as data:
        return OpenBodySurface(
            vt=data["vt"],
            ft=data["ft"],
            part_labels=data["part_labels"],
            part_names=tuple(str(name) for name in data["part_names"]),
        )
