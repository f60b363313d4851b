"""Orders to many units: exposure lists, campaigns, their task breakdown tables and progress."""
