"""Stage ``detect``: picks over all time of a continuous archive, a day at a time."""
