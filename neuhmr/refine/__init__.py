"""Refinement: a motion field that bends initial poses towards what the frames show."""
