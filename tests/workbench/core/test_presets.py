"""Named settings of the window: the command line's own files."""

import pytest

from neuhmr.refine.settings import preset
from neuhmr.refine.settings.preset_file import read_preset
from tests.workbench.bench import edit
from workbench.errors import WorkbenchError


def test_settings_are_saved_listed_and_loaded_and_loading_can_be_undone(bench):
    editing = edit(bench)
    bench.tasks.change_setting("weights.rgb", 0.45)
    editing.presets.save("dancers")
    state = bench.wait(lambda state: "dancers" in state.presets)
    assert state.presets == ("fast", "paper", "dancers")
    saved = state.config
    editing.presets.load("paper")
    assert bench.wait(lambda state: state.config.name == "paper").config == preset("paper")
    editing.presets.load("dancers")
    assert bench.wait(lambda state: state.config.weights.rgb == 0.45).config == saved
    editing.undo()
    assert bench.state.config == preset("paper")
    path = bench.folder / "presets" / "dancers.toml"
    assert read_preset(path)[1]["weights.rgb"] == 0.45
    assert any(str(path) in notice.body for notice in bench.notices.recent)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".x", "fast", "paper", "a\nb"])
def test_only_plain_names_of_ones_own_are_saved(bench, name):
    editing = edit(bench)
    with pytest.raises(WorkbenchError):
        editing.presets.save(name)
    assert not (bench.folder / "presets").exists()


def test_a_preset_that_makes_no_sense_changes_nothing(bench):
    editing = edit(bench)
    folder = bench.folder / "presets"
    folder.mkdir()
    (folder / "odd.toml").write_text("[weights]\nrgp = 1\n")
    (folder / ".hidden.toml").write_text("")
    before = bench.state.config
    editing.presets.list()
    assert bench.wait(lambda state: state.presets != ()).presets == ("fast", "paper", "odd")
    editing.presets.load("odd")
    bench.wait(lambda _: bench.notices.recent[-1].kind == "error")
    assert "did you mean weights.rgb" in bench.notices.recent[-1].body
    assert bench.state.config is before
