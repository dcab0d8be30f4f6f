"""A simulated market: generated from causes and a seed, so that nothing here can be taken for a real price."""
