"""Watch CC&B's daily workflow from outside, and keep its history."""
