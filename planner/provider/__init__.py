"""The port to providers: what a plugin must offer, and how it is found."""
