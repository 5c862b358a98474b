"""What the draft took for true of the scene, to be told to the user.

A picture does not say how high a camera is, nor how far away a hand; the poses rest on guesses of
both. Whoever knows better should see what was guessed.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.skeleton import SMPL_JOINT_NAMES
from neuhmr.body.stature import stature
from neuhmr.refine.draft.draft import Draft
from neuhmr.refine.problem import RefineProblem

ALONG = 2
"""Of a belief's axes, the one along the viewing ray."""


@dataclass(frozen=True, kw_only=True)
class SceneBelief:
    """Guesses that the poses rest on; None where there was no draft, or no prior was asked."""

    person_height_m: float
    """From the soles to the top of the head in the rest pose."""
    camera_height_m: float | None
    """Over the floor, on average over the frames."""
    camera_down_deg: float | None
    """By how much the camera looks down; negative if it looks up."""
    camera_roll_deg: float | None
    """By how much it is tilted to its right."""
    depth_error_m: float | None
    """Expected error of a joint along the viewing ray, beside the hips, on average."""
    least_sure_joint: str | None
    """The joint whose depth is least sure."""
    least_sure_error_m: float | None
    """Expected error of that joint."""
    doubted_frames: tuple[int, ...]
    """Frames in which the masks contradict the motion prior, so that it has no say."""


def believed_scene(problem: RefineProblem) -> SceneBelief:
    """Gather what was believed of the camera, the person and the depth of joints."""
    height = stature(problem.model, problem.initial.betas)
    if problem.draft is None:
        return SceneBelief(
            person_height_m=height, camera_height_m=None, camera_down_deg=None,
            camera_roll_deg=None, depth_error_m=None, least_sure_joint=None,
            least_sure_error_m=None, doubted_frames=(),
        )  # fmt: skip
    rows = problem.initial.valid.nonzero()[:, 0]
    ground = problem.draft.ground[rows]
    up = torch.nn.functional.normalize(ground.up.mean(dim=0), dim=0).tolist()
    error, joint, doubted = None, None, torch.zeros_like(rows, dtype=torch.bool)
    if problem.draft.beliefs is not None:
        beliefs = problem.draft.beliefs[rows]
        doubted = ~beliefs.has_say
        if not bool(doubted.all()):
            errors = beliefs.sigmas[~doubted][..., ALONG].mean(dim=0)
            error, joint = errors, int(errors.argmax())
    return SceneBelief(
        person_height_m=height,
        camera_height_m=-float(ground.height.mean()),
        camera_down_deg=-math.degrees(math.asin(max(-1.0, min(1.0, up[2])))),
        camera_roll_deg=-math.degrees(math.atan2(up[0], -up[1])),
        depth_error_m=None if error is None else float(error.mean()),
        least_sure_joint=None if joint is None else SMPL_JOINT_NAMES[joint],
        least_sure_error_m=None if error is None else float(error.max()),
        doubted_frames=tuple(problem.crops.frame_index[rows[doubted]].tolist()),
    )


def depth_errors(problem: RefineProblem) -> list[float | None]:
    """Give every row the expected error of its joints along the ray (m); None where it is unknown.

    Beside the hips, on average over the joints.
    """
    errors = joint_depth_errors(problem.draft)
    if errors is None:
        return [None] * len(problem.initial)
    return [None if math.isnan(error) else error for error in errors.mean(dim=1).tolist()]


def joint_depth_errors(draft: Draft | None) -> Float[Tensor, "frames 24"] | None:
    """Give the expected error of every joint along the viewing ray, beside the hips (m).

    NaN in rows of which nothing is believed; None where no prior was asked.
    """
    if draft is None or draft.beliefs is None:
        return None
    beliefs = draft.beliefs
    return torch.where(beliefs.has_say[:, None], beliefs.sigmas[..., ALONG], torch.nan)
