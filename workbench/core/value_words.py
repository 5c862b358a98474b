"""Values of settings in a few characters."""

from neuhmr.setting import Value


def short(value: Value) -> str:
    """Write a setting's value shortly."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.3g}" if isinstance(value, float) else str(value)
