"""What may happen to warnings on their way, done to real processes: killed, ended, cut off, starved; then they are counted."""
