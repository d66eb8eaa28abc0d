"""What trained or untrained networks do inside, measured."""
