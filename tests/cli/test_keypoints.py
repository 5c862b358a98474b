import pytest

from neuhmr.cli.dispatch import USER_ERROR, main
from neuhmr.cli.keypoints import parse_frames
from neuhmr.errors import DatasetError, NeuhmrError

AVAILABLE = (3, 4, 5, 6, 9)


@pytest.mark.parametrize(
    ("text", "frames"),
    [
        (None, AVAILABLE),
        ("4,9", (4, 9)),
        ("4:6", (4, 5)),
        (":5", (3, 4)),
        ("5:", (5, 6, 9)),
        ("3::3", (3, 6, 9)),
    ],
)
def test_frames_are_numbers_or_ranges(text: str | None, frames: tuple[int, ...]) -> None:
    assert parse_frames(text, AVAILABLE) == frames


@pytest.mark.parametrize("text", ["x", "1:2:3:4", "3:6:0", ""])
def test_words_that_are_no_frames_are_refused(text: str) -> None:
    with pytest.raises(NeuhmrError, match="numbers were expected"):
        parse_frames(text, AVAILABLE)


@pytest.mark.parametrize("text", ["7", "3,7", "10:20"])
def test_frames_that_are_missing_are_named(text: str) -> None:
    with pytest.raises(DatasetError, match="every camera has frames 3 to 9"):
        parse_frames(text, AVAILABLE)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--out", "{}/k.npz"), "holds no calibration"),
        (("--out", "{}/k.txt"), "does not end in"),
        (("--out", "{}/nowhere/k.npz"), "does not exist"),
        (("--out", "{}/k.npz", "--sources", "0"), "--sources is 0"),
    ],
)
def test_bad_input_is_one_sentence(words, sentence, tmp_path, capsys) -> None:
    arguments = ["keypoints", str(tmp_path), *(word.format(tmp_path) for word in words)]
    assert main(arguments) == USER_ERROR
    error = capsys.readouterr().err
    assert sentence in error
    assert error.count("\n") == 1
