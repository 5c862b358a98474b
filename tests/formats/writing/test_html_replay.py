"""The page: what is in it, and that a browser shows it without fetching anything."""

import base64
import json
import re
import shutil

import numpy as np
import pytest

from neuhmr.body.model_files import load_body_arrays
from neuhmr.formats.writing.write import write_motion
from tests.formats.writing.people import FRAMES, ONE_MM, chain, make_person

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
]  # fmt: skip


def content_of(page: str) -> dict:
    found = re.search(r'<script id="content" type="application/json">(.*?)</script>', page, re.S)
    assert found is not None
    return json.loads(found[1])


def unpacked(text: str, kind: str, *shape: int) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind).reshape(shape)


def rotmats_of(wxyz: np.ndarray) -> np.ndarray:
    w, x, y, z = np.moveaxis(wxyz / np.linalg.norm(wxyz, axis=-1, keepdims=True), -1, 0)
    return np.stack([
        1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w),
        2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w),
        2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y),
    ], axis=-1).reshape(*w.shape, 3, 3)  # fmt: skip


def test_the_page_holds_joints_and_surface_to_a_millimeter(person, tmp_path):
    write_motion(tmp_path / "a.html", person.content, person.model, "html")
    content = content_of((tmp_path / "a.html").read_text())
    rotmats = rotmats_of(unpacked(content["rotations"], "<i2", FRAMES, 24, 4).astype(float))
    rest, parents = np.array(content["rest"]), content["parents"]
    offsets = np.tile(rest - rest[np.maximum(parents, 0)], (FRAMES, 1, 1))
    offsets[:, 0] = unpacked(content["pelvis"], "<f4", FRAMES, 3)
    np.testing.assert_allclose(chain(offsets, rotmats, parents), person.joints_up("y"), atol=ONE_MM)
    steps = unpacked(content["vertices"], "<u2", -1, 3) / 65535
    vertices = content["low"] + steps * content["size"]
    expected = person.model.with_shape(person.content.motion.betas).v_shaped.numpy()
    np.testing.assert_allclose(vertices, expected, atol=1e-4)
    weights = unpacked(content["weights"], "u1", -1, 4)
    assert (weights.sum(axis=1, dtype=int) == 255).all()
    bones = unpacked(content["bones"], "u1", -1, 4)
    dense = np.zeros((len(weights), 24))
    for place in range(4):
        np.add.at(dense, (np.arange(len(dense)), bones[:, place]), weights[:, place] / 255)
    np.testing.assert_allclose(dense, person.model.lbs_weights.numpy(), atol=0.005)


def test_the_page_is_small_and_names_no_address(tmp_path):
    person = make_person(frames=300)
    path = tmp_path / "a.html"
    write_motion(path, person.content, load_body_arrays(), "html")
    assert path.stat().st_size < 1_000_000
    assert not re.search(r"https?://|src=|@import|<link", path.read_text())


def test_a_name_full_of_markup_stays_text(person, tmp_path):
    path = tmp_path / "<img onerror=x>&.html"
    write_motion(path, person.content, person.model, "html")
    page = path.read_text()
    assert "<title>&lt;img onerror=x&gt;&amp;</title>" in page and "<img" not in page


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield running
        running.close()


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
def test_a_browser_plays_scrubs_and_turns_the_body_offline(browser, tmp_path):
    person = make_person(frames=40)
    write_motion(tmp_path / "a.html", person.content, load_body_arrays(), "html")
    page = browser.new_page(viewport={"width": 640, "height": 360})
    trouble, requests = [], []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    page.on("request", lambda request: requests.append(request.url))
    page.goto((tmp_path / "a.html").as_uri())
    page.wait_for_function("state.time > 2")
    page.click("#play")
    assert page.evaluate("state.isPlaying") is False
    page.fill("#scrub", "7")
    page.wait_for_function("document.querySelector('#where').textContent.includes('frame 7')")
    assert "0.28 s" in page.inner_text("#where")
    before = page.evaluate(DRAWN)
    assert before["bright"] > 500, "a body is drawn"
    page.mouse.move(320, 150)
    page.mouse.down()
    page.mouse.move(410, 150)
    page.mouse.up()
    page.wait_for_function(f"({DRAWN}).sum !== {before['sum']}")
    page.keyboard.press("ArrowRight")
    page.wait_for_function("document.querySelector('#where').textContent.includes('frame 8')")
    page.focus("#play")
    for is_playing in (True, False):
        page.keyboard.press("Space")
        page.wait_for_function(f"state.isPlaying === {str(is_playing).lower()}")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("Space")
    assert page.evaluate("state.isPlaying") is True
    page.select_option("#speed", "4")
    page.wait_for_function("state.time > 20")
    assert trouble == [] and len(requests) == 1
    page.close()


DRAWN = """(() => {
  const pixels = new Uint8Array(4 * canvas.width * canvas.height);
  gl.readPixels(0, 0, canvas.width, canvas.height, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
  let bright = 0, sum = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    if (pixels[i + 2] > 140) { bright += 1; sum += i % 9973; }
  }
  return { bright, sum };
})()"""
"""Count the pixels of the body, and tell pictures apart."""
