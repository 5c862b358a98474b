"""Blender's Python module `bpy`, an optional package: loading it, meshes and silent rendering.

Blender's world has +z up; ours has +y up. Its cameras look along -z with +y up.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image

from neuhmr.errors import MissingDependencyError

T_BLENDER_STAGE = np.array(
    [[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, -1.0, 0.0], [0.0, 1.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
)
"""From the stage (+y up) to Blender's world."""
_T_OPENCV_BLENDER = np.diag([1.0, -1.0, -1.0, 1.0])
"""From Blender's camera axes to OpenCV's."""
_SENSOR = 36.0
"""Width of the sensor (mm); only its ratio to the focal length counts."""


def has_blender() -> bool:
    """Tell whether `bpy` is installed."""
    return importlib.util.find_spec("bpy") is not None


def load_blender() -> Any:
    """Import `bpy` and start from an empty scene.

    Raises:
        MissingDependencyError: it is not installed or does not load.
    """
    try:
        bpy: Any = importlib.import_module("bpy")
    except (ImportError, OSError) as error:
        raise MissingDependencyError(
            f"The look cycles needs Blender's Python module bpy ({error}); run pip install "
            "'neuhmr-workbench[cycles]', or choose --look raster."
        ) from error
    clear_scene(bpy)
    return bpy


def clear_scene(bpy: Any) -> None:
    """Forget everything."""
    with silence():
        bpy.ops.wm.read_factory_settings(use_empty=True)


def add_mesh(
    bpy: Any,
    name: str,
    vertices: Float[np.ndarray, "vertices 3"],
    faces: Int[np.ndarray, "faces corners"],
    uv: Float[np.ndarray, "vertices 2"],
    material: Any,
) -> Any:
    """Put a mesh into the scene.

    Args:
        bpy: the module.
        name: of mesh and object.
        vertices: in the stage's frame (m).
        faces: triangles or quadrangles, counter-clockwise from outside.
        uv: texture coordinates of every vertex.
        material: of all faces.
    """
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(to_blender(vertices).tolist(), [], faces.tolist())
    layer = mesh.uv_layers.new(name="uv")
    layer.data.foreach_set("uv", uv[faces.ravel()].astype(np.float32).ravel())
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), bool))
    mesh.materials.append(material)
    thing = bpy.data.objects.new(name, mesh)
    bpy.context.scene.collection.objects.link(thing)
    return thing


def add_image(bpy: Any, name: str, image: UInt8[np.ndarray, "height width 3"], space: str) -> Any:
    """Hand a picture over; `space` is "sRGB" for colors and "Non-Color" for shares."""
    height, width = image.shape[:2]
    made = bpy.data.images.new(name, width, height)
    made.colorspace_settings.name = space
    pixels = np.ones((height, width, 4), np.float32)
    pixels[..., :3] = image[::-1].astype(np.float32) / 255.0
    made.pixels.foreach_set(pixels.ravel())
    made.pack()
    return made


def to_blender(points: Float[np.ndarray, "points 3"]) -> Float[np.ndarray, "points 3"]:
    """Turn stage coordinates into Blender's."""
    return points @ T_BLENDER_STAGE[:3, :3].T


def aim_camera(
    camera: Any,
    K: Float[np.ndarray, "3 3"],
    T_camera_stage: Float[np.ndarray, "4 4"],
    size: tuple[int, int],
) -> None:
    """Give a Blender camera the view of an OpenCV camera with square pixels and no skew."""
    height, width = size
    if abs(K[0, 0] / K[1, 1] - 1.0) > 1e-6:
        raise ValueError(f"aim_camera: square pixels expected, fx {K[0, 0]} and fy {K[1, 1]}")
    camera.data.sensor_fit, camera.data.sensor_width = "HORIZONTAL", _SENSOR
    camera.data.lens = K[0, 0] * _SENSOR / width
    camera.data.shift_x = (width / 2 - K[0, 2]) / width
    camera.data.shift_y = (K[1, 2] - height / 2) / width
    pose = T_BLENDER_STAGE @ np.linalg.inv(T_camera_stage) @ _T_OPENCV_BLENDER
    camera.matrix_world = importlib.import_module("mathutils").Matrix(pose.tolist())


def render_picture(bpy: Any, path: Path) -> UInt8[np.ndarray, "height width 3"]:
    """Render the scene by way of a PNG file."""
    bpy.context.scene.render.filepath = str(path)
    with silence():
        bpy.ops.render.render(write_still=True)
    return np.asarray(Image.open(path).convert("RGB")).copy()


@contextmanager
def silence() -> Iterator[None]:
    """Keep what Blender prints out of standard output, which may be a JSON object."""
    sys.stdout.flush()
    kept, nowhere = os.dup(1), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 1)
        yield
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)
