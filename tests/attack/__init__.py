"""What attacks Coursekeeper, and the planted flaws by which each attack is proven."""
