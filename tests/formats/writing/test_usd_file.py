"""USD files, posed by UsdSkel itself."""

import sys
from dataclasses import replace

import numpy as np
import pytest

from neuhmr.errors import MissingDependencyError, OutputError
from neuhmr.formats.writing.formats import WriteOptions
from neuhmr.formats.writing.write import write_motion
from tests.formats.writing.people import FRAMES, ONE_MM

pytest.importorskip("pxr")
from pxr import Gf, Usd, UsdGeom, UsdSkel, Vt


def open_stage(path):
    stage = Usd.Stage.Open(str(path))
    cache = UsdSkel.Cache()
    cache.Populate(UsdSkel.Root(stage.GetPrimAtPath("/person")), Usd.PrimDefaultPredicate)
    skeleton = UsdSkel.Skeleton(stage.GetPrimAtPath("/person/skeleton"))
    return stage, cache, cache.GetSkelQuery(skeleton)


@pytest.mark.parametrize("up", ["y", "z"])
@pytest.mark.parametrize("ending", [".usd", ".usda", ".usdc"])
def test_joints_are_where_they_were(person, tmp_path, up, ending):
    path = tmp_path / f"a{ending}"
    write_motion(path, person.content, person.model, "usd", WriteOptions(up=up))
    stage, _cache, query = open_stage(path)
    expected = person.joints_up(up)
    for frame in range(FRAMES):
        transforms = query.ComputeJointSkelTransforms(float(frame))
        joints = np.array([matrix.ExtractTranslation() for matrix in transforms])
        np.testing.assert_allclose(joints, expected[frame], atol=ONE_MM)
    assert UsdGeom.GetStageMetersPerUnit(stage) == 1.0
    assert UsdGeom.GetStageUpAxis(stage) == up.upper()
    assert stage.GetTimeCodesPerSecond() == 25.0
    assert (stage.GetStartTimeCode(), stage.GetEndTimeCode()) == (0.0, FRAMES - 1.0)
    assert stage.GetDefaultPrim().IsA(UsdSkel.Root)


def test_the_skinned_surface_is_where_it_was(person, tmp_path):
    write_motion(tmp_path / "a.usd", person.content, person.model, "usd")
    stage, cache, query = open_stage(tmp_path / "a.usd")
    mesh = UsdGeom.Mesh(stage.GetPrimAtPath("/person/body"))
    skinning = cache.GetSkinningQuery(mesh.GetPrim())
    for frame in (0, FRAMES - 1):
        transforms = query.ComputeSkinningTransforms(float(frame))
        points = Vt.Vec3fArray(mesh.GetPointsAttr().Get())
        assert skinning.ComputeSkinnedPoints(transforms, points, float(frame))
        np.testing.assert_allclose(np.array(points), person.vertices_up("y")[frame], atol=ONE_MM)
    bind = skinning.GetGeomBindTransform()
    assert bind == Gf.Matrix4d(1.0)


def test_time_codes_are_the_frames_of_the_clip(person, tmp_path):
    content = person.content.select(np.arange(FRAMES) >= 4)
    write_motion(tmp_path / "a.usd", content, person.model, "usd")
    stage, _cache, query = open_stage(tmp_path / "a.usd")
    assert stage.GetStartTimeCode() == 4.0
    times = query.GetAnimQuery().GetJointTransformTimeSamples()
    assert times == [float(frame) for frame in range(4, FRAMES)]


def test_another_ending_is_refused_and_nothing_is_left(person, tmp_path):
    with pytest.raises(OutputError, match="rename it"):
        write_motion(tmp_path / "a.txt", person.content, person.model, "usd")
    assert not list(tmp_path.iterdir())


def test_without_the_package_its_name_is_said(person, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pxr", None)
    with pytest.raises(MissingDependencyError, match=r"usd-core .*neuhmr-workbench\[usd\]"):
        write_motion(tmp_path / "a.usd", person.content, person.model, "usd")


def test_shapes_beyond_the_neutral_are_in_the_mesh(person, tmp_path):
    flat = replace(person.content, betas=np.zeros((1, 10)))
    sizes = []
    for name, content in (("a", person.content), ("b", flat)):
        write_motion(tmp_path / f"{name}.usd", content, person.model, "usd")
        stage, _, _ = open_stage(tmp_path / f"{name}.usd")
        points = np.array(UsdGeom.Mesh(stage.GetPrimAtPath("/person/body")).GetPointsAttr().Get())
        sizes.append(np.ptp(points, axis=0))
    expected = person.model.with_shape(person.content.motion.betas).v_shaped.numpy()
    np.testing.assert_allclose(sizes[0], np.ptp(expected, axis=0), atol=1e-5)
    assert np.abs(sizes[0] - sizes[1]).max() > 0.01
