"""Each setting of refinement, once: declarations, presets, and the table made of them."""

from neuhmr.refine.settings.config import PresetName, RefineConfig
from neuhmr.refine.settings.table import SETTINGS, preset, with_values

__all__ = ["SETTINGS", "PresetName", "RefineConfig", "preset", "with_values"]
