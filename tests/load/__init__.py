"""Put a whole site under load and say what it did: python -m tests.load --help"""
