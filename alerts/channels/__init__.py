"""Kinds of channel: small modules of one shape, with `send` and `send_test` (`kinds`).

Nothing is imported here: the courier for chats is a process without Django.
"""
