"""How fast the field learns, step by step."""

import math

from neuhmr.refine.settings.field import ScheduleConfig


def learning_rate(step: int, total_steps: int, schedule: ScheduleConfig) -> float:
    """Follow a cosine from the first to the final rate.

    A rate that is meant for long clips leaves short ones where they were: fewer steps are made
    that much larger.
    """
    progress = step / max(1, total_steps - 1)
    share = schedule.final_share
    wave = share + (1.0 - share) * (1.0 + math.cos(math.pi * progress)) / 2.0
    return schedule.learning_rate * max(1.0, schedule.rate_steps / total_steps) * wave
