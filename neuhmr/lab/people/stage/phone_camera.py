"""What a phone does to a picture: exposure, color, depth of field, shake, noise, compression.

A `PhoneCamera` is drawn once for a clip or person; each frame then has its own exposure, shake and
noise. Everything is seeded.
"""

import io
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageFilter

from neuhmr.lab.people.motion.key_poses import smooth_noise
from neuhmr.lab.people.stage.stage_renderer import Picture

Bytes = UInt8[np.ndarray, "height width 3"]


@dataclass(frozen=True, kw_only=True)
class PhoneCamera:
    """How one phone films; the defaults change nothing."""

    gain: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """Exposure and white balance (linear factors of red, green, blue)."""
    exposure_drift: float = 0.0
    """Standard deviation of the exposure over the frames (stops)."""
    contrast: float = 1.0
    saturation: float = 1.0
    vignette: float = 0.0
    """Loss of light in the corners, in [0, 1]."""
    background_blur: float = 0.0
    """Blur of what is behind the person (px at 256 px)."""
    blur: float = 0.0
    """Blur of everything (px at 256 px)."""
    sharpening: float = 0.0
    shake: float = 0.0
    """Typical path of the picture during the exposure (px at 256 px)."""
    noise: float = 0.0
    """Deviation of the noise at middle gray (8-bit levels)."""
    jpeg_quality: int | None = None


def sample_phone(rng: np.random.Generator) -> PhoneCamera:
    """Draw a phone, from a good one in good light to a poor one in poor light."""
    exposure, warmth, tint = (
        2.0 ** (0.15 + 0.40 * rng.standard_normal()),
        *(0.07 * rng.standard_normal(2)),
    )
    is_blurred = rng.uniform() < 0.3
    return PhoneCamera(
        gain=(exposure * (1 + warmth), exposure * (1 + 0.4 * tint), exposure * (1 - warmth)),
        exposure_drift=float(rng.uniform(0.0, 0.12)),
        contrast=float(rng.uniform(0.85, 1.3)),
        saturation=float(rng.uniform(0.7, 1.25)),
        vignette=float(rng.uniform(0.0, 0.35)),
        background_blur=float(rng.uniform(0.5, 3.0)) if rng.uniform() < 0.35 else 0.0,
        blur=float(rng.uniform(0.4, 1.0)) if is_blurred else float(rng.uniform(0.0, 0.4)),
        sharpening=float(rng.uniform(0.0, 0.8)),
        shake=float(rng.uniform(0.4, 1.6)) if rng.uniform() < 0.35 else 0.0,
        noise=float(rng.gamma(1.5, 1.6)),
        jpeg_quality=int(rng.integers(55, 96)),
    )


@dataclass(frozen=True)
class FrameConditions:
    """What differs from frame to frame."""

    exposure: Float[np.ndarray, " frames"]
    """Linear factor."""
    shake: Float[np.ndarray, "frames 2"]
    """Path of the picture during the exposure: right, down (px at 256 px)."""


def sample_conditions(
    rng: np.random.Generator, phone: PhoneCamera, frames: int, slowness: float = 12.0
) -> FrameConditions:
    """Draw what happens over the frames; `slowness` is the exposure's time constant (frames)."""
    drift = smooth_noise(rng, frames, 1, slowness).numpy()[:, 0]
    shake = rng.standard_normal((frames, 2)) * rng.exponential(1.0, (frames, 1))
    return FrameConditions(2.0 ** (phone.exposure_drift * drift), phone.shake * shake)


def take_picture(
    picture: Picture,
    phone: PhoneCamera,
    exposure: float,
    shake: Float[np.ndarray, "2"],
    rng: np.random.Generator,
) -> Bytes:
    """Film one rendered frame.

    Args:
        picture: what the renderer saw.
        phone: what films it.
        exposure: this frame's factor.
        shake: this frame's path (px at 256 px).
        rng: source of the noise.
    """
    image = picture.image
    unit = max(image.shape[:2]) / 256.0
    if phone.background_blur > 0:
        image = _blur_background(image, picture.coverage, phone.background_blur * unit)
    image = _moved(image, np.clip(shake, -4.0, 4.0) * unit)
    light = np.square(image.astype(np.float32) / 255.0)
    light *= np.array(phone.gain, np.float32) * np.float32(exposure)
    light *= _falloff(image.shape[0], image.shape[1], phone.vignette)[..., None]
    # A film-like shoulder instead of a hard limit keeps bright cloth from burning out.
    tone = np.sqrt(light)
    tone = np.where(tone > 0.8, 0.8 + 0.2 * np.tanh((tone - 0.8) / 0.2), tone)
    gray = tone.mean(axis=2, keepdims=True)
    tone = gray + phone.saturation * (tone - gray)
    tone = 0.45 + phone.contrast * (tone - 0.45)
    tone = _sharpened(tone, phone, unit)
    if phone.noise > 0:
        tone += _noise(rng, tone, phone.noise / 255.0)
    image = (np.clip(tone, 0.0, 1.0) * 255.0 + 0.5).astype(np.uint8)
    return image if phone.jpeg_quality is None else _compressed(image, phone.jpeg_quality)


def _blurred(image: UInt8[np.ndarray, "height width *channels"], radius: float) -> np.ndarray:
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(radius)))


def _blur_background(image: Bytes, coverage: np.ndarray, radius: float) -> Bytes:
    """Blur what is behind the person, without the person's colors bleeding into it."""
    behind = (1.0 - coverage)[..., None].astype(np.float32)
    layers = np.concatenate([image * behind, 255.0 * behind], axis=2).astype(np.uint8)
    soft = np.stack([_blurred(layers[..., c], radius) for c in range(4)], axis=2)
    soft = soft.astype(np.float32)
    background = 255.0 * soft[..., :3] / np.maximum(soft[..., 3:], 8.0)
    mixed = coverage[..., None] * image + behind * background
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def _moved(image: Bytes, path: Float[np.ndarray, "2"]) -> Bytes:
    """Average the picture along a straight path (px)."""
    if np.abs(path).max() < 0.3:
        return image
    pad = int(np.ceil(np.abs(path).max())) + 1
    wide = Image.fromarray(np.pad(image, ((pad, pad), (pad, pad), (0, 0)), mode="edge"))
    total = np.zeros((*np.asarray(wide).shape,), np.float32)
    steps = np.linspace(-0.5, 0.5, 3 + 2 * pad)
    for step in steps:
        shift = (1.0, 0.0, step * path[0], 0.0, 1.0, step * path[1])
        moved = wide.transform(wide.size, Image.Transform.AFFINE, shift, Image.Resampling.BILINEAR)
        total += np.asarray(moved)
    return (total[pad:-pad, pad:-pad] / len(steps) + 0.5).astype(np.uint8)


def _falloff(height: int, width: int, vignette: float) -> Float[np.ndarray, "height width"]:
    rows = np.linspace(-1.0, 1.0, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1.0, 1.0, width, dtype=np.float32)[None]
    return 1.0 - vignette * 0.5 * (np.square(rows) + np.square(columns))


def _sharpened(tone: np.ndarray, phone: PhoneCamera, unit: float) -> np.ndarray:
    """Blur as the lens does, then sharpen as the phone's software does."""
    if phone.blur < 0.15 and phone.sharpening < 0.05:
        return tone
    image = (np.clip(tone, 0.0, 1.0) * 255.0).astype(np.uint8)
    if phone.blur >= 0.15:
        image = _blurred(image, phone.blur * unit)
        tone = image.astype(np.float32) / 255.0
    if phone.sharpening >= 0.05:
        soft = _blurred(image, 1.0 * unit).astype(np.float32) / 255.0
        tone = tone + phone.sharpening * (tone - soft)
    return tone


def _noise(rng: np.random.Generator, tone: np.ndarray, deviation: float) -> np.ndarray:
    """Shot and read noise: stronger in the dark after the tone curve, weaker in color."""
    gray = rng.standard_normal((*tone.shape[:2], 1), dtype=np.float32)
    color = rng.standard_normal(tone.shape, dtype=np.float32)
    strength = deviation * (1.3 - 0.6 * np.clip(tone, 0.0, 1.0))
    return strength * (0.8 * gray + 0.6 * color)


def _compressed(image: Bytes, quality: int) -> Bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=quality)
    return np.asarray(Image.open(buffer))
