"""Opening other files from the page: by path, by upload, and poses read in another way."""

from dataclasses import replace
from pathlib import Path

import pytest

from neuhmr.clip.mask_changes import MaskChanges
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import MisplacedPosesError
from tests.workbench.driven_window import find, send, widgets
from tests.workbench.patience import assert_soon
from workbench.core.open_paths import OpenPaths, keep_upload, request_with
from workbench.core.open_tasks import open_upload
from workbench.errors import WorkbenchError


def opened_with(window):
    """Remember what the engine was asked to open."""
    engine, asked = window.tasks.engine, []
    plain = engine.open

    def open_and_note(request, on_progress):
        asked.append(request)
        return plain(request, on_progress)

    engine.open = open_and_note
    return asked


def shows(window, label):
    return any(each.label == label and each.visible for each in widgets(window))


def test_poses_beside_the_person_are_offered_in_another_reading(window):
    asked = opened_with(window)
    failures = window.tasks.engine.failures
    failures["open"] = MisplacedPosesError(
        "They lie elsewhere; --poses-as.", "They lie elsewhere.", ("depth*0.06", "given")
    )
    before = window.session.state.footage
    window.tasks.open(OpenRequest(clip=Path("turn.mp4"), poses=Path("crop.pkl")))
    assert_soon(lambda: window.session.state.misplaced)
    assert window.session.state.misplaced.message == "They lie elsewhere."
    assert_soon(lambda: "They lie elsewhere." in [n.body for n in window.notices.recent])
    assert window.session.state.footage is before, "what was open stays open"
    assert_soon(lambda: shows(window, "Open them as depth*0.06"))
    del failures["open"]
    send(window, (find(window, "Open them as depth*0.06"), True))
    assert_soon(lambda: window.session.state.misplaced is None)
    assert asked[-1] == OpenRequest(
        clip=Path("turn.mp4"), poses=Path("crop.pkl"), poses_as="depth*0.06"
    )
    assert_soon(lambda: not shows(window, "Open them as they are"))


def test_poses_can_be_opened_by_their_path(window, tmp_path):
    asked = opened_with(window)
    poses = tmp_path / "other.npz"
    poses.write_bytes(b"")
    send(window, (find(window, "Path"), str(poses)))
    send(window, (find(window, "Open"), True))
    assert_soon(lambda: asked)
    assert asked[-1].poses == poses and asked[-1].clip == window.session.state.footage.path


def test_a_path_without_a_file_is_told(window, tmp_path):
    asked = opened_with(window)
    send(window, (find(window, "Path"), str(tmp_path / "nothing.npz")))
    send(window, (find(window, "Open"), True))
    assert_soon(lambda: any("does not exist" in n.body for n in window.notices.recent))
    assert asked == []


def test_where_others_can_ask_only_the_clips_folder_is_open(tmp_path):
    folder = tmp_path / "clips"
    folder.mkdir()
    for path in (tmp_path / "secret.npz", folder / "mine.npz"):
        path.write_bytes(b"")
    (folder / "link.npz").symlink_to(tmp_path / "secret.npz")
    clip = folder / "clip.mp4"
    bounded, free = OpenPaths(anywhere=False), OpenPaths(anywhere=True)
    assert bounded.find("mine.npz", clip) == folder / "mine.npz"
    for text in ("../secret.npz", str(tmp_path / "secret.npz"), "link.npz"):
        assert free.find(text, clip).exists()
        with pytest.raises(WorkbenchError, match="outside of"):
            bounded.find(text, clip)
    with pytest.raises(WorkbenchError, match="No path"):
        free.find("  ", clip)


def test_other_poses_forget_how_the_last_were_read_and_another_clip_forgets_all():
    request = OpenRequest(
        clip=Path("a.mp4"), poses=Path("p"), masks=Path("m"), person="2", poses_as="y-up"
    )
    assert request_with(request, "poses", Path("q")) == OpenRequest(
        clip=Path("a.mp4"), poses=Path("q"), masks=Path("m")
    )
    changed = replace(request, invert_masks=True, grow_masks=2)
    assert request_with(changed, "masks", Path("n")) == replace(request, masks=Path("n"))
    assert request_with(request, "clip", Path("b.mp4")) == OpenRequest(clip=Path("b.mp4"))
    with pytest.raises(WorkbenchError, match="open one first"):
        request_with(None, "poses", Path("q"))


def test_uploads_are_kept_in_the_session_over_nothing(tmp_path):
    first = keep_upload(tmp_path, "poses.npz", b"one")
    second = keep_upload(tmp_path, "poses.npz", b"two")
    assert (first.name, second.name) == ("poses.npz", "poses-2.npz")
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")


def test_uploaded_poses_are_opened(window):
    asked = opened_with(window)
    folder = window._session_folder_of(window.session.state.footage.path)
    open_upload(window.tasks, folder, "mine.npz", b"content")
    assert_soon(lambda: asked)
    assert asked[-1].poses.read_bytes() == b"content"
    assert asked[-1].poses.parent.name == "uploads"


def test_somebody_else_of_the_poses_file_is_chosen_from_a_list(crowded_window):
    assert_soon(lambda: shows(crowded_window, "Person"))
    send(crowded_window, (find(crowded_window, "Person"), "4"))
    assert_soon(lambda: crowded_window.session.state.footage.person == "4")
    assert_soon(lambda: find(crowded_window, "Person").value == "4")


def test_where_there_is_only_one_person_there_is_nobody_to_choose(window):
    assert not shows(window, "Person") and not shows(window, "Choose in the picture")


def test_masks_are_changed_by_their_widgets(window):
    asked = opened_with(window)
    send(window, (find(window, "Invert"), True), (find(window, "Grow (px)"), -3))
    assert_soon(lambda: not find(window, "Use these masks").disabled)
    view = window.session.state.view
    assert view.show_masks and view.mask_wish == MaskChanges(invert=True, grow=-3)
    assert asked == []
    send(window, (find(window, "Use these masks"), True))
    assert_soon(lambda: window.session.state.footage.masks.changes.invert)
    assert (asked[-1].invert_masks, asked[-1].grow_masks) == (True, -3)
    assert_soon(lambda: find(window, "Use these masks").disabled)
    assert find(window, "Invert").value and find(window, "Grow (px)").value == -3
