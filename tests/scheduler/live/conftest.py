"""The real Valkey for the tests of the live market."""

from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]
