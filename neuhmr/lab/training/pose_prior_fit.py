"""Fits the embedded pose prior: `python -m neuhmr.lab.training.pose_prior_fit`.

The poses are those of training people moving in every way that is not held out for the test.
"""

import logging

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import LEFT_RIGHT_JOINTS
from neuhmr.lab.people.motion.motions import MOTION_KINDS, generate_motion
from neuhmr.lab.people.splits import kinds_of, person_seed
from neuhmr.refine.priors.pose_prior import POSE_PRIOR_PATH, fit_pose_prior, write_pose_prior

PEOPLE_PER_KIND = 12
FRAMES = 60
WIDENING = 0.2
"""Standard deviation added to every angle (rad): what nobody did here is only unlikely."""
UP_WIDENING = 0.1
"""The same for the upward direction in the root's frame, a unit vector."""

_log = logging.getLogger(__name__)


def example_poses(
    people_per_kind: int = PEOPLE_PER_KIND,
) -> tuple[Float[Tensor, "frames 23 3 3"], Float[Tensor, "frames 3"]]:
    """Generate poses of training people in all their kinds of motion, with mirror images.

    Returns:
        Body joints, and the direction against gravity in each root's frame.
    """
    shaped = load_body_model().with_shape(torch.zeros(1))
    poses, ups = [], []
    for number, kind in enumerate(kinds_of("train", MOTION_KINDS)):
        for person in range(people_per_kind):
            seed = person_seed("train", 5_000_000, number * people_per_kind + person)
            motion = generate_motion(kind, FRAMES, shaped, np.random.default_rng(seed))
            poses.append(motion.body_pose)
            # On the stage +y is up, so this is the second row of each root's rotation.
            ups.append(motion.global_orient[:, 1])
    body_pose, up = torch.cat(poses), torch.cat(ups)
    mirrored_up = up * up.new_tensor([-1.0, 1.0, 1.0])
    return torch.cat([body_pose, mirrored(body_pose)]), torch.cat([up, mirrored_up])


def mirrored(body_pose: Float[Tensor, "frames 23 3 3"]) -> Float[Tensor, "frames 23 3 3"]:
    """Exchange left and right: swap the sides' joints and reflect their rotations in x."""
    order = list(range(24))
    for left, right in LEFT_RIGHT_JOINTS:
        order[left], order[right] = right, left
    reflection = torch.diag(body_pose.new_tensor([-1.0, 1.0, 1.0]))
    return reflection @ body_pose[:, [joint - 1 for joint in order[1:]]] @ reflection


def main() -> None:
    """Fit the prior and write it into the package."""
    logging.basicConfig(level=logging.INFO)
    body_pose, up = example_poses()
    write_pose_prior(POSE_PRIOR_PATH, fit_pose_prior(body_pose, up, WIDENING, UP_WIDENING))
    _log.info("wrote %s from %d poses", POSE_PRIOR_PATH, len(body_pose))


if __name__ == "__main__":
    main()
