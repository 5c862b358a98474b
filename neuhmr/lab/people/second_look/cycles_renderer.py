"""Rendering a person on a stage with Cycles, Blender's path tracer, in materials of its own.

Geometry, cameras and places of things are the stage's; colors, lights and how light travels are
not. What shows the person is told by the rasterizer that draws the first look, from the same
surface and camera, so masks of both looks are the same.
"""

import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8

from neuhmr.lab.people.look.garments import shirt_field, trousers_field
from neuhmr.lab.people.look.outfit import is_tucked
from neuhmr.lab.people.look.uv_bake import bake_open_body
from neuhmr.lab.people.person import PATCHES, Person, patch_places
from neuhmr.lab.people.random_streams import stream
from neuhmr.lab.people.second_look.blender import (
    add_image,
    add_mesh,
    aim_camera,
    clear_scene,
    load_blender,
    render_picture,
    silence,
    to_blender,
)
from neuhmr.lab.people.second_look.materials import CLOTHS, Nodes, pattern
from neuhmr.lab.people.second_look.surroundings import build_surroundings
from neuhmr.lab.people.stage.stage import Stage
from neuhmr.lab.people.stage.stage_renderer import Picture, StageRenderer, blend

SAMPLES = 4
"""Paths through each pixel; the denoiser takes out what noise they leave."""
_BOUNCES = 3
_BRIGHTNESS = 0.42
"""Mean of the picture (sRGB) that the exposure is set for, as a camera's automatic one."""


class CyclesRenderer:
    """Holds Blender's scene with one stage and one person; use as a context manager.

    Blender has one scene in a process, which is the state that makes this a class.
    """

    def __init__(self, height: int, width: int):
        self._bpy: Any = load_blender()
        self._outlines = StageRenderer(height, width)
        self._size = (height, width)
        self._folder = tempfile.TemporaryDirectory()
        self._stage: Stage | None = None
        self._person: Person | None = None
        self._body: Any = None
        self._camera: Any = None
        self._is_exposed = False
        self._taken = 0

    def __enter__(self) -> "CyclesRenderer":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._outlines.__exit__(kind, error, trace)
        self._folder.cleanup()

    def set_stage(self, stage: Stage) -> None:
        """Choose the place; it is built together with the person who stands on it."""
        self._outlines.set_stage(stage)
        self._stage = stage

    def set_person(self, person: Person) -> None:
        """Build the scene anew for a person, with colors that belong to the person's seed."""
        assert self._stage is not None, "the stage is set first"
        self._outlines.set_person(person)
        rng = stream(person.seed, "second look")
        clear_scene(self._bpy)
        with silence():
            build_surroundings(self._bpy, self._stage, rng)
            material = _person_material(self._bpy, person, rng)
        layout = person.layout
        rest = person.surface_at_rest()
        self._body = add_mesh(
            self._bpy, "person", rest[layout.vertex], layout.faces, layout.uv, material
        )
        place = self._body.data.attributes.new("rest", "FLOAT_VECTOR", "POINT")
        place.data.foreach_set("vector", rest[layout.vertex].astype(np.float32).ravel())
        self._camera = self._bpy.data.objects.new("camera", self._bpy.data.cameras.new("camera"))
        self._bpy.context.scene.collection.objects.link(self._camera)
        self._bpy.context.scene.camera = self._camera
        _configure(self._bpy.context.scene, self._size)
        self._person, self._is_exposed, self._taken = person, False, 0

    def expose(
        self,
        surfaces: Sequence[Float[np.ndarray, "points 3"]],
        K: Float[np.ndarray, "3 3"],
        T_camera_stage: Float[np.ndarray, "4 4"],
    ) -> Picture:
        """Take a picture while the person moves; see `StageRenderer.expose`.

        All moments together get about the paths of one picture.
        """
        scene = self._bpy.context.scene
        pictures = []
        for surface in surfaces:
            self._place(surface)
            aim_camera(self._camera, K, T_camera_stage, self._size)
            if not self._is_exposed:
                self._set_exposure()
            scene.cycles.samples = max(2, SAMPLES // len(surfaces))
            scene.cycles.seed = self._taken
            self._taken += 1
            image = self._render()
            pictures.append(
                Picture(image, self._outlines.render(surface, K, T_camera_stage).coverage)
            )
        return blend(pictures)

    def _place(self, surface: np.ndarray) -> None:
        """Move the person's mesh."""
        assert self._person is not None
        points = to_blender(surface[self._person.layout.vertex])
        mesh = self._body.data
        mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
        mesh.update()

    def _set_exposure(self) -> None:
        """Measure a coarse picture as a camera does, and keep to what that says."""
        scene = self._bpy.context.scene
        scene.cycles.samples, scene.render.resolution_percentage = 4, 25
        for _ in range(2):
            mean = float(self._render().mean()) / 255.0
            scene.view_settings.exposure += float(np.log2(_BRIGHTNESS / max(mean, 0.02))) * 2.0
        scene.render.resolution_percentage = 100
        self._is_exposed = True

    def _render(self) -> UInt8[np.ndarray, "height width 3"]:
        return render_picture(self._bpy, Path(self._folder.name) / "picture.png")


def _configure(scene: Any, size: tuple[int, int]) -> None:
    render, cycles = scene.render, scene.cycles
    render.engine, cycles.device = "CYCLES", "CPU"
    render.resolution_y, render.resolution_x = size
    render.threads_mode, render.threads = "FIXED", torch.get_num_threads()
    render.use_persistent_data = True
    render.image_settings.file_format, render.image_settings.compression = "PNG", 0
    cycles.max_bounces, cycles.diffuse_bounces = _BOUNCES, _BOUNCES - 1
    cycles.glossy_bounces, cycles.transmission_bounces = 1, 0
    cycles.caustics_reflective = cycles.caustics_refractive = False
    cycles.sample_clamp_indirect = 4.0
    cycles.use_denoising, cycles.denoiser = True, "OPENIMAGEDENOISE"
    cycles.denoising_quality, cycles.denoising_prefilter = "FAST", "FAST"


def _person_material(bpy: Any, person: Person, rng: np.random.Generator) -> Any:
    """Keep skin, face, hair and shoes as they are painted; weave shirt and trousers anew."""
    nodes = Nodes(bpy, "person")
    painted = nodes.add("TexImage")
    painted.image = add_image(bpy, "painted", person.texture, "sRGB")
    parts = nodes.add("TexImage")
    parts.image = add_image(bpy, "garments", _garments(person), "Non-Color")
    split = nodes.add("SeparateColor", Color=parts.outputs["Color"])
    place = nodes.add("Attribute")
    place.attribute_name = "rest"
    color = painted.outputs["Color"]
    for channel in ("Red", "Green"):
        kind, size = CLOTHS[int(rng.integers(len(CLOTHS)))], float(rng.uniform(0.03, 0.14))
        cloth = pattern(nodes, rng, kind, size, place.outputs["Vector"])
        color = nodes.mixed(split.outputs[channel], color, cloth)
    nodes.set(nodes.shader, "Base Color", color)
    nodes.set(nodes.shader, "Roughness", float(rng.uniform(0.45, 0.8)))
    nodes.set(nodes.shader, "Sheen Weight", float(rng.uniform(0.0, 0.25)))
    folds = nodes.add("TexNoise", Vector=place.outputs["Vector"], Scale=14.0, Distortion=1.2)
    cloth = nodes.add("RGBToBW", Color=parts.outputs["Color"]).outputs["Val"]
    nodes.bump(nodes.product(folds.outputs["Factor"], cloth), 0.6, 0.03)
    return nodes.material


def _garments(person: Person) -> UInt8[np.ndarray, "height size 3"]:
    """Mark texels of the shirt red, of trousers and skirt green; the painter says which is tucked
    into which."""
    size = person.texture.shape[1]
    bake = bake_open_body(size)
    shirt = shirt_field(person.look.shirt, bake.points) > 0
    trousers = trousers_field(person.look.trousers, bake.points) > 0
    if is_tucked(person.look):
        shirt &= ~trousers
    else:
        trousers &= ~shirt
    colors = np.stack([shirt, trousers, np.zeros_like(shirt)], axis=1).astype(np.float64)
    patch = size // PATCHES
    strip = np.zeros((patch, size, 3), np.uint8)
    place = patch_places(person.attachments).get("skirt")
    if place is not None:
        strip[:, place * patch : (place + 1) * patch, 1] = 255
    return np.concatenate([bake.texture(colors), strip])
