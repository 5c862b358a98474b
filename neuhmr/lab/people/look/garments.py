"""Where garments, hair and features of the face lie on the body: signed fields.

A field is in metres of distance to the edge, about, positive inside.
"""

import numpy as np
from jaxtyping import Float

from neuhmr.lab.people.look.look import Hair, Look, Shirt, Shoes, Trousers
from neuhmr.lab.people.look.surface_points import SurfacePoints

Field = Float[np.ndarray, " points"]


def shirt_field(shirt: Shirt, points: SurfacePoints) -> Field:
    """Inside where the shirt covers the body: over the hem, below the neckline, up to the cuffs."""
    _, y, _ = points.positions.T
    hem = y - (points.joints[1, 1] + shirt.hem)
    return np.minimum.reduce([hem, neckline_field(shirt, points), cuff_field(shirt, points)])


def neckline_field(shirt: Shirt, points: SurfacePoints) -> Field:
    """Inside below the neckline, which goes around the neck and dips in front."""
    x, y, z = points.positions.T
    neck = points.joints[12]
    front = np.clip((z - neck[2]) / 0.09, 0.0, 1.0)
    dip = (0.02 + shirt.neckline) * front
    if shirt.is_vneck:
        dip = dip * 1.6 * np.clip(1.0 - np.abs(x) / 0.085, 0.0, 1.0)
    return neck[1] + 0.012 - dip - y


def cuff_field(shirt: Shirt, points: SurfacePoints) -> Field:
    """Inside up to where the sleeves end; below the armpits there is nothing to end."""
    length = points.joints[20, 0] - points.joints[16, 0]
    below_armpit = points.joints[16, 1] - 0.16 - points.positions[:, 1]
    return np.maximum((shirt.sleeve - points.along_arm) * length, below_armpit)


def trousers_field(trousers: Trousers, points: SurfacePoints) -> Field:
    """Inside between waistband and the legs' ends."""
    y = points.positions[:, 1]
    waist = points.joints[1, 1] + trousers.waist - y
    arms = np.where(points.arm_share > 0.5, -1.0, 1.0)
    return np.minimum.reduce([waist, leg_end_field(trousers, points), arms])


def leg_end_field(trousers: Trousers, points: SurfacePoints) -> Field:
    """Inside above where the trouser legs end."""
    length = points.joints[1, 1] - points.joints[7, 1]
    return (trousers.length - points.along_leg) * length


def shoe_field(shoes: Shoes, points: SurfacePoints) -> Field:
    """Inside below the shoe's rim, which is lower in front of the ankle."""
    _, y, z = points.positions.T
    ankle = points.joints[7]
    instep = np.clip((z - ankle[2] - 0.02) / 0.06, 0.0, 1.0)
    rim = ankle[1] + shoes.height + (0.02 * instep if shoes.height < 0.03 else 0.0)
    return rim - y


def sock_field(shoes: Shoes, points: SurfacePoints) -> Field:
    """Inside below the sock's end."""
    return points.joints[7, 1] + max(shoes.height, 0.0) + shoes.sock_height - points.positions[:, 1]


def eye_centers(points: SurfacePoints) -> Float[np.ndarray, "2 3"]:
    """Find the pupils; left first."""
    eyes = points.part("irises", "pupils")
    return np.stack(
        [points.positions[eyes & (points.side == side)].mean(axis=0) for side in (1.0, -1.0)]
    )


def hair_field(hair: Hair, points: SurfacePoints) -> Field:
    """Inside above the hairline, which runs from the forehead past the ears to the nape."""
    if hair.cut == "bald":
        return np.full(len(points), -1.0)
    x, y, z = points.positions.T
    on_head = points.part("head", "neck", "ears") | (points.head_share > 0.3)
    eye_y = eye_centers(points)[:, 1].mean()
    ear_y = points.positions[points.part("ears"), 1].mean()
    head_z = points.joints[15, 2] + 0.005
    azimuth = np.degrees(np.arctan2(np.abs(x), z - head_z))
    front = eye_y + hair.hairline + 0.006 * np.cos(3 * np.radians(azimuth))
    below_ear = {"short": 0.035, "curly": 0.035, "medium": 0.055, "long": 0.14}[hair.cut]
    beside_ear = {"short": 0.005, "curly": 0.005, "medium": 0.02, "long": 0.06}[hair.cut]
    low, beside = ear_y - below_ear, ear_y - beside_ear
    line = np.interp(
        azimuth.ravel(), [0, 42, 58, 74, 88, 112, 180], [0, 0.02, 0.30, 1.0, 1.0, 2.0, 2.0]
    )
    height = np.where(
        line <= 1.0, front + line * (beside - front), beside + (line - 1.0) * (low - beside)
    )
    field = np.where(on_head, y - height, -1.0)
    is_covered = hair.cut in ("medium", "long")
    return field if is_covered else np.where(points.part("ears"), -0.02, field)


def headwear_field(look: Look, points: SurfacePoints) -> Field:
    """Inside under a cap or beanie, down to a line from the forehead to above the nape."""
    if look.headwear == "none":
        return np.full(len(points), -1.0)
    _, y, z = points.positions.T
    eye_y = eye_centers(points)[:, 1].mean()
    lowest = 0.030 if look.headwear == "beanie" else 0.046
    behind = np.clip((points.joints[15, 2] + 0.03 - z) / 0.10, 0.0, 1.0)
    on_head = points.part("head", "ears") | (points.head_share > 0.6)
    return np.where(on_head, y - (eye_y + lowest - 0.03 * behind), -1.0)


def glasses_field(points: SurfacePoints) -> Field:
    """Inside the rims around both eyes, the bridge and the temples."""
    x, y, z = points.positions.T
    on_face = (points.head_share > 0.3) & ~points.part("eyes", "irises", "pupils")
    field = np.full(len(points), -1.0)
    centers = eye_centers(points)
    for center in centers:
        ring = np.hypot((x - center[0]) / 1.25, y - center[1] + 0.003)
        rim = np.where(z > center[2] - 0.035, 0.0022 - np.abs(ring - 0.0195), -1.0)
        field = np.maximum(field, rim)
    height = np.abs(y - centers[0, 1])
    bridge = np.where((np.abs(x) < 0.011) & (z > centers[0, 2] - 0.01), 0.002 - height, -1.0)
    outside = (np.abs(x) > 0.055) & (z > points.joints[15, 2])
    temple = np.where(outside, 0.002 - height, -1.0)
    return np.where(on_face, np.maximum.reduce([field, bridge, temple]), -1.0)


def beard_field(points: SurfacePoints) -> Field:
    """Inside on jaw, chin and upper lip."""
    x, y, z = points.positions.T
    lips = points.part("lips", "mouth")
    mouth = points.positions[lips].mean(axis=0)
    ear_y = points.positions[points.part("ears"), 1].mean()
    head_z = points.joints[15, 2]
    azimuth = np.degrees(np.arctan2(np.abs(x), z - head_z))
    top = np.interp(azimuth, [0, 14, 22, 70, 85], [0.012, 0.014, -0.004, 0.02, 0.05]) + mouth[1]
    bottom = np.interp(azimuth, [0, 40, 85], [-0.055, -0.05, -0.005]) + mouth[1]
    field = np.minimum.reduce([top - y, y - bottom, np.radians(84.0 - azimuth) * 0.08])
    on_head = (points.head_share > 0.3) & ~lips & ~points.part("ears")
    return np.where(on_head & (y < ear_y + 0.03), field, -1.0)
