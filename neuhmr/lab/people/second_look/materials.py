"""Materials computed by Blender's shader nodes: cloth, floors, walls, leaves.

A pattern is a scalar field over the surface that looks its color up in a ramp; none of them is a
picture that our own painter made.
"""

from typing import Any, Literal

import numpy as np

from neuhmr.lab.people.look.patterns import Color

Pattern = Literal["bands", "tartan", "cells", "camouflage", "tie_dye", "heather", "bricks"]
CLOTHS: tuple[Pattern, ...] = ("bands", "tartan", "cells", "camouflage", "tie_dye", "heather")
GROUNDS: tuple[Pattern, ...] = ("bricks", "cells", "tie_dye", "heather", "bands")


class Nodes:
    """A material's node graph under construction; it holds the tree that grows."""

    def __init__(self, bpy: Any, name: str):
        self.material: Any = bpy.data.materials.new(name)
        self._tree: Any = self.material.node_tree
        self.shader: Any = self._tree.nodes["Principled BSDF"]

    def add(self, kind: str, **inputs: Any) -> Any:
        """Add a node; inputs are values or outputs of other nodes."""
        node = self._tree.nodes.new(f"ShaderNode{kind}")
        for name, value in inputs.items():
            self.set(node, name.replace("_", " "), value)
        return node

    def set(self, node: Any, name: str, value: Any) -> None:
        """Give an input a value, or connect it with another node's output."""
        if hasattr(value, "is_linked"):
            self._tree.links.new(value, node.inputs[name])
        else:
            node.inputs[name].default_value = value

    def mixed(self, share: Any, first: Any, second: Any) -> Any:
        """Blend two colors by a share in [0, 1]."""
        node = self._tree.nodes.new("ShaderNodeMixRGB")
        for place, value in enumerate((share, first, second)):
            self._tree.links.new(value, node.inputs[place])
        return node.outputs[0]

    def product(self, first: Any, second: Any) -> Any:
        """Multiply two scalars."""
        node = self._tree.nodes.new("ShaderNodeMath")
        node.operation = "MULTIPLY"
        for place, value in enumerate((first, second)):
            if hasattr(value, "is_linked"):
                self._tree.links.new(value, node.inputs[place])
            else:
                node.inputs[place].default_value = value
        return node.outputs[0]

    def bump(self, height: Any, strength: float, distance: float) -> None:
        """Let a field (about 0 to 1) raise the surface by up to `distance` (m)."""
        bump = self.add("Bump", Strength=strength, Distance=distance, Height=height)
        self.set(self.shader, "Normal", bump.outputs["Normal"])


def pattern(nodes: Nodes, rng: np.random.Generator, kind: Pattern, size: float, place: Any) -> Any:
    """Add a pattern and return its color.

    Args:
        nodes: of the material.
        rng: source of colors and proportions.
        kind: which.
        size: of one repeat, in units of `place`.
        place: the coordinates that it is laid over.
    """
    is_hard = kind in ("bands", "tartan", "cells", "camouflage", "bricks")
    ramp = nodes.add("ValToRGB", Fac=_field(nodes, kind, 1.0 / size, place))
    ramp.color_ramp.interpolation = "CONSTANT" if is_hard else "LINEAR"
    colors = palette(rng, 4)
    if kind == "heather":
        colors = [tuple(c * f for c in colors[0]) for f in (0.8, 0.93, 1.07, 1.2)]
    stops = ramp.color_ramp.elements
    places = (0.0, 0.38, 0.5, 0.62)
    while len(stops) < len(places):
        stops.new(0.5)
    for stop, where, color in zip(stops, places, colors, strict=True):
        stop.position, stop.color = where, (*color, 1.0)
    return ramp.outputs["Color"]


def _field(nodes: Nodes, kind: Pattern, per: float, place: Any) -> Any:
    match kind:
        case "bands":
            wave = nodes.add("TexWave", Vector=place, Scale=0.3 * per, Distortion=0.4)
            return wave.outputs["Factor"]
        case "tartan":
            waves = []
            for direction in ("X", "Y"):
                wave = nodes.add("TexWave", Vector=place, Scale=0.25 * per)
                wave.bands_direction = direction
                waves.append(wave.outputs["Factor"])
            return nodes.product(waves[0], waves[1])
        case "cells":
            cells = nodes.add("TexVoronoi", Vector=place, Scale=per)
            return nodes.add("RGBToBW", Color=cells.outputs["Color"]).outputs["Val"]
        case "camouflage":
            noise = nodes.add("TexNoise", Vector=place, Scale=per, Detail=2.0, Distortion=0.8)
            return noise.outputs["Factor"]
        case "tie_dye":
            noise = nodes.add("TexNoise", Vector=place, Scale=0.6 * per, Distortion=3.0)
            return noise.outputs["Factor"]
        case "heather":
            noise = nodes.add("TexNoise", Vector=place, Scale=4.0 * per, Detail=3.0)
            return noise.outputs["Factor"]
        case "bricks":
            white, gray, dark = (1.0,) * 4, (0.55, 0.55, 0.55, 1.0), (0.0, 0.0, 0.0, 1.0)
            bricks = nodes.add("TexBrick", Vector=place, Scale=per, Color1=white, Color2=gray,
                               Mortar=dark)  # fmt: skip
            return nodes.add("RGBToBW", Color=bricks.outputs["Color"]).outputs["Val"]


def palette(rng: np.random.Generator, count: int) -> list[Color]:
    """Draw linear colors that go together: one hue, its opposite, and two grays of it."""
    hue, spread = rng.uniform(0.0, 2.0 * np.pi), rng.uniform(0.05, 0.5)
    colors = []
    for index in range(count):
        angle = hue + (np.pi if index == 1 else 0.3 * index)
        tint = np.array([np.cos(angle), np.cos(angle - 2.1), np.cos(angle + 2.1)])
        bright = rng.uniform(0.04, 0.75) ** 1.5
        red, green, blue = np.clip(bright * (1.0 + spread * tint), 0.01, 0.9).tolist()
        colors.append((red, green, blue))
    return colors


def surface_material(
    bpy: Any, rng: np.random.Generator, name: str, kinds: tuple[Pattern, ...], size: float
) -> Any:
    """Make a floor, wall or thing: a pattern over its texture coordinates (m), with some gloss."""
    nodes = Nodes(bpy, name)
    place = nodes.add("TexCoord").outputs["UV"]
    color = pattern(nodes, rng, kinds[int(rng.integers(len(kinds)))], size, place)
    nodes.set(nodes.shader, "Base Color", color)
    nodes.set(nodes.shader, "Roughness", float(rng.uniform(0.25, 0.9)))

    return nodes.material


def leaf_material(bpy: Any, rng: np.random.Generator, name: str, color: Color | None = None) -> Any:
    """Make what grows: fine noise of one (linear) color, else of a green."""
    nodes = Nodes(bpy, name)
    place = nodes.add("TexCoord").outputs["Object"]
    noise = nodes.add("TexNoise", Vector=place, Scale=float(rng.uniform(3.0, 9.0)), Detail=4.0)
    ramp = nodes.add("ValToRGB", Fac=noise.outputs["Factor"])
    green = np.array([rng.uniform(0.04, 0.2), rng.uniform(0.1, 0.25), rng.uniform(0.01, 0.06)])
    tone = green if color is None else np.array(color)
    for stop, share in zip(ramp.color_ramp.elements, (0.25, 1.6), strict=True):
        stop.color = (*(share * tone).tolist(), 1.0)
    nodes.set(nodes.shader, "Base Color", ramp.outputs["Color"])
    nodes.set(nodes.shader, "Roughness", 0.95)
    nodes.bump(noise.outputs["Factor"], 1.0, 0.05)
    return nodes.material


def light_material(bpy: Any, name: str, color: Color, strength: float) -> Any:
    """Make something that shines, as a window does."""
    nodes = Nodes(bpy, name)
    nodes.set(nodes.shader, "Base Color", (0.0, 0.0, 0.0, 1.0))
    nodes.set(nodes.shader, "Emission Color", (*color, 1.0))
    nodes.set(nodes.shader, "Emission Strength", strength)
    return nodes.material
