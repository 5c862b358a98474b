import threading

import pytest

from neuhmr.clip.open_request import OpenRequest
from tests.workbench.fake_engine import FakeEngine
from tests.workbench.synthetic_figure import NUM_FRAMES
from workbench.core.session import JobStatus, Session, SessionState


@pytest.fixture
def session(tmp_path):
    footage = FakeEngine().open(OpenRequest(clip=tmp_path / "a.mp4"), lambda progress: None)
    return Session(SessionState(footage=footage))


def test_a_state_that_was_read_never_changes(session):
    before = session.state
    session.set_view(frame=3)
    assert before.view.frame == 0 and session.state.view.frame == 3
    with pytest.raises(AttributeError):
        before.device = "cuda"


@pytest.mark.parametrize(("asked", "shown"), [(-5, 0), (0, 0), (7, 7), (10**9, NUM_FRAMES - 1)])
def test_the_frame_stays_inside_the_clip(session, asked, shown):
    assert session.set_view(frame=asked).view.frame == shown


def test_without_a_clip_the_frame_is_zero():
    assert Session(SessionState()).set_view(frame=9).view.frame == 0


def test_the_version_grows_only_with_changes(session):
    version = session.version
    session.set_view(frame=session.state.view.frame)
    assert session.version == version
    session.set_view(frame=4)
    assert session.version == version + 1


def test_updates_of_many_threads_are_all_kept():
    session = Session(SessionState())

    def add(number):
        for step in range(50):
            frame = number * 50 + step
            session.update(lambda s, frame=frame: SessionState(includes=s.includes | {frame}))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert session.state.includes == frozenset(range(400))


def test_waiting_ends_with_a_change(session):
    version = session.version
    thread = threading.Timer(0.05, lambda: session.set_view(frame=2))
    thread.start()
    assert session.wait(version, timeout=5.0) == version + 1
    assert session.wait(session.version, timeout=0.01) == session.version


@pytest.mark.parametrize(
    ("done", "total", "percent"), [(0, 0, 0.0), (1, 4, 25.0), (4, 4, 100.0), (9, 4, 100.0)]
)
def test_progress_is_a_percentage(done, total, percent):
    assert JobStatus(label="x", done=done, total=total).percent == percent


def test_the_best_motion_is_the_initial_one_until_there_is_another(session):
    assert session.state.best is session.state.initial
    assert session.state.refined is None
