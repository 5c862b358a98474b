"""Fitting an SMPL-format body to landmarks and masks of all frames of a clip."""

from dataclasses import dataclass, replace

import torch
from jaxtyping import Float, Int
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.masks import MaskSequence
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rotations import axisangle_to_rotmat, rotmat_to_axisangle
from neuhmr.initial.believed_fit import believe_landmarks, descend_from_beliefs
from neuhmr.initial.descent import LABEL, Descents, FitConfig, descend
from neuhmr.initial.first_guess import exchanged_sides, person_sizes, viewing_rotations
from neuhmr.initial.fit_terms import BodyKnowledge, Estimate, Evidence
from neuhmr.initial.landmark_body import make_landmark_body
from neuhmr.initial.landmarks import LANDMARK_NAMES, Landmarks
from neuhmr.initial.priors import human_joint_ranges
from neuhmr.initial.silhouettes import collect_silhouettes, sample_surface
from neuhmr.motion_prior.beliefs import USUAL_FPS
from neuhmr.motion_prior.network import MotionPrior
from neuhmr.progress import OnProgress, Progress, ignore_progress

NUM_BETAS = 10
FACE_WEIGHT, HAND_WEIGHT = 0.25, 0.3
"""Eleven landmarks lie on the face and three on each hand: together they count as few."""
MIN_VISIBILITY = 0.5
"""Landmarks that the detector trusts less are left out of the reported error."""


@dataclass(frozen=True)
class BodyFit:
    """A motion over all frames of the clip and how well it agrees with the landmarks."""

    motion: Motion
    error_2d_px: float
    """Mean distance of the projected body's landmarks from the visible detected ones (px)."""
    exchanged_frames: int
    """Frames in which left and right were put right."""


@dataclass(frozen=True)
class SeenFrames:
    """The frames that show the person; evidence is gathered from them block by block."""

    rows: Int[Tensor, " seen"]
    landmarks: Landmarks
    times: Float[Tensor, " seen"]
    camera: Camera
    masks: MaskSequence | None
    exchanged_frames: int
    """Frames in which left and right were put right."""

    def evidence(self, index: Int[Tensor, " chosen"]) -> Evidence:
        """Gather what was seen in some of the seen frames."""
        seen, K = self.landmarks[index], self.camera.K
        camera = replace(self.camera, K=K[index])
        turns = viewing_rotations(seen, camera)
        shares = torch.tensor([_landmark_weight(name) for name in LANDMARK_NAMES])
        silhouettes = None
        if self.masks is not None:
            silhouettes = collect_silhouettes(self.masks.mask(int(i)) for i in self.rows[index])
        return Evidence(
            camera=camera,
            points2d=seen.points2d,
            points3d=torch.einsum("fij,flj->fli", turns, seen.points3d),
            weights=shares * seen.visibility.clamp(0.0, 1.0),
            sizes=person_sizes(seen),
            times=self.times[index],
            silhouettes=silhouettes,
        )


def fit_body(
    landmarks: Landmarks,
    times: Float[Tensor, " frames"],
    camera: Camera,
    model: SmplModel,
    masks: MaskSequence | None = None,
    config: FitConfig = FitConfig(),  # noqa: B008 - frozen
    on_progress: OnProgress = ignore_progress,
    prior: MotionPrior | None = None,
) -> BodyFit:
    """Fit poses, places and one shape to the detected frames.

    Rows of frames in which nobody was seen are marked invalid and hold the poses between their
    neighbors'.

    Args:
        landmarks: at least one frame of them detected.
        times: when each frame is shown (s), ascending.
        camera: of the clip, K for all frames or one per frame.
        model: the body; its first 10 shape coefficients are fitted.
        masks: of the person in all frames, where there are any.
        config: terms and steps.
        on_progress: told after every step.
        prior: what is known of motions; None to leave poses as the landmarks have them.

    Raises:
        ValueError: no frame is detected.
    """
    seen = see_frames(landmarks, times, camera, masks)
    known = know_bodies(model)
    estimate = fit_to_landmarks(seen, known, config, on_progress)
    if prior is not None and config.believed.steps > 0:
        estimate = _fit_believed(seen, known, estimate, prior, config, on_progress)
    return BodyFit(
        motion=_fill_gaps(estimate, seen.rows, len(landmarks)),
        error_2d_px=_error_2d(seen, known, estimate),
        exchanged_frames=seen.exchanged_frames,
    )


def see_frames(
    landmarks: Landmarks,
    times: Float[Tensor, " frames"],
    camera: Camera,
    masks: MaskSequence | None,
) -> SeenFrames:
    """Pick the frames that show the person, with left and right put right.

    Args:
        landmarks: of all frames.
        times: when each is shown (s), ascending.
        camera: of the clip, K for all frames or one per frame.
        masks: of the person in all frames, where there are any.

    Raises:
        ValueError: no frame is detected.
    """
    rows = landmarks.detected.nonzero()[:, 0]
    if rows.numel() == 0:
        raise ValueError("see_frames: no frame is detected")
    exchanged = exchanged_sides(landmarks[rows], times[rows])
    K = camera.K[rows] if camera.K.dim() == 3 else camera.K.expand(len(rows), 3, 3)
    return SeenFrames(
        rows=rows,
        landmarks=landmarks[rows].with_sides_exchanged(exchanged),
        times=times[rows],
        camera=replace(camera, K=K),
        masks=masks,
        exchanged_frames=int(exchanged.sum()),
    )


def know_bodies(model: SmplModel) -> BodyKnowledge:
    """Gather what a fit must know of a body model, of its first 10 shape coefficients."""
    model = replace(model, shapedirs=model.shapedirs[..., :NUM_BETAS])
    return BodyKnowledge(make_landmark_body(model), sample_surface(model), human_joint_ranges())


def _landmark_weight(name: str) -> float:
    if any(part in name for part in ("nose", "eye", "ear", "mouth")):
        return FACE_WEIGHT
    if any(part in name for part in ("pinky", "thumb")) or name in ("left_index", "right_index"):
        return HAND_WEIGHT
    return 1.0


def fit_to_landmarks(
    seen: SeenFrames, known: BodyKnowledge, config: FitConfig, on_progress: OnProgress
) -> Estimate:
    """Fit what is seen, with nothing known of motions: a short clip at once; of a long one first
    the shape, then block after block."""
    frames, block, overlap = len(seen.rows), config.block_frames, config.overlap_frames
    if frames <= block:
        evidence = seen.evidence(torch.arange(frames))
        return descend(evidence, known, config, None, Descents(0, 1), on_progress)
    starts = range(0, frames - overlap, block - overlap)
    total = 1 + len(starts)
    spread = torch.linspace(0, frames - 1, block // 2).round().long()
    sample = seen.evidence(spread)
    betas = descend(sample, known, config, None, Descents(0, total), on_progress).betas
    joined: Estimate | None = None
    for done, start in enumerate(starts, start=1):
        evidence = seen.evidence(torch.arange(start, min(start + block, frames)))
        fitted = descend(evidence, known, config, betas, Descents(done, total), on_progress)
        joined = fitted if joined is None else _cross_fade(joined, fitted, overlap)
    assert joined is not None, "a clip longer than a block has blocks"
    return joined


def _fit_believed(
    seen: SeenFrames,
    known: BodyKnowledge,
    estimate: Estimate,
    prior: MotionPrior,
    config: FitConfig,
    on_progress: OnProgress,
) -> Estimate:
    """Fit once more, from where the motion prior has the person, block after block."""
    fps = 1.0 / float(seen.times.diff().median()) if len(seen.times) > 1 else USUAL_FPS
    beliefs = believe_landmarks(prior, known, estimate, seen.landmarks, seen.camera, seen.rows, fps)
    frames, block, overlap = len(seen.rows), config.block_frames, config.overlap_frames
    starts = range(0, max(1, frames - overlap), block - overlap)
    steps = config.believed.steps
    joined: Estimate | None = None
    for done, start in enumerate(starts):
        index = torch.arange(start, min(start + block, frames))

        def report(step: int, done: int = done) -> None:
            on_progress(Progress(LABEL, done * steps + step, len(starts) * steps))

        fitted = descend_from_beliefs(
            seen.evidence(index),
            known,
            estimate.betas,
            beliefs[index],
            seen.rows[index],
            config.terms,
            config.believed,
            report,
        )
        joined = fitted if joined is None else _cross_fade(joined, fitted, overlap)
    assert joined is not None, "there is a block"
    return joined


def _cross_fade(before: Estimate, after: Estimate, overlap: int) -> Estimate:
    """Join two stretches of frames that share `overlap` of them."""
    share = torch.linspace(0.0, 1.0, overlap + 2)[1:-1, None]
    turn = rotmat_to_axisangle(
        before.global_orient[-overlap:].transpose(1, 2) @ after.global_orient[:overlap]
    )
    orient = before.global_orient[-overlap:] @ axisangle_to_rotmat(share * turn)
    start = axisangle_to_rotmat(before.body_pose[-overlap:])
    bend = rotmat_to_axisangle(
        start.transpose(-1, -2) @ axisangle_to_rotmat(after.body_pose[:overlap])
    )
    pose = rotmat_to_axisangle(start @ axisangle_to_rotmat(share[..., None] * bend))
    transl = torch.lerp(before.transl[-overlap:], after.transl[:overlap], share)
    return Estimate(
        torch.cat([before.global_orient[:-overlap], orient, after.global_orient[overlap:]]),
        torch.cat([before.body_pose[:-overlap], pose, after.body_pose[overlap:]]),
        torch.cat([before.transl[:-overlap], transl, after.transl[overlap:]]),
        after.betas,
    )


def _error_2d(seen: SeenFrames, known: BodyKnowledge, estimate: Estimate) -> float:
    projected = seen.camera.project(estimate.landmarks(known.body))
    distances = (projected - seen.landmarks.points2d).norm(dim=-1)
    counted = (seen.landmarks.visibility >= MIN_VISIBILITY).to(distances.dtype)
    return float((distances * counted).sum() / counted.sum().clamp_min(1.0))


def _fill_gaps(estimate: Estimate, rows: Int[Tensor, " seen"], frames: int) -> Motion:
    """Give every frame a row: fitted where the person was seen, else between its neighbors."""
    index = torch.arange(frames)
    after = torch.searchsorted(rows, index).clamp(max=len(rows) - 1)
    before = (torch.searchsorted(rows, index, right=True) - 1).clamp(min=0)
    span = (rows[after] - rows[before]).clamp(min=1)
    share = ((index - rows[before]) / span).clamp(0.0, 1.0)
    local = estimate.local_rotmats()
    turn = rotmat_to_axisangle(local[before].transpose(-1, -2) @ local[after])
    local = local[before] @ axisangle_to_rotmat(share[:, None, None] * turn)
    valid = torch.zeros(frames, dtype=torch.bool)
    valid[rows] = True
    return Motion(
        global_orient=local[:, 0],
        body_pose=local[:, 1:],
        transl=torch.lerp(estimate.transl[before], estimate.transl[after], share[:, None]),
        betas=estimate.betas,
        frame_index=index,
        valid=valid,
    )
