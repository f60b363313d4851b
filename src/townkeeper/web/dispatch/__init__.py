"""Pages of the dispatcher: map, batches, disputes, requests and duplicates."""
