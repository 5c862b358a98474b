"""Drawing a shaded body mesh over a picture.

OpenGL shades where it works (`opengl_shading`), torch elsewhere (`mesh_shading`); both look alike.
"""

import functools
import logging
from types import TracebackType
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float, Int, UInt8
from torch import Tensor

from neuhmr.errors import MissingDependencyError
from neuhmr.geometry.cameras import Camera
from neuhmr.rendering.mesh_shading import shade_mesh
from neuhmr.rendering.opengl_shading import OpenGlShader

logger = logging.getLogger(__name__)

Backend = Literal["auto", "opengl", "torch"]


class MeshOverlay:
    """Draws meshes over pictures of one size; use it as a context manager.

    It may be used from any thread, by one at a time.
    """

    def __init__(self, height: int, width: int, backend: Backend = "auto") -> None:
        """Say how large the pictures are (px).

        Args:
            height: of the pictures.
            width: of the pictures.
            backend: "auto" takes OpenGL where it works and the z-buffer elsewhere, with a notice in
                the log.
        """
        self.height = height
        self.width = width
        self._choice: Backend = backend
        self._opengl: OpenGlShader | None = None

    def __enter__(self) -> "MeshOverlay":
        """Start OpenGL.

        Raises:
            MissingDependencyError: the backend "opengl" is asked for and does not work here.
        """
        if self._choice != "torch":
            try:
                self._opengl = OpenGlShader(self.height, self.width)
            except MissingDependencyError as problem:
                if self._choice == "opengl":
                    raise
                _note_fallback(str(problem))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give OpenGL's memory back."""
        if self._opengl is not None:
            self._opengl.close()
            self._opengl = None

    @property
    def backend(self) -> Backend:
        """What draws: "opengl" or "torch"."""
        return "torch" if self._opengl is None else "opengl"

    def draw(
        self,
        image: UInt8[np.ndarray, "height width 3"],
        vertices: Float[Tensor, "vertices 3"],
        faces: Int[Tensor, "faces 3"],
        camera: Camera,
        color: tuple[float, float, float] = (0.35, 0.6, 0.95),
        opacity: float = 0.7,
    ) -> UInt8[np.ndarray, "height width 3"]:
        """Draw a mesh over a picture, which stays as it is.

        Args:
            image: of the overlay's size.
            vertices: camera frame (m).
            faces: rows of `vertices`, counterclockwise seen from outside.
            camera: K without batch axes; one of another size is resized to the picture's.
            color: of the surface in full light, each in [0, 1].
            opacity: 1 hides what is behind the body.

        Raises:
            ValueError: the picture has another size than the overlay.
        """
        if image.shape[:2] != (self.height, self.width):
            raise ValueError(
                f"MeshOverlay.draw: the image is {image.shape[:2]}, "
                f"the overlay was made for {(self.height, self.width)}"
            )
        vertices = vertices.detach().float().cpu()
        faces = faces.cpu().long()
        camera = camera.detach().to("cpu").to(torch.float32)
        if (camera.height, camera.width) != image.shape[:2]:
            camera = camera.resized(self.height, self.width)
        if self._opengl is not None:
            shaded, coverage = self._opengl.shade(vertices, faces, camera, color)
        else:
            shaded, coverage = shade_mesh(vertices, faces, camera, color)
        share = coverage[..., None] * np.float32(opacity)
        mixed = image * (1.0 - share) + shaded * (255.0 * share)
        return np.rint(mixed).clip(0, 255).astype(np.uint8)


@functools.cache
def _note_fallback(reason: str) -> None:
    logger.warning("%s Meshes are drawn without OpenGL, which is slower.", reason)
