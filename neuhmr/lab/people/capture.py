"""Filming a synthetic person: one clip with everything that belongs to it.

Written beside `NAME.mp4` (H.264): `NAME.masks.npz` (exact, or as a segmenter gives them),
`NAME.exact_masks.npz` (only where the others are not), `NAME.camera.json`, `NAME.truth.npz` (true
poses of the naked body), `NAME.poses.npz` (wrong initial poses; with several kinds of errors the
first kind's, and `NAME.poses.KIND.npz` for each kind) and `NAME.person.json` (seed, look, phone and
how wrong the poses are).
"""

import dataclasses
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, UInt8

from neuhmr.body.motion import Motion
from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.camera_file import write_camera
from neuhmr.clip.masks import pack_masks, write_masks
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import write_motion_file
from neuhmr.clip.video import write_video
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.lab.people.errors.wrong_poses import WrongPoseConfig, WrongPoses, make_wrong_poses
from neuhmr.lab.people.motion.stage_motion import StageMotion, between
from neuhmr.lab.people.person import Person
from neuhmr.lab.people.second_look.cycles_renderer import CyclesRenderer
from neuhmr.lab.people.stage.film import CameraKind, Film, MaskKind
from neuhmr.lab.people.stage.stage_renderer import StageRenderer
from neuhmr.progress import OnProgress, Progress, ignore_progress

_VISIBLE_BLUR = 1.5
"""A joint's path during the exposure from which on it is rendered (px)."""


@dataclass(frozen=True)
class Filming:
    """One camera that films one performance."""

    camera: Camera
    """K (3, 3) of all frames, and their size."""
    T_camera_stage: Float[np.ndarray, "frames 4 4"]
    kind: CameraKind = "ideal"
    masks: MaskKind = "exact"
    shutter: float = 0.0
    """Part of the time between frames during which the shutter is open; blurs what moves."""


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
    renderer: StageRenderer | CyclesRenderer,
    wrong: Sequence[WrongPoseConfig],
    notes: dict[str, object],
    on_progress: OnProgress | None = None,
) -> list[WrongPoses]:
    """Render a clip and write all its files.

    Args:
        path: the video; the other files are named after it.
        performance: who moves how.
        filming: the camera; its size must be the renderer's.
        renderer: with stage and person set.
        wrong: how the initial poses shall be wrong; one or more kinds.
        notes: goes into the person file.
        on_progress: told after each frame.

    Raises:
        OutputError: a file cannot be written.
        MissingDependencyError: there is no ffmpeg.
    """
    seed = performance.person.seed
    film = Film(seed, len(performance.motion), filming.kind, filming.masks)
    frames = film_frames(
        path.name, performance, filming, renderer, film, on_progress or ignore_progress
    )
    write_video(path, frames, performance.fps)
    write_masks(path.with_suffix(".masks.npz"), pack_masks(film.masks))
    if film.segmenter is not None:
        write_masks(path.with_suffix(".exact_masks.npz"), pack_masks(film.exact_masks))
    write_camera(path.with_suffix(".camera.json"), filming.camera)
    truth = true_motion(performance, filming)
    write_motion_file(
        path.with_suffix(".truth.npz"), _motion_file(truth, performance, filming, "synthetic truth")
    )
    shaped = performance.person.shaped
    made = [make_wrong_poses(truth, shaped, filming.camera, config) for config in wrong]
    _write_poses(path, performance, filming, wrong, made)
    _write_person(path.with_suffix(".person.json"), performance.person, film, wrong, made, notes)
    return made


def _write_poses(
    path: Path,
    performance: Performance,
    filming: Filming,
    wrong: Sequence[WrongPoseConfig],
    made: list[WrongPoses],
) -> None:
    for config, poses in zip(wrong, made, strict=True):
        source = f"synthetic truth with {config.kind} errors, seed {config.seed}"
        content = _motion_file(poses.motion, performance, filming, source)
        if len(wrong) > 1:
            write_motion_file(path.with_suffix(f".poses.{config.kind}.npz"), content)
        if config is wrong[0]:
            write_motion_file(path.with_suffix(".poses.npz"), content)


def _write_person(
    path: Path,
    person: Person,
    film: Film,
    wrong: Sequence[WrongPoseConfig],
    made: list[WrongPoses],
    notes: dict[str, object],
) -> None:
    errors = {
        config.kind: {k: round(v, 2) for k, v in dataclasses.asdict(poses.errors).items()}
        for config, poses in zip(wrong, made, strict=True)
    }
    content = {
        "seed": person.seed,
        **notes,
        "wrong_poses": dataclasses.asdict(wrong[0]),
        "pose_errors": errors[wrong[0].kind],
        "pose_errors_by_kind": errors,
        "betas": person.betas.tolist(),
        "look": dataclasses.asdict(person.look),
        "phone": None if film.phone is None else dataclasses.asdict(film.phone),
        "segmenter": None if film.segmenter is None else dataclasses.asdict(film.segmenter),
    }
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


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


def film_frames(
    name: str,
    performance: Performance,
    filming: Filming,
    renderer: StageRenderer | CyclesRenderer,
    film: Film,
    report: OnProgress,
) -> Iterator[UInt8[np.ndarray, "height width 3"]]:
    """Render frame by frame, so that a long clip needs no more memory than a short one."""
    person, motion = performance.person, performance.motion
    K = filming.camera.K.numpy().astype(np.float64)
    paths = _blur_paths(performance, filming)
    for frame in range(len(motion)):
        T_camera_stage = filming.T_camera_stage[frame]
        shutter = filming.shutter if paths[frame] > _VISIBLE_BLUR else 0.0
        surfaces = [
            person.surface(moment.pose(person.shaped))[0]
            for moment in _moments(motion, frame, shutter)
        ]
        picture = renderer.expose(surfaces, K, T_camera_stage)
        report(Progress(f"filming {name}", frame + 1, len(motion)))
        yield film.take(picture, keep_image=False)


def _blur_paths(performance: Performance, filming: Filming) -> Float[np.ndarray, " frames"]:
    """Find how far the fastest joint moves while the shutter is open (px)."""
    joints = performance.motion.pose(performance.person.shaped).joints
    T_camera_stage = Rigid.from_matrix(torch.from_numpy(filming.T_camera_stage).float())
    pixels = filming.camera.project(T_camera_stage[:, None].apply(joints)).numpy()
    steps = np.linalg.norm(np.diff(pixels, axis=0), axis=-1).max(axis=1, initial=0.0)
    steps = np.concatenate([steps, steps[-1:], [0.0]])[: len(pixels)]
    return filming.shutter * np.maximum(steps, np.concatenate([steps[:1], steps[:-1]]))


def _moments(motion: StageMotion, frame: int, shutter: float) -> list[StageMotion]:
    """Poses while the shutter is open: one for a short exposure, three for a long one.

    The frame's own pose is the middle one, so that truth and picture agree.
    """
    now = motion[frame : frame + 1]
    if shutter <= 0.0:
        return [now]
    last = len(motion) - 1
    around = [motion[max(0, frame - 1) :][:1], motion[min(last, frame + 1) :][:1]]
    before, after = (between(now, other, shutter / 3.0) for other in around)
    return [before, now, after]


def _motion_file(
    motion: Motion, performance: Performance, filming: Filming, source: str
) -> MotionArrays:
    model = performance.person.shaped.model
    return MotionArrays.from_motion(
        motion,
        performance.fps,
        filming.camera,
        Rigid.from_matrix(torch.from_numpy(filming.T_camera_stage).float()),
        body_model=f"{model.name} {model.digest}",
        source=source,
    )
