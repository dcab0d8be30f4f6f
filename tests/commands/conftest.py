"""The real Valkey, where what is kept has to last."""

from tests.doubles.valkey import valkey, valkey_socket

__all__ = ["valkey", "valkey_socket"]
