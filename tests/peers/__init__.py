"""The same batch of items done by others: python -m tests.peers"""
