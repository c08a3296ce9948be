"""Read Oracle CC&B from outside: one SQL text per question, two drivers, never a write."""
