"""Whom a warning concerns, and what it comes to in each chat: a new message, an edit, a digest, or nothing."""
