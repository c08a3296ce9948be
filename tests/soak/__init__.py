"""Let a whole site live at speed and see whether anything grows: python -m tests.soak --help"""
