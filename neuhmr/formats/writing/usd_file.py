"""Animated body as USD (UsdSkel): skeleton root, skeleton, animation and skinned mesh."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import MissingDependencyError, OutputError
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.continuity import wxyz_over_time
from neuhmr.formats.writing.formats import FORMATS
from neuhmr.formats.writing.four_weights import say_correctives

ROOT = "/person"


def write(path: Path, animation: Animation) -> Remarks:
    """Write the body, one time code per frame of the clip; all skinning weights are kept.

    Raises:
        OutputError: the file cannot be written, or has no ending of USD's.
        MissingDependencyError: usd-core is not installed.
    """
    pxr = _import_pxr()
    if path.suffix.lower() not in FORMATS["usd"].endings:
        raise OutputError(
            f"{path} does not end in {', '.join(FORMATS['usd'].endings)}, by which USD chooses "
            "between binary and text; rename it."
        )
    with atomic_path(path) as partial, _reasons(pxr):
        stage = pxr.Usd.Stage.CreateNew(str(partial))
        _describe(pxr, stage, animation)
        root = pxr.UsdSkel.Root.Define(stage, ROOT)
        stage.SetDefaultPrim(root.GetPrim())
        names = joint_paths(animation.parents)
        _define_skeleton(pxr, stage, animation, names)
        _define_motion(pxr, stage, animation, names)
        _define_mesh(pxr, stage, animation)
        stage.Save()
        del stage  # Closes the file, which is then renamed.
    return say_correctives(animation)


@contextmanager
def _reasons(pxr: Any) -> Iterator[None]:
    """Turn what USD raises, a page of its own source's lines, into what the system said."""
    try:
        yield
    except pxr.Tf.ErrorException as error:
        said = re.search(r": '(.*)'", str(error))
        raise OSError(said[1] if said else "USD's writer failed") from error


def joint_paths(parents: tuple[int, ...]) -> list[str]:
    """Name joints by their way from the root: pelvis/left_hip/left_knee."""
    paths: list[str] = []
    for joint, parent in enumerate(parents):
        above = "" if parent < 0 else f"{paths[parent]}/"
        paths.append(above + SMPL_JOINT_NAMES[joint])
    return paths


def _describe(pxr: Any, stage: Any, animation: Animation) -> None:
    pxr.UsdGeom.SetStageMetersPerUnit(stage, 1.0)
    axis = pxr.UsdGeom.Tokens.z if animation.up == "z" else pxr.UsdGeom.Tokens.y
    pxr.UsdGeom.SetStageUpAxis(stage, axis)
    stage.SetTimeCodesPerSecond(animation.motion.fps)
    stage.SetFramesPerSecond(animation.motion.fps)
    stage.SetStartTimeCode(float(animation.motion.frame_index[0]))
    stage.SetEndTimeCode(float(animation.motion.frame_index[-1]))


def _define_skeleton(pxr: Any, stage: Any, animation: Animation, names: list[str]) -> None:
    skeleton = pxr.UsdSkel.Skeleton.Define(stage, f"{ROOT}/skeleton")
    rest = animation.joints_rest
    parents = np.array(animation.parents)
    offsets = rest - np.where(parents[:, None] < 0, 0.0, rest[parents])
    skeleton.CreateJointsAttr(names)
    skeleton.CreateBindTransformsAttr(_matrices(pxr, rest))
    skeleton.CreateRestTransformsAttr(_matrices(pxr, offsets))
    binding = pxr.UsdSkel.BindingAPI.Apply(skeleton.GetPrim())
    binding.CreateAnimationSourceRel().SetTargets([f"{ROOT}/motion"])


def _define_motion(pxr: Any, stage: Any, animation: Animation, names: list[str]) -> None:
    motion = pxr.UsdSkel.Animation.Define(stage, f"{ROOT}/motion")
    motion.CreateJointsAttr(names)
    rest, parents = animation.joints_rest, np.array(animation.parents)
    offsets = (rest - rest[np.maximum(parents, 0)]).astype(np.float32)
    wxyz = wxyz_over_time(animation.local_rotmats)
    translations, rotations = motion.CreateTranslationsAttr(), motion.CreateRotationsAttr()
    motion.CreateScalesAttr([pxr.Gf.Vec3h(1.0, 1.0, 1.0)] * len(names))
    for row, frame in enumerate(animation.motion.frame_index.tolist()):
        offsets[0] = animation.joints[row, 0]
        translations.Set(pxr.Vt.Vec3fArray.FromNumpy(offsets), float(frame))
        turned = [pxr.Gf.Quatf(w, x, y, z) for w, x, y, z in wxyz[row].tolist()]
        rotations.Set(pxr.Vt.QuatfArray(turned), float(frame))


def _define_mesh(pxr: Any, stage: Any, animation: Animation) -> None:
    mesh = pxr.UsdGeom.Mesh.Define(stage, f"{ROOT}/body")
    faces = np.asarray(animation.body.faces).astype(np.int32)
    points = pxr.Vt.Vec3fArray.FromNumpy(animation.v_shaped.astype(np.float32))
    mesh.CreatePointsAttr(points)
    mesh.CreateExtentAttr(pxr.UsdGeom.PointBased.ComputeExtent(points))
    mesh.CreateFaceVertexCountsAttr(pxr.Vt.IntArray.FromNumpy(np.full(len(faces), 3, np.int32)))
    mesh.CreateFaceVertexIndicesAttr(pxr.Vt.IntArray.FromNumpy(faces.reshape(-1)))
    mesh.CreateSubdivisionSchemeAttr(pxr.UsdGeom.Tokens.none)
    lbs_weights = np.asarray(animation.body.lbs_weights, np.float64)
    count = int((lbs_weights > 0.0).sum(axis=1).max())
    joints = np.argsort(-lbs_weights, axis=1, kind="stable")[:, :count]
    weights = np.take_along_axis(lbs_weights, joints, axis=1)
    binding = pxr.UsdSkel.BindingAPI.Apply(mesh.GetPrim())
    indices = pxr.Vt.IntArray.FromNumpy(joints.astype(np.int32).reshape(-1))
    binding.CreateJointIndicesPrimvar(False, count).Set(indices)
    flat = pxr.Vt.FloatArray.FromNumpy(weights.astype(np.float32).reshape(-1))
    binding.CreateJointWeightsPrimvar(False, count).Set(flat)
    binding.CreateGeomBindTransformAttr(pxr.Gf.Matrix4d(1.0))
    binding.CreateSkeletonRel().SetTargets([f"{ROOT}/skeleton"])


def _matrices(pxr: Any, places: Float[np.ndarray, "joints 3"]) -> Any:
    """Make transforms without rotation; USD multiplies row vectors from the left."""
    return pxr.Vt.Matrix4dArray(
        [pxr.Gf.Matrix4d(1.0).SetTranslate(pxr.Gf.Vec3d(*place)) for place in places.tolist()]
    )


def _import_pxr() -> Any:
    try:
        import pxr
        from pxr import Gf, Tf, Usd, UsdGeom, UsdSkel, Vt  # noqa: F401
    except ImportError as problem:
        raise MissingDependencyError(
            f"USD files cannot be written ({problem}), the package usd-core was expected; install "
            "it with `pip install 'neuhmr-workbench[usd]'`, or write glb."
        ) from problem
    return pxr
