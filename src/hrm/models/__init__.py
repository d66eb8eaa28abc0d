"""The networks: layers, embedding, and the two recurrent modules of HRM."""
