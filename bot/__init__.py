"""What meets people: settings, chat platforms, the terminal, the service and its command line."""
