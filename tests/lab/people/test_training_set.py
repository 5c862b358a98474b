from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.body.model_files import load_body_model
from neuhmr.errors import MissingDependencyError, OutputError
from neuhmr.lab.people import training_set
from neuhmr.lab.people.splits import split_of
from neuhmr.lab.people.training_person import read_training_person
from neuhmr.lab.people.training_set import (
    TrainingSetConfig,
    generate_training_set,
    open_renderer,
    render_training_person,
    sample_poses,
    training_files,
)


@pytest.fixture(scope="module")
def small_renderer():
    try:
        opened = open_renderer(160)
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL: {error}")
    with opened:
        yield opened


@pytest.fixture(scope="module")
def rendered(small_renderer):
    return render_training_person(20_000_007, small_renderer, poses=3, views=2, size=160)


def test_the_truth_projects_into_the_masks(rendered, open_body):
    vertices = rendered.motion.pose(open_body).vertices
    pixels = rendered.cameras.project(vertices).floor().long()
    assert int(pixels.min()) >= 0
    assert int(pixels.max()) < 160
    # Fingers are thinner than a pixel here, so a pixel of tolerance is part of the test.
    near = torch.nn.functional.max_pool2d(rendered.masks[:, None].float(), 3, 1, 1)[:, 0] > 0
    trunk = open_body.lbs_weights[:, 20:].sum(dim=1) < 0.3
    for i in range(len(rendered)):
        column, row = pixels[i].unbind(-1)
        assert near[i][row, column].float().mean() > 0.999
        assert rendered.masks[i][row[trunk], column[trunk]].float().mean() > 0.95


def test_people_fill_the_picture(rendered):
    for mask in rendered.masks:
        rows, columns = torch.nonzero(mask, as_tuple=True)
        extent = max(rows.max() - rows.min(), columns.max() - columns.min()) + 1
        assert 0.72 * 160 < int(extent) <= 160


def test_views_of_one_pose_share_it(rendered):
    assert rendered.pose_index.tolist() == [0, 0, 1, 1, 2, 2]
    assert torch.equal(rendered.motion.body_pose[0], rendered.motion.body_pose[1])
    assert not torch.allclose(rendered.motion.global_orient[0], rendered.motion.global_orient[1])


def test_the_same_seed_renders_the_same_person(rendered, small_renderer):
    again = render_training_person(20_000_007, small_renderer, poses=3, views=2, size=160)
    assert torch.equal(again.images, rendered.images)
    assert torch.equal(again.masks, rendered.masks)
    assert torch.equal(again.motion.transl, rendered.motion.transl)


def test_poses_of_a_person_differ(person):
    poses = sample_poses(person, 12)
    assert len(poses) == 12
    spread = (poses.body_pose[:, None] - poses.body_pose[None]).flatten(2).norm(dim=-1)
    assert float(spread[~torch.eye(12, dtype=torch.bool)].min()) > 0.05
    heading = torch.atan2(poses.global_orient[:, 0, 2], poses.global_orient[:, 2, 2])
    assert float(heading.std()) > 0.2


def test_files_of_splits_never_share_a_name(tmp_path):
    names = [
        {path.name for path in training_files(TrainingSetConfig(out_dir=tmp_path, split=split))}
        for split in ("train", "val", "test")
    ]
    assert all(len(some) == 300 for some in names)
    assert not names[0] & names[1]
    assert not names[1] & names[2]
    first = next(iter(names[2]))
    assert split_of(int(first.removeprefix("person_").removesuffix(".npz"))) == "test"


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path, monkeypatch, rendered):
    made: list[int] = []

    def fake(seed, renderer, **options):
        made.append(seed)
        if len(made) == 2:
            raise KeyboardInterrupt
        return rendered

    monkeypatch.setattr(training_set, "render_training_person", fake)
    config = TrainingSetConfig(out_dir=tmp_path / "set", num_people=3, poses=1, views=1, size=32)
    with pytest.raises(KeyboardInterrupt):
        generate_training_set(config)
    reports = []
    files = generate_training_set(config, reports.append)
    assert made == [0, 1, 1, 2]
    assert [path.exists() for path in files] == [True] * 3
    assert (reports[0].done, reports[-1].done, reports[-1].total) == (1, 3, 3)
    assert len(read_training_person(files[0])) == len(rendered)


def test_nothing_to_do_needs_no_renderer(tmp_path, monkeypatch):
    config = TrainingSetConfig(out_dir=tmp_path, num_people=1)
    training_files(config)[0].write_bytes(b"")
    monkeypatch.setattr(training_set, "open_renderer", lambda size: pytest.fail("opened"))
    assert generate_training_set(config) == training_files(config)


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        generate_training_set(TrainingSetConfig(out_dir=Path(tmp_path / "file" / "set")))


def test_masks_and_pictures_agree(rendered):
    # The person's colors differ from the room's in most pictures.
    inside = np.array([rendered.images[i][rendered.masks[i]].float().mean() for i in range(6)])
    outside = np.array([rendered.images[i][~rendered.masks[i]].float().mean() for i in range(6)])
    assert np.abs(inside - outside).mean() > 5


def test_estimated_masks_are_nearly_the_exact_ones(rendered):
    exact, found = rendered.masks, rendered.input_masks
    assert not torch.equal(exact, found)
    union = (exact | found).flatten(1).sum(dim=1)
    assert float(((exact & found).flatten(1).sum(dim=1) / union).min()) > 0.75


def test_the_phone_and_the_segmenter_can_be_left_out(rendered, small_renderer):
    options = {"poses": 3, "views": 2, "size": 160}
    ideal = render_training_person(
        20_000_007, small_renderer, camera="ideal", masks="exact", **options
    )
    assert ideal.estimated_masks is None
    assert torch.equal(ideal.masks, rendered.masks)
    assert not torch.equal(ideal.images, rendered.images)


def test_cameras_of_a_ring_stand_around_the_person(small_renderer):
    person = render_training_person(
        20_000_008, small_renderer, poses=1, views=8, size=160, camera="ideal", masks="exact",
        placing="ring",
    )  # fmt: skip
    # Where each camera stands, in the pelvis' own frame: the pose is the same in all of them.
    body = load_body_model().with_shape(person.motion.betas)
    pelvis = person.motion.transl + body.joints_rest[0]
    back = person.motion.global_orient.transpose(-1, -2)
    stands = -(back @ pelvis[..., None])[..., 0]
    distances = stands.norm(dim=-1)
    # Height differences of up to a few sigma add little to 7 % of the distance.
    assert float(distances.max() / distances.min()) < 1.25
    directions = torch.nn.functional.normalize(stands, dim=-1)
    cosines = (directions * directions.roll(1, dims=0)).sum(dim=-1)
    # 45 degrees apart, give or take a quarter of that on either side.
    assert float(cosines.min()) > np.cos(np.radians(45 * 1.5) + 0.1)
    across = (directions * directions.roll(4, dims=0)).sum(dim=-1)
    assert float(across.max()) < 0.3
