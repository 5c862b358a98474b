"""The sample clip: somebody who walks, gestures and turns fully around.

Made by `python -m neuhmr.lab.people.sample`.
The person is a test person: nothing that is trained here has seen this body, these clothes or
this room.
"""

import argparse
import logging
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from neuhmr.geometry.cameras import Camera
from neuhmr.lab.people.capture import Filming, Performance, film_clip
from neuhmr.lab.people.errors.wrong_poses import WrongPoseConfig, WrongPoses
from neuhmr.lab.people.motion.footsteps import GaitStyle
from neuhmr.lab.people.motion.key_poses import arm_track, interpolate_keys
from neuhmr.lab.people.motion.limb_solver import solve_targets
from neuhmr.lab.people.motion.stage_motion import StageMotion
from neuhmr.lab.people.motion.walking import walking_targets
from neuhmr.lab.people.person import Person, make_person, sample_betas
from neuhmr.lab.people.random_streams import stream
from neuhmr.lab.people.splits import person_seed
from neuhmr.lab.people.stage.camera_ring import drifting_cameras, intrinsics
from neuhmr.lab.people.stage.stage_kinds import make_stage
from neuhmr.lab.people.training_set import open_renderer

NUM_FRAMES = 90
FPS = 30.0
SIZE = 512
SAMPLE_PERSON = person_seed("test", 9_000_000, 8)
"""Far from where test runs start, so that a benchmark does not meet the sample person."""

_log = logging.getLogger(__name__)


def make_sample(folder: Path) -> WrongPoses:
    """Write `turn.mp4` and its sidecars into a folder."""
    person = sample_person(texture_size=1024)
    performance = Performance(person, sample_motion(person), FPS)
    K = torch.from_numpy(intrinsics(1.22 * SIZE, SIZE, SIZE)).float()
    rng = stream(SAMPLE_PERSON, "cameras")
    target = np.array([0.0, 0.94, 0.0])
    transforms = drifting_cameras(rng, NUM_FRAMES, 0.0, 2.75, 1.35, target, drift=0.0)
    with open_renderer(SIZE) as renderer:
        renderer.set_stage(make_stage("room", stream(SAMPLE_PERSON, "stage")))
        renderer.set_person(person)
        (poses,) = film_clip(
            folder / "turn.mp4",
            performance,
            Filming(Camera(K, SIZE, SIZE), transforms),
            renderer,
            [WrongPoseConfig(kind="ray", seed=1)],
            {"split": "test", "motion": "walk around a small circle with gestures"},
        )
    return poses


def sample_person(texture_size: int) -> Person:
    """Make the sample person, whose shape is within the middle of the population."""
    betas = sample_betas(stream(SAMPLE_PERSON, "shape"), 10, spread=0.8, limit=2.0)
    return make_person(SAMPLE_PERSON, texture_size, betas)


def sample_motion(person: Person) -> StageMotion:
    """Walk once around a small circle: wave while facing the camera, then talk with both hands."""
    times = torch.arange(NUM_FRAMES, dtype=torch.float64) / FPS
    style = GaitStyle(step_duration=0.42, half_width=0.09, foot_lift=0.055, toe_out=0.10)
    left = [(0.0, "hang"), (0.9, "hang_wide"), (1.5, "talk"), (2.1, "side_low"), (2.7, "talk")]
    right = [(0.0, "wave"), (0.35, "wave_out"), (0.7, "wave"), (1.3, "hang"), (1.9, "talk"),
             (2.5, "front_low"), (3.1, "hang")]  # fmt: skip
    arms = arm_track(times, left, right)
    targets = walking_targets(_path, times, style, arms)
    motion = solve_targets(targets, person.shaped.to(torch.float64), person.sole)
    return motion.to(torch.float32).centered(person.shaped.joints_rest[0])


def _path(times: Tensor) -> Tensor:
    """Turn by 375 degrees in three seconds, slowly at first, on a circle of about 0.3 m."""
    keys = torch.tensor([-2.0, 0.1, 1.5, 3.0, 5.0], dtype=times.dtype)
    heading = torch.tensor([-0.55, -0.2, 3.1, 6.35, 7.0], dtype=times.dtype)[:, None]
    angle = 0.5 * interpolate_keys(times, keys, heading)[:, 0]
    angle = angle + 0.5 * (-0.2 + (times - 0.1).clamp_min(-0.5) * 2.26)
    return torch.stack([0.30 * -torch.cos(angle), 0.30 * torch.sin(angle), angle], dim=-1)


def main() -> None:
    """Write the sample clip to the folder given, `sample_data` by default."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("sample_data"), help="folder to write to")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    arguments.out.mkdir(parents=True, exist_ok=True)
    poses = make_sample(arguments.out)
    _log.info("wrote %s: %s", arguments.out / "turn.mp4", poses.errors)


if __name__ == "__main__":
    main()
