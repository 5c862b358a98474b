"""The one place that imports smplx, whose `SMPL` module other tools expect.

smplx's licence allows non-commercial use only. Nothing else here needs it: our own body code
(`smpl_model`, `skinning`) is independent of it and agrees with it to rounding.
"""

import contextlib
import io
from typing import TYPE_CHECKING

import numpy as np

from neuhmr.body.smpl_model import SmplModel
from neuhmr.errors import MissingDependencyError

if TYPE_CHECKING:
    import smplx


def build_smplx(model: SmplModel) -> "smplx.SMPL":
    """Make smplx's module of a body model; a body without pose correctives gets zeros.

    On a mesh that is not SMPL's own (of 6890 vertices) the joints that smplx picks from the
    surface (joints 24 and up) are all vertex 0.

    Raises:
        MissingDependencyError: smplx is not installed.
    """
    try:
        import smplx
        from smplx.utils import Struct
        from smplx.vertex_ids import vertex_ids
    except ImportError as problem:
        raise MissingDependencyError(
            f"smplx cannot be loaded ({problem}); install the package smplx (non-commercial "
            "licence), or do without smplx modules."
        ) from problem
    vertices = model.v_template.shape[0]
    posedirs = np.zeros((vertices, 3, 207), np.float32)
    if model.posedirs is not None:
        posedirs = model.posedirs.cpu().numpy()
    parents = np.array(model.parents)
    data = Struct(
        v_template=model.v_template.cpu().numpy(),
        shapedirs=model.shapedirs.cpu().numpy(),
        posedirs=posedirs,
        J_regressor=model.J_regressor.cpu().numpy(),
        weights=model.lbs_weights.cpu().numpy(),
        f=model.faces.cpu().numpy(),
        kintree_table=np.stack([parents, np.arange(len(parents))]),
    )
    extra = vertex_ids["smplh"] if vertices == 6890 else dict.fromkeys(vertex_ids["smplh"], 0)
    # smplx prints a warning about 10 shape coefficients, which are all that SMPL poses use.
    with contextlib.redirect_stdout(io.StringIO()):
        module = smplx.SMPL("", data_struct=data, vertex_ids=extra, num_betas=model.num_betas)
    return module.to(model.v_template.device)
