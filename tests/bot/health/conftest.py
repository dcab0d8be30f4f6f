"""The real Valkey."""

from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]
