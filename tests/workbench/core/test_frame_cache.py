import threading
import time

import numpy as np
import pytest

from tests.workbench.patience import PATIENCE_S, assert_soon
from workbench.core.frame_cache import FrameCache


@pytest.fixture
def errors():
    return []


@pytest.fixture
def cache(errors):
    running = FrameCache(errors.append, max_bytes=1000)
    running.start()
    yield running
    running.stop()


def picture(value, size=10):
    return np.full((size, size, 3), value, np.uint8)


def wait_for(cache, key):
    def newest():
        return cache.newest if cache.newest is not None and cache.newest.key == key else None

    return assert_soon(newest, lambda: f"{key} was never painted").image


def test_a_picture_is_painted_once_and_kept(cache):
    painted = []

    def paint(key):
        painted.append((key, threading.current_thread().name))
        return picture(key)

    for key in (1, 2, 1, 2):
        cache.request(key, lambda key=key: paint(key))
        assert wait_for(cache, key)[0, 0, 0] == key
    assert painted == [(1, "frames"), (2, "frames")]


def test_the_newest_request_wins(cache):
    entered, release = threading.Event(), threading.Event()

    def slow():
        entered.set()
        release.wait(PATIENCE_S)
        return picture(0)

    painted = []
    cache.request(0, slow)
    entered.wait(PATIENCE_S)
    for key in range(1, 6):
        cache.request(key, lambda key=key: painted.append(key) or picture(key))
    release.set()
    wait_for(cache, 5)
    assert painted == [5]


def test_asking_again_while_it_is_painted_does_not_paint_twice(cache):
    painted = []

    def paint():
        painted.append(1)
        time.sleep(0.05)
        return picture(1)

    for _ in range(20):
        cache.request("a", paint)
        time.sleep(0.005)
    wait_for(cache, "a")
    assert painted == [1]


def test_old_pictures_go_when_there_are_too_many_bytes(cache):
    for key in range(6):
        cache.request(key, lambda key=key: picture(key))
        wait_for(cache, key)
    assert cache.num_bytes <= 1000


def test_a_picture_that_fails_is_told_once_and_not_tried_again(cache, errors):
    tried = []

    def fail():
        tried.append(1)
        raise OSError("the file has gone")

    deadline = time.monotonic() + 0.2
    while time.monotonic() < deadline:
        cache.request("bad", fail)
        time.sleep(0.005)
    assert len(tried) == 1 and [str(error) for error in errors] == ["the file has gone"]
    cache.request("good", lambda: picture(3))
    wait_for(cache, "good")


def test_forgetting_drops_what_is_kept_but_leaves_something_to_show(cache):
    cache.request(1, lambda: picture(1))
    wait_for(cache, 1)
    cache.forget()
    assert cache.num_bytes == 0 and cache.newest is not None


def test_what_is_asked_for_next_is_painted_ahead_and_not_shown(cache):
    painted = []

    def paint(key):
        return lambda: painted.append(key) or picture(key)

    cache.request(1, paint(1), ahead=[(2, paint(2)), (3, paint(3))])
    wait_for(cache, 1)
    assert_soon(lambda: painted == [1, 2, 3])
    assert_soon(lambda: cache.num_bytes == 3 * 300)
    assert cache.newest.key == 1
    cache.request(2, paint(2))
    assert cache.newest.key == 2 and painted == [1, 2, 3]


def test_a_picture_in_hand_for_later_is_shown_once_it_is_wanted_now(cache):
    entered, release = threading.Event(), threading.Event()

    def slow():
        entered.set()
        release.wait(PATIENCE_S)
        return picture(2)

    cache.request(1, lambda: picture(1), ahead=[(2, slow)])
    entered.wait(PATIENCE_S)
    cache.request(2, slow)
    release.set()
    assert wait_for(cache, 2)[0, 0, 0] == 2
