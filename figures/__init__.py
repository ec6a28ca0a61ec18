"""One file = one figure = `data()` (numbers only) + `draw(data)` (artists only)."""
