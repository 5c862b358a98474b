import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from body.official_bodies import (
    SMPLH_PARENTS,
    SMPLX_PARENTS,
    VERTICES,
    face_arrays,
    official_arrays,
    skin_by_hand,
)
from neuhmr.body.model_files import load_body_model
from neuhmr.body.open_body import OPEN_BODY_PATH
from neuhmr.body.smplx_adapter import load_smplx_body
from neuhmr.errors import BodyModelError, MissingDependencyError
from neuhmr.geometry.rotations import axisangle_to_rotmat
from official_pickle import official_arrays as smpl_arrays
from official_pickle import stand_in_class, write_official_pickle
from synthetic_body import make_synthetic_body

# Meters; float32 rounding along chains of up to nine joints.
TOLERANCE = 1e-5


def smplh_file(folder: Path, components: int = 16) -> tuple[Path, dict]:
    arrays = official_arrays(SMPLH_PARENTS, components)
    return write_official_pickle(folder / "SMPLH_FEMALE.pkl", arrays), arrays


def smplx_file(folder: Path, components: int = 400) -> tuple[Path, dict]:
    arrays = official_arrays(SMPLX_PARENTS, components) | face_arrays()
    path = folder / "SMPLX_NEUTRAL.npz"
    np.savez(path, **arrays)
    return path, arrays


def random_rotmats(generator, *axes):
    return axisangle_to_rotmat(torch.randn(*axes, 3, generator=generator) * 0.6)


@pytest.fixture(params=["synthetic", "synthetic with correctives", "open"])
def ours_and_theirs(request, tmp_path):
    if request.param == "open":
        return load_body_model(), load_smplx_body(OPEN_BODY_PATH)
    model = make_synthetic_body(posedirs=request.param == "synthetic with correctives")
    path = write_official_pickle(tmp_path / "SMPL_NEUTRAL.pkl", smpl_arrays(model))
    return model, load_smplx_body(path)


def test_our_body_agrees_with_smplx(ours_and_theirs, generator):
    model, theirs = ours_and_theirs
    assert (theirs.kind, theirs.num_joints, theirs.num_betas) == ("SMPL", 24, 10)
    assert theirs.num_vertices == len(model.v_template)
    betas = torch.randn(10, generator=generator) * 2
    pose, orient = random_rotmats(generator, 4, 23), random_rotmats(generator, 4)
    transl = torch.randn(4, 3, generator=generator) * 3
    posed = theirs.pose(betas, orient, pose, transl)
    ours = model.with_shape(betas).with_pose(pose, orient, transl)
    torch.testing.assert_close(ours.vertices, posed.vertices, atol=TOLERANCE, rtol=0)
    torch.testing.assert_close(ours.joints, posed.joints, atol=TOLERANCE, rtol=0)
    pelvis = model.with_shape(betas).joints_rest[0]
    torch.testing.assert_close(theirs.rest_pelvis(betas), pelvis, atol=TOLERANCE, rtol=0)


def test_smplh_with_hands_agrees_with_skinning_by_hand(tmp_path, generator):
    path, arrays = smplh_file(tmp_path)
    body = load_smplx_body(path)
    assert (body.kind, body.num_joints, body.num_vertices) == ("SMPL-H", 52, VERTICES)
    assert (body.num_betas, body.num_expressions) == (16, 0)
    rotmats = random_rotmats(generator, 52)
    betas, transl = torch.randn(16, generator=generator), torch.randn(3, generator=generator)
    posed = body.pose(
        betas, rotmats[0], rotmats[1:22], transl,
        left_hand_pose=rotmats[22:37], right_hand_pose=rotmats[37:],
    )  # fmt: skip
    assert_skinned(posed, arrays, SMPLH_PARENTS, betas, rotmats, transl)


@pytest.mark.parametrize(
    ("components", "num_betas", "num_expressions"), [(20, 10, 10), (310, 300, 10), (400, 300, 100)]
)
def test_smplx_with_face_and_hands_agrees_with_skinning_by_hand(
    tmp_path, generator, components, num_betas, num_expressions
):
    path, arrays = smplx_file(tmp_path, components)
    body = load_smplx_body(path)
    assert (body.kind, body.num_joints, body.num_vertices) == ("SMPL-X", 55, VERTICES)
    assert (body.num_betas, body.num_expressions) == (num_betas, num_expressions)
    rotmats = random_rotmats(generator, 55)
    transl = torch.randn(3, generator=generator)
    betas, expression = torch.randn(2, 10, generator=generator)
    posed = body.pose(
        betas, rotmats[0], rotmats[1:22], transl, jaw_pose=rotmats[22], leye_pose=rotmats[23],
        reye_pose=rotmats[24], left_hand_pose=rotmats[25:40], right_hand_pose=rotmats[40:],
        expression=expression,
    )  # fmt: skip
    # Shape comes first; what moves the face follows after all coefficients of shape.
    coefficients = torch.zeros(components)
    coefficients[:10], coefficients[num_betas : num_betas + 10] = betas, expression
    assert_skinned(posed, arrays, SMPLX_PARENTS, coefficients, rotmats, transl)


def assert_skinned(posed, arrays, parents, coefficients, rotmats, transl):
    vertices, joints = skin_by_hand(
        arrays, parents, *(each.double().numpy() for each in (coefficients, rotmats, transl))
    )
    np.testing.assert_allclose(posed.vertices.numpy(), vertices, atol=TOLERANCE)
    np.testing.assert_allclose(posed.joints.numpy(), joints, atol=TOLERANCE)


def test_left_out_parts_are_at_rest_and_hands_flat(tmp_path):
    # The file's mean hand is bent; a flat hand is the identity at every knuckle.
    for path, arrays in (smplh_file(tmp_path), smplx_file(tmp_path)):
        posed = load_smplx_body(path).pose()
        np.testing.assert_allclose(posed.vertices.numpy(), arrays["v_template"], atol=TOLERANCE)
        rest = arrays["J_regressor"] @ arrays["v_template"]
        np.testing.assert_allclose(posed.joints.numpy(), rest, atol=TOLERANCE)


@pytest.mark.parametrize("batch", [(), (1,), (3, 1, 2)])
def test_batch_axes_are_free_and_broadcast(tmp_path, generator, batch):
    path, _ = smplx_file(tmp_path, 20)
    body = load_smplx_body(path)
    pose, jaw = random_rotmats(generator, *batch, 21), random_rotmats(generator, *batch)
    transl, betas = torch.randn(*batch, 3, generator=generator), torch.randn(10)
    posed = body.pose(betas, body_pose=pose, jaw_pose=jaw, transl=transl)
    assert posed.vertices.shape == (*batch, VERTICES, 3)
    assert posed.joints.shape == (*batch, 55, 3)
    last = (-1,) * len(batch)
    alone = body.pose(betas, body_pose=pose[last], jaw_pose=jaw[last], transl=transl[last])
    torch.testing.assert_close(posed.vertices[last], alone.vertices)
    torch.testing.assert_close(posed.joints[last], alone.joints)
    assert body.rest_pelvis(torch.randn(*batch, 10)).shape == (*batch, 3)


def test_the_rest_pelvis_is_where_the_root_stays_without_translation(tmp_path, generator):
    body = load_smplx_body(smplh_file(tmp_path)[0])
    betas, orient = torch.randn(5, 12, generator=generator), random_rotmats(generator, 5)
    root = body.pose(betas, orient).joints[:, 0]
    torch.testing.assert_close(body.rest_pelvis(betas), root, atol=TOLERANCE, rtol=0)
    assert (body.rest_pelvis(betas) - body.rest_pelvis()).abs().max() > 1e-3


def test_poses_have_gradients(tmp_path, generator):
    body = load_smplx_body(smplx_file(tmp_path, 20)[0])
    jaw = random_rotmats(generator, 2).requires_grad_()
    body.pose(jaw_pose=jaw).vertices.square().sum().backward()
    assert jaw.grad is not None and bool((jaw.grad != 0).any())


def test_content_and_not_the_ending_says_what_a_file_holds(tmp_path):
    path, _ = smplx_file(tmp_path, 20)
    renamed = path.rename(tmp_path / "SMPL_NEUTRAL.pkl")
    assert load_smplx_body(renamed).kind == "SMPL-X"
    arrays = official_arrays(SMPLH_PARENTS, 10)
    (tmp_path / "SMPLX.npz").write_bytes(pickle.dumps(arrays))
    assert load_smplx_body(tmp_path / "SMPLX.npz").kind == "SMPL-H"


def test_loading_prints_nothing(tmp_path, capsys):
    load_smplx_body(smplx_file(tmp_path, 20)[0])
    load_smplx_body(smplh_file(tmp_path)[0])
    load_smplx_body(OPEN_BODY_PATH)
    assert capsys.readouterr().out == ""


def test_a_pickle_that_carries_code_is_refused_and_not_run(tmp_path):
    class Harmful:
        def __reduce__(self):
            return subprocess.call, (["touch", str(tmp_path / "harmed")],)

    path = tmp_path / "SMPLX_NEUTRAL.pkl"
    path.write_bytes(pickle.dumps(official_arrays(SMPLX_PARENTS, 20) | {"extra": Harmful()}))
    with pytest.raises(BodyModelError, match=r"asks for subprocess\.call, which is code"):
        load_smplx_body(path)
    assert not (tmp_path / "harmed").exists()


def test_objects_in_a_smplx_archive_are_never_unpickled(tmp_path):
    with stand_in_class("trap", "Trap") as trap:
        path, _ = smplx_file(tmp_path, 20)
        with np.load(path, allow_pickle=False) as archive:
            kept = {key: archive[key] for key in archive.files if "2num" not in key}
        np.savez(path, **kept, joint2num=np.array([trap()], dtype=object))
    # The class is gone: whoever unpickled its object would fail.
    assert load_smplx_body(path).kind == "SMPL-X"


@pytest.mark.parametrize(
    ("damage", "complaint"),
    [
        ({"weights": None}, 'lacks the array "weights"'),
        ({"kintree_table": np.zeros((2, 16))}, "has 16 joints, so it is MANO"),
        ({"kintree_table": np.zeros((2, 7))}, "has 7 joints, so it is another model"),
        ({"posedirs": np.zeros((VERTICES, 3, 207))}, r"expected \(80, 3, 459\)"),
        ({"v_template": np.full((VERTICES, 3), np.nan)}, "not all finite numbers"),
        ({"J_regressor": np.zeros((52, VERTICES))}, "rows do not sum to 1"),
        ({"f": np.full((4, 3), VERTICES)}, "vertices outside 0 to 79"),
        ({"kintree_table": np.stack([np.r_[0, np.arange(51)], np.arange(52)])}, "another order"),
        ({"kintree_table": np.stack([np.full(52, 51), np.arange(52)])}, "before its parent"),
    ],
)
def test_wrong_files_are_refused_in_one_sentence(tmp_path, damage, complaint):
    arrays = official_arrays(SMPLH_PARENTS, 16) | damage
    path = tmp_path / "SMPLH_MALE.npz"
    np.savez(path, **{key: value for key, value in arrays.items() if value is not None})
    with pytest.raises(BodyModelError, match=complaint) as caught:
        load_smplx_body(path)
    assert str(path) in str(caught.value) and "download it again" in str(caught.value)


def test_missing_and_damaged_files_are_named(tmp_path):
    with pytest.raises(BodyModelError, match="There is no body model at"):
        load_smplx_body(tmp_path / "SMPLX_NEUTRAL.npz")
    path, _ = smplx_file(tmp_path, 20)
    (tmp_path / "half.npz").write_bytes(path.read_bytes()[:3000])
    with pytest.raises(BodyModelError, match=r"half\.npz"):
        load_smplx_body(tmp_path / "half.npz")


def test_joints_and_coefficients_that_a_model_lacks_are_named(tmp_path, generator):
    smplh, smpl = load_smplx_body(smplh_file(tmp_path)[0]), load_smplx_body(OPEN_BODY_PATH)
    for call, complaint in (
        (lambda: smplh.pose(jaw_pose=torch.eye(3)), "jaw_pose: SMPL-H has no such joints"),
        (lambda: smpl.pose(left_hand_pose=torch.eye(3).expand(15, 3, 3)), "SMPL has no such"),
        (lambda: smpl.pose(betas=torch.zeros(11)), "11 coefficients given, this SMPL has 10"),
        (lambda: smplh.pose(expression=torch.zeros(3)), "3 coefficients given, this SMPL-H has 0"),
        (lambda: smplh.pose(body_pose=torch.eye(3).expand(23, 3, 3)), r"takes \(\.\.\., \(21,"),
    ):
        with pytest.raises(ValueError, match=complaint):
            call()


def test_missing_smplx_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "smplx", None)
    with pytest.raises(MissingDependencyError, match="smplx cannot be loaded"):
        load_smplx_body(OPEN_BODY_PATH)
