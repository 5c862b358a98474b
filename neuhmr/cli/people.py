"""`neuhmr people`: synthetic people with exact truth."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from neuhmr.cli.inputs import JsonFlag, OptionalPath, require_at_least
from neuhmr.cli.output import print_rows
from neuhmr.cli.progress import progress_bars, stop_on_interrupt


@dataclass(frozen=True, kw_only=True)
class People:
    """Make synthetic people: clips with poses, masks, camera and truth, or pictures to train on.

    What exists already is kept, so an interrupted run goes on where it stopped.
    """

    out_dir: Positional[Annotated[Path, arg(metavar="OUT_DIR")]]
    """The folder to write into; made if missing."""
    preset: Literal["clips", "train", "val"] = "clips"
    """`clips` of test people; pictures of people to `train` and validate (`val`) on."""
    clips: int = 1
    """Number of people."""
    seed: int = 0
    """Number of the first person."""
    views: int = 1
    """Cameras around each person of a clip; more than one make a capture folder."""
    frames: int = 90
    """Frames of a clip."""
    height: int = 512
    """Of a clip (px)."""
    width: int = 512
    """Of a clip (px)."""
    errors: Literal["ray", "isotropic"] = "ray"
    """How a clip's initial poses are wrong: as estimators' are, or evenly."""
    mpjpe_mm: float = 95.0
    """How wrong they are (mm)."""
    moving_camera: Annotated[bool, arg(help_behavior_hint="")] = False
    """Move a clip's camera slowly around the person."""
    mocap_dir: OptionalPath = None
    """Folder of CMU recordings (.asf, .amc) to take a clip's motion from."""
    json: JsonFlag = False

    def run(self) -> dict[str, object]:
        """Make what is missing.

        Raises:
            MissingDependencyError: pyrender, EGL or ffmpeg is missing.
            OutputError: the folder cannot be written.
            DatasetError: the mocap folder cannot be used, or the seed is out of range.
            NeuhmrError: a number is too small.
        """
        for option, value in (("--clips", self.clips), ("--views", self.views)):
            require_at_least(option, value, 1)
        for option, value in (("--height", self.height), ("--width", self.width)):
            require_at_least(option, value, 32)
        require_at_least("--frames", self.frames, 2)
        with stop_on_interrupt() as stop, progress_bars(stop) as on_progress:
            if self.preset == "clips":
                from neuhmr.people.generate import PeopleConfig, generate_people

                config = PeopleConfig(
                    out_dir=self.out_dir, clips=self.clips, views=self.views, seed=self.seed,
                    frames=self.frames, height=self.height, width=self.width, errors=self.errors,
                    mpjpe_mm=self.mpjpe_mm, moving_camera=self.moving_camera,
                    mocap_dir=self.mocap_dir,
                )  # fmt: skip
                files = generate_people(config, on_progress)
            else:
                from neuhmr.people.training_set import TrainingSetConfig, generate_training_set

                training = TrainingSetConfig(
                    out_dir=self.out_dir,
                    split=self.preset,
                    num_people=self.clips,
                    seed=self.seed,
                )
                files = generate_training_set(training, on_progress)
        return {"people": len(files), "files": [str(path) for path in files]}

    def show(self, result: dict[str, object]) -> None:
        """Say what lies where."""
        files = result["files"]
        assert isinstance(files, list)
        print_rows([("People", str(len(files))), ("First", files[0]), ("Last", files[-1])])
