"""Readings on their way from the tables of a partition to the search for mechanisms.

One record, :class:`~quakeloom.stages.readings.block_readings.Readings`, goes one way. Every step
takes it and returns a new one; :func:`~quakeloom.stages.readings.observations.prepare_block` is
the list of the steps:

1. ``usable_events``: the events, and which of them cannot be used;
2. ``block_readings``: the rows of the tables with the events that they belong to;
3. ``reversals``: the sign of readings of reversed stations is changed;
4. ``sites``: where they were made, and from where the rays come, as far as it is known;
5. ``use``: which are used, and why the others are not;
6. ``amplitude_ratios``: S/P ratios of the same events;
7. ``joined_observations``: first motions and ratios together, sorted by event;
8. ``angle_draws``: azimuths and take-off angles of every trial.
"""
