"""Drawing what a random person wears and looks like."""

import colorsys
from dataclasses import replace

import numpy as np

from neuhmr.lab.people.look.look import (
    Hair,
    Look,
    Shirt,
    Shoes,
    Skirt,
    Trousers,
)
from neuhmr.lab.people.look.patterns import PATTERN_KINDS, Color, Fabric, PatternKind
from neuhmr.lab.people.splits import Split, kinds_of

_SKIN_TONES: tuple[Color, ...] = (
    (0.96, 0.82, 0.74), (0.91, 0.74, 0.63), (0.86, 0.66, 0.52), (0.76, 0.55, 0.40),
    (0.62, 0.43, 0.30), (0.48, 0.32, 0.22), (0.36, 0.24, 0.17),
)  # fmt: skip
_HAIR_COLORS: tuple[Color, ...] = (
    (0.06, 0.05, 0.05), (0.14, 0.09, 0.06), (0.26, 0.16, 0.09), (0.40, 0.26, 0.14),
    (0.62, 0.46, 0.26), (0.78, 0.65, 0.42), (0.48, 0.20, 0.09), (0.62, 0.61, 0.60),
)  # fmt: skip
_IRIS_COLORS: tuple[Color, ...] = (
    (0.24, 0.14, 0.08), (0.33, 0.22, 0.11), (0.32, 0.37, 0.20), (0.27, 0.42, 0.58),
)  # fmt: skip
_PLAIN_COLORS: tuple[Color, ...] = (
    (0.10, 0.10, 0.11), (0.90, 0.90, 0.88), (0.55, 0.56, 0.58), (0.30, 0.31, 0.33),
    (0.12, 0.16, 0.32), (0.78, 0.70, 0.56), (0.34, 0.37, 0.22), (0.42, 0.12, 0.16),
    (0.36, 0.26, 0.19), (0.10, 0.30, 0.34),
)  # fmt: skip
_DENIM: tuple[Color, ...] = (
    (0.20, 0.29, 0.44), (0.33, 0.45, 0.62), (0.13, 0.17, 0.27), (0.47, 0.57, 0.70),
)  # fmt: skip


def sample_look(rng: np.random.Generator, split: Split = "test") -> Look:
    """Draw one person's look from the fabrics of a split."""
    tone = int(rng.integers(len(_SKIN_TONES)))
    brightness, redness = rng.uniform(0.90, 1.05), 0.02 * rng.standard_normal()
    red, green, blue = _SKIN_TONES[tone]
    skin = (brightness * red * (1 + redness), brightness * green, brightness * blue * (1 - redness))
    patterns = kinds_of(split, PATTERN_KINDS)
    shirt, trousers = _sample_shirt(rng, patterns), _sample_trousers(rng, patterns)
    skirt = _sample_skirt(rng, patterns, shirt) if rng.uniform() < 0.14 else None
    if skirt is not None:
        trousers = replace(
            trousers, length=float(rng.choice([0.2, 0.97])), drape=0.0, flare=0.0, thickness=0.004
        )
    headwear = str(rng.choice(["none", "cap", "beanie"], p=[0.82, 0.11, 0.07]))
    return Look(
        skin=skin,
        iris=_IRIS_COLORS[int(rng.integers(len(_IRIS_COLORS) if tone < 3 else 2))],
        lips=float(rng.uniform(0.15, 0.9)),
        shirt=shirt,
        trousers=trousers,
        shoes=_sample_shoes(rng),
        hair=_sample_hair(rng, tone),
        skirt=skirt,
        headwear=headwear,  # pyright: ignore[reportArgumentType]
        headwear_color=sample_color(rng),
        has_glasses=bool(rng.uniform() < 0.2),
        has_watch=bool(rng.uniform() < 0.3),
        seed=int(rng.integers(1 << 30)),
    )


def _sample_shirt(rng: np.random.Generator, patterns: tuple[PatternKind, ...]) -> Shirt:
    fabric = _sample_fabric(rng, patterns, plain_share=0.42)
    kind = str(rng.choice(["tank", "tee", "half", "long"], p=[0.09, 0.41, 0.12, 0.38]))
    sleeve = {"tank": -0.06, "tee": 0.30, "half": 0.5, "long": 0.97}[kind]
    if kind != "tank":
        sleeve += float(rng.uniform(-0.07, 0.03))
    thick = kind == "long" and rng.uniform() < 0.55
    has_logo = fabric.kind == "plain" and rng.uniform() < 0.5
    # Half of the shirts cling; the others hang more or less straight.
    drape = float(rng.uniform(0.25, 1.0)) if rng.uniform() < 0.6 else float(rng.uniform(0, 0.25))
    return Shirt(
        fabric=fabric,
        sleeve=sleeve,
        hem=float(rng.uniform(-0.07, 0.05)) if rng.uniform() < 0.78 else 0.09,
        neckline=float(rng.uniform(0.01, 0.06)),
        is_vneck=bool(rng.uniform() < 0.3),
        thickness=float(rng.uniform(0.012, 0.026) if thick else rng.uniform(0.004, 0.012)),
        drape=drape,
        trim=sample_color(rng) if rng.uniform() < 0.3 else None,
        logo=(sample_color(rng), sample_color(rng)) if has_logo else None,
        has_zip=bool(thick and rng.uniform() < 0.6),
        has_buttons=bool(not thick and kind != "tank" and rng.uniform() < 0.25),
    )


def _sample_trousers(rng: np.random.Generator, patterns: tuple[PatternKind, ...]) -> Trousers:
    kind = str(rng.choice(["shorts", "knee", "calf", "full"], p=[0.13, 0.14, 0.08, 0.65]))
    length = {"shorts": 0.28, "knee": 0.45, "calf": 0.75, "full": 0.985}[kind]
    if rng.uniform() < 0.35:
        denim = _vary(_DENIM[int(rng.integers(len(_DENIM)))], rng, 0.02)
        fabric = Fabric("plain", (denim, denim, denim), 0.05, int(rng.integers(1 << 30)))
    elif rng.uniform() < 0.4:
        dark = _dark(rng)
        fabric = Fabric("plain", (dark, dark, dark), 0.05, int(rng.integers(1 << 30)))
    else:
        fabric = _sample_fabric(rng, patterns, plain_share=0.7)
    is_wide = rng.uniform() < 0.45
    return Trousers(
        fabric=fabric,
        waist=float(rng.uniform(0.09, 0.14)),
        length=length + float(rng.uniform(-0.03, 0.01)),
        thickness=float(rng.uniform(0.003, 0.012)),
        flare=float(rng.uniform(0.0, 0.03)),
        drape=float(rng.uniform(0.2, 0.9)) if is_wide else float(rng.uniform(0.0, 0.2)),
        belt=_dark(rng) if rng.uniform() < 0.4 else None,
        side_stripe=sample_color(rng) if rng.uniform() < 0.2 else None,
    )


def _sample_skirt(
    rng: np.random.Generator, patterns: tuple[PatternKind, ...], shirt: Shirt
) -> Skirt:
    is_dress = rng.uniform() < 0.5
    return Skirt(
        fabric=shirt.fabric if is_dress else _sample_fabric(rng, patterns, plain_share=0.6),
        length=float(rng.uniform(0.22, 0.85)),
        flare=float(rng.uniform(0.01, 0.16)),
        folds=int(rng.integers(4, 11)),
    )


def _sample_shoes(rng: np.random.Generator) -> Shoes:
    white = (0.88, 0.88, 0.86)
    tone = rng.uniform()
    color = white if tone < 0.25 else _dark(rng) if tone < 0.5 else sample_color(rng)
    return Shoes(
        color=color,
        sole=white if rng.uniform() < 0.6 else _dark(rng),
        accent=white if rng.uniform() < 0.5 else sample_color(rng),
        height=float(rng.choice([-0.012, -0.005, 0.06], p=[0.45, 0.4, 0.15])),
        sock=white if rng.uniform() < 0.5 else sample_color(rng),
        sock_height=float(rng.uniform(0.0, 0.14)),
        bulk=float(rng.uniform(0.006, 0.014)),
        sole_thickness=float(rng.uniform(0.010, 0.032)),
    )


def _sample_hair(rng: np.random.Generator, tone: int) -> Hair:
    cuts = ("bald", "short", "curly", "medium", "long")
    cut = str(rng.choice(cuts, p=[0.06, 0.38, 0.12, 0.22, 0.22]))
    color = _HAIR_COLORS[int(rng.integers(3 if tone > 3 else len(_HAIR_COLORS)))]
    volume = {"bald": 0.0, "short": 0.010, "curly": 0.038, "medium": 0.022, "long": 0.022}[cut]
    bearded = cut != "long" and rng.uniform() < 0.3
    hairdo = "none"
    if cut in ("medium", "long"):
        hairdo = str(rng.choice(["none", "bun", "ponytail", "loose"], p=[0.25, 0.2, 0.25, 0.3]))
    return Hair(
        cut=cut,  # pyright: ignore[reportArgumentType]
        color=_vary(color, rng, 0.02),
        volume=volume * float(rng.uniform(0.7, 1.6)),
        hairline=float(rng.uniform(0.048, 0.066)),
        parting=float(rng.uniform(-1.0, 1.0)),
        beard=float(rng.uniform(0.3, 1.0)) if bearded else 0.0,
        hairdo=hairdo,  # pyright: ignore[reportArgumentType]
        reach=float(rng.uniform(0.12, 0.38)),
    )


def _sample_fabric(
    rng: np.random.Generator, patterns: tuple[PatternKind, ...], plain_share: float
) -> Fabric:
    others: list[PatternKind] = [kind for kind in patterns if kind != "plain"]
    kind: PatternKind = "plain"
    if rng.uniform() >= plain_share:
        kind = others[int(rng.integers(len(others)))]
    ground, figure, accent = (sample_color(rng) for _ in range(3))
    # A pattern that cannot be told from its ground is no pattern.
    while np.abs(np.subtract(ground, figure)).max() < 0.2:
        figure = sample_color(rng)
    return Fabric(
        kind, (ground, figure, accent), float(rng.uniform(0.02, 0.09)), int(rng.integers(1 << 30))
    )


def sample_color(rng: np.random.Generator) -> Color:
    """Draw a cloth color: most of them muted, some saturated."""
    if rng.uniform() < 0.6:
        return _vary(_PLAIN_COLORS[int(rng.integers(len(_PLAIN_COLORS)))], rng, 0.04)
    hue, saturation, value = rng.uniform(), rng.uniform(0.25, 0.9), rng.uniform(0.25, 0.95)
    return colorsys.hsv_to_rgb(hue, saturation, value)


def _dark(rng: np.random.Generator) -> Color:
    return _vary((0.13, 0.10, 0.09), rng, 0.05)


def _vary(color: Color, rng: np.random.Generator, amount: float) -> Color:
    varied = np.clip(np.array(color) + amount * rng.standard_normal(3), 0.02, 0.97)
    return (float(varied[0]), float(varied[1]), float(varied[2]))
