"""Bringing warnings to chats: claimed, worded, paced, sent, and only then forgotten."""
