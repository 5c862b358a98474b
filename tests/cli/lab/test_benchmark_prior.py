import json
from pathlib import Path

import pytest

from neuhmr.cli import main
from tests.lab.benchmarks.prior.test_benchmark import recordings


def words(folder: Path) -> list[str]:
    return ["benchmark", "prior", "--mocap-dir", str(folder), "--windows", "2", "--frames", "8"]


def test_both_tables_are_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    folder = recordings(tmp_path)
    assert main(words(folder)) == 0
    shown = capsys.readouterr().out
    assert "| initial poses, exact joints |" in shown
    assert "| if it were right | 22 % | 39 % | 63 % |" in shown
    assert main([*words(folder), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert rows[0]["shown"] == "initial poses" and rows[0]["within"] is None


@pytest.mark.parametrize(
    ("extra", "said"),
    [(("--windows", "0"), "--windows is 0"), (("--split", "val"), "performers")],
)
def test_what_cannot_be_measured_is_refused(
    extra: tuple[str, str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert main([*words(recordings(tmp_path)), *extra]) == 2
    assert said in capsys.readouterr().err
