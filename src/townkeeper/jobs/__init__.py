"""Long work that nobody has to wait for: started in a page, done in the background, shown."""
