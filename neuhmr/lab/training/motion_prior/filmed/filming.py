"""Filming people for `neuhmr init`: training motions, half of them changed, any camera."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from neuhmr.clip.camera_file import write_camera
from neuhmr.clip.clip import open_clip
from neuhmr.clip.sidecars import sidecar_path
from neuhmr.clip.video import write_video
from neuhmr.initial.believed_fit import landmark_sightings
from neuhmr.initial.descent import FitConfig
from neuhmr.initial.initialise import observe
from neuhmr.initial.mediapipe_detector import MediapipeDetector
from neuhmr.initial.smpl_fit import fit_to_landmarks, know_bodies, see_frames
from neuhmr.initial.track import TrackConfig
from neuhmr.lab.people.capture import Filming, Performance, film_frames, true_motion
from neuhmr.lab.people.motion.stage_motion import StageMotion, set_on_floor
from neuhmr.lab.people.person import Person, make_person
from neuhmr.lab.people.random_streams import stream
from neuhmr.lab.people.splits import split_of
from neuhmr.lab.people.stage.camera_paths import CAMERA_PATHS, take_with
from neuhmr.lab.people.stage.film import Film
from neuhmr.lab.people.stage.stage_kinds import sample_stage
from neuhmr.lab.people.stage.stage_renderer import StageRenderer
from neuhmr.lab.training.motion_prior.filmed.filmed_fit import FilmedFit
from neuhmr.lab.training.motion_prior.straight_legs import stretch_legs
from neuhmr.lab.training.motion_prior.tracks import Track, draw_windows
from neuhmr.progress import ignore_progress

FPS = 30.0
SIZE = 320
"""Height and width of a film (px): MediaPipe looks at 256 of them."""
CHANGED = 0.5
"""Share of people whose motion is not as it was recorded or generated."""
STRAIGHT_LEGS = 0.5
"""Share of people whose knees are stretched, changed or not."""
_COMPANY = 8
"""Windows that are changed together: they exchange limbs."""


def film_and_fit(
    seed: int,
    tracks: Sequence[Sequence[Track]],
    frames: int,
    renderer: StageRenderer,
    folder: Path,
) -> FilmedFit | None:
    """Film one person and fit the body to what MediaPipe sees, without any prior.

    Args:
        seed: the person's.
        tracks: motions by origin.
        frames: of the film.
        renderer: of `SIZE`.
        folder: where the film may lie.

    Returns:
        None if MediaPipe found nobody.
    """
    person = make_person(seed)
    performance = Performance(person, draw_motion(person, tracks, frames), FPS)
    stage = sample_stage(stream(seed, "stage"), split_of(seed))
    filming = _place_camera(performance, stage.reach)
    renderer.set_stage(stage)
    renderer.set_person(person)
    film = Film(seed, len(performance.motion), filming.kind, filming.masks)
    path = folder / f"{seed:08d}.mp4"
    write_video(
        path, film_frames(path.name, performance, filming, renderer, film, ignore_progress), FPS
    )
    write_camera(sidecar_path(path, "camera"), filming.camera)
    return _fit(path, performance, filming)


def draw_motion(person: Person, tracks: Sequence[Sequence[Track]], frames: int) -> StageMotion:
    """Draw a piece of a motion, change half of them, and put it on the person's feet."""
    rng = stream(person.seed, "filmed motion")
    is_changed = bool(rng.uniform() < CHANGED)
    drawn = draw_windows(tracks, _COMPANY, frames, rng, is_changed)
    generator = torch.Generator().manual_seed(int(rng.integers(2**62)))
    rotmat = stretch_legs(drawn.rotmat[:1], STRAIGHT_LEGS, generator)[0]
    pelvis = drawn.pelvis[0]
    shaped = person.shaped
    rest = shaped.joints_rest
    mean = shaped.model.J_regressor @ shaped.model.v_template
    # Tracks were made for the mean body; long legs carry further.
    legs = (rest[1, 1] - rest[7, 1]) / (mean[1, 1] - mean[7, 1])
    motion = StageMotion(rotmat[:, 0], rotmat[:, 1:], pelvis * legs - rest[0])
    motion = set_on_floor(motion, person.shaped, person.sole).centered(rest[0])
    return motion.turned(float(rng.uniform(0, 2 * np.pi)), rest[0])


def _place_camera(performance: Performance, reach: float) -> Filming:
    rng = stream(performance.person.seed, "cameras")
    joints = performance.motion.pose(performance.person.shaped).joints.numpy().astype(np.float64)
    path = CAMERA_PATHS[int(rng.integers(len(CAMERA_PATHS)))]
    take = take_with(path, joints, (SIZE, SIZE), FPS, reach, rng)
    shutter = float(rng.uniform(0.0, 0.6))
    return Filming(take.camera, take.T_camera_stage, "phone", "exact", shutter)


def _fit(path: Path, performance: Performance, filming: Filming) -> FilmedFit | None:
    clip = open_clip(path)
    with MediapipeDetector() as detector:
        landmarks, masks = observe(clip, detector.detect, TrackConfig())
    if not bool(landmarks.detected.any()):
        return None
    times = torch.from_numpy(np.ascontiguousarray(clip.video.times)).float()
    seen = see_frames(landmarks, times, clip.camera, masks)
    known = know_bodies(performance.person.shaped.model)
    fitted = fit_to_landmarks(seen, known, FitConfig(), ignore_progress)
    sightings = landmark_sightings(known, fitted, seen.landmarks, seen.camera)
    true = true_motion(performance, filming)
    return FilmedFit(
        times=seen.times,
        fitted_rotmat=fitted.local_rotmats(),
        fitted_transl=fitted.transl,
        fitted_betas=fitted.betas,
        directions=sightings.directions,
        misses=sightings.misses,
        is_seen=sightings.is_seen,
        true_rotmat=torch.cat([true.global_orient[:, None], true.body_pose], dim=1)[seen.rows],
        true_transl=true.transl[seen.rows],
        true_betas=true.betas,
    )
