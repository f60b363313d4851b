"""What kinds of matters there are and who answers for them where."""
