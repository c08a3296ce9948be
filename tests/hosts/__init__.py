"""Several machines on one switch, each in namespaces of its own; needs root on Linux."""
