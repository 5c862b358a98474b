import json
from dataclasses import replace
from pathlib import Path

import pytest

from neuhmr.clip.clip import Clip, open_clip
from neuhmr.errors import OutputError
from neuhmr.export.run_report import run_report, write_report
from neuhmr.refine.report import RefineReport, make_report
from neuhmr.versions import versions
from refine.quick_way import CONFIG, finished_run, problem
from tests.painted_clip import make_painted_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Clip:
    return open_clip(make_painted_clip(tmp_path_factory.mktemp("painted")))


def report() -> RefineReport:
    result = finished_run().result()
    return make_report(problem(), CONFIG, result.guarded, result.refined, 4, 2.0)


def test_a_report_says_what_was_refined_with_what_and_what_came_of_it(clip: Clip) -> None:
    model = problem().model
    found = run_report(clip, model, report(), {"scores": None, "steps": "as said"})
    assert found["clip"] == str(clip.video.path)
    assert found["video"] == {"frames": 6, "fps": 10.0, "height": 128, "width": 96}
    assert found["camera_is_guessed"] is False and found["has_masks"] is True
    assert found["body_model"] == {"name": model.name, "digest": model.digest}
    assert found["versions"] == versions()
    assert found["preset"] == "fast" and found["seconds"] == 2.0
    assert found["scores"] is None and found["steps"] == "as said", "details win"
    bare = run_report(replace(clip, masks=None, camera_is_guessed=True), model, report(), {})
    assert bare["camera_is_guessed"] is True and bare["has_masks"] is False
    assert bare["steps"] == 4


def test_a_report_is_written_as_json_or_refused(clip: Clip, tmp_path: Path) -> None:
    content = run_report(clip, problem().model, report(), {})
    write_report(tmp_path / "r.json", content)
    assert json.loads((tmp_path / "r.json").read_text()) == json.loads(json.dumps(content))
    with pytest.raises(OutputError):
        write_report(tmp_path / "no" / "r.json", content)
