"""The real Valkey for the tests of the store."""

from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]
