"""Reading the poses of other tools."""
