"""True poses of short clips, as one camera sees them, to put errors on."""

import numpy as np
import torch

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.cameras import camera_from_focal
from neuhmr.geometry.rigid import Rigid
from neuhmr.lab.people.motion.motions import MotionKind, generate_motion
from neuhmr.lab.people.stage.camera_ring import look_at, ring_position

CAMERA = camera_from_focal(640.0, 512, 512)
FRAMES = 45
KINDS: tuple[MotionKind, ...] = ("walk", "throw", "kick", "arms", "reach")


def film(kind: MotionKind, shaped: ShapedBody, seed: int) -> Motion:
    """Generate a motion and see it from a random side."""
    rng = np.random.default_rng(seed)
    motion = generate_motion(kind, FRAMES, shaped, rng)
    pelvis_rest = shaped.joints_rest[0]
    T = look_at(ring_position(rng.uniform(0, 6), 3.65, 1.3), np.array([0.0, 0.9, 0.0]))
    seen = motion.centered(pelvis_rest).seen_from(
        Rigid.from_matrix(torch.from_numpy(T).float()), pelvis_rest
    )
    return Motion(
        seen.global_orient,
        seen.body_pose,
        seen.transl,
        torch.zeros(10),
        torch.arange(FRAMES),
        torch.ones(FRAMES, dtype=torch.bool),
    )
