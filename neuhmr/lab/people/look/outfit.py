"""Painting a look onto surface points: skin and face first, then layer over layer of clothes."""

import numpy as np
from jaxtyping import Float

from neuhmr.lab.people.look.garments import (
    beard_field,
    cuff_field,
    eye_centers,
    glasses_field,
    hair_field,
    headwear_field,
    leg_end_field,
    neckline_field,
    shirt_field,
    shoe_field,
    sock_field,
    trousers_field,
)
from neuhmr.lab.people.look.look import Hair, Look, Shirt, Shoes, Trousers
from neuhmr.lab.people.look.patterns import Color, fabric_colors, fractal_noise, noise_at
from neuhmr.lab.people.look.surface_points import SurfacePoints

Colors = Float[np.ndarray, "points 3"]
EDGE = 0.0025
"""Width over which one layer gives way to the next (m)."""


def paint_look(look: Look, points: SurfacePoints) -> Colors:
    """Color every point (sRGB in [0, 1])."""
    colors = _paint_skin(look, points)
    _paint_face(look, points, colors)
    _paint_hair(look.hair, look.seed, points, colors)
    _cover(colors, sock_field(look.shoes, points), np.array(look.shoes.sock))
    layers = [
        lambda: _paint_shirt(look.shirt, points, colors),
        lambda: _paint_trousers(look.trousers, points, colors),
    ]
    for paint in layers if is_tucked(look) else reversed(layers):
        paint()
    _paint_shoes(look.shoes, points, colors)
    if look.headwear != "none":
        _paint_headwear(look, points, colors)
    if look.has_glasses:
        _cover(colors, glasses_field(points), np.array([0.07, 0.06, 0.06]), 0.9)
    if look.has_watch:
        _paint_watch(points, colors)
    return np.clip(colors, 0.0, 1.0)


def is_tucked(look: Look) -> bool:
    """Tell whether the trousers go over the shirt."""
    return look.shirt.hem > 0.07


def _cover(colors: Colors, field: np.ndarray, over: np.ndarray, opacity: float = 1.0) -> None:
    """Lay `over` where the field is positive, with soft edges."""
    share = opacity * np.clip(0.5 + field / EDGE, 0.0, 1.0)[:, None]
    colors += share * (over - colors)


def _paint_skin(look: Look, points: SurfacePoints) -> Colors:
    skin = np.array(look.skin)
    blotches = fractal_noise(points.positions, 0.06, look.seed)[:, None]
    colors = skin * (1.0 + 0.025 * blotches)
    # Blood shows in palms, knuckles, knees, elbows and cheeks.
    red = 0.35 * np.clip(np.abs(points.along_arm) - 1.0, 0.0, 0.3)
    for joint in (4, 5, 18, 19):
        distance = np.linalg.norm(points.positions - points.joints[joint], axis=1)
        red = red + 0.06 * np.exp(-np.square(distance / 0.06))
    return colors * (1.0 - red[:, None] * np.array([0.15, 0.9, 0.9]))


def _paint_face(look: Look, points: SurfacePoints, colors: Colors) -> None:
    z = points.positions[:, 2]
    skin = np.array(look.skin)
    eyes = eye_centers(points)
    on_head = points.head_share > 0.3
    for center, side in zip(eyes, (1.0, -1.0), strict=True):
        cheek = center + np.array([0.012 * side, -0.045, 0.0])
        glow = 0.12 * np.exp(-np.square(np.linalg.norm(points.positions - cheek, axis=1) / 0.022))
        colors *= 1.0 - (glow * on_head)[:, None] * np.array([0.1, 1.0, 0.9])
        offset = points.positions - center
        near = on_head & (np.abs(offset[:, 2]) < 0.05) & (z > 0.0)
        across = np.hypot(offset[:, 0] / 1.35, offset[:, 1])
        socket = np.exp(-np.square(across / 0.016)) * near
        colors *= 1.0 - 0.22 * socket[:, None]
        lid = near & ~points.part("eyes", "irises", "pupils") & (offset[:, 1] > -0.004)
        _cover(colors, np.where(lid, 0.0125 - across, -1.0), skin * 0.28, 0.8)
        _paint_brow(look, offset, side, near, colors)
    lips = points.part("lips")
    lip_color = skin * np.array([1.0, 1.0 - 0.45 * look.lips, 1.0 - 0.4 * look.lips])
    colors[lips] = 0.15 * colors[lips] + 0.85 * (0.94 * lip_color)
    colors[points.part("mouth")] = skin * np.array([0.42, 0.28, 0.27])
    _paint_eyes(look, points, eyes, colors)
    nostril = points.positions - np.array([0.0, eyes[0, 1] - 0.047, z[on_head].max() - 0.012])
    nostril[:, 0] = np.abs(nostril[:, 0]) - 0.008
    dark = np.exp(-np.square(np.linalg.norm(nostril, axis=1) / 0.005)) * on_head
    colors *= 1.0 - 0.55 * dark[:, None]


def _paint_brow(
    look: Look, offset: np.ndarray, side: float, near: np.ndarray, colors: Colors
) -> None:
    outward = offset[:, 0] * side
    arc = 0.021 + 0.004 * np.cos((outward - 0.004) / 0.012)
    inside = 1.0 - np.abs(outward - 0.003) / 0.021
    width = 0.004 * np.clip(inside, 0.0, 1.0) ** 0.5
    field = np.where(near & (inside > 0), width - np.abs(offset[:, 1] - arc), -1.0)
    brow = 0.6 * np.array(look.hair.color) + 0.15 * np.array(look.skin)
    _cover(colors, field, brow, 0.85)


def _paint_eyes(look: Look, points: SurfacePoints, eyes: np.ndarray, colors: Colors) -> None:
    ball = points.part("eyes", "irises", "pupils")
    colors[ball] = np.array([0.86, 0.85, 0.83])
    for center in eyes:
        across = np.linalg.norm((points.positions - center)[:, :2], axis=1)
        near = ball & (np.sign(points.positions[:, 0]) == np.sign(center[0]))
        _cover(colors, np.where(near, 0.0078 - across, -1.0), np.array(look.iris) * 0.8)
        _cover(colors, np.where(near, 0.0062 - across, -1.0), np.array(look.iris))
        _cover(colors, np.where(near, 0.0034 - across, -1.0), np.array([0.02, 0.02, 0.02]))


def _paint_hair(hair: Hair, seed: int, points: SurfacePoints, colors: Colors) -> None:
    x, y, _ = points.positions.T
    if hair.beard > 0:
        stubble = 0.65 + 0.2 * noise_at(points.positions, 0.004, seed + 7)
        field = beard_field(points) + 0.003 * noise_at(points.positions, 0.01, seed + 8)
        beard = np.array(hair.color) * (0.9 + 0.2 * stubble[:, None])
        _cover(colors, field, beard, 0.25 + 0.6 * hair.beard)
    strands = np.stack([x / 0.25, y, points.positions[:, 2] / 0.25], axis=1)
    streak = 0.16 * noise_at(strands, 0.045, seed + 3) + 0.10 * noise_at(strands, 0.018, seed + 4)
    crown = np.clip((y - points.joints[15, 1] - 0.06) / 0.08, 0.0, 1.0)
    parting = np.exp(-np.square((x - 0.03 * hair.parting) / 0.004)) * crown
    shade = (0.92 + streak + 0.12 * crown - 0.25 * parting)[:, None]
    field = hair_field(hair, points) + 0.0025 * noise_at(points.positions, 0.012, seed + 5)
    _cover(colors, field, np.array(hair.color) * shade)


def _creases(points: SurfacePoints, seed: int, strength: float) -> np.ndarray:
    """Paint light and dark folds, stronger where limbs and trunk bend."""
    bend = np.full(len(points), 0.35)
    for joint in (1, 2, 4, 5, 16, 17, 18, 19, 3):
        distance = np.linalg.norm(points.positions - points.joints[joint], axis=1)
        bend = np.maximum(bend, np.exp(-np.square(distance / 0.13)))
    along_limb = points.positions * np.array([1.0, 1.0, 0.6])
    folds = fractal_noise(along_limb * np.array([0.8, 1.9, 1.0]), 0.11, seed, octaves=2)
    ridges = 1.0 - 2.0 * np.minimum(np.abs(folds), 1.0)
    return 1.0 + strength * bend * (0.5 * ridges + 0.4 * folds)


def _weave(points: SurfacePoints, seed: int) -> np.ndarray:
    return 1.0 + 0.025 * noise_at(points.positions, 0.006, seed + 17)


def _paint_shirt(shirt: Shirt, points: SurfacePoints, colors: Colors) -> None:
    x, y, z = points.positions.T
    cloth = fabric_colors(shirt.fabric, points)
    field = shirt_field(shirt, points)
    hem = y - (points.joints[1, 1] + shirt.hem)
    edges = np.minimum.reduce([hem, neckline_field(shirt, points), cuff_field(shirt, points)])
    if shirt.logo is not None:
        chest = np.array([0.0, points.joints[9, 1] + 0.03])
        distance = np.hypot(x - chest[0], (y - chest[1]) * 1.1)
        front = z > points.joints[9, 2] + 0.03
        _cover(cloth, np.where(front, 0.07 - distance, -1.0), np.array(shirt.logo[0]))
        wobble = 0.012 * np.cos(5 * np.arctan2(y - chest[1], x))
        _cover(cloth, np.where(front, 0.035 + wobble - distance, -1.0), np.array(shirt.logo[1]))
    if shirt.has_zip:
        front = (z > 0) & (points.arm_share < 0.5)
        _cover(cloth, np.where(front, 0.004 - np.abs(x), -1.0), np.array([0.2, 0.2, 0.2]))
    if shirt.has_buttons:
        front = (z > 0) & (points.arm_share < 0.5)
        placket = np.where(front, 0.0015 - np.abs(np.abs(x) - 0.017), -1.0)
        _cover(cloth, placket, cloth.mean(axis=0) * 0.6)
        button = np.hypot(x, (y % 0.085) - 0.0425)
        _cover(cloth, np.where(front, 0.006 - button, -1.0), np.array([0.85, 0.84, 0.80]))
    if shirt.trim is not None:
        _cover(cloth, 0.018 - edges, np.array(shirt.trim))
    seam = np.exp(-np.square((edges - 0.015) / 0.002))
    cloth = (
        cloth
        * (_creases(points, shirt.fabric.seed, 0.20) * _weave(points, shirt.fabric.seed))[:, None]
    )
    cloth *= 1.0 - 0.18 * seam[:, None]
    _shadow_below(colors, field)
    _cover(colors, field, cloth)


def _paint_trousers(trousers: Trousers, points: SurfacePoints, colors: Colors) -> None:
    x, y, z = points.positions.T
    cloth = fabric_colors(trousers.fabric, points)
    cloth = (
        cloth * (0.93 + 0.06 * fractal_noise(points.positions, 0.25, trousers.fabric.seed))[:, None]
    )
    if trousers.side_stripe is not None:
        outside = (np.abs(x) > points.joints[1, 0]) & (points.limb_angle > 0)
        across = 0.07 * np.abs(points.limb_angle - np.pi / 2)
        _cover(cloth, np.where(outside, 0.016 - across, -1.0), np.array(trousers.side_stripe))
    waist = points.joints[1, 1] + trousers.waist - y
    if trousers.belt is not None:
        _cover(cloth, 0.032 - waist, np.array(trousers.belt))
        buckle = np.minimum(0.032 - waist, 0.018 - np.abs(x))
        _cover(cloth, np.where(z > 0, buckle, -1.0), np.array([0.62, 0.58, 0.48]))
    fly = (
        np.exp(-np.square(x / 0.003))
        * (z > 0)
        * np.clip(1.0 - waist / 0.17, 0.0, 1.0)
        * (waist > 0.03)
    )
    pocket_line = np.abs(np.abs(x) + 0.55 * (waist - 0.035) - 0.135)
    pocket = np.exp(-np.square(pocket_line / 0.003)) * (z > 0) * (waist > 0.035) * (waist < 0.13)
    hem = np.exp(-np.square((leg_end_field(trousers, points) - 0.02) / 0.002))
    lines = np.maximum.reduce([fly, pocket * (points.arm_share < 0.5), hem])
    cloth = (
        cloth
        * (_creases(points, trousers.fabric.seed + 5, 0.22) * _weave(points, trousers.fabric.seed))[
            :, None
        ]
    )
    cloth *= 1.0 - 0.28 * lines[:, None]
    field = trousers_field(trousers, points)
    _shadow_below(colors, field)
    _cover(colors, field, cloth)


def _shadow_below(colors: Colors, field: np.ndarray) -> None:
    """Darken what lies just outside a garment, as its edge would."""
    colors *= 1.0 - 0.22 * np.exp(-np.clip(-field, 0.0, None) / 0.010)[:, None]


def _paint_shoes(shoes: Shoes, points: SurfacePoints, colors: Colors) -> None:
    _, y, z = points.positions.T
    field = shoe_field(shoes, points)
    floor = y.min()
    ankle_z = points.joints[7, 2]
    shoe = np.tile(np.array(shoes.color), (len(points), 1))
    laces = (z > ankle_z + 0.05) & (z < ankle_z + 0.12) & (points.normals[:, 1] > 0.5)
    stripes = np.where((z * 70) % 1.0 < 0.5, 1.0, 0.0)
    inner = np.abs(np.abs(points.positions[:, 0]) - points.joints[10, 0]) < 0.02
    shoe[laces & inner & (stripes > 0)] = np.array(shoes.accent)
    flank = np.abs((y - floor - 0.045) - 0.35 * (z - ankle_z - 0.04))
    _cover(shoe, np.where(z < ankle_z + 0.08, 0.007 - flank, -1.0), np.array(shoes.accent))
    toe = np.clip((z - points.joints[10, 2]) / 0.03, 0.0, 1.0)
    _cover(shoe, 0.022 - 0.014 * toe - (y - floor), np.array(shoes.sole))
    _cover(shoe, 0.006 - field, np.array(shoes.color) * 0.6)
    _shadow_below(colors, field)
    _cover(colors, field, shoe * _weave(points, 3)[:, None])


def _paint_headwear(look: Look, points: SurfacePoints, colors: Colors) -> None:
    field = headwear_field(look, points)
    x, y, z = points.positions.T
    cloth = np.tile(np.array(look.headwear_color), (len(points), 1))
    if look.headwear == "beanie":
        ribs = 0.5 + 0.5 * np.cos(np.arctan2(x, z - points.joints[15, 2]) * 90)
        cloth *= 1.0 - 0.18 * ribs[:, None]
    else:
        panels = np.abs(np.sin(3 * np.arctan2(x, z - points.joints[15, 2])))
        cloth *= 1.0 - 0.25 * np.exp(-np.square(panels / 0.05))[:, None]
    _cover(cloth, 0.022 - field, np.array(look.headwear_color) * 0.82)
    _shadow_below(colors, field)
    _cover(colors, field, cloth * (0.95 + 0.10 * y[:, None] / max(float(y.max()), 1e-6)))


def _paint_watch(points: SurfacePoints, colors: Colors) -> None:
    on_wrist = 0.012 - np.abs(points.along_arm - 0.955) * 0.49
    band = np.where(points.positions[:, 0] > 0, on_wrist, -1.0)
    dark: Color = (0.12, 0.12, 0.13)
    _cover(colors, band, np.array(dark))
    face = np.minimum(band + 0.006, np.where(points.normals[:, 1] > 0.75, 1.0, -1.0))
    _cover(colors, face, np.array([0.75, 0.76, 0.78]))
