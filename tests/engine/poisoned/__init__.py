"""Claims that take the process that judges them with them at some points, each in its own way."""
