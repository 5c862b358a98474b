import importlib.util
import json

import numpy as np
import pytest
import torch

from neuhmr.clip.clip import open_clip
from neuhmr.errors import DatasetError, MissingDependencyError
from neuhmr.lab.people import wide_set
from neuhmr.lab.people.capture import Performance
from neuhmr.lab.people.person import make_person
from neuhmr.lab.people.splits import split_of
from neuhmr.lab.people.wide_design import WIDE_CLIPS
from neuhmr.lab.people.wide_set import WideConfig, generate_wide, planned_clips, wide_motion


@pytest.fixture(autouse=True)
def _with_blender(monkeypatch):
    """Plan as if Blender were installed, whether it is or not."""
    monkeypatch.setattr(wide_set, "has_blender", lambda: True)


def test_without_blender_all_clips_look_alike_and_that_is_said(monkeypatch):
    monkeypatch.setattr(wide_set, "has_blender", lambda: False)
    clips, notes = planned_clips(None)
    assert {clip.look for clip in clips} == {"raster"}
    assert "Every fourth clip" in notes[-1] and "[cycles]" in notes[-1]
    clips, notes = planned_clips(None, "cycles")
    assert {clip.look for clip in clips} == {"cycles"} and len(notes) == 2


def test_with_blender_the_plan_says_which_clips_look_otherwise():
    clips, notes = planned_clips(None)
    assert [clip.number for clip in clips if clip.look == "cycles"] == [11, 15, 19, 23]
    assert not any("Every fourth" in line for line in notes)
    assert {clip.look for clip in planned_clips(None, "raster")[0]} == {"raster"}


@pytest.mark.slow
def test_a_look_changes_the_picture_and_nothing_else(tmp_path):
    if importlib.util.find_spec("bpy") is None:
        pytest.skip("needs Blender's module bpy")
    made = {}
    for look in ("raster", "cycles"):
        config = WideConfig(out_dir=tmp_path / look, clips=(19,), frames=3, size=64, look=look)
        try:
            (path,) = generate_wide(config)
        except MissingDependencyError as error:
            pytest.skip(f"needs EGL and ffmpeg: {error}")
        made[look] = open_clip(path), json.loads(path.with_suffix(".person.json").read_text())
    (first, one), (second, other) = made["raster"], made["cycles"]
    assert torch.equal(first.motion.body_pose, second.motion.body_pose)
    assert torch.equal(first.truth.transl, second.truth.transl)
    assert torch.equal(first.camera.K, second.camera.K)
    assert np.array_equal(first.masks.mask(1), second.masks.mask(1))
    assert not np.array_equal(first.video.frame(1), second.video.frame(1))
    assert (one["wide"].pop("look"), other["wide"].pop("look")) == ("raster", "cycles")
    assert one == other


def test_without_recordings_their_families_are_left_out_and_that_is_said():
    clips, notes = planned_clips(None)
    assert {clip.family for clip in clips} == {"spin", "floor", "gait", "gesture"}
    assert len(notes) == 2
    assert "dance" in notes[0] and "--mocap-dir" in notes[0]
    assert "ball" in notes[1]


def test_a_folder_without_one_performer_lacks_that_family_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(wide_set, "find_recordings", lambda folder: [folder / "05_03.bvh"])
    clips, notes = planned_clips(tmp_path)
    assert len(clips) == 19 and len(notes) == 1
    assert "subject 06" in notes[0]


def test_a_folder_without_recordings_is_refused(tmp_path):
    with pytest.raises(DatasetError, match="holds no recordings"):
        planned_clips(tmp_path)


def test_recordings_of_a_subject_are_each_used_once(tmp_path, monkeypatch):
    own = [tmp_path / f"05_{i:02d}.bvh" for i in range(1, 8)]
    monkeypatch.setattr(wide_set, "find_recordings", lambda folder, seconds: own)
    config = WideConfig(out_dir=tmp_path, mocap_dir=tmp_path)
    dances = [clip for clip in WIDE_CLIPS if clip.family == "dance"]
    used = [wide_set._recording(config, clip) for clip in dances]
    assert len(set(used)) == len(dances)
    assert used == [wide_set._recording(config, clip) for clip in dances]


def test_a_clips_motion_and_camera_are_the_same_every_time(tmp_path):
    clip = next(clip for clip in WIDE_CLIPS if clip.camera_path == "walking" and clip.number > 9)
    config = WideConfig(out_dir=tmp_path, frames=6)
    person = make_person(20_500_000 + clip.number, texture_size=128)
    assert split_of(person.seed) == "test"
    takes = []
    for _ in range(2):
        motion, _ = wide_motion(config, clip, person)
        filming, said = wide_set.wide_filming(config, clip, Performance(person, motion, 30.0), 4.6)
        takes.append((motion.transl.numpy(), filming.T_camera_stage, said))
    assert np.array_equal(takes[0][0], takes[1][0])
    assert np.array_equal(takes[0][1], takes[1][1])
    assert 0.3 <= takes[0][2]["camera_height_m"] <= 3.0


@pytest.mark.slow
def test_a_made_clip_says_what_it_shows_and_is_kept(tmp_path):
    config = WideConfig(out_dir=tmp_path, clips=(16,), frames=5, size=96)
    try:
        (path,) = generate_wide(config)
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL and ffmpeg: {error}")
    plan = json.loads(path.with_suffix(".person.json").read_text())["wide"]
    assert (plan["family"], plan["errors"], plan["number"]) == ("floor", "world", 16)
    clip = open_clip(path)
    assert clip.motion is not None and clip.truth is not None and len(clip) == 5
    assert (clip.motion.betas - clip.truth.betas).abs().max() > 0.01 or plan["betas"] == "true"
    written = path.stat().st_mtime_ns
    assert generate_wide(config) == [path] and path.stat().st_mtime_ns == written
