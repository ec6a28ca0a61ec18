"""Saiin, Shirakawa, Yoshihara, Sawada, Kusumoto, "Spike Accumulation Forwarding for Effective Training of Spiking Neural
Networks" (https://arxiv.org/abs/2310.02772, TMLR 2024), and the training methods it is compared with."""
