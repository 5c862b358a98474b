"""Values of files with smplx's keys."""

import numpy as np

from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.formats.smplx_file import write_smplx_file


def test_valid_rows_are_written_as_they_are_with_the_mean_shape(tmp_path):
    angles = np.arange(3 * 72.0).reshape(3, 72) / 30.0  # Beyond half a turn, too.
    betas = np.zeros((3, 10))
    betas[:, 4] = [1.0, 50.0, 2.0]
    content = MotionArrays(
        global_orient=angles[:, :3],
        body_pose=angles[:, 3:],
        transl=np.array([[1.0, 2, 3], [9, 9, 9], [4, 5, 6]]),
        betas=betas,
        frame_index=np.array([3, 4, 8]),
        valid=np.array([True, False, True]),
        fps=23.976,
        T_camera_world=np.diag([-1.0, -1.0, 1.0, 1.0]),
    )
    write_smplx_file(tmp_path / "a.npz", content)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as data:
        assert set(data.files) == {
            "global_orient", "body_pose", "transl", "betas", "frame_index", "fps"
        }  # fmt: skip
        # In the camera's frame, whatever is known of the world.
        expected = angles[[0, 2]].astype(np.float32)
        np.testing.assert_array_equal(data["global_orient"], expected[:, :3])
        np.testing.assert_array_equal(data["body_pose"], expected[:, 3:])
        assert data["transl"].tolist() == [[1, 2, 3], [4, 5, 6]]
        assert data["betas"].tolist() == [[0, 0, 0, 0, 1.5, 0, 0, 0, 0, 0]] * 2
        assert data["frame_index"].tolist() == [3, 8]
        assert data["fps"] == 23.976
        for key in ("global_orient", "body_pose", "transl", "betas"):
            assert data[key].dtype == np.float32, key
