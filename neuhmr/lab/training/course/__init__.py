"""All networks trained in turn, in the time that there is."""
