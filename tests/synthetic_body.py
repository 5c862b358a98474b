"""A body of tubes on the SMPL tree, for tests that need a body but no particular one.

Everything follows from the tables below; there are no random numbers. Each bone from a joint to its
child is a closed capsule that belongs to the upper joint, with smooth weights towards both ends.
"""

import math

import torch

from neuhmr.body.skeleton import NUM_JOINTS, SMPL_PARENTS
from neuhmr.body.smpl_model import SmplModel

# Rest positions (m) for the joints in SMPL order, T-pose: +y up, +x the subject's left, +z front.
JOINTS = torch.tensor([
    [0.00, 0.00, 0.00], [0.07, -0.09, 0.00], [-0.07, -0.09, 0.00], [0.00, 0.11, -0.02],
    [0.10, -0.47, 0.00], [-0.10, -0.47, 0.00], [0.00, 0.24, -0.01], [0.09, -0.88, -0.03],
    [-0.09, -0.88, -0.03], [0.00, 0.30, 0.01], [0.11, -0.94, 0.09], [-0.11, -0.94, 0.09],
    [0.00, 0.50, -0.02], [0.08, 0.42, -0.01], [-0.08, 0.42, -0.01], [0.00, 0.64, 0.03],
    [0.18, 0.45, -0.02], [-0.18, 0.45, -0.02], [0.44, 0.44, -0.04], [-0.44, 0.44, -0.04],
    [0.69, 0.44, -0.04], [-0.69, 0.44, -0.04], [0.77, 0.43, -0.05], [-0.77, 0.43, -0.05],
])  # fmt: skip
# Radius (m) of the tube that ends at each joint; the root has none.
RADII = (
    0.0, 0.09, 0.09, 0.12, 0.075, 0.075, 0.125, 0.055, 0.055, 0.13, 0.04, 0.04,
    0.06, 0.07, 0.07, 0.09, 0.06, 0.06, 0.045, 0.045, 0.035, 0.035, 0.03, 0.03,
)  # fmt: skip
SECTORS, RINGS = 8, 4
TUBE_VERTICES = SECTORS * RINGS + 2
NUM_VERTICES = TUBE_VERTICES * (NUM_JOINTS - 1)


def make_synthetic_body(posedirs: bool = False) -> SmplModel:
    """Build the body: 782 vertices, 24 joints, 10 shape coefficients, outward faces."""
    v_template, lbs_weights, girth = _make_tubes()
    return SmplModel(
        v_template=v_template,
        shapedirs=_make_shapedirs(v_template, girth),
        posedirs=_make_posedirs() if posedirs else None,
        J_regressor=_make_regressor(),
        lbs_weights=lbs_weights,
        faces=_make_faces(),
        parents=SMPL_PARENTS,
        name="synthetic",
        digest="0" * 16,
    )


def _make_tubes() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Vertices, skinning weights and directions away from the bone, tube after tube."""
    vertices, weights, outward = [], torch.zeros(NUM_VERTICES, NUM_JOINTS), []
    angles = torch.arange(SECTORS) * (2 * math.pi / SECTORS)
    for child in range(1, NUM_JOINTS):
        parent = SMPL_PARENTS[child]
        axis = JOINTS[child] - JOINTS[parent]
        along = axis / axis.norm()
        helper = torch.eye(3)[int(along.abs().argmin())]
        side = torch.linalg.cross(along, helper)
        side = side / side.norm()
        front = torch.linalg.cross(along, side)
        circle = angles.cos()[:, None] * side + angles.sin()[:, None] * front
        places = torch.linspace(0.0, 1.0, RINGS)
        rings = JOINTS[parent] + places[:, None, None] * axis + RADII[child] * circle
        poles = torch.stack([-along, along])
        caps = torch.stack([JOINTS[parent], JOINTS[child]]) + 0.6 * RADII[child] * poles
        vertices += [rings.flatten(end_dim=1), caps]
        outward += [circle.repeat(RINGS, 1), poles]
        places = torch.cat([places.repeat_interleave(SECTORS), torch.tensor([0.0, 1.0])])
        rows = slice((child - 1) * TUBE_VERTICES, child * TUBE_VERTICES)
        towards_child = 0.5 * _smooth_step((places - 0.5) * 2)
        towards_root = 0.5 * _smooth_step((0.5 - places) * 2)
        weights[rows, child] += towards_child
        weights[rows, max(SMPL_PARENTS[parent], 0)] += towards_root
        weights[rows, parent] += 1.0 - towards_child - towards_root
    return torch.cat(vertices), weights, torch.cat(outward)


def _smooth_step(x: torch.Tensor) -> torch.Tensor:
    x = x.clamp(0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def _make_faces() -> torch.Tensor:
    faces = []
    for tube in range(NUM_JOINTS - 1):
        first = tube * TUBE_VERTICES
        bottom, top = first + SECTORS * RINGS, first + SECTORS * RINGS + 1
        for sector in range(SECTORS):
            following = (sector + 1) % SECTORS
            for ring in range(RINGS - 1):
                a, b = first + ring * SECTORS + sector, first + ring * SECTORS + following
                faces += [[a, b, b + SECTORS], [a, b + SECTORS, a + SECTORS]]
            last = first + (RINGS - 1) * SECTORS
            faces += [[bottom, first + following, first + sector]]
            faces += [[top, last + sector, last + following]]
    return torch.tensor(faces)


def _make_regressor() -> torch.Tensor:
    """Each joint is the center of the ring around it."""
    regressor = torch.zeros(NUM_JOINTS, NUM_VERTICES)
    regressor[0, :SECTORS] = 1.0 / SECTORS
    for joint in range(1, NUM_JOINTS):
        end = (joint - 1) * TUBE_VERTICES + SECTORS * RINGS
        regressor[joint, end - SECTORS : end] = 1.0 / SECTORS
    return regressor


def _make_shapedirs(v_template: torch.Tensor, outward: torch.Tensor) -> torch.Tensor:
    """Stature, girth, legs, arms, and six gentle waves over the body."""
    x, y, _ = v_template.unbind(dim=-1)
    legs, arms = torch.zeros_like(v_template), torch.zeros_like(v_template)
    legs[:, 1] = (y + 0.09).clamp_max(0.0) * 0.06
    arms[:, 0] = x.sign() * (x.abs() - 0.18).clamp_min(0.0) * 0.06
    directions = [0.04 * v_template, 0.012 * outward, legs, arms]
    for wave in range(6):
        phase = (3.0 + wave) * y + (2.0 + wave) * x
        directions.append(0.004 * torch.sin(phase)[:, None] * outward)
    return torch.stack(directions, dim=-1)


def _make_posedirs() -> torch.Tensor:
    vertex = torch.arange(NUM_VERTICES)[:, None, None]
    axis = torch.arange(3)[:, None]
    feature = torch.arange(207)
    return 0.002 * torch.sin(0.37 * vertex + 1.3 * axis + 0.11 * feature)
