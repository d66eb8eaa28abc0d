"""Parameter models, errors, seeds, atomic files, provenance and device choice: imports nothing else of hrm."""
