"""What the office tells people by heart: answers to read aloud, and phrases to write down."""
