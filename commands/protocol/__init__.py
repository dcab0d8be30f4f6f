"""How a command is asked and answered, whatever it is about."""
