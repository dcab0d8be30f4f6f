"""What the launcher says when there can be no private Valkey."""


class ValkeyFailed(Exception):
    """The private Valkey could not be started; the message is a sentence for the operator, with what to do."""
