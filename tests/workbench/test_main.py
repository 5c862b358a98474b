import subprocess
import sys
import threading
from pathlib import Path

import pytest

from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import NeuhmrError
from workbench.__main__ import main
from workbench.core.config import SAMPLE_CLIP, WorkbenchConfig
from workbench.core.session_folder import remember_clip

FOLDER = Path(__file__).parent


def mistake(capsys, *words):
    assert main(words) == 2
    out, err = capsys.readouterr()
    assert out == "" and err.endswith("\n") and err.count("\n") == 1, err
    assert "Traceback" not in err
    return err


def test_a_missing_clip_is_one_sentence_and_exit_code_2(capsys, tmp_path):
    assert "nope.mp4 does not exist" in mistake(capsys, str(tmp_path / "nope.mp4"))


@pytest.mark.parametrize(
    "option", ["--poses", "--masks", "--camera", "--truth", "--checkpoint", "--body-model"]
)
def test_a_missing_file_is_named_with_its_option(capsys, tmp_path, option):
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"x")
    assert option in mistake(capsys, str(clip), option, str(tmp_path / "none"))


def test_a_missing_out_folder_is_named(capsys, tmp_path):
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"x")
    assert "--out" in mistake(capsys, str(clip), "--out", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("--host", "0.0.0.0"), "--allow-remote"),
        (("--host", "203.0.113.7", "--allow-remote"), "cannot be listened on"),
        (("--port", "70000"), "--port 70000"),
        (("--device", "abacus"), "--device"),
    ],
)
def test_an_address_or_device_that_cannot_be_used_is_one_sentence(
    capsys, tmp_path, words, expected
):
    clip = tmp_path / "a.mp4"
    clip.write_bytes(b"x")
    assert expected in mistake(capsys, str(clip), *words)


def test_help_names_every_option_and_needs_no_torch():
    code = (
        "import sys; from workbench.__main__ import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "assert 'torch' not in sys.modules and 'viser' not in sys.modules, 'help is slow'"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=FOLDER.parent.parent,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for option in ("--poses", "--session", "--host", "--port", "--allow-remote", "--open-browser"):
        assert option in done.stdout


def test_without_a_clip_the_sample_is_opened():
    assert WorkbenchConfig().clip_path == SAMPLE_CLIP
    assert WorkbenchConfig().open_request().clip.name == "turn.mp4"


def test_without_clip_and_sample_the_user_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr("workbench.core.config.SAMPLE_CLIP", tmp_path / "turn.mp4")
    with pytest.raises(NeuhmrError, match="sample clip"):
        WorkbenchConfig().check()


def test_the_link_is_printed_alone_and_a_clip_that_fails_leaves_the_server_up(capsys, tmp_path):
    from workbench.__main__ import run

    clip = tmp_path / "no_video.mp4"
    clip.write_bytes(b"this is text")
    stop = threading.Event()
    timer = threading.Timer(2.0, stop.set)
    timer.start()
    run(WorkbenchConfig(clip=clip, port=0, device="cpu"), stop)
    out, err = capsys.readouterr()
    assert out.startswith("http://127.0.0.1:") and "/?token=" in out and out.count("\n") == 1
    assert "Ctrl-C" in err and "has stopped" in err


def test_the_folder_of_a_session_opens_its_clip(tmp_path):
    clip, folder = tmp_path / "a.mp4", tmp_path / "mine"
    clip.write_bytes(b"x")
    folder.mkdir()
    remember_clip(folder, OpenRequest(clip=clip, person="2", height=1.8))
    config = WorkbenchConfig(clip=folder, height=1.7)
    config.check()
    assert config.clip_path == clip and config.session_folder == folder
    request = config.open_request()
    assert (request.clip, request.person, request.height) == (clip, "2", 1.7)
    other = WorkbenchConfig(clip=folder, session=tmp_path / "other")
    assert other.session_folder == tmp_path / "other"
    assert WorkbenchConfig(clip=clip).session_folder is None


def test_a_folder_of_pictures_is_a_clip_and_no_session(capsys, tmp_path):
    folder, session = tmp_path / "walk", tmp_path / "mine"
    folder.mkdir()
    session.mkdir()
    (folder / "0001.jpg").write_bytes(b"x")
    config = WorkbenchConfig(clip=folder)
    config.check()
    assert (config.clip_path, config.session_folder) == (folder, None)
    assert config.open_request() == OpenRequest(clip=folder)
    remember_clip(session, OpenRequest(clip=folder, person="2"))
    assert WorkbenchConfig(clip=session).open_request() == OpenRequest(clip=folder, person="2")
    (folder / "1.jpg").write_bytes(b"x")
    assert "two pictures of frame 1" in mistake(capsys, str(folder))


def test_a_folder_without_a_session_is_one_sentence(capsys, tmp_path):
    assert "without a session" in mistake(capsys, str(tmp_path))


def test_a_file_of_settings_is_where_the_window_starts(capsys, tmp_path):
    clip, path = tmp_path / "a.mp4", tmp_path / "mine.toml"
    clip.write_bytes(b"x")
    path.write_text('preset = "paper"\n[weights]\nrgb = 0.5\n')
    config = WorkbenchConfig(clip=clip, settings=path).refine_config()
    assert config.weights.rgb == 0.5 and config.draft.enabled is False
    path.write_text("[weights]\nrgb = -1\n")
    assert "at least 0" in mistake(capsys, str(clip), "--settings", str(path), "--port", "0")
