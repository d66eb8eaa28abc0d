"""Benchmarks for `hrm bench`: one module each, with add_arguments(parser) and run(arguments) -> rows."""
