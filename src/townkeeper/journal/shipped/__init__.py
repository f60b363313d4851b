"""What goes to third parties beside a proof: a script that needs Python and nothing else."""
