"""What the commands about positions ask of memory before anything is worded: the person's own limits, and a venue's brackets."""
