"""Who signs in: users and the tokens of programs that act for them."""
