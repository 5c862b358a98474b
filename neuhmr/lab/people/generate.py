"""Synthetic people: clips with exact truth, or multi-view captures of one performance.

With one camera each person becomes a clip `person_SEED.mp4` with sidecars (see `capture`). With
more, each person becomes a capture folder `person_SEED/` of synchronous clips
`person_SEED_cam00.mp4`, `person_SEED_cam01.mp4`, ... with their sidecars, and `cameras.json`:

    {"format": "neuhmr-capture", "version": 1, "fps": 30.0, "num_frames": 90,
     "world": "+y up, floor at y = 0, metres",
     "cameras": [{"name": "cam00", "video": "person_SEED_cam00.mp4", "masks": "...", "truth": "...",
                  "K": 3x3 (px), "T_camera_world": 4x4 (OpenCV axes), "height": .., "width": ..}]}
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float

from neuhmr.clip.atomic import atomic_path
from neuhmr.geometry.cameras import Camera
from neuhmr.lab.people.capture import Filming, Performance, film_clip
from neuhmr.lab.people.errors.error_models import error_config
from neuhmr.lab.people.errors.wrong_poses import ErrorKind
from neuhmr.lab.people.motion.motions import MOTION_KINDS, MotionKind, generate_motion
from neuhmr.lab.people.motion.recordings import load_mocap_motion, pick_recording
from neuhmr.lab.people.motion.stage_motion import StageMotion
from neuhmr.lab.people.out_folder import make_out_folder
from neuhmr.lab.people.person import Person, make_person
from neuhmr.lab.people.random_streams import stream
from neuhmr.lab.people.splits import RANGE, Split, kinds_of, person_seed
from neuhmr.lab.people.stage.camera_ring import drifting_cameras, fitting_distance, intrinsics
from neuhmr.lab.people.stage.film import CameraKind, MaskKind
from neuhmr.lab.people.stage.rooms import ROOM_REACH
from neuhmr.lab.people.stage.stage_kinds import sample_stage
from neuhmr.lab.people.stage.stage_renderer import StageRenderer
from neuhmr.lab.people.training_set import open_renderer
from neuhmr.progress import OnProgress, ignore_progress


@dataclass(frozen=True, kw_only=True)
class PeopleConfig:
    """What to generate."""

    out_dir: Path
    """Where the clips go; made if missing."""
    clips: int = 1
    """Number of people."""
    views: int = 1
    """Cameras per person; more than one gives capture folders."""
    split: Split = "test"
    """Whose people; training people, validation people and test people never meet."""
    seed: int = 0
    """Number of the first person within the split."""
    frames: int = 90
    height: int = 512
    width: int = 512
    fps: float = 30.0
    motion: MotionKind | Literal["any"] = "any"
    """What the person does."""
    mocap_dir: Path | None = None
    """Folder with CMU recordings (.asf and .amc) to take motions from instead."""
    moving_camera: bool = False
    """One camera that moves slowly around the person instead of one that stands still."""
    errors: ErrorKind | tuple[ErrorKind, ...] = "ray"
    """How the initial poses are wrong; several kinds give several files."""
    mpjpe_mm: float | None = None
    """How wrong they are (mean joint error, hips aligned, mm); None for each kind's own figure."""
    camera: CameraKind = "ideal"
    """Filmed by a phone, with all that it does to pictures, or exactly as rendered."""
    masks: MaskKind = "exact"
    """Exact masks, or masks as a segmenter would give them with the exact ones beside them."""


def generate_people(config: PeopleConfig, on_progress: OnProgress | None = None) -> list[Path]:
    """Generate clips; people whose files exist already are kept.

    Returns:
        The video of each person, or the capture folder of each person.

    Raises:
        MissingDependencyError: pyrender, EGL or ffmpeg is missing.
        OutputError: the folder cannot be written.
        DatasetError: the mocap folder cannot be used.
    """
    report = on_progress or ignore_progress
    make_out_folder(config.out_dir)
    names = [f"person_{person_seed(config.split, config.seed, i):08d}" for i in range(config.clips)]
    missing = [i for i, name in enumerate(names) if not _last_file(config, name).exists()]
    if missing:
        with open_renderer(config.height, config.width) as renderer:
            for index in missing:
                seed = person_seed(config.split, config.seed, index)
                _film_person(config, seed, names[index], renderer, report)
    return [config.out_dir / (name if config.views > 1 else f"{name}.mp4") for name in names]


def _last_file(config: PeopleConfig, name: str) -> Path:
    """Name the file that is written last, which says that a person is complete."""
    last = f"{name}/cameras.json" if config.views > 1 else f"{name}.person.json"
    return config.out_dir / last


def _film_person(
    config: PeopleConfig, seed: int, name: str, renderer: StageRenderer, report: OnProgress
) -> None:
    person = make_person(seed, texture_size=1024 if max(config.height, config.width) > 400 else 512)
    motion, kind = choose_motion(config, person)
    performance = Performance(person, motion, config.fps)
    stage = sample_stage(stream(seed, "stage"), config.split)
    renderer.set_stage(stage)
    renderer.set_person(person)
    filmings = place_cameras(config, performance, stage.reach)
    folder = config.out_dir / name if config.views > 1 else config.out_dir
    folder.mkdir(exist_ok=True)
    entries: list[dict[str, object]] = []
    for view, filming in enumerate(filmings):
        clip_name = f"{name}_cam{view:02d}" if config.views > 1 else name
        kinds = (config.errors,) if isinstance(config.errors, str) else config.errors
        wrong = [error_config(errors, seed + 7919 * view) for errors in kinds]
        if config.mpjpe_mm is not None:
            wrong = [replace(errors, mpjpe_mm=config.mpjpe_mm) for errors in wrong]
        notes: dict[str, object] = {"split": config.split, "motion": kind, "stage": stage.kind}
        film_clip(folder / f"{clip_name}.mp4", performance, filming, renderer, wrong, notes, report)
        entries.append(_camera_entry(view, clip_name, filming))
    if config.views > 1:
        _write_cameras(folder / "cameras.json", config, entries)


def choose_motion(config: PeopleConfig, person: Person) -> tuple[StageMotion, str]:
    """Pick the person's motion and say what it is; it stays around the stage's axis."""
    rng = stream(person.seed, "motion")
    pelvis_rest = person.shaped.joints_rest[0]
    if config.mocap_dir is not None:
        seconds = (config.frames + 1) / config.fps
        chosen = pick_recording(config.mocap_dir, config.split, seconds, rng)
        motion = load_mocap_motion(
            chosen, person.shaped, config.frames, config.fps, rng, sole=person.sole
        )
        kind = chosen.stem
    else:
        kind = config.motion
        if kind == "any":
            kind = _kind_in_turn(config, person.seed)
        motion = generate_motion(
            kind,  # pyright: ignore[reportArgumentType]
            config.frames, person.shaped, rng, config.fps, sole=person.sole,
        )  # fmt: skip
    motion = motion.centered(pelvis_rest)
    return motion.turned(float(rng.uniform(0, 2 * np.pi)), pelvis_rest), kind


def _kind_in_turn(config: PeopleConfig, seed: int) -> str:
    """Deal the kinds out in an order of their own, so that few clips have as many as possible."""
    kinds = kinds_of(config.split, MOTION_KINDS)
    lap, place = divmod(seed % RANGE, len(kinds))
    return str(stream(lap, f"{config.split} motions").permutation(kinds)[place])


def place_cameras(
    config: PeopleConfig, performance: Performance, reach: float = ROOM_REACH
) -> list[Filming]:
    """Stand cameras around the performance, with a phone's field of view, evenly for captures."""
    rng = stream(performance.person.seed, "cameras")
    low, high = motion_bounds(performance)
    target = (low + high) / 2
    height_m, width_m = float(high[1] - low[1]), float(np.hypot(*(high - low)[[0, 2]]))
    # From a phone's main camera (26 mm on 35 mm film) to twice its focal length.
    focal = 0.74 * 2.0 ** float(rng.uniform()) * max(config.height, config.width)
    K = intrinsics(focal, config.height, config.width)
    share = float(rng.uniform(0.76, 0.9))
    nearest, farthest = 2.2, reach
    distance = max(
        fitting_distance(height_m, focal, config.height, share, nearest, farthest),
        fitting_distance(width_m, focal, config.width, 0.9, nearest, farthest),
    )
    distance = min(distance + 0.15 * width_m, farthest)
    camera = Camera(torch.from_numpy(K).float(), config.height, config.width)
    start, filmings = rng.uniform(0, 2 * np.pi), []
    for view in range(config.views):
        azimuth = start + 2 * np.pi * view / config.views
        camera_height = float(np.clip(rng.normal(1.35, 0.3), 0.5, 2.1))
        drift = float(rng.uniform(0.3, 0.7)) if config.moving_camera else 0.0
        transforms = drifting_cameras(
            rng, config.frames, azimuth, distance, camera_height, target, drift
        )
        shutter = float(rng.uniform(0.0, 0.6)) if config.camera == "phone" else 0.0
        filmings.append(Filming(camera, transforms, config.camera, config.masks, shutter))
    return filmings


def motion_bounds(
    performance: Performance,
) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    """Find the box that the joints fill over the performance, with room for flesh (m)."""
    bones = performance.motion.pose(performance.person.shaped)
    joints = bones.joints.reshape(-1, 3).numpy()
    return joints.min(axis=0) - 0.10, joints.max(axis=0) + np.array([0.10, 0.20, 0.10])


def _camera_entry(view: int, clip_name: str, filming: Filming) -> dict[str, object]:
    return {
        "name": f"cam{view:02d}",
        "video": f"{clip_name}.mp4",
        "masks": f"{clip_name}.masks.npz",
        "truth": f"{clip_name}.truth.npz",
        "K": filming.camera.K.tolist(),
        "T_camera_world": filming.T_camera_stage[0].tolist(),
        "height": filming.camera.height,
        "width": filming.camera.width,
    }


def _write_cameras(path: Path, config: PeopleConfig, entries: list[dict[str, object]]) -> None:
    content = {
        "format": "neuhmr-capture",
        "version": 1,
        "fps": config.fps,
        "num_frames": config.frames,
        "world": "+y up, floor at y = 0, metres",
        "cameras": entries,
    }
    with atomic_path(path) as partial:
        partial.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
