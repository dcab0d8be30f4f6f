"""Telegram and Discord as crowds meet them: processes of their own that enforce the documented limits and count copies."""
