"""One clip in one kind of initial poses, and what methods share on it."""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import torch

from neuhmr.body.motion import Motion
from neuhmr.body.smpl_model import SmplModel
from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.motion_file import read_motion_file, write_motion_file
from neuhmr.errors import PoseFileError
from neuhmr.ghn.checkpoint import load_ghn, weights_digest
from neuhmr.ghn.model import Ghn
from neuhmr.initial.initialise import SOURCE
from neuhmr.lab.benchmarks.pose.benchmark_clips import clip_digest, open_benchmark_clip
from neuhmr.lab.benchmarks.pose.keypoints import ObservedKeypoints, observe_keypoints
from neuhmr.lab.benchmarks.pose.result_cache import ResultCache, motion_digest, result_key
from neuhmr.lab.benchmarks.pose.start_poses import GIVEN, OWN, given_poses, own_poses, wrong_poses
from neuhmr.lab.benchmarks.program_digest import program_digest
from neuhmr.motion_prior.checkpoint import LANDMARK_PRIOR_PATH, MOTION_PRIOR_PATH
from neuhmr.opening import Opened
from neuhmr.pipeline import Subject, prepare
from neuhmr.progress import OnProgress
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.settings import RefineConfig
from neuhmr.weights_file import file_digest

DETECTING = "neuhmr.lab.benchmarks.pose.keypoints"
"""The module that finds keypoints."""
STARTING = "neuhmr.lab.benchmarks.pose.start_poses"
"""The module that makes initial poses."""

NOT_PREPARING = (
    "name", "weights", "balance", "robust", "schedule", "motion_field", "guard", "seed",
)  # fmt: skip
"""Settings of refinement that its preparation does not look at."""


@dataclass(frozen=True)
class Laboratory:
    """What is the same for all clips."""

    model: SmplModel
    ghn: Ghn
    weights: str
    """Digests of the avatar network's and the two motion priors' weights."""
    cache: ResultCache
    frames: int
    """Of each clip."""
    seed: int
    device: torch.device


def open_laboratory(
    model: SmplModel,
    checkpoint: Path | None,
    cache: ResultCache,
    frames: int,
    seed: int,
    device: torch.device,
) -> Laboratory:
    """Load the weights.

    Raises:
        CheckpointError: they cannot be used.
    """
    ghn = load_ghn(checkpoint, device)
    priors = (file_digest(path) for path in (MOTION_PRIOR_PATH, LANDMARK_PRIOR_PATH))
    weights = " ".join([weights_digest(checkpoint), *priors])
    return Laboratory(model, ghn, weights, cache, frames, seed, device)


@dataclass(frozen=True)
class Prepared:
    """A problem ready to refine, and what it took to prepare."""

    problem: RefineProblem
    seconds: float


class Workspace:
    """Opens, crops, detects and prepares when a method first asks, and then keeps it.

    Everything read from the cache is the same as if it were made anew, so a repeated benchmark
    opens clips and reads files but computes nothing.
    """

    def __init__(
        self, laboratory: Laboratory, path: Path, kind: str, on_progress: OnProgress
    ) -> None:
        """Open a clip in one kind of initial poses.

        Raises:
            NeuhmrError: clip, truth or poses cannot be used.
        """
        self.laboratory = laboratory
        self.path = path
        self.kind = kind
        self.clip = open_benchmark_clip(path, laboratory.frames)
        self._digest = clip_digest(path, laboratory.frames)
        self._on_progress = on_progress
        self._keypoints: ObservedKeypoints | None = None
        self._subject: tuple[Subject, float] | None = None
        self._prepared: dict[str, Prepared] = {}
        self.initial = self._start()

    @property
    def truth(self) -> Motion:
        """The true poses."""
        assert self.clip.truth is not None, "open_benchmark_clip checks it"
        return self.clip.truth

    @property
    def fps(self) -> float:
        """Frames per second of the video."""
        return self.clip.video.fps

    def key(self, *parts: object) -> str:
        """Name a result that depends on these parts, the clip, its initial poses and the body."""
        return result_key(
            *parts, self._digest, motion_digest(self.initial), self.laboratory.model.digest
        )

    def keypoints(self) -> ObservedKeypoints:
        """Detect keypoints in the clip.

        Raises:
            MissingDependencyError: MediaPipe is not installed.
        """
        if self._keypoints is None:
            key = result_key("keypoints", self._digest, program_digest(DETECTING))
            folder = self.laboratory.cache.folder
            self._keypoints = observe_keypoints(self.clip, folder, key, self._on_progress)
        return self._keypoints

    def prepared(self, config: RefineConfig) -> Prepared:
        """Build avatar, anchors, features and descriptors; configurations that agree share them.

        Raises:
            ClipError: no frame shows enough of the person.
        """
        said = asdict(config)
        key = result_key({name: said[name] for name in said if name not in NOT_PREPARING})
        if key not in self._prepared:
            subject, cutting_seconds = self._cut_out()
            start = time.perf_counter()
            problem = prepare(subject, config, self._on_progress)
            seconds = time.perf_counter() - start + cutting_seconds
            self._prepared[key] = Prepared(problem, seconds)
        return self._prepared[key]

    def _cut_out(self) -> tuple[Subject, float]:
        if self._subject is None:
            start = time.perf_counter()
            laboratory = self.laboratory
            source = SOURCE if self.kind == OWN else self.clip.poses_source
            clip = replace(self.clip, motion=self.initial, poses_source=source)
            opened = Opened(clip=clip, model=laboratory.model)
            subject = opened.subject(
                laboratory.ghn, laboratory.device, on_progress=self._on_progress
            )
            self._subject = subject, time.perf_counter() - start
        return self._subject

    def _start(self) -> Motion:
        """Make or find the initial poses; both ways they are read from the file."""
        if self.kind == GIVEN:
            return given_poses(self.clip)
        model, seed = self.laboratory.model, self.laboratory.seed
        weights = self.laboratory.weights if self.kind == OWN else ""
        program = program_digest(STARTING)
        key = result_key(self.kind, seed, self._digest, model.digest, weights, program)
        path = self.laboratory.cache.folder / f"{key}.poses.npz"
        try:
            return read_motion_file(path).motion
        except PoseFileError:
            pass  # Not made yet.
        if self.kind == OWN:
            motion = own_poses(self.clip, self.keypoints(), model, self._on_progress)
        else:
            motion = wrong_poses(self.clip, self.kind, model, seed)
        source = f"benchmark, {self.kind}"
        write_motion_file(path, MotionArrays.from_motion(motion, self.fps, source=source))
        return read_motion_file(path).motion
