"""The real engine behind the window's verbs, on eight frames of the sample clip."""

from pathlib import Path

import numpy as np
import pytest
import torch

from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.video import open_video
from neuhmr.errors import ClipError, OutputError, PoseFileError
from neuhmr.progress import ignore_progress
from neuhmr.refine.scope import Scope
from neuhmr.refine.settings import with_values
from tests.workbench.short_clip import FRAMES, short_engine, write_short_clip
from workbench.core.export_paths import SUFFIXES
from workbench.engine import export
from workbench.engine.exchange import ExportRequest, PaintedBody

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def clip_path(tmp_path_factory) -> Path:
    return write_short_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def engine():
    return short_engine()


@pytest.fixture(scope="module")
def footage(engine, clip_path):
    return engine.open(OpenRequest(clip=clip_path), ignore_progress)


@pytest.fixture(scope="module")
def stages(engine, footage):
    labels = []
    config = engine.default_config()
    built = footage.build_avatar(config, lambda progress: labels.append(progress.label))
    avatar, anchors = built.register(config, frozenset({2}), frozenset({0}), ignore_progress)
    assert {"Cutting out the person", "Encoding frames", "Drafting poses"} <= set(labels)
    assert "Comparing bodies with masks" in labels
    return avatar, anchors


def test_the_clip_opens_with_its_sidecars(footage):
    assert footage.video.num_frames == len(FRAMES)
    assert footage.initial is not None and footage.truth is not None
    assert footage.faces.max() < 20_000 and footage.body_name


def test_bodies_lie_over_the_person(footage):
    body = footage.pose(footage.truth, 3)
    pixels = footage.camera.project(torch.from_numpy(body.joints))
    assert (pixels >= 0).all() and (pixels[:, 0] < footage.video.width).all()
    np.testing.assert_allclose(footage.joints(footage.truth)[3], body.joints, atol=1e-5)
    assert footage.pose(footage.truth, 10_000) is None


def test_overlays_change_the_picture_where_the_body_is(footage):
    body = footage.pose(footage.truth, 3)
    frame = footage.video.frame(3)
    small = np.ascontiguousarray(frame[::2, ::2])
    drawn = footage.overlay(small, 3, [PaintedBody(body.vertices, (0.0, 0.0, 1.0), 1.0)])
    changed = np.abs(drawn.astype(int) - small.astype(int)).sum(axis=-1) > 60
    assert drawn.shape == small.shape and 0.01 < changed.mean() < 0.5


def test_the_avatar_renders_and_wishes_for_anchors_are_granted(footage, stages):
    avatar, anchors = stages
    assert 2 in anchors.anchors and 0 not in anchors.anchors
    np.testing.assert_allclose(np.linalg.norm(anchors.orientations, axis=1), 1.0, atol=1e-5)
    rendering = avatar.preview(footage.initial, 3, 4)
    crop = avatar.crop(3)
    assert crop.shape == (*avatar.crop_size, 3) and rendering.image.shape == (60, 45, 3)
    assert rendering.image.max() > 40 and avatar.crop(999) is None
    errors = avatar.depth_errors(3)
    assert errors.shape == (24,) and 0.0 < errors.mean() < 0.3 and avatar.depth_errors(999) is None
    is_body = ~np.isnan(rendering.depth)
    depth = float(footage.pose(footage.initial, 3).joints[0, 2])
    assert 0.02 < is_body.mean() < 0.9
    assert abs(np.median(rendering.depth[is_body]) - depth) < 0.3


def test_the_optimizer_steps_shows_its_matches_and_goes_on_after_a_restart(
    engine, footage, stages, tmp_path
):
    avatar, anchors = stages
    config = engine.default_config()
    optimizer = anchors.make_optimizer(config, Scope())
    first = optimizer.step(config)
    assert first.step == 1 and {"rgb", "geo", "joint"} <= set(first.terms)
    report = optimizer.inspect(3, config)
    assert report.projected.shape == (24, 2) and report.verdicts[21]
    wide = optimizer.inspect(3, with_values(config, {"matching.sigma_px": 20.0}))
    spread = [np.abs(r.candidates[21] - r.projected[21]).max() for r in (report, wide)]
    assert spread[1] > 2 * spread[0], "the inspection must follow the slider"
    optimizer.save(tmp_path / "o.safetensors")
    again = anchors.make_optimizer(config, Scope())
    again.load(tmp_path / "o.safetensors")
    second, resumed = optimizer.step(config), again.step(config)
    assert resumed.step == second.step == 2
    torch.testing.assert_close(resumed.motion.body_pose, second.motion.body_pose)
    verdicts = again.judge(config, ignore_progress)
    assert verdicts.step == 2 and len(verdicts.motion) == len(footage.initial)
    assert 0.0 < verdicts.iou_before < 1.0 and 0.0 < verdicts.iou_after < 1.0
    assert sorted(verdicts.frames) == list(range(len(FRAMES)))
    before = [verdict.iou_before for verdict in verdicts.frames.values()]
    assert np.mean(before) == pytest.approx(verdicts.iou_before, abs=1e-5)
    shares = {frame: verdict.refined_share for frame, verdict in verdicts.frames.items()}
    assert tuple(frame for frame, share in shares.items() if share < 0.5) == verdicts.given_up
    initial = footage.initial.transl
    for frame, share in shares.items():
        blended = torch.lerp(initial[frame], resumed.motion.transl[frame], share)
        torch.testing.assert_close(verdicts.motion.transl[frame], blended)
    _, moved = avatar.register(config, frozenset(), frozenset({2, 4}), ignore_progress)
    with pytest.raises(OutputError):
        moved.make_optimizer(config, Scope()).load(tmp_path / "o.safetensors")


def test_the_avatar_is_conditioned_on_the_users_frames_and_stays_with_them(engine, stages):
    avatar, _ = stages
    chosen = avatar.conditioned_on((5, 1))
    assert chosen.conditioning_frames == (5, 1) and avatar.conditioning_frames != (5, 1)
    registered, anchors = chosen.register(
        engine.default_config(), frozenset(), frozenset(), ignore_progress
    )
    assert registered.conditioning_frames == (5, 1)
    assert registered.conditioned_on((2, 6)).conditioning_frames == (2, 6)
    seen = anchors.depth_tests().visible(engine.default_config().matching.epsilon)
    np.testing.assert_array_equal(seen.sum(axis=0), anchors.anchors_seeing)
    with pytest.raises(ClipError, match="Nobody was seen in frame 99"):
        avatar.conditioned_on((2, 99))


@pytest.mark.parametrize("kind", ["motion", "amass", "bvh", "glb", "html", "mesh", "overlay"])
def test_exports_are_written(engine, footage, tmp_path, kind):
    path = tmp_path / f"out{SUFFIXES[kind]}"
    assert kind in engine.export_kinds()
    request, labels = ExportRequest(kind=kind, path=path, frame=3), []
    remarks = footage.export(
        footage.initial, request, lambda progress: labels.append(progress.label)
    )
    # What is in the world says how it was found; these clips know none.
    assert any("world is a guess" in remark for remark in remarks) == (
        kind in ("amass", "bvh", "glb", "html")
    )
    assert path.stat().st_size > 1000
    if kind == "overlay":
        video = open_video(path)
        assert (video.num_frames, video.fps) == (len(FRAMES), 10.0)
        assert labels == ["Drawing"] * len(FRAMES)
    if kind == "motion":
        motion = footage.read_motion(path)
        torch.testing.assert_close(motion.transl, footage.initial.transl)


def test_formats_whose_package_is_missing_are_not_offered(engine, monkeypatch):
    pytest.importorskip("pxr")
    pytest.importorskip("ezc3d")
    every = set(engine.export_kinds())
    assert {"usd", "c3d", "glb", "mesh", "overlay"} <= every
    monkeypatch.setattr(export, "find_spec", lambda package: None)
    assert every - set(engine.export_kinds()) == {"usd", "c3d"}


def test_a_mesh_of_a_frame_without_a_pose_is_refused(footage, tmp_path):
    request = ExportRequest(kind="mesh", path=tmp_path / "a.glb", frame=5)
    with pytest.raises(PoseFileError, match="Frame 5 has no pose"):
        footage.export(footage.initial[:4], request, ignore_progress)


def test_a_motion_of_another_clip_is_refused(footage, tmp_path):
    part = footage.initial[:4]
    footage.export(part, ExportRequest(kind="motion", path=tmp_path / "p.npz"), ignore_progress)
    with pytest.raises(PoseFileError):
        footage.read_motion(tmp_path / "p.npz")
