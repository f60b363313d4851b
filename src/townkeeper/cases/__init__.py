"""Cases and tasks: from the report to the verified fix."""
