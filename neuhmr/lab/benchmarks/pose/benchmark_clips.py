"""The clips a benchmark runs on: people of the test split, or the user's own with a truth."""

from dataclasses import dataclass
from pathlib import Path

from neuhmr.clip.clip import Clip, open_clip
from neuhmr.clip.sidecars import find_sidecar
from neuhmr.errors import DatasetError, NeuhmrError
from neuhmr.lab.benchmarks.pose.result_cache import files_digest
from neuhmr.lab.benchmarks.program_digest import program_digest
from neuhmr.lab.people.generate import PeopleConfig, generate_people
from neuhmr.lab.people.presets import people_preset
from neuhmr.lab.people.wide_design import WIDE_CLIPS, WideClip
from neuhmr.lab.people.wide_set import WideConfig, generate_wide, planned_clips
from neuhmr.progress import OnProgress

FILMED_FRAMES = 30
"""Least length of a generated clip; a benchmark uses its first frames, so that the quick and the
whole one share their people."""


@dataclass(frozen=True, kw_only=True)
class ClipSet:
    """How many people are filmed and how much of each clip is used."""

    people: int
    frames: int
    """First frames of each clip that are used."""
    seed: int = 0
    """Number of the first person within the test split."""


QUICK = ClipSet(people=3, frames=12)
"""Runs in minutes: to see that all works, not to compare methods by."""
WHOLE = ClipSet(people=8, frames=24)
WIDE = ClipSet(people=len(WIDE_CLIPS), frames=48)


@dataclass(frozen=True, kw_only=True)
class Part:
    """Every so-manieth clip, so that several processes can share a benchmark."""

    number: int = 1
    """From 1."""
    count: int = 1

    @staticmethod
    def parse(text: str) -> "Part":
        """Read "2/3", the second of three parts.

        Raises:
            NeuhmrError: it says something else.
        """
        try:
            number, count = (int(word) for word in text.split("/"))
        except ValueError:
            number = count = 0
        if not 1 <= number <= count:
            raise NeuhmrError(
                f'--part is "{text}", something like 1/2 (the first of two parts) was expected; '
                "change it or leave it out."
            )
        return Part(number=number, count=count)

    def of(self, clips: int) -> range:
        """Tell which clips belong to this part."""
        return range(self.number - 1, clips, self.count)


def make_clips(folder: Path, clips: ClipSet, part: Part, on_progress: OnProgress) -> list[Path]:
    """Film people whom no training saw as `neuhmr people --preset test` does; with their masks as
    a segmenter would give them. Those that are there already are kept.

    The program's own files are part of the folder's name, so people of an older version are not
    taken for today's.

    Raises:
        MissingDependencyError: pyrender, EGL or ffmpeg is missing.
        OutputError: the folder cannot be written.
        DatasetError: the seed is out of range.
    """
    out_dir = folder / f"people-{program_digest(__name__)}"
    frames, made, test = max(FILMED_FRAMES, clips.frames), [], people_preset("test")
    for index in part.of(clips.people):
        config = PeopleConfig(
            out_dir=out_dir,
            clips=1,
            split=test.split,
            seed=clips.seed + index,
            frames=frames,
            height=test.height,
            width=test.width,
            camera=test.camera,
            masks=test.masks,
        )
        made += generate_people(config, on_progress)
    return made


def make_wide_clips(
    folder: Path, mocap_dir: Path | None, clips: ClipSet, part: Part, on_progress: OnProgress
) -> tuple[list[Path], list[str]]:
    """Make the clips of the wide set, or some of them, spread over the families; see `make_clips`.

    Returns:
        Videos, and what differs from the plan for want of recordings or of Blender.

    Raises:
        MissingDependencyError: pyrender, EGL or ffmpeg is missing.
        OutputError: the folder cannot be written.
        DatasetError: the folder of recordings cannot be used.
    """
    planned, notes = planned_clips(mocap_dir)
    chosen = _spread(planned, clips.people)
    config = WideConfig(
        out_dir=folder / f"wide-{program_digest(__name__)}",
        mocap_dir=mocap_dir,
        clips=tuple(chosen[index].number for index in part.of(len(chosen))),
        frames=max(WIDE.frames, clips.frames),
    )
    return generate_wide(config, on_progress), notes


def _spread(planned: list[WideClip], count: int) -> list[WideClip]:
    """Take so many clips at even steps."""
    count = min(count, len(planned))
    return [planned[(2 * index + 1) * len(planned) // (2 * count)] for index in range(count)]


def find_clips(folder: Path) -> list[Path]:
    """Find the videos of a folder that have a truth beside them, by name.

    Raises:
        DatasetError: there is no such folder, or no such video in it.
    """
    if not folder.is_dir():
        found = "is a file" if folder.exists() else "does not exist"
        raise DatasetError(
            f"{folder} {found}, a folder of clips with their truth was expected; make one with "
            "`neuhmr people` or leave --clips out."
        )
    videos = [path for path in sorted(folder.glob("*.mp4")) if find_sidecar(path, "truth")]
    if not videos:
        raise DatasetError(
            f"{folder} holds no clip to benchmark on, videos like clip.mp4 with clip.truth.npz "
            "beside them were expected; make some with `neuhmr people`."
        )
    return videos


def open_benchmark_clip(path: Path, frames: int) -> Clip:
    """Open the first frames of a clip with its truth.

    Raises:
        DatasetError: those frames have no truth.
        NeuhmrError: the clip cannot be used.
    """
    clip = open_clip(path)[:frames]
    if clip.truth is None or not bool(clip.truth.valid.any()):
        raise DatasetError(
            f"{path} has no true pose in its first {frames} frames, at least one was expected in "
            f"{path.stem}.truth.npz; use more frames or leave the clip out."
        )
    return clip


def clip_digest(path: Path, frames: int) -> str:
    """Identify what methods see of a clip, and the truth."""
    kinds = ("masks", "camera", "truth")
    sidecars = [find_sidecar(path, kind) or path.with_suffix(f".no-{kind}") for kind in kinds]
    return f"{files_digest([path, *sidecars])}-{frames}"
