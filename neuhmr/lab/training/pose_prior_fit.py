"""Fits the embedded pose prior: `python -m neuhmr.lab.training.pose_prior_fit`.

The poses are those of training people moving in every way that is not held out for the test.
"""

import logging
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.model_files import load_body_model
from neuhmr.body.skeleton import LEFT_RIGHT_JOINTS
from neuhmr.lab.people.motion.motions import MOTION_KINDS, generate_motion
from neuhmr.lab.people.splits import kinds_of, person_seed
from neuhmr.lab.training.run_record import RECORD_NAME, header_notes, run_record, write_record
from neuhmr.refine.priors.pose_prior import POSE_PRIOR_PATH, fit_pose_prior, write_pose_prior

_log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class PosePriorConfig:
    """How the prior is fitted."""

    out: Path = POSE_PRIOR_PATH
    """The file to write; its record goes beside it."""
    people_per_kind: int = 12
    """Of each kind of motion."""
    frames: int = 60
    """Of each person."""
    widening: float = 0.2
    """Standard deviation added to every angle (rad): what nobody did here is only unlikely."""
    up_widening: float = 0.1
    """The same for the upward direction in the root's frame, a unit vector."""
    seed: int = 5_000_000
    """Of the first person, among those to train on."""


def example_poses(
    config: PosePriorConfig,
) -> tuple[Float[Tensor, "frames 23 3 3"], Float[Tensor, "frames 3"]]:
    """Generate poses of training people in all their kinds of motion, with mirror images.

    Returns:
        Body joints, and the direction against gravity in each root's frame.
    """
    shaped = load_body_model().with_shape(torch.zeros(1))
    poses, ups = [], []
    for number, kind in enumerate(kinds_of("train", MOTION_KINDS)):
        for person in range(config.people_per_kind):
            place = number * config.people_per_kind + person
            seed = person_seed("train", config.seed, place)
            motion = generate_motion(kind, config.frames, shaped, np.random.default_rng(seed))
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


def fit(config: PosePriorConfig) -> None:
    """Fit the prior; write it, and beside it the record of how it was made.

    Raises:
        OutputError: the record cannot be written.
    """
    body_pose, up = example_poses(config)
    prior = fit_pose_prior(body_pose, up, config.widening, config.up_widening)
    record = run_record(type(config).__name__, asdict(config), {}, "cpu")
    write_pose_prior(config.out, prior, header_notes(record))
    write_record(config.out.with_name(f"{config.out.stem}_{RECORD_NAME}"), record)
    _log.info("wrote %s from %d poses", config.out, len(body_pose))


def main() -> None:
    """Fit the prior and write it into the package."""
    logging.basicConfig(level=logging.INFO)
    fit(PosePriorConfig())


if __name__ == "__main__":
    main()
