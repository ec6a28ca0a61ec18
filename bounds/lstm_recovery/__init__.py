"""How fast does an LSTM recover from anomalous inputs? (arXiv:2505.17696, reconstructed, and what we add to it.)"""
