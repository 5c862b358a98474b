"""Beliefs of the motion prior that the masks contradict are not believed.

Somebody who lies, climbs or dances as nobody did in the training may be seen standing; how sure the
prior says it is does not tell. How badly the believed body fills the masks, beside the initial one,
does.
"""

from dataclasses import replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.smpl_model import ShapedBody
from neuhmr.geometry.cameras import Camera
from neuhmr.motion_prior.beliefs import NO_SAY, PoseBeliefs
from neuhmr.refine.draft.clothes import Clothes
from neuhmr.refine.draft.outlines import Outlines, nearest_points, outline_loss
from neuhmr.refine.settings.draft import DraftConfig
from neuhmr.refine.time_means import gaussian_means

REACH = 8.0
"""Frames over which misfits are averaged (standard deviation): doubts last."""
BLOCK = 240
"""Frames that are compared with their masks at once; each takes about half a megabyte."""


@torch.no_grad()
def misfits(
    pose: LocalPose, body: ShapedBody, cameras: Camera, outlines: Outlines, config: DraftConfig
) -> Float[Tensor, " frames"]:
    """Measure how badly bodies fill their masks: mean squared standard deviations."""
    blocks = torch.arange(len(pose.transl), device=pose.transl.device).split(BLOCK)
    return torch.cat(
        [
            _misfits(pose[rows], body, cameras[rows], outlines.of_rows(rows), config)
            for rows in blocks
        ]
    )


def _misfits(
    pose: LocalPose, body: ShapedBody, cameras: Camera, outlines: Outlines, config: DraftConfig
) -> Float[Tensor, " frames"]:
    bones, thickness = pose.bones(body), Clothes(pose.transl.device).thickness()
    partners = nearest_points(outlines, cameras, bones, thickness)
    return outline_loss(
        outlines.silhouettes,
        outlines.surface.project(cameras, bones, thickness),
        partners.project(cameras, bones, thickness),
        config.sigma_outline,
        config.outlier_outline,
    )


def drop_contradicted(
    beliefs: PoseBeliefs,
    initial: LocalPose,
    frame_index: Int[Tensor, " frames"],
    body: ShapedBody,
    cameras: Camera,
    outlines: Outlines,
    config: DraftConfig,
) -> PoseBeliefs:
    """Take initial poses, and believe nothing, where believed bodies fill the masks much worse.

    Args:
        beliefs: of each frame.
        initial: what else the draft could begin with.
        frame_index: the video frame of each.
        body: of all poses.
        cameras: of each frame.
        outlines: of the masks.
        config: says what outlines are worth, and how much worse is too much.
    """
    worse = misfits(beliefs.pose, body, cameras, outlines, config)
    worse = worse - misfits(initial, body, cameras, outlines, config)
    lasting = gaussian_means(worse.tolist(), frame_index.tolist(), REACH)
    is_doubted = torch.tensor(lasting, device=worse.device) > config.doubt
    rotmat = torch.where(is_doubted[:, None, None, None], initial.rotmat, beliefs.pose.rotmat)
    transl = torch.where(is_doubted[:, None], initial.transl, beliefs.pose.transl)
    sigmas = torch.where(is_doubted[:, None, None], NO_SAY, beliefs.sigmas)
    return replace(beliefs, pose=LocalPose(rotmat, transl), sigmas=sigmas)
