"""Where the selected joint is and how it is turned, for gizmos, sliders and pictures."""

from dataclasses import dataclass, replace

import torch

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rotations import rotmat_to_wxyz
from workbench.engine.exchange import motion_row
from workbench.engine.interface import Footage

_GIMBAL = 1.0 - 1e-6


@dataclass(frozen=True)
class JointNow:
    """One joint in one frame."""

    position: tuple[float, float, float]
    """(m, camera)."""
    wxyz: tuple[float, float, float, float]
    """From its own axes to the camera's."""
    degrees: tuple[float, float, float]
    """Of its rotation in its parent's axes, about x, then y, then z."""
    pixels: tuple[tuple[float, float], ...]
    """Of all joints in the video (px)."""


def joint_now(footage: Footage, motion: Motion, frame: int, joint: int) -> JointNow | None:
    """Look at a joint; None where the frame has no pose."""
    row = motion_row(motion, frame)
    if row is None:
        return None
    skeleton = footage.skeleton(motion)
    pose = LocalPose.from_motion(motion)
    bones = skeleton.bones(pose.rotmat[row], pose.transl[row])
    places = bones.apply(skeleton.joints_rest)
    pixels = frame_camera(footage, frame).project(places)
    return JointNow(
        position=_three(places[joint]),
        wxyz=tuple(rotmat_to_wxyz(bones.rotmat[joint]).tolist()),
        degrees=degrees_of(pose.rotmat[row, joint]),
        pixels=tuple((u, v) for u, v in pixels.tolist()),
    )


def frame_camera(footage: Footage, frame: int) -> Camera:
    """Take the camera of one frame, where each has its own."""
    camera = footage.camera
    return replace(camera, K=camera.K[frame]) if camera.K.dim() == 3 else camera


def degrees_of(rotmat: torch.Tensor) -> tuple[float, float, float]:
    """Take R_z R_y R_x apart into angles about x, y and z (degrees); y within a right angle."""
    sine = float(-rotmat[2, 0].clamp(-1.0, 1.0))
    y = torch.asin(torch.tensor(sine))
    if abs(sine) < _GIMBAL:
        x = torch.atan2(rotmat[2, 1], rotmat[2, 2])
        z = torch.atan2(rotmat[1, 0], rotmat[0, 0])
    else:  # x and z turn about the same axis: let x do it all.
        x = torch.atan2(-rotmat[1, 2], rotmat[1, 1])
        z = torch.zeros(())
    return _three(torch.rad2deg(torch.stack([x, y, z])))


def _three(vector: torch.Tensor) -> tuple[float, float, float]:
    x, y, z = vector.tolist()
    return x, y, z
