"""Papers rerun: their numbers beside ours."""
