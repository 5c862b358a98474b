"""The speed table: it measures what it says."""

from pathlib import Path

import pytest

from neuhmr.ghn.checkpoint import save_ghn
from neuhmr.lab.benchmarks.pose.speed import SpeedConfig, full_frame_config, measure_speed
from neuhmr.refine.settings import preset
from tests.ghn.scene import make_ghn
from tests.painted_clip import make_painted_clip


def test_a_timed_step_renders_one_whole_frame_once() -> None:
    config = full_frame_config(preset("fast"), steps=7)
    schedule = config.schedule
    assert (schedule.frames_per_step, schedule.stride, schedule.epochs) == (1, 1, 7)
    assert schedule.chunk_rays > 240 * 180, "chunks would render every frame twice"
    assert schedule.gradient_norm_interval > 1000, "the norms' own backward pass is not timed"
    assert config.weights == preset("fast").weights


@pytest.mark.slow
def test_every_figure_is_there_and_plausible(tmp_path: Path) -> None:
    clip = make_painted_clip(tmp_path, frames=3)
    weights = tmp_path / "tiny.safetensors"
    save_ghn(make_ghn(), weights, {})
    config = SpeedConfig(clip=clip, checkpoint=weights, frames=2, steps=2, previews=1)
    result = measure_speed(config).as_dict()
    assert (result["frames"], result["height"], result["width"]) == (2, 240, 180)
    for key in ("step_s", "preview_s", "fit_s_per_frame", "prepare_s_per_frame", "peak_rss_mb"):
        assert result[key] > 0, key
    assert result["preview_s"] < result["step_s"], "a step also goes backwards"
    assert result["device"] == "cpu" and result["threads"] >= 1
