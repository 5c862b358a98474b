from dataclasses import replace

import numpy as np
import pytest
import torch

from neuhmr.body.motion import Motion
from neuhmr.errors import DatasetError
from neuhmr.geometry.cameras import Camera
from neuhmr.lab.people.training_person import (
    TrainingPerson,
    read_packed_person,
    read_training_person,
    write_training_person,
)


@pytest.fixture
def packed(generator) -> TrainingPerson:
    ramp = torch.linspace(0, 255, 30).to(torch.uint8)
    image = torch.stack([ramp.expand(20, 30), ramp.flip(0).expand(20, 30), ramp.expand(20, 30)], -1)
    return TrainingPerson(
        seed=42,
        images=torch.stack([image, image.flip(0), image.flip(1)]),
        masks=torch.rand(3, 20, 30, generator=generator) > 0.5,
        cameras=Camera(torch.eye(3).expand(3, 3, 3).clone(), 20, 30),
        motion=Motion.from_axisangle(
            torch.rand(3, 3, generator=generator),
            0.3 * torch.rand(3, 69, generator=generator),
            torch.rand(3, 3, generator=generator),
            torch.rand(10, generator=generator),
        ),
        pose_index=torch.tensor([0, 0, 1]),
        view_index=torch.tensor([0, 1, 0]),
        body_model="digest",
    )


def test_a_person_comes_back_from_its_file(packed, tmp_path):
    write_training_person(tmp_path / "p.npz", packed)
    back = read_training_person(tmp_path / "p.npz")
    assert (back.seed, back.body_model, len(back)) == (42, "digest", 3)
    assert torch.equal(back.masks, packed.masks)
    assert torch.equal(back.pose_index, packed.pose_index)
    torch.testing.assert_close(back.cameras.K, packed.cameras.K)
    torch.testing.assert_close(back.motion.body_pose, packed.motion.body_pose, atol=1e-5, rtol=0)
    # JPEG of quality 94 on a smooth picture: a few levels.
    assert (back.images.int() - packed.images.int()).abs().float().mean() < 2.0


def test_pictures_left_packed_are_the_same_pictures(packed, tmp_path):
    write_training_person(tmp_path / "p.npz", packed)
    whole, lazy = read_training_person(tmp_path / "p.npz"), read_packed_person(tmp_path / "p.npz")
    assert len(lazy) == 3 and torch.equal(lazy.motion.transl, whole.motion.transl)
    for row in range(3):
        for own, other in zip(lazy.picture(row), whole.picture(row), strict=True):
            assert torch.equal(own, other)


def test_a_file_without_estimated_masks_is_read_as_before(packed, tmp_path):
    write_training_person(tmp_path / "old.npz", packed)
    with np.load(tmp_path / "old.npz") as data:
        assert "estimated_masks_packed" not in data.files
    old = read_training_person(tmp_path / "old.npz")
    assert old.estimated_masks is None
    assert torch.equal(old.input_masks, packed.masks)


def test_estimated_masks_come_back_beside_the_exact_ones(packed, tmp_path):
    estimated = ~packed.masks
    write_training_person(tmp_path / "p.npz", replace(packed, estimated_masks=estimated))
    back = read_training_person(tmp_path / "p.npz")
    assert torch.equal(back.masks, packed.masks)
    assert torch.equal(back.input_masks, estimated)


def test_the_same_person_gives_the_same_bytes(packed, tmp_path):
    write_training_person(tmp_path / "a.npz", packed)
    write_training_person(tmp_path / "b.npz", packed)
    with np.load(tmp_path / "a.npz") as a, np.load(tmp_path / "b.npz") as b:
        assert all(np.array_equal(a[name], b[name]) for name in a.files)
    other = replace(packed, images=255 - packed.images)
    write_training_person(tmp_path / "b.npz", other)
    with np.load(tmp_path / "a.npz") as a, np.load(tmp_path / "b.npz") as b:
        assert not np.array_equal(a["images"], b["images"])


def test_no_half_written_file_is_left(packed, tmp_path):
    write_training_person(tmp_path / "p.npz", packed)
    assert [path.name for path in tmp_path.iterdir()] == ["p.npz"]


def test_a_damaged_or_foreign_file_is_refused_by_name(packed, tmp_path):
    path = tmp_path / "p.npz"
    with pytest.raises(DatasetError, match=r"p\.npz"):
        read_training_person(path)
    path.write_bytes(b"not a zip file")
    with pytest.raises(DatasetError, match="generate it again"):
        read_training_person(path)
    np.savez(path, format=np.array("something else"))
    with pytest.raises(DatasetError, match="neuhmr-training-person"):
        read_training_person(path)
