"""The pose prior's fit leaves a prior that loads, and how it was made."""

import json
from pathlib import Path

import numpy as np
import pytest

from neuhmr.lab.training.pose_prior_fit import PosePriorConfig, example_poses, fit


def test_a_fit_is_written_down_beside_the_prior_and_in_it(tmp_path: Path) -> None:
    config = PosePriorConfig(out=tmp_path / "prior.npz", people_per_kind=1, frames=3, widening=0.4)
    fit(config)
    record = json.loads((tmp_path / "prior_run.json").read_text())
    assert record["options"]["widening"] == 0.4 and record["options"]["seed"] == 5_000_000
    assert record["training"] == "PosePriorConfig" and "torch" in record["versions"]
    with np.load(config.out, allow_pickle=False) as data:
        # 23 joints of 3 angles, and where is up.
        assert data["mean"].shape == (72,) and data["whitening"].shape == (72, 72)
        assert json.loads(str(data["options"]))["frames"] == 3
        assert str(data["revision"]).startswith(record["code"]["revision"])


@pytest.mark.parametrize("change", [{"seed": 5_000_001}, {"people_per_kind": 2}])
def test_options_of_a_fit_reach_its_examples(tmp_path: Path, change: dict[str, int]) -> None:
    few = {"out": tmp_path / "prior.npz", "people_per_kind": 1, "frames": 3}
    body_pose, up = example_poses(PosePriorConfig(**few))
    other, _ = example_poses(PosePriorConfig(**few | change))
    assert len(body_pose) == len(up)
    assert other.shape != body_pose.shape or bool((other != body_pose).any())
