"""One posed body as a mesh file."""

from pathlib import Path

import numpy as np
import trimesh
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.clip.atomic import atomic_path


def write_mesh(
    path: Path, vertices: Float[Tensor, "vertices 3"], faces: Int[Tensor, "faces 3"]
) -> None:
    """Write a body seen from the camera as GLB, OBJ or PLY, by the suffix.

    Camera-frame points (y down, z forward) become glTF's (y up, z towards the viewer); metres stay.

    Raises:
        OutputError: the file cannot be written.
    """
    points = vertices.detach().cpu().numpy() * np.array([1.0, -1.0, -1.0])
    mesh = trimesh.Trimesh(points, faces.cpu().numpy(), process=False)
    with atomic_path(path) as partial:
        mesh.export(partial)
