import json

import pytest
import torch

from neuhmr.clip.calibration.opencv_yaml import read_opencv_yaml
from neuhmr.datasets.capture_reader import read_capture
from neuhmr.datasets.image_files import keypoints_of_image
from neuhmr.errors import DatasetError
from tests.datasets.ring import CENTER, RADIUS, ring_cameras, sphere_mask, write_image


def matrix(name, values):
    rows = len(values)
    data = ", ".join(f"{number:.8e}" for row in values for number in row)
    return (
        f"{name}: !!opencv-matrix\n   rows: {rows}\n   cols: {len(values[0])}\n   dt: d\n"
        f"   data: [ {data} ]\n"
    )


@pytest.fixture
def folder(tmp_path):
    """Four cameras, two frames, as EasyMocap writes them."""
    cameras, transforms = ring_cameras(4)
    names = [f"{index + 1:02d}" for index in range(4)]
    header = "%YAML:1.0\n---\nnames:\n" + "".join(f'   - "{name}"\n' for name in names)
    intri = extri = header
    for name, camera, T in zip(names, cameras, transforms, strict=True):
        K = camera.K.clone()
        # OpenCV puts pixel centers at whole numbers.
        K[:2, 2] -= 0.5
        intri += matrix(f"K_{name}", K.tolist()) + matrix(f"dist_{name}", [[0.0] * 5])
        extri += matrix(f"Rot_{name}", T[:3, :3].tolist()) + matrix(f"T_{name}", T[:3, 3:].tolist())
        mask = sphere_mask(camera, T)
        for frame in range(2):
            write_image(tmp_path / f"images/{name}/{frame:06d}.png", mask)
            write_image(tmp_path / f"mask/{name}/{frame:06d}.png", mask, is_mask=True)
        keypoints = [[30.0, 20.0, 0.9]] * 24 + [[0.0, 0.0, 0.0]]
        path = tmp_path / f"annots/{name}/000000.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps({"annots": [{"keypoints": keypoints, "bbox": [0] * 5}]}))
    (tmp_path / "intri.yml").write_text(intri)
    (tmp_path / "extri.yml").write_text(extri)
    return tmp_path


def test_cameras_images_and_keypoints_are_read(folder):
    cameras, transforms = ring_cameras(4)
    capture = read_capture(folder)
    assert capture.camera_names == ("01", "02", "03", "04") and capture.frames == (0, 1)
    assert torch.allclose(capture.T_camera_world, transforms, atol=1e-6)
    assert torch.allclose(capture.cameras[2].K, cameras[2].K, atol=1e-5)
    view = capture.view(0, 2)
    mask = sphere_mask(cameras[2], transforms[2])
    assert view.mask is not None and torch.equal(view.mask, mask)
    assert torch.equal(view.image[..., 0] > 0, mask)
    assert view.keypoints2d is not None
    assert torch.allclose(view.keypoints2d[0], torch.tensor([30.5, 20.5, 0.9]))
    assert view.keypoints2d[24].tolist() == [0.0, 0.0, 0.0]
    assert capture.view(1, 2).keypoints2d is None


def test_the_box_comes_from_the_masks_or_the_3d_keypoints(folder):
    capture = read_capture(folder)
    box = capture.box(0)
    assert bool((box[0] <= CENTER - RADIUS).all() and (box[1] >= CENTER + RADIUS).all())
    points = [[0.0, 1.0, 2.0, 0.5]] * 24 + [[9.0, 9.0, 9.0, 0.0]]
    path = folder / "output/keypoints3d/000001.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([{"id": 0, "keypoints3d": points}]))
    expected = torch.tensor([[-0.15, 0.85, 1.85], [0.15, 1.15, 2.15]])
    assert torch.allclose(capture.box(1), expected)


def test_axis_angles_stand_in_for_rotations(folder):
    text = (folder / "extri.yml").read_text()
    (folder / "extri.yml").write_text(
        text.replace("Rot_01", "Unused_01") + matrix("R_01", [[0.0], [0.5], [0.0]])
    )
    rotmat = read_capture(folder).T_camera_world[0, :3, :3]
    c, s = torch.cos(torch.tensor(0.5)), torch.sin(torch.tensor(0.5))
    assert torch.allclose(rotmat[0], torch.stack([c, torch.zeros(()), s]), atol=1e-6)


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda f: (f / "extri.yml").unlink(), "extri.yml cannot be read"),
        (lambda f: [p.unlink() for p in (f / "images/03").iterdir()], "images/03 holds no images"),
        (lambda f: (f / "intri.yml").write_text("%YAML:1.0\n---\nnames:\n   - \"01\"\n"), "K_01"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(folder, broken, message):
    broken(folder)
    with pytest.raises(DatasetError, match=message):
        read_capture(folder)


def test_an_image_of_another_size_is_named(folder):
    write_image(folder / "images/02/000001.png", torch.ones(10, 12))
    capture = read_capture(folder)
    capture.view(0, 1)
    with pytest.raises(DatasetError, match=r"camera 02 .* is 10 x 12 pixels .* for 64 x 64"):
        capture.view(1, 1)


def test_a_frame_or_camera_that_is_not_there_is_named(folder):
    capture = read_capture(folder)
    with pytest.raises(DatasetError, match="no frame 7; every camera has frames 0 to 1"):
        capture.view(7, 0)
    with pytest.raises(DatasetError, match=r"no camera number 4; it has 4, from 0 \(01, 02"):
        capture.view(0, 4)


def test_no_calibration_is_said(tmp_path):
    with pytest.raises(DatasetError, match="holds no calibration"):
        read_capture(tmp_path)


def test_numbers_names_and_damage_in_the_yaml(tmp_path):
    path = tmp_path / "intri.yml"
    path.write_text("%YAML:1.0\n---\nnames: [ \"a\", 'b' ]\nH_a: 512\n" + matrix("K_a", [[1, 2]]))
    names, values = read_opencv_yaml(path)
    assert names == ("a", "b")
    assert values["H_a"].tolist() == [[512.0]] and values["K_a"].tolist() == [[1.0, 2.0]]
    path.write_text(path.read_text().replace("cols: 2", "cols: 3"))
    with pytest.raises(DatasetError, match=r"has K_a of 2 numbers, 1 x 3"):
        read_opencv_yaml(path)
    path.write_text("K_a: !!python/object/apply:os.system ['true']\n")
    assert read_opencv_yaml(path) == ((), {})


def test_of_several_people_the_surest_is_taken(tmp_path):
    faint, sure = [1.0, 2.0, 0.1] * 25, [3.0, 4.0, 0.8] * 25
    people = [{"pose_keypoints_2d": faint}, {"pose_keypoints_2d": sure}]
    found = keypoints_of_image(tmp_path, {"people": people})
    assert found[7].tolist() == pytest.approx([3.5, 4.5, 0.8])
    assert not keypoints_of_image(tmp_path, {"people": []}).any()
    with pytest.raises(DatasetError, match="18 keypoints"):
        keypoints_of_image(tmp_path, {"people": [{"pose_keypoints_2d": [1.0] * 54}]})
    with pytest.raises(DatasetError, match="no list of people"):
        keypoints_of_image(tmp_path, [])
