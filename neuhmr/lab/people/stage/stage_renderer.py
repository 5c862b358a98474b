"""Rendering a person on a stage with pyrender: pictures with shadows and exact masks."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8

from neuhmr.geometry.mesh_normals import vertex_normals
from neuhmr.lab.people.person import Person
from neuhmr.lab.people.stage.soft_light import Occluders, group_occluders, soft_light
from neuhmr.lab.people.stage.stage import Lamp, Panel, Stage
from neuhmr.offscreen_gl import close_renderer, load_pyrender, open_renderer, release_context

_GL_CAMERA = np.diag([1.0, -1.0, -1.0, 1.0])
"""OpenGL cameras look along -z with +y up; OpenCV ones along +z with +y down."""

_LAMP_DISTANCE = 12.0
"""How far lamps are from the person (m): beyond the walls, which face away and stay even."""


@dataclass(frozen=True)
class Picture:
    """What the renderer sees, before a camera spoils it."""

    image: UInt8[np.ndarray, "height width 3"]
    coverage: Float[np.ndarray, "height width"]
    """Share of each pixel that shows the person, in quarters."""

    @property
    def mask(self) -> Bool[np.ndarray, "height width"]:
        """Pixels that show more person than background."""
        return self.coverage > 0.5


def blend(pictures: list[Picture]) -> Picture:
    """Average what is seen while the shutter is open; the mask is the middle picture's."""
    middle = pictures[len(pictures) // 2]
    if len(pictures) == 1:
        return middle
    light = sum(np.square(picture.image.astype(np.float32)) for picture in pictures)
    mean = np.sqrt(np.asarray(light) / len(pictures))
    return Picture((mean + 0.5).astype(np.uint8), middle.coverage)


class StageRenderer:
    """Holds the GL context, one stage and one person; use as a context manager.

    The GL context is the state that makes this a class: it costs most of a second to open.
    """

    def __init__(self, height: int, width: int):
        self._pyrender: Any = load_pyrender()
        self._renderer: Any = open_renderer(height, width)
        self._scene: Any = None
        self._stage: Stage | None = None
        self._person: Person | None = None
        self._occluders: Occluders | None = None
        self._material: Any = None
        self._node: Any = None
        self._shown: np.ndarray | None = None
        self._camera: Any = None

    def __enter__(self) -> "StageRenderer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        close_renderer(self._renderer)

    def set_stage(self, stage: Stage) -> None:
        """Build the place and its lights."""
        pyrender = self._pyrender
        # Only the person is opaque in the alpha channel, which thereby becomes the mask.
        self._scene = pyrender.Scene(bg_color=[0.5, 0.5, 0.5, 0.0], ambient_light=stage.ambient)
        materials: dict[tuple[int, bool], Any] = {}
        primitives = []
        for panel in stage.panels:
            key = (panel.texture, panel.is_lit)
            if key not in materials:
                materials[key] = self._background(stage.textures[panel.texture], panel.is_lit)
            primitives.append(_panel_primitive(pyrender, panel, materials[key]))
        # One mesh, because pyrender draws meshes in no fixed order and seams would flicker.
        self._scene.add(pyrender.Mesh(primitives))
        # Every directional light casts shadows and costs a pass; only the key lamp is one.
        self._scene.add(
            pyrender.DirectionalLight(color=_light_color(stage.key), intensity=stage.key.intensity),
            pose=_lamp_pose(stage.key),
        )
        for lamp in stage.fills:
            power = lamp.intensity * _LAMP_DISTANCE**2
            light = pyrender.PointLight(color=_light_color(lamp), intensity=power)
            self._scene.add(light, pose=_lamp_pose(lamp))
        self._stage = stage
        self._node = self._camera = self._shown = None

    def set_person(self, person: Person) -> None:
        """Upload the texture of the person to be shown."""
        pyrender = self._pyrender
        texture = pyrender.Texture(
            source=np.ascontiguousarray(person.texture), source_channels="RGB"
        )
        self._material = pyrender.MetallicRoughnessMaterial(
            baseColorTexture=texture, metallicFactor=0.0, roughnessFactor=0.85, smooth=True,
            doubleSided=True,
        )  # fmt: skip
        self._person, self._shown = person, None
        weights = person.shaped.model.lbs_weights.numpy()
        self._occluders = group_occluders(weights, person.shaped.v_shaped.numpy())

    def expose(
        self,
        surfaces: Sequence[Float[np.ndarray, "points 3"]],
        K: Float[np.ndarray, "3 3"],
        T_camera_stage: Float[np.ndarray, "4 4"],
    ) -> Picture:
        """Take a picture while the person moves.

        Args:
            surfaces: the person at moments while the shutter is open; the mask is the middle one's.
            K: see `render`.
            T_camera_stage: see `render`.
        """
        return blend([self.render(surface, K, T_camera_stage) for surface in surfaces])

    def render(
        self,
        surface: Float[np.ndarray, "points 3"],
        K: Float[np.ndarray, "3 3"],
        T_camera_stage: Float[np.ndarray, "4 4"],
    ) -> Picture:
        """Take a picture of the person.

        Args:
            surface: as `Person.surface` gives it (m, stage frame).
            K: intrinsics of an OpenCV camera without skew (px).
            T_camera_stage: rigid transform into the camera's frame (OpenCV axes).
        """
        if surface is not self._shown:
            self._place(surface)
        self._point_camera(K, T_camera_stage)
        assert self._stage is not None
        flags = self._pyrender.RenderFlags
        shadows = flags.SHADOWS_DIRECTIONAL if self._stage.has_shadows else flags.NONE
        try:
            color, _ = self._renderer.render(self._scene, flags=shadows | flags.RGBA)
        finally:
            release_context()
        return Picture(color[..., :3].copy(), color[..., 3].astype(np.float64) / 255.0)

    def _place(self, surface: np.ndarray) -> None:
        """Stand the person on the stage, lit from all around."""
        assert self._person is not None and self._stage is not None
        assert self._occluders is not None
        if self._node is not None:
            self._scene.remove_node(self._node)
        layout = self._person.layout
        faces = torch.from_numpy(layout.vertex[layout.faces])
        normals = vertex_normals(torch.from_numpy(surface), faces).numpy()
        light = soft_light(surface, normals, self._occluders, self._stage.surroundings)
        color = np.concatenate([light, np.ones((len(light), 1))], axis=1)
        primitive = self._pyrender.Primitive(
            positions=surface[layout.vertex].astype(np.float32),
            normals=normals[layout.vertex].astype(np.float32),
            texcoord_0=layout.uv.astype(np.float32),
            color_0=color[layout.vertex].astype(np.float32),
            indices=layout.faces,
            material=self._material,
        )
        self._node = self._scene.add(self._pyrender.Mesh([primitive]))
        self._shown = surface

    def _point_camera(self, K: np.ndarray, T_camera_stage: np.ndarray) -> None:
        if self._camera is not None:
            self._scene.remove_node(self._camera)
        camera = self._pyrender.IntrinsicsCamera(
            K[0, 0], K[1, 1], K[0, 2], K[1, 2], znear=0.1, zfar=40.0
        )
        pose = np.linalg.inv(T_camera_stage) @ _GL_CAMERA
        self._camera = self._scene.add(camera, pose=pose)

    def _background(self, texture: np.ndarray, is_lit: bool) -> Any:
        """Make the material of a panel; one that is not lit shines by its texture alone."""
        pyrender = self._pyrender
        image = pyrender.Texture(source=np.ascontiguousarray(texture), source_channels="RGB")
        common = {"metallicFactor": 0.0, "roughnessFactor": 0.85, "smooth": True}
        if is_lit:
            return pyrender.MetallicRoughnessMaterial(
                baseColorTexture=image, baseColorFactor=[1.0, 1.0, 1.0, 0.0], **common
            )
        return pyrender.MetallicRoughnessMaterial(
            emissiveTexture=image, emissiveFactor=[1.0, 1.0, 1.0],
            baseColorFactor=[0.0, 0.0, 0.0, 0.0], **common,
        )  # fmt: skip


def _light_color(lamp: Lamp) -> Float[np.ndarray, "3"]:
    """Colors must be floats: an integer array silently gives no light."""
    return lamp.color.astype(np.float64)


def _panel_primitive(pyrender: Any, panel: Panel, material: Any) -> Any:
    corners = panel.corners
    normal = np.cross(corners[1] - corners[0], corners[3] - corners[0])
    across, up = panel.repeats
    return pyrender.Primitive(
        positions=corners.astype(np.float32),
        normals=np.tile(normal / np.linalg.norm(normal), (4, 1)).astype(np.float32),
        texcoord_0=np.array([[0, 0], [across, 0], [across, up], [0, up]], np.float32),
        indices=np.array([[0, 1, 2], [0, 2, 3]]),
        material=material,
    )


def _lamp_pose(lamp: Lamp) -> Float[np.ndarray, "4 4"]:
    """A directional light shines along the -z axis of its node."""
    backward = -lamp.direction / np.linalg.norm(lamp.direction)
    side = np.cross([0.0, 1.0, 0.0], backward)
    side = side / np.linalg.norm(side)
    pose = np.eye(4)
    pose[:3, :3] = np.stack([side, np.cross(backward, side), backward], axis=1)
    pose[:3, 3] = backward * _LAMP_DISTANCE + np.array([0.0, 0.9, 0.0])
    return pose
