"""Claims for campaigns: `points` takes the process that judges it along at some points, each in its own way."""
