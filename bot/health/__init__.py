"""Whether the service does its work: what it says of itself over HTTP, the watchdog, and what its owners are told."""
