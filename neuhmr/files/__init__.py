"""Reading files that strangers wrote: nothing in them is run, and none takes more than its share.

Whatever reads a pose, mask, camera, body-model or session file reads it through this package.
"""
