"""Where a person's joints are likely to be, learnt from motion, and how sure that is."""
