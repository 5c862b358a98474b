"""One of several people in the poses' file is opened, each with a session of their own."""

import pytest
import torch

from tests.workbench.bench import Bench
from tests.workbench.fake_engine import FakeEngine
from workbench.core.open_tasks import choose_person
from workbench.core.session_folder import folder_for_person
from workbench.errors import WorkbenchError


@pytest.fixture
def several(tmp_path):
    running = Bench(tmp_path, has_several=True)
    running.open_clip()
    yield running
    running.tasks.stop()


def is_open(person):
    return lambda state: state.footage is not None and state.footage.person == person


def test_choosing_somebody_opens_their_poses_at_the_same_frame(several):
    first = several.wait(is_open("1"))
    several.tasks.seek(30)
    several.session.set_view(chooses_person=True)
    choose_person(several.tasks, "4")
    state = several.wait(is_open("4"))
    assert state.request.person == "4" and state.view.frame == 30
    assert not state.view.chooses_person
    shift = state.initial.transl - first.initial.transl
    assert torch.allclose(shift, torch.tensor([1.0, 0.0, 0.0]).expand_as(shift))


def test_choosing_whom_is_open_already_opens_nothing(several):
    several.session.set_view(chooses_person=True)
    choose_person(several.tasks, "1")
    assert not several.wait().view.chooses_person
    assert several.engine.calls.count("open") == 1


def test_somebody_who_is_not_in_the_file_is_refused(several):
    with pytest.raises(WorkbenchError, match="no person 7"):
        choose_person(several.tasks, "7")


def test_what_was_refined_of_one_person_is_kept_for_them_alone(several):
    several.tasks.step()
    refined = several.wait(lambda state: state.report is not None).refined
    choose_person(several.tasks, "4")
    state = several.wait(is_open("4"))
    assert state.refined is None and "Restored" not in several.titles()
    choose_person(several.tasks, "1")
    state = several.wait(lambda state: is_open("1")(state) and state.restored is not None)
    assert torch.equal(state.refined.transl, refined.transl)
    assert (several.folder / "turn" / "person-1" / "session.json").is_file()


def test_a_persons_folder_lies_in_the_clips_and_bears_a_plain_name(several, tmp_path):
    footage = several.state.footage
    assert folder_for_person(tmp_path, footage) == tmp_path / "person-1"
    assert folder_for_person(tmp_path / "person-4", footage) == tmp_path / "person-1"
    alone = FakeEngine().open(several.state.request, lambda progress: None)
    assert folder_for_person(tmp_path, alone) == tmp_path
    odd = FakeEngine(has_several=True).open(several.state.request, lambda progress: None)
    object.__setattr__(odd, "person", "../3+7")
    assert folder_for_person(tmp_path, odd) == tmp_path / "person-___3+7"
