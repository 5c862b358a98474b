import json
from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.clip.clip import open_clip
from neuhmr.clip.motion_file import read_motion_file
from neuhmr.errors import MissingDependencyError, OutputError
from neuhmr.lab.people.generate import PeopleConfig, _kind_in_turn, generate_people
from neuhmr.lab.people.motion.motions import MOTION_KINDS
from neuhmr.lab.people.presets import PRESETS, people_preset
from neuhmr.lab.people.splits import HELD_OUT, person_seed

SMALL = {"frames": 5, "height": 128, "width": 96, "mpjpe_mm": 80.0}


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory):
    out_dir = tmp_path_factory.mktemp("clips")
    try:
        (path,) = generate_people(
            PeopleConfig(out_dir=out_dir, motion="dance", errors="isotropic", **SMALL)
        )
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL and ffmpeg: {error}")
    return path


@pytest.mark.slow
def test_a_clip_opens_with_everything_that_belongs_to_it(clip_path):
    clip = open_clip(clip_path)
    assert len(clip) == 5
    assert (clip.video.height, clip.video.width, clip.video.fps) == (128, 96, 30.0)
    assert clip.masks is not None
    assert clip.motion is not None
    assert clip.truth is not None
    assert not clip.camera_is_guessed
    assert clip.video.frame(2).std() > 10


@pytest.mark.slow
def test_the_truth_is_under_the_mask(clip_path, open_body):
    clip = open_clip(clip_path)
    assert clip.truth is not None
    assert clip.masks is not None
    posed = clip.truth.pose(open_body)
    for frame in range(len(clip)):
        column, row = clip.camera.project(posed.vertices[frame]).floor().long().unbind(-1)
        mask = torch.from_numpy(clip.masks.mask(frame).copy())
        near = torch.nn.functional.max_pool2d(mask[None, None].float(), 3, 1, 1)[0, 0] > 0
        assert near[row, column].float().mean() > 0.99


@pytest.mark.slow
def test_the_person_file_says_how_wrong_the_poses_are(clip_path):
    person = json.loads(clip_path.with_suffix(".person.json").read_text())
    assert person["split"] == "test"
    assert person["motion"] == "dance"
    assert person["pose_errors"]["mpjpe_mm"] == pytest.approx(80.0, abs=4)
    truth = read_motion_file(clip_path.with_suffix(".truth.npz"))
    poses = read_motion_file(clip_path.with_suffix(".poses.npz"))
    assert torch.equal(truth.motion.betas, poses.motion.betas)
    assert not torch.allclose(truth.motion.body_pose, poses.motion.body_pose, atol=0.05)
    assert truth.T_camera_world is not None


@pytest.mark.slow
def test_what_exists_is_not_made_again(clip_path):
    before = clip_path.stat().st_mtime_ns
    config = PeopleConfig(out_dir=clip_path.parent, motion="dance", errors="isotropic", **SMALL)
    assert generate_people(config) == [clip_path]
    assert clip_path.stat().st_mtime_ns == before


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(clip_path, tmp_path):
    config = PeopleConfig(out_dir=tmp_path, motion="dance", errors="isotropic", **SMALL)
    (again,) = generate_people(config)
    for suffix in (".truth.npz", ".poses.npz", ".masks.npz"):
        with (
            np.load(again.with_suffix(suffix)) as new,
            np.load(clip_path.with_suffix(suffix)) as old,
        ):
            assert all(np.array_equal(new[name], old[name]) for name in old.files), suffix
    assert again.with_suffix(".person.json").read_text() == (
        clip_path.with_suffix(".person.json").read_text()
    )


@pytest.mark.slow
def test_cameras_of_a_capture_see_one_body_in_one_world(tmp_path, open_body):
    config = PeopleConfig(out_dir=tmp_path, views=3, motion="walk", errors="isotropic", **SMALL)
    try:
        (folder,) = generate_people(config)
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL and ffmpeg: {error}")
    capture = json.loads((folder / "cameras.json").read_text())
    assert [camera["name"] for camera in capture["cameras"]] == ["cam00", "cam01", "cam02"]
    worlds = []
    for camera in capture["cameras"]:
        clip = open_clip(folder / camera["video"])
        assert clip.truth is not None
        joints = clip.truth.pose(open_body).joints
        T = torch.tensor(camera["T_camera_world"])
        worlds.append((joints - T[:3, 3]) @ T[:3, :3])
    torch.testing.assert_close(worlds[0], worlds[1], atol=1e-4, rtol=0)
    torch.testing.assert_close(worlds[0], worlds[2], atol=1e-4, rtol=0)
    # Feet on the floor of the world.
    assert abs(float(worlds[0][:, [10, 11], 1].min())) < 0.08


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="file"):
        generate_people(PeopleConfig(out_dir=tmp_path / "file" / "clips"))


@pytest.mark.slow
def test_a_phone_and_a_segmenter_leave_their_traces(tmp_path):
    config = PeopleConfig(
        out_dir=tmp_path, motion="punch", errors=("ray", "isotropic"), camera="phone",
        masks="segmented", frames=5, height=128, width=96,
    )  # fmt: skip
    try:
        (path,) = generate_people(config)
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL and ffmpeg: {error}")
    clip = open_clip(path)
    exact = open_clip(path, masks=path.with_suffix(".exact_masks.npz"))
    assert clip.masks is not None
    assert exact.masks is not None
    found, true = clip.masks.mask(2), exact.masks.mask(2)
    assert 0.6 < (found & true).sum() / (found | true).sum() < 1.0
    person = json.loads(path.with_suffix(".person.json").read_text())
    assert person["phone"]["jpeg_quality"] > 0
    assert set(person["pose_errors_by_kind"]) == {"ray", "isotropic"}
    kinds = [read_motion_file(path.with_suffix(f".poses.{k}.npz")) for k in ("ray", "isotropic")]
    assert not torch.equal(kinds[0].motion.body_pose, kinds[1].motion.body_pose)
    assert torch.equal(clip.motion.body_pose, kinds[0].motion.body_pose)


def test_the_presets_are_of_their_splits():
    for name in PRESETS:
        whole = {"clips": "test", "wide": "test", "views": "train", "fits": "train"}
        expected = whole.get(name, name.removeprefix("views-").removeprefix("fits-"))
        assert people_preset(name).split == expected, name
    test = people_preset("test")
    assert test.is_clips
    assert test.masks == "segmented"
    assert set(test.errors) == {"ray", "isotropic"}


def test_the_first_test_clips_show_motions_of_many_kinds():
    config = PeopleConfig(out_dir=Path("unused"))
    count = len(MOTION_KINDS)
    kinds = [_kind_in_turn(config, person_seed("test", 0, i)) for i in range(2 * count)]
    assert len(set(kinds[:8])) == 8
    assert set(kinds[:8]) & HELD_OUT, "motions that no training saw are among them"
    assert set(kinds) == set(MOTION_KINDS)
    train = PeopleConfig(out_dir=Path("unused"), split="train")
    assert not {_kind_in_turn(train, seed) for seed in range(2 * count)} & HELD_OUT
