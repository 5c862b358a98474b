import asyncio
import math

import pytest

from neuhmr.errors import ClipError, OutputError
from workbench.core.notices import MAX_BODY_LENGTH, Notice, Notices, notice_of_error


class Event:
    client = None

    def __init__(self, client_id):
        self.client_id = client_id


def call(callback, event):
    """Do what viser does with a callback."""
    asyncio.run(callback(event))


def test_a_users_mistake_is_told_in_its_own_words():
    notice = notice_of_error(OutputError("out.npz cannot be written; choose another folder."))
    assert notice.title == "The result cannot be written" and notice.kind == "error"
    assert notice.body == "out.npz cannot be written; choose another folder."


def test_our_own_mistake_comes_with_details_to_copy():
    try:
        math.sqrt(int("no number"))
    except ValueError as error:
        notice = notice_of_error(error)
    assert "no number" in notice.body
    assert "Traceback" in notice.details and "test_notices.py" in notice.details


def test_out_of_memory_says_what_to_do():
    for error in (MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")):
        assert notice_of_error(error).title == "Out of memory"


def test_endless_messages_are_cut():
    assert len(notice_of_error(ClipError("x" * 10_000)).body) == MAX_BODY_LENGTH


def test_a_failing_callback_becomes_a_notice():
    notices = Notices()

    def fail(_event):
        raise ClipError("clip.mp4 is empty; copy it again.")

    call(notices.guard(fail), Event(client_id=3))
    assert [notice.title for notice in notices.recent] == ["The clip cannot be used"]


def test_values_that_the_program_sets_are_no_wishes_of_the_user():
    notices, seen = Notices(), []
    callback = notices.guard(seen.append)
    call(callback, Event(client_id=None))
    assert seen == []
    call(callback, Event(client_id=0))
    assert len(seen) == 1


def test_only_the_newest_are_remembered():
    notices = Notices()
    for number in range(200):
        notices.info(str(number), "")
    assert len(notices.recent) <= 50 and notices.recent[-1].title == "199"


@pytest.mark.parametrize("kind", ["info", "success", "warn"])
def test_notices_have_kinds(kind):
    notices = Notices()
    getattr(notices, kind)("Title", "body")
    expected = "warning" if kind == "warn" else kind
    assert notices.recent[0].kind == expected


def test_notices_are_numbered_so_that_a_page_can_tell_which_it_has_closed():
    notices = Notices()
    notices.warn("Careful", "It is dark.")
    notices.show(Notice("No", "It failed.", "error"))
    assert [posted.number for posted in notices.posted] == [1, 2]
    assert notices.posted[0].at <= notices.posted[1].at
