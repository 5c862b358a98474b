import torch

from ghnerf.rings import ring
from neuhmr.geometry.rigid import Rigid
from neuhmr.ghnerf.captures.orbit import orbit_views
from neuhmr.ghnerf.network.views import box_corners

BOX = torch.tensor([[-0.4, -0.3, -0.9], [0.4, 0.3, 0.9]])


def test_the_subject_is_whole_in_every_picture() -> None:
    for view in orbit_views(ring(5)[1], BOX, 12, 64, 80):
        corners = Rigid.from_matrix(view.T_camera_world).apply(box_corners(BOX))
        assert (corners[:, 2] > 0).all()
        pixels = view.camera.project(corners)
        assert (pixels > 0).all()
        assert (pixels < torch.tensor([80.0, 64.0])).all()


def test_the_first_view_stands_where_the_first_camera_does() -> None:
    _, poses = ring(5)
    views = orbit_views(poses, BOX, 4, 64, 64)
    torch.testing.assert_close(views[0].T_camera_world, poses[0], atol=1e-5, rtol=0.0)


def test_cameras_stay_at_one_distance_and_height() -> None:
    poses = torch.stack([view.T_camera_world for view in orbit_views(ring(5)[1], BOX, 7, 64, 64)])
    centers = Rigid.from_matrix(poses).inverse().transl
    torch.testing.assert_close(centers.norm(dim=-1), torch.full((7,), 3.0), atol=1e-4, rtol=0.0)
    assert centers[:, 2].std() < 1e-5
    assert torch.linalg.det(poses[:, :3, :3]).allclose(torch.ones(7))


def test_a_single_camera_is_enough() -> None:
    assert len(orbit_views(ring(3)[1][:1], BOX, 3, 64, 64)) == 3
