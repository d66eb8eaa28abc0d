"""The one training loop, its losses, optimizers and checkpoints."""
