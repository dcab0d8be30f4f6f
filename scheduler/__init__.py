"""When the market is looked at, and where observations come from: recorded, simulated, later live."""
