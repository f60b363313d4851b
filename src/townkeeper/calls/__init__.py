"""The work around a case that comes in by staff: registering, held calls, calls back, the shift."""
