import numpy as np

from neuhmr.lab.people.look.skirt_motion import settle_skirt
from neuhmr.lab.people.look.tubes import RING, Tube, grid_points, sweep


def cylinder(radius=0.1, length=1.0, rings=5):
    heights = np.linspace(0.0, -length, rings)
    centers = np.stack([0 * heights, heights, 0 * heights], axis=1)
    right, ahead = np.array([[1.0, 0, 0]]), np.array([[0, 0, 1.0]])
    size = np.full((rings, 1), radius)
    return sweep(centers, size * right, size * ahead)


def tube(rings):
    weights = np.zeros((*rings.shape[:2], 24))
    weights[..., 0] = 1.0
    return Tube("hair", rings, weights, np.zeros((8, 8, 3)))


def test_a_tube_is_closed_around_and_faces_outward():
    made = tube(cylinder())
    assert made.vertices.shape == (5 * (RING + 1), 3)
    assert made.uv.shape == (len(made.vertices), 2)
    np.testing.assert_array_equal(made.skinning.sum(axis=1), 1.0)
    a, b, c = (made.vertices[made.faces[:, i]] for i in range(3))
    normals = np.cross(b - a, c - a)
    outward = (a + b + c)[:, [0, 2]] / 3
    assert ((normals[:, [0, 2]] * outward).sum(axis=1) > 0).all()


def test_texels_lie_on_the_tube():
    texels = grid_points(cylinder(), 32)
    assert texels.shape == (32, 32, 3)
    np.testing.assert_allclose(texels[0, :, 1], 0.0, atol=1e-12)
    np.testing.assert_allclose(texels[-1, :, 1], -1.0, atol=1e-12)
    radius = np.hypot(texels[..., 0], texels[..., 2])
    # Straight pieces between 24 points come within 1 % of the circle.
    assert (radius > 0.099).all()


def test_a_skirt_is_pushed_out_of_a_raised_leg_and_stays_at_the_waist():
    skirt = cylinder(radius=0.18, length=0.6, rings=9)[None]
    joints = np.zeros((1, 24, 3))
    joints[0, [1, 2]] = [[0.1, 0, 0], [-0.1, 0, 0]]
    joints[0, [4, 5]] = [[0.1, -0.1, 0.42], [-0.1, -0.45, 0.0]]
    joints[0, [7, 8]] = [[0.1, -0.5, 0.45], [-0.1, -0.9, 0.0]]
    radii = np.full((4, 2), 0.08)
    settled = settle_skirt(skirt, joints, radii)
    np.testing.assert_array_equal(settled[:, 0], skirt[:, 0])

    def nearest(cloth, start, end):
        axis = end - start
        share = np.clip(((cloth - start) @ axis) / (axis @ axis), 0.0, 1.0)
        return np.linalg.norm(cloth - start - share[..., None] * axis, axis=-1)[:, 1:].min()

    # Pushing out of one leg may press a little into the next.
    assert nearest(skirt, joints[0, 1], joints[0, 4]) < 0.04
    for start, end in ((1, 4), (2, 5)):
        assert nearest(settled, joints[0, start], joints[0, end]) > 0.055
