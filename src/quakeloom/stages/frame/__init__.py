"""What all stages share: the record of a stage, kinds of run, plans, markers, verbs."""
