from neuhmr.clip.frame_ranges import frame_ranges, named_frames


def test_neighbors_make_ranges_and_the_rest_stands_alone():
    assert frame_ranges([4, 8, 9, 10, 30]) == "4, 8-10, 30"


def test_many_ranges_end_in_dots():
    assert frame_ranges(range(0, 20, 2)) == "0, 2, 4, 6, 8, 10, ..."


def test_no_frames_are_no_words():
    assert frame_ranges([]) == ""


def test_frames_are_named_in_words():
    assert named_frames([3]) == "frame 3"
    assert named_frames([10, 11, 12, 30]) == "frames 10 to 12 and 30"
    assert named_frames([1, 3, 5]) == "frames 1, 3 and 5"
    many = named_frames(range(0, 20, 2))
    assert many == "frames 0, 2, 4, 6, 8, 10 and 10 in all"
