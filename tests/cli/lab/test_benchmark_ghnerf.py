import json

import pytest
import torch

from neuhmr.cli.dispatch import USER_ERROR, main
from neuhmr.cli.lab.benchmark_ghnerf import BenchmarkGhnerf
from neuhmr.lab.moments import moments


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--rows", "NeRF"), 'no row "NeRF"'),
        (("--checkpoints", "a.safetensors"), "expected ROW=PATH"),
        (("--pictures", "0"), "--pictures is 0"),
        (("--data", "{}"), "neither training people nor captures"),
    ],
)
def test_bad_input_is_one_sentence(words, sentence, tmp_path, capsys) -> None:
    arguments = ["benchmark", "ghnerf", *(word.format(tmp_path) for word in words)]
    assert main(arguments) == USER_ERROR
    assert sentence in capsys.readouterr().err


def test_the_zero_predictor_needs_no_weights(tmp_path, monkeypatch, capsys) -> None:
    from ghnerf.knowing import still_moment

    monkeypatch.setattr(moments, "read_moments", lambda folder, limit: [still_moment()])
    out = tmp_path / "tables.md"
    words = ["benchmark", "ghnerf", "--data", str(tmp_path), "--rows", "zero predictor",
             "--markdown", str(out), "--json"]  # fmt: skip
    assert main(words) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert row["method"] == "zero predictor"
    assert row["pck"] == 0.0
    assert row["heatmap_mse"] > 0.0
    assert "Table 1" in out.read_text()


def test_quick_measures_two_people_and_two_pictures(tmp_path, monkeypatch) -> None:
    from ghnerf.knowing import still_moment

    asked = []

    def people(folder, limit):
        asked.append(limit)
        return [still_moment()]

    monkeypatch.setattr(moments, "read_moments", people)
    report = BenchmarkGhnerf(data=tmp_path, rows=("zero predictor",), quick=True).run()
    assert asked == [2]
    assert report["pictures_per_moment"] == 2
    assert report["threads"] == torch.get_num_threads()
