import json

import pytest

from neuhmr.cli import main


def test_every_format_asked_for_has_its_row(capsys: pytest.CaptureFixture[str]):
    words = ["benchmark", "formats", "--formats", "bvh", "ply", "--frames", "7"]
    assert main([*words, "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["task"] for row in rows] == ["write bvh", "write ply", "read motion"]
    assert [row["frames"] for row in rows] == [7, 7, 70]
    # A PLY file holds 6890 vertices of three float32, seven times, and more.
    assert rows[1]["bytes"] > 7 * 6890 * 12 > rows[0]["bytes"]
    assert all(0.0 < row["seconds"] < 60.0 and row["peak_rss_mb"] > 20.0 for row in rows)


def test_the_table_is_markdown(capsys: pytest.CaptureFixture[str]):
    assert main(["benchmark", "formats", "--formats", "trc", "--frames", "3"]) == 0
    shown = capsys.readouterr().out
    assert "| write trc | 3 | " in shown and "| read motion | 30 | " in shown


def test_no_frames_are_refused(capsys: pytest.CaptureFixture[str]):
    assert main(["benchmark", "formats", "--frames", "0"]) == 2
    assert "--frames is 0" in capsys.readouterr().err
