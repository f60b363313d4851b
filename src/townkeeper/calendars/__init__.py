"""Working time: holidays, make-up days, weekly hours, and exact due times."""
