"""The terminal as a chat: the same commands at a prompt, while the market goes on above it."""
