"""What a browser may not send."""


class RejectedValueError(Exception):
    """A value that the widget or gizmo could not have produced; the message completes "it ..."."""
