"""The table of formats, and what a file's name says."""

import importlib
from pathlib import Path

import numpy as np
import pytest

from neuhmr.errors import OutputError
from neuhmr.formats.writing.formats import FORMATS, choose_up, guess_format
from neuhmr.formats.writing.write import write_motion


@pytest.mark.parametrize("name", FORMATS)
def test_the_documents_name_every_format_and_what_it_holds(name):
    root = Path(__file__).parents[3]
    written = FORMATS[name]
    gaps = "marks them" if written.holds_gaps else "fills them"
    cells = (f"`{name}`", f"`{written.suffix}`", written.holds, ", ".join(written.ups) or "-", gaps)
    page = (root / "docs" / "formats.md").read_text(encoding="utf-8")
    assert f"| {' | '.join(cells)} |" in page
    assert name == "motion" or f"`{name}`" in (root / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_has_a_writer_and_a_name_of_its_own(name):
    written = FORMATS[name]
    module = importlib.import_module(f"neuhmr.formats.writing.{written.writer}")
    assert callable(module.write)
    others = [other for key, other in FORMATS.items() if key != name]
    assert written.suffix not in [other.suffix for other in others]
    assert written.label not in [other.label for other in others]
    assert not set(written.endings) & {ending for other in others for ending in other.endings}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("a.npz", "motion"), ("a.smplx.npz", "smplx"), ("a.AMASS.npz", "amass"),
        ("a.wham.pkl", "wham"), ("a.4dhumans.pkl", "4dhumans"), ("a.aitviewer.npz", "aitviewer"),
        ("a.b.bvh", "bvh"), ("a.GLB", "glb"), ("a.usda", "usd"), ("a.usdc", "usd"),
        ("a.csv", "csv"), ("a.trc", "trc"), ("a.c3d", "c3d"), ("a.htm", "html"),
    ],
)  # fmt: skip
def test_names_tell_the_format(file, expected):
    assert guess_format(Path("x.bvh") / file) == expected


@pytest.mark.parametrize("file", ["a", "a.pkl", "a.obj", "a.ply", "a.fbx", "npz"])
def test_names_that_could_be_anything_are_asked_about(file):
    with pytest.raises(OutputError, match="add --to"):
        guess_format(Path(file))


def test_up_is_the_formats_custom_unless_asked_for():
    assert [choose_up(name, None) for name in ("amass", "bvh", "usd", "c3d", "csv", "wham")] == [
        "z", "y", "y", "z", None, None
    ]  # fmt: skip
    assert choose_up("amass", "y") == "y" and choose_up("usd", "z") == "z"
    with pytest.raises(OutputError, match="csv is written in the camera's frame"):
        choose_up("csv", "y")
    with pytest.raises(OutputError, match="glb is always y up"):
        choose_up("glb", "z")


@pytest.mark.parametrize("name", FORMATS)
def test_one_frame_is_enough_for_every_format(name, person, tmp_path):
    if FORMATS[name].package:
        pytest.importorskip(FORMATS[name].package)
    content = person.content.select(np.arange(len(person.content)) == 7)
    path = tmp_path / f"a{FORMATS[name].suffix}"
    remarks = write_motion(path, content, person.model, name)
    assert path.is_dir() == FORMATS[name].is_folder
    assert all(remark.endswith(".") and "\n" not in remark for remark in remarks)
