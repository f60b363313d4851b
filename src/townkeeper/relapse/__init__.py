"""What comes back: relapses found among closed cases, and the revisits that look for them."""
