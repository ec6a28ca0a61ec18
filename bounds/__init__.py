"""What is claimed: the mathematics, one package per paper, one module per theorem. Never imports `proofs_check`."""
