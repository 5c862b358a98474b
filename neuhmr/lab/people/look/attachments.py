"""Shoes, skirts, tied or hanging hair and brims: made to measure for one person."""

import numpy as np
from jaxtyping import Float

from neuhmr.lab.people.look.garments import eye_centers
from neuhmr.lab.people.look.look import Look
from neuhmr.lab.people.look.patterns import fabric_colors, fractal_noise, noise_at
from neuhmr.lab.people.look.surface_points import SurfacePoints
from neuhmr.lab.people.look.tubes import RING, Tube, grid_points, sweep

_SHOE_STATIONS = 14
_SKIRT_RINGS = 11
_HEAD, _CHEST, _NECK = 15, 9, 12


def make_attachments(
    look: Look,
    points: SurfacePoints,
    naked: Float[np.ndarray, "vertices 3"],
    clothed: Float[np.ndarray, "vertices 3"],
    joints: Float[np.ndarray, "joints 3"],
    patch: int,
) -> list[Tube]:
    """Make everything that is worn beside the body's surface.

    Args:
        look: what is worn.
        points: the body's vertices in canonical coordinates.
        naked: this person's rest-pose body (m).
        clothed: the same with clothes and hair (m).
        joints: this person's rest joints (m).
        patch: height and width of each thing's texture (px).
    """
    tubes = [_shoe(look, points, naked, joints, side, patch) for side in (1.0, -1.0)]
    if look.skirt is not None:
        tubes.append(_skirt(look, points, clothed, joints, patch))
    if look.hair.hairdo != "none":
        tubes.append(_hair(look, points, clothed, joints, patch))
    if look.headwear == "cap":
        tubes.append(_brim(look, points, clothed, joints, patch))
    return tubes


def _rigid(shape: tuple[int, ...], joint: int) -> Float[np.ndarray, "rings 24 24"]:
    weights = np.zeros((*shape, 24))
    weights[..., joint] = 1.0
    return weights


def _shoe(
    look: Look,
    points: SurfacePoints,
    naked: np.ndarray,
    joints: np.ndarray,
    side: float,
    patch: int,
) -> Tube:
    """Loft a shoe from heel to toe around the foot."""
    shoes = look.shoes
    ankle, toe = (7, 10) if side > 0 else (8, 11)
    foot = naked[(points.leg_share > 0.5) & (points.side == side) & (points.along_leg > 0.88)]
    floor, rim = foot[:, 1].min(), joints[ankle, 1] + shoes.height
    low = foot[foot[:, 1] < rim + 0.01]
    heel, tip = low[:, 2].min() - shoes.bulk, low[:, 2].max() + shoes.bulk + 0.010
    share = np.linspace(0.0, 1.0, _SHOE_STATIONS)
    # Stations crowd at the ends, where the shoe is round.
    stations = heel + (tip - heel) * (0.5 - 0.5 * np.cos(np.pi * share))
    left, right, top = (np.zeros(_SHOE_STATIONS) for _ in range(3))
    for i, z in enumerate(stations):
        near = low[np.abs(low[:, 2] - np.clip(z, heel + 0.02, tip - 0.03)) < 0.018]
        left[i], right[i] = near[:, 0].max() + shoes.bulk, near[:, 0].min() - shoes.bulk
        top[i] = min(near[:, 1].max(), rim) + shoes.bulk
    left, right, top = (np.convolve(np.pad(v, 1, "edge"), [0.25, 0.5, 0.25], "valid")
                        for v in (left, right, top))  # fmt: skip
    # Round heel and toe cap: the sections shrink to nothing at both ends.
    end = np.minimum((stations - heel) / 0.035, (tip - stations) / 0.055).clip(0.0, 1.0)
    width = 0.5 * (left - right) * np.sqrt(end * (2.0 - end))
    bottom = floor - shoes.sole_thickness
    height = (top - bottom) * (0.45 + 0.55 * np.sqrt(end * (2.0 - end)))
    angle = 2 * np.pi * np.arange(RING) / RING
    across = np.sign(np.cos(angle)) * np.abs(np.cos(angle)) ** 0.7
    up = np.where(np.sin(angle) > 0, 0.38 + 0.62 * np.abs(np.sin(angle)) ** 0.9,
                  0.38 - 0.38 * np.abs(np.sin(angle)) ** 0.45)  # fmt: skip
    height[[0, -1]] *= 0.6
    rings = np.stack(
        [
            (0.5 * (left + right))[:, None] + width[:, None] * across,
            bottom + height[:, None] * up,
            np.repeat(stations[:, None], RING, axis=1),
        ],
        axis=-1,
    )
    weights = np.zeros((_SHOE_STATIONS, RING, 24))
    ahead = np.clip((stations - joints[toe, 2] + 0.03) / 0.05, 0.0, 1.0)[:, None]
    weights[..., toe], weights[..., ankle] = ahead, 1.0 - ahead
    return Tube("shoe", rings, weights, _shoe_colors(look, grid_points(rings, patch), bottom))


def _shoe_colors(look: Look, at: np.ndarray, bottom: float) -> np.ndarray:
    shoes = look.shoes
    x, y, z = np.moveaxis(at, -1, 0)
    along = (z - z.min()) / (z.max() - z.min())
    colors = np.array(shoes.color) * (1.0 + 0.04 * np.sin(900 * (x + z)))[..., None]
    height = y - bottom
    flank = np.abs(height - 0.045 - 0.25 * (along - 0.4)) < 0.006
    colors[flank & (along > 0.25) & (along < 0.75)] = shoes.accent
    middle = np.abs(x - x.mean()) < 0.02
    lacing = (along > 0.42) & (along < 0.68) & ((along * 40) % 2 < 1) & middle & (height > 0.05)
    colors[lacing] = shoes.accent
    colors[height < shoes.sole_thickness + 0.006] = shoes.sole
    return colors


def _skirt(
    look: Look, points: SurfacePoints, clothed: np.ndarray, joints: np.ndarray, patch: int
) -> Tube:
    """Hang a skirt from the waist; what the legs do to it is `skirt_motion`'s business."""
    skirt = look.skirt
    assert skirt is not None
    waist = joints[1, 1] + look.trousers.waist + 0.015
    end = joints[1, 1] - skirt.length * (joints[1, 1] - joints[7, 1])
    heights = np.linspace(waist, end, _SKIRT_RINGS)
    body = clothed[points.arm_share < 0.4]
    middle = np.array([0.0, joints[[1, 2], 2].mean()])
    angle = 2 * np.pi * np.arange(RING) / RING
    directions = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    reach = np.zeros((_SKIRT_RINGS, RING))
    for i, height in enumerate(heights):
        near = body[np.abs(body[:, 1] - height) < 0.02][:, [0, 2]] - middle
        # The support function spans both legs as cloth does.
        reach[i] = (near @ directions.T).max(axis=0)
    reach = np.maximum.accumulate(reach, axis=0) + 0.008
    drop = np.linspace(0.0, 1.0, _SKIRT_RINGS)[:, None]
    reach += drop * (skirt.flare + 0.10 * skirt.flare * np.cos(skirt.folds * angle))
    reach += 0.008 * drop * np.cos(skirt.folds * angle + 1.0)
    rings = np.zeros((_SKIRT_RINGS, RING, 3))
    rings[..., [0, 2]] = middle + reach[..., None] * directions
    rings[..., 1] = heights[:, None]
    texels = grid_points(rings, patch)
    return Tube("skirt", rings, _skirt_weights(rings, joints), _skirt_colors(look, points, texels))


def _skirt_weights(rings: np.ndarray, joints: np.ndarray) -> np.ndarray:
    left = 0.5 + 0.5 * np.clip(rings[..., 0] / 0.10, -1.0, 1.0)
    thigh = joints[1, 1] - joints[4, 1]
    free = np.clip((joints[1, 1] - rings[..., 1]) / (0.6 * thigh), 0.0, 1.0) * 0.9
    below_knee = np.clip((joints[4, 1] - rings[..., 1]) / 0.2, 0.0, 1.0) * 0.5
    weights = np.zeros((*rings.shape[:2], 24))
    weights[..., 0] = 1.0 - free
    for hip, knee, share in ((1, 4, left), (2, 5, 1.0 - left)):
        weights[..., hip] = free * share * (1.0 - below_knee)
        weights[..., knee] = free * share * below_knee
    return weights


def _skirt_colors(look: Look, points: SurfacePoints, texels: np.ndarray) -> np.ndarray:
    skirt = look.skirt
    assert skirt is not None
    flat = texels.reshape(-1, 3)
    nowhere = np.zeros((len(flat), points.lbs_weights.shape[1]))
    cloth_points = SurfacePoints(
        flat, np.zeros_like(flat), nowhere, np.zeros(len(flat), np.uint8), ("torso",), points.joints
    )
    folds = fractal_noise(flat * np.array([1.6, 0.5, 1.6]), 0.10, skirt.fabric.seed, 2)
    cloth = fabric_colors(skirt.fabric, cloth_points) * (0.95 + 0.09 * folds)[:, None]
    return cloth.reshape(texels.shape)


def _hair(
    look: Look, points: SurfacePoints, clothed: np.ndarray, joints: np.ndarray, patch: int
) -> Tube:
    """Tie hair behind the head, or let it hang down the back."""
    head = clothed[points.part("head", "ears") | (points.head_share > 0.6)]
    crown, back = head[:, 1].max(), head[:, 2].min()
    share = np.linspace(0.0, 1.0, 9)
    round_ends = np.sqrt(np.clip(1.0 - (2 * share - 1.0) ** 2, 0.0, 1.0))
    hair = look.hair
    right, ahead = np.array([1.0, 0.0, 0.0]), np.array([0.0, 0.0, 1.0])
    if hair.hairdo == "bun":
        top = crown - 0.03 - 0.09 * (0.5 + 0.5 * hair.parting)
        centers = np.array([0.0, top, back + 0.01]) + 0.08 * (0.5 - share)[:, None] * [0, 1.0, 0.2]
        half = 0.040 * round_ends[:, None]
    elif hair.hairdo == "ponytail":
        drop = hair.reach * share**1.3
        out = 0.045 * np.sin(np.pi * np.minimum(share * 1.2, 1.0) / 1.6)
        centers = np.stack([0 * share, crown - 0.07 - drop, back + 0.005 - out], axis=1)
        half = 0.030 * (round_ends**0.7 * (1.15 - 0.75 * share))[:, None]
    else:
        centers, half = _hanging_hair(points, clothed, crown, back, hair.reach, share)
        right = right * 2.3
    rings = sweep(centers, half * right, half * ahead)
    neck = joints[_NECK, 1] + 0.02
    hangs = np.clip((neck - rings[..., 1]) / 0.10, 0.0, 1.0) * (hair.hairdo == "loose")
    weights = _rigid(rings.shape[:2], _HEAD) * (1.0 - hangs)[..., None]
    weights[..., _CHEST] = hangs
    texels = grid_points(rings, patch).reshape(-1, 3)
    strands = noise_at(texels * np.array([1.0, 0.15, 1.0]), 0.012, look.seed + 3)
    shade = 0.92 + 0.14 * np.clip(strands, -2.0, 2.0)
    colors = np.array(hair.color) * shade[:, None]
    return Tube("hair", rings, weights, colors.reshape(patch, patch, 3))


def _hanging_hair(
    points: SurfacePoints,
    clothed: np.ndarray,
    crown: float,
    back: float,
    reach: float,
    share: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Fall from the crown behind the neck and over the back."""
    heights = crown - 0.06 - (0.10 + reach) * share
    trunk = clothed[(points.arm_share < 0.3) & (np.abs(points.positions[:, 0]) < 0.07)]
    behind = [
        trunk[np.abs(trunk[:, 1] - height) < 0.03][:, 2].min(initial=back) for height in heights
    ]
    # Hair bridges the hollow of the neck.
    depth = np.minimum(np.array(behind), np.interp(share, [0, 1], [back + 0.02, behind[-1]]))
    centers = np.stack([0 * share, heights, depth + 0.008], axis=1)
    ends = np.sqrt(np.clip(np.minimum(share * 6.0, (1.0 - share) * 3.0), 0.0, 1.0))
    return centers, 0.036 * ends[:, None]


def _brim(
    look: Look, points: SurfacePoints, clothed: np.ndarray, joints: np.ndarray, patch: int
) -> Tube:
    """Put a brim in front of a cap."""
    on_head = points.head_share > 0.6
    canonical_shift = joints[_HEAD] - points.joints[_HEAD]
    height = float(eye_centers(points)[:, 1].mean() + canonical_shift[1]) + 0.050
    band = on_head & (np.abs(clothed[:, 1] - height) < 0.015)
    front = clothed[band][:, 2].max()
    share = np.linspace(-1.0, 1.0, 11)
    bulge = np.sqrt(np.clip(1.0 - share**2, 0.0, 1.0))
    x = 0.072 * share
    centers = np.stack([x, height - 0.012 * share**2, front - 0.03 + 0.045 * bulge], axis=1)
    ahead = (0.052 * bulge)[:, None] * np.array([0.0, -0.15, 1.0])
    up = (0.005 * np.minimum(bulge * 3.0, 1.0))[:, None] * np.array([0.0, 1.0, 0.0])
    rings = sweep(centers, ahead, up)
    colors = np.tile(np.array(look.headwear_color) * 0.85, (patch, patch, 1))
    return Tube("brim", rings, _rigid(rings.shape[:2], _HEAD), colors)
