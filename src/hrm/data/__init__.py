"""Data sets: one module a task, symmetries, the stored format, batches on the device."""
