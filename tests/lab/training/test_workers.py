"""Two processes that share a step, against the same step computed in one."""

import os
import subprocess
import sys
from pathlib import Path

import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.lab.moments.moments import read_moments
from neuhmr.lab.training.ghnerf.batches import DrawConfig, draw_batch
from neuhmr.lab.training.ghnerf.config import GhnerfTrainingConfig
from neuhmr.lab.training.ghnerf.training import GhnerfStep, begin
from neuhmr.lab.training.run import draw_one
from tests.lab.training.ring_folder import write_ring

OPTIONS = (
    "--row", "ENeRF+heatmap", "--sources", "2", "--rays", "96", "--smallest", "512",
    "--largest", "512", "--steps", "1", "--devices", "2", "--device", "cpu",
)  # fmt: skip


def test_two_workers_follow_the_mean_of_their_gradients(tmp_path: Path) -> None:
    people, out = tmp_path / "people", tmp_path / "run"
    write_ring(people, people=2)
    folders = ["--data", str(people), "--val", str(people), "--out", str(out)]
    command = [sys.executable, "-m", "neuhmr.cli", "train", "ghnerf", *folders, *OPTIONS]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        command, check=False, env=environment, capture_output=True, text=True, timeout=300
    )
    assert run.returncode == 0, run.stderr
    # The second process has nothing to say.
    assert run.stdout.count("steps") == 1
    state = torch.load(out / "checkpoint.pt", weights_only=True)
    moved = state["optimizer"]["state"]

    draw = DrawConfig(sources=2, pool=4, rays=96, coarse_rays=24, sizes=(512.0, 512.0))
    config = GhnerfTrainingConfig(
        data=people, val=people, out=out, row="enerf_heatmap", steps=1, draw=draw
    )
    torch.manual_seed(config.seed)
    model = begin(config)
    moments, body_model = read_moments(people), load_body_model()
    step = GhnerfStep(model, config.weights, None)
    for seed in (0, 7919):
        generator = torch.Generator().manual_seed(seed)
        batch = draw_batch(draw_one(moments, generator), draw, body_model, generator)
        (torch.stack(list(step(batch).values())).sum() / 2.0).backward()
    gradients = [p.grad for p in model.parameters() if p.requires_grad]
    assert len(moved) == len(gradients)
    for index, gradient in enumerate(gradients):
        assert gradient is not None
        # Adam's first moment after a step is a tenth of the gradient.
        torch.testing.assert_close(moved[index]["exp_avg"], 0.1 * gradient, rtol=1e-3, atol=1e-6)
