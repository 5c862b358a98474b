"""What a person wears and looks like, as a handful of plain values.

`wardrobe` draws a `Look` at random, `outfit` paints it, `cloth_shape` gives it thickness and
`attachments` adds what does not lie on the body.
"""

from dataclasses import dataclass
from typing import Literal

from neuhmr.lab.people.look.patterns import Color, Fabric

HairCut = Literal["bald", "short", "curly", "medium", "long"]
Hairdo = Literal["none", "bun", "ponytail", "loose"]
Headwear = Literal["none", "cap", "beanie"]


@dataclass(frozen=True)
class Shirt:
    """Covers trunk and part of the arms."""

    fabric: Fabric
    sleeve: float
    """Where the sleeves end: 0 at the shoulder, 1 at the wrist, negative without sleeves."""
    hem: float
    """Height of the hem over the hip joints (m)."""
    neckline: float
    """How deep the neckline is in front (m)."""
    is_vneck: bool
    thickness: float
    """Distance from the skin (m)."""
    drape: float
    """0 for cloth that follows the body, 1 for cloth that hangs straight from its widest place."""
    trim: Color | None
    """Color of cuffs, collar and hem."""
    logo: tuple[Color, Color] | None
    """Outer and inner color of a print on the chest."""
    has_zip: bool
    has_buttons: bool


@dataclass(frozen=True)
class Trousers:
    """Covers hips and part of the legs."""

    fabric: Fabric
    waist: float
    """Height of the waistband over the hip joints (m)."""
    length: float
    """Where the legs end: 0 at the hip, 1 at the ankle."""
    thickness: float
    flare: float
    """Extra width at the legs' ends (m)."""
    drape: float
    """0 for legs that follow the body, 1 for legs that hang straight."""
    belt: Color | None
    side_stripe: Color | None


@dataclass(frozen=True)
class Skirt:
    """Hangs around both legs, from the waist."""

    fabric: Fabric
    length: float
    """Where it ends: 0 at the hip, 1 at the ankle."""
    flare: float
    """How much wider than the hips it is at its end (m of radius)."""
    folds: int
    """Number of folds around."""


@dataclass(frozen=True)
class Shoes:
    """Covers the feet."""

    color: Color
    sole: Color
    accent: Color
    height: float
    """How far the shoe reaches over the ankle joint (m)."""
    sock: Color
    sock_height: float
    bulk: float
    """Distance of the upper from the foot (m)."""
    sole_thickness: float
    """m."""


@dataclass(frozen=True)
class Hair:
    """Hair on the head and in the face."""

    cut: HairCut
    color: Color
    volume: float
    """Distance from the scalp (m)."""
    hairline: float
    """Height of the front hairline over the eyes (m)."""
    parting: float
    """Where the hair parts, -1 right to 1 left."""
    beard: float
    """0 none, 1 full."""
    hairdo: Hairdo
    """What hangs from the head or is tied behind it."""
    reach: float
    """Length of what hangs (m)."""


@dataclass(frozen=True)
class Look:
    """Everything about a person's surface."""

    skin: Color
    iris: Color
    lips: float
    """How much redder the lips are than the skin, in [0, 1]."""
    shirt: Shirt
    trousers: Trousers
    shoes: Shoes
    hair: Hair
    skirt: Skirt | None
    headwear: Headwear
    headwear_color: Color
    has_glasses: bool
    has_watch: bool
    seed: int
    """Of the small irregularities."""
