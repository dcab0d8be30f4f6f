"""Pictures of answers: drawn by a process of their own, once for all who ask, and never by the one that answers."""
