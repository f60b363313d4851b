"""The tree of organisation units, posts, roles, permissions and key places."""
