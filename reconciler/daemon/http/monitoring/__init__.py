"""What other machines look at: probes, metrics, badges."""
