"""The kinds of steps, one `StepKind` each."""
