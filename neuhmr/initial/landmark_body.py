"""Where the 33 landmarks lie on an SMPL-format body.

A detector's landmarks are not SMPL joints: its hips are wider apart, its hand points are knuckles,
its feet are heels and toe tips. Each landmark here is a point of the rest body (a joint or a
vertex, plus an offset in rest axes: x the subject's left, y up, z front) that moves rigidly with
one bone.
"""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import LANDMARK_VERTICES, joint_index
from neuhmr.body.skinning import pose_bones
from neuhmr.body.smpl_model import SmplModel
from neuhmr.geometry.rigid import Rigid
from neuhmr.initial.landmarks import LANDMARK_NAMES
from neuhmr.tensor_struct import TensorStruct

SMPL_VERTICES = 6890
"""Number of vertices of the topology that `LANDMARK_VERTICES` indexes."""


class _Site(NamedTuple):
    """Where a landmark of the left side or the middle lies; the right side mirrors it."""

    bone: str
    """Joint whose rotation carries the point."""
    point: str
    """A joint, or a name of `LANDMARK_VERTICES`."""
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """From that point (m, rest axes, left side)."""


# Measured: the mean difference between MediaPipe's landmarks and the points' projections over
# pictures of synthetic people from all sides, in the axes of the bone (left and right agree to
# about 5 mm). "Toes" is not the tip of the big toe but the ball of the foot's middle.
_SITES: dict[str, _Site] = {
    "nose": _Site("head", "nose", (0.0, 0.0, -0.02)),
    "left_eye_inner": _Site("head", "left_eye", (-0.014, 0.0, -0.017)),
    "left_eye": _Site("head", "left_eye", (-0.003, 0.0, -0.021)),
    "left_eye_outer": _Site("head", "left_eye", (0.009, 0.0, -0.026)),
    "left_ear": _Site("head", "left_ear", (-0.017, 0.007, 0.014)),
    "mouth_left": _Site("head", "nose", (0.019, -0.033, -0.035)),
    "left_shoulder": _Site("left_collar", "left_shoulder", (-0.003, 0.002, -0.004)),
    "left_elbow": _Site("left_shoulder", "left_elbow", (-0.005, -0.006, 0.011)),
    "left_wrist": _Site("left_elbow", "left_wrist", (0.02, -0.013, 0.004)),
    "left_pinky": _Site("left_wrist", "left_hand", (-0.01, -0.009, -0.003)),
    "left_index": _Site("left_wrist", "left_hand", (-0.002, -0.01, 0.023)),
    "left_thumb": _Site("left_wrist", "left_hand", (-0.027, -0.012, 0.033)),
    "left_hip": _Site("pelvis", "left_hip", (-0.016, 0.004, 0.029)),
    "left_knee": _Site("left_hip", "left_knee", (-0.001, -0.009, -0.012)),
    "left_ankle": _Site("left_knee", "left_ankle", (0.001, 0.02, 0.006)),
    "left_heel": _Site("left_ankle", "left_heel", (-0.004, 0.005, 0.015)),
    "left_foot_index": _Site("left_ankle", "left_big_toe", (0.019, 0.013, -0.038)),
}

HIP_WIDTH_SHARE = 0.62
"""Where the detector puts a hip (before its offset) between the body's middle and its side at the
hips' height. The open body's hip joints lie there too, SMPL's own at less than half."""


@dataclass(frozen=True)
class LandmarkBody(TensorStruct):
    """A body model reduced to its joints and landmarks, linear in the shape (m, rest frame)."""

    landmarks_template: Float[Tensor, "landmarks 3"]
    landmarks_dirs: Float[Tensor, "landmarks 3 betas"]
    joints_template: Float[Tensor, "joints 3"]
    joints_dirs: Float[Tensor, "joints 3 betas"]
    carriers: tuple[int, ...]
    """The joint that carries each landmark."""
    parents: tuple[int, ...]

    def rest(
        self, betas: Float[Tensor, " betas"]
    ) -> tuple[Float[Tensor, "landmarks 3"], Float[Tensor, "joints 3"]]:
        """Place landmarks and joints of a shape in the rest pose."""
        landmarks = self.landmarks_template + self.landmarks_dirs @ betas
        return landmarks, self.joints_template + self.joints_dirs @ betas

    def bones(
        self,
        betas: Float[Tensor, " betas"],
        local_rotmats: Float[Tensor, "frames joints 3 3"],
        transl: Float[Tensor, "frames 3"],
    ) -> Rigid:
        """Chain local rotations, the body's orientation first (batch axes: frames joints)."""
        return pose_bones(self.rest(betas)[1], local_rotmats, self.parents, transl)

    def carry(
        self, betas: Float[Tensor, " betas"], bones: Rigid
    ) -> tuple[Float[Tensor, "frames landmarks 3"], Float[Tensor, "frames joints 3"]]:
        """Move landmarks and joints with the bones (m)."""
        landmarks, joints = self.rest(betas)
        return bones[:, list(self.carriers)].apply(landmarks), bones.apply(joints)


def make_landmark_body(model: SmplModel) -> LandmarkBody:
    """Find the detector's landmarks on a body model."""
    joints_dirs = torch.einsum("jv,vcb->jcb", model.J_regressor, model.shapedirs)
    joints_template = model.J_regressor @ model.v_template
    vertices = landmark_vertices(model, joints_template)
    hip_offset = _hip_offset(model, joints_template)
    template, dirs, carriers = [], [], []
    for name in LANDMARK_NAMES:
        is_right = "right" in name
        site = _SITES[name.replace("right", "left")]
        point = site.point.replace("left", "right") if is_right else site.point
        bone = site.bone.replace("left", "right") if is_right else site.bone
        offset = model.v_template.new_tensor(site.offset)
        if site.point == "left_hip":
            offset = offset + hip_offset
        if is_right:
            offset = offset * offset.new_tensor([-1.0, 1.0, 1.0])
        if point in vertices:
            template.append(model.v_template[vertices[point]] + offset)
            dirs.append(model.shapedirs[vertices[point]])
        else:
            template.append(joints_template[joint_index(point)] + offset)
            dirs.append(joints_dirs[joint_index(point)])
        carriers.append(joint_index(bone))
    return LandmarkBody(
        landmarks_template=torch.stack(template),
        landmarks_dirs=torch.stack(dirs),
        joints_template=joints_template,
        joints_dirs=joints_dirs,
        carriers=tuple(carriers),
        parents=model.parents,
    )


def landmark_vertices(model: SmplModel, joints: Float[Tensor, "joints 3"]) -> dict[str, int]:
    """Find the vertices of nose, eyes, ears, heels and toes.

    SMPL's topology has known ones; on any other they are the outermost vertices of their bone.
    """
    if model.v_template.shape[0] == SMPL_VERTICES:
        return LANDMARK_VERTICES
    template = model.v_template

    def outermost(bones: tuple[str, ...], direction: tuple[float, float, float]) -> int:
        share = model.lbs_weights[:, [joint_index(bone) for bone in bones]].sum(dim=1)
        # Half of the most that any vertex has: some rigs leave the last bone little skin.
        is_owned = share >= 0.5 * share.max()
        along = template @ template.new_tensor(direction)
        return int(along.masked_fill(~is_owned, -torch.inf).argmax())

    found = {"nose": outermost(("head",), (0.0, 0.0, 1.0))}
    for side, sign in (("left", 1.0), ("right", -1.0)):
        foot = (f"{side}_ankle", f"{side}_foot")
        found[f"{side}_ear"] = outermost(("head",), (sign, 0.0, 0.0))
        found[f"{side}_heel"] = outermost(foot, (0.0, 0.0, -1.0))
        found[f"{side}_big_toe"] = outermost(foot, (0.0, 0.0, 1.0))
        # An eye lies on the face, about a third of the way out to the ear.
        nose, ear = template[found["nose"]], template[found[f"{side}_ear"]]
        eye = torch.stack([0.4 * ear[0] + 0.6 * nose[0], nose[1] + 0.03, nose[2]])
        found[f"{side}_eye"] = int((template - eye).square().sum(dim=1).argmin())
    return found


def _hip_offset(model: SmplModel, joints: Float[Tensor, "joints 3"]) -> Float[Tensor, "3"]:
    """From SMPL's left hip to the detector's, on the average body."""
    hip = joints[joint_index("left_hip")]
    middle = joints[joint_index("pelvis")][0]
    height = (model.v_template[:, 1] - hip[1]).abs()
    trunk = model.lbs_weights[:, [joint_index("pelvis"), joint_index("left_hip")]].sum(dim=1)
    near = (height < 0.05) & (trunk > 0.5)
    half_width = model.v_template[near, 0].max() - middle
    return torch.stack(
        [middle + HIP_WIDTH_SHARE * half_width - hip[0], hip.new_zeros(()), hip.new_zeros(())]
    )
