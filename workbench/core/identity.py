"""Keys for "is this still the same thing?" where things are large and have no cheap equality."""

_PLAIN = (int, float, str, tuple)


class SameObjects:
    """Equal only for the very same objects and equal plain values; keeps the objects alive."""

    def __init__(self, *parts: object) -> None:
        self._parts = parts

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SameObjects) or len(other._parts) != len(self._parts):
            return False
        return all(_is_same(a, b) for a, b in zip(self._parts, other._parts, strict=True))

    def __hash__(self) -> int:
        return hash(tuple(_hashable(part) for part in self._parts))


def _is_same(a: object, b: object) -> bool:
    if a is b:
        return True
    return isinstance(a, _COMPARED) and isinstance(b, _COMPARED) and a == b


def _hashable(part: object) -> object:
    return part if isinstance(part, _COMPARED) else id(part)


_COMPARED = (*_PLAIN, SameObjects)
