"""Notices on the page: over the 3D view, with the cause, what was kept, and details to copy."""

import time

from workbench.core.notices import SECONDS, Notices, Posted
from workbench.core.page_link import PageLink
from workbench.core.session import SessionState

CHANNEL = "notices"
KEPT = "What you had is kept."
_MOST = 6


class NoticesPanel:
    """Sends the page the notices that are still to be seen; each page closes its own."""

    def __init__(self, link: PageLink, notices: Notices) -> None:
        self._link = link
        self._notices = notices
        link.open_channels(CHANNEL)

    def refresh(self, state: SessionState) -> None:
        """Show what was told lately."""
        now = time.monotonic()
        fresh = [posted for posted in self._notices.posted if _is_fresh(posted, state, now)]
        self._link.show(CHANNEL, {"list": [_plain(posted) for posted in fresh[-_MOST:]]})


def _is_fresh(posted: Posted, state: SessionState, now: float) -> bool:
    if posted.notice.offer is not None:
        return posted.notice.offer.is_due(state)
    seconds = SECONDS[posted.notice.kind]
    return seconds is None or now - posted.at < seconds


def _plain(posted: Posted) -> dict[str, object]:
    notice = posted.notice
    return {
        "id": posted.number,
        "kind": notice.kind,
        "title": notice.title,
        "body": notice.body,
        "kept": KEPT if notice.kind == "error" and KEPT not in notice.body else "",
        "details": notice.details,
        "verb": notice.offer.label if notice.offer else "",
        "press": notice.offer.press if notice.offer else "",
    }
