"""What the user is told where an earlier session was restored, and the way back from it."""

from workbench.core.notices import Notice, Notices, Offer
from workbench.core.session import SessionState
from workbench.core.value_words import ago


def offer_start(state: SessionState, age_s: float, notices: Notices) -> None:
    """Say what was restored, and offer to start over; nothing where nothing was.

    Args:
        state: the session, just opened.
        age_s: how long ago it was saved (s).
        notices: where it is told.
    """
    if state.restored is None and state.corrections.is_none:
        return
    shown = state.refined
    offer = Offer("Start over", "start over", lambda now: now.refined is shown)
    notices.show(Notice("Restored", restored_words(state, age_s), offer=offer))


def restored_words(state: SessionState, age_s: float) -> str:
    """Say how far a restored session had come, and when."""
    restored, parts = state.restored, []
    if restored is not None:
        parts.append(f"step {restored.step} of {restored.total_steps}")
    corrected = len(state.corrections.frames | state.corrections.invalid)
    if corrected:
        parts.append(f"{corrected} frame{'s' if corrected > 1 else ''} put right by hand")
    elif restored is None:
        parts.append("a version that was taken up")
    words = ", ".join([*parts, f"saved {ago(age_s)}"])
    return f"{words[:1].upper()}{words[1:]}. Run goes on from there."
