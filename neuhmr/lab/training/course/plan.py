"""What a course trains, in which order, with which share of its time."""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from neuhmr.ghn.checkpoint import OPEN_WEIGHTS_PATH as GHN_PATH
from neuhmr.ghnerf.clips.clip_checkpoint import CLIP_WEIGHTS_PATH
from neuhmr.ghnerf.network.checkpoint import OPEN_WEIGHTS_PATH as GHNERF_PATH
from neuhmr.lab.people.presets import PresetName
from neuhmr.lab.training.clip_heatmaps.training import (
    ClipHeatmapTrainingConfig,
    train_clip_heatmaps,
)
from neuhmr.lab.training.course.stage_names import StageName
from neuhmr.lab.training.ghn.training import GhnTrainingConfig, train_ghn
from neuhmr.lab.training.ghnerf.batches import DrawConfig
from neuhmr.lab.training.ghnerf.config import GhnerfTrainingConfig
from neuhmr.lab.training.ghnerf.losses import GhnerfLossWeights
from neuhmr.lab.training.ghnerf.training import train_ghnerf
from neuhmr.lab.training.matching.training import MatchingTrainingConfig, train_matching
from neuhmr.lab.training.motion_prior.training import (
    MotionPriorTrainingConfig,
    train_motion_prior,
)
from neuhmr.lab.training.run import StepOutcome
from neuhmr.lab.training.run_config import RunConfig
from neuhmr.motion_prior.checkpoint import MOTION_PRIOR_PATH

PEOPLE_SHARE = 0.15
"""Share of a course's time in which people are made."""
NEVER = 10**9
"""Steps between validations: there is one before the first step and one after the last."""


@dataclass(frozen=True, kw_only=True)
class Stage:
    """One network's training within a course."""

    name: StageName
    share: float
    """Share of the course's time."""
    people: tuple[PresetName, PresetName] | None
    """Presets of the people to train and to validate on; None for recordings alone."""
    config: type[RunConfig]
    train: Callable[[Any], Iterator[StepOutcome]]
    starts: Mapping[str, Path | StageName]
    """Weights by option: a file, or those that an earlier stage has written."""
    weights: str
    """The file that it leaves in its run folder."""
    log: str
    """The file of its validations."""
    options: Mapping[str, object] = field(default_factory=dict)
    """What else is not as by default; `steps` is what the rates' schedule is made for."""


STAGES: tuple[Stage, ...] = (
    Stage(
        name="ghn", share=0.25, people=("train", "val"), config=GhnTrainingConfig,
        train=train_ghn, starts={"start": GHN_PATH}, weights="ghn.safetensors", log="log.jsonl",
        options={"steps": 4000, "average": 0.004},
    ),
    # Begins with the rendering of the stage above, and keeps it.
    Stage(
        name="matching", share=0.15, people=("train", "val"), config=MatchingTrainingConfig,
        train=train_matching, starts={"start": "ghn"}, weights="ghn.safetensors",
        log="matching_log.jsonl", options={"steps": 3000, "learning_rate": 3e-4, "average": 0.004},
    ),
    Stage(
        name="motion-prior", share=0.20, people=None, config=MotionPriorTrainingConfig,
        train=train_motion_prior, starts={"start": MOTION_PRIOR_PATH},
        weights="motion_prior.safetensors", log="log.jsonl",
        options={"learning_rate": 4e-4, "generated": 60},
    ),
    Stage(
        name="clip-heatmaps", share=0.08, people=("train", "val"),
        config=ClipHeatmapTrainingConfig, train=train_clip_heatmaps,
        starts={"start": "matching", "heatmaps": CLIP_WEIGHTS_PATH},
        weights="clip_heatmaps.safetensors", log="clip_heatmaps_log.jsonl",
        options={"steps": 2000, "learning_rate": 3e-4, "average": 0.004},
    ),
    # The end of the recipe in `neuhmr/ghnerf/weights/README.md`.
    Stage(
        name="ghnerf", share=0.17, people=("views", "views-val"), config=GhnerfTrainingConfig,
        train=train_ghnerf, starts={"start": GHNERF_PATH}, weights="ghnerf.safetensors",
        log="log.jsonl",
        options={
            "steps": 2500, "learning_rate": 3e-4, "halve_every": 900, "average": 0.004,
            "targets": "all", "hull": True, "coarse_pixel": 4, "fixed_norms": True,
            "draw": DrawConfig(
                sources=4, source_spread=1, pool=7, rays=3072, coarse_rays=768,
                sizes=(220.0, 290.0), outline_share=0.3,
            ),
            "weights": GhnerfLossWeights(
                heatmaps=1.0, parts=0.01, embedding=0.03, opacity=0.05
            ),
        },
    ),
)  # fmt: skip
"""In this order; shares and `PEOPLE_SHARE` add up to one."""


def chosen_stages(names: Collection[StageName]) -> tuple[Stage, ...]:
    """Pick stages; one that would begin with what another writes, and that one is left out, begins
    where that one would have.

    Args:
        names: of the stages; all of them if empty.
    """
    by_name = {stage.name: stage for stage in STAGES}

    def begin(start: Path | StageName) -> Path | StageName:
        if isinstance(start, Path) or start in names:
            return start
        return begin(by_name[start].starts["start"])

    if not names:
        return STAGES
    return tuple(
        replace(stage, starts={option: begin(start) for option, start in stage.starts.items()})
        for stage in STAGES
        if stage.name in names
    )
