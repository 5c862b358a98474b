"""How estimators err: every kind of wrong initial poses, and the figures that describe it.

Figures are means over clips at 30 frames a second with the true body; `neuhmr people` writes each
clip's own into `CLIP.person.json`.
"""

from dataclasses import dataclass, replace
from typing import get_args

from neuhmr.lab.people.errors.believed_body import Betas
from neuhmr.lab.people.errors.wrong_poses import ErrorKind, WrongPoseConfig

ERROR_KINDS: tuple[ErrorKind, ...] = get_args(ErrorKind)
Range = tuple[int | float, int | float]


@dataclass(frozen=True, kw_only=True)
class ErrorModel:
    """One kind of estimator."""

    stands_for: str
    config: WrongPoseConfig
    mpjpe_mm: Range
    pa_mpjpe_mm: Range
    along_ray_mm: Range
    across_ray_mm: Range
    acceleration_mm: Range
    """Mean error of second differences (mm per frame^2)."""


ERROR_MODELS: dict[ErrorKind, ErrorModel] = {
    "ray": ErrorModel(
        stands_for="right in the picture, wrong along the viewing ray",
        config=WrongPoseConfig(kind="ray"),
        mpjpe_mm=(85, 105), pa_mpjpe_mm=(55, 70), along_ray_mm=(65, 85), across_ray_mm=(38, 53),
        acceleration_mm=(15, 30),
    ),
    "isotropic": ErrorModel(
        stands_for="the naive corruption: noise on all joints alike",
        config=WrongPoseConfig(kind="isotropic"),
        mpjpe_mm=(85, 105), pa_mpjpe_mm=(38, 60), along_ray_mm=(40, 65), across_ray_mm=(60, 85),
        acceleration_mm=(15, 30),
    ),
    "image": ErrorModel(
        stands_for="HMR2.0 and others that see one picture: they shake, and limbs flip often",
        config=WrongPoseConfig(
            kind="image", mpjpe_mm=105.0, jitter=0.08, smoothing=1.0, flips=2.5, swaps=0.4
        ),
        mpjpe_mm=(95, 115), pa_mpjpe_mm=(55, 80), along_ray_mm=(70, 95), across_ray_mm=(40, 60),
        acceleration_mm=(28, 50),
    ),
    "video": ErrorModel(
        stands_for="VIBE and others that smooth: late by some frames, fast limbs reach less far",
        config=WrongPoseConfig(
            kind="video", mpjpe_mm=95.0, jitter=0.008, smoothing=4.0, flips=0.3, swaps=0.0,
            lag=(1, 3), damping=3.0,
        ),
        mpjpe_mm=(85, 115), pa_mpjpe_mm=(45, 75), along_ray_mm=(60, 85), across_ray_mm=(35, 65),
        acceleration_mm=(3, 12),
    ),
    "world": ErrorModel(
        stands_for="GVHMR and others with a world frame: small and smooth, but tilted and too far "
        "or too near all the time",
        config=WrongPoseConfig(
            kind="world", mpjpe_mm=55.0, jitter=0.006, smoothing=4.0, flips=0.0, swaps=0.0,
            observation_px=2.5, root_gain=1.0, root_depth=0.12, drift_share=0.1, tilt_deg=2.5,
        ),
        mpjpe_mm=(50, 63), pa_mpjpe_mm=(25, 42), along_ray_mm=(35, 56), across_ray_mm=(20, 38),
        acceleration_mm=(1.5, 6),
    ),
    "mirrored": ErrorModel(
        stands_for="ray errors with a limb mirrored in depth or the legs swapped for half a second",
        config=WrongPoseConfig(kind="mirrored", mpjpe_mm=95.0, flips=0.4, confusions=1),
        mpjpe_mm=(85, 110), pa_mpjpe_mm=(55, 80), along_ray_mm=(62, 90), across_ray_mm=(35, 55),
        acceleration_mm=(15, 32),
    ),
}  # fmt: skip


def error_config(kind: ErrorKind, seed: int, betas: Betas = "true") -> WrongPoseConfig:
    """Give one kind's settings for one clip."""
    return replace(ERROR_MODELS[kind].config, seed=seed, betas=betas)
