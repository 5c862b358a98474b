"""What the prior believes of the poses of a clip."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from neuhmr.body.local_pose import LocalPose
from neuhmr.geometry.rotations import nearest_rotations
from neuhmr.losses.image import geman_mcclure
from neuhmr.motion_prior.mirroring import ask_both
from neuhmr.motion_prior.network import Belief, MotionPrior
from neuhmr.motion_prior.view import PersonView, Sightings, view_person
from neuhmr.tensor_struct import TensorStruct, concatenate

WINDOW = 48
"""Thirtieths of a second that are looked at together, as in training, and the most frames."""
FEWEST = 8
"""Frames that are looked at together where poses are so far apart in time that a window of that
length would hold fewer."""
USUAL_FPS = 30.0
"""Frame rate of the training; in clips of twice that every second frame makes one sequence."""
NO_SAY = 1e6
"""Expected error of joints of which nothing is believed (m)."""


@dataclass(frozen=True)
class PoseBeliefs(TensorStruct):
    """Likely poses of all frames, and how sure that is."""

    pose: LocalPose
    axes: Float[Tensor, "frames 3 3"]
    """From the camera's axes to those of the viewing ray, in which errors are stated."""
    joints: Float[Tensor, "frames 24 3"]
    """Likely places in the camera's axes, from the middle of the hips (m)."""
    sigmas: Float[Tensor, "frames 24 3"]
    """Expected error of each along the three axes (m)."""

    @property
    def has_say(self) -> Bool[Tensor, " frames"]:
        """Tell in which frames anything is believed."""
        return (self.sigmas < NO_SAY).all(dim=-1).all(dim=-1)

    def surprise(
        self, joints: Float[Tensor, "frames 24 3"], outlier: float
    ) -> Float[Tensor, " frames"]:
        """Mean squared distance of joints from where they are likely to be, in expected errors.

        Args:
            joints: in the camera's axes (m), placed anywhere.
            outlier: joints so many expected errors away lose their say.
        """
        squared = self.deviations(joints).square().sum(dim=-1)
        return geman_mcclure(squared, outlier).mean(dim=-1)

    def deviations(self, joints: Float[Tensor, "frames 24 3"]) -> Float[Tensor, "frames 24 3"]:
        """Measure how far joints are from where they are likely to be, in expected errors.

        Args:
            joints: in the camera's axes (m), placed anywhere.
        """
        off = hip_aligned(joints) - self.joints
        return (self.axes[:, None] @ off[..., None])[..., 0] / self.sigmas

    def spread(self, rows: Int[Tensor, " rows"], others: LocalPose) -> "PoseBeliefs":
        """Put the beliefs of some rows among rows of which nothing is believed.

        Args:
            rows: where these frames belong.
            others: poses of all rows.
        """
        frames = len(others.transl)

        def into(values: Tensor, fill: float) -> Tensor:
            whole = torch.full((frames, *values.shape[1:]), fill).to(values)
            return whole.index_copy(0, rows, values)

        pose = LocalPose(
            others.rotmat.index_copy(0, rows, self.pose.rotmat),
            others.transl.index_copy(0, rows, self.pose.transl),
        )
        sigmas = into(self.sigmas, NO_SAY)
        return PoseBeliefs(pose, into(self.axes, 0.0), into(self.joints, 0.0), sigmas)


def hip_aligned(joints: Float[Tensor, "*batch 24 3"]) -> Float[Tensor, "*batch 24 3"]:
    """Put the middle of the hips at the origin."""
    return joints - joints[..., 1:3, :].mean(dim=-2, keepdim=True)


@torch.no_grad()
def believe(
    prior: MotionPrior,
    joints_rest: Float[Tensor, "24 3"],
    betas: Float[Tensor, " betas"],
    initial: LocalPose,
    frame_index: Int[Tensor, " frames"],
    fps: float,
    sightings: Sightings | None,
) -> PoseBeliefs:
    """Ask the prior about every frame of a clip.

    Args:
        prior: the network.
        joints_rest: of the body that the poses are for (m).
        betas: its shape.
        initial: poses as an estimator gave them, not smoothed.
        frame_index: the video frame of each.
        fps: of the video.
        sightings: where joints are seen in each frame; None for nowhere.
    """
    pelvis = initial.transl + joints_rest[0]
    view = view_person(joints_rest, betas, initial.rotmat, pelvis, sightings)
    stride = max(1, round(fps / USUAL_FPS))
    times = frame_index.float() * (USUAL_FPS / fps)
    windows = [
        window
        for phase in range(stride)
        for window in _windows((frame_index % stride == phase).nonzero()[:, 0], times)
    ]
    belief = _blend(prior, view, windows, times)
    back = view.axes.transpose(-1, -2)
    root = back @ belief.rotmat[:, 0]
    rotmat = torch.cat([root[:, None], belief.rotmat[:, 1:]], dim=1)
    shift = (back @ belief.shift[..., None])[..., 0]
    joints = (back[:, None] @ hip_aligned(belief.joints(view))[..., None])[..., 0]
    sigmas = torch.stack([belief.across, belief.across, belief.along], dim=-1)
    return PoseBeliefs(LocalPose(rotmat, initial.transl + shift), view.axes, joints, sigmas)


def _windows(
    rows: Int[Tensor, " rows"], times: Float[Tensor, " frames"]
) -> list[Int[Tensor, " window"]]:
    """Cut rows into windows of about equal length, of which neighbors share a third.

    Args:
        rows: of one sequence.
        times: of all frames, in thirtieths of a second.
    """
    if not len(rows):
        return []
    spacing = float(times[rows].diff().median()) if len(rows) > 1 else 1.0
    longest = min(WINDOW, max(FEWEST, round(WINDOW / spacing)))
    overlap = longest // 3
    count = max(1, -(-(len(rows) - overlap) // (longest - overlap)))
    length = min(len(rows), -(-(len(rows) + (count - 1) * overlap) // count))
    starts = torch.linspace(0, len(rows) - length, count).round().long().tolist()
    return [rows[start : start + length] for start in starts]


def _blend(
    prior: MotionPrior,
    view: PersonView,
    windows: list[Int[Tensor, " window"]],
    times: Float[Tensor, " frames"],
) -> Belief:
    """Look at all windows; where two overlap, the nearer a window's middle, the more it says."""
    seen = concatenate([_look(prior, view, rows, times) for rows in windows])
    places = torch.cat(windows)
    weights = torch.cat([_tent(len(rows)) for rows in windows]).to(times)
    totals = torch.zeros_like(times).index_add(0, places, weights)
    shares = weights / totals[places]

    def mean(values: Tensor) -> Tensor:
        weighed = values * shares.reshape(-1, *(1,) * (values.ndim - 1))
        return torch.zeros(len(times), *values.shape[1:]).to(values).index_add(0, places, weighed)

    blended = seen.map(mean)
    return replace(blended, rotmat=nearest_rotations(blended.rotmat))


def _look(
    prior: MotionPrior, view: PersonView, rows: Int[Tensor, " window"], times: Tensor
) -> Belief:
    return ask_both(prior, _window_view(view, rows), (times[rows] - times[rows[0]])[None])[0]


def _tent(frames: int) -> Float[Tensor, " frames"]:
    """Weigh the frames of a window, most in the middle."""
    off = (torch.arange(frames) - (frames - 1) / 2.0).abs()
    return 1.0 - off / (frames / 2.0 + 0.5)


def _window_view(view: PersonView, rows: Int[Tensor, " window"]) -> PersonView:
    """Cut a window out of a person, with one batch axis."""
    return PersonView(
        view.joints_rest[None],
        view.betas[None],
        view.rotmat[rows][None],
        view.pelvis[rows][None],
        view.axes[rows][None],
        view.places[rows][None],
        view.sureness[rows][None],
    )
