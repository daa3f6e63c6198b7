"""Compare each source with its row in the paper's tables; ablations show where a difference comes from."""
