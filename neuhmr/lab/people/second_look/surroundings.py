"""Places of the second look: the stage's own walls and things in other materials, other lights.

What is drawn around the person keeps out of the way of cameras exactly as the stage does.
"""

from typing import Any

import numpy as np

from neuhmr.lab.people.second_look.blender import add_mesh, to_blender
from neuhmr.lab.people.second_look.materials import (
    CLOTHS,
    GROUNDS,
    leaf_material,
    light_material,
    surface_material,
)
from neuhmr.lab.people.stage.rooms import ROOM_HALF, ROOM_HEIGHT
from neuhmr.lab.people.stage.stage import Panel, Stage

_QUAD = np.array([[0, 1, 2, 3]])
_LAND = 60.0
"""Half the width of the ground outdoors (m)."""


def build_surroundings(bpy: Any, stage: Stage, rng: np.random.Generator) -> None:
    """Put a place and its lights into an empty scene."""
    world = bpy.data.worlds.new("surroundings")
    bpy.context.scene.world = world
    if stage.kind in ("room", "studio", "hall"):
        _furnish(bpy, stage, rng)
    else:
        _plant(bpy, stage, rng)
        _shine(bpy, world, rng)


def _furnish(bpy: Any, stage: Stage, rng: np.random.Generator) -> None:
    materials: dict[tuple[int, bool], Any] = {}
    for place, panel in enumerate(stage.panels):
        key = (panel.texture, panel.is_lit)
        if key not in materials:
            materials[key] = _panel_material(bpy, panel, rng)
        _add_panel(bpy, f"panel {place}", panel, materials[key])
    # Large lamps give soft shadows, small ones hard; a single one would leave them black.
    for lamp in range(int(rng.integers(2, 5))):
        data = bpy.data.lights.new(f"lamp {lamp}", "AREA")
        data.size = float(rng.uniform(0.3, 2.5))
        data.energy = float(rng.uniform(60.0, 200.0))
        data.color = (1.0, *(float(rng.uniform(0.7, 1.0)) for _ in range(2)))
        thing = bpy.data.objects.new(f"lamp {lamp}", data)
        where = rng.uniform(-0.6 * ROOM_HALF, 0.6 * ROOM_HALF, 2)
        thing.location = to_blender(np.array([[where[0], ROOM_HEIGHT - 0.05, where[1]]]))[0]
        bpy.context.scene.collection.objects.link(thing)


def _panel_material(bpy: Any, panel: Panel, rng: np.random.Generator) -> Any:
    name = f"texture {panel.texture}"
    if not panel.is_lit:
        return light_material(bpy, name, (1.0, 0.97, 0.92), float(rng.uniform(1.0, 4.0)))
    is_ceiling = bool((panel.corners[:, 1] >= ROOM_HEIGHT - 0.01).all())
    if is_ceiling:
        return surface_material(bpy, rng, name, ("heather",), 0.5)
    kinds = GROUNDS if float(np.ptp(panel.corners[:, 1])) < 0.01 else (*GROUNDS, "heather")
    return surface_material(bpy, rng, name, kinds, float(rng.uniform(0.15, 0.9)))


def _add_panel(bpy: Any, name: str, panel: Panel, material: Any) -> None:
    corners = panel.corners
    across = float(np.linalg.norm(corners[1] - corners[0]))
    up = float(np.linalg.norm(corners[3] - corners[0]))
    uv = np.array([[0.0, 0.0], [across, 0.0], [across, up], [0.0, up]])
    add_mesh(bpy, name, corners, _QUAD, uv, material)


def _plant(bpy: Any, stage: Stage, rng: np.random.Generator) -> None:
    """Lay out ground, and houses or trees beyond where cameras can stand."""
    size = float(rng.uniform(0.3, 1.2))
    if stage.kind == "street":
        ground = surface_material(bpy, rng, "ground", GROUNDS, size)
    else:
        ground = leaf_material(bpy, rng, "ground")
    land = _LAND * np.array([[-1.0, 0, 1], [1.0, 0, 1], [1.0, 0, -1], [-1.0, 0, -1]])
    add_mesh(bpy, "ground", land, _QUAD, land[:, [0, 2]], ground)
    for number in range(int(rng.integers(14, 26))):
        azimuth = 2.0 * np.pi * rng.uniform()
        distance = stage.reach + rng.uniform(3.5, 14.0)
        middle = distance * np.array([np.sin(azimuth), 0.0, np.cos(azimuth)])
        if stage.kind == "street" and rng.uniform() < 0.75:
            material = surface_material(bpy, rng, f"house {number}", (*GROUNDS, *CLOTHS[:2]), 1.2)
            _house(bpy, f"house {number}", middle, azimuth, rng, material)
        else:
            _tree(bpy, f"tree {number}", middle, rng)


def _house(bpy: Any, name: str, middle: np.ndarray, azimuth: float, rng: np.random.Generator,
           material: Any) -> None:  # fmt: skip
    width, height, depth = rng.uniform(2.0, 5.0), rng.uniform(3.0, 9.0), 2.0
    flat = np.array([[-1, 1], [1, 1], [1, -1], [-1, -1]]) * [width / 2, depth / 2]
    cos, sin = np.cos(azimuth), np.sin(azimuth)
    turned = flat @ np.array([[cos, -sin], [sin, cos]])
    for side in range(4):
        a, b = turned[side], turned[(side + 1) % 4]
        corners = middle + np.array([
            [a[0], 0, a[1]], [b[0], 0, b[1]], [b[0], height, b[1]], [a[0], height, a[1]],
        ])  # fmt: skip
        _add_panel(bpy, f"{name} {side}", Panel(corners, 0, (1.0, 1.0)), material)


def _tree(bpy: Any, name: str, middle: np.ndarray, rng: np.random.Generator) -> None:
    """Stand a trunk up and hang lumps of leaves around its top."""
    height, crown = rng.uniform(2.5, 6.0), rng.uniform(0.8, 1.8)
    leaves = leaf_material(bpy, rng, f"{name} leaves")
    for _ in range(int(rng.integers(6, 14))):
        offset = rng.normal(0.0, 0.5 * crown, 3) + np.array([0.0, height, 0.0])
        bpy.ops.mesh.primitive_ico_sphere_add(
            subdivisions=4, radius=float(crown * rng.uniform(0.3, 0.7)),
            location=to_blender((middle + offset)[None])[0],
        )  # fmt: skip
        _ruffle(bpy.context.object.data, rng)
        bpy.context.object.data.materials.append(leaves)
    bark = leaf_material(bpy, rng, f"{name} bark", (0.06, 0.045, 0.03))
    bpy.ops.mesh.primitive_cylinder_add(
        vertices=10, radius=float(rng.uniform(0.1, 0.25)), depth=float(height),
        location=to_blender((middle + np.array([0.0, height / 2, 0.0]))[None])[0],
    )  # fmt: skip
    bpy.context.object.data.materials.append(bark)


def _ruffle(mesh: Any, rng: np.random.Generator) -> None:
    """Move a ball's points in and out, so that its outline is that of leaves."""
    points = np.empty(3 * len(mesh.vertices), np.float32)
    mesh.vertices.foreach_get("co", points)
    stretch = 1.0 + 0.22 * rng.standard_normal(len(mesh.vertices))
    mesh.vertices.foreach_set("co", points * np.repeat(stretch, 3).astype(np.float32))


def _shine(bpy: Any, world: Any, rng: np.random.Generator) -> None:
    """Make a sky, and a sun that may be behind clouds."""
    nodes, links = world.node_tree.nodes, world.node_tree.links
    elevation, azimuth = float(rng.uniform(0.25, 1.2)), float(rng.uniform(0.0, 2.0 * np.pi))
    sky = nodes.new("ShaderNodeTexSky")
    sky.sun_disc, sky.sun_elevation, sky.sun_rotation = False, elevation, azimuth
    links.new(sky.outputs["Color"], nodes["Background"].inputs["Color"])
    nodes["Background"].inputs["Strength"].default_value = float(rng.uniform(0.15, 0.5))
    sun = bpy.data.lights.new("sun", "SUN")
    sun.energy, sun.angle = float(rng.uniform(0.5, 5.0)), float(rng.uniform(0.01, 0.3))
    sun.color = (1.0, 0.95, 0.88)
    thing = bpy.data.objects.new("sun", sun)
    thing.rotation_euler = (np.pi / 2 - elevation, 0.0, azimuth)
    bpy.context.scene.collection.objects.link(thing)
