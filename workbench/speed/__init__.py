"""How quick the window is on this machine, seen from its socket; `neuhmr benchmark window`.

No browser takes part: what is measured is the window's own share, from a message that comes in to
the picture or the state that it leads to.
"""
