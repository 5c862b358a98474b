"""Where the joints of an unposed body are: all that somebody else's poses need of a body."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from jaxtyping import Float

from neuhmr.body.model_files import load_body_arrays, read_model_file
from neuhmr.body.smpl_arrays import UnusableArrays, count_joints, read_arrays
from neuhmr.errors import BodyModelError
from neuhmr.formats.reading.found import ModelKind

if TYPE_CHECKING:
    from neuhmr.body.smpl_arrays import SmplArrays
    from neuhmr.body.smpl_model import SmplModel

BodyKind = Literal["SMPL", "SMPL-H", "SMPL-X", "open", "unknown"]

_KINDS: dict[int, BodyKind] = {24: "SMPL", 52: "SMPL-H", 55: "SMPL-X"}
_OPEN_BODY = "open-body"
_HIPS = slice(0, 3)
"""Pelvis, left and right hip come first in all models."""
_SMPL_JOINTS = slice(0, 24)
"""Up to the wrists the same in all models."""


@dataclass(frozen=True, kw_only=True)
class RestBody:
    """A body's joints as they depend on its shape (m)."""

    kind: BodyKind
    name: str
    template: Float[np.ndarray, "joints 3"]
    """Joints of the mean shape: pelvis, left and right hip, and all others where they are known."""
    directions: Float[np.ndarray, "joints 3 components"]
    """How each of them moves with each shape coefficient."""

    def hips(self, betas: Float[np.ndarray, "shapes betas"]) -> Float[np.ndarray, "shapes 3 3"]:
        """Place pelvis, left and right hip for each shape."""
        count = min(betas.shape[1], self.directions.shape[-1])
        return self.template[_HIPS] + np.einsum(
            "jxc,sc->sjx", self.directions[_HIPS, :, :count], betas[:, :count]
        )

    def pelvis(self, betas: Float[np.ndarray, "shapes betas"]) -> Float[np.ndarray, "shapes 3"]:
        """Place the pelvis for each shape."""
        return self.hips(betas)[:, 0]


def read_rest_body(path: Path) -> RestBody:
    """Read it from a model file of SMPL, SMPL-H or SMPL-X, npz or pickle.

    Raises:
        BodyModelError: the file is missing, damaged or of another model.
    """
    data = read_model_file(path.expanduser())
    try:
        joints = count_joints(data)
        if joints not in _KINDS:
            raise UnusableArrays(f"has {joints} joints")
        arrays = read_arrays(data)
    except UnusableArrays as problem:
        raise BodyModelError(
            f"{path} is no model of SMPL, SMPL-H or SMPL-X: it {problem}; give the file that the "
            "poses belong to."
        ) from problem
    is_open = str(data.get("name", "")) == _OPEN_BODY
    kind: BodyKind = "open" if is_open else _KINDS[joints]
    return _rest_body(kind, path.stem, arrays.J_regressor, arrays.v_template, arrays.shapedirs)


def rest_body_of(body: "SmplArrays | SmplModel") -> RestBody:
    """Take it from a body that is loaded already."""
    kind: BodyKind = "open" if body.name == _OPEN_BODY else "SMPL"
    return _rest_body(
        kind,
        f"{body.name} {body.digest}",
        np.asarray(body.J_regressor),
        np.asarray(body.v_template),
        np.asarray(body.shapedirs),
    )


@cache
def open_rest_body() -> RestBody:
    """Take it from the embedded open body."""
    return rest_body_of(load_body_arrays())


def typical_rest_body(kind: ModelKind) -> RestBody:
    """Give the mean body of a kind to the nearest centimeter, where no file of it is at hand."""
    smpl = [[0.0, -0.22, 0.03], [0.07, -0.31, 0.02], [-0.07, -0.31, 0.02]]
    smplx = [[0.0, -0.35, 0.01], [0.06, -0.44, -0.01], [-0.06, -0.44, -0.01]]
    template = np.array(smplx if kind == "SMPL-X" else smpl)
    return RestBody(kind=kind, name=kind, template=template, directions=np.zeros((3, 3, 1)))


def shares_shapes(first: BodyKind, second: BodyKind) -> bool:
    """Tell whether betas of one kind of body mean the same on another.

    SMPL and SMPL-H have one shape space. What is of no known kind is taken as it is.
    """
    pair = {"SMPL" if kind == "SMPL-H" else kind for kind in (first, second)}
    return len(pair) == 1 or "unknown" in pair


def _rest_body(
    kind: BodyKind,
    name: str,
    J_regressor: np.ndarray,
    v_template: np.ndarray,
    shapedirs: np.ndarray,
) -> RestBody:
    weights = J_regressor[_SMPL_JOINTS].astype(np.float64)
    near = weights.any(axis=0)  # Few of the vertices, and shape spaces are large.
    weights = weights[:, near]
    return RestBody(
        kind=kind,
        name=name,
        template=weights @ v_template[near],
        directions=np.einsum("jv,vxc->jxc", weights, shapedirs[near], optimize=True),
    )
