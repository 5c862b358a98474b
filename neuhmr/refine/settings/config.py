"""Everything refinement can be told, and the named settings.

`paper` is NeuHMR section 4.3 to the letter: its learning rate reaches the pose only with a wide
field, one frame a step and thousands of steps (long clips); on a short clip the result stays close
to the initial poses. `fast` is what moves poses in two seconds a frame on two CPU cores: a draft
without rendering, terms balanced by the gradients they really have, a small field with a rate that
reaches the pose, rays thinned out, and priors on what no image can tell. What each setting is worth
was measured: docs/refinement.md. There is no slower preset: with finer rays and more steps some
people were nearer to the truth, and others further from it.
"""

from dataclasses import dataclass, field, replace
from typing import Literal

from neuhmr.anchors.settings import AnchorConfig
from neuhmr.refine.settings.draft import DraftConfig
from neuhmr.refine.settings.field import BalanceConfig, FieldConfig, ScheduleConfig
from neuhmr.refine.settings.guard import GuardConfig
from neuhmr.refine.settings.terms import LossWeights, MatchingConfig, RobustConfig
from neuhmr.setting import setting

USUAL_RATE = 30.0
"""Frames a second that settings are meant for; see `RefineConfig.at_rate`."""

PresetName = Literal["fast", "paper"]


@dataclass(frozen=True, kw_only=True)
class RefineConfig:
    """All settings of one refinement; the defaults are the preset `fast`."""

    name: str = "fast"
    """Preset that the settings were made from."""
    draft: DraftConfig = field(default_factory=DraftConfig)
    anchors: AnchorConfig = field(default_factory=AnchorConfig)
    matching: MatchingConfig = field(default_factory=MatchingConfig)
    weights: LossWeights = field(default_factory=LossWeights)
    balance: BalanceConfig = field(default_factory=BalanceConfig)
    robust: RobustConfig = field(default_factory=RobustConfig)
    motion_field: FieldConfig = field(default_factory=FieldConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    guard: GuardConfig = field(default_factory=GuardConfig)
    seed: int = setting(
        0, label="Seed", high=100, flag="seed",
        help="Of every random number. Frame order, candidates, ray offsets, the field's first "
        "weights.",
    )  # fmt: skip

    def at_rate(self, fps: float) -> "RefineConfig":
        """Adapt whatever counts frames or moves per frame, which is meant for 30 a second.

        People move six times as far between the frames of a clip of 5 a second; what is smooth
        there would be a blur at 30.
        """
        ratio = fps / USUAL_RATE
        field = self.motion_field
        if field.frames_per_center > 0.0:
            field = replace(field, frames_per_center=max(1.0, field.frames_per_center * ratio))
        return replace(
            self,
            draft=self.draft.at_rate(ratio),
            motion_field=field,
        )
