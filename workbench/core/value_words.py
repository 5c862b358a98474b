"""Values of settings, and times, in a few characters."""

from neuhmr.setting import Value


def short(value: Value) -> str:
    """Write a setting's value shortly."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def ago(seconds: float) -> str:
    """Say roughly how long ago something was."""
    for unit, length in (("day", 86_400.0), ("hour", 3_600.0), ("minute", 60.0)):
        count = round(seconds / length)
        if count:
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "just now"
