"""A server that has imported everything, so that the pipeline's many short commands need not."""
