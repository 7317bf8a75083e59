"""How sealed files stand against `.sops.yaml` and the past."""
