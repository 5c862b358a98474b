from neuhmr.clip.frame_ranges import frame_ranges


def test_neighbors_make_ranges_and_the_rest_stands_alone():
    assert frame_ranges([4, 8, 9, 10, 30]) == "4, 8-10, 30"


def test_many_ranges_end_in_dots():
    assert frame_ranges(range(0, 20, 2)) == "0, 2, 4, 6, 8, 10, ..."


def test_no_frames_are_no_words():
    assert frame_ranges([]) == ""
