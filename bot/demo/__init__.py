"""The demo: a simulated market through the very same engine, and a chat that answers while it plays."""
