"""The one place that imports smplx: loading and posing SMPL, SMPL-H and SMPL-X model files.

Refinement needs none of it: our own body code (`smpl_model`, `skinning`) poses SMPL, is independent
of smplx and agrees with it to rounding. smplx is for the models that only it knows. Its licence
allows non-commercial use only.

Left to itself, smplx unpickles files, which runs whatever is in them; here they are read by
`model_files`, and smplx gets arrays.
"""

import math
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.model_files import read_model_file
from neuhmr.body.skeleton import SMPL_PARENTS
from neuhmr.body.smpl_arrays import (
    OTHER_MODELS,
    BodyArrays,
    UnusableArrays,
    count_joints,
    read_arrays,
)
from neuhmr.errors import BodyModelError, MissingDependencyError

BodyKind = Literal["SMPL", "SMPL-H", "SMPL-X"]

KINDS: dict[int, BodyKind] = {24: "SMPL", 52: "SMPL-H", 55: "SMPL-X"}
"""What a file holds, by its number of joints."""

SHARED_JOINTS = 22
"""The body's joints up to the wrists are the same ones in all three."""

_HANDS = {"left_hand_pose": (15, 3, 3), "right_hand_pose": (15, 3, 3)}
_FACE = {"jaw_pose": (3, 3), "leye_pose": (3, 3), "reye_pose": (3, 3)}
_POSE_AXES: dict[BodyKind, dict[str, tuple[int, ...]]] = {
    "SMPL": {"global_orient": (3, 3), "body_pose": (23, 3, 3)},
    "SMPL-H": {"global_orient": (3, 3), "body_pose": (21, 3, 3)} | _HANDS,
    "SMPL-X": {"global_orient": (3, 3), "body_pose": (21, 3, 3)} | _FACE | _HANDS,
}
"""The rotations that pose a model, each with its axes."""

_REMEDY = (
    "download it again (SMPL from smpl.is.tue.mpg.de, SMPL-H from mano.is.tue.mpg.de, SMPL-X from "
    "smpl-x.is.tue.mpg.de)"
)


class PosedByModel(NamedTuple):
    """What smplx makes of poses (m)."""

    vertices: Float[Tensor, "*batch vertices 3"]
    joints: Float[Tensor, "*batch joints 3"]
    """The model's own; none of those that smplx picks from the surface."""


@dataclass(frozen=True, eq=False)
class SmplxBody:
    """A model file that smplx can pose (on the CPU, in float32)."""

    kind: BodyKind
    num_joints: int
    num_vertices: int
    num_betas: int
    num_expressions: int
    """Coefficients of the face; 0 but for SMPL-X."""
    layer: Any
    """smplx's own `SMPLLayer`, `SMPLHLayer` or `SMPLXLayer`."""

    def pose(
        self,
        betas: Float[Tensor, "*#batch some_betas"] | None = None,
        global_orient: Float[Tensor, "*#batch 3 3"] | None = None,
        body_pose: Float[Tensor, "*#batch body_joints 3 3"] | None = None,
        transl: Float[Tensor, "*#batch 3"] | None = None,
        left_hand_pose: Float[Tensor, "*#batch 15 3 3"] | None = None,
        right_hand_pose: Float[Tensor, "*#batch 15 3 3"] | None = None,
        jaw_pose: Float[Tensor, "*#batch 3 3"] | None = None,
        leye_pose: Float[Tensor, "*#batch 3 3"] | None = None,
        reye_pose: Float[Tensor, "*#batch 3 3"] | None = None,
        expression: Float[Tensor, "*#batch some_expressions"] | None = None,
    ) -> PosedByModel:
        """Pose the body; what is left out is at rest, hands flat and open.

        Args:
            betas: shape; missing trailing coefficients are zero.
            global_orient: the root's rotation, about the pelvis.
            body_pose: 23 joints of SMPL, 21 of the others.
            transl: added after posing (m).
            left_hand_pose: not in SMPL.
            right_hand_pose: not in SMPL.
            jaw_pose: in SMPL-X only.
            leye_pose: in SMPL-X only.
            reye_pose: in SMPL-X only.
            expression: of the face, in SMPL-X only; missing trailing coefficients are zero.

        Raises:
            ValueError: this model has no such joints, or not so many coefficients.
        """
        rotations = {
            "global_orient": global_orient, "body_pose": body_pose,
            "left_hand_pose": left_hand_pose, "right_hand_pose": right_hand_pose,
            "jaw_pose": jaw_pose, "leye_pose": leye_pose, "reye_pose": reye_pose,
        }  # fmt: skip
        given = {name: value for name, value in rotations.items() if value is not None}
        given["betas"] = self._padded("betas", betas, self.num_betas)
        if expression is not None:
            given["expression"] = self._padded("expression", expression, self.num_expressions)
        if transl is not None:
            given["transl"] = transl
        axes = {name: self._axes_of(name, value) for name, value in given.items()}
        batch = torch.broadcast_shapes(
            *(value.shape[: value.ndim - len(axes[name])] for name, value in given.items())
        )
        posed = self.layer(
            **{
                name: value.expand(*batch, *axes[name]).reshape(math.prod(batch), *axes[name])
                for name, value in given.items()
            }
        )
        return PosedByModel(
            posed.vertices.reshape(*batch, self.num_vertices, 3),
            posed.joints[:, : self.num_joints].reshape(*batch, self.num_joints, 3),
        )

    def rest_pelvis(
        self, betas: Float[Tensor, "*batch some_betas"] | None = None
    ) -> Float[Tensor, "*batch 3"]:
        """Place the root joint in the rest pose (m): `transl` is what is added to it."""
        weights = self.layer.J_regressor[0]
        directions = torch.einsum("v,vcb->bc", weights, self.layer.shapedirs)
        return weights @ self.layer.v_template + (
            self._padded("betas", betas, self.num_betas) @ directions
        )

    def _padded(self, name: str, coefficients: Tensor | None, count: int) -> Tensor:
        if coefficients is None:
            return torch.zeros(count)
        surplus = coefficients.shape[-1] - count
        if surplus > 0:
            raise ValueError(
                f"{name}: {coefficients.shape[-1]} coefficients given, this {self.kind} has {count}"
            )
        return torch.nn.functional.pad(coefficients, (0, -surplus))

    def _axes_of(self, name: str, value: Tensor) -> tuple[int, ...]:
        if name in ("betas", "expression", "transl"):
            return (value.shape[-1],)
        axes = _POSE_AXES[self.kind].get(name)
        if axes is None:
            raise ValueError(f"{name}: {self.kind} has no such joints")
        if tuple(value.shape[-len(axes) :]) != axes:
            raise ValueError(
                f"{name}: of shape {tuple(value.shape)}, {self.kind} takes (..., {axes})"
            )
        return axes


def load_smplx_body(path: Path) -> SmplxBody:
    """Load a model file of SMPL, SMPL-H or SMPL-X, npz or pickle; its content says which.

    Raises:
        BodyModelError: the file is missing, damaged or of another model.
        MissingDependencyError: smplx is not installed.
    """
    data = read_model_file(path)
    try:
        joints = count_joints(data)
        if joints not in KINDS:
            other = OTHER_MODELS.get(joints, "another model")
            raise UnusableArrays(f"has {joints} joints, so it is {other}")
        arrays = read_arrays(data)
        if arrays.parents[:SHARED_JOINTS] != SMPL_PARENTS[:SHARED_JOINTS]:
            raise UnusableArrays("has joints in another order")
    except UnusableArrays as problem:
        raise BodyModelError(
            f"{path} is no model of SMPL, SMPL-H or SMPL-X: it {problem}; {_REMEDY}."
        ) from problem
    return _build(KINDS[joints], arrays)


def _build(kind: BodyKind, arrays: BodyArrays) -> SmplxBody:
    smplx = _import_smplx()
    components = arrays.shapedirs.shape[-1]
    if kind == "SMPL-X":
        # Version 1.1 has 300 coefficients of shape, then those of the face; version 1.0 has 10.
        num_betas = 300 if components > 300 else min(components, 10)
        num_expressions = components - num_betas
        parent: type = smplx.SMPLXLayer
    else:
        num_betas, num_expressions = components, 0
        parent = smplx.SMPLLayer if kind == "SMPL" else smplx.SMPLHLayer
    # smplx counts on its classes' own numbers of coefficients and prints a warning where a file
    # has fewer, so each file gets a class with its numbers.
    counts = {"SHAPE_SPACE_DIM": num_betas, "EXPRESSION_SPACE_DIM": num_expressions}
    layer_class = type(parent.__name__, (parent,), counts)
    options: dict[str, Any] = {"num_betas": num_betas}
    if kind != "SMPL":
        options |= {"use_pca": False, "flat_hand_mean": True}
    content = _content(arrays)
    if kind == "SMPL-X":
        # Its class takes no arrays, only a file: a clean one, of our writing, without objects.
        with tempfile.TemporaryDirectory() as folder:
            clean = Path(folder) / "model.npz"
            np.savez(clean, **content)
            layer = layer_class(
                str(clean), ext="npz", num_expression_coeffs=num_expressions, **options
            )
    else:
        layer = layer_class("", data_struct=smplx.utils.Struct(**content), **options)
    # Joints picked from the surface are vertices by number, which other meshes do not have.
    layer.vertex_joint_selector.extra_joints_idxs = torch.zeros(0, dtype=torch.long)
    vertices, joints = arrays.lbs_weights.shape
    return SmplxBody(kind, joints, vertices, num_betas, num_expressions, layer)


def _content(arrays: BodyArrays) -> dict[str, np.ndarray]:
    """Name arrays as smplx wants them, and fill in what poses given as matrices do not use."""
    vertices, joints = arrays.lbs_weights.shape
    posedirs = np.zeros((vertices, 3, 9 * (joints - 1)), np.float32)
    if arrays.posedirs is not None:
        posedirs = arrays.posedirs
    hand = {"mean": np.zeros(45, np.float32), "components": np.eye(45, dtype=np.float32)}
    return {
        "v_template": arrays.v_template,
        "shapedirs": arrays.shapedirs,
        "posedirs": posedirs,
        "J_regressor": arrays.J_regressor,
        "weights": arrays.lbs_weights,
        "f": arrays.faces,
        "kintree_table": np.stack([np.array(arrays.parents), np.arange(joints)]),
        **{f"hands_{name}{side}": value for name, value in hand.items() for side in "lr"},
        "lmk_faces_idx": np.zeros(1, np.int64),
        "lmk_bary_coords": np.array([[1.0, 0.0, 0.0]], np.float32),
    }


def _import_smplx() -> Any:
    try:
        import smplx
        import smplx.utils
    except ImportError as problem:
        raise MissingDependencyError(
            f"smplx cannot be loaded ({problem}); install the package smplx (non-commercial "
            "licence), or do without files of SMPL-H and SMPL-X."
        ) from problem
    return smplx
