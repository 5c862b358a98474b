"""What a course's stages are called, for a command line that has not loaded torch yet."""

from typing import Literal

StageName = Literal["ghn", "matching", "motion-prior", "clip-heatmaps", "ghnerf"]
