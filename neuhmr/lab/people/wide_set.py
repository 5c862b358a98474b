"""Making the wide test set: clips as `wide_design` plans them, filmed by phones.

Beside each `wideNN_FAMILY.mp4` lie the files that `capture` writes; `.person.json` also says the
clip's family, kind of errors, betas, camera path and look under `wide`.
"""

from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np

from neuhmr.lab.people.capture import Filming, Performance, film_clip
from neuhmr.lab.people.errors.error_models import error_config
from neuhmr.lab.people.motion.motions import generate_motion
from neuhmr.lab.people.motion.recordings import find_recordings, load_mocap_motion
from neuhmr.lab.people.motion.stage_motion import StageMotion
from neuhmr.lab.people.out_folder import make_out_folder
from neuhmr.lab.people.person import Person, make_person
from neuhmr.lab.people.random_streams import stream
from neuhmr.lab.people.second_look.blender import has_blender
from neuhmr.lab.people.second_look.cycles_renderer import CyclesRenderer
from neuhmr.lab.people.splits import person_seed
from neuhmr.lab.people.stage.camera_paths import take_with
from neuhmr.lab.people.stage.stage_kinds import sample_stage
from neuhmr.lab.people.stage.stage_renderer import StageRenderer
from neuhmr.lab.people.wide_design import SUBJECTS, WIDE_CLIPS, DrawnBy, Family, WideClip
from neuhmr.progress import OnProgress, ignore_progress

FIRST_PERSON = 500_000
"""Number of the first person within the test split, far from the other presets' people."""
WideLook = Literal["planned", DrawnBy]
Renderer = StageRenderer | CyclesRenderer
_PIECES = 4
"""Pieces of a recording of which the liveliest is filmed: people also stand and wait."""


@dataclass(frozen=True, kw_only=True)
class WideConfig:
    """What to make."""

    out_dir: Path
    """Where the clips go; made if missing."""
    mocap_dir: Path | None = None
    """Folder of recordings; families that need some are left out without it."""
    clips: tuple[int, ...] | None = None
    """Numbers of the clips within the plan; None for all."""
    frames: int = 48
    size: int = 448
    """Height and width (px)."""
    fps: float = 30.0
    look: WideLook = "planned"
    """Each clip as the plan says, as far as Blender is installed, or all of them alike."""


def planned_clips(
    mocap_dir: Path | None, look: WideLook = "planned"
) -> tuple[list[WideClip], list[str]]:
    """List the clips that can be made, and say what differs from the plan and why.

    A clip's look is the one that it is drawn with.

    Raises:
        DatasetError: the folder holds no recordings at all.
    """
    recorded = [] if mocap_dir is None else find_recordings(mocap_dir)
    subjects = {path.stem.split("_", maxsplit=1)[0] for path in recorded}
    lost: list[Family] = [family for family, subject in SUBJECTS.items() if subject not in subjects]
    clips = [_with_look(clip, look) for clip in WIDE_CLIPS if clip.family not in lost]
    wanted = "; give --mocap-dir a folder of CMU recordings to have them"
    notes = [
        f"The clips of the family {family} are left out: they need recordings of CMU's subject "
        f"{SUBJECTS[family]}{wanted}."
        for family in lost
    ]
    if look == "planned" and not has_blender():
        notes.append(
            "Every fourth clip is drawn as the others are: its own look needs Blender's module; "
            "run pip install 'neuhmr-workbench[cycles]' to have it."
        )
    return clips, notes


def _with_look(clip: WideClip, look: WideLook) -> WideClip:
    if look != "planned":
        return replace(clip, look=look)
    return clip if has_blender() else replace(clip, look="raster")


def generate_wide(config: WideConfig, on_progress: OnProgress = ignore_progress) -> list[Path]:
    """Make the clips that are missing; those that are there are kept.

    Raises:
        MissingDependencyError: pyrender, EGL, ffmpeg or, for the look cycles, bpy is missing.
        OutputError: the folder cannot be written.
        DatasetError: the folder of recordings cannot be used.
    """
    clips, _ = planned_clips(config.mocap_dir, config.look)
    if config.clips is not None:
        clips = [clip for clip in clips if clip.number in config.clips]
    make_out_folder(config.out_dir)
    paths = [config.out_dir / f"{clip.name}.mp4" for clip in clips]
    # The person file is written last.
    missing = [
        (clip, path)
        for clip, path in zip(clips, paths, strict=True)
        if not path.with_suffix(".person.json").exists()
    ]
    with ExitStack() as opened:
        renderers: dict[DrawnBy, Renderer] = {}
        for clip, path in missing:
            if clip.look not in renderers:
                kind = CyclesRenderer if clip.look == "cycles" else StageRenderer
                renderers[clip.look] = opened.enter_context(kind(config.size, config.size))
            _film(config, clip, path, renderers[clip.look], on_progress)
    return paths


def _film(
    config: WideConfig, clip: WideClip, path: Path, renderer: Renderer, report: OnProgress
) -> None:
    seed = person_seed("test", FIRST_PERSON, clip.number)
    person = make_person(seed, texture_size=1024)
    motion, source = wide_motion(config, clip, person)
    performance = Performance(person, motion, config.fps)
    stage = sample_stage(stream(seed, "stage"), "test")
    renderer.set_stage(stage)
    renderer.set_person(person)
    filming, camera_notes = wide_filming(config, clip, performance, stage.reach)
    notes = {
        "split": "test",
        "motion": source,
        "stage": stage.kind,
        "wide": asdict(clip) | camera_notes,
    }
    wrong = [error_config(clip.errors, seed, clip.betas)]
    film_clip(path, performance, filming, renderer, wrong, notes, report)


def wide_motion(config: WideConfig, clip: WideClip, person: Person) -> tuple[StageMotion, str]:
    """Make a clip's motion around the stage's axis, and say where it comes from.

    Raises:
        DatasetError: its recording is missing or cannot be read.
    """
    rng = stream(person.seed, "motion")
    pelvis_rest = person.shaped.joints_rest[0]
    if clip.motion == "recorded":
        assert config.mocap_dir is not None, "planned_clips leaves these clips out"
        path = _recording(config, clip)
        pieces = [
            load_mocap_motion(path, person.shaped, config.frames, config.fps, rng, person.sole)
            for _ in range(_PIECES)
        ]
        motion, source = max(pieces, key=lambda piece: _liveliness(piece, person)), path.stem
    else:
        motion = generate_motion(
            clip.motion, config.frames, person.shaped, rng, config.fps, person.sole
        )
        source = clip.motion
    motion = motion.centered(pelvis_rest)
    return motion.turned(float(rng.uniform(0, 2 * np.pi)), pelvis_rest), source


def _recording(config: WideConfig, clip: WideClip) -> Path:
    """Deal a subject's recordings out in an order of their own."""
    assert config.mocap_dir is not None
    seconds = (config.frames + 1) / config.fps
    subject = SUBJECTS[clip.family]
    own = [
        path
        for path in find_recordings(config.mocap_dir, seconds)
        if path.stem.split("_", maxsplit=1)[0] == subject
    ]
    order = stream(int(subject), "wide recordings").permutation(len(own))
    return own[int(order[clip.place % len(own)])]


def _liveliness(motion: StageMotion, person: Person) -> float:
    """Measure how fast hands and feet move about the pelvis (m a frame)."""
    joints = motion.pose(person.shaped).joints
    ends = joints[:, [7, 8, 20, 21]] - joints[:, :1]
    return float((ends[1:] - ends[:-1]).norm(dim=-1).mean())


def wide_filming(
    config: WideConfig, clip: WideClip, performance: Performance, reach: float
) -> tuple[Filming, dict[str, object]]:
    """Place a clip's camera; says how high it stands and how far it is tilted."""
    rng = stream(performance.person.seed, "cameras")
    joints = performance.motion.pose(performance.person.shaped).joints.numpy().astype(np.float64)
    size = (config.size, config.size)
    take = take_with(clip.camera_path, joints, size, config.fps, reach, rng)
    shutter = float(rng.uniform(0.0, 0.6))
    filming = Filming(take.camera, take.T_camera_stage, "phone", "segmented", shutter)
    said: dict[str, object] = {
        "camera_height_m": round(take.height, 2),
        "roll_deg": round(float(np.degrees(take.roll)), 1),
        "focal_px": round(float(take.camera.K[0, 0]), 1),
    }
    return filming, said
