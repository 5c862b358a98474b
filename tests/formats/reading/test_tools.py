"""Every tool's file gives back the motion that it was made of, in the camera's frame."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.read import read_poses
from neuhmr.formats.reading.rest_body import rest_body_of
from tests.formats.reading import tool_files as files
from tests.formats.reading.known import (
    BODY,
    HEIGHT,
    MILLIMETER,
    WIDTH,
    Known,
    assert_same_joints,
    camera_path,
    make_known,
)


@dataclass(frozen=True)
class Case:
    """A tool's file and what is to be found in it."""

    write: Callable[[Path, Known], Path]
    tool: str
    focal: float | None
    """Of the intrinsics, in the first row (px)."""
    size: tuple[int, int] | None = None
    """Height and width."""
    gaps: tuple[int, ...] = ()
    """Rows that are not valid."""
    frames: tuple[int, ...] = (0, 1, 2, 3, 4, 5)
    rows: int = 6
    model: str = "SMPL"
    has_frames: bool = True
    up: str = ""
    """Of the world that the cameras are checked against."""
    zero_betas: bool = False


VIDEO = (HEIGHT, WIDTH)
HOLES = (1, 2, 3, 6, 7, 11)
CASES = {
    "phalp": Case(files.write_phalp, "4D-Humans (PHALP)", 25000.0, VIDEO, frames=HOLES),
    "wham": Case(files.write_wham, "WHAM", files.DIAGONAL, VIDEO, frames=HOLES, up="+y"),
    "gvhmr": Case(files.write_gvhmr, "GVHMR", files.DIAGONAL, VIDEO, has_frames=False,
                  model="SMPL-X", up="+y"),
    "gvhmr npz": Case(files.write_gvhmr_npz, "GVHMR", files.DIAGONAL, VIDEO, has_frames=False,
                      model="SMPL-X", up="+y"),
    "tram": Case(files.write_tram, "TRAM", 1400.0, VIDEO, frames=HOLES),
    "slahmr": Case(files.write_slahmr, "SLAHMR", 1000.0, VIDEO, gaps=(2,), model="SMPL-H",
                   up="-y"),
    "glamr": Case(files.write_glamr, "GLAMR", 1000.0, VIDEO, gaps=(2,), up="+z"),
    "glamr start": Case(files.write_glamr_start, "GLAMR", 1000.0, VIDEO, frames=HOLES),
    "prompthmr": Case(files.write_prompthmr, "PromptHMR", 1500.0, VIDEO, gaps=(1,), frames=HOLES,
                      model="SMPL-X"),
    "romp": Case(files.write_romp, "ROMP", 443.4 / 512 * WIDTH, VIDEO, frames=HOLES),
    "hybrik": Case(files.write_hybrik, "HybrIK", 1000.0, VIDEO, frames=HOLES),
    "vibe": Case(files.write_vibe, "VIBE", files.DIAGONAL, VIDEO, frames=HOLES),
    "3dpw": Case(files.write_3dpw, "3DPW", 1961.85, (1920, 1080), gaps=(3,), has_frames=False),
    "emdb": Case(files.write_emdb, "EMDB", 1450.0, (1920, 1440), gaps=(0,), has_frames=False,
                 up="+y"),
    "amass": Case(files.write_amass, "AMASS", None, model="SMPL-H", has_frames=False),
    "amass smplx": Case(files.write_amass_smplx, "AMASS", None, model="SMPL-X", has_frames=False),
    "instant avatar": Case(files.write_instant_avatar, "plain arrays", None, has_frames=False),
    "gaussian avatar": Case(files.write_gaussian_avatar, "plain arrays", None, has_frames=False),
    "aitviewer": Case(files.write_aitviewer, "plain arrays", None, has_frames=False),
    "bare": Case(files.write_bare, "plain arrays", None, has_frames=False),
    "cape": Case(files.write_cape, "plain arrays", None, rows=1, frames=(0,), has_frames=False),
    "pamir": Case(files.write_pamir, "plain arrays", None, rows=1, frames=(0,), has_frames=False),
    "easymocap": Case(files.write_easymocap, "EasyMocap", None, frames=HOLES),
    "zju": Case(files.write_zju, "ZJU-MoCap", None, frames=(0, 1, 2, 6, 7, 11)),
    "scorehmr": Case(files.write_scorehmr, "ScoreHMR", 5000.0, VIDEO, frames=(0, 1, 3, 6, 7, 11)),
    "smplifyx": Case(files.write_smplifyx, "SMPLify-X", 5000.0, VIDEO, model="SMPL-X",
                     frames=(0, 1, 2, 6, 7, 11)),
    "aist": Case(files.write_aist, "AIST++", None, has_frames=False, zero_betas=True),
}  # fmt: skip


@pytest.fixture(params=CASES, ids=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


def known_of(case: Case) -> Known:
    known = make_known(rows=case.rows, frames=list(case.frames))
    return Known(**(vars(known) | {"betas": np.zeros(10)})) if case.zero_betas else known


def test_joints_are_where_they_were(case: Case, tmp_path: Path) -> None:
    known = known_of(case)
    path = case.write(tmp_path, known)
    content = read_of(case, path)
    assert_same_joints(content, known)
    assert np.flatnonzero(~content.valid).tolist() == list(case.gaps)
    assert content.has_frame_index == case.has_frames
    assert f"by {case.tool}" in content.source


def test_intrinsics_are_the_tools(case: Case, tmp_path: Path) -> None:
    content = read_of(case, case.write(tmp_path, known_of(case)))
    if case.focal is None:
        assert content.K is None
        return
    assert content.K is not None and content.image_size == case.size
    K = content.K.reshape(-1, 3, 3)
    assert K[0, 0, 0] == pytest.approx(case.focal, rel=1e-5)
    assert (K[:, 0, 0] > 0).all(), "also where nobody was seen"
    assert case.size is not None
    assert K[0, :2, 2].tolist() == pytest.approx([case.size[1] / 2, case.size[0] / 2])


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.up])
def test_the_cameras_motion_is_towards_a_world_with_y_up(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    content = read_of(case, case.write(tmp_path, known_of(case)))
    expected = camera_path(case.rows, case.up)
    # The axis that was up in the tool's world.
    axis = np.eye(3)["xyz".index(case.up[1])] * (-1.0 if case.up[0] == "-" else 1.0)
    up_in_camera = expected[:, :3, :3] @ axis
    assert content.T_camera_world is not None
    found = content.T_camera_world[content.valid][:, :3, 1]
    np.testing.assert_allclose(found, up_in_camera[content.valid], atol=1e-4)
    np.testing.assert_allclose(
        content.T_camera_world[content.valid][:, :3, 3],
        expected[content.valid][:, :3, 3],
        atol=MILLIMETER,
    )


def read_of(case: Case, path: Path) -> MotionArrays:
    """Read onto a body of the kind that the tool uses, the clip's size being known."""
    body = replace(rest_body_of(BODY), kind=case.model)
    return read_poses(path, Choice(body=body, image_size=VIDEO))


def test_other_libraries_layouts_are_told_by_content_and_not_by_name(tmp_path: Path) -> None:
    known = make_known(frames=list(HOLES))
    for name in ("wham", "phalp", "vibe"):
        path = CASES[name].write(tmp_path, known).rename(tmp_path / "poses.dat")
        assert f"poses.dat by {CASES[name].tool}" in read_of(CASES[name], path).source
