"""Person masks from the files of segmentation programs, told by content."""
