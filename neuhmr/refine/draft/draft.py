"""Better poses before anything is rendered, from masks, joints and what is known of people.

All frames of a stretch of the clip are moved at once so that bodies fill their masks, joints are
where they are seen, poses are likely, joints do not jerk, feet are near one floor, and those that
stand stay. It costs some hundredths of a second a frame and repairs much of what no rendering can:
errors along the viewing ray. NeuHMR has no such stage.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import ShapedBody, SmplModel
from neuhmr.clip.crops import PersonCrops
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rotations import nearest_rotations
from neuhmr.motion_prior.beliefs import PoseBeliefs
from neuhmr.motion_prior.network import MotionPrior
from neuhmr.motion_prior.smoothing import smooth_poses
from neuhmr.progress import OnFrame, OnProgress, Progress, ignore_progress
from neuhmr.refine.draft.doubt import drop_contradicted
from neuhmr.refine.draft.draft_fit import DraftFit
from neuhmr.refine.draft.joint_sightings import JointFinder
from neuhmr.refine.draft.learned_start import believe_poses
from neuhmr.refine.draft.outlines import Outlines, collect_outlines
from neuhmr.refine.priors.ground import Ground
from neuhmr.refine.settings.draft import DraftConfig
from neuhmr.tensor_struct import TensorStruct

STRETCH = 240
"""Frames that are fitted together; errors of estimators do not stay the same for longer."""
OVERLAP = 30
"""Frames over which one stretch passes into the next."""


@dataclass(frozen=True)
class Draft(TensorStruct):
    """Poses to start rendering from, and what was found out about the scene."""

    pose: LocalPose
    """Of every row; rows that are not valid have their initial pose."""
    ground: Ground
    """Of every row."""
    beliefs: PoseBeliefs | None = None
    """Of every row, where a motion prior was asked; rows that are not valid have no say."""

    def as_state(self) -> dict[str, Tensor]:
        """Name every tensor, for a state that is saved."""
        state = {
            "draft.rotmat": self.pose.rotmat,
            "draft.transl": self.pose.transl,
            "draft.up": self.ground.up,
            "draft.height": self.ground.height,
        }
        if self.beliefs is not None:
            state |= {
                "draft.believed_rotmat": self.beliefs.pose.rotmat,
                "draft.believed_transl": self.beliefs.pose.transl,
                "draft.believed_axes": self.beliefs.axes,
                "draft.believed_joints": self.beliefs.joints,
                "draft.believed_sigmas": self.beliefs.sigmas,
            }
        return state

    @staticmethod
    def from_state(state: Mapping[str, Tensor], device: torch.device) -> "Draft | None":
        """Undo `as_state`; None where there was no draft."""
        if "draft.rotmat" not in state:
            return None
        pose = LocalPose(state["draft.rotmat"].to(device), state["draft.transl"].to(device))
        ground = Ground(state["draft.up"].to(device), state["draft.height"].to(device))
        beliefs = None
        if "draft.believed_rotmat" in state:
            names = ("rotmat", "transl", "axes", "joints", "sigmas")
            found = {name: state[f"draft.believed_{name}"].to(device) for name in names}
            believed = LocalPose(found.pop("rotmat"), found.pop("transl"))
            beliefs = PoseBeliefs(pose=believed, **found)
        return Draft(pose, ground, beliefs)


def draft_motion(
    crops: PersonCrops,
    motion: Motion,
    model: SmplModel,
    config: DraftConfig,
    on_progress: OnProgress = ignore_progress,
    finder: JointFinder | None = None,
    prior: MotionPrior | None = None,
    fps: float = 30.0,
    is_believed: bool = False,
) -> Draft:
    """Improve initial poses without rendering; the same input gives the same result.

    Args:
        crops: the person's frames; only masks and cameras are looked at.
        motion: initial poses, row for row with the crops.
        model: the body model of those poses.
        config: what to believe.
        on_progress: told after every step; may raise to cancel.
        finder: frames to look for joints in, row for row; None to look for none.
        prior: what is known of motions; None to begin with smoothed initial poses.
        fps: of the video.
        is_believed: the initial poses were made with the prior already, from what was seen of the
            very frames. It then only says how sure it is: asked again, it moves joints that are
            where they are seen towards where joints usually are.
    """
    given = _Given(
        motion=motion,
        cameras=crops.cameras,
        body=model.with_shape(motion.betas),
        outlines=collect_outlines(crops, model, motion.betas),
        finder=finder,
        fps=fps,
    )
    rows = motion.valid.nonzero()[:, 0]
    total = 2 * config.steps * max(1, len(stretches(len(rows))))

    def tell(step: int) -> None:
        on_progress(Progress("Drafting poses", step, total))

    beliefs = None
    if prior is not None and config.prior_weight > 0.0 and len(rows):
        beliefs = _beliefs(given.of_rows(rows), config, prior, lambda: tell(0))
    pose, ground = given.initial, _no_ground(motion.transl)
    for number, (start, end) in enumerate(stretches(len(rows))):
        begun = 2 * number * config.steps
        fitted, floor = _fit_stretch(
            given.of_rows(rows[start:end]),
            config,
            None if beliefs is None or is_believed else beliefs[start:end],
            lambda step, begun=begun: tell(begun + step),
        )
        share = _shares(end - start, number > 0).to(motion.transl)
        pose = _blend(pose, fitted, rows[start:end], share)
        ground = _blend_ground(ground, floor, rows[start:end], share)
    spread = None if beliefs is None else beliefs.spread(rows, given.initial)
    return Draft(pose, ground, spread)


@dataclass(frozen=True, kw_only=True)
class _Given:
    """What is drafted and what is seen of it, row for row."""

    motion: Motion
    cameras: Camera
    body: ShapedBody
    outlines: Outlines
    finder: JointFinder | None
    fps: float

    @property
    def initial(self) -> LocalPose:
        return LocalPose.from_motion(self.motion)

    def of_rows(self, rows: Int[Tensor, " rows"]) -> "_Given":
        return replace(
            self,
            motion=self.motion[rows],
            cameras=self.cameras[rows],
            outlines=self.outlines.of_rows(rows),
            finder=self.finder.of_rows(rows) if self.finder else None,
        )


def _beliefs(
    given: _Given, config: DraftConfig, prior: MotionPrior, on_frame: OnFrame
) -> PoseBeliefs:
    """Ask the prior about valid rows, and leave out what the masks contradict."""
    motion, body, cameras, outlines = given.motion, given.body, given.cameras, given.outlines
    sizes = outlines.silhouettes.sizes
    beliefs = believe_poses(prior, motion, body, cameras, sizes, given.finder, given.fps, on_frame)
    on_frame()
    rows = motion.frame_index
    return drop_contradicted(beliefs, given.initial, rows, body, cameras, outlines, config)


def stretches(num_rows: int) -> list[tuple[int, int]]:
    """Cut rows into overlapping stretches of about equal length: (first, one past the last)."""
    if num_rows == 0:
        return []
    count = max(1, -(-(num_rows - OVERLAP) // (STRETCH - OVERLAP)))
    length = -(-(num_rows + (count - 1) * OVERLAP) // count)
    starts = [number * (length - OVERLAP) for number in range(count)]
    return [(start, min(start + length, num_rows)) for start in starts]


def _fit_stretch(
    given: _Given,
    config: DraftConfig,
    beliefs: PoseBeliefs | None,
    on_step: Callable[[int], None],
) -> tuple[LocalPose, Ground]:
    rows = given.motion.frame_index
    begin = given.initial if beliefs is None else beliefs.pose
    begin = smooth_poses(begin, rows, config.smoothing_frames)

    def descend(scale: float, steps_before: int) -> DraftFit:
        fit = DraftFit(
            begin,
            rows,
            given.cameras,
            given.body,
            given.outlines,
            given.finder,
            config,
            scale,
            beliefs,
            given.fps,
        )
        misfits.append(fit.misfit())
        for step in range(config.steps):
            on_step(steps_before + step)
            fit.step(step)
        misfits.append(fit.misfit())
        return fit

    misfits: list[float] = []
    fit = descend(1.0, 0)
    scale = error_scale(misfits[0] - misfits[1], config)
    if scale < 1.0:
        fit = descend(scale, config.steps)
    return fit.result()


def error_scale(gain: float, config: DraftConfig) -> float:
    """Tell how large the errors of initial poses are, in what the configuration expects.

    Errors along the viewing ray show nowhere, but come with errors across it, which do.

    Args:
        gain: by how much outlines fit better after a descent than before.
        config: says what is typical.
    """
    if config.typical_misfit <= 0.0:
        return 1.0
    return min(1.0, max(config.least_scale, gain / config.typical_misfit))


def _no_ground(transl: Float[Tensor, "frames 3"]) -> Ground:
    """Believe that the camera stands upright, and nothing of the floor."""
    up = transl.new_tensor([0.0, -1.0, 0.0]).expand_as(transl).clone()
    return Ground(up, torch.zeros_like(transl[:, 0]))


def _shares(length: int, has_before: bool) -> Float[Tensor, " rows"]:
    """Weigh a stretch's rows: its first ones share with the stretch before."""
    share = torch.ones(length)
    if has_before:
        ramp = min(OVERLAP, length)
        share[:ramp] = torch.linspace(0.0, 1.0, ramp + 2)[1:-1]
    return share


def _mix(
    old: Float[Tensor, "rows ..."],
    new: Float[Tensor, "rows ..."],
    share: Float[Tensor, " rows"],
) -> Float[Tensor, "rows ..."]:
    weight = share.reshape(-1, *(1,) * (old.ndim - 1))
    return old * (1.0 - weight) + new * weight


def _blend(
    pose: LocalPose,
    fitted: LocalPose,
    rows: Int[Tensor, " rows"],
    share: Float[Tensor, " rows"],
) -> LocalPose:
    rotmat = nearest_rotations(_mix(pose.rotmat[rows], fitted.rotmat, share))
    transl = _mix(pose.transl[rows], fitted.transl, share)
    return LocalPose(
        pose.rotmat.index_copy(0, rows, rotmat), pose.transl.index_copy(0, rows, transl)
    )


def _blend_ground(
    ground: Ground,
    floor: Ground,
    rows: Int[Tensor, " rows"],
    share: Float[Tensor, " rows"],
) -> Ground:
    """Let a stretch's one floor have its share of its rows."""
    up = _mix(ground.up[rows], floor.up.expand(len(rows), 3), share)
    height = _mix(ground.height[rows], floor.height.expand(len(rows)), share)
    return Ground(
        ground.up.index_copy(0, rows, torch.nn.functional.normalize(up, dim=-1)),
        ground.height.index_copy(0, rows, height),
    )
