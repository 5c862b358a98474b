"""Training data for the generalizable avatar: many people, each in many poses from many sides.

config = TrainingSetConfig(out_dir=Path("data/people"), num_people=300)
generate_training_set(config)
person = read_training_person(training_files(config)[0])
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from neuhmr.body.motion import Motion
from neuhmr.geometry.cameras import Camera
from neuhmr.geometry.rigid import Rigid
from neuhmr.lab.people.motion.motions import MOTION_KINDS, generate_motion
from neuhmr.lab.people.motion.recordings import load_mocap_motion, pick_recording
from neuhmr.lab.people.motion.stage_motion import StageMotion
from neuhmr.lab.people.out_folder import make_out_folder
from neuhmr.lab.people.person import Person, make_person
from neuhmr.lab.people.random_streams import stream
from neuhmr.lab.people.splits import Split, kinds_of, person_seed, split_of
from neuhmr.lab.people.stage.camera_ring import look_at, ring_position
from neuhmr.lab.people.stage.film import CameraKind, Film, MaskKind
from neuhmr.lab.people.stage.stage_kinds import sample_stage
from neuhmr.lab.people.stage.stage_renderer import StageRenderer
from neuhmr.lab.people.training_person import TrainingPerson, write_training_person
from neuhmr.progress import OnProgress, Progress, ignore_progress

Placing = Literal["anywhere", "ring"]
"""Each view's camera at its own distance and height, or all of a pose's in one ring around it."""


@dataclass(frozen=True, kw_only=True)
class TrainingSetConfig:
    """What to generate."""

    out_dir: Path
    """Where the files go, one per person; made if missing."""
    split: Split = "train"
    """Seeds of the splits never overlap."""
    num_people: int = 300
    seed: int = 0
    """Number of the first person within the split."""
    poses: int = 8
    """Poses per person."""
    views: int = 2
    """Pictures of each pose, from random sides."""
    size: int = 256
    """Height and width of the pictures (px)."""
    mocap_dir: Path | None = None
    """Folder with CMU recordings; half of the people move like one of the split's recordings."""
    camera: CameraKind = "phone"
    """Filmed by a phone, or exactly as rendered."""
    masks: MaskKind = "segmented"
    """Add masks with a segmenter's errors to the exact ones, or not."""
    placing: Placing = "anywhere"
    """Where the cameras of a pose stand."""


def training_files(config: TrainingSetConfig) -> list[Path]:
    """List the files that the configuration stands for, whether they exist or not."""
    seeds = (person_seed(config.split, config.seed, i) for i in range(config.num_people))
    return [config.out_dir / f"person_{seed:08d}.npz" for seed in seeds]


def generate_training_set(
    config: TrainingSetConfig, on_progress: OnProgress | None = None
) -> list[Path]:
    """Generate what is missing; files that exist are kept, so an interrupted run goes on.

    Raises:
        MissingDependencyError: pyrender or EGL is missing.
        OutputError: the folder cannot be written.
    """
    report = on_progress or ignore_progress
    files = training_files(config)
    make_out_folder(config.out_dir)
    missing = [i for i, path in enumerate(files) if not path.exists()]
    report(Progress("making people", len(files) - len(missing), len(files)))
    if not missing:
        return files
    with open_renderer(config.size) as renderer:
        for count, index in enumerate(missing, start=1):
            seed = person_seed(config.split, config.seed, index)
            person = render_training_person(
                seed, renderer, poses=config.poses, views=config.views, size=config.size,
                mocap_dir=config.mocap_dir, camera=config.camera, masks=config.masks,
                placing=config.placing,
            )  # fmt: skip
            write_training_person(files[index], person)
            report(Progress("making people", len(files) - len(missing) + count, len(files)))
    return files


def open_renderer(height: int, width: int | None = None) -> StageRenderer:
    """Open a renderer for people with the open body; close it, or use it as a context manager."""
    return StageRenderer(height, width or height)


def render_training_person(
    seed: int,
    renderer: StageRenderer,
    poses: int = 8,
    views: int = 2,
    size: int = 256,
    mocap_dir: Path | None = None,
    camera: CameraKind = "phone",
    masks: MaskKind = "segmented",
    placing: Placing = "anywhere",
) -> TrainingPerson:
    """Make one person and take all pictures of it; the same seed gives the same pictures.

    Args:
        seed: the person's seed (see `person_seed`).
        renderer: as `open_renderer(size)` gives it.
        poses: number of poses, from three motions of different kinds.
        views: pictures of each pose.
        size: height and width of the pictures (px).
        mocap_dir: folder of recordings to take some poses from.
        camera: "phone" or "ideal".
        masks: "segmented" adds masks with errors.
        placing: where the cameras of a pose stand.
    """
    person = make_person(seed, texture_size=384 if size <= 256 else 512)
    stage = sample_stage(stream(seed, "stage"), split_of(seed))
    renderer.set_stage(stage)
    renderer.set_person(person)
    motion = sample_poses(person, poses, mocap_dir)
    surfaces = person.surface(motion.pose(person.shaped))
    film = Film(seed, poses * views, camera, masks, slowness=0.5)
    Ks, rows = [], []
    cameras = _sample_cameras(seed, surfaces, views, size, stage.reach, placing)
    for index, (K, T) in enumerate(cameras):
        if index % views == 0:
            surface = surfaces[index // views]
        film.take(renderer.render(surface, K, T))
        Ks.append(K)
        T_camera_stage = Rigid.from_matrix(torch.from_numpy(T).float())
        pose = motion[index // views : index // views + 1]
        rows.append(pose.seen_from(T_camera_stage, person.shaped.joints_rest[0]))
    picture = torch.arange(poses * views)
    return TrainingPerson(
        seed=seed,
        images=torch.from_numpy(np.stack(film.images)),
        masks=torch.from_numpy(np.stack(film.exact_masks)),
        cameras=Camera(torch.from_numpy(np.stack(Ks)).float(), size, size),
        motion=_as_motion(rows, person.betas),
        pose_index=picture // views,
        view_index=picture % views,
        body_model=person.shaped.model.digest,
        estimated_masks=(torch.from_numpy(np.stack(film.masks)) if masks == "segmented" else None),
    )


def sample_poses(person: Person, poses: int, mocap_dir: Path | None = None) -> StageMotion:
    """Draw poses from three motions of different kinds, each around the stage's origin."""
    rng = stream(person.seed, "poses")
    split = split_of(person.seed)
    kinds = kinds_of(split, MOTION_KINDS)
    # Half of the people strike random poses, too: they reach furthest into what joints can do.
    chosen_kinds = [str(kind) for kind in rng.choice(kinds, size=3, replace=False)]
    if rng.uniform() < 0.5 and "random" not in chosen_kinds:
        chosen_kinds[0] = "random"
    recording = None
    if mocap_dir is not None and rng.uniform() < 0.5:
        recording = pick_recording(mocap_dir, split, 2.0, rng)
    pelvis_rest = person.shaped.joints_rest[0]
    chosen = []
    for place, (kind, count) in enumerate(zip(chosen_kinds, _shares(poses, 3), strict=True)):
        if recording is not None and place == 2:
            motion = load_mocap_motion(recording, person.shaped, 60, 30.0, rng, person.sole)
        else:
            motion = generate_motion(
                kind,  # pyright: ignore[reportArgumentType]
                60, person.shaped, rng, sole=person.sole,
            )  # fmt: skip
        motion = motion.turned(float(rng.uniform(0, 2 * np.pi)), pelvis_rest)
        times = np.sort(rng.choice(60, size=count, replace=False))
        chosen += [motion[int(t) : int(t) + 1].centered(pelvis_rest) for t in times]
    return StageMotion(
        torch.cat([motion.global_orient for motion in chosen]),
        torch.cat([motion.body_pose for motion in chosen]),
        torch.cat([motion.transl for motion in chosen]),
    )


def _shares(total: int, parts: int) -> list[int]:
    return [total // parts + (1 if part < total % parts else 0) for part in range(parts)]


def _sample_cameras(
    seed: int,
    surfaces: Float[np.ndarray, "poses points 3"],
    views: int,
    size: int,
    reach: float,
    placing: Placing,
) -> Iterator[tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "4 4"]]]:
    """Place cameras all around; each sees the whole person as a crop of a larger picture would."""
    rng = stream(seed, "cameras")
    for surface in surfaces:
        start = rng.uniform(0, 2 * np.pi)
        middle = (surface.max(axis=0) + surface.min(axis=0)) / 2
        ring = _draw_place(rng, reach) if placing == "ring" else None
        for view in range(views):
            # Sides are spread evenly, with room for chance, so that fronts and backs both occur.
            azimuth = start + 2 * np.pi * (view + rng.uniform(-0.25, 0.25)) / views
            distance, height = _draw_near(rng, *ring) if ring else _draw_place(rng, reach)
            position = ring_position(azimuth, distance, height)
            aim = middle + rng.normal(0.0, [0.25, 0.15, 0.25])
            T_camera_stage = look_at(position, aim, roll=float(rng.normal(0.0, 0.04)))
            yield _framing_intrinsics(rng, surface, T_camera_stage, size), T_camera_stage


def _draw_place(rng: np.random.Generator, reach: float) -> tuple[float, float]:
    """Draw a camera's distance and height (m)."""
    distance = 2.2 * (min(reach, 7.0) / 2.2) ** rng.uniform()
    # Most people hold a phone at their chest; some kneel, some stand higher.
    return float(distance), float(np.clip(rng.normal(1.35, 0.45), 0.25, 2.6))


def _draw_near(rng: np.random.Generator, distance: float, height: float) -> tuple[float, float]:
    """Vary a ring's distance and height as much as tripods in a room do (m)."""
    varied = height + rng.normal(0.0, 0.15)
    return distance * float(rng.uniform(0.93, 1.07)), float(np.clip(varied, 0.25, 2.6))


def _framing_intrinsics(
    rng: np.random.Generator,
    surface: Float[np.ndarray, "points 3"],
    T_camera_stage: Float[np.ndarray, "4 4"],
    size: int,
) -> Float[np.ndarray, "3 3"]:
    """Choose focal length and principal point so that the person fills the picture, nearly."""
    seen = surface @ T_camera_stage[:3, :3].T + T_camera_stage[:3, 3]
    rays = seen[:, :2] / seen[:, 2:]
    low, high = rays.min(axis=0), rays.max(axis=0)
    margin = rng.uniform(0.03, 0.12)
    focal = size * (1.0 - 2.0 * margin) / (high - low).max()
    room = np.maximum(size - focal * (high - low) - 0.06 * size, 0.0) / 2
    center = size / 2 - focal * (low + high) / 2 + 0.7 * room * rng.uniform(-1, 1, 2)
    return np.array([[focal, 0.0, center[0]], [0.0, focal, center[1]], [0.0, 0.0, 1.0]])


def _as_motion(rows: list[StageMotion], betas: Tensor) -> Motion:
    return Motion(
        global_orient=torch.cat([row.global_orient for row in rows]),
        body_pose=torch.cat([row.body_pose for row in rows]),
        transl=torch.cat([row.transl for row in rows]),
        betas=betas,
        frame_index=torch.arange(len(rows)),
        valid=torch.ones(len(rows), dtype=torch.bool),
    )
