"""What this program writes in other tools' layouts, it reads again."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.read import read_poses
from neuhmr.formats.reading.rest_body import rest_body_of
from neuhmr.formats.writing.formats import FORMATS, FormatName
from neuhmr.formats.writing.write import write_motion
from tests.formats.reading.known import BODY, HEIGHT, MILLIMETER, WIDTH, joints_of, make_known


@pytest.mark.parametrize("name", ["motion", "smplx", "wham", "4dhumans", "amass", "aitviewer"])
def test_written_layouts_are_read_back(name: FormatName, tmp_path: Path) -> None:
    known = make_known(rows=5)
    K = np.array([[900.0, 0, WIDTH / 2], [0, 900.0, HEIGHT / 2], [0, 0, 1]])
    content = replace(known.arrays(), K=K, image_size=(HEIGHT, WIDTH))
    path = tmp_path / f"a{FORMATS[name].suffix}"
    write_motion(path, content, BODY, name)
    back = read_poses(path, Choice(body=rest_body_of(BODY)))
    assert len(back) == 5
    expected, found = known.joints(), joints_of(back)
    if name == "4dhumans":  # As large in the picture, before another camera.
        expected, found = expected - expected[:, :1], found - found[:, :1]
    if name in ("amass", "aitviewer"):  # In a world of another origin: all but where it is.
        expected, found = expected - expected[0, 0], found - found[0, 0]
        distances = np.linalg.norm(found[:, :, None] - found[:, None], axis=-1)
        wanted = np.linalg.norm(expected[:, :, None] - expected[:, None], axis=-1)
        assert np.abs(distances - wanted).max() < MILLIMETER
        path_length = np.linalg.norm(np.diff(found[:, 0], axis=0), axis=-1)
        wanted = np.linalg.norm(np.diff(expected[:, 0], axis=0), axis=-1)
        np.testing.assert_allclose(path_length, wanted, atol=MILLIMETER)
    else:
        assert np.abs(found - expected).max() < MILLIMETER
