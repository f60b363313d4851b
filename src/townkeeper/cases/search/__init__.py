"""Search by words in Chinese texts: bigrams made by us, the same on both databases."""
