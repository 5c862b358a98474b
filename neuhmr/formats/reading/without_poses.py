"""Tools that save no parameters: how their output is told, and what to run instead."""

from pathlib import Path
from typing import Any

from neuhmr.formats.reading.tree import has

_MESHES = (
    "it holds meshes but no poses, as 4D-Humans' image demo and CameraHMR write them; run "
    "4D-Humans' track.py on the video and give its pkl, or keep the poses from CameraHMR's Python "
    "interface under smplx's names"
)
_SAM = (
    "it holds SAM-3D-Body's MHR parameters, which are no SMPL poses; convert them with "
    "mhr_smpl_conversion of facebookresearch/MHR and save the result under smplx's names"
)
_MULTI_HMR = (
    "it holds Multi-HMR's vertices without poses; keep rotvec, shape and transl_pelvis from its "
    "Python interface and save them under smplx's names"
)


def advice_for_folder(folder: Path) -> str | None:
    """Say what a folder of another tool's pictures and meshes lacks."""
    return _MESHES if next(folder.glob("*.obj"), None) is not None else None


def advice_for_tree(tree: Any) -> str | None:
    """Say what another tool's file lacks."""
    first = tree[0] if isinstance(tree, list) and tree else tree
    if has(first, "mhr_model_params") or has(first, "pred_cam_t", "body_pose_params"):
        return _SAM
    shape = getattr(first, "shape", ())
    if shape[-1:] == (3,) and len(shape) == 2 and shape[0] > 1000:
        return _MULTI_HMR
    return None
