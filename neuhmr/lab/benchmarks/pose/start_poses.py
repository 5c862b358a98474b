"""Initial poses of every kind a benchmark starts from."""

import zlib

import numpy as np
import torch

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.clip import Clip
from neuhmr.errors import ClipError, DatasetError, NeuhmrError, PoseFileError
from neuhmr.initial.smpl_fit import fit_body
from neuhmr.lab.benchmarks.pose.keypoints import ObservedKeypoints
from neuhmr.lab.people.errors.error_models import ERROR_KINDS, error_config
from neuhmr.lab.people.errors.wrong_poses import make_wrong_poses
from neuhmr.motion_prior.checkpoint import load_landmark_prior
from neuhmr.progress import OnProgress

SYNTHETIC_KINDS: tuple[str, ...] = ERROR_KINDS
OWN, GIVEN = "own", "given"
START_KINDS: tuple[str, ...] = (*SYNTHETIC_KINDS, OWN, GIVEN)
"""Truth with errors of each kind; what `neuhmr init` estimates; what lies beside the clip."""


def check_kinds(kinds: tuple[str, ...]) -> None:
    """Refuse kinds that do not exist.

    Raises:
        NeuhmrError: naming the kind and those there are.
    """
    for kind in kinds:
        if kind not in START_KINDS:
            raise NeuhmrError(
                f'There are no initial poses of the kind "{kind}"; give --errors one or more of '
                f"{', '.join(START_KINDS)}."
            )


def wrong_poses(clip: Clip, kind: str, model: SmplModel, seed: int) -> Motion:
    """Put errors on the truth; every clip gets its own, the same in every run.

    Raises:
        DatasetError: the clip has no truth.
    """
    truth = _truth(clip)
    # Not Python's own hash, which differs from run to run.
    clip_seed = (zlib.crc32(clip.video.path.stem.encode()) + seed) % 2**31
    config = error_config(kind, clip_seed)  # pyright: ignore[reportArgumentType]
    camera = clip.cameras_at(truth.frame_index)
    shaped = model.with_shape(truth.betas)
    return make_wrong_poses(truth, shaped, camera, config).motion


def given_poses(clip: Clip) -> Motion:
    """Take the poses that lie beside the clip.

    Raises:
        PoseFileError: there are none for the frames in use.
    """
    if clip.motion is None:
        raise PoseFileError(
            f"{clip.video.path} has no poses beside it for the frames in use, "
            f"{clip.video.path.stem}.poses.npz was expected; leave the kind given out of --errors."
        )
    return clip.motion


def own_poses(
    clip: Clip, observed: ObservedKeypoints, model: SmplModel, on_progress: OnProgress
) -> Motion:
    """Estimate poses as `neuhmr init` does.

    Args:
        clip: the video with its camera.
        observed: keypoints and masks that the detector found in it.
        model: the body to fit.
        on_progress: told after every step.

    Raises:
        ClipError: nobody is seen.
    """
    if not bool(observed.landmarks.detected.any()):
        raise ClipError(
            f"{clip.video.path} shows nobody that the detector recognizes, one person was "
            "expected; leave the kind own out of --errors or the clip out of the folder."
        )
    times = torch.from_numpy(np.ascontiguousarray(clip.video.times)).float()
    fit = fit_body(
        observed.landmarks,
        times,
        clip.camera,
        model,
        observed.masks,
        on_progress=on_progress,
        prior=load_landmark_prior(),
    )
    return fit.motion


def _truth(clip: Clip) -> Motion:
    if clip.truth is None:
        raise DatasetError(
            f"{clip.video.path} has no truth, {clip.video.path.stem}.truth.npz was expected "
            "beside it; benchmarks need it."
        )
    return clip.truth
