"""Commands on this machine speak to the running daemon through a socket."""
