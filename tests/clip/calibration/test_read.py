"""Cameras of every calibration program, in its exact layout, with numbers worked by hand."""

import json
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from neuhmr.clip.calibration.read import choose_camera, read_calibration
from neuhmr.errors import ClipError

# fx, fy, cx, cy of the first camera, pixel centers at +0.5; the picture is 1280 x 720.
FX, FY, CX, CY = 1000.0, 1010.0, 640.5, 360.25
K = np.array([[FX, 0, CX], [0, FY, CY], [0, 0, 1]])
ROTATION = Rotation.from_euler("xyz", [10, 20, 30], degrees=True)
SHIFT = np.array([0.5, -0.25, 3.0])


def write_colmap_text(folder: Path) -> Path:
    wxyz = ROTATION.as_quat()[[3, 0, 1, 2]]
    pose = " ".join(f"{value:.9f}" for value in (*wxyz, *SHIFT))
    (folder / "cameras.txt").write_text(
        "# Camera list with one line of data per camera:\n"
        "#   CAMERA_ID, MODEL, WIDTH, HEIGHT, PARAMS[]\n# Number of cameras: 2\n"
        f"1 PINHOLE 1280 720 {FX} {FY} {CX} {CY}\n2 SIMPLE_RADIAL 640 480 500 320 240 0.001\n"
    )
    (folder / "images.txt").write_text(
        "# Image list with two lines of data per image:\n"
        f"1 {pose} 1 left.png\n\n2 1 0 0 0 0 0 0 2 right.png\n10.0 20.0 -1\n"
    )
    return folder / "cameras.txt"


def write_colmap_binary(folder: Path) -> Path:
    cameras = struct.pack("<QIiQQ4d", 2, 1, 1, 1280, 720, FX, FY, CX, CY)
    cameras += struct.pack("<IiQQ4d", 2, 2, 640, 480, 500.0, 320.0, 240.0, 0.001)
    wxyz = ROTATION.as_quat()[[3, 0, 1, 2]]
    images = struct.pack("<QI7dI", 2, 1, *wxyz, *SHIFT, 1) + b"left.png\0"
    images += struct.pack("<Qddq", 1, 10.0, 20.0, -1)
    images += struct.pack("<I7dI", 2, 1, 0, 0, 0, 0, 0, 0, 2) + b"right.png\0"
    images += struct.pack("<Q", 0)
    (folder / "sparse" / "0").mkdir(parents=True)
    (folder / "sparse" / "0" / "cameras.bin").write_bytes(cameras)
    (folder / "sparse" / "0" / "images.bin").write_bytes(images)
    return folder


def matrix_yaml(name: str, values: np.ndarray) -> str:
    rows, cols = values.shape
    data = ", ".join(f"{value:.8g}" for value in values.ravel())
    return (f"{name}: !!opencv-matrix\n   rows: {rows}\n   cols: {cols}\n   dt: d\n"
            f"   data: [ {data} ]\n")  # fmt: skip


AT_WHOLE = K - [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]]
"""As OpenCV measures: a pixel's center at whole numbers."""
BENT = np.array([[0.001, 0.0, 0.0, 0.0, 0.0]])


def write_opencv_yaml(folder: Path) -> Path:
    path = folder / "camera.yml"
    path.write_text(
        '%YAML:1.0\n---\ncalibration_time: "Mon"\nimage_width: 1280\nimage_height: 720\n'
        + matrix_yaml("camera_matrix", AT_WHOLE)
        + matrix_yaml("distortion_coefficients", BENT)
    )
    return path


def write_ros_yaml(folder: Path) -> Path:
    path = folder / "ost.yaml"
    numbers = ", ".join(str(value) for value in AT_WHOLE.ravel())
    path.write_text(
        "image_width: 1280\nimage_height: 720\ncamera_name: cam\n"
        f"camera_matrix:\n  rows: 3\n  cols: 3\n  data: [{numbers}]\n"
        "distortion_model: plumb_bob\n"
        "distortion_coefficients:\n  rows: 1\n  cols: 5\n  data: [0.001, 0, 0, 0, 0]\n"
    )
    return path


def write_opencv_xml(folder: Path) -> Path:
    numbers = " ".join(str(value) for value in AT_WHOLE.ravel())
    path = folder / "camera.xml"
    path.write_text(
        '<?xml version="1.0"?>\n<opencv_storage>\n<calibration_Time>"Mon"</calibration_Time>\n'
        "<image_Width>1280</image_Width>\n<image_Height>720</image_Height>\n"
        '<Camera_Matrix type_id="opencv-matrix">\n  <rows>3</rows>\n  <cols>3</cols>\n'
        f"  <dt>d</dt>\n  <data>\n    {numbers}</data></Camera_Matrix>\n"
        '<Distortion_Coefficients type_id="opencv-matrix">\n  <rows>5</rows>\n  <cols>1</cols>\n'
        "  <dt>d</dt>\n  <data>\n 0.001 0. 0. 0. 0.</data></Distortion_Coefficients>\n"
        "</opencv_storage>\n"
    )
    return path


def write_pose2sim(folder: Path) -> Path:
    path = folder / "Calib.toml"
    rotation = ", ".join(f"{value:.12g}" for value in ROTATION.as_rotvec())
    path.write_text(
        '[cam_01]\nname = "left"\nsize = [ 1280.0, 720.0]\n'
        f"matrix = [ [ {FX}, 0.0, {CX - 0.5}], [ 0.0, {FY}, {CY - 0.5}], [ 0.0, 0.0, 1.0]]\n"
        "distortions = [ 0.001, 0.0, 0.0, 0.0]\n"
        f"rotation = [ {rotation}]\ntranslation = [ 0.5, -0.25, 3.0]\nfisheye = false\n\n"
        '[cam_02]\nname = "right"\nsize = [ 640.0, 480.0]\n'
        "matrix = [ [ 500.0, 0.0, 320.0], [ 0.0, 500.0, 240.0], [ 0.0, 0.0, 1.0]]\n"
        "distortions = [ 0.0, 0.0, 0.0, 0.0]\nrotation = [ 0.0, 0.0, 0.0]\n"
        "translation = [ 0.0, 0.0, 0.0]\nfisheye = false\n\n"
        "[metadata]\nadjusted = false\nerror = 0.0\n"
    )
    return path


def write_qualisys(folder: Path) -> Path:
    """Its camera looks along -z with y up; place and lengths in mm, intrinsics in 1/64 px."""
    R = np.diag([1, -1, -1]) @ ROTATION.as_matrix()
    center = -1000.0 * ROTATION.as_matrix().T @ SHIFT
    entries = " ".join(f'r{i + 1}{j + 1}="{R[i, j]:.12g}"' for i in range(3) for j in range(3))
    camera = (
        '<camera active="1" avg-residual="0.4" model="{model}" serial="{serial}" viewrotation="0">'
        '<fov_marker bottom="719" left="0" right="1279" top="0"/>'
        '<fov_video bottom="719" left="0" right="1279" top="0"/>'
        f'<transform {entries} x="{center[0]:.9f}" y="{center[1]:.9f}" z="{center[2]:.9f}"/>'
        f'<intrinsic centerPointU="{64 * (CX - 0.5)}" centerPointV="{64 * (CY - 0.5)}" '
        f'focalLengthU="{64 * FX}" focalLengthV="{64 * FY}" focallength="9.3" '
        'radialDistortion1="0.001" radialDistortion2="0" radialDistortion3="0" skew="0" '
        'sensorMaxU="81856" sensorMaxV="46016" sensorMinU="0" sensorMinV="0" '
        'tangentalDistortion1="0" tangentalDistortion2="0"/></camera>'
    )
    path = folder / "Calib.qca.txt"
    path.write_text(
        "<?xml version='1.0' encoding='ASCII'?>\n<calibration source='a' type='regular'>"
        "<results std-dev='0.'/><cameras>"
        + camera.format(model="Miqus Video", serial="left")
        + camera.format(model="Miqus M3", serial="markers")
        + "</cameras></calibration>"
    )
    return path


CASES: dict[str, tuple[Callable[[Path], Path], tuple[str, ...], float, bool]] = {
    "colmap text": (write_colmap_text, ("left", "right"), 0.0, True),
    "colmap binary": (write_colmap_binary, ("left", "right"), 0.0, True),
    "opencv yaml": (write_opencv_yaml, ("camera",), 0.001, False),
    "ros yaml": (write_ros_yaml, ("camera",), 0.001, False),
    "opencv xml": (write_opencv_xml, ("camera",), 0.001, False),
    "pose2sim": (write_pose2sim, ("left", "right"), 0.001, True),
    "qualisys": (write_qualisys, ("left",), 0.001, True),
}


@pytest.mark.parametrize("name", CASES)
def test_every_programs_cameras_are_read(name: str, tmp_path: Path) -> None:
    write, names, k1, has_place = CASES[name]
    cameras = read_calibration(write(tmp_path))
    assert tuple(camera.name for camera in cameras) == names
    first = cameras[0]
    np.testing.assert_allclose(first.K, K, atol=1e-6)
    assert first.size == (720, 1280)
    assert first.distortion[:1] == (k1,) and not any(first.distortion[1:])
    if has_place:
        assert first.T_camera_world is not None
        np.testing.assert_allclose(first.T_camera_world[:3, :3], ROTATION.as_matrix(), atol=1e-7)
        np.testing.assert_allclose(first.T_camera_world[:3, 3], SHIFT, atol=1e-7)
    else:
        assert first.T_camera_world is None


def test_distortion_is_measured_in_pixels(tmp_path: Path) -> None:
    camera = read_calibration(write_pose2sim(tmp_path))[0]
    # Farthest corner (0, 0): x = -0.6405, y = -0.3567, r2 = 0.5375; it moves by
    # k1 r2 (x, y) f = 0.001 * 0.5375 * (640.5, 360.25) px.
    expected = 0.001 * ((CX / FX) ** 2 + (CY / FY) ** 2) * np.hypot(CX, CY)
    assert camera.bends_by() == pytest.approx(expected, rel=1e-6)


def test_a_fisheye_bends_a_lot(tmp_path: Path) -> None:
    path = tmp_path / "cameras.txt"
    path.write_text("1 OPENCV_FISHEYE 1280 720 500 500 640 360 0 0 0 0.000001\n")
    # 640 px from the center, an ideal fisheye shows what is at tan(a) = 1.28 at 500 a px.
    corner = np.hypot(640, 360) / 500
    expected = 500 * (corner - np.arctan(corner))
    assert read_calibration(path)[0].bends_by() == pytest.approx(expected, rel=1e-3)


def test_several_cameras_are_listed_and_chosen_by_name(tmp_path: Path) -> None:
    path = write_pose2sim(tmp_path)
    cameras = read_calibration(path)
    with pytest.raises(ClipError, match=r"2 cameras.*--camera-name among left, right"):
        choose_camera(path, cameras, None)
    assert choose_camera(path, cameras, "right").K[0, 0] == 500.0
    with pytest.raises(ClipError, match='no camera "top"; it has left, right'):
        choose_camera(path, cameras, "top")


BOMB = '<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><opencv_storage>&b;</opencv_storage>'
DAMAGED = {
    "words.txt": "hello world\n",
    "model.txt": "1 PINHOLE 1280 720 1000\n",
    "fov.txt": "1 FOV 1280 720 1000 1000 640 360 0.5\n",
    "focal.txt": "1 PINHOLE 1280 720 1e30 1e30 640 360\n",
    "nan.txt": "1 PINHOLE 1280 720 nan 1000 640 360\n",
    "bomb.xml": BOMB,
    "deep.xml": "<a>" * 100_000,
    "cut.xml": "<opencv_storage><camera_matrix>",
    "empty.xml": "<calibration></calibration>",
    "deep.toml": "[a]\nmatrix = " + "[" * 100_000,
    "short.toml": "[a]\nmatrix = [[1.0]]\n",
    "rotation.toml": "[a]\nmatrix = [[1,0,0],[0,1,0],[0,0,1]]\nrotation=[1]\ntranslation=[1]\n",
    "count.bin": struct.pack("<Q", 2**60) + b"\0" * 100,
    "model.bin": struct.pack("<QIiQQ", 1, 1, 99, 10, 10) + b"\0" * 100,
    "short.bin": struct.pack("<QIiQQ", 1, 1, 1, 10, 10),
    "python.yml": "camera_matrix: !!python/object/apply:os.system ['true']\n",
}


@pytest.mark.parametrize("name", DAMAGED)
def test_files_that_hold_something_else_are_refused(name: str, tmp_path: Path) -> None:
    content = DAMAGED[name]
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ClipError, match=name):
        read_calibration(tmp_path / name)


def test_a_folder_without_cameras_is_named(tmp_path: Path) -> None:
    with pytest.raises(ClipError, match="folder without COLMAP's"):
        read_calibration(tmp_path)


def test_json_is_not_read_here(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps({"K": K.tolist()}))
    with pytest.raises(ClipError, match="holds no matrix"):
        read_calibration(tmp_path / "a.json")
