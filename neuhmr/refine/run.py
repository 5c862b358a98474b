"""A refinement under way: step, save, go on, and judge what came of it."""

import functools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from neuhmr.body.motion import Motion
from neuhmr.progress import OnFrame, OnProgress, ignore_frame, ignore_progress
from neuhmr.refine.field.refiner import Refiner
from neuhmr.refine.field.snapshot import RefineSnapshot
from neuhmr.refine.guard.guard import GuardedMotion, guard_motion
from neuhmr.refine.problem import RefineProblem
from neuhmr.refine.report import RefineReport, make_report
from neuhmr.refine.resume_file import damaged, read_resume_file, write_resume_file
from neuhmr.refine.run_identity import (
    Identity,
    identify_crops,
    identify_heatmaps,
    identify_poses,
    identify_settings,
)
from neuhmr.refine.settings import RefineConfig
from neuhmr.refine.settings.table import with_live_values


class Run:
    """The steps from a problem to refined poses; stop asking for them and refinement stops."""

    def __init__(self, problem: RefineProblem, config: RefineConfig) -> None:
        """Get ready at the problem's start.

        Args:
            problem: what is refined.
            config: settings as the user means them, for 30 frames a second.

        Raises:
            ClipError: nothing is left to refine.
        """
        self.config = config
        self.refiner = Refiner(problem, config.at_rate(problem.fps))

    @property
    def problem(self) -> RefineProblem:
        """What is refined, with the keypoints that were found on the way."""
        return self.refiner.problem

    @property
    def finished(self) -> bool:
        """Whether the schedule has come to its end."""
        return self.refiner.finished

    def find_keypoints(self, on_progress: OnProgress = ignore_progress) -> None:
        """Look for keypoints in all frames at once, if they count.

        Raises:
            ValueError: the problem has no heatmaps to find keypoints in.
        """
        self.refiner.find_keypoints(on_progress)

    def step(
        self, live: RefineConfig | None = None, on_frame: OnFrame = ignore_frame
    ) -> RefineSnapshot:
        """Move the poses once.

        Args:
            live: settings of this step; of those that may not change while running, the run's own
                count.
            on_frame: told after every frame; where it raises, nothing has changed.

        Raises:
            NonFiniteError: a term or gradient is not finite; nothing has changed then.
        """
        return self.refiner.step(self._at_rate(live), on_frame)

    def steps(self) -> Iterator[RefineSnapshot]:
        """Step until the schedule ends."""
        return self.refiner.steps()

    def live_config(self, live: RefineConfig) -> RefineConfig:
        """Settings that a step or a match with these would run under, at the clip's rate."""
        wanted = self._at_rate(live)
        assert wanted is not None
        return with_live_values(self.refiner.config, wanted)

    def save(self, path: Path) -> None:
        """Keep everything needed to go on later.

        Raises:
            OutputError: the file cannot be written.
        """
        write_resume_file(path, self.refiner.state_dict(), self._identity)

    def load(self, path: Path) -> None:
        """Go on from where a saved run stood.

        Raises:
            OutputError: the file is damaged, or belongs to another run; says what differs.
        """
        state = read_resume_file(path, self._identity)
        try:
            self.refiner.load_state_dict(state)
        except (KeyError, RuntimeError, ValueError, TypeError, IndexError) as error:
            raise damaged(path, f"{type(error).__name__}: {error}") from error

    def result(
        self,
        on_progress: OnProgress = ignore_progress,
        config: RefineConfig | None = None,
        keep_refined: bool = False,
    ) -> "Result":
        """Compare all frames before and after, and go back where the guard is on and says so.

        Args:
            on_progress: told after every frame.
            config: the guard's settings, where they have changed since the run began.
            keep_refined: go back nowhere, as if the guard were off.
        """
        refined = self.refiner.motion()
        guard = (config or self.config).guard
        if keep_refined:
            guard = replace(guard, enabled=False)
        guarded = guard_motion(self.problem, refined, guard, on_progress)
        return Result(
            config=self.config,
            problem=self.problem,
            guarded=guarded,
            refined=refined,
            steps=self.refiner.steps_done,
            total_steps=self.refiner.total_steps,
        )

    def _at_rate(self, config: RefineConfig | None) -> RefineConfig | None:
        return config and config.at_rate(self.problem.fps)

    @functools.cached_property
    def _identity(self) -> Identity:
        """What the run belongs to; pictures and weights are many numbers, digested once."""
        problem = self.problem
        return {
            **problem.origin,
            **identify_settings(self.config, problem.scope),
            **identify_poses(problem.initial, problem.model.digest),
            **identify_heatmaps(problem.heatmaps, self.config),
            "frame rate": f"{problem.fps:g}",
            "pictures of the person": identify_crops(problem.crops),
            "anchors": f"{problem.selection.anchors}",
        }


@dataclass(frozen=True, kw_only=True, eq=False)
class Result:
    """What a refinement came to."""

    config: RefineConfig
    problem: RefineProblem
    guarded: GuardedMotion
    refined: Motion
    """Poses before the guard."""
    steps: int
    total_steps: int

    @property
    def is_complete(self) -> bool:
        """Whether the schedule came to its end."""
        return self.steps == self.total_steps

    @property
    def motion(self) -> Motion:
        """The poses to take away, on the CPU."""
        return self.guarded.motion.to("cpu")

    @property
    def reverted_frames(self) -> tuple[int, ...]:
        """Frames that are more initial than refined."""
        numbers = self.problem.initial.frame_index.tolist()
        return tuple(numbers[row] for row in self.guarded.reverted)

    def report(self, seconds: float) -> RefineReport:
        """Gather the numbers of the refinement.

        Args:
            seconds: wall time of preparation and refinement.
        """
        return make_report(
            self.problem, self.config, self.guarded, self.refined, self.steps, seconds
        )
