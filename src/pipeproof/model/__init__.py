"""The values everything else is made of: pipeline, plan, record. Pure, standard library only."""
