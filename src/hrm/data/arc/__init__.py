"""ARC: collections and made-up tasks, encoding, symmetries, plan of augmentations, what may not be mixed."""
