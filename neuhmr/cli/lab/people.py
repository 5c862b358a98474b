"""`neuhmr people`: synthetic people with exact truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath, require_at_least
from neuhmr.cli.output import note, print_rows
from neuhmr.cli.progress import progress_bars, stop_on_interrupt
from neuhmr.errors import NeuhmrError

if TYPE_CHECKING:
    from neuhmr.lab.people.presets import PeoplePreset
    from neuhmr.progress import OnProgress

_OptionalInt = Annotated[int | None, arg(help_behavior_hint="(default: by preset)")]


@dataclass(frozen=True, kw_only=True)
class People:
    """Make synthetic people: clips with poses, masks, camera and truth, or pictures to train on.

    What exists already is kept, so an interrupted run goes on where it stopped. On one core a
    person to train on takes about 4 s, in a ring of cameras 6 s (--preset train: 20 minutes), the
    test clips 6 minutes.
    """

    out_dir: Positional[Annotated[Path, arg(metavar="OUT_DIR")]]
    """The folder to write into; made if missing."""
    preset: Literal[
        "clips", "train", "val", "test", "wide", "views", "views-val", "views-test", "fits",
        "fits-val",
    ] = "clips"  # fmt: skip
    """`train`, `val`: pictures of 300 and 12 people to train and validate on. `test`: 8 clips of
    people, clothes, places and motions that no training sees, filmed by a phone. `wide`: 24 such
    clips of six families of motion, with every kind of errors, bodies that are guessed, and cameras
    of all heights that stand, turn or walk. `views...`: pictures for `neuhmr train ghnerf`: 160, 10
    and 8 people, each twice in a ring of 16 cameras. `fits`, `fits-val`: what `neuhmr init` makes
    of films of 450 and 24 people, for `neuhmr train motion-prior --fits` (needs MediaPipe; an
    hour and a half on two cores). `clips`: one test clip, with an ideal camera and exact masks."""
    clips: _OptionalInt = None
    """Number of people."""
    seed: int = 0
    """Number of the first person of the split."""
    views: int = 1
    """Cameras around each person of a clip; more than one make a capture folder."""
    frames: _OptionalInt = None
    """Frames of a clip."""
    height: _OptionalInt = None
    """Of a clip (px)."""
    width: _OptionalInt = None
    """Of a clip (px)."""
    errors: Annotated[
        Literal["ray", "isotropic", "image", "video", "world", "mirrored", "own", "all"] | None,
        arg(help_behavior_hint="(default: by preset)"),
    ] = None
    """How a clip's initial poses are wrong: as those of estimators that see single pictures, videos
    or a world, evenly (isotropic), or estimated from the video itself into CLIP.poses.own.npz
    (needs MediaPipe). `all`: every kind, each in its own CLIP.poses.KIND.npz."""
    mpjpe_mm: Annotated[float | None, arg(help_behavior_hint="(default: by kind)")] = None
    """How wrong they are (mm)."""
    moving_camera: Annotated[bool, arg(help_behavior_hint="")] = False
    """Move a clip's camera slowly around the person."""
    camera: Annotated[
        Literal["phone", "ideal"] | None, arg(help_behavior_hint="(default: by preset)")
    ] = None
    """Film with a phone's exposure, blur, noise and compression, or as rendered."""
    masks: Annotated[
        Literal["segmented", "exact"] | None, arg(help_behavior_hint="(default: by preset)")
    ] = None
    """Masks with a segmenter's errors, or exact."""
    look: Literal["planned", "raster", "cycles"] = "planned"
    """Of `wide`: every fourth clip drawn by Blender's path tracer Cycles (needs the package bpy),
    none, or all; 3 to 6 s a frame."""
    mocap_dir: OptionalPath = None
    """Folder of CMU recordings (.bvh, or .asf and .amc): clips move like them, people to train on
    partly, clips of `wide` where they dance or play ball."""
    processes: int = 1
    """Of `fits`: how many film at once."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Make what is missing.

        Raises:
            MissingDependencyError: pyrender, EGL, ffmpeg or, for `own`, MediaPipe is missing.
            OutputError: the folder cannot be written.
            DatasetError: the mocap folder cannot be used, or the seed is out of range.
            NeuhmrError: a number is too small.
        """
        from neuhmr.lab.people.presets import people_preset

        for option, value, least in (
            ("--clips", self.clips, 1), ("--views", self.views, 1), ("--frames", self.frames, 2),
            ("--height", self.height, 32), ("--width", self.width, 32),
            ("--processes", self.processes, 1),
        ):  # fmt: skip
            if value is not None:
                require_at_least(option, value, least)
        if self.look != "planned" and self.preset != "wide":
            raise NeuhmrError(
                f"--look {self.look} was given with --preset {self.preset}; only wide has a second "
                "look, leave --look out."
            )
        preset = people_preset(self.preset)
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            make = self._make_clips if preset.is_clips else self._make_pictures
            if self.preset == "wide":
                make = self._make_wide
            elif self.preset in ("fits", "fits-val"):
                make = self._make_fits
            files = make(preset, on_progress)
        return {"people": len(files), "files": [str(path) for path in files]}

    def _make_clips(self, preset: "PeoplePreset", on_progress: "OnProgress") -> list[Path]:
        from neuhmr.lab.people.errors.error_models import ERROR_KINDS
        from neuhmr.lab.people.generate import PeopleConfig, generate_people

        kinds = preset.errors
        match self.errors:
            case None:
                pass
            case "all":
                kinds = ERROR_KINDS
            case "own":
                kinds = ("ray",)
            case kind:
                kinds = (kind,)
        config = PeopleConfig(
            out_dir=self.out_dir, clips=self.clips or preset.people, views=self.views,
            split=preset.split, seed=self.seed, frames=self.frames or preset.frames,
            height=self.height or preset.height, width=self.width or preset.width, errors=kinds,
            mpjpe_mm=self.mpjpe_mm, moving_camera=self.moving_camera, mocap_dir=self.mocap_dir,
            camera=self.camera or preset.camera, masks=self.masks or preset.masks,
        )  # fmt: skip
        files = generate_people(config, on_progress)
        if self.errors in ("own", "all"):
            for path in files:
                for video in [path] if path.suffix else sorted(path.glob("*.mp4")):
                    _estimate_own_poses(video, on_progress)
        return files

    def _make_wide(self, preset: "PeoplePreset", on_progress: "OnProgress") -> list[Path]:
        from neuhmr.lab.people.wide_set import WideConfig, generate_wide, planned_clips

        own = (
            self.views > 1, self.moving_camera, self.width, self.errors, self.mpjpe_mm, self.camera,
            self.masks, self.seed,
        )  # fmt: skip
        if any(own):
            raise NeuhmrError(
                "The preset wide deals people, errors, cameras and masks out by its plan; leave "
                "--seed, --views, --moving-camera, --width, --errors, --mpjpe-mm, --camera and "
                "--masks out."
            )
        clips, notes = planned_clips(self.mocap_dir, self.look)
        for line in notes:
            note(line)
        config = WideConfig(
            out_dir=self.out_dir, mocap_dir=self.mocap_dir, frames=self.frames or preset.frames,
            size=self.height or preset.height, look=self.look,
            clips=tuple(clip.number for clip in clips[: self.clips or preset.people]),
        )  # fmt: skip
        return generate_wide(config, on_progress)

    def _make_fits(self, preset: "PeoplePreset", on_progress: "OnProgress") -> list[Path]:
        from neuhmr.lab.training.motion_prior.filmed.making import (
            FilmedFitsConfig,
            make_filmed_fits,
        )

        own = (
            self.views > 1, self.moving_camera, self.height, self.width, self.errors, self.mpjpe_mm,
            self.camera, self.masks,
        )  # fmt: skip
        if any(own):
            raise NeuhmrError(
                f"--preset {self.preset} films in a way of its own; leave --views, "
                "--moving-camera, --height, --width, --errors, --mpjpe-mm, --camera "
                "and --masks out."
            )
        if self.mocap_dir is None:
            raise NeuhmrError(
                f"--preset {self.preset} needs --mocap-dir, a folder of CMU recordings that people "
                "are to move like; give one."
            )
        config = FilmedFitsConfig(
            out_dir=self.out_dir, mocap_dir=self.mocap_dir, split=preset.split,
            people=self.clips or preset.people, frames=self.frames or preset.frames, seed=self.seed,
            processes=self.processes,
        )  # fmt: skip
        return make_filmed_fits(config, on_progress)

    def _make_pictures(self, preset: "PeoplePreset", on_progress: "OnProgress") -> list[Path]:
        from neuhmr.lab.people.training_set import TrainingSetConfig, generate_training_set

        config = TrainingSetConfig(
            out_dir=self.out_dir, split=preset.split, num_people=self.clips or preset.people,
            seed=self.seed, mocap_dir=self.mocap_dir, camera=self.camera or preset.camera,
            masks=self.masks or preset.masks, poses=preset.poses, views=preset.sides,
            placing=preset.placing, size=preset.height,
        )  # fmt: skip
        return generate_training_set(config, on_progress)

    def show(self, result: dict[str, object]) -> None:
        """Say what lies where."""
        files = result["files"]
        assert isinstance(files, list)
        rows = [("People", str(len(files)))]
        print_rows([*rows, *([("First", files[0]), ("Last", files[-1])] if files else [])])


def _estimate_own_poses(video: Path, on_progress: "OnProgress") -> None:
    """Write CLIP.poses.own.npz from the video and its camera alone, as `neuhmr init` would.

    Raises:
        ClipError: nobody is seen.
        MissingDependencyError: MediaPipe is not installed.
        OutputError: the file cannot be written.
    """
    from dataclasses import replace

    from neuhmr.body.model_files import load_body_model
    from neuhmr.clip.clip import open_clip
    from neuhmr.initial.initialise import initialise_sidecars

    out = video.with_suffix(".poses.own.npz")
    if out.exists():
        return
    # Nothing but the pictures and the camera may help.
    blind = replace(open_clip(video), motion=None, truth=None, masks=None)
    initialise_sidecars(blind, load_body_model(), out, on_progress=on_progress)
