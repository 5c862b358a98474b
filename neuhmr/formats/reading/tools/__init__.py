"""One reader per tool."""
