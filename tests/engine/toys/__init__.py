"""One toy claim for each kind of statement, each true with a false variant: what the engine must tell apart."""
