"""Workers over HTTP: a parent that keeps processes running, and in each of them jobs on threads."""
