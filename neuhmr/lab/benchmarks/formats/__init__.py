"""What writing and reading pose files costs."""
