"""Tests; a package, because a library we test with brings another `tests`."""
