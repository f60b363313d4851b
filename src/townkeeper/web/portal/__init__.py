"""Pages of the public portal: anyone reports, follows, judges and reads, without an account."""
