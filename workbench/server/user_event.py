"""What the user did, as a callback learns of it.

Callbacks must not read the value from the widget: the scene thread writes to widgets too, and may
have put the old value back between the browser's message and the callback.
"""

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import viser

SENT_VALUE: ContextVar[Any] = ContextVar("sent_value", default=None)
"""The checked value of the browser's message that is being dealt with; None for a key."""


@dataclass(frozen=True, kw_only=True)
class UserEvent:
    """A widget set, a button pressed or a key struck in some tab."""

    client: viser.ClientHandle
    """The tab."""
    value: Any
    """What the browser sent, checked; None for a key."""
