"""Filming a synthetic person: one clip with everything that belongs to it.

Written beside `NAME.mp4` (H.264): `NAME.masks.npz` (exact), `NAME.camera.json`, `NAME.truth.npz`
(true poses of the naked body), `NAME.poses.npz` (wrong initial poses) and `NAME.person.json`
(seed, look and how wrong the poses are).
"""

import dataclasses
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float, UInt8

from neuhmr.body.motion import Motion
from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.camera_file import write_camera
from neuhmr.clip.masks import pack_masks, write_masks
from neuhmr.clip.motion_file import MotionFile, write_motion_file
from neuhmr.clip.video import write_video
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.people.person import Person
from neuhmr.people.stage_motion import StageMotion
from neuhmr.people.stage_renderer import StageRenderer
from neuhmr.people.wrong_poses import WrongPoseConfig, WrongPoses, make_wrong_poses
from neuhmr.progress import OnProgress, Progress, ignore_progress


@dataclass(frozen=True)
class Filming:
    """One camera that films one performance."""

    camera: Camera
    """K (3, 3) of all frames, and their size."""
    T_camera_stage: Float[np.ndarray, "frames 4 4"]


@dataclass(frozen=True)
class Performance:
    """Who moves how."""

    person: Person
    motion: StageMotion
    fps: float


def film_clip(
    path: Path,
    performance: Performance,
    filming: Filming,
    renderer: StageRenderer,
    wrong: WrongPoseConfig,
    notes: dict[str, object],
    on_progress: OnProgress | None = None,
) -> WrongPoses:
    """Render a clip and write all its files.

    Args:
        path: the video; the other files are named after it.
        performance: who moves how.
        filming: the camera; its size must be the renderer's.
        renderer: with stage and person's texture set.
        wrong: how the initial poses shall be wrong.
        notes: goes into the person file.
        on_progress: told after each frame.

    Raises:
        OutputError: a file cannot be written.
        MissingDependencyError: there is no ffmpeg.
    """
    masks: list[Bool[np.ndarray, "height width"]] = []
    frames = _film(path.name, performance, filming, renderer, masks, on_progress or ignore_progress)
    write_video(path, frames, performance.fps)
    write_masks(path.with_suffix(".masks.npz"), pack_masks(masks))
    write_camera(path.with_suffix(".camera.json"), filming.camera)
    truth = true_motion(performance, filming)
    poses = make_wrong_poses(truth, performance.person.shaped, filming.camera, wrong)
    write_motion_file(
        path.with_suffix(".truth.npz"), _motion_file(truth, performance, filming, "synthetic truth")
    )
    source = f"synthetic truth with {wrong.kind} errors, seed {wrong.seed}"
    write_motion_file(
        path.with_suffix(".poses.npz"), _motion_file(poses.motion, performance, filming, source)
    )
    person = {
        "seed": performance.person.seed,
        **notes,
        "wrong_poses": dataclasses.asdict(wrong),
        "pose_errors": {k: round(v, 2) for k, v in dataclasses.asdict(poses.errors).items()},
        "betas": performance.person.betas.tolist(),
        "look": dataclasses.asdict(performance.person.look),
    }
    with atomic_path(path.with_suffix(".person.json")) as partial:
        partial.write_text(json.dumps(person, indent=1) + "\n", encoding="utf-8")
    return poses


def true_motion(performance: Performance, filming: Filming) -> Motion:
    """Express a performance in the camera's frame."""
    person = performance.person
    T_camera_stage = Rigid.from_matrix(torch.from_numpy(filming.T_camera_stage).float())
    seen = performance.motion.seen_from(T_camera_stage, person.shaped.joints_rest[0])
    return Motion(
        global_orient=seen.global_orient,
        body_pose=seen.body_pose,
        transl=seen.transl,
        betas=person.betas,
        frame_index=torch.arange(len(seen)),
        valid=torch.ones(len(seen), dtype=torch.bool),
    )


def _film(
    name: str,
    performance: Performance,
    filming: Filming,
    renderer: StageRenderer,
    masks: list[Bool[np.ndarray, "height width"]],
    report: OnProgress,
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Render frame by frame, so that a long clip needs no more memory than a short one."""
    person, motion = performance.person, performance.motion
    K = filming.camera.K.numpy().astype(np.float64)
    for frame in range(len(motion)):
        posed = motion[frame : frame + 1].pose(person.shaped)
        surface = person.clothed_surface(posed)[0].numpy().astype(np.float64)
        image, mask = renderer.render(surface, K, filming.T_camera_stage[frame])
        masks.append(mask)
        report(Progress(f"filming {name}", frame + 1, len(motion)))
        yield image


def _motion_file(
    motion: Motion, performance: Performance, filming: Filming, source: str
) -> MotionFile:
    model = performance.person.shaped.model
    return MotionFile(
        motion=motion,
        fps=performance.fps,
        camera=filming.camera,
        T_camera_world=Rigid.from_matrix(torch.from_numpy(filming.T_camera_stage).float()),
        gender="neutral",
        body_model=f"{model.name} {model.digest}",
        source=source,
    )
