"""What was built, row by row beside the paper's tables, and reruns that say where a difference comes from."""
