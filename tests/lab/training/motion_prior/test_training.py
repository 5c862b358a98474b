import json
from dataclasses import replace

import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.lab.training.motion_prior.mixing import (
    BatchSize,
    MixedBatches,
    made_elsewhere,
    made_here,
)
from neuhmr.lab.training.motion_prior.tracks import load_tracks
from neuhmr.lab.training.motion_prior.training import (
    MotionPriorTrainingConfig,
    train_motion_prior,
)
from neuhmr.motion_prior.checkpoint import KIND, load_motion_prior
from tests.lab.people.motion.test_bvh import bvh_text
from tests.lab.training.motion_prior.filmed.made_fits import write_fits
from tests.lab.training.motion_prior.scenes import bodies, tracks
from tests.motion_prior.scene import SMALL


def config(tmp_path, **changes) -> MotionPriorTrainingConfig:
    frames = [
        {"position": (0, 16, 0.1 * i), "LeftArm": (-60, 0, i % 50), "LeftUpLeg": (0, 0, -(i % 40))}
        for i in range(140)
    ]
    for name in ("02_01", "07_01"):
        (tmp_path / f"{name}.bvh").write_text(bvh_text(frames))
    return MotionPriorTrainingConfig(
        data=tmp_path, val=tmp_path, out=tmp_path / "run", steps=8, windows=8, frames=12,
        generated=2, network=SMALL, warmup=2, validate_every=4, learning_rate=3e-3,
        average=0.5, **changes,
    )  # fmt: skip


def test_training_lowers_the_loss_and_leaves_weights_that_load(tmp_path):
    longer = replace(config(tmp_path), steps=24, validate_every=12, windows=24)
    steps = list(train_motion_prior(longer))
    totals = [sum(step.losses.values()) for step in steps]
    assert sum(totals[-6:]) < sum(totals[:6])
    path = tmp_path / "run" / "motion_prior.safetensors"
    prior = load_motion_prior(path)
    assert prior.config == SMALL
    assert float(prior.decode.weight.abs().max()) > 0.0
    header = KIND.read_header(path)
    assert float(header["recorded_mpjpe"]) > 0.0
    rows = [json.loads(line) for line in (tmp_path / "run" / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [12, 24]


def test_a_run_goes_on_where_it_stopped(tmp_path):
    run = train_motion_prior(config(tmp_path))
    for step in run:
        if step.step == 5:
            run.close()
            break
    resumed = list(train_motion_prior(replace(config(tmp_path), resume=True)))
    assert [step.step for step in resumed] == [6, 7, 8]


def test_weights_to_start_with_are_taken(tmp_path):
    list(train_motion_prior(config(tmp_path)))
    first = tmp_path / "run" / "motion_prior.safetensors"
    begun = replace(config(tmp_path), start=first, steps=1, learning_rate=1e-12, average=0.0)
    list(train_motion_prior(replace(begun, out=tmp_path / "second")))
    second = load_motion_prior(tmp_path / "second" / "motion_prior.safetensors")
    torch.testing.assert_close(
        second.decode.weight, load_motion_prior(first).decode.weight, atol=1e-4, rtol=0
    )


def test_filmed_fits_are_learnt_from_and_validated_on(tmp_path):
    fits = tmp_path / "fits"
    fits.mkdir()
    write_fits(fits, "train", 2)
    write_fits(fits, "val", 2)
    list(train_motion_prior(config(tmp_path)))
    filmed = replace(config(tmp_path), fits=fits, fit_share=0.5, out=tmp_path / "filmed")
    list(train_motion_prior(filmed))
    without, with_fits = (
        tmp_path / name / "motion_prior.safetensors" for name in ("run", "filmed")
    )
    header = KIND.read_header(with_fits)
    assert float(header["fits_mpjpe_before"]) > 20.0
    assert "fits_mpjpe" not in KIND.read_header(without)
    change = load_motion_prior(with_fits).decode.weight - load_motion_prior(without).decode.weight
    assert float(change.abs().max()) > 1e-4


def test_a_share_of_the_first_weights_stays(tmp_path):
    list(train_motion_prior(config(tmp_path)))
    first = tmp_path / "run" / "motion_prior.safetensors"
    weights = {}
    for share in (0.0, 0.25):
        out = tmp_path / f"share{share}"
        begun = replace(config(tmp_path), start=first, start_share=share, out=out, average=1.0)
        list(train_motion_prior(begun))
        weights[share] = load_motion_prior(out / "motion_prior.safetensors").decode.weight
    before = load_motion_prior(first).decode.weight
    assert float((weights[0.0] - before).abs().max()) > 1e-3
    expected = 0.25 * before + 0.75 * weights[0.0]
    torch.testing.assert_close(weights[0.25], expected, atol=2e-4, rtol=0)


def test_windows_of_several_batches_are_mixed_and_made_anew():
    size = BatchSize(windows=8, frames=12)
    made = made_here([tracks()], bodies(), size, seed=0)
    batches = MixedBatches(made, size, kept=3, reuse=2, seed=0)
    drawn = [batches.draw() for _ in range(9)]
    assert all(len(batch.times) == 8 for batch in drawn)
    assert len(batches._batches) == 3
    assert not torch.equal(drawn[7].rotmat, drawn[8].rotmat)


def test_new_batches_may_be_larger_than_those_of_a_step():
    size = BatchSize(windows=4, frames=12, fresh=10)
    made = made_here([tracks()], bodies(), size, seed=0)
    batches = MixedBatches(made, size, kept=2, reuse=1, seed=0)
    assert len(batches.draw().times) == 4
    assert len(batches._batches[0].times) == 10


def test_motions_drawn_by_other_processes_differ_from_process_to_process(tmp_path):
    size = BatchSize(windows=6, frames=12)
    made = made_elsewhere([tracks()], bodies(), size, drawers=2, seed=0)
    batches = [next(made) for _ in range(3)]
    assert all(len(batch.times) == 6 for batch in batches)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert not torch.allclose(batches[one].rotmat, batches[other].rotmat)


def test_a_training_whose_motions_others_draw_takes_its_steps(tmp_path):
    steps = list(train_motion_prior(replace(config(tmp_path), drawers=1, fresh=16, steps=2)))
    assert [step.step for step in steps] == [1, 2]


def test_the_last_run_may_learn_from_what_others_are_validated_on(tmp_path):
    config(tmp_path)
    model = load_body_model()
    alone = load_tracks(tmp_path, "train", 2, model, 0)
    both = load_tracks(tmp_path, "train", 2, model, 0, also="val")
    held_out = load_tracks(tmp_path, "val", 2, model, 0)
    assert [len(alone[0]), len(both[0])] == [1, 2]
    assert torch.equal(both[0][1].rotmat, held_out[0][0].rotmat)
    assert torch.equal(both[1][0].rotmat, alone[1][0].rotmat)


def test_weights_to_start_with_stay_as_they_are(tmp_path):
    list(train_motion_prior(config(tmp_path)))
    first = tmp_path / "run" / "motion_prior.safetensors"
    before = load_motion_prior(first).decode.weight.clone()
    begun = replace(config(tmp_path), start=first, steps=2, out=tmp_path / "second")
    list(train_motion_prior(begun))
    assert torch.equal(load_motion_prior(first).decode.weight, before)
