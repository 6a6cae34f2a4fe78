"""Loading and running emitted modules. This wing imports torch; the compiler never imports this wing at start-up."""
