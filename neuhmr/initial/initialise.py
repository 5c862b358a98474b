"""First poses and masks of a person, from a video alone."""

import logging
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import torch

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.atomic import check_writable
from neuhmr.clip.clip import Clip
from neuhmr.clip.masks import MaskSequence, pack_masks, write_masks
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import write_motion_file
from neuhmr.clip.sidecars import SidecarKind, find_sidecar, sidecar_path
from neuhmr.errors import ClipError, OutputError
from neuhmr.initial.crowd import CrowdConfig
from neuhmr.initial.descent import FitConfig
from neuhmr.initial.landmarks import Landmarks
from neuhmr.initial.mask_cleaning import clean_mask
from neuhmr.initial.mediapipe_detector import Detection, MediapipeDetector
from neuhmr.initial.segmenters import SegmenterName, segment
from neuhmr.initial.smpl_fit import BodyFit, fit_body
from neuhmr.initial.track import Detect, TrackConfig, follow_person
from neuhmr.initial.whose import one_of_several
from neuhmr.motion_prior.checkpoint import load_landmark_prior
from neuhmr.progress import OnProgress, Progress, ignore_progress

SOURCE = "neuhmr init: MediaPipe Pose landmarks, SMPL fit, motion prior"
"""How motion files of first poses begin to say where they come from."""
LOOKING = "Looking for the person"
FEW_FRAMES = 0.9
"""Below this share of detected frames the user is told."""
LARGE_ERROR = 0.03
"""Above this mean 2D error, in sizes of the person, the user is told."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class InitialConfig:
    """How first poses are made."""

    track: TrackConfig = field(default_factory=TrackConfig)
    fit: FitConfig = field(default_factory=FitConfig)
    crowd: CrowdConfig = field(default_factory=CrowdConfig)
    segmenter: SegmenterName = "mediapipe"
    """Whose masks the fit sees and the clip gets."""


@dataclass(frozen=True)
class InitialReport:
    """How well it went."""

    detected_share: float
    """Share of frames in which the person was seen, in [0, 1]."""
    error_2d_px: float
    """Mean distance between projected and detected landmarks (px)."""
    person_size_px: float
    """Median diagonal of the person's landmarks (px)."""
    warnings: tuple[str, ...]
    """What the user should know, one sentence each."""


@dataclass(frozen=True)
class InitialResult:
    """First poses and masks of a clip."""

    motion: Motion
    """One row per video frame; invalid where nobody was seen."""
    masks: MaskSequence
    """One mask per video frame; empty where nobody was seen."""
    report: InitialReport
    label: str = ""
    """Who of several people it is, such as "person 1 of 2"."""


def initialise(
    clip: Clip,
    model: SmplModel,
    on_progress: OnProgress = ignore_progress,
    config: InitialConfig = InitialConfig(),
    person: str | None = None,
) -> InitialResult:
    """Find the person in every frame and fit the body to it.

    Of several people the largest is taken, or the one of that number, by size from 1.

    Raises:
        ClipError: nobody is seen in any frame, or there is no such person.
        MissingDependencyError: MediaPipe is not installed.
    """
    with MediapipeDetector() as detector:
        whose = one_of_several(clip, detector.detect, person, config.crowd, on_progress)
        if whose is None:
            landmarks, masks = observe(clip, detector.detect, config.track, on_progress)
        else:
            landmarks, masks = whose.landmarks, whose.masks
    if not bool(landmarks.detected.any()):
        raise ClipError(
            f"{clip.video.path} shows nobody that the detector recognizes in any of its "
            f"{len(clip)} frames, one person was expected; give poses with --poses or choose a "
            "clip in which the person is seen at full length."
        )
    masks = segment(config.segmenter, clip.video, masks, on_progress)
    times = torch.from_numpy(np.ascontiguousarray(clip.video.times)).float()
    fit = fit_body(
        landmarks,
        times,
        clip.camera,
        model,
        masks,
        config.fit,
        on_progress,
        load_landmark_prior(),
    )
    report = _report(clip, landmarks, fit)
    if whose is not None:
        report = replace(report, warnings=(whose.remark, *report.warnings))
    for warning in report.warnings:
        logger.warning("%s: %s", clip.video.path.name, warning)
    return InitialResult(fit.motion, masks, report, "" if whose is None else whose.label)


def initialise_sidecars(
    clip: Clip,
    model: SmplModel,
    poses_path: Path | None = None,
    masks_path: Path | None = None,
    on_progress: OnProgress = ignore_progress,
    config: InitialConfig = InitialConfig(),
    person: str | None = None,
) -> InitialResult:
    """Make first poses and masks and write them where the clip will find them again.

    Args:
        clip: the video and its camera.
        model: the body to fit.
        poses_path: where poses go; if not given, beside the clip, or into its folder where that is
            read-only.
        masks_path: likewise; masks that lie there already are kept unless this is given.
        on_progress: told after every frame and step.
        config: how.
        person: who of several people, by size from 1; the largest without it.

    Raises:
        ClipError: nobody is seen, there is no such person, or poses lie beside the clip already and
            no path was given.
        MissingDependencyError: MediaPipe is not installed.
        OutputError: a file cannot be written.
    """
    video_path = clip.video.path
    existing = find_sidecar(video_path, "poses")
    if poses_path is None and existing is not None:
        raise ClipError(
            f"{existing} already holds poses of {video_path.name} and would be overwritten; "
            "give another file with --out, or move it away."
        )
    keeps_masks = masks_path is None and find_sidecar(video_path, "masks") is not None
    poses_path = poses_path or _writable(video_path, "poses")
    masks_path = masks_path or _writable(video_path, "masks")
    for path in (poses_path, masks_path):
        check_writable(path)
    result = initialise(clip, model, on_progress, config, person)
    if keeps_masks and result.label:
        logger.warning(
            "%s: its masks are kept as they are; if they are not those of %s, give --masks-out.",
            video_path.name,
            result.label,
        )
    assumed = ", focal length guessed" if clip.camera_is_guessed else ""
    content = MotionArrays.from_motion(
        result.motion,
        clip.video.fps,
        clip.camera,
        clip.T_camera_world,
        camera_is_guessed=clip.camera_is_guessed,
        body_model=f"{model.name} {model.digest}",
        source=SOURCE + assumed + (f", {result.label}" if result.label else ""),
    )
    if not keeps_masks:
        write_masks(masks_path, result.masks)
    write_motion_file(poses_path, content)
    # As the file says: what is begun now must go on when the clip is opened again.
    return replace(result, motion=content.motion)


def observe(
    clip: Clip, detect: Detect, config: TrackConfig, on_progress: OnProgress = ignore_progress
) -> tuple[Landmarks, MaskSequence]:
    """Collect landmarks and cleaned masks of the followed person from all frames."""
    frames = len(clip)
    landmarks = Landmarks.undetected(frames)
    nothing = np.zeros((clip.video.height, clip.video.width), bool)
    packed = list(pack_masks([nothing]).deflated) * frames
    done = 0
    for index, found in follow_person(clip.video, detect, config):
        if found is not None:
            _store(landmarks, index, found)
            packed[index] = pack_masks([clean_mask(found.mask)]).deflated[0]
        done = max(done, index + 1)  # Frames come again when a person is followed backward.
        on_progress(Progress(LOOKING, done, frames))
    return landmarks, MaskSequence(tuple(packed), clip.video.height, clip.video.width)


def _store(landmarks: Landmarks, index: int, found: Detection) -> None:
    landmarks.points2d[index] = torch.from_numpy(found.points2d)
    landmarks.visibility[index] = torch.from_numpy(found.visibility)
    landmarks.points3d[index] = torch.from_numpy(found.points3d)
    landmarks.detected[index] = True


def _writable(video_path: Path, kind: SidecarKind) -> Path:
    """Choose a sidecar's place and make its folder.

    Raises:
        OutputError: the folder cannot be made.
    """
    path = sidecar_path(video_path, kind)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{path.parent} cannot be made for what belongs to {video_path.name} "
            f"({error.strerror or error}); give output files with --out and --masks-out, or copy "
            "the clip to a folder that can be written."
        ) from error
    return path


def _report(clip: Clip, landmarks: Landmarks, fit: BodyFit) -> InitialReport:
    seen = int(landmarks.detected.sum())
    points = landmarks.points2d[landmarks.detected]
    size = float((points.amax(dim=1) - points.amin(dim=1)).norm(dim=-1).median())
    warnings = []
    if clip.camera_is_guessed:
        warnings.append(
            "the focal length is a guess from the picture's size, so the person's distance is "
            "only roughly right; a camera file tells better"
        )
    if seen < FEW_FRAMES * len(clip):
        warnings.append(
            f"the person was seen in {seen} of {len(clip)} frames only; the others carry no pose"
        )
    if fit.exchanged_frames:
        warnings.append(
            f"left and right were exchanged and put right in {fit.exchanged_frames} frames"
        )
    if fit.error_2d_px > LARGE_ERROR * size:
        warnings.append(
            f"the body is {fit.error_2d_px:.0f} px off the landmarks on average; check the overlay"
        )
    return InitialReport(seen / len(clip), fit.error_2d_px, size, tuple(warnings))
