"""Claims ledger, figures and tables, made from metrics alone."""
