"""Settings in TOML files: whatever is written reads back, and nonsense is refused in a sentence."""

import tomllib

import pytest

from neuhmr.errors import NeuhmrError
from neuhmr.refine.settings import SETTINGS, preset, with_values
from neuhmr.refine.settings.preset_file import read_preset, write_preset
from neuhmr.refine.settings.table import values_of


@pytest.mark.parametrize("name", ["fast", "paper"])
def test_every_setting_of_a_preset_reads_back(tmp_path, name):
    path = tmp_path / "mine.toml"
    write_preset(path, preset(name))
    base, values = read_preset(path)
    assert base == name and with_values(preset(base), values) == preset(name)
    assert set(values) == set(SETTINGS)


def test_values_of_every_kind_read_back(tmp_path):
    changes = {
        "weights.rgb": 3.0, "schedule.learning_rate": 1e-7, "draft.enabled": False,
        "schedule.epochs": 3, "motion_field.kernel": "nemo_quadratic", "seed": 12,
    }  # fmt: skip
    config = with_values(preset("fast"), changes)
    path = tmp_path / "mine.toml"
    write_preset(path, config)
    base, values = read_preset(path)
    assert values_of(with_values(preset(base), values)) == values_of(config)
    assert tomllib.loads(path.read_text())["weights"]["rgb"] == 3.0


def test_what_is_left_out_comes_from_the_preset(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('preset = "paper"\n[weights]\nrgb = 1\n')
    assert read_preset(path) == ("paper", {"weights.rgb": 1.0})
    path.write_text("weights.rgb = 1\n")
    assert read_preset(path, "paper") == ("paper", {"weights.rgb": 1.0})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[weights]\nrgp = 1", 'no setting "weights.rgp"; did you mean weights.rgb'),
        ("[weights]\nrgb = -1", "weights.rgb is -1.0, at least 0"),
        ("[weights]\nrgb = nan", "a number was expected"),
        ("[weights]\nrgb = [1]", "a number was expected"),
        ("[weights]\nrgb = 1979-05-27", "a number was expected"),
        ("[schedule]\nepochs = 1.5", "a whole number"),
        ("[draft]\nenabled = 7", "on or off"),
        ('[motion_field]\nkernel = "square"', "gaussian_local or nemo_quadratic"),
        ('preset = "slow"', "fast or paper was expected"),
        ("preset = []", "fast or paper was expected"),
        ("rgb = ", "not valid TOML"),
        ("a = " + "[" * 5000, "TOML"),
        ("", None),
    ],
)
def test_nonsense_is_refused_in_one_sentence_that_names_the_file(tmp_path, text, problem):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    if problem is None:
        with pytest.raises(NeuhmrError, match="is empty"):
            read_preset(path)
        return
    with pytest.raises(NeuhmrError, match=r"mine\.toml") as error:
        read_preset(path)
    assert problem in str(error.value)


@pytest.mark.parametrize("content", [b"\x80\x04K\x01.", b"\xff\xfe\x00a", b"#" * (2**20 + 1)])
def test_other_files_are_refused(tmp_path, content):
    path = tmp_path / "mine.toml"
    path.write_bytes(content)
    with pytest.raises(NeuhmrError, match="a file of settings"):
        read_preset(path)
    with pytest.raises(NeuhmrError, match="a file of settings"):
        read_preset(tmp_path / "none.toml")
