"""The NeuHMR workbench: see poses over their video, refine them step by step, take them away.

A browser window served by viser on this machine only. `session` holds what is true, `worker`
computes, `scene_writer` draws, `panels` post the user's wishes; `app` wires them together.
"""
