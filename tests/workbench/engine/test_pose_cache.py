from tests.workbench.synthetic_figure import true_motion
from workbench.engine.pose_cache import MAX_KEPT, PoseCache


def test_a_body_is_posed_once_per_motion_and_frame():
    cache, posed = PoseCache(), []
    motion, other = true_motion(), true_motion()

    def pose(name):
        return lambda: posed.append(name) or name

    assert cache.get(motion, 3, pose("a")) == "a" and cache.get(motion, 3, pose("b")) == "a"
    assert cache.get(motion, 4, pose("c")) == "c" and cache.get(other, 3, pose("d")) == "d"
    assert posed == ["a", "c", "d"]


def test_that_nobody_was_seen_is_remembered_too():
    cache, asked = PoseCache(), []
    motion = true_motion()
    for _ in range(2):
        assert cache.get(motion, 0, lambda: asked.append(1)) is None
    assert asked == [1]


def test_only_the_newest_are_kept():
    cache, motion, posed = PoseCache(), true_motion(), []
    for frame in [*range(MAX_KEPT + 1), MAX_KEPT, 0]:
        cache.get(motion, frame, lambda frame=frame: posed.append(frame))
    assert posed == [*range(MAX_KEPT + 1), 0]
